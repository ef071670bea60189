//! Which options are wanted, needed, refused or not looked at; and the operator's own names for them.

use std::collections::BTreeSet;

use sdk_rpc::Kind;

use super::{DONE, different, ignored, missing, without_effect::IPV6};
use crate::{
    dhcpcd::{
        draft::{Draft, Options, Space},
        text, variables,
    },
    setup::Fate,
};

/// Options that make a lease what it is: scripts cannot be spared them without sparing the program too.
const OF_LEASES: [u8; 8] = [1, 28, 51, 52, 53, 54, 58, 59];

/// The longest name of an option.
const LONGEST_NAME: usize = 64;

/// Applies a word of this kind; `None` if it is of another.
pub(super) fn apply(draft: &mut Draft, word: &str, value: &str) -> Option<Result<Fate, String>> {
    let options = &mut draft.options;
    Some(match word {
        "option" => each(options, value, |options, code| {
            options.wanted.insert(code);
            options.ignored.remove(&code);
            options.rejected.remove(&code);
        }),
        "nooption" => without(options, value),
        "require" => each(options, value, |options, code| {
            options.required.insert(code);
            options.wanted.insert(code);
            options.ignored.remove(&code);
            options.rejected.remove(&code);
        }),
        "reject" => each(options, value, |options, code| {
            options.rejected.insert(code);
            options.wanted.remove(&code);
            options.required.remove(&code);
        }),
        "define" => {
            options.inside = Space::Dhcp;
            define(options, value)
        }
        "define6" | "definend" => {
            options.inside = Space::Ipv6;
            ignored(IPV6)
        }
        "vendopt" => {
            options.inside = Space::Enterprise;
            missing("options of an enterprise are not told to scripts one by one")
        }
        "embed" | "encap" => match options.inside {
            Space::None => Err("comes after a define".to_owned()),
            Space::Dhcp => missing("the option is told to scripts in hexadecimal, undivided"),
            Space::Ipv6 => ignored(IPV6),
            Space::Enterprise => {
                missing("options of an enterprise are not told to scripts one by one")
            }
        },
        _ => return None,
    })
}

/// Does something with the code of each option of a list. As in dhcpcd, those before an unknown one count.
fn each(
    options: &mut Options,
    list: &str,
    change: impl Fn(&mut Options, u8),
) -> Result<Fate, String> {
    if ["dhcp6_", "nd_"]
        .iter()
        .any(|space| list.starts_with(space))
    {
        return ignored(IPV6);
    }
    for word in text::list(list) {
        let code = variables::code(word, &options.names)
            .ok_or_else(|| format!("{word:?} is not an option of DHCPv4"))?;
        change(options, code);
    }
    DONE
}

fn without(options: &mut Options, list: &str) -> Result<Fate, String> {
    let fate = each(options, list, |options, code| {
        options.wanted.remove(&code);
        options.required.remove(&code);
        options.ignored.insert(code);
    })?;
    let kept: Vec<u8> = options
        .ignored
        .iter()
        .copied()
        .filter(|code| OF_LEASES.contains(code))
        .collect();
    options.ignored.retain(|code| !OF_LEASES.contains(code));
    if kept.is_empty() {
        return Ok(fate);
    }
    different("what a lease is made of is looked at all the same")
}

/// `CODE [request|norequest] [optional] [index] [array] TYPE NAME`
fn define(options: &mut Options, value: &str) -> Result<Fate, String> {
    let mut words = value.split([' ', '\t']).filter(|word| !word.is_empty());
    let code = words
        .next()
        .and_then(text::unsigned)
        .and_then(|code| u8::try_from(code).ok())
        .filter(|code| (1..=254).contains(code))
        .ok_or("takes an option code from 1 to 254")?;
    let mut always = false;
    let mut never = false;
    let mut many = false;
    let kind = loop {
        let word = words.next().ok_or("takes CODE TYPE NAME")?;
        match word.to_ascii_lowercase().as_str() {
            "request" => always = true,
            "norequest" => never = true,
            "optional" | "index" => {}
            "array" => many = true,
            kind => break kind.to_owned(),
        }
    };
    let (kind, fate) = kind_of(&kind, many)?;
    let name = words.next().ok_or("takes CODE TYPE NAME")?;
    if !is_variable(name) {
        return Err(format!("{name:?} cannot be the name of a variable"));
    }
    options.names.retain(|(known, _)| *known != code);
    options.names.push((code, name.to_owned()));
    options.kinds.retain(|(known, _)| *known != code);
    options.kinds.push((code, kind));
    set(&mut options.always, code, always);
    set(&mut options.never, code, never);
    Ok(fate)
}

fn set(codes: &mut BTreeSet<u8>, code: u8, member: bool) {
    if member {
        codes.insert(code);
    } else {
        codes.remove(&code);
    }
}

/// How an option of a type is read, and what becomes of it in scripts.
fn kind_of(word: &str, many: bool) -> Result<(Kind, Fate), String> {
    let word = word.split([':', '=']).next().unwrap_or_default();
    let kind = match word {
        "ipaddress" => Kind::Addresses,
        "byte" | "uint8" | "int8" => Kind::Numbers8,
        "uint16" => Kind::Numbers16,
        "uint32" => Kind::Numbers32,
        "int32" => Kind::Signed32,
        "string" | "ascii" | "raw" | "dname" | "uri" if !many => Kind::Text,
        "domain" => Kind::Names,
        "rfc3442" => Kind::Routes,
        "binhex" => Kind::Octets,
        "int16" | "ip6address" | "flag" | "bitflags" | "rfc3361" | "embed" | "encap" | "option"
        | "string" | "ascii" | "raw" | "dname" | "uri" => {
            let fate = Fate::Different("scripts are told it in hexadecimal".to_owned());
            return Ok((Kind::Octets, fate));
        }
        _ => return Err(format!("{word:?} is not a type of options")),
    };
    Ok((kind, Fate::Honoured))
}

/// What stands behind `new_` in the name of a shell's variable.
fn is_variable(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
}
