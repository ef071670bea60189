//! Leases that say more than who gave them could.

use super::*;

fn link_local(change: impl FnOnce(&mut Lease)) -> Option<Refusal> {
    refusal(|lease| {
        lease.origin = Origin::LinkLocal;
        lease.address = [169, 254, 7, 9].into();
        lease.prefix_length = 16;
        lease.server = Ipv4Addr::UNSPECIFIED;
        lease.routers = Vec::new();
        endless(lease);
        change(lease);
    })
}

fn endless(lease: &mut Lease) {
    lease.lease_seconds = None;
    lease.expires_at = None;
}

const LENT: Option<Refusal> = Some(Refusal::Origin("it has an end, and no server lent it"));
const SERVED: Option<Refusal> = Some(Refusal::Origin("it names a server, and no server gave it"));
const MORE: Option<Refusal> = Some(Refusal::Origin(
    "a link-local address brings nothing else with it",
));

#[test]
fn a_link_local_address_passes_with_the_usual_broadcast_address() {
    assert_eq!(link_local(|_| {}), None);
    assert_eq!(
        link_local(|lease| lease.broadcast = Some([169, 254, 255, 255].into())),
        None
    );
}

#[test]
fn a_link_local_address_is_one_that_a_host_may_choose() {
    let at = |address: [u8; 4], prefix_length| {
        link_local(|lease| {
            lease.address = address.into();
            lease.prefix_length = prefix_length;
        })
    };
    let refused = |address: [u8; 4], prefix_length| {
        Some(Refusal::NotLinkLocal {
            address: address.into(),
            prefix_length,
        })
    };
    assert_eq!(
        (at([169, 254, 1, 0], 16), at([169, 254, 254, 255], 16)),
        (None, None)
    );
    for (address, prefix_length) in [
        ([169, 254, 0, 255], 16),
        ([169, 254, 255, 0], 16),
        ([169, 254, 7, 9], 24),
        ([169, 253, 7, 9], 16),
        ([168, 254, 7, 9], 16),
        ([10, 0, 0, 5], 16),
    ] {
        assert_eq!(at(address, prefix_length), refused(address, prefix_length));
    }
}

#[test]
fn a_link_local_address_brings_nothing_else() {
    let server = link_local(|lease| lease.server = [169, 254, 1, 1].into());
    assert_eq!(server, SERVED);
    let changes: [fn(&mut Lease); 13] = [
        |lease| lease.routers = vec![[169, 254, 1, 1].into()],
        |lease| lease.routes = vec![route([10, 0, 0, 0], 8, [169, 254, 1, 1])],
        |lease| lease.dns = vec![[169, 254, 1, 1].into()],
        |lease| lease.ntp = vec![[169, 254, 1, 1].into()],
        |lease| lease.domain = Some("a.test".to_owned()),
        |lease| lease.search = vec!["a.test".to_owned()],
        |lease| lease.host_name = Some("a".to_owned()),
        |lease| lease.mtu = Some(1400),
        |lease| lease.broadcast = Some([169, 254, 7, 255].into()),
        |lease| lease.next_server = [169, 254, 1, 1].into(),
        |lease| lease.server_name = Some("a".to_owned()),
        |lease| lease.boot_file = Some("a".to_owned()),
        |lease| {
            lease.parameters = vec![sdk_rpc::Parameter {
                code: 6,
                value: sdk_rpc::Value::Octets(Vec::new()),
            }];
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        assert_eq!(link_local(change), MORE, "change {number}");
    }
}

#[test]
fn only_a_server_lends_for_a_time() {
    assert_eq!(
        link_local(|lease| {
            lease.lease_seconds = Some(3600);
            lease.expires_at = Some(NOW + 3_600_000);
        }),
        LENT
    );
    for origin in [Origin::Inform, Origin::Operator] {
        let of = |change: fn(&mut Lease)| {
            refusal(|lease| {
                lease.origin = origin;
                lease.server = Ipv4Addr::UNSPECIFIED;
                change(lease);
            })
        };
        assert_eq!((of(|_| {}), of(endless)), (LENT, None), "{origin:?}");
    }
}

#[test]
fn what_the_operator_gave_no_server_did_but_may_have_added_to() {
    let of = |origin| {
        refusal(|lease| {
            lease.origin = origin;
            endless(lease);
        })
    };
    assert_eq!((of(Origin::Operator), of(Origin::Inform)), (SERVED, None));
}

#[test]
fn a_server_may_lease_a_link_local_address_and_keep_its_own_to_itself() {
    let refused = refusal(|lease| {
        lease.address = [169, 254, 0, 9].into();
        lease.server = Ipv4Addr::UNSPECIFIED;
    });
    assert_eq!(refused, None);
}
