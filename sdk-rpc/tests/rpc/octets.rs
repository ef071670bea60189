//! A lease kept as octets: what comes back is what went in, and nothing else comes back at all.

use sdk_rpc::{Error, Lease, Parameter, Value};

use crate::local::{bare_lease, full_lease};

#[test]
fn a_lease_survives_being_kept() {
    for lease in [full_lease(), bare_lease()] {
        let octets = lease.to_octets().unwrap();
        assert_eq!(Lease::from_octets(&octets), Ok(lease));
    }
}

#[test]
fn a_truncated_lease_is_refused_at_every_length() {
    let octets = full_lease().to_octets().unwrap();
    for length in 0..octets.len() {
        let result = Lease::from_octets(&octets[..length]);
        assert!(
            matches!(result, Err(Error::Refused(_))),
            "{length}: {result:?}"
        );
    }
}

#[test]
fn octets_after_a_lease_are_refused() {
    let mut octets = full_lease().to_octets().unwrap();
    octets.extend([0; 8]);
    let expected = Error::Refused("malformed message: there is more after it".into());
    assert_eq!(Lease::from_octets(&octets), Err(expected));
}

#[test]
fn a_lease_with_any_octet_changed_is_a_lease_or_refused() {
    let octets = full_lease().to_octets().unwrap();
    for position in 0..octets.len() {
        for changed in [0, 0xff, octets[position] ^ 0x10] {
            let mut octets = octets.clone();
            octets[position] = changed;
            drop(Lease::from_octets(&octets));
        }
    }
}

#[test]
fn what_the_connection_would_not_take_is_not_kept() {
    let mut lease = full_lease();
    lease.domain = Some("a\nb".into());
    assert!(matches!(lease.to_octets(), Err(Error::Refused(_))));
}

#[test]
fn a_lease_of_large_values_is_kept_only_if_it_can_be_read_back() {
    let mut lease = bare_lease();
    for code in 1..=40 {
        lease.parameters.push(Parameter {
            code,
            value: Value::Numbers(vec![i64::MAX; 2048]),
        });
        match lease.to_octets() {
            Ok(octets) => assert_eq!(Lease::from_octets(&octets).as_ref(), Ok(&lease)),
            Err(error) => assert!(code > 5 && matches!(error, Error::Refused(_)), "{error}"),
        }
    }
    assert!(lease.to_octets().is_err());
}
