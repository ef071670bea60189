//! Descriptors by a side socket: what arrives, what is refused, and that nothing stays open.
//!
//! One test at a time, since they count the descriptors of this process.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test; clippy.toml excepts test functions, not what they share"
)]

use std::{
    fs::File,
    future::Future,
    io::{IoSlice, Read, Write},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net::{UnixListener, UnixStream},
    },
    rc::Rc,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rustix::{
    fs::{MemfdFlags, OFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create},
    net::{
        AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags,
        SocketType, sendmsg, socketpair,
    },
};
use sdk_rpc::{
    Limits, connect,
    descriptors::{
        DescriptorFault, DescriptorLimits, DescriptorReceiver, DescriptorSender, Expected,
        NotGiven, PeerUser, Seals, Slot,
    },
    descriptors_capnp::descriptor_sink,
    serve,
};
use tokio::{
    sync::mpsc,
    task::LocalSet,
    time::{Instant, pause},
};

static ALONE: Mutex<()> = Mutex::new(());

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Runs a test alone, and finds that as many descriptors are open afterwards as before.
fn run(body: impl Future<Output = ()>) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = open_descriptors();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let within = tokio::time::timeout(Duration::from_secs(60), body);
        within.await.expect("deadline");
    });
    drop(runtime);
    assert_eq!(open_descriptors(), before, "descriptors stayed open");
}

fn side_sockets() -> (OwnedFd, OwnedFd) {
    let flags = SocketFlags::CLOEXEC;
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap()
}

fn ends(limits: DescriptorLimits) -> (DescriptorSender, DescriptorReceiver) {
    let (one, other) = side_sockets();
    let receiver = DescriptorReceiver::new(other, PeerUser::Own, limits).unwrap();
    (DescriptorSender::new(one).unwrap(), receiver)
}

/// A receiver whose peer writes what it likes.
fn rogue(limits: DescriptorLimits) -> (OwnedFd, DescriptorReceiver) {
    let (one, other) = side_sockets();
    let receiver = DescriptorReceiver::new(other, PeerUser::Own, limits).unwrap();
    (one, receiver)
}

/// One message of these octets with so many copies of `/dev/null`.
fn say(socket: &OwnedFd, octets: &[u8], descriptors: usize) {
    let null = File::open("/dev/null").unwrap();
    let copies = vec![null.as_fd(); descriptors];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(253))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(copies.is_empty() || control.push(SendAncillaryMessage::ScmRights(&copies)));
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    sendmsg(socket, &[IoSlice::new(octets)], &mut control, flags).unwrap();
}

/// Tokens that differ from each other and from any other `salt`'s.
fn tokens(salt: u8, count: u8) -> Vec<u8> {
    (0..count)
        .flat_map(|number| {
            let mut token = [salt; 16];
            token[0] = number;
            token
        })
        .collect()
}

fn memory(seals: SealFlags) -> OwnedFd {
    let memory = memfd_create("test", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
    ftruncate(&memory, 4096).unwrap();
    fcntl_add_seals(&memory, seals).unwrap();
    memory
}

const SEALED: Expected = Expected::Memory {
    seals: Seals {
        grow: true,
        write: false,
        seal: true,
    },
    longest: 4096,
};

struct Taker {
    receiver: DescriptorReceiver,
    taken: mpsc::UnboundedSender<OwnedFd>,
}

impl descriptor_sink::Server for Taker {
    async fn take(
        self: Rc<Self>,
        params: descriptor_sink::TakeParams,
        _results: descriptor_sink::TakeResults,
    ) -> capnp::Result<()> {
        let slot = Slot::read(params.get()?.get_slot()?);
        let taken = self.receiver.redeem(slot, Expected::StreamSocket);
        let taken = taken.map_err(|error| capnp::Error::failed(error.to_string()))?;
        self.taken.send(taken).unwrap();
        Ok(())
    }
}

#[test]
fn a_call_says_which_descriptor_it_means_and_a_replay_gets_nothing() {
    run(async {
        let (sender, receiver) = ends(DescriptorLimits::default());
        let (here, there) = UnixStream::pair().unwrap();
        let (taken, mut got) = mpsc::unbounded_channel();
        let taker: descriptor_sink::Client = capnp_rpc::new_client(Taker { receiver, taken });
        let _serving = serve(OwnedFd::from(there), taker, Limits::host()).unwrap();
        let (sink, _session): (descriptor_sink::Client, _) =
            connect(OwnedFd::from(here), Limits::host()).unwrap();
        let (mut kept, given) = UnixStream::pair().unwrap();
        let slots = sender.send(&[given.as_fd()]).await.unwrap();
        let take = || {
            let mut request = sink.take_request();
            slots[0].write(request.get().init_slot());
            request.send().promise
        };

        take().await.unwrap();
        let mut got = UnixStream::from(got.recv().await.unwrap());
        let flags = rustix::io::fcntl_getfd(&got).unwrap();
        assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
        got.write_all(b"x").unwrap();
        let mut read = [0];
        kept.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"x");

        let replayed = take().await.map(drop).unwrap_err().to_string();
        assert!(replayed.contains("there is no descriptor"), "{replayed}");
    });
}

#[test]
fn wrong_used_and_late_slots_are_one_error() {
    run(async {
        pause();
        let (sender, receiver) = ends(DescriptorLimits::default());
        let (_kept, given) = UnixStream::pair().unwrap();
        let guessed = {
            let (other, _receiver) = ends(DescriptorLimits::default());
            other.send(&[given.as_fd()]).await.unwrap()[0]
        };
        let slots = sender.send(&[given.as_fd(), given.as_fd()]).await.unwrap();
        assert_ne!(slots[0], slots[1]);
        let redeem = |slot| receiver.redeem(slot, Expected::StreamSocket).map(drop);
        assert_eq!(redeem(guessed), Err(NotGiven::NoSuchSlot));
        assert_eq!(receiver.pending(), 2, "a guess costs nobody a descriptor");
        assert_eq!(redeem(slots[0]), Ok(()));
        assert_eq!(redeem(slots[0]), Err(NotGiven::NoSuchSlot));
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(redeem(slots[1]), Err(NotGiven::NoSuchSlot));
        assert_eq!(format!("{:?}", slots[1]), "Slot(..)");
    });
}

#[test]
fn what_nobody_redeems_is_closed_in_time_also_when_the_sender_is_gone() {
    run(async {
        pause();
        let (sender, mut receiver) = ends(DescriptorLimits::default());
        let (mut reading, writing) = std::io::pipe().unwrap();
        sender.send(&[writing.as_fd()]).await.unwrap();
        drop((sender, writing));
        let begin = Instant::now();
        assert_eq!(receiver.closed().await, DescriptorFault::Closed);
        assert_eq!(begin.elapsed().as_secs(), 5);
        assert_eq!(receiver.pending(), 0);
        // No copy of the other end is open: else this would wait.
        assert_eq!(reading.read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn a_slot_is_good_after_the_sender_went_and_until_its_time() {
    run(async {
        let (sender, receiver) = ends(DescriptorLimits::default());
        let (_kept, given) = UnixStream::pair().unwrap();
        let slots = sender.send(&[given.as_fd()]).await.unwrap();
        drop(sender);
        assert!(receiver.redeem(slots[0], Expected::StreamSocket).is_ok());
        assert_eq!(receiver.ended(), Some(DescriptorFault::Closed));
    });
}

#[test]
fn a_flood_of_descriptors_ends_the_side_socket_and_is_closed() {
    run(async {
        let (socket, mut receiver) = rogue(DescriptorLimits::default());
        let before = open_descriptors();
        for salt in 1..6 {
            say(&socket, &tokens(salt, 8), 8);
        }
        assert_eq!(receiver.closed().await, DescriptorFault::Pending);
        assert_eq!((open_descriptors(), receiver.pending()), (before, 0));

        // Control: within the limit they are there.
        let (socket, receiver) = rogue(DescriptorLimits::default());
        let before = open_descriptors();
        for salt in 1..5 {
            say(&socket, &tokens(salt, 8), 8);
        }
        let none = Slot::read(
            capnp::message::Builder::new_default()
                .init_root::<sdk_rpc::descriptors_capnp::descriptor_slot::Builder<'_>>()
                .into_reader(),
        );
        assert!(receiver.redeem(none, Expected::Event).is_err());
        assert_eq!((open_descriptors(), receiver.pending()), (before + 32, 32));
    });
}

#[test]
fn more_descriptors_than_a_message_may_have_are_all_closed() {
    run(async {
        // 8 fit; two more may where the room is rounded up; 253 are cut by the kernel.
        for count in [9, 10, 253] {
            let (socket, mut receiver) = rogue(DescriptorLimits::default());
            let before = open_descriptors();
            say(&socket, &tokens(0, count), count.into());
            let fault = receiver.closed().await;
            let cut = fault == DescriptorFault::Truncated;
            let counted = count < 253 && fault == DescriptorFault::Malformed;
            assert!(cut || counted, "{count}: {fault:?}");
            assert_eq!((open_descriptors(), receiver.pending()), (before, 0));
        }
    });
}

#[test]
fn messages_that_are_none_end_the_side_socket_and_leave_nothing_open() {
    run(async {
        let twice = [tokens(0, 1), tokens(0, 1)].concat();
        let cases: [(&[u8], usize); 6] = [
            (&tokens(0, 1)[..15], 1),
            (&tokens(0, 2), 1),
            (&tokens(0, 1), 2),
            (&tokens(0, 1), 0),
            (b"", 1),
            (&twice, 2),
        ];
        for (octets, descriptors) in cases {
            let (socket, mut receiver) = rogue(DescriptorLimits::default());
            let before = open_descriptors();
            say(&socket, &tokens(1, 1), 1);
            say(&socket, octets, descriptors);
            assert_eq!(receiver.closed().await, DescriptorFault::Malformed);
            assert_eq!((open_descriptors(), receiver.pending()), (before, 0));
        }
        // A token that waits already.
        let (socket, mut receiver) = rogue(DescriptorLimits::default());
        say(&socket, &tokens(1, 1), 1);
        say(&socket, &tokens(1, 1), 1);
        assert_eq!(receiver.closed().await, DescriptorFault::Malformed);
    });
}

/// Whether what `expected` says admits the descriptor.
async fn admits(expected: Expected, descriptor: BorrowedFd<'_>) -> bool {
    let (sender, receiver) = ends(DescriptorLimits::default());
    let slots = sender.send(&[descriptor]).await.unwrap();
    let before = open_descriptors();
    let redeemed = receiver.redeem(slots[0], expected).map(drop);
    // It came and went within this call.
    assert_eq!((open_descriptors(), receiver.pending()), (before, 0));
    assert!(redeemed.is_ok() || redeemed == Err(NotGiven::Unexpected));
    redeemed.is_ok()
}

#[test]
fn only_the_kind_that_is_expected_is_given() {
    run(async {
        let folder = std::env::temp_dir().join(format!("sdk-rpc-kinds-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("file");
        let written = File::create(&path).unwrap();
        let open = |flags| {
            rustix::fs::open(&path, flags | OFlags::CLOEXEC, rustix::fs::Mode::empty()).unwrap()
        };
        let both: OwnedFd = open(OFlags::RDWR);
        let read: OwnedFd = open(OFlags::RDONLY);
        let named: OwnedFd = open(OFlags::PATH);
        let (stream, _other) = UnixStream::pair().unwrap();
        let (packets, _others) = side_sockets();
        let listening = UnixListener::bind(folder.join("socket")).unwrap();
        let event = rustix::event::eventfd(0, rustix::event::EventfdFlags::CLOEXEC).unwrap();
        let epoll =
            rustix::event::epoll::create(rustix::event::epoll::CreateFlags::CLOEXEC).unwrap();
        let (pipe, _writing) = std::io::pipe().unwrap();
        let directory = File::open(&folder).unwrap();
        let sealed = memory(SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL);
        let shrinks = memory(SealFlags::GROW | SealFlags::SEAL);
        let open_ended = memory(SealFlags::SHRINK | SealFlags::GROW);
        let long = {
            let long =
                memfd_create("long", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
            ftruncate(&long, 4097).unwrap();
            let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
            fcntl_add_seals(&long, seals).unwrap();
            long
        };
        let all: [(&str, BorrowedFd<'_>); 15] = [
            ("written", written.as_fd()),
            ("both", both.as_fd()),
            ("read", read.as_fd()),
            ("named", named.as_fd()),
            ("stream", stream.as_fd()),
            ("packets", packets.as_fd()),
            ("listening", listening.as_fd()),
            ("event", event.as_fd()),
            ("epoll", epoll.as_fd()),
            ("pipe", pipe.as_fd()),
            ("directory", directory.as_fd()),
            ("sealed", sealed.as_fd()),
            ("shrinks", shrinks.as_fd()),
            ("open-ended", open_ended.as_fd()),
            ("long", long.as_fd()),
        ];
        let expectations = [
            (Expected::StreamSocket, "stream"),
            (SEALED, "sealed"),
            (Expected::Event, "event"),
            (Expected::ReadOnlyFile, "read"),
        ];
        for (expected, only) in expectations {
            for (name, descriptor) in &all {
                let admitted = admits(expected, *descriptor).await;
                assert_eq!(admitted, *name == only, "{name} as {expected:?}");
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
    });
}

#[test]
fn an_end_goes_one_way_and_is_of_the_right_kind_and_user() {
    run(async {
        let (one, other) = side_sockets();
        let back = one.try_clone().unwrap();
        let forth = other.try_clone().unwrap();
        let _sender = DescriptorSender::new(one).unwrap();
        let null = File::open("/dev/null").unwrap();
        let space = &mut [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let copies = [null.as_fd()];
        let mut control = SendAncillaryBuffer::new(space);
        assert!(control.push(SendAncillaryMessage::ScmRights(&copies)));
        let sent = sendmsg(
            &forth,
            &[IoSlice::new(&[0; 16])],
            &mut control,
            SendFlags::NOSIGNAL,
        );
        assert_eq!(
            sent,
            Err(rustix::io::Errno::PIPE),
            "a sender is sent nothing"
        );
        let _receiver =
            DescriptorReceiver::new(other, PeerUser::Own, DescriptorLimits::default()).unwrap();
        drop((back, forth));

        let (stream, _other) = UnixStream::pair().unwrap();
        let kind = DescriptorSender::new(stream.into()).unwrap_err().kind();
        assert_eq!(kind, std::io::ErrorKind::InvalidInput);
        let (_one, other) = side_sockets();
        let stranger = PeerUser::Is(u32::MAX - 1);
        let refused = DescriptorReceiver::new(other, stranger, DescriptorLimits::default());
        let kind = refused.unwrap_err().kind();
        assert_eq!(kind, std::io::ErrorKind::PermissionDenied);
    });
}

#[test]
fn what_cannot_be_sent_is_refused_and_an_ended_socket_says_so() {
    run(async {
        let (sender, receiver) = ends(DescriptorLimits::default());
        let null = File::open("/dev/null").unwrap();
        let kind = |sent: std::io::Result<Vec<Slot>>| sent.map(drop).unwrap_err().kind();
        assert_eq!(
            kind(sender.send(&[]).await),
            std::io::ErrorKind::InvalidInput
        );
        let many = vec![null.as_fd(); 254];
        assert_eq!(
            kind(sender.send(&many).await),
            std::io::ErrorKind::InvalidInput
        );
        let slots = sender.send(&[null.as_fd()]).await.unwrap();
        let redeemed = receiver.redeem(slots[0], Expected::Event);
        assert_eq!(redeemed.map(drop), Err(NotGiven::Unexpected));
        drop(receiver);
        tokio::task::yield_now().await;
        assert_eq!(
            kind(sender.send(&[null.as_fd()]).await),
            std::io::ErrorKind::BrokenPipe
        );
    });
}
