//! Lines that people and programs look for in the logs of the C clients, in those clients' own words.
//!
//! The program's own log says more, and says it alike for all clients; these few lines are said besides
//! it under the name of the client that is replaced. The words are facts of that client: they are not
//! ours to improve.

use std::net::Ipv4Addr;

use sdk_rpc::Lease;

use crate::{
    script::{Occasion, Reason},
    setup::{Client, Then},
};

/// The line for something that happened to an interface; `None` where that client has none.
///
/// As it stands on standard error: udhcpc begins its lines with its name, the others do not.
#[must_use]
pub fn line(client: Client, occasion: &Occasion<'_>) -> Option<String> {
    match client {
        Client::Native => None,
        Client::Dhcpcd => dhcpcd(occasion),
        Client::Udhcpc => udhcpc(occasion).map(|line| format!("udhcpc: {line}")),
        Client::Dhclient => dhclient(occasion),
    }
}

/// The line for an attempt that gave no lease, by what happens next.
#[must_use]
pub const fn no_lease(client: Client, then: Then) -> Option<&'static str> {
    match (client, then) {
        (Client::Dhcpcd, Then::Exit(_)) => Some("timed out"),
        (Client::Udhcpc, Then::Exit(_)) => Some("udhcpc: no lease, failing"),
        (Client::Udhcpc, Then::Background) => Some("udhcpc: no lease, forking to background"),
        (Client::Dhclient, Then::Exit(_)) => {
            Some("Unable to obtain a lease on first try.  Exiting.")
        }
        (Client::Dhclient, Then::Background | Then::GoOn) => {
            Some("No working leases in persistent database - sleeping.")
        }
        (Client::Native, Then::Exit(_) | Then::Background | Then::GoOn)
        | (Client::Dhcpcd, Then::Background | Then::GoOn)
        | (Client::Udhcpc, Then::GoOn) => None,
    }
}

fn udhcpc(occasion: &Occasion<'_>) -> Option<String> {
    let Occasion {
        reason, new, old, ..
    } = occasion;
    match reason {
        Reason::Bound | Reason::Reboot | Reason::Renew | Reason::Rebind => {
            let lease = (*new)?;
            let (address, server) = (lease.address, lease.server);
            let seconds = lease.lease_seconds.unwrap_or(u32::MAX);
            Some(format!(
                "lease of {address} obtained from {server}, lease time {seconds}"
            ))
        }
        Reason::Expire => Some("lease lost, entering init state".to_owned()),
        Reason::Nak => Some("received DHCP NAK".to_owned()),
        Reason::Conflict => Some("offered address is in use (got ARP reply), declining".to_owned()),
        Reason::Release => {
            let Some(lease) = *old else {
                return Some("entering released state".to_owned());
            };
            let (address, server) = (lease.address, lease.server);
            Some(format!("unicasting a release of {address} to {server}"))
        }
        Reason::Preinit
        | Reason::Carrier
        | Reason::NoCarrier
        | Reason::Inform
        | Reason::LinkLocal
        | Reason::Static
        | Reason::Fail
        | Reason::Ipv6Only
        | Reason::Stop
        | Reason::Stopped
        | Reason::Departed
        | Reason::Test
        | Reason::Dump => None,
    }
}

fn dhclient(occasion: &Occasion<'_>) -> Option<String> {
    let Occasion {
        reason,
        new,
        old,
        requested,
        ..
    } = occasion;
    let name = &occasion.interface.name;
    match reason {
        Reason::Bound | Reason::Reboot | Reason::Renew | Reason::Rebind => {
            let lease = (*new)?;
            let address = lease.address;
            let seconds = until(lease.renew_at, occasion.now);
            Some(format!(
                "bound to {address} -- renewal in {seconds} seconds."
            ))
        }
        Reason::Static => Some(format!("Trying fallback lease {}", (*new)?.address)),
        Reason::Nak => Some(format!("DHCPNAK from {}", (*old)?.server)),
        Reason::Release => {
            let lease = (*old)?;
            let (address, server) = (lease.address, lease.server);
            Some(format!(
                "DHCPRELEASE of {address} on {name} to {server} port 67"
            ))
        }
        Reason::Conflict => {
            let address = address_of(*old).or(*requested)?;
            let broadcast = Ipv4Addr::BROADCAST;
            Some(format!(
                "DHCPDECLINE of {address} on {name} to {broadcast} port 67"
            ))
        }
        Reason::Fail => Some("No DHCPOFFERS received.".to_owned()),
        Reason::Preinit
        | Reason::Carrier
        | Reason::NoCarrier
        | Reason::Inform
        | Reason::LinkLocal
        | Reason::Expire
        | Reason::Ipv6Only
        | Reason::Stop
        | Reason::Stopped
        | Reason::Departed
        | Reason::Test
        | Reason::Dump => None,
    }
}

fn dhcpcd(occasion: &Occasion<'_>) -> Option<String> {
    let Occasion {
        reason, new, old, ..
    } = occasion;
    let name = &occasion.interface.name;
    match reason {
        Reason::Bound | Reason::Reboot => Some(leased(name, (*new)?)),
        // An extension of the same address is news for debugging only.
        Reason::Renew | Reason::Rebind => {
            let lease = (*new)?;
            (address_of(*old) != Some(lease.address)).then(|| leased(name, lease))
        }
        Reason::Inform => Some(format!("{name}: received approval for {}", (*new)?.address)),
        Reason::LinkLocal => Some(format!("{name}: using IPv4LL address {}", (*new)?.address)),
        Reason::Static => {
            let lease = (*new)?;
            let (address, length) = (lease.address, lease.prefix_length);
            Some(format!("{name}: using static address {address}/{length}"))
        }
        Reason::Expire => Some(format!("{name}: DHCP lease expired")),
        Reason::Nak => Some(format!("{name}: NAK: from {}", (*old)?.server)),
        Reason::Release => Some(format!("{name}: releasing lease of {}", (*old)?.address)),
        Reason::Carrier => Some(format!("{name}: carrier acquired")),
        Reason::NoCarrier => Some(format!("{name}: carrier lost")),
        Reason::Departed => Some(format!("{name}: interface departed")),
        Reason::Preinit
        | Reason::Conflict
        | Reason::Fail
        | Reason::Ipv6Only
        | Reason::Stop
        | Reason::Stopped
        | Reason::Test
        | Reason::Dump => None,
    }
}

fn leased(name: &str, lease: &Lease) -> String {
    let address = lease.address;
    match lease.lease_seconds {
        Some(seconds) => format!("{name}: leased {address} for {seconds} seconds"),
        None => format!("{name}: leased {address} for infinity"),
    }
}

fn address_of(lease: Option<&Lease>) -> Option<Ipv4Addr> {
    lease.map(|lease| lease.address)
}

/// Whole seconds from `now` to then; an infinite lease is renewed when C's time ends.
fn until(then: Option<u64>, now: u64) -> u64 {
    match then {
        Some(then) => then.saturating_sub(now).div_ceil(1000),
        None => u64::from(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn said(client: Client, reason: Reason) -> Option<String> {
        let lease = sample::lease();
        let gains = matches!(reason, Reason::Bound | Reason::Renew);
        let new = gains.then_some(&lease);
        let old = (reason != Reason::Bound).then_some(&lease);
        line(client, &sample::occasion(reason, new, old))
    }

    #[test]
    fn a_lease_is_told_in_each_clients_words() {
        let bound = |client| said(client, Reason::Bound).expect("a line");
        assert_eq!(
            bound(Client::Udhcpc),
            "udhcpc: lease of 10.9.0.50 obtained from 10.9.0.1, lease time 3600"
        );
        assert_eq!(
            bound(Client::Dhclient),
            "bound to 10.9.0.50 -- renewal in 1800 seconds."
        );
        assert_eq!(
            bound(Client::Dhcpcd),
            "eth0: leased 10.9.0.50 for 3600 seconds"
        );
        assert_eq!(said(Client::Native, Reason::Bound), None);
    }

    #[test]
    fn an_infinite_lease_is_told_without_arithmetic() {
        let lease = Lease {
            lease_seconds: None,
            renew_at: None,
            rebind_at: None,
            expires_at: None,
            ..sample::lease()
        };
        let occasion = sample::occasion(Reason::Bound, Some(&lease), None);
        let said = |client| line(client, &occasion).expect("a line");
        assert_eq!(said(Client::Dhcpcd), "eth0: leased 10.9.0.50 for infinity");
        assert!(said(Client::Udhcpc).ends_with("lease time 4294967295"));
        assert!(said(Client::Dhclient).ends_with("renewal in 4294967295 seconds."));
    }

    #[test]
    fn dhcpcd_is_silent_about_a_renewal_of_the_same_address() {
        assert_eq!(said(Client::Dhcpcd, Reason::Renew), None);
        assert!(said(Client::Dhclient, Reason::Renew).is_some());
        let (old, new) = (
            sample::lease(),
            Lease {
                address: Ipv4Addr::new(10, 9, 0, 51),
                ..sample::lease()
            },
        );
        let occasion = sample::occasion(Reason::Rebind, Some(&new), Some(&old));
        assert_eq!(
            line(Client::Dhcpcd, &occasion).as_deref(),
            Some("eth0: leased 10.9.0.51 for 3600 seconds")
        );
    }

    #[test]
    fn the_end_of_a_lease_is_told_in_each_clients_words() {
        let told = |client, reason| said(client, reason).unwrap_or_default();
        let udhcpc = |reason| told(Client::Udhcpc, reason);
        assert_eq!(
            udhcpc(Reason::Expire),
            "udhcpc: lease lost, entering init state"
        );
        assert_eq!(udhcpc(Reason::Nak), "udhcpc: received DHCP NAK");
        assert_eq!(
            udhcpc(Reason::Release),
            "udhcpc: unicasting a release of 10.9.0.50 to 10.9.0.1"
        );
        assert_eq!(
            udhcpc(Reason::Conflict),
            "udhcpc: offered address is in use (got ARP reply), declining"
        );
        let dhclient = |reason| told(Client::Dhclient, reason);
        assert_eq!(dhclient(Reason::Expire), "");
        assert_eq!(dhclient(Reason::Nak), "DHCPNAK from 10.9.0.1");
        assert_eq!(
            dhclient(Reason::Release),
            "DHCPRELEASE of 10.9.0.50 on eth0 to 10.9.0.1 port 67"
        );
        assert_eq!(
            dhclient(Reason::Conflict),
            "DHCPDECLINE of 10.9.0.50 on eth0 to 255.255.255.255 port 67"
        );
        assert_eq!(dhclient(Reason::Fail), "No DHCPOFFERS received.");
        let dhcpcd = |reason| told(Client::Dhcpcd, reason);
        assert_eq!(dhcpcd(Reason::Expire), "eth0: DHCP lease expired");
        assert_eq!(dhcpcd(Reason::Nak), "eth0: NAK: from 10.9.0.1");
        assert_eq!(
            dhcpcd(Reason::Release),
            "eth0: releasing lease of 10.9.0.50"
        );
        assert_eq!(dhcpcd(Reason::NoCarrier), "eth0: carrier lost");
    }

    #[test]
    fn udhcpc_says_of_a_release_without_a_lease_that_it_rests() {
        let nothing = sample::occasion(Reason::Release, None, None);
        assert_eq!(
            line(Client::Udhcpc, &nothing).as_deref(),
            Some("udhcpc: entering released state")
        );
        assert_eq!(line(Client::Dhclient, &nothing), None);
        assert_eq!(line(Client::Dhcpcd, &nothing), None);
    }

    #[test]
    fn no_lease_is_told_by_what_happens_next() {
        assert_eq!(
            no_lease(Client::Udhcpc, Then::Exit(1)),
            Some("udhcpc: no lease, failing")
        );
        assert_eq!(
            no_lease(Client::Udhcpc, Then::Background),
            Some("udhcpc: no lease, forking to background")
        );
        assert_eq!(no_lease(Client::Udhcpc, Then::GoOn), None);
        assert!(no_lease(Client::Dhclient, Then::Exit(2)).is_some_and(|it| it.contains("Exiting")));
        assert!(no_lease(Client::Dhclient, Then::GoOn).is_some_and(|it| it.contains("sleeping")));
        assert_eq!(no_lease(Client::Dhcpcd, Then::Exit(1)), Some("timed out"));
    }
}
