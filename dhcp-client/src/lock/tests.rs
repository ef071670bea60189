//! Who may keep a client from an interface, and who may not. The interfaces do not exist; each test has names
//! of its own, as the network namespace is everybody's.

use std::{fs, os::unix::net::UnixDatagram, thread};

use super::*;

/// An interface that no other test has.
fn interface(test: &str) -> String {
    format!("{test}-{}", std::process::id())
}

fn folder(interface: &str) -> PathBuf {
    std::env::temp_dir().join(format!("lock-of-{interface}"))
}

fn acquire(interface: &str, folder: Option<&Path>) -> (Result<InterfaceLock, LockError>, String) {
    let mut said = String::new();
    let lock = InterfaceLock::acquire(interface, folder, |line| said.push_str(line));
    (lock, said)
}

/// The name of `interface`, bound by a user without rights; `None` where only root's tests can be that user.
fn of_a_stranger(interface: &str) -> Option<UnixListener> {
    if !Uid::effective().is_root() {
        eprintln!("left out: it needs root");
        return None;
    }
    let address = SocketAddr::from_abstract_name(name(interface)).unwrap();
    // The credentials are the thread's at the time of listen(2).
    let bound = thread::spawn(move || {
        let nobody = rustix::thread::Uid::from_raw(65_534);
        rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
        UnixListener::bind_addr(&address).unwrap()
    });
    Some(bound.join().unwrap())
}

#[test]
fn a_second_client_is_refused_and_told_who_the_first_is() {
    let interface = interface("second");
    for folder in [None, Some(folder(&interface))] {
        let (first, said) = acquire(&interface, folder.as_deref());
        assert_eq!(said, "");
        let (second, _) = acquire(&interface, folder.as_deref());
        let why = second.unwrap_err().to_string();
        let pid = std::process::id();
        assert!(why.contains("another dhcp-client serves it"), "{why}");
        assert!(why.contains(&format!("process {pid} of user")), "{why}");
        drop(first.unwrap());
        drop(acquire(&interface, folder.as_deref()).0.unwrap());
    }
    fs::remove_dir(folder(&interface)).unwrap();
}

#[test]
fn the_name_in_a_strangers_hands_costs_a_line_and_the_file_locks() {
    let interface = interface("stranger");
    let Some(stranger) = of_a_stranger(&interface) else {
        return;
    };
    let folder = folder(&interface);
    let (first, said) = acquire(&interface, Some(&folder));
    let first = first.unwrap();
    let who = format!("process {} of user 65534", std::process::id());
    assert!(said.contains(&who), "{said}");
    let (second, _) = acquire(&interface, Some(&folder));
    let why = second.unwrap_err().to_string();
    assert!(
        why.contains("another dhcp-client serves it (lock "),
        "{why}"
    );
    // Also when the stranger is gone, and the name is to be had.
    drop(stranger);
    let (third, _) = acquire(&interface, Some(&folder));
    assert!(matches!(third.unwrap_err().why, Why::ServedByFile(_)));
    drop(first);
    fs::remove_dir(folder).unwrap();
}

#[test]
fn without_a_run_directory_a_stranger_is_named_in_the_refusal() {
    let interface = interface("refused");
    let Some(_stranger) = of_a_stranger(&interface) else {
        return;
    };
    let (refused, said) = acquire(&interface, None);
    let why = refused.unwrap_err().to_string();
    assert!(
        why.contains("of user 65534, which is no dhcp-client"),
        "{why}"
    );
    assert_eq!(said, "");
}

#[test]
fn a_name_on_which_nobody_listens_is_a_strangers() {
    let interface = interface("datagram");
    let address = SocketAddr::from_abstract_name(name(&interface)).unwrap();
    let stream = || {
        socket(
            AddressFamily::Unix,
            SockType::Stream,
            SockFlag::SOCK_CLOEXEC,
            None,
        )
        .unwrap()
    };
    let silent = stream();
    let bound = UnixAddr::new_abstract(name(&interface).as_bytes()).unwrap();
    nix::sys::socket::bind(silent.as_raw_fd(), &bound).unwrap();
    let folder = folder(&interface);
    let (lock, said) = acquire(&interface, Some(&folder));
    drop(lock.unwrap());
    assert!(said.contains("listens to nobody"), "{said}");
    drop(silent);
    // Names of datagram sockets are others; one that is taken there is no matter.
    let _datagram = UnixDatagram::bind_addr(&address).unwrap();
    let (lock, said) = acquire(&interface, Some(&folder));
    drop(lock.unwrap());
    assert_eq!(said, "");
    fs::remove_dir(folder).unwrap();
}
