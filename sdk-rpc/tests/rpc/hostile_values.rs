//! Messages in order with values that are none: each ends the connection, and the local object never
//! sees one.

use std::{
    io::Write,
    os::{fd::OwnedFd, unix::net::UnixStream},
};

use capnp::{any_pointer, traits::ImbueMut};
use sdk_rpc::{Disconnect, Error, Net, connect_net};

use crate::{
    calfkit_capnp as c,
    local::{LocalHost, LocalNet},
    rogue::{ATTACH, Rogue, WRITE, any_capability, capability_table, octets},
    stage::{quiet, run},
};

const SEND: u16 = 2;

fn value(what: &str) -> Disconnect {
    Disconnect::Value(what.into())
}

fn fate_of_net(method: u16, params: impl FnOnce(any_pointer::Builder<'_>)) -> Disconnect {
    run(async {
        let net = LocalNet::default();
        let mut rogue = Rogue::of_net(&net);
        rogue.bootstrap(0).await;
        rogue.call_net(1, method, params).await;
        let fate = rogue.outcome().await.0;
        assert!(net.0.written.borrow().is_empty());
        assert!(net.0.sent.borrow().is_empty());
        fate
    })
}

/// The fate of a rogue that configures this lease.
fn fate_of_lease(fill: impl FnOnce(c::lease::Builder<'_>)) -> Disconnect {
    run(async {
        let host = LocalHost::new();
        let mut rogue = Rogue::of_host(&host);
        rogue
            .call_facet(1, 0, |params| {
                let params = params.init_as::<c::lease_sink::configure_params::Builder<'_>>();
                fill(params.init_lease());
            })
            .await;
        let fate = rogue.outcome().await.0;
        assert!(host.0.leases.borrow().is_empty());
        fate
    })
}

fn fate_of_line(text: &[u8]) -> Disconnect {
    run(async {
        let host = LocalHost::new();
        let mut rogue = Rogue::of_host(&host);
        rogue
            .call_facet(2, 0, |params| {
                let params = params.init_as::<c::log::line_params::Builder<'_>>();
                params
                    .init_text(u32::try_from(text.len()).unwrap())
                    .as_bytes_mut()
                    .copy_from_slice(text);
            })
            .await;
        let fate = rogue.outcome().await.0;
        assert!(host.0.lines.borrow().is_empty());
        fate
    })
}

#[test]
fn a_prefix_longer_than_an_address_is_refused() {
    assert_eq!(
        fate_of_lease(|mut lease| lease.set_prefix_length(33)),
        value("prefix length 33")
    );
    let route = |lease: c::lease::Builder<'_>| {
        lease.init_routes(1).get(0).set_prefix_length(255);
    };
    assert_eq!(fate_of_lease(route), value("prefix length 255"));
}

#[test]
fn lists_longer_than_their_caps_are_refused() {
    assert_eq!(
        fate_of_lease(|lease| drop(lease.init_routers(513))),
        value("513 routers")
    );
    assert_eq!(
        fate_of_lease(|lease| drop(lease.init_dns(10_000))),
        value("10000 resolvers")
    );
    assert_eq!(
        fate_of_lease(|lease| drop(lease.init_ntp(513))),
        value("513 time servers")
    );
    assert_eq!(
        fate_of_lease(|lease| drop(lease.init_routes(513))),
        value("513 routes")
    );
    assert_eq!(
        fate_of_lease(|lease| drop(lease.init_search(513))),
        value("513 search domains")
    );
    assert_eq!(
        fate_of_lease(|lease| drop(lease.init_parameters(257))),
        value("257 parameters")
    );
}

#[test]
fn a_parameter_larger_than_its_message_is_refused() {
    let first = |lease: c::lease::Builder<'_>, fill: fn(c::parameter::value::Builder<'_>)| {
        fill(lease.init_parameters(1).get(0).init_value());
    };
    assert_eq!(
        fate_of_lease(|lease| first(lease, |mut value| value.set_octets(&[0; 2049]))),
        value("parameter of 2049 octets")
    );
    assert_eq!(
        fate_of_lease(|lease| first(lease, |value| drop(value.init_numbers(2049)))),
        value("2049 numbers of a parameter")
    );
    assert_eq!(
        fate_of_lease(|lease| first(lease, |mut value| value.set_text("a\nb"))),
        value("text of a parameter is not printable text")
    );
    assert_eq!(
        fate_of_lease(|lease| first(lease, |value| drop(value.init_names(513)))),
        value("513 names of a parameter")
    );
}

#[test]
fn names_longer_than_a_name_are_refused() {
    let long = "x".repeat(256);
    assert_eq!(
        fate_of_lease(|mut lease| lease.set_domain(&*long)),
        value("domain of 256 octets")
    );
    assert_eq!(
        fate_of_lease(|mut lease| lease.set_host_name(&*long)),
        value("host name of 256 octets")
    );
}

#[test]
fn text_that_is_no_text_is_refused() {
    assert_eq!(
        fate_of_line(b"\xff\xfe"),
        value("log line is not printable text")
    );
    assert_eq!(
        fate_of_line(b"one\ntwo"),
        value("log line is not printable text")
    );
    assert_eq!(
        fate_of_line(b"a\0b"),
        value("log line is not printable text")
    );
    assert_eq!(
        fate_of_line(b"\x1b[31m"),
        value("log line is not printable text")
    );
    assert_eq!(
        fate_of_line(&[b'x'; 1025]),
        value("log line of 1025 octets")
    );
}

#[test]
fn too_many_frames_or_octets_are_refused() {
    let frames = |count: u32, length: usize| {
        fate_of_net(WRITE, |params| {
            let params = params.init_as::<c::net::write_params::Builder<'_>>();
            let mut frames = params.init_frames(count);
            let octets = vec![0; length];
            frames.reborrow().get(0).set_bytes(&octets);
        })
    };
    assert_eq!(frames(65, 1), value("65 frames"));
    assert_eq!(frames(1, 65_554), value("frame of 65554 octets"));
    let datagram = fate_of_net(SEND, |params| {
        let params = params.init_as::<c::net::send_params::Builder<'_>>();
        params.init_datagrams(1).get(0).set_payload(&[0; 65_508]);
    });
    assert_eq!(datagram, value("payload of 65508 octets"));
}

#[test]
fn an_attachment_without_a_sink_is_refused() {
    let fate = fate_of_net(ATTACH, |params| {
        drop(params.init_as::<c::net::attach_params::Builder<'_>>());
    });
    assert!(matches!(fate, Disconnect::Value(_)), "{fate:?}");
}

#[test]
fn an_unknown_enumerant_is_refused() {
    run(async {
        let host = LocalHost::new();
        let mut rogue = Rogue::of_host(&host);
        rogue
            .call_facet(1, 2, |params| {
                // A number where the message has the cause.
                let mut number = params.init_as::<c::datagram::Builder<'_>>();
                number.set_destination(77);
            })
            .await;
        let fate = rogue.outcome().await.0;
        assert!(host.0.leases.borrow().is_empty());
        assert_eq!(fate, value("unknown enumerant 77"));
    });
}

#[test]
fn a_wrong_value_in_an_answer_is_the_fault_of_the_server() {
    run(async {
        let (here, there) = UnixStream::pair().unwrap();
        let (net, mut session) = connect_net(OwnedFd::from(here)).unwrap();
        let mut answers = octets(|message| {
            let mut answer = message.init_return();
            answer.set_answer_id(0);
            let mut results = answer.init_results();
            results
                .reborrow()
                .init_cap_table(1)
                .get(0)
                .set_sender_hosted(0);
            let mut content = results.init_content();
            content.imbue_mut(capability_table());
            content.set_as_capability(any_capability());
        });
        answers.extend(octets(|message| {
            let mut answer = message.init_return();
            answer.set_answer_id(1);
            let mut mac = answer
                .init_results()
                .init_content()
                .init_as::<c::net::mac_results::Builder<'_>>();
            mac.set_address(1 << 48);
        }));
        let mac = net.mac();
        let (told, ()) = futures::join!(mac, async {
            quiet().await;
            (&there).write_all(&answers).unwrap();
        });

        assert_eq!(
            told,
            Err(Error::Peer("hardware address 281474976710656".into()))
        );
        assert_eq!(
            session.closed().await,
            value("hardware address 281474976710656")
        );
    });
}
