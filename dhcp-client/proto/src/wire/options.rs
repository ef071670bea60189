//! The meaning of the joined option values. A malformed option is absent and named; it never takes
//! the message or its neighbours with it.

use alloc::{string::String, vec::Vec};

use super::{
    MalformedOptions,
    authentication::ALGORITHMS,
    code,
    fields::Fields,
    names, routes,
    values::{self, Limited},
};
use crate::{
    discard::Discard,
    lease::Route,
    message::{MessageType, Options},
};

/// Option 53; without it the message is BOOTP, for those who understand that.
pub(super) fn message_type(fields: &Fields, bootp: bool) -> Result<MessageType, Discard> {
    match fields.get(code::MESSAGE_TYPE) {
        Some(value) => values::message_type(value).ok_or(Discard::MalformedMessageType),
        None if bootp => Ok(MessageType::BootReply),
        None => Err(Discard::NoMessageType),
    }
}

/// Everything else, with the malformed ones named in `malformed`.
pub(super) fn decode(fields: &Fields, malformed: &mut MalformedOptions) -> Options {
    let mut reader = Reader { fields, malformed };
    Options {
        server_identifier: reader.read(
            code::SERVER_IDENTIFIER,
            Discard::MalformedServerIdentifier,
            values::address,
        ),
        promises_nonce: (fields.get(code::FORCERENEW_NONCE_CAPABLE))
            .is_some_and(|algorithms| algorithms.starts_with(&ALGORITHMS)),
        rapid_commit: reader
            .read(
                code::RAPID_COMMIT,
                Discard::MalformedRapidCommit,
                values::nothing,
            )
            .is_some(),
        ipv6_only: reader.read(
            code::IPV6_ONLY_PREFERRED,
            Discard::MalformedIpv6Only,
            values::number,
        ),
        lease_time: reader.read(
            code::LEASE_TIME,
            Discard::MalformedLeaseTime,
            values::seconds,
        ),
        renewal_time: reader.read(
            code::RENEWAL_TIME,
            Discard::MalformedRenewalTime,
            values::seconds,
        ),
        rebinding_time: reader.read(
            code::REBINDING_TIME,
            Discard::MalformedRebindingTime,
            values::seconds,
        ),
        prefix_length: reader.read(
            code::SUBNET_MASK,
            Discard::MalformedSubnetMask,
            values::prefix_length,
        ),
        broadcast: reader.read(
            code::BROADCAST_ADDRESS,
            Discard::MalformedBroadcastAddress,
            values::address,
        ),
        routers: reader.list(code::ROUTER, Discard::MalformedRouter, values::addresses),
        dns: reader.list(
            code::DOMAIN_NAME_SERVER,
            Discard::MalformedDomainNameServer,
            values::addresses,
        ),
        ntp: reader.list(
            code::NTP_SERVERS,
            Discard::MalformedNtpServers,
            values::addresses,
        ),
        domain: reader.read(
            code::DOMAIN_NAME,
            Discard::MalformedDomainName,
            |_, value| names::name(value),
        ),
        search: reader.search(),
        host_name: reader.read(code::HOST_NAME, Discard::MalformedHostName, |_, value| {
            names::name(value)
        }),
        mtu: reader.read(
            code::INTERFACE_MTU,
            Discard::MalformedInterfaceMtu,
            values::mtu,
        ),
        classless_routes: reader.classless_routes(),
        static_routes: reader.list(
            code::STATIC_ROUTE,
            Discard::MalformedStaticRoute,
            |_, value| routes::by_class(value),
        ),
        message: reader.text(),
    }
}

struct Reader<'a> {
    fields: &'a Fields,
    malformed: &'a mut MalformedOptions,
}

impl Reader<'_> {
    /// The decoded option; `None` also where it is malformed, which is then named by `fault`.
    fn read<T>(
        &mut self,
        code: u8,
        fault: Discard,
        decode: impl FnOnce(u8, &[u8]) -> Option<T>,
    ) -> Option<T> {
        let decoded = decode(code, self.fields.get(code)?);
        if decoded.is_none() {
            self.malformed.insert(fault);
        }
        decoded
    }

    fn limited<T>(
        &mut self,
        code: u8,
        fault: Discard,
        decode: impl FnOnce(u8, &[u8]) -> Option<Limited<T>>,
    ) -> Option<Vec<T>> {
        let Limited { elements, cut } = self.read(code, fault, decode)?;
        if cut {
            self.malformed.insert(Discard::ValueCut);
        }
        Some(elements)
    }

    fn list<T>(
        &mut self,
        code: u8,
        fault: Discard,
        decode: impl FnOnce(u8, &[u8]) -> Option<Limited<T>>,
    ) -> Vec<T> {
        self.limited(code, fault, decode).unwrap_or_default()
    }

    /// Option 121, and 249 only where there is no 121: a malformed 121 is not replaced, since 249 is
    /// then no statement of the server's about what it could not say.
    fn classless_routes(&mut self) -> Option<Vec<Route>> {
        if self.fields.get(code::CLASSLESS_ROUTE).is_some() {
            return self.limited(
                code::CLASSLESS_ROUTE,
                Discard::MalformedClasslessRoute,
                |_, value| routes::classless(value),
            );
        }
        self.limited(
            code::MICROSOFT_ROUTE,
            Discard::MalformedMicrosoftRoute,
            |_, value| routes::classless(value),
        )
    }

    fn search(&mut self) -> Vec<String> {
        let list = self.read(
            code::DOMAIN_SEARCH,
            Discard::MalformedDomainSearch,
            |_, value| names::search_list(value),
        );
        let Some(list) = list else {
            return Vec::new();
        };
        if list.incomplete {
            self.malformed.insert(Discard::MalformedDomainSearch);
        }
        if list.names.cut {
            self.malformed.insert(Discard::ValueCut);
        }
        list.names.elements
    }

    fn text(&mut self) -> Option<String> {
        let (text, cut) = self.read(code::MESSAGE, Discard::MalformedMessage, |_, value| {
            names::text(value)
        })?;
        if cut {
            self.malformed.insert(Discard::ValueCut);
        }
        Some(text)
    }
}
