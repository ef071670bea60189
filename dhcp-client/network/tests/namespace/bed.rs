//! The bed that each test lies in: namespace, link, peer, sink.

use std::{
    any::type_name,
    cell::RefCell,
    env,
    os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd},
    process::Command,
    rc::Rc,
    time::{Duration, Instant},
};

use dhcp_network::{Interface, Network, Pcap};
use nix::{
    net::if_::if_nametoindex,
    sys::{
        socket::{
            AddressFamily, MsgFlags, SockFlag, SockType, SockaddrLike, SockaddrStorage,
            getsockname, recv, send, setsockopt, socket, sockopt,
        },
        time::{TimeVal, TimeValLike},
    },
    unistd::Uid,
};
use sdk_rpc::{Error, Frame, FrameSink, Net};
use tokio::{
    sync::{Semaphore, mpsc},
    task::LocalSet,
};

/// The interface under test.
pub(crate) const CLIENT: &str = "client0";
pub(crate) const CLIENT_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0xc1];
/// The other end.
pub(crate) const PEER: &str = "peer0";
pub(crate) const PEER_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0xbe];

/// Set in the process that is inside the namespace, to the test's name.
const INSIDE: &str = "CALFKIT_TEST_NAMESPACE";
/// Bound of anything that must happen; reached only when a test fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs `body` in a new network namespace, with a new user namespace around it if not root: the test
/// starts itself again through unshare(1), and is then `test` alone. Fails, never skips, where that
/// is not possible.
pub(crate) fn in_namespace<T: Fn()>(test: T, body: impl Future<Output = ()>) {
    let options: &[&str] = match Uid::effective().is_root() {
        true => &["--net"],
        false => &["--user", "--map-root-user", "--net"],
    };
    in_namespaces(test, options, body);
}

/// Runs `body` in the namespaces that `options` of unshare(1) name.
pub(crate) fn in_namespaces<T: Fn()>(_test: T, options: &[&str], body: impl Future<Output = ()>) {
    let (_crate_name, name) = type_name::<T>().split_once("::").expect("a function");
    if env::var(INSIDE).is_ok_and(|inside| inside == name) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        return runtime.block_on(LocalSet::new().run_until(body));
    }
    let output = Command::new("unshare")
        .args(options)
        .arg("--")
        .arg(env::current_exe().expect("the test's own path"))
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(INSIDE, name)
        .output()
        .expect("unshare(1), of util-linux, starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    // "1 passed" too: a name that matches no test would succeed.
    assert!(
        output.status.success() && said.contains("1 passed"),
        "in namespaces {options:?} (if they could not be made: run as root, or allow unprivileged user \
         namespaces): {}\n{said}{complained}",
        output.status
    );
}

/// Runs ip(8); its arguments contain no spaces.
pub(crate) fn ip(arguments: &str) {
    let output = Command::new("ip")
        .args(arguments.split(' '))
        .output()
        .expect("ip(8), of iproute2, starts");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments}: {complaint}");
}

/// Makes the veth pair, both ends up, and returns when they carry frames.
pub(crate) fn make_link() {
    let mac = |octets: [u8; 6]| sdk_rpc::MacAddress(octets).to_string();
    let [client, peer] = [CLIENT_MAC, PEER_MAC].map(mac);
    ip(&format!(
        "link add {CLIENT} address {client} type veth peer name {PEER} address {peer}"
    ));
    ip(&format!("link set {CLIENT} up"));
    ip(&format!("link set {PEER} up"));
    await_carrier(CLIENT);
    await_carrier(PEER);
}

/// Returns when the interface carries frames: the kernel says so a moment after the ends are up.
pub(crate) fn await_carrier(interface: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !Interface::lookup(interface).unwrap().carrier {
        assert!(Instant::now() < deadline, "{interface} has no carrier");
        std::thread::yield_now();
    }
}

/// The network under test, and what it logged.
pub(crate) struct Bed {
    pub(crate) network: Network,
    pub(crate) peer: Peer,
    pub(crate) lines: Rc<RefCell<Vec<String>>>,
}

impl Bed {
    /// Makes the link, and opens both ends of it.
    pub(crate) fn new() -> Self {
        Self::with_pcap(None)
    }

    pub(crate) fn with_pcap(pcap: Option<Pcap>) -> Self {
        make_link();
        let lines = Rc::new(RefCell::new(Vec::new()));
        let log = {
            let lines = Rc::clone(&lines);
            Rc::new(move |line: &str| lines.borrow_mut().push(line.to_owned()))
        };
        let interface = Interface::lookup(CLIENT).unwrap();
        Self {
            network: Network::open(&interface, log, pcap).unwrap(),
            peer: Peer::open(PEER),
            lines,
        }
    }

    /// Attaches a sink that is always ready.
    pub(crate) async fn listen(&self) -> Arrivals {
        self.listen_when(Rc::new(Semaphore::new(Semaphore::MAX_PERMITS)))
            .await
    }

    /// Attaches a sink that is ready for another batch when `gate` has a permit.
    pub(crate) async fn listen_when(&self, gate: Rc<Semaphore>) -> Arrivals {
        let (sender, batches) = mpsc::unbounded_channel();
        let attachment = self.network.attach(Sink { sender, gate }).await.unwrap();
        Arrivals {
            batches,
            waiting: Vec::new(),
            _attachment: attachment,
        }
    }
}

struct Sink {
    sender: mpsc::UnboundedSender<Vec<Frame>>,
    gate: Rc<Semaphore>,
}

impl FrameSink for Sink {
    async fn push(&self, frames: Vec<Frame>) -> Result<(), Error> {
        self.sender.send(frames).map_err(|_| Error::Disconnected)?;
        self.gate
            .acquire()
            .await
            .map_err(|_| Error::Disconnected)?
            .forget();
        Ok(())
    }
}

/// What a sink got.
pub(crate) struct Arrivals {
    batches: mpsc::UnboundedReceiver<Vec<Frame>>,
    waiting: Vec<Frame>,
    _attachment: dhcp_network::Attachment,
}

impl Arrivals {
    /// The next frame.
    pub(crate) async fn next(&mut self) -> Frame {
        while self.waiting.is_empty() {
            self.waiting = self.next_batch().await;
        }
        self.waiting.remove(0)
    }

    pub(crate) async fn next_batch(&mut self) -> Vec<Frame> {
        tokio::time::timeout(PATIENCE, self.batches.recv())
            .await
            .expect("a frame arrives in time")
            .expect("the sink is attached")
    }

    /// Resolves when the sink was dropped, which must be with nothing in it.
    pub(crate) async fn closed(&mut self) {
        let last = tokio::time::timeout(PATIENCE, self.batches.recv())
            .await
            .expect("the sink is dropped in time");
        assert_eq!(last, None);
    }
}

/// A raw socket at one end of the link.
pub(crate) struct Peer {
    descriptor: OwnedFd,
}

impl Peer {
    pub(crate) fn open(interface: &str) -> Self {
        let descriptor = socket(
            AddressFamily::Packet,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            None,
        )
        .unwrap();
        let address = libc::sockaddr_ll {
            sll_family: u16::try_from(libc::AF_PACKET).unwrap(),
            sll_protocol: 0x0003_u16.to_be(),
            sll_ifindex: if_nametoindex(interface).unwrap().try_into().unwrap(),
            sll_hatype: 0,
            sll_pkttype: 0,
            sll_halen: 0,
            sll_addr: [0; 8],
        };
        let length = size_of_val(&address).try_into().unwrap();
        // SAFETY: the descriptor is open, and `address` is `length` bytes long and only read.
        let result =
            unsafe { libc::bind(descriptor.as_raw_fd(), (&raw const address).cast(), length) };
        assert_eq!(result, 0);
        let patience = TimeVal::seconds(PATIENCE.as_secs().try_into().unwrap());
        setsockopt(&descriptor, sockopt::ReceiveTimeout, &patience).unwrap();
        Self { descriptor }
    }

    pub(crate) fn send(&self, frame: &[u8]) {
        let sent = send(self.descriptor.as_raw_fd(), frame, MsgFlags::empty()).unwrap();
        assert_eq!(sent, frame.len());
    }

    /// The next frame that `wanted` accepts; what came in before is lost.
    pub(crate) fn receive(&self, wanted: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let mut buffer = [0; 9100];
        loop {
            let length = recv(self.descriptor.as_raw_fd(), &mut buffer, MsgFlags::empty())
                .expect("a frame arrives in time");
            if wanted(&buffer[..length]) {
                return buffer[..length].to_vec();
            }
        }
    }

    /// The next frame from the client's MAC address, of which the kernel's own (IPv6) are no part.
    pub(crate) fn receive_from_client(&self) -> Vec<u8> {
        self.receive(|frame| frame[6..12] == CLIENT_MAC && frame[12..14] != [0x86, 0xdd])
    }
}

/// The open sockets of this process in `family`.
pub(crate) fn sockets_of(family: AddressFamily) -> Vec<RawFd> {
    std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
        .filter(|descriptor| {
            getsockname::<SockaddrStorage>(*descriptor)
                .is_ok_and(|address| address.family() == Some(family))
        })
        .collect()
}

/// Borrows a descriptor found by [`sockets_of`].
pub(crate) fn borrow(descriptor: RawFd) -> BorrowedFd<'static> {
    // SAFETY: the test keeps the network, which owns the descriptor, until the test ends.
    unsafe { BorrowedFd::borrow_raw(descriptor) }
}
