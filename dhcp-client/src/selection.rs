//! Which interfaces are served.

use dhcp_actuator::LinkEntry;
use dhcp_frontend::setup::Interfaces;
use glob::Pattern;

/// Names of interfaces that containers, virtual machines and tunnels make: without a word of the
/// operator's they are not served, since whoever made them looks after them.
const VIRTUAL: [&str; 16] = [
    "br-*", "cali*", "cni*", "docker*", "dummy*", "flannel*", "ifb*", "kube-*", "lxc*", "lxd*",
    "tap*", "tun*", "veth*", "virbr*", "vmnet*", "vnet*",
];

/// Kinds of interfaces (IFLA_INFO_KIND) that are something else's.
const VIRTUAL_KINDS: [&str; 8] = [
    "bridge", "dummy", "ifb", "macvtap", "nlmon", "team", "tun", "vxlan",
];

/// The operator's choice, ready to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    named: Vec<String>,
    allow: Vec<Pattern>,
    deny: Vec<Pattern>,
    also: Vec<Pattern>,
}

impl Selection {
    /// # Errors
    /// One of the globs is none.
    pub(crate) fn new(interfaces: &Interfaces) -> Result<Self, String> {
        let patterns = |globs: &[String]| {
            globs
                .iter()
                .map(|glob| {
                    Pattern::new(glob).map_err(|error| {
                        format!("{glob:?} matches no interface names: {}", error.msg)
                    })
                })
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            named: interfaces.named.clone(),
            allow: patterns(&interfaces.allow)?,
            deny: patterns(&interfaces.deny)?,
            also: patterns(&interfaces.also)?,
        })
    }

    /// Whether an interface is to be served. A name is stronger than any glob.
    pub(crate) fn takes(&self, link: &LinkEntry) -> bool {
        let name = &link.interface.name;
        if !self.named.is_empty() {
            return self.named.contains(name);
        }
        let matches = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(name));
        // A port has no address of its own: its bridge or bond has.
        let port = link.port_of.is_some();
        if !link.ethernet || link.loopback || port || matches(&self.deny) {
            return false;
        }
        if self.allow.is_empty() {
            !is_virtual(link) || matches(&self.also)
        } else {
            matches(&self.allow)
        }
    }
}

fn is_virtual(link: &LinkEntry) -> bool {
    let kind = link.kind.as_deref();
    let by_name = VIRTUAL
        .iter()
        .filter_map(|glob| Pattern::new(glob).ok())
        .any(|pattern| pattern.matches(&link.interface.name));
    by_name || kind.is_some_and(|kind| VIRTUAL_KINDS.contains(&kind))
}

#[cfg(test)]
mod tests {
    use dhcp_actuator::{Interface, policy::Limits};
    use sdk_rpc::{LinkState, MacAddress};

    use super::*;

    fn link(name: &str) -> LinkEntry {
        LinkEntry {
            interface: Interface {
                name: name.into(),
                index: 2,
                link: LinkState {
                    up: true,
                    carrier: true,
                    mac: MacAddress([2, 0, 0, 0, 0, 1]),
                    mtu: 1500,
                },
                limits: Limits { highest_mtu: 1500 },
            },
            ethernet: true,
            loopback: false,
            kind: None,
            port_of: None,
        }
    }

    fn of_kind(name: &str, kind: &str) -> LinkEntry {
        LinkEntry {
            kind: Some(kind.into()),
            ..link(name)
        }
    }

    fn selection(named: &[&str], allow: &[&str], deny: &[&str]) -> Selection {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Selection::new(&Interfaces {
            named: list(named),
            allow: list(allow),
            deny: list(deny),
            also: vec!["veth-wanted*".to_owned()],
            wait_for_named: false,
        })
        .unwrap()
    }

    #[test]
    fn case_089_without_a_word_only_what_is_not_virtual_is_served() {
        let selection = selection(&[], &[], &[]);
        for name in ["eth0", "enp3s0", "wlan0", "ens3"] {
            assert!(selection.takes(&link(name)), "{name}");
        }
        // The inner end of a container's cable is its Ethernet.
        assert!(selection.takes(&of_kind("eth0", "veth")));
        assert!(selection.takes(&of_kind("bond0", "bond")));
        assert!(selection.takes(&of_kind("eth0.7", "vlan")));
        for name in [
            "docker0", "veth1a2b", "br-0123", "virbr0", "vnet3", "tap0", "cni0",
        ] {
            assert!(!selection.takes(&link(name)), "{name}");
        }
        for kind in ["bridge", "dummy", "tun", "vxlan"] {
            assert!(!selection.takes(&of_kind("lan0", kind)), "{kind}");
        }
        assert!(selection.takes(&link("veth-wanted1")), "named besides");
    }

    #[test]
    fn ports_loopbacks_and_what_is_not_ethernet_are_served_by_name_only() {
        let port = LinkEntry {
            port_of: Some(9),
            ..link("eth0")
        };
        let loopback = LinkEntry {
            loopback: true,
            ..link("lo")
        };
        let other = LinkEntry {
            ethernet: false,
            ..link("ppp0")
        };
        for link in [port, loopback, other] {
            let name = link.interface.name.clone();
            assert!(!selection(&[], &[], &[]).takes(&link), "{name}");
            assert!(!selection(&[], &["*"], &[]).takes(&link), "{name}");
            assert!(selection(&[&name], &[], &["*"]).takes(&link), "{name}");
        }
    }

    #[test]
    fn globs_decide_where_there_are_any() {
        let selection = selection(&[], &["eth*", "veth[0-9]"], &["eth9*"]);
        assert!(selection.takes(&link("eth0")));
        assert!(selection.takes(&link("veth3")), "allowed in so many words");
        assert!(!selection.takes(&link("eth9")));
        assert!(!selection.takes(&link("enp3s0")));
        assert!(!selection.takes(&link("vethx")));
    }

    #[test]
    fn a_name_excludes_all_others() {
        let selection = selection(&["eth1"], &[], &[]);
        assert!(selection.takes(&link("eth1")));
        assert!(!selection.takes(&link("eth0")));
    }

    #[test]
    fn a_glob_that_is_none_is_refused() {
        let interfaces = Interfaces {
            allow: vec!["eth[".into()],
            ..Interfaces::default()
        };
        let refused = Selection::new(&interfaces).unwrap_err();
        assert!(refused.contains("eth["), "{refused}");
    }
}
