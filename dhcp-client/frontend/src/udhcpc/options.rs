//! Options as udhcpc names them, on its command line (`-O`, `-x`) and to its scripts.
//!
//! Names and forms are those of BusyBox 1.36 with all that can be built in. What is not in the table
//! reaches scripts as `optNNN`, in hexadecimal.

use sdk_rpc::Kind;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Addresses.
    Addresses,
    /// Pairs of addresses.
    Pairs,
    /// A host or domain name.
    Host,
    /// Text.
    Text,
    /// Text for people.
    Message,
    /// Domain names.
    Names,
    /// A number of 8 bits.
    Number8,
    /// A number of 16 bits.
    Number16,
    /// A number of 32 bits.
    Number32,
    /// A number of 32 bits with a sign.
    Signed32,
    /// Classless routes.
    Routes,
    /// Servers of RFC 3361.
    SipServers,
    /// A network of RFC 5969.
    SixRd,
}

impl Form {
    /// How the octets are to be read; `None`: as the protocol has it, which for names means checked ones.
    const fn kind(self) -> Option<Kind> {
        match self {
            Self::Addresses | Self::Pairs => Some(Kind::Addresses),
            Self::Host | Self::Message => None,
            Self::Text => Some(Kind::Text),
            Self::Names => Some(Kind::Names),
            Self::Number8 => Some(Kind::Numbers8),
            Self::Number16 => Some(Kind::Numbers16),
            Self::Number32 => Some(Kind::Numbers32),
            Self::Signed32 => Some(Kind::Signed32),
            Self::Routes => Some(Kind::Routes),
            Self::SipServers | Self::SixRd => Some(Kind::Octets),
        }
    }
}

/// An option with a name.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) code: u8,
    pub(super) name: &'static str,
    pub(super) form: Form,
    /// Several values may be given.
    pub(super) list: bool,
}

const fn one(code: u8, name: &'static str, form: Form) -> Known {
    Known {
        code,
        name,
        form,
        list: false,
    }
}

const fn many(code: u8, name: &'static str, form: Form) -> Known {
    Known {
        code,
        name,
        form,
        list: true,
    }
}

/// By code.
pub(super) const KNOWN: [Known; 37] = [
    one(1, "subnet", Form::Addresses),
    one(2, "timezone", Form::Signed32),
    many(3, "router", Form::Addresses),
    many(6, "dns", Form::Addresses),
    many(9, "lprsrv", Form::Addresses),
    one(12, "hostname", Form::Host),
    one(13, "bootsize", Form::Number16),
    one(15, "domain", Form::Host),
    one(16, "swapsrv", Form::Addresses),
    one(17, "rootpath", Form::Text),
    one(23, "ipttl", Form::Number8),
    one(26, "mtu", Form::Number16),
    one(28, "broadcast", Form::Addresses),
    many(33, "routes", Form::Pairs),
    one(40, "nisdomain", Form::Host),
    many(41, "nissrv", Form::Addresses),
    many(42, "ntpsrv", Form::Addresses),
    many(44, "wins", Form::Addresses),
    one(51, "lease", Form::Number32),
    one(54, "serverid", Form::Addresses),
    one(56, "message", Form::Message),
    one(60, "vendor", Form::Text),
    one(66, "tftp", Form::Host),
    one(67, "bootfile", Form::Text),
    one(100, "tzstr", Form::Text),
    one(101, "tzdbstr", Form::Text),
    many(119, "search", Form::Names),
    one(120, "sipsrv", Form::SipServers),
    many(121, "staticroutes", Form::Routes),
    one(132, "vlanid", Form::Number16),
    one(133, "vlanpriority", Form::Number8),
    one(209, "pxeconffile", Form::Text),
    one(210, "pxepathprefix", Form::Text),
    one(211, "reboottime", Form::Number32),
    one(212, "ip6rd", Form::SixRd),
    many(249, "msstaticroutes", Form::Routes),
    one(252, "wpad", Form::Text),
];

/// Asked for without `-o`: subnet, routers, resolvers, names of host and domain, broadcast address, time
/// servers.
pub(super) const REQUESTED: [u8; 7] = [1, 3, 6, 12, 15, 28, 42];

/// The option of this code, if it has a name.
pub(super) fn by_code(code: u8) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.code == code)
}

/// The option of this name.
pub(super) fn by_name(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}

/// All names, for an error message.
pub(super) fn names() -> String {
    KNOWN.map(|known| known.name).join(" ")
}

/// How every option is to be read so that scripts can be told of it: what has no name, as octets.
pub(super) fn kinds() -> Vec<(u8, Kind)> {
    (1..=254)
        .filter_map(|code| {
            let kind = by_code(code).map_or(Some(Kind::Octets), |known| known.form.kind());
            Some((code, kind?))
        })
        .collect()
}

/// A number as C reads it: decimal, `0x` hexadecimal, `0` octal.
pub(super) fn number(text: &str) -> Option<u32> {
    let digits = |text: &str, radix| {
        // from_str_radix takes a sign, which is none of ours.
        let plain = !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
        plain
            .then(|| u32::from_str_radix(text, radix).ok())
            .flatten()
    };
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hexadecimal) => digits(hexadecimal, 16),
        None if text.len() > 1 && text.starts_with('0') => digits(text, 8),
        None => digits(text, 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_are_unique() {
        assert!(KNOWN.is_sorted_by(|a, b| a.code < b.code));
        for known in &KNOWN {
            assert_eq!(by_name(known.name).map(|it| it.code), Some(known.code));
        }
    }

    #[test]
    fn names_of_hosts_stay_checked_and_the_unknown_is_octets() {
        let kinds = kinds();
        let kind = |code: u8| kinds.iter().find(|it| it.0 == code).map(|it| it.1);
        assert_eq!(kind(12), None);
        assert_eq!(kind(15), None);
        assert_eq!(kind(19), Some(Kind::Octets));
        assert_eq!(kind(43), Some(Kind::Octets));
        assert_eq!(kind(121), Some(Kind::Routes));
        assert_eq!(kind(2), Some(Kind::Signed32));
        assert!(kinds.len() <= 254);
    }

    #[test]
    fn numbers_are_read_as_c_reads_them() {
        assert_eq!(number("61"), Some(61));
        assert_eq!(number("0x3d"), Some(61));
        assert_eq!(number("075"), Some(61));
        assert_eq!(number("0"), Some(0));
        for text in ["", "-1", "+1", "0x", "08", "1a", "99999999999"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
