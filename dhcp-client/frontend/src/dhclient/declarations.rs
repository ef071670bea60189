//! Declarations: leases and addresses of the operator's own, and names for options.

use std::{borrow::Cow, net::Ipv4Addr};

use sdk_rpc::{Route, Value};

use super::{
    configuration::{Reader, Scope},
    data,
    expression::Term,
    format::{Element, Format, Repeat},
    section::MOST_INTERFACES,
    statement::{Fault, address, mark, number, option_name, readable, word},
    tokens::{Token, Tokens},
    vocabulary::Vocabulary,
    written,
};
use crate::{
    setup::{Fate, OperatorsAddress},
    value,
};

/// Elements of a definition; ISC's tables have no longer rows.
const MOST_ELEMENTS: usize = 16;

/// Options of one declaration.
const MOST_OPTIONS: usize = 254;

/// `lease { ... }` or `alias { ... }`, as far as it is of use.
#[derive(Debug, Default)]
struct Declared {
    interface: Option<String>,
    address: Option<Ipv4Addr>,
    options: Vec<(u8, Value)>,
    /// What is wrong in it; the rest is used all the same.
    fault: Option<Fault>,
}

impl Reader<'_> {
    /// `lease { ... }`: what is used where no server answers.
    pub(super) fn lease(&mut self, tokens: &mut Tokens<'_>) -> Result<Fate, Fault> {
        let declared = self.declared(tokens)?;
        let (Some(interface), Some(_)) = (declared.interface.clone(), declared.address) else {
            return Ok(Fate::Ignored(NEEDS.to_owned()));
        };
        let fallbacks = &mut self.configuration.fallbacks;
        if fallbacks.len() >= MOST_INTERFACES {
            return Err(Fault(format!("more than {MOST_INTERFACES} leases")));
        }
        // ISC's client tries the last one first; here it is the only one.
        let before = fallbacks.len();
        fallbacks.retain(|(name, _)| *name != interface);
        let replaced = fallbacks.len() != before;
        fallbacks.push((interface, fallback(&declared)));
        let how = if replaced {
            "the last one of an interface is used, whatever its dates"
        } else {
            "its dates are not looked at, and no router is asked whether it is there"
        };
        Ok(declared.fate(how))
    }

    /// `alias { ... }`: an address besides the leased one, which the script sets.
    pub(super) fn alias(&mut self, tokens: &mut Tokens<'_>) -> Result<Fate, Fault> {
        let declared = self.declared(tokens)?;
        let (Some(interface), Some(address)) = (declared.interface.clone(), declared.address)
        else {
            return Ok(Fate::Ignored(NEEDS.to_owned()));
        };
        let variables = alias_variables(address, &declared.options, &self.configuration.vocabulary);
        let aliases = &mut self.configuration.aliases;
        if aliases.len() >= MOST_INTERFACES {
            return Err(Fault(format!("more than {MOST_INTERFACES} aliases")));
        }
        aliases.retain(|(name, _)| *name != interface);
        aliases.push((interface, variables));
        Ok(declared.fate("a script is told of it; without a script it is not set"))
    }

    /// The block of a declaration.
    fn declared(&self, tokens: &mut Tokens<'_>) -> Result<Declared, Fault> {
        mark(tokens, b'{')?;
        let mut declared = Declared::default();
        while !tokens.takes(b'}') {
            if tokens.peek() == Token::End {
                return Err("the declaration does not end".into());
            }
            let before = tokens.mark();
            if let Err(fault) = self.part(tokens, &mut declared) {
                declared.fault.get_or_insert(fault);
                if tokens.mark() == before || !tokens.ended() {
                    tokens.skip_statement();
                }
            }
        }
        Ok(declared)
    }

    /// One statement of a declaration.
    fn part(&self, tokens: &mut Tokens<'_>, declared: &mut Declared) -> Result<(), Fault> {
        let keyword = word(tokens, "a part of a lease")?.to_ascii_lowercase();
        match keyword.as_str() {
            "interface" => {
                let name = readable(tokens)?;
                mark(tokens, b';')?;
                declared.interface = Some(value::interface_name(&name).map_err(Fault)?);
            }
            "fixed-address" => {
                let address = address(tokens)?;
                mark(tokens, b';')?;
                declared.address = Some(address);
            }
            "option" => {
                let name = option_name(tokens)?;
                let (code, format) = name.option(&self.configuration.vocabulary)?;
                let term = data::read(tokens, format, self.host_name.as_deref())?;
                mark(tokens, b';')?;
                let Term::Octets(octets) = term else {
                    return Err("the value depends on the host".into());
                };
                let value = data::value(self.configuration.vocabulary.kind(code), &octets);
                let value = value.ok_or("the option cannot have that value")?;
                declared.options.retain(|(it, _)| *it != code);
                if declared.options.len() < MOST_OPTIONS {
                    declared.options.push((code, value));
                }
            }
            // Nobody is told of these.
            "bootp" | "expire" | "filename" | "key" | "medium" | "name" | "rebind" | "renew"
            | "script" | "server-name" | "vendor" => tokens.skip_statement(),
            _ => return Err(Fault(format!("there is no part {keyword} of a lease"))),
        }
        Ok(())
    }

    /// `option NAME code CODE = FORMAT;`, or `option space NAME;`
    pub(super) fn definition(
        &mut self,
        tokens: &mut Tokens<'_>,
        scope: Scope,
    ) -> Result<Fate, Fault> {
        let name = option_name(tokens)?;
        if name.space.is_some() || name.name.eq_ignore_ascii_case("space") {
            return Err("only options of DHCPv4 itself can be defined".into());
        }
        if !word(tokens, "code")?.eq_ignore_ascii_case("code") {
            return Err("an option is defined with code".into());
        }
        if scope != Scope::General {
            return Err("options are defined outside of interface declarations".into());
        }
        let code = number(tokens)?;
        let code = u8::try_from(code)
            .ok()
            .filter(|code| (1..=254).contains(code));
        let code = code.ok_or("a code is from 1 to 254")?;
        mark(tokens, b'=')?;
        let format = format(tokens)?;
        mark(tokens, b';')?;
        if !self
            .configuration
            .vocabulary
            .define(&name.name, code, format)
        {
            return Err("too many definitions".into());
        }
        Ok(Fate::Honoured)
    }
}

impl Declared {
    /// What becomes of it.
    fn fate(&self, how: &str) -> Fate {
        match &self.fault {
            Some(Fault(why)) => Fate::Missing(format!("not all of it is used: {why}")),
            None => Fate::Different(how.to_owned()),
        }
    }
}

const NEEDS: &str = "it needs an interface and a fixed-address";

/// `[array of] TYPE`, or `[array of] { TYPE, ... }`.
fn format(tokens: &mut Tokens<'_>) -> Result<Format, Fault> {
    let mut repeat = array(tokens)?;
    let mut elements = Vec::new();
    if tokens.takes(b'{') {
        loop {
            if array(tokens)? == Repeat::All {
                repeat = Repeat::Last;
            }
            elements.push(element(tokens)?);
            if elements.len() > MOST_ELEMENTS {
                return Err(Fault(format!("more than {MOST_ELEMENTS} elements")));
            }
            if !tokens.takes(b',') {
                break;
            }
        }
        mark(tokens, b'}')?;
    } else {
        elements.push(element(tokens)?);
    }
    Ok(Format {
        elements: Cow::Owned(elements),
        repeat,
    })
}

/// `array of`, or nothing.
fn array(tokens: &mut Tokens<'_>) -> Result<Repeat, Fault> {
    if !matches!(tokens.peek(), Token::Word(word) if word.eq_ignore_ascii_case("array")) {
        return Ok(Repeat::Never);
    }
    tokens.next();
    if !word(tokens, "of")?.eq_ignore_ascii_case("of") {
        return Err("array of is expected".into());
    }
    Ok(Repeat::All)
}

fn element(tokens: &mut Tokens<'_>) -> Result<Element, Fault> {
    let name = word(tokens, "a type")?.to_ascii_lowercase();
    Ok(match name.as_str() {
        "boolean" => Element::Flag,
        "text" => Element::Text,
        "string" | "encapsulate" => {
            if name == "encapsulate" {
                word(tokens, "an option space")?;
            }
            Element::Octets
        }
        "ip-address" => Element::Address,
        "ip6-address" => Element::Address6,
        "domain-name" => Element::Names,
        "domain-list" => {
            if matches!(tokens.peek(), Token::Word(word) if word.eq_ignore_ascii_case("compressed"))
            {
                tokens.next();
            }
            Element::Names
        }
        "signed" | "unsigned" => {
            if !word(tokens, "integer")?.eq_ignore_ascii_case("integer") {
                return Err("integer is expected".into());
            }
            integer(tokens, name == "signed")?
        }
        "integer" => integer(tokens, true)?,
        _ => return Err(Fault(format!("there is no type {name}"))),
    })
}

fn integer(tokens: &mut Tokens<'_>, signed: bool) -> Result<Element, Fault> {
    match (number(tokens)?, signed) {
        (8, false) => Ok(Element::Unsigned8),
        (16, false) => Ok(Element::Unsigned16),
        (32, false) => Ok(Element::Unsigned32),
        (8, true) => Ok(Element::Signed8),
        (16, true) => Ok(Element::Signed16),
        (32, true) => Ok(Element::Signed32),
        _ => Err("an integer has 8, 16 or 32 bits".into()),
    }
}

/// The address with what the program can use of its options.
fn fallback(declared: &Declared) -> OperatorsAddress {
    let mut fallback = OperatorsAddress {
        address: declared.address,
        // Without a mask the address stands alone, as `ip addr add` takes it.
        prefix_length: 32,
        broadcast: None,
        routers: Vec::new(),
        routes: Vec::new(),
        dns: Vec::new(),
        domain: None,
        search: Vec::new(),
        mtu: None,
        inform: false,
    };
    for (code, value) in &declared.options {
        match (code, value) {
            (1, Value::Addresses(masks)) => {
                let mask = masks.first().map(|mask| mask.to_bits());
                let length = mask.and_then(|mask| u8::try_from(mask.leading_ones()).ok());
                fallback.prefix_length = length.filter(|length| *length > 0).unwrap_or(32);
            }
            (3, Value::Addresses(routers)) => fallback.routers.clone_from(routers),
            (6, Value::Addresses(servers)) => fallback.dns.clone_from(servers),
            (15, Value::Text(domain)) => fallback.domain = Some(domain.clone()),
            (26, Value::Numbers(numbers)) => {
                fallback.mtu = numbers.first().and_then(|mtu| u16::try_from(*mtu).ok());
            }
            (28, Value::Addresses(addresses)) => fallback.broadcast = addresses.first().copied(),
            (119, Value::Names(names)) => fallback.search.clone_from(names),
            (121, Value::Routes(routes)) => fallback.routes = routes.iter().map(masked).collect(),
            // The program configures nothing else from a lease.
            (
                _,
                Value::Octets(_)
                | Value::Addresses(_)
                | Value::Numbers(_)
                | Value::Text(_)
                | Value::Names(_)
                | Value::Routes(_),
            ) => {}
        }
    }
    fallback
}

fn masked(route: &Route) -> Route {
    let host_bits = 32_u32.saturating_sub(route.prefix_length.into());
    let mask = u32::MAX.checked_shl(host_bits).unwrap_or(0);
    Route {
        destination: Ipv4Addr::from_bits(route.destination.to_bits() & mask),
        ..*route
    }
}

/// What dhclient-script(8) is told of an alias.
fn alias_variables(
    address: Ipv4Addr,
    options: &[(u8, Value)],
    vocabulary: &Vocabulary,
) -> Vec<(String, String)> {
    let mut variables = vec![
        ("alias_ip_address".to_owned(), address.to_string()),
        ("alias_expiry".to_owned(), "0".to_owned()),
    ];
    for (code, value) in options {
        let (name, format) = vocabulary.by_code(*code);
        if let Some(rows) = written::rows(format, value) {
            let name = format!("alias_{}", name.replace('-', "_"));
            variables.push((name, written::spaced(&rows)));
        }
    }
    let mask = options.iter().find_map(|(code, value)| match value {
        Value::Addresses(masks) if *code == 1 => masks.first().map(|mask| mask.to_bits()),
        Value::Octets(_)
        | Value::Addresses(_)
        | Value::Numbers(_)
        | Value::Text(_)
        | Value::Names(_)
        | Value::Routes(_) => None,
    });
    if let Some(mask) = mask {
        let network = Ipv4Addr::from_bits(address.to_bits() & mask);
        let broadcast = Ipv4Addr::from_bits(address.to_bits() | !mask);
        variables.push(("alias_network_number".to_owned(), network.to_string()));
        if !options.iter().any(|(code, _)| *code == 28) {
            variables.push(("alias_broadcast_address".to_owned(), broadcast.to_string()));
        }
    }
    variables
}
