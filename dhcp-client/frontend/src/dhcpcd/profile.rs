//! A draft as the profile of an interface.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use sdk_rpc::{FullName, Route, Settings, Value};

use super::{
    definitions,
    draft::{Addressing, Draft, Hooks, IdentifierKind, Options, Script, Source, Who},
    lease_file, protocol,
};
use crate::{
    Host,
    amend::{Amendment, How},
    dhclient::Vocabulary,
    native::SCRIPT_PATIENCE,
    script::{self, Part},
    setup::{Client, HostName, Identifier, OperatorsAddress, Profile, Takes, TakesHostName},
};

/// Where the script of the original is installed: by Debian, Alpine and Arch Linux, by Gentoo, and by its
/// own build.
const INSTALLED_SCRIPTS: [&str; 4] = [
    "/usr/lib/dhcpcd/dhcpcd-run-hooks",
    "/lib/dhcpcd/dhcpcd-run-hooks",
    "/usr/libexec/dhcpcd-run-hooks",
    "/usr/libexec/dhcpcd/dhcpcd-run-hooks",
];

/// Hooks whose work the program does itself, with the numbers under which they are installed.
const RESOLVERS: Hook = Hook("resolv.conf", "20-resolv.conf");
const HOST_NAME: Hook = Hook("hostname", "30-hostname");
const MTU: Hook = Hook("mtu", "10-mtu");

/// A hook's name without and with its number.
#[derive(Clone, Copy, Debug)]
struct Hook(&'static str, &'static str);

impl Hook {
    fn is_skipped(self, hooks: &Hooks) -> bool {
        let Self(name, numbered) = self;
        hooks
            .skipped
            .iter()
            .any(|skipped| skipped == name || skipped == numbered)
    }
}

/// Options by which routes and MTU are said.
const ROUTERS: u8 = 3;
const INTERFACE_MTU: u8 = 26;
const CLASSLESS_ROUTES: u8 = 121;

/// The script that a draft comes to, and whether it is one of the original's: whose stock hooks are spared.
pub(super) fn script(hooks: &Hooks, host: &dyn Host) -> (Option<PathBuf>, bool) {
    match &hooks.script {
        Script::None => (None, false),
        Script::Given(path) => {
            let stock = INSTALLED_SCRIPTS
                .iter()
                .any(|stock| path == Path::new(stock));
            (Some(path.clone()), stock)
        }
        Script::Installed => {
            let installed = INSTALLED_SCRIPTS
                .iter()
                .map(PathBuf::from)
                .find(|path| host.is_executable(path));
            (installed, true)
        }
    }
}

/// The profile, `test` being whether nothing is to be configured. Its fallback is still to come.
pub(super) fn of_draft(draft: Draft, test: bool, host: &dyn Host) -> Profile {
    let Draft {
        settings,
        options,
        who,
        sent,
        addressing,
        hooks,
        run: _,
    } = draft;
    let (path, stock) = script(&hooks, host);
    let takes = takes(&addressing, &hooks, stock);
    let identifier = identifier(&who);
    let host_name = host_name(&who);
    let full_name = who.full_name.map(|flags| FullName {
        name: match &host_name {
            HostName::Given(name) => name.clone(),
            HostName::None | HostName::System | HostName::SystemShort => String::new(),
        },
        flags,
    });
    let settings = Settings {
        full_name,
        sent: protocol::sent(&sent),
        ..protocol::settings(settings, &options, &addressing, test)
    };
    let (address, amendments) = operators(&addressing);
    // Nobody may configure anything where the script should and there is none.
    let idle = hooks.configures && path.is_none();
    let off = idle || !addressing.ipv4 || (!addressing.dhcp && address.is_none());
    Profile {
        settings,
        off,
        awaited: false,
        identifier,
        host_name,
        address,
        fallback: None,
        fallback_after: None,
        amendments,
        vocabulary: Vocabulary::default(),
        takes,
        metric: addressing.metric,
        script: path.map(|path| hooked(path, stock, hooks, options)),
        lease_file: None,
        lease_folder: (!test).then(|| PathBuf::from(lease_file::FOLDER)),
    }
}

fn takes(addressing: &Addressing, hooks: &Hooks, stock: bool) -> Takes {
    // In dhcpcd this is the work of hooks: another script in their place does it, or nobody.
    let native = |hook: Hook| stock && !hook.is_skipped(hooks);
    Takes {
        default_route: addressing.gateway,
        routes: true,
        resolvers: native(RESOLVERS),
        mtu: native(MTU),
        host_name: match (native(HOST_NAME), forces_name(hooks)) {
            (false, _) => TakesHostName::Never,
            (true, false) => TakesHostName::WhenUnset,
            (true, true) => TakesHostName::Always,
        },
    }
}

/// What the hook of host names looks at.
fn forces_name(hooks: &Hooks) -> bool {
    hooks.environment.iter().any(|(name, value)| {
        let yes = ["yes", "true", "1"];
        name == "force_hostname" && yes.contains(&value.to_ascii_lowercase().as_str())
    })
}

fn hooked(path: PathBuf, stock: bool, hooks: Hooks, options: Options) -> script::Script {
    let mut skip_hooks = Vec::new();
    if stock {
        skip_hooks.extend([RESOLVERS, HOST_NAME, MTU].map(|Hook(name, _)| name.to_owned()));
    }
    for skipped in hooks.skipped {
        if !skip_hooks.contains(&skipped) {
            skip_hooks.push(skipped);
        }
    }
    script::Script {
        path,
        dialect: Client::Dhcpcd,
        part: if hooks.configures {
            Part::Configures
        } else {
            Part::Hook
        },
        environment: hooks.environment,
        patience: SCRIPT_PATIENCE,
        skip_hooks,
        names: options.names,
    }
}

fn identifier(who: &Who) -> Identifier {
    if !who.given.is_empty() {
        return Identifier::Octets(who.given.clone());
    }
    match who.identifier {
        IdentifierKind::None => Identifier::None,
        IdentifierKind::HardwareAddress => Identifier::HardwareAddress,
        IdentifierKind::Duid => Identifier::Duid {
            iaid: who.iaid,
            duid: who.duid.clone(),
        },
    }
}

fn host_name(who: &Who) -> HostName {
    match &who.name {
        // A name is needed for either option, although never for both. RFC 4702 section 3.1: "clients that
        // send the Client FQDN option in their messages MUST NOT also send the Host Name option."
        _ if !who.tells_name && who.full_name.is_none() => HostName::None,
        Some(name) if who.short => {
            let short = name.split('.').next().unwrap_or_default();
            HostName::Given(short.to_owned())
        }
        Some(name) => HostName::Given(name.clone()),
        None if who.short => HostName::SystemShort,
        None => HostName::System,
    }
}

impl Addressing {
    pub(super) fn length(&self) -> u8 {
        self.mask_length.unwrap_or(self.prefix_length)
    }
}

/// The operator's address, and what he says instead of a server.
fn operators(addressing: &Addressing) -> (Option<OperatorsAddress>, Vec<Amendment>) {
    let amendment = |code: u8, value: Value| Amendment {
        code,
        how: How::Override,
        value,
    };
    let mut amendments: Vec<Amendment> = addressing
        .values
        .iter()
        .map(|(_, parameter)| amendment(parameter.code, parameter.value.clone()))
        .collect();
    let inform = match addressing.source {
        Source::Static => return (Some(fixed(addressing)), amendments),
        Source::Inform => true,
        Source::Server => false,
    };
    let mut add = |code: u8, value: Value| amendments.push(amendment(code, value));
    match (addressing.routes.as_slice(), addressing.routers.as_slice()) {
        ([], []) => {}
        ([], routers) => add(ROUTERS, Value::Addresses(routers.to_vec())),
        (routes, routers) => {
            // RFC 3442: "the DHCP client MUST ignore the Router option", so the routers are routes here.
            let default = |gateway: &Ipv4Addr| Route {
                destination: Ipv4Addr::UNSPECIFIED,
                prefix_length: 0,
                gateway: *gateway,
            };
            let routes = routes.iter().copied().chain(routers.iter().map(default));
            add(CLASSLESS_ROUTES, Value::Routes(routes.collect()));
        }
    }
    if let Some(mtu) = addressing.mtu {
        add(INTERFACE_MTU, Value::Numbers(vec![mtu.into()]));
    }
    let address = inform.then(|| OperatorsAddress {
        inform: true,
        ..bare(addressing)
    });
    (address, amendments)
}

/// An address that no server knows of, with all that goes with it.
pub(super) fn fixed(addressing: &Addressing) -> OperatorsAddress {
    let value = |name: &str| {
        let code = definitions::of_name(name).map(|definition| definition.code);
        let mut values = addressing.values.iter();
        values
            .find(|(_, parameter)| Some(parameter.code) == code)
            .map(|(_, parameter)| &parameter.value)
    };
    let dns = match value("domain_name_servers") {
        Some(Value::Addresses(addresses)) => addresses.clone(),
        Some(_) | None => Vec::new(),
    };
    let domain = match value("domain_name") {
        Some(Value::Text(name)) => Some(name.clone()),
        Some(_) | None => None,
    };
    let search = match value("domain_search") {
        Some(Value::Names(names)) => names.clone(),
        Some(_) | None => Vec::new(),
    };
    OperatorsAddress {
        routers: addressing.routers.clone(),
        routes: addressing.routes.clone(),
        dns,
        domain,
        search,
        mtu: addressing.mtu,
        ..bare(addressing)
    }
}

fn bare(addressing: &Addressing) -> OperatorsAddress {
    OperatorsAddress {
        address: Some(addressing.address).filter(|address| !address.is_unspecified()),
        prefix_length: addressing.length(),
        broadcast: addressing.broadcast,
        routers: Vec::new(),
        routes: Vec::new(),
        dns: Vec::new(),
        domain: None,
        search: Vec::new(),
        mtu: None,
        inform: false,
    }
}
