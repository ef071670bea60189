//! The machine is pure: a whole lease is replayed where every system call but those for memory and
//! for the end of the process is deadly, and reading the clock without one is too.
//!
//! Each test starts itself again as a child. The child first rehearses in freedom, to know what the
//! server has to say to the xids that the seed gives; then it confines itself, replays the inputs, and
//! compares what comes out.

#![allow(clippy::unwrap_used, reason = "test code outside of test functions")]

mod force;
mod support;
mod transcript;

use std::{
    collections::BTreeMap,
    hint::black_box,
    net::Ipv4Addr,
    os::unix::process::ExitStatusExt,
    process::{Command as Program, ExitStatus},
};

use dhcp_proto::{
    Action, Applied, Command, Config, ConflictDetection, Duration, Instant, Lease, Link, Machine,
    MessageType, Origin, Start, State, Transmit,
};
use force::{Force, NONCE, option_90};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use support::{
    arp::{Heard, is_arp},
    sent::{Sent, parse, parse_message},
    server::Reply,
};
use transcript::{ADDRESS, MAC, OTHER_SERVER};

const CHILD: &str = "DHCP_PROTO_PURITY_CHILD";
const SEED: [u8; 32] = [0x77; 32];
const START: Instant = Instant::from_millis(1_000_000);

#[test]
fn a_whole_lease_needs_no_call_but_for_memory() {
    let status = confined("a_whole_lease_needs_no_call_but_for_memory", || {
        let (inputs, expected) = rehearse();
        Box::new(move || assert!(replay(inputs) == expected))
    });
    assert!(status.success(), "{status}");
}

#[test]
fn control_the_confinement_itself_is_survived() {
    let status = confined("control_the_confinement_itself_is_survived", || {
        Box::new(|| drop(black_box(vec![1_u8; 1 << 20])))
    });
    assert!(status.success(), "{status}");
}

#[test]
fn control_randomness_is_deadly() {
    let status = confined("control_randomness_is_deadly", || {
        Box::new(|| {
            let mut octets = [0_u8; 8];
            // SAFETY: the buffer is valid for writes of its own length.
            unsafe { libc::getrandom(octets.as_mut_ptr().cast(), octets.len(), 0) };
        })
    });
    assert_eq!(status.signal(), Some(libc::SIGSYS), "{status}");
}

#[test]
fn control_the_clock_is_deadly() {
    let status = confined("control_the_clock_is_deadly", || {
        Box::new(|| {
            #[expect(
                clippy::disallowed_methods,
                reason = "shows that the machine could not do this unseen"
            )]
            black_box(std::time::Instant::now());
        })
    });
    assert!(status.signal().is_some(), "{status}");
}

#[test]
fn control_opening_a_file_is_deadly() {
    let status = confined("control_opening_a_file_is_deadly", || {
        Box::new(|| drop(black_box(std::fs::metadata("/"))))
    });
    assert_eq!(status.signal(), Some(libc::SIGSYS), "{status}");
}

/// What a child does once it is confined.
type Deed = Box<dyn FnOnce()>;

/// In the test: how the child ended. In the child: prepares, confines itself, acts and ends.
fn confined(test: &str, prepare: impl FnOnce() -> Deed) -> ExitStatus {
    if std::env::var_os(CHILD).is_some() {
        let deed = prepare();
        confine();
        deed();
        // Not std's exit, which has buffers to write.
        // SAFETY: it takes an integer and does not return.
        unsafe { libc::_exit(0) };
    }
    Program::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--test-threads=1", "--nocapture"])
        .env(CHILD, "1")
        .status()
        .unwrap()
}

fn confine() {
    let allowed = [
        // The allocator.
        libc::SYS_brk,
        libc::SYS_mmap,
        libc::SYS_mremap,
        libc::SYS_munmap,
        libc::SYS_madvise,
        libc::SYS_mprotect,
        libc::SYS_futex,
        // The end of the process.
        libc::SYS_exit_group,
    ];
    let rules: BTreeMap<i64, Vec<_>> = allowed.map(|call| (call, Vec::new())).into();
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into().unwrap(),
    )
    .unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    // The vDSO reads the clock by the time stamp counter, without a call that a filter could see.
    // SAFETY: the arguments are two integers; the call changes a property of this thread.
    let without_counter = unsafe { libc::prctl(libc::PR_SET_TSC, libc::PR_TSC_SIGSEGV) };
    assert_eq!(without_counter, 0, "PR_SET_TSC");
    seccompiler::apply_filter(&program).unwrap();
}

/// Something that happened to the machine, and when.
#[derive(Clone, Debug)]
struct Input {
    at: Instant,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Frame(Vec<u8>),
    Timeout,
    Link(Link),
    Command(Command),
    Applied(Applied),
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Output {
    Transmit(Transmit),
    Action(Action),
    Timeout(Option<Instant>),
}

/// With all that a machine can do by itself: conflict detection, a link-local address, and a signature to
/// check.
fn new_machine() -> Machine {
    let mut config = Config::new(MAC);
    config.conflict_detection = ConflictDetection::Full;
    config.link_local_after = Some(Duration::from_secs(5));
    config.forced_renewal = true;
    Machine::new(START, config, Start::Init, SEED)
}

fn apply(machine: &mut Machine, Input { at, what }: Input) {
    match what {
        What::Frame(frame) => machine.handle_frame(at, &frame, true),
        What::Timeout => machine.handle_timeout(at),
        What::Link(link) => machine.handle_link(at, link),
        What::Command(command) => machine.handle_command(at, command),
        What::Applied(applied) => machine.handle_applied(at, applied),
    }
}

fn drain(machine: &mut Machine, now: Instant, outputs: &mut Vec<Output>) {
    while let Some(transmit) = machine.poll_transmit(now) {
        outputs.push(Output::Transmit(transmit));
    }
    while let Some(action) = machine.poll_action() {
        outputs.push(Output::Action(action));
    }
    outputs.push(Output::Timeout(machine.poll_timeout()));
}

fn replay(inputs: Vec<Input>) -> Vec<Output> {
    let mut machine = new_machine();
    let mut outputs = Vec::new();
    drain(&mut machine, START, &mut outputs);
    for input in inputs {
        let now = input.at;
        apply(&mut machine, input);
        drain(&mut machine, now, &mut outputs);
    }
    outputs
}

/// A run in freedom that takes down what went in.
struct Rehearsal {
    machine: Machine,
    now: Instant,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
}

impl Rehearsal {
    fn feed(&mut self, what: What) {
        let input = Input { at: self.now, what };
        self.inputs.push(input.clone());
        apply(&mut self.machine, input);
        drain(&mut self.machine, self.now, &mut self.outputs);
    }

    fn wait(&mut self) {
        self.now = self.machine.poll_timeout().unwrap();
        self.feed(What::Timeout);
    }

    fn hear(&mut self, reply: &Reply) {
        self.feed(What::Frame(reply.frame()));
    }

    /// Waits until the machine asks the host for something, and has the host do it.
    fn wait_for_host(&mut self) {
        let before = self.actions();
        while self.actions() == before {
            self.wait();
        }
        self.feed(What::Applied(Applied::Done));
    }

    fn actions(&self) -> usize {
        let is_action = |output: &&Output| matches!(output, Output::Action(_));
        self.outputs.iter().filter(is_action).count()
    }

    fn hear_arp(&mut self, arp: Heard) {
        self.feed(What::Frame(arp.frame()));
    }

    /// The last message.
    fn last_sent(&self) -> Sent {
        let transmit = self.outputs.iter().rev().find_map(|output| match output {
            Output::Transmit(Transmit::Frame(frame)) if is_arp(frame) => None,
            Output::Transmit(transmit) => Some(transmit),
            Output::Action(_) | Output::Timeout(_) => None,
        });
        match transmit.unwrap() {
            Transmit::Frame(frame) => parse(frame),
            Transmit::Datagram { payload, .. } => parse_message(payload),
        }
    }

    /// A DHCPACK with every option that the client acts on.
    fn grant(&mut self) {
        let ack = Reply::ack(&self.last_sent(), ADDRESS)
            .with(6, &[192, 0, 2, 2])
            .with(12, b"guest")
            .with(15, b"example.com")
            .with(26, &[5, 220])
            .with(28, &[192, 0, 2, 255])
            .with(33, &[198, 51, 100, 1, 192, 0, 2, 3])
            .with(42, &[192, 0, 2, 4])
            .with(58, &[0, 0, 2, 0])
            .with(59, &[0, 0, 4, 0])
            .with(90, &option_90(100, 1, NONCE))
            .with(119, b"\x07example\x03com\x00\x03sub\xc0\x00")
            .with(121, &[24, 198, 51, 100, 192, 0, 2, 5, 0, 192, 0, 2, 1]);
        self.hear(&ack);
        if self.machine.state() == State::Probing {
            self.wait_for_host();
        } else {
            self.feed(What::Applied(Applied::Done));
        }
        assert_eq!(self.machine.state(), State::Bound);
        let lease: &Lease = self.machine.lease().unwrap();
        assert_eq!((lease.search.len(), lease.routes.len()), (2, 2));
        assert_eq!(lease.dns, [Ipv4Addr::new(192, 0, 2, 2)]);
    }
}

fn rehearse() -> (Vec<Input>, Vec<Output>) {
    let mut run = Rehearsal {
        machine: new_machine(),
        now: START,
        inputs: Vec::new(),
        outputs: Vec::new(),
    };
    drain(&mut run.machine, START, &mut run.outputs);
    // Alone: an address of its own, announced and defended.
    run.wait_for_host();
    assert_eq!(run.machine.lease().unwrap().origin, Origin::LinkLocal);
    run.wait();
    let own = run.machine.lease().unwrap().address;
    run.hear_arp(Heard::reply(own));
    run.feed(What::Frame(vec![0xff; 60]));
    // A server whose address is somebody's, and then one that is free.
    run.hear(&Reply::offer(&run.last_sent(), ADDRESS));
    run.hear(&Reply::ack(&run.last_sent(), ADDRESS));
    run.hear_arp(Heard::reply(ADDRESS));
    assert_eq!(run.machine.state(), State::DeclineWait);
    while run.machine.state() != State::Selecting {
        run.wait();
    }
    run.hear(&Reply::offer(&run.last_sent(), ADDRESS));
    run.wait();
    run.grant();
    while run.machine.state() == State::Bound {
        run.wait();
    }
    assert_eq!(run.machine.state(), State::Renewing);
    run.grant();
    run.feed(What::Frame(Force::default().frame()));
    assert_eq!(run.machine.state(), State::Renewing);
    run.grant();
    run.wait();
    while run.machine.state() == State::Renewing {
        run.wait();
    }
    assert_eq!(run.machine.state(), State::Rebinding);
    run.hear(&Reply::nak(&run.last_sent()).from_server(OTHER_SERVER));
    run.hear(&Reply::offer(&run.last_sent(), ADDRESS));
    run.grant();
    run.feed(What::Link(Link::Down));
    run.feed(What::Link(Link::Up));
    assert_eq!(run.machine.state(), State::Rebooting);
    run.grant();
    run.feed(What::Command(Command::Release));
    assert_eq!(run.last_sent().message_type, MessageType::Release);
    assert_eq!(run.machine.state(), State::Stopped);
    (run.inputs, run.outputs)
}
