//! A `Net` is the same `Net` whether it is here or behind a connection.

use std::{cell::RefCell, net::Ipv4Addr, rc::Rc};

use sdk_rpc::{
    Counter, Datagram, Error, Limits, MacAddress, Net, NetOwner, connect_net, connect_net_owner,
    serve_net, serve_net_owner,
};
use tokio::sync::mpsc;

use crate::{
    local::{LocalNet, LocalSink, MAC, MacBehaviour, NetWorld, frame},
    stage::{run, socket_pair},
};

/// Runs the same body against a local object and against its client.
macro_rules! local_and_remote {
    ($body:ident, $local:ident, $remote:ident) => {
        #[test]
        fn $local() {
            run(async {
                let net = LocalNet::default();
                $body(net.clone(), net.0).await;
            });
        }

        #[test]
        fn $remote() {
            run(async {
                let (here, there) = socket_pair();
                let local = LocalNet::default();
                let _serving = serve_net(there, local.clone(), Limits::net()).unwrap();
                let (net, _session) = connect_net(here).unwrap();
                $body(net, local.0).await;
            });
        }
    };
}

async fn mac_body(net: impl Net, _world: Rc<NetWorld>) {
    assert_eq!(net.mac().await, Ok(MAC));
}
local_and_remote!(mac_body, mac_is_told_locally, mac_is_told_remotely);

async fn write_body(net: impl Net, world: Rc<NetWorld>) {
    // More frames and more octets than one message takes; lengths are arbitrary.
    let frames: Vec<_> = (0..=255)
        .map(|octet| frame(octet, 14 + 37 * usize::from(octet)))
        .collect();

    net.write(frames[..200].to_vec()).await.unwrap();
    net.write(frames[200..].to_vec()).await.unwrap();
    net.mac().await.unwrap();

    assert_eq!(*world.written.borrow(), frames);
}
local_and_remote!(
    write_body,
    frames_are_written_in_order_locally,
    frames_are_written_in_order_remotely
);

async fn send_body(net: impl Net, world: Rc<NetWorld>) {
    let datagrams: Vec<_> = (0..130)
        .map(|last| Datagram {
            destination: Ipv4Addr::new(192, 0, 2, last),
            payload: vec![last; 548],
        })
        .collect();

    net.send(datagrams.clone()).await.unwrap();
    net.send(Vec::new()).await.unwrap();
    net.mac().await.unwrap();

    assert_eq!(*world.sent.borrow(), datagrams);
}
local_and_remote!(
    send_body,
    datagrams_are_sent_locally,
    datagrams_are_sent_remotely
);

async fn attach_body(net: impl Net, world: Rc<NetWorld>) {
    let (sender, mut arrived) = mpsc::unbounded_channel();
    let frames: Vec<_> = (0..100).map(|octet| frame(octet, 1514)).collect();

    let attachment = net.attach(LocalSink(sender)).await.unwrap();
    world.arrive(&frames[..90]);
    world.arrive(&frames[90..]);
    let mut received = Vec::new();
    arrived.recv_many(&mut received, 1).await;
    while received.len() < 100 {
        arrived.recv_many(&mut received, 100).await;
    }
    assert_eq!(received, frames);
    assert_eq!(world.attached.get(), 1);

    drop(attachment);
    world.detached.notified().await;
    world.arrive(&frames);
    assert_eq!(world.attached.get(), 0);
    assert_eq!(arrived.recv().await, None);
}
local_and_remote!(
    attach_body,
    dropping_the_attachment_ends_delivery_locally,
    dropping_the_attachment_ends_delivery_remotely
);

async fn refusal_body(net: impl Net, world: Rc<NetWorld>) {
    world.mac.set(MacBehaviour::Refuse);
    let refused = net.mac().await.unwrap_err();
    assert!(matches!(refused, Error::Refused(why) if why.starts_with("no address")));

    world.mac.set(MacBehaviour::Answer);
    assert_eq!(net.mac().await, Ok(MAC));
}
local_and_remote!(
    refusal_body,
    a_refusal_is_an_error_locally,
    a_refusal_is_an_error_remotely
);

#[test]
fn a_frame_longer_than_any_is_refused_before_it_is_sent() {
    run(async {
        let (here, there) = socket_pair();
        let local = LocalNet::default();
        let _serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, _session) = connect_net(here).unwrap();

        let too_long = frame(0, sdk_rpc::limits::FRAME_OCTETS + 1);
        assert!(matches!(
            net.write(vec![too_long]).await,
            Err(Error::Refused(_))
        ));

        let longest = frame(0, sdk_rpc::limits::FRAME_OCTETS);
        net.write(vec![longest.clone()]).await.unwrap();
        net.mac().await.unwrap();
        assert_eq!(*local.0.written.borrow(), [longest]);
    });
}

/// Owns a `Net` that only remembers.
#[derive(Clone, Default)]
struct LocalOwner(Rc<RefCell<Vec<String>>>);

impl NetOwner for LocalOwner {
    async fn set_address(&self, address: Option<Ipv4Addr>) -> Result<(), Error> {
        if address == Some(Ipv4Addr::BROADCAST) {
            return Err(Error::Refused("nobody has that".into()));
        }
        self.0.borrow_mut().push(format!("address {address:?}"));
        Ok(())
    }

    async fn set_mac(&self, mac: MacAddress) -> Result<(), Error> {
        self.0.borrow_mut().push(format!("mac {mac}"));
        Ok(())
    }

    async fn counters(&self) -> Result<Vec<Counter>, Error> {
        Ok(vec![Counter {
            name: "network.frames_in".into(),
            value: 7,
        }])
    }
}

async fn owner_body(owner: impl NetOwner, told: Rc<RefCell<Vec<String>>>) {
    let address = Ipv4Addr::new(10, 0, 0, 5);
    owner.set_address(Some(address)).await.unwrap();
    owner.set_mac(MAC).await.unwrap();
    owner.set_address(None).await.unwrap();
    let expected = [
        "address Some(10.0.0.5)".to_owned(),
        format!("mac {MAC}"),
        "address None".to_owned(),
    ];
    assert_eq!(*told.borrow(), expected);
    let refused = owner.set_address(Some(Ipv4Addr::BROADCAST)).await;
    assert_eq!(refused, Err(Error::Refused("nobody has that".into())));
    let counters = owner.counters().await.unwrap();
    assert_eq!(
        (counters[0].name.as_str(), counters[0].value),
        ("network.frames_in", 7)
    );
}

#[test]
fn a_net_is_owned_locally() {
    run(async {
        let owner = LocalOwner::default();
        owner_body(owner.clone(), owner.0).await;
    });
}

#[test]
fn a_net_is_owned_remotely() {
    run(async {
        let (here, there) = socket_pair();
        let owner = LocalOwner::default();
        let _serving = serve_net_owner(there, owner.clone(), Limits::host()).unwrap();
        let (remote, _session) = connect_net_owner(here).unwrap();
        owner_body(remote, owner.0).await;
    });
}
