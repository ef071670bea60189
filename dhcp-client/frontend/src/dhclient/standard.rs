//! The options that ISC's tables name, by code, each with its format (dhcp-options(5), RFC 2132 and those
//! after it).
//!
//! Formats differ from theirs in two places: names of hosts are checked instead of any text, and RDNSS
//! selection (146) is shown as octets, since its names would be a message to parse.

use super::format::{
    Element::{
        Address, Address6, Flag, Host, Names, Octets, Signed32, Text, Unsigned8, Unsigned16,
        Unsigned32,
    },
    Format, Repeat,
};

const ADDRESS: Format = Format::new(&[Address], Repeat::Never);
const ADDRESSES: Format = Format::new(&[Address], Repeat::All);
const PAIRS: Format = Format::new(&[Address, Address], Repeat::All);
const FLAG: Format = Format::new(&[Flag], Repeat::Never);
const FLAG_ADDRESSES: Format = Format::new(&[Flag, Address], Repeat::Last);
const FLAG_TEXT: Format = Format::new(&[Flag, Text], Repeat::Never);
const HOST: Format = Format::new(&[Host], Repeat::Never);
const LIST8: Format = Format::new(&[Unsigned8], Repeat::All);
const LIST16: Format = Format::new(&[Unsigned16], Repeat::All);
/// Text for people (option 56), which is made printable where it is read.
const MESSAGE: Format = Format::new(&[Host], Repeat::Never);
const NAMES: Format = Format::new(&[Names], Repeat::Never);
const NUMBER_OCTETS: Format = Format::new(&[Unsigned8, Octets], Repeat::Never);
const OCTETS: Format = Format::new(&[Octets], Repeat::Never);
const PORT_PARAMETERS: Format = Format::new(&[Unsigned8, Unsigned8, Unsigned16], Repeat::Never);
const SIGNED32: Format = Format::new(&[Signed32], Repeat::Never);
const SIX_RD: Format = Format::new(&[Unsigned8, Unsigned8, Address6, Address], Repeat::Last);
const TEXT: Format = Format::new(&[Text], Repeat::Never);
const THREE8: Format = Format::new(&[Unsigned8, Unsigned8, Unsigned8], Repeat::Never);
const UNSIGNED8: Format = Format::new(&[Unsigned8], Repeat::Never);
const UNSIGNED16: Format = Format::new(&[Unsigned16], Repeat::Never);
const UNSIGNED32: Format = Format::new(&[Unsigned32], Repeat::Never);

/// Code, name, format.
pub(super) static STANDARD: [(u8, &str, Format); 119] = [
    (1, "subnet-mask", ADDRESS),
    (2, "time-offset", SIGNED32),
    (3, "routers", ADDRESSES),
    (4, "time-servers", ADDRESSES),
    (5, "ien116-name-servers", ADDRESSES),
    (6, "domain-name-servers", ADDRESSES),
    (7, "log-servers", ADDRESSES),
    (8, "cookie-servers", ADDRESSES),
    (9, "lpr-servers", ADDRESSES),
    (10, "impress-servers", ADDRESSES),
    (11, "resource-location-servers", ADDRESSES),
    (12, "host-name", HOST),
    (13, "boot-size", UNSIGNED16),
    (14, "merit-dump", TEXT),
    (15, "domain-name", HOST),
    (16, "swap-server", ADDRESS),
    (17, "root-path", TEXT),
    (18, "extensions-path", TEXT),
    (19, "ip-forwarding", FLAG),
    (20, "non-local-source-routing", FLAG),
    (21, "policy-filter", PAIRS),
    (22, "max-dgram-reassembly", UNSIGNED16),
    (23, "default-ip-ttl", UNSIGNED8),
    (24, "path-mtu-aging-timeout", UNSIGNED32),
    (25, "path-mtu-plateau-table", LIST16),
    (26, "interface-mtu", UNSIGNED16),
    (27, "all-subnets-local", FLAG),
    (28, "broadcast-address", ADDRESS),
    (29, "perform-mask-discovery", FLAG),
    (30, "mask-supplier", FLAG),
    (31, "router-discovery", FLAG),
    (32, "router-solicitation-address", ADDRESS),
    (33, "static-routes", PAIRS),
    (34, "trailer-encapsulation", FLAG),
    (35, "arp-cache-timeout", UNSIGNED32),
    (36, "ieee802-3-encapsulation", FLAG),
    (37, "default-tcp-ttl", UNSIGNED8),
    (38, "tcp-keepalive-interval", UNSIGNED32),
    (39, "tcp-keepalive-garbage", FLAG),
    (40, "nis-domain", HOST),
    (41, "nis-servers", ADDRESSES),
    (42, "ntp-servers", ADDRESSES),
    (43, "vendor-encapsulated-options", OCTETS),
    (44, "netbios-name-servers", ADDRESSES),
    (45, "netbios-dd-server", ADDRESSES),
    (46, "netbios-node-type", UNSIGNED8),
    (47, "netbios-scope", TEXT),
    (48, "font-servers", ADDRESSES),
    (49, "x-display-manager", ADDRESSES),
    (50, "dhcp-requested-address", ADDRESS),
    (51, "dhcp-lease-time", UNSIGNED32),
    (52, "dhcp-option-overload", UNSIGNED8),
    (53, "dhcp-message-type", UNSIGNED8),
    (54, "dhcp-server-identifier", ADDRESS),
    (55, "dhcp-parameter-request-list", LIST8),
    (56, "dhcp-message", MESSAGE),
    (57, "dhcp-max-message-size", UNSIGNED16),
    (58, "dhcp-renewal-time", UNSIGNED32),
    (59, "dhcp-rebinding-time", UNSIGNED32),
    (60, "vendor-class-identifier", OCTETS),
    (61, "dhcp-client-identifier", OCTETS),
    (62, "nwip-domain", TEXT),
    (63, "nwip-suboptions", OCTETS),
    (64, "nisplus-domain", HOST),
    (65, "nisplus-servers", ADDRESSES),
    (66, "tftp-server-name", TEXT),
    (67, "bootfile-name", TEXT),
    (68, "mobile-ip-home-agent", ADDRESSES),
    (69, "smtp-server", ADDRESSES),
    (70, "pop-server", ADDRESSES),
    (71, "nntp-server", ADDRESSES),
    (72, "www-server", ADDRESSES),
    (73, "finger-server", ADDRESSES),
    (74, "irc-server", ADDRESSES),
    (75, "streettalk-server", ADDRESSES),
    (76, "streettalk-directory-assistance-server", ADDRESSES),
    (77, "user-class", TEXT),
    (78, "slp-directory-agent", FLAG_ADDRESSES),
    (79, "slp-service-scope", FLAG_TEXT),
    (81, "fqdn", OCTETS),
    (82, "relay-agent-information", OCTETS),
    (85, "nds-servers", ADDRESSES),
    (86, "nds-tree-name", TEXT),
    (87, "nds-context", TEXT),
    (88, "bcms-controller-names", NAMES),
    (89, "bcms-controller-address", ADDRESSES),
    (91, "client-last-transaction-time", UNSIGNED32),
    (92, "associated-ip", ADDRESSES),
    (93, "pxe-system-type", LIST16),
    (94, "pxe-interface-id", THREE8),
    (97, "pxe-client-id", NUMBER_OCTETS),
    (98, "uap-servers", TEXT),
    (99, "geoconf-civic", OCTETS),
    (100, "pcode", TEXT),
    (101, "tcode", TEXT),
    (108, "v6-only-preferred", UNSIGNED32),
    (112, "netinfo-server-address", ADDRESSES),
    (113, "netinfo-server-tag", TEXT),
    (114, "default-url", TEXT),
    (116, "auto-config", UNSIGNED8),
    (117, "name-service-search", LIST16),
    (118, "subnet-selection", ADDRESS),
    (119, "domain-search", NAMES),
    (124, "vivco", OCTETS),
    (125, "vivso", OCTETS),
    (136, "pana-agent", ADDRESSES),
    (137, "v4-lost", NAMES),
    (138, "capwap-ac-v4", ADDRESSES),
    (141, "sip-ua-cs-domains", NAMES),
    (142, "ipv4-address-andsf", ADDRESSES),
    (146, "rdnss-selection", OCTETS),
    (150, "tftp-server-address", ADDRESSES),
    (159, "v4-portparams", PORT_PARAMETERS),
    (160, "v4-captive-portal", TEXT),
    (209, "loader-configfile", TEXT),
    (210, "loader-pathprefix", TEXT),
    (211, "loader-reboottime", UNSIGNED32),
    (212, "option-6rd", SIX_RD),
    (213, "v4-access-domain", NAMES),
];
