//! Which answers a client takes, and which it only counts.

mod support;
mod transcript;

use std::net::Ipv4Addr;

use dhcp_proto::{Config, ConfigureCause, Discard, MessageType, Start, State};
use support::server::{Reply, SERVER};
use transcript::{ADDRESS, Client, MAC, OTHER_SERVER, assert_configure, refused, since_start};

/// The reason for which a DHCPOFFER like this is not taken; a good one still is.
#[track_caller]
fn assert_offer_ignored(offer: impl FnOnce(Reply) -> Reply, reason: Discard) {
    let mut client = Client::new();
    let discover = client.message();
    client.hear(&offer(Reply::offer(&discover.sent, ADDRESS)));
    assert_eq!(client.machine.state(), State::Selecting);
    assert_eq!(
        client
            .machine
            .counters()
            .discarded_of(MessageType::Offer, reason),
        1
    );
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    assert_eq!(client.machine.state(), State::Requesting);
}

/// A client in REQUESTING, and its DHCPREQUEST.
fn requesting() -> (Client, transcript::Message) {
    let mut client = Client::new();
    client.request_offered(|offer| offer);
    let request = client.message();
    (client, request)
}

#[test]
fn case_024_offer_with_wrong_xid_is_ignored() {
    assert_offer_ignored(
        |offer| Reply {
            xid: offer.xid ^ 1,
            ..offer
        },
        Discard::WrongXid,
    );
}

#[test]
fn case_024_ack_with_wrong_xid_is_ignored() {
    let (mut client, request) = requesting();
    client.hear(&Reply {
        xid: request.sent.xid ^ 1,
        ..Reply::ack(&request.sent, ADDRESS)
    });
    assert_eq!(client.discarded(Discard::WrongXid), 1);
    assert_eq!(client.actions(), []);
    assert_eq!(client.machine.state(), State::Requesting);
}

#[test]
fn case_025_offer_with_wrong_chaddr_is_ignored() {
    assert_offer_ignored(
        |offer| Reply {
            chaddr: [0x02, 0, 0, 0, 0, 0x11],
            ..offer
        },
        Discard::WrongChaddr,
    );
}

#[test]
fn case_027_offer_without_server_identifier_is_ignored_when_it_is_required() {
    let mut config = Config::new(MAC);
    config.require_server_identifier = true;
    let mut client = Client::with(config, Start::Init);
    client.request_offered(|offer| Reply {
        server_identifier: None,
        ..offer
    });
    assert_eq!(client.machine.state(), State::Selecting);
    assert_eq!(client.discarded(Discard::NoServerIdentifier), 1);
}

#[test]
fn case_027_without_server_identifier_the_sender_stands_in() {
    let mut client = Client::new();
    client.request_offered(|offer| Reply {
        server_identifier: None,
        ..offer
    });
    let request = client.message();
    assert_eq!(request.sent.server_identifier(), Some(SERVER));
    client.hear(&Reply {
        server_identifier: None,
        ..Reply::ack(&request.sent, ADDRESS)
    });
    assert_eq!(client.lease().server_identifier, SERVER);
}

#[test]
fn case_028_offer_of_an_address_that_no_host_has_is_ignored() {
    let unusable = [
        [0, 0, 0, 0],
        [0, 1, 2, 3],
        [127, 0, 0, 1],
        [224, 0, 0, 5],
        [239, 255, 255, 255],
        [240, 0, 0, 1],
        [255, 255, 255, 255],
    ];
    for yiaddr in unusable {
        assert_offer_ignored(
            |offer| Reply {
                yiaddr: yiaddr.into(),
                ..offer
            },
            Discard::UnusableYiaddr,
        );
    }
}

#[test]
fn case_028_ack_of_an_unusable_address_is_ignored() {
    let (mut client, request) = requesting();
    client.hear(&Reply::ack(&request.sent, Ipv4Addr::new(127, 0, 0, 1)));
    assert_eq!(client.discarded(Discard::UnusableYiaddr), 1);
    assert_eq!(client.actions(), []);
}

#[test]
fn case_028_network_and_broadcast_address_of_the_prefix_are_ignored() {
    for yiaddr in [[192, 0, 2, 0], [192, 0, 2, 255]] {
        assert_offer_ignored(
            |offer| Reply {
                yiaddr: yiaddr.into(),
                ..offer
            },
            Discard::UnusableYiaddr,
        );
    }
}

#[test]
fn case_028_both_addresses_of_a_31_and_the_one_of_a_32_are_taken() {
    let ends = [
        ([192, 0, 2, 0], [255, 255, 255, 254], 31),
        ([192, 0, 2, 1], [255, 255, 255, 254], 31),
        ([192, 0, 2, 255], [255, 255, 255, 255], 32),
    ];
    for (yiaddr, mask, prefix_length) in ends {
        let (mut client, request) = requesting();
        client.hear(&Reply::ack(&request.sent, yiaddr.into()).with(1, &mask));
        assert_eq!(client.lease().address, Ipv4Addr::from(yiaddr));
        assert_eq!(client.lease().prefix_length, prefix_length);
    }
}

#[test]
fn case_029_of_two_offers_the_first_is_taken_and_the_others_ack_is_ignored() {
    let mut client = Client::new();
    let discover = client.message();
    let elsewhere = Ipv4Addr::new(192, 0, 2, 88);
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    client.hear(&Reply::offer(&discover.sent, elsewhere).from_server(OTHER_SERVER));

    let request = client.message();
    assert_eq!(request.sent.server_identifier(), Some(SERVER));
    assert_eq!(client.messages(), []);
    assert_eq!(client.discarded(Discard::UnexpectedInState), 1);

    client.hear(&Reply::ack(&request.sent, elsewhere).from_server(OTHER_SERVER));
    assert_eq!(client.discarded(Discard::OtherServer), 1);
    assert_eq!(client.actions(), []);
    assert_eq!(client.machine.last_server(), Some(OTHER_SERVER));

    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
}

#[test]
fn case_030_ack_of_another_address_is_taken_and_only_that_one() {
    let committed = Ipv4Addr::new(192, 0, 2, 99);
    let (mut client, request) = requesting();
    client.hear(&Reply::ack(&request.sent, committed));
    assert_configure(client.action(), committed, ConfigureCause::Bound);
    // The address asked for comes too late to be a second one.
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_eq!(client.actions(), []);
    assert_eq!(client.lease().address, committed);
    assert_eq!(client.discarded(Discard::UnexpectedInState), 1);
}

#[test]
fn case_031_ack_without_lease_time_has_that_of_the_offer() {
    let mut client = Client::new();
    client.request_offered(|offer| Reply {
        lease_time: Some(7200),
        ..offer
    });
    let request = client.message();
    client.hear(&Reply {
        lease_time: None,
        ..Reply::ack(&request.sent, ADDRESS)
    });
    assert_eq!(client.lease().lease_seconds, Some(7200));
}

#[test]
fn case_031_no_lease_time_at_all_is_an_hour() {
    let mut client = Client::new();
    client.request_offered(|offer| Reply {
        lease_time: None,
        ..offer
    });
    let request = client.message();
    client.hear(&Reply {
        lease_time: None,
        ..Reply::ack(&request.sent, ADDRESS)
    });
    assert_eq!(client.lease().lease_seconds, Some(3600));
}

#[test]
fn case_031_lease_time_zero_is_ten_seconds() {
    let client = Client::bound_for(0);
    assert_eq!(client.lease().lease_seconds, Some(10));
    assert_eq!(since_start(client.lease().expires_at), 10_000);
}

#[test]
fn case_032_without_a_mask_the_prefix_is_that_of_the_class() {
    let classes = [
        ([10, 1, 2, 3], 8),
        ([172, 16, 2, 3], 16),
        ([192, 168, 2, 3], 24),
    ];
    for (yiaddr, prefix_length) in classes {
        let (mut client, request) = requesting();
        client.hear(&Reply {
            options: Vec::new(),
            ..Reply::ack(&request.sent, yiaddr.into())
        });
        assert_eq!(client.lease().prefix_length, prefix_length);
    }
}

#[test]
fn case_032_a_mask_of_zeros_counts_as_none() {
    let (mut client, request) = requesting();
    client.hear(&Reply::ack(&request.sent, ADDRESS).with(1, &[0, 0, 0, 0]));
    assert_eq!(client.lease().prefix_length, 24);
}

#[test]
fn case_033_infinite_lease_has_no_timers() {
    let mut client = Client::bound(|ack| {
        Reply {
            lease_time: Some(0xffff_ffff),
            ..ack
        }
        .with(58, &60_u32.to_be_bytes())
        .with(59, &90_u32.to_be_bytes())
    });
    assert_eq!(client.lease().lease_seconds, None);
    assert_eq!(client.lease().expires_at, None);
    assert_eq!(client.machine.poll_timeout(), None);
    client.sleep(u64::from(u32::MAX) * 1000);
    assert_eq!(client.messages(), []);
    assert_eq!(client.machine.state(), State::Bound);
}

#[test]
fn case_034_nak_of_a_server_that_was_not_asked_is_ignored() {
    let (mut client, request) = requesting();
    client.hear(&Reply::nak(&request.sent).from_server(OTHER_SERVER));
    assert_eq!(
        client
            .machine
            .counters()
            .discarded_of(MessageType::Nak, Discard::OtherServer),
        1
    );
    assert_eq!(client.machine.take_refusal_text(), None);
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
}

#[test]
fn case_035_nak_in_requesting_restarts_with_a_new_xid_and_no_wish() {
    let (mut client, request) = requesting();
    client.hear(&Reply::nak(&request.sent).with(56, b"not here"));
    let discover = client.message();
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.at, 0);
    assert_ne!(discover.sent.xid, request.sent.xid);
    assert_eq!(discover.sent.requested_address(), None);
    assert_eq!(client.actions(), refused(false));
    let text = client.machine.take_refusal_text();
    assert_eq!(text.as_deref(), Some("not here"));
    assert_eq!(client.machine.take_refusal_text(), None);
}

/// One round of offer and refusal; when the next DHCPDISCOVER goes out, in milliseconds.
fn refused_after(client: &mut Client, discover: &transcript::Message) -> transcript::Message {
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let request = client.message();
    client.hear(&Reply::nak(&request.sent));
    client.message()
}

#[test]
fn case_035_repeated_naks_delay_the_next_discover_more_and_more() {
    let mut client = Client::new();
    let mut discover = client.message();
    let delays: [u64; 10] = std::array::from_fn(|_| {
        let next = refused_after(&mut client, &discover);
        let delay = next.at - discover.at;
        discover = next;
        delay / 1000
    });
    assert_eq!(delays, [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

#[test]
fn case_035_a_lease_ends_the_count_of_naks() {
    let mut client = Client::new();
    let discover = client.message();
    let discover = refused_after(&mut client, &discover);
    let discover = refused_after(&mut client, &discover);
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    let renewal = client.message();
    client.hear(&Reply::nak(&renewal.sent));
    assert_eq!(client.message().at, renewal.at);
}

#[test]
fn case_036_nak_flood_makes_one_discover() {
    let (mut client, request) = requesting();
    let nak = Reply::nak(&request.sent).frame();
    for _ in 0..1000 {
        client.hear_frame(&nak);
        client.elapse(1);
    }
    assert_eq!(client.messages().len(), 1);
    assert_eq!(client.discarded(Discard::UnexpectedInState), 999);
}

#[test]
fn case_036_hostile_server_that_offers_and_refuses_gets_few_discovers() {
    let mut client = Client::new();
    let mut discover = client.message();
    while client.elapsed() < 600_000 {
        discover = refused_after(&mut client, &discover);
    }
    // 0, 1, 3, 7, 15, 31, 63 s and then one a minute.
    let sent = client.machine.counters().sent(MessageType::Discover);
    assert!((15..=19).contains(&sent), "{sent} DISCOVER in ten minutes");
}

#[test]
fn ack_that_comes_after_the_end_of_its_own_lease_is_ignored() {
    let (mut client, request) = requesting();
    client.elapse(20_000);
    client.hear(&Reply {
        lease_time: Some(15),
        ..Reply::ack(&request.sent, ADDRESS)
    });
    assert_eq!(client.discarded(Discard::ExpiredLeaseTime), 1);
    assert_eq!(client.actions(), []);
}

#[test]
fn ack_in_selecting_is_ignored() {
    let mut client = Client::new();
    let discover = client.message();
    client.hear(&Reply::ack(&discover.sent, ADDRESS));
    client.hear(&Reply::nak(&discover.sent));
    assert_eq!(client.discarded(Discard::UnexpectedInState), 2);
    assert_eq!(client.machine.state(), State::Selecting);
}
