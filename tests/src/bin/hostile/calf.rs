//! The calf side: one act a run, after confinement unless its name says otherwise.

use std::{
    collections::HashMap,
    env,
    ffi::{CString, c_int, c_long},
    fs::File,
    io::{self, Read as _, Write as _},
    os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd},
    process::ExitCode,
    time::Duration,
};

use calf_sandbox::{Inherited, inherited};
use nix::{
    errno::Errno,
    sys::{
        eventfd::EventFd,
        time::TimeSpec,
        timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
    },
};
use tokio::io::unix::AsyncFd;

pub(crate) fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match act(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn act(words: &[String]) -> io::Result<()> {
    let (name, words) = words
        .split_first()
        .ok_or_else(|| io::Error::other("no act"))?;
    let mut inherited = inherited().map_err(io::Error::other)?;
    match name.as_str() {
        "call" => call(inherited, words),
        "each" => each(inherited, words),
        "echo" => echo(inherited),
        "i386" => i386(inherited, words),
        "inherit-twice" => match calf_sandbox::inherited() {
            Err(error) => Err(io::Error::other(error)),
            Ok(_) => Ok(()),
        },
        "keep-directory" => {
            let directory = File::open("/")?;
            let channel = confine(inherited)?;
            drop((directory, channel));
            Ok(())
        }
        "keep-eventfds" => {
            let more = [EventFd::new()?, EventFd::new()?, EventFd::new()?];
            let mut channel = confine(inherited)?;
            await_go(&mut channel)?;
            drop(more);
            Ok(())
        }
        "liar" => {
            // Closes the status pipe as if it were confined.
            let mut channel = File::from(inherited.take("channel").map_err(io::Error::other)?);
            drop(inherited);
            await_go(&mut channel)
        }
        "panic" => {
            let mut channel = confine(inherited)?;
            await_go(&mut channel)?;
            panic!("as told");
        }
        "quit" => Ok(()),
        "untaken" => inherited.confine().map_err(io::Error::other),
        "wait" => await_go(&mut confine(inherited)?),
        _ => Err(io::Error::other(format!("no act {name}"))),
    }
}

fn confine(mut inherited: Inherited) -> io::Result<File> {
    let channel = inherited.take("channel").map_err(io::Error::other)?;
    inherited.confine().map_err(io::Error::other)?;
    Ok(File::from(channel))
}

/// Reads the byte with which priv lets the calf act. The channel does not block, and `poll` is not in the
/// calf ABI, so it asks again; a test's answer comes at once.
fn await_go(channel: &mut File) -> io::Result<()> {
    loop {
        match channel.read(&mut [0]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::hint::spin_loop(),
            Err(error) => return Err(error),
        }
    }
}

/// What raw calls point to, made before confinement: memory, and strings.
struct Arguments {
    memory: Vec<u8>,
    /// One byte of the memory.
    iov: [usize; 2],
    strings: Vec<CString>,
}

/// Bytes of a page.
const PAGE: usize = 4096;

impl Arguments {
    fn new() -> Self {
        let memory = vec![0; 16 * PAGE];
        let iov = [memory.as_ptr().addr().next_multiple_of(PAGE), 1];
        Self {
            memory,
            iov,
            strings: Vec::new(),
        }
    }

    /// A number in decimal or hexadecimal, `page` (zeros), `iov`, `sigchld`, or `"text`.
    fn word(&mut self, word: &str) -> io::Result<c_long> {
        let wrong = |_| io::Error::other(format!("no argument: {word}"));
        if let Some(text) = word.strip_prefix('"') {
            self.strings.push(CString::new(text)?);
            let text = self.strings.last().map_or(0, |text| text.as_ptr().addr());
            return Ok(text.cast_signed() as c_long);
        }
        if let Some(digits) = word.strip_prefix("0x") {
            return u64::from_str_radix(digits, 16)
                .map(u64::cast_signed)
                .map_err(wrong);
        }
        match word {
            "page" => Ok(self
                .memory
                .as_ptr()
                .addr()
                .next_multiple_of(PAGE)
                .cast_signed() as c_long),
            "iov" => Ok(self.iov.as_ptr().addr().cast_signed() as c_long),
            "sigchld" => Ok(libc::SIGCHLD.into()),
            _ => word.parse().map_err(wrong),
        }
    }
}

/// One call as the test spells it: number, then up to six arguments. Several are separated by `then`.
fn call(inherited: Inherited, words: &[String]) -> io::Result<()> {
    let mut arguments = Arguments::new();
    let mut calls = Vec::new();
    for words in words.split(|word| word == "then") {
        let mut raw = [0; 7];
        for (word, slot) in words.iter().zip(&mut raw) {
            *slot = arguments.word(word)?;
        }
        calls.push(raw);
    }
    let mut channel = confine(inherited)?;
    await_go(&mut channel)?;
    for raw in calls {
        let answer = raw_call(raw);
        // A call that made a second process answers twice: the second one only ends.
        if answer == 0 && [libc::SYS_fork, libc::SYS_vfork, libc::SYS_clone].contains(&raw[0]) {
            // SAFETY: `_exit` is a bare system call.
            unsafe { libc::_exit(0) };
        }
        report(raw[0], answer);
    }
    Ok(())
}

fn report(number: c_long, answer: c_long) {
    if answer == -1 {
        println!("{number} {:?}", Errno::last());
    } else {
        println!("{number} ok");
    }
}

fn raw_call([number, a, b, c, d, e, f]: [c_long; 7]) -> c_long {
    // SAFETY: none. This process exists to be harmed; nothing of it is used after what it breaks.
    unsafe { libc::syscall(number, a, b, c, d, e, f) }
}

/// Each number with zero arguments, one after the other.
fn each(inherited: Inherited, words: &[String]) -> io::Result<()> {
    let numbers: Result<Vec<c_long>, _> = words.iter().map(|word| word.parse()).collect();
    let numbers = numbers.map_err(io::Error::other)?;
    let mut channel = confine(inherited)?;
    await_go(&mut channel)?;
    for number in numbers {
        report(number, raw_call([number, 0, 0, 0, 0, 0, 0]));
    }
    Ok(())
}

/// A call by the 32-bit entry.
fn i386(inherited: Inherited, words: &[String]) -> io::Result<()> {
    let number = words.first().and_then(|word| word.parse::<i32>().ok());
    let number = number.ok_or_else(|| io::Error::other("no number"))?;
    let mut channel = confine(inherited)?;
    await_go(&mut channel)?;
    let answer: c_int;
    // SAFETY: the 32-bit entry keeps all registers but eax; rbx, which the compiler needs, is not used.
    unsafe {
        std::arch::asm!("int 0x80", inlateout("eax") number => answer, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
    }
    println!("{number} {answer}");
    Ok(())
}

/// For `AsyncFd`, which wants a number too.
struct Timer(TimerFd);

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

/// How many bytes go to priv and back.
const ECHOED: usize = 1 << 20;

/// The ordinary life of a calf: an event loop, a timer, a channel, an allocator.
fn echo(mut inherited: Inherited) -> io::Result<()> {
    let channel = inherited.take("channel").map_err(io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_BOOTTIME, flags)?;
        inherited.confine().map_err(io::Error::other)?;
        // SAFETY: a timer keeps its descriptor until it is dropped.
        let timer = unsafe { AsyncFd::register(Timer(timer)) }?;
        // SAFETY: so does a file.
        let channel = unsafe { AsyncFd::register(File::from(channel)) }?;
        read_exact(&channel, 1).await?;
        let bytes: Vec<u8> = (0..ECHOED).map(|index| index.to_le_bytes()[0]).collect();
        let (sent, received) = tokio::join!(
            write_all(&channel, &bytes),
            read_exact(&channel, bytes.len())
        );
        sent?;
        let same = received? == bytes;
        wait(&timer, Duration::from_millis(3)).await?;
        tokio::time::sleep(Duration::from_millis(2)).await;
        let table: HashMap<usize, Vec<u8>> = (0..2000).map(|key| (key, vec![1; key])).collect();
        let sum: usize = table.values().map(Vec::len).sum();
        println!("echoed {same} allocated {sum}");
        Ok(())
    })
}

async fn write_all(channel: &AsyncFd<File>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let mut ready = channel.writable().await?;
        if let Ok(written) = ready.try_io(|channel| channel.get_ref().write(bytes)) {
            bytes = bytes.get(written?..).unwrap_or_default();
        }
    }
    Ok(())
}

async fn read_exact(channel: &AsyncFd<File>, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut block = vec![0; 4096];
    while bytes.len() < length {
        let mut ready = channel.readable().await?;
        if let Ok(count) = ready.try_io(|channel| channel.get_ref().read(&mut block)) {
            match count? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => bytes.extend_from_slice(block.get(..count).unwrap_or_default()),
            }
        }
    }
    Ok(bytes)
}

async fn wait(timer: &AsyncFd<Timer>, time: Duration) -> io::Result<()> {
    let expiration = Expiration::OneShot(TimeSpec::from_duration(time));
    timer
        .get_ref()
        .0
        .set(expiration, TimerSetTimeFlags::empty())?;
    // Only after the expiration is it readable, so nothing is read here.
    drop(timer.readable().await?);
    Ok(())
}
