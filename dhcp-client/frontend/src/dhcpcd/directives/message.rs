//! What servers are told and asked, and when.

use std::path::Path;

use sdk_rpc::{Legacy, Subnet};

use super::{DONE, different, ignored, missing};
use crate::{
    dhcpcd::{
        draft::{Draft, IdentifierKind, Who},
        text,
    },
    setup::Fate,
    value,
};

/// The longest value of one option.
const LONGEST: usize = 255;
/// The longest identifier that dhcpcd takes.
const LONGEST_IDENTIFIER: usize = 48;
/// The longest DUID, its type included (RFC 8415 section 11.1).
const LONGEST_DUID: usize = 130;
/// What ends the options inside option 43 (RFC 2132 section 8.4).
const END: u8 = 255;

/// Options that an anonymous client goes on taking (RFC 7844 section 3), and those without which there is no
/// lease at all.
const ANONYMOUS: [u8; 18] = [
    1, 3, 6, 15, 28, 33, 50, 51, 52, 53, 54, 56, 58, 59, 80, 90, 119, 121,
];

/// Applies a word of this kind; `None` if it is of another.
pub(super) fn apply(
    draft: &mut Draft,
    word: &str,
    value: Option<&str>,
) -> Option<Result<Fate, String>> {
    let text = value.unwrap_or_default();
    Some(match word {
        "hostname" | "hostname_short" | "fqdn" | "clientid" | "duid" | "iaid" => {
            identity(&mut draft.who, word, value)
        }
        "anonymous" => anonymous(draft),
        "vendorclassid" => bounded(text::octets(text), LONGEST).map(|octets| {
            draft.settings.vendor_class = octets;
            Fate::Honoured
        }),
        "userclass" => user_class(draft, text),
        "msuserclass" => bounded(text::octets(text), LONGEST).map(|octets| {
            draft.sent.user_class = octets;
            Fate::Honoured
        }),
        "vendor" => vendor(draft, text),
        "vendclass" => vendor_class(draft, text),
        "vsio" => enterprise_option(draft, text),
        "mudurl" => bounded(text::octets(text), LONGEST).map(|octets| {
            draft.sent.mud_url = octets;
            Fate::Honoured
        }),
        "leasetime" => lease_time(draft, text),
        "request" => request(draft, text),
        "broadcast" => {
            draft.settings.broadcast = true;
            DONE
        }
        "bootp" => {
            draft.settings.legacy = Legacy::Only;
            DONE
        }
        "whitelist" => servers(&mut draft.settings.allowed_servers, text),
        "blacklist" => servers(&mut draft.settings.denied_servers, text),
        "nodelay" => {
            draft.settings.start_delay = 0;
            DONE
        }
        "reboot" => text::seconds(text).map(|seconds| {
            draft.addressing.reboot = seconds;
            Fate::Honoured
        }),
        "initial_interval" => milliseconds(text).map(|first| {
            draft.settings.pace.first = first;
            Fate::Honoured
        }),
        "backoff_cutoff" => milliseconds(text).map(|longest| {
            draft.settings.pace.longest = longest;
            Fate::Honoured
        }),
        // Of milliseconds, unlike the two above.
        "backoff_jitter" => text::unsigned(text)
            .ok_or_else(|| "takes a whole number of milliseconds".to_owned())
            .map(|jitter| {
                draft.settings.pace.jitter = jitter;
                Fate::Honoured
            }),
        _ => return None,
    })
}

fn identity(who: &mut Who, word: &str, value: Option<&str>) -> Result<Fate, String> {
    let text = value.unwrap_or_default();
    match word {
        "hostname_short" => {
            who.tells_name = true;
            who.short = true;
            DONE
        }
        "hostname" => host_name(who, value),
        "fqdn" => {
            who.full_name = full_name(text)?;
            DONE
        }
        "clientid" => {
            who.given = bounded(text::identifier(text), LONGEST_IDENTIFIER)?;
            if who.given.len() == 1 {
                return Err("an identifier has at least two octets".to_owned());
            }
            who.identifier = IdentifierKind::HardwareAddress;
            DONE
        }
        "iaid" => {
            who.iaid = Some(interface_number(text)?);
            DONE
        }
        _ => duid(who, text),
    }
}

fn host_name(who: &mut Who, value: Option<&str>) -> Result<Fate, String> {
    let Some(value) = value else {
        who.tells_name = true;
        return DONE;
    };
    let name = text::string(value).ok_or("is not text in UTF-8")?;
    if name.is_empty() {
        // As dhcpcd does, whatever its manual says.
        who.tells_name = false;
        return DONE;
    }
    if !value::is_host_name(&name) {
        return Err(format!("{name:?} is not a host name"));
    }
    who.tells_name = true;
    who.name = Some(name);
    DONE
}

/// RFC 4702 section 2.1: the bits S, E and N. The name is always sent in the form of the DNS (E).
fn full_name(value: &str) -> Result<Option<u8>, String> {
    match value {
        "" | "both" => Ok(Some(0x05)),
        "ptr" => Ok(Some(0x04)),
        "none" => Ok(Some(0x0c)),
        "disable" => Ok(None),
        _ => Err("is one of: both, ptr, none, disable".to_owned()),
    }
}

/// Four octets, as a number or as up to four characters.
fn interface_number(value: &str) -> Result<u32, String> {
    if let Some(number) = text::unsigned(value) {
        return Ok(number);
    }
    let octets = text::octets(value);
    if octets.is_empty() || octets.len() > size_of::<u32>() {
        return Err("takes a number, or one to four octets".to_owned());
    }
    let mut number = [0; 4];
    for (to, from) in number.iter_mut().zip(octets) {
        *to = from;
    }
    Ok(u32::from_be_bytes(number))
}

fn duid(who: &mut Who, value: &str) -> Result<Fate, String> {
    who.identifier = IdentifierKind::Duid;
    match value {
        "" => DONE,
        "ll" | "lt" | "llt" | "uuid" => {
            different("where there is no DUID yet, one of the program's own type is made")
        }
        value => {
            // dhcpcd goes on with the host's own then, and so does this.
            let duid = text::hexadecimal(value).ok_or("is ll, llt, uuid, or octets as 00:01:02")?;
            who.duid = Some(bounded(duid, LONGEST_DUID)?);
            DONE
        }
    }
}

fn anonymous(draft: &mut Draft) -> Result<Fate, String> {
    draft.who = Who {
        identifier: IdentifierKind::HardwareAddress,
        ..Who::default()
    };
    draft.settings.vendor_class = Vec::new();
    draft.addressing.forgets = true;
    draft.options.ignored = (1..=254).filter(|code| !ANONYMOUS.contains(code)).collect();
    different("what would tell who asks is not sent; the hardware address stays as it is")
}

/// RFC 3004 section 4: each class with its length before it.
fn user_class(draft: &mut Draft, value: &str) -> Result<Fate, String> {
    let class = text::octets(value);
    if class.is_empty() {
        return DONE;
    }
    let length = u8::try_from(class.len()).map_err(|_| "is longer than 255 octets")?;
    let mut classes = draft.sent.user_class.clone();
    classes.push(length);
    classes.extend(class);
    draft.sent.user_class = bounded(classes, LONGEST)?;
    DONE
}

/// `,RAW`, or `CODE,VALUE` for one of several options inside option 43.
fn vendor(draft: &mut Draft, value: &str) -> Result<Fate, String> {
    let sent = &mut draft.sent;
    let (code, value) = value
        .split_once(',')
        .filter(|(_, value)| !value.is_empty())
        .ok_or("takes CODE,VALUE or ,VALUE")?;
    if code.is_empty() {
        sent.vendor = bounded(text::octets(value), LONGEST)?;
        sent.vendor_is_raw = true;
        return DONE;
    }
    let code = text::unsigned(code)
        .and_then(|code| u8::try_from(code).ok())
        .filter(|code| (1..END).contains(code))
        .ok_or("takes a code from 1 to 254")?;
    let before = if sent.vendor_is_raw {
        Vec::new()
    } else {
        sent.vendor.clone()
    };
    // One octet stays free for the end.
    sent.vendor = bounded(with_option(before, code, value)?, LONGEST.saturating_sub(1))?;
    sent.vendor_is_raw = false;
    DONE
}

/// Adds an option whose value is an address, or octets.
fn with_option(mut options: Vec<u8>, code: u8, value: &str) -> Result<Vec<u8>, String> {
    let octets = match text::address(value) {
        Ok(address) => address.octets().to_vec(),
        Err(_) => text::octets(value),
    };
    if octets.is_empty() {
        return Ok(options);
    }
    let length = u8::try_from(octets.len()).map_err(|_| "is longer than 255 octets")?;
    options.extend([code, length]);
    options.extend(octets);
    Ok(options)
}

/// `ENTERPRISE [CLASS]` (RFC 3925 section 3).
fn vendor_class(draft: &mut Draft, value: &str) -> Result<Fate, String> {
    let (number, class) = text::first_word(value);
    let number = text::unsigned(number).ok_or("takes an enterprise number")?;
    let class = class.map(text::octets).unwrap_or_default();
    let length = u8::try_from(class.len()).map_err(|_| "is longer than 255 octets")?;
    let mut classes = draft
        .sent
        .vendor_classes
        .take()
        .map(|(_, classes)| classes)
        .unwrap_or_default();
    classes.push(length);
    classes.extend(class);
    // Four octets of number and one of length stand before them.
    draft.sent.vendor_classes = Some((number, bounded(classes, LONGEST.saturating_sub(5))?));
    DONE
}

/// `ENTERPRISE CODE,VALUE` (RFC 3925 section 4).
fn enterprise_option(draft: &mut Draft, value: &str) -> Result<Fate, String> {
    let (number, option) = text::first_word(value);
    let number = text::unsigned(number).ok_or("takes an enterprise number")?;
    let (code, value) = option
        .and_then(|option| option.split_once(','))
        .filter(|(_, value)| !value.is_empty())
        .ok_or("takes ENTERPRISE CODE,VALUE")?;
    let code = text::unsigned(code)
        .and_then(|code| u8::try_from(code).ok())
        .filter(|code| *code > 0)
        .ok_or("takes a code from 1 to 255")?;
    let before = draft
        .sent
        .enterprises
        .get(&number)
        .cloned()
        .unwrap_or_default();
    let options = bounded(with_option(before, code, value)?, LONGEST.saturating_sub(5))?;
    draft.sent.enterprises.insert(number, options);
    DONE
}

fn lease_time(draft: &mut Draft, value: &str) -> Result<Fate, String> {
    draft.settings.wanted_seconds = match value {
        "-1" => Some(u32::MAX),
        seconds => Some(text::seconds(seconds)?).filter(|seconds| *seconds > 0),
    };
    DONE
}

fn request(draft: &mut Draft, value: &str) -> Result<Fate, String> {
    if value.is_empty() {
        return missing("without an address none is asked for, whatever the interface has");
    }
    let address = text::address(value)?;
    if address.is_unspecified() {
        return ignored("there is no such address to ask for");
    }
    draft.settings.wanted_address = Some(address);
    draft.addressing.forgets = true;
    DONE
}

fn servers(list: &mut Vec<Subnet>, value: &str) -> Result<Fate, String> {
    list.push(text::servers(value)?);
    DONE
}

fn milliseconds(value: &str) -> Result<u32, String> {
    let seconds = text::seconds(value)?;
    seconds
        .checked_mul(1000)
        .filter(|milliseconds| *milliseconds > 0)
        .ok_or_else(|| "takes a number of seconds from 1 to 4294967".to_owned())
}

fn bounded(octets: Vec<u8>, most: usize) -> Result<Vec<u8>, String> {
    if octets.len() > most {
        return Err(format!("is longer than {most} octets"));
    }
    Ok(octets)
}

/// The DUID in dhcpcd's own file: pairs of digits, perhaps on several lines.
pub(in crate::dhcpcd) fn kept_duid(content: &[u8]) -> Option<Vec<u8>> {
    let text = str::from_utf8(content).ok()?;
    text::hexadecimal(text.trim_matches(['\n', ' '])).filter(|duid| duid.len() <= LONGEST_DUID)
}

/// Where dhcpcd keeps the host's DUID.
pub(in crate::dhcpcd) fn duid_file() -> &'static Path {
    Path::new("/var/lib/dhcpcd/duid")
}
