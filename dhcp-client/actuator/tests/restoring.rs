//! What somebody removes of a lease: put back once, left if they insist, and nothing else is touched.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test, with its line"
)]

mod bed;

use std::time::Duration;

use bed::{Bed, address_list, addresses, batch, ip, isolated, lease, netlink, pass, routes};
use dhcp_actuator::{Changes, Deleted, Gone};
use sdk_rpc::{DeconfigureCause, Lease, Origin};

/// A bed with a lease in force, who listens from then on, and a runtime for it.
struct Watched {
    bed: Bed,
    changes: Changes,
    runtime: tokio::runtime::Runtime,
}

impl Watched {
    fn new(lease: Lease) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let bed = Bed::new();
        bed.configure(lease);
        bed.told();
        let entered = runtime.enter();
        let changes = Changes::open(&netlink()).unwrap();
        drop(entered);
        Self {
            bed,
            changes,
            runtime,
        }
    }

    /// All deletions since the last time.
    fn deletions(&mut self) -> Vec<Deleted> {
        let changes = &mut self.changes;
        self.runtime.block_on(async {
            let mut all = Vec::new();
            while let Ok(next) =
                tokio::time::timeout(Duration::from_millis(50), changes.next()).await
            {
                all.push(next.unwrap());
            }
            all
        })
    }

    /// How many of the deletions since the last time led to something being put back.
    fn restore(&mut self) -> usize {
        let deletions = self.deletions();
        assert!(!deletions.is_empty());
        let restore = |deleted: &&Deleted| self.bed.actuator.restore(deleted);
        deletions.iter().filter(restore).count()
    }
}

#[test]
fn case_091_an_address_that_somebody_deletes_comes_back_with_its_routes() {
    isolated(
        "case_091_an_address_that_somebody_deletes_comes_back_with_its_routes",
        || {
            let mut watched = Watched::new(lease());
            let before = routes();
            pass(600_000);
            ip("address delete 10.0.0.5/24 dev eth0");
            assert_eq!(routes(), [""; 0], "the kernel removes them with it");
            assert_eq!(watched.restore(), 1);
            assert_eq!(
                (address_list(), routes()),
                (vec!["10.0.0.5/24".to_owned()], before)
            );
            assert_eq!(
                addresses()["10.0.0.5/24"]["valid_life_time"],
                3000,
                "what is left of it"
            );
            let notice = "notice somebody removed address 10.0.0.5/24; it was put back";
            assert_eq!(watched.bed.told(), [notice]);
            assert_eq!(watched.deletions(), [], "to put back is no deletion");
        },
    );
}

#[test]
fn case_091_a_route_that_somebody_deletes_comes_back() {
    isolated("case_091_a_route_that_somebody_deletes_comes_back", || {
        let mut watched = Watched::new(Lease {
            mtu: Some(1400),
            ..lease()
        });
        let before = routes();
        ip("route delete default dev eth0");
        assert_eq!(watched.restore(), 1);
        assert_eq!(routes(), before);
        let notice = "notice somebody removed route 0.0.0.0/0 via 10.0.0.1; it was put back";
        assert_eq!(watched.bed.told(), [notice]);
    });
}

#[test]
fn case_091_routes_that_are_flushed_all_come_back() {
    isolated("case_091_routes_that_are_flushed_all_come_back", || {
        // Each needs another one to be reached by, and the kernel tells of them in its own order.
        let mut watched = Watched::new(Lease {
            routers: vec![[192, 0, 2, 1].into()],
            ..lease()
        });
        let before = routes();
        ip("route flush dev eth0 proto dhcp");
        assert_eq!(watched.restore(), 1);
        assert_eq!(routes(), before);
        assert_eq!(watched.bed.told().len(), 1);
    });
}

#[test]
fn case_091_what_is_removed_again_at_once_is_left_until_the_next_renewal() {
    isolated(
        "case_091_what_is_removed_again_at_once_is_left_until_the_next_renewal",
        || {
            let mut watched = Watched::new(lease());
            let before = routes();
            ip("route delete default dev eth0");
            assert_eq!(watched.restore(), 1);
            pass(9_999);
            ip("route delete default dev eth0");
            assert_eq!(watched.restore(), 0);
            assert_eq!(routes(), before[..1]);
            let notice = "notice somebody removed route 0.0.0.0/0 via 10.0.0.1 again within ten seconds; it \
                          is left so until the next renewal";
            assert_eq!(watched.bed.told()[1..], [notice]);

            // Nor does it come back with something else, however much later.
            pass(60_000);
            ip("route delete 10.0.0.0/24 dev eth0");
            assert_eq!(watched.restore(), 1);
            assert_eq!(routes(), before[..1]);

            watched.bed.update(lease());
            assert_eq!(routes(), before);
            ip("route delete default dev eth0");
            assert_eq!(watched.restore(), 1);
            assert_eq!(routes(), before);
        },
    );
}

#[test]
fn case_091_an_address_that_is_removed_again_at_once_is_left_with_its_routes() {
    isolated(
        "case_091_an_address_that_is_removed_again_at_once_is_left_with_its_routes",
        || {
            let mut watched = Watched::new(lease());
            ip("address delete 10.0.0.5/24 dev eth0");
            assert_eq!(watched.restore(), 1);
            ip("address delete 10.0.0.5/24 dev eth0");
            assert_eq!(watched.restore(), 0);
            assert_eq!((address_list(), routes()), (vec![], vec![]));
            let told = [
                "notice somebody removed address 10.0.0.5/24; it was put back",
                "notice somebody removed address 10.0.0.5/24 again within ten seconds; it is left so until \
                 the next renewal",
            ];
            assert_eq!(watched.bed.told(), told);
            watched.bed.update(lease());
            assert_eq!((address_list().len(), routes().len()), (1, 2));
        },
    );
}

#[test]
fn case_091_what_is_removed_again_later_comes_back_again() {
    isolated(
        "case_091_what_is_removed_again_later_comes_back_again",
        || {
            let mut watched = Watched::new(lease());
            for _ in 0..3 {
                ip("address delete 10.0.0.5/24 dev eth0");
                assert_eq!(watched.restore(), 1);
                pass(10_000);
            }
            assert_eq!((address_list().len(), routes().len()), (1, 2));
            assert_eq!(watched.bed.told().len(), 1, "the same line is said once");
        },
    );
}

#[test]
fn case_091_foreign_addresses_and_routes_are_nobodys_business() {
    isolated(
        "case_091_foreign_addresses_and_routes_are_nobodys_business",
        || {
            let mut watched = Watched::new(lease());
            ip("address add 192.0.2.9/24 dev eth0");
            ip("route add 198.51.100.0/24 via 192.0.2.1 dev eth0");
            ip("route add 203.0.113.0/24 via 10.0.0.1 dev eth0 proto dhcp src 10.0.0.5 metric 7");
            ip("address add 10.0.0.5/24 dev far0");
            ip("route delete 198.51.100.0/24");
            ip("route delete 203.0.113.0/24");
            ip("address delete 192.0.2.9/24 dev eth0");
            ip("address delete 10.0.0.5/24 dev far0");
            assert_eq!(watched.restore(), 0);
            assert_eq!((address_list().len(), routes().len()), (1, 2));
            assert_eq!(watched.bed.told(), [""; 0]);
        },
    );
}

#[test]
fn case_091_what_the_actuator_removes_itself_stays_removed() {
    isolated(
        "case_091_what_the_actuator_removes_itself_stays_removed",
        || {
            let mut watched = Watched::new(lease());
            watched.bed.update(Lease {
                routers: vec![[10, 0, 0, 2].into()],
                mtu: Some(1400),
                ..lease()
            });
            watched.bed.update(Lease {
                address: [10, 0, 0, 6].into(),
                ..lease()
            });
            watched.bed.update(Lease {
                address: [10, 9, 0, 6].into(),
                ..lease()
            });
            // And back to what was removed first of all.
            watched.bed.deconfigure(DeconfigureCause::Nak);
            watched.bed.configure(lease());
            watched.bed.told();
            assert_eq!(watched.restore(), 0);
            assert_eq!((address_list().len(), routes().len()), (1, 2));
            watched.bed.deconfigure(DeconfigureCause::Expired);
            assert_eq!(watched.restore(), 0);
            assert_eq!((address_list(), routes()), (vec![], vec![]));
            assert_eq!(watched.bed.told(), ["deconfigured Some(10.0.0.5) Expired"]);
        },
    );
}

#[test]
fn an_address_at_the_end_of_its_lifetime_is_not_put_back() {
    isolated(
        "an_address_at_the_end_of_its_lifetime_is_not_put_back",
        || {
            let mut watched = Watched::new(lease());
            // The kernel removes it like this, up to a second before the lease is over.
            pass(3_598_500);
            ip("address delete 10.0.0.5/24 dev eth0");
            assert_eq!(watched.restore(), 0);
            assert_eq!((address_list(), watched.bed.told().len()), (vec![], 0));
        },
    );
}

#[test]
fn an_address_that_the_operator_put_there_is_the_operators_to_remove() {
    isolated(
        "an_address_that_the_operator_put_there_is_the_operators_to_remove",
        || {
            let informed = Lease {
                origin: Origin::Inform,
                lease_seconds: None,
                expires_at: None,
                ..lease()
            };
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let bed = Bed::new();
            ip("address add 10.0.0.5/24 dev eth0 noprefixroute");
            bed.configure(informed);
            let entered = runtime.enter();
            let changes = Changes::open(&netlink()).unwrap();
            drop(entered);
            let mut watched = Watched {
                bed,
                changes,
                runtime,
            };
            ip("address delete 10.0.0.5/24 dev eth0");
            assert_eq!(watched.restore(), 0);
            assert_eq!((address_list(), routes()), (vec![], vec![]));
            assert_eq!(watched.bed.told().len(), 1, "configured, and no complaint");
        },
    );
}

#[test]
fn case_088_an_interface_that_is_gone_is_not_mourned() {
    isolated("case_088_an_interface_that_is_gone_is_not_mourned", || {
        let mut watched = Watched::new(lease());
        ip("link delete eth0");
        assert_eq!(watched.restore(), 0);
        assert_eq!(watched.bed.told(), [""; 0]);
    });
}

#[test]
fn a_link_that_goes_down_with_its_routes_is_nobodys_doing() {
    isolated(
        "a_link_that_goes_down_with_its_routes_is_nobodys_doing",
        || {
            let mut watched = Watched::new(lease());
            let before = routes();
            ip("link set eth0 down");
            // Where the kernel tells of the routes that it removes then, it is the last that it does.
            for deleted in watched.deletions() {
                assert!(!watched.bed.actuator.restore(&deleted));
            }
            assert_eq!((routes().len(), watched.bed.told().len()), (0, 0));
            ip("link set eth0 up");
            for route in &before {
                ip(&format!("route add {route} dev eth0"));
            }
            ip("route delete default dev eth0");
            assert_eq!(watched.restore(), 1, "not counted as removed before");
            assert_eq!(routes(), before);
        },
    );
}

#[test]
fn case_092_after_an_overrun_all_have_to_look_once() {
    isolated("case_092_after_an_overrun_all_have_to_look_once", || {
        let mut watched = Watched::new(lease());
        let before = routes();
        ip("address add 192.0.2.9/24 dev far0");
        // More than the socket's buffer holds, while nobody reads: what comes then is lost.
        let other =
            |verb, number| format!("route {verb} 198.51.{number}.0/24 via 192.0.2.1 dev far0");
        let flood = (0..250).map(|number| other("add", number));
        batch(flood.chain((0..250).map(|number| other("delete", number))));
        ip("route delete default dev eth0");
        let deletions = watched.deletions();
        let unknown = Deleted {
            index: None,
            what: Gone::Unknown,
        };
        assert_eq!(deletions, [unknown]);
        assert!(watched.bed.actuator.restore(&unknown));
        assert_eq!(routes(), before);
        assert!(!watched.bed.actuator.restore(&unknown));
        assert_eq!(watched.deletions(), [], "and no loop");
    });
}
