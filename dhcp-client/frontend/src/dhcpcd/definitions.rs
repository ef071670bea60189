//! The options that dhcpcd knows: their names in scripts and how their octets are written there.
//!
//! The order is dhcpcd's own, in which it asks for options: 121 before all other routes. Options of
//! versions after 9.4.1 are in it where they do not change what earlier ones say.

use super::format::{Element, Format, Part, Sub};

/// One option.
#[derive(Clone, Copy, Debug)]
pub(super) struct Definition {
    pub(super) code: u8,
    pub(super) name: &'static str,
    pub(super) format: Format,
    /// Whether it is asked for.
    pub(super) asked: Asked,
}

/// Whether an option is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Also where nobody wants it.
    Always,
    /// Where the operator wants it.
    Wanted,
    /// Never: it is not asked for but sent.
    Never,
}

/// The definition of a code.
pub(super) fn of_code(code: u8) -> Option<&'static Definition> {
    DEFINITIONS.iter().find(|option| option.code == code)
}

/// The definition of a name.
pub(super) fn of_name(name: &str) -> Option<&'static Definition> {
    DEFINITIONS.iter().find(|option| option.name == name)
}

const fn option(code: u8, name: &'static str, format: Format) -> Definition {
    Definition {
        code,
        name,
        format,
        asked: Asked::Wanted,
    }
}

const fn always(code: u8, name: &'static str, format: Format) -> Definition {
    Definition {
        code,
        name,
        format,
        asked: Asked::Always,
    }
}

const fn never(code: u8, name: &'static str, format: Format) -> Definition {
    Definition {
        code,
        name,
        format,
        asked: Asked::Never,
    }
}

const fn part(name: &'static str, format: Format) -> Part {
    Part {
        name,
        length: None,
        format,
    }
}

const ADDRESS: Format = Format::One(Element::Address);
const ADDRESSES: Format = Format::Many(Element::Address);
const BYTE: Format = Format::One(Element::Byte);
const SHORT: Format = Format::One(Element::Short);
const LONG: Format = Format::One(Element::Long);

/// All of them.
pub(super) const DEFINITIONS: &[Definition] = &[
    always(1, "subnet_mask", ADDRESS),
    option(121, "classless_static_routes", Format::Routes),
    option(2, "time_offset", LONG),
    always(3, "routers", ADDRESSES),
    option(4, "time_servers", ADDRESSES),
    option(5, "ien116_name_servers", ADDRESSES),
    option(6, "domain_name_servers", ADDRESSES),
    option(7, "log_servers", ADDRESSES),
    option(8, "cookie_servers", ADDRESSES),
    option(9, "lpr_servers", ADDRESSES),
    option(10, "impress_servers", ADDRESSES),
    option(11, "resource_location_servers", ADDRESSES),
    option(12, "host_name", Format::Name),
    option(13, "boot_size", SHORT),
    option(14, "merit_dump", Format::Text),
    option(15, "domain_name", Format::NameWords),
    option(16, "swap_server", ADDRESS),
    option(17, "root_path", Format::Text),
    option(18, "extensions_path", Format::Text),
    option(19, "ip_forwarding", BYTE),
    option(20, "non_local_source_routing", BYTE),
    option(21, "policy_filter", ADDRESSES),
    option(22, "max_dgram_reassembly", SHORT),
    option(23, "default_ip_ttl", BYTE),
    option(24, "path_mtu_aging_timeout", LONG),
    option(25, "path_mtu_plateau_table", Format::Many(Element::Short)),
    option(26, "interface_mtu", SHORT),
    option(27, "all_subnets_local", BYTE),
    always(28, "broadcast_address", ADDRESS),
    option(29, "perform_mask_discovery", BYTE),
    option(30, "mask_supplier", BYTE),
    option(31, "router_discovery", BYTE),
    option(32, "router_solicitation_address", ADDRESS),
    always(33, "static_routes", ADDRESSES),
    option(34, "trailer_encapsulation", BYTE),
    option(35, "arp_cache_timeout", LONG),
    option(36, "ieee802_3_encapsulation", SHORT),
    option(37, "default_tcp_ttl", BYTE),
    option(38, "tcp_keepalive_interval", LONG),
    option(39, "tcp_keepalive_garbage", BYTE),
    option(40, "nis_domain", Format::Text),
    option(41, "nis_servers", ADDRESSES),
    option(42, "ntp_servers", ADDRESSES),
    option(43, "vendor_encapsulated_options", Format::Hexadecimal),
    option(44, "netbios_name_servers", ADDRESSES),
    option(45, "netbios_dd_server", ADDRESS),
    option(46, "netbios_node_type", BYTE),
    option(47, "netbios_scope", Format::Text),
    option(48, "font_servers", ADDRESSES),
    option(49, "x_display_manager", ADDRESSES),
    option(50, "dhcp_requested_address", ADDRESS),
    always(51, "dhcp_lease_time", LONG),
    option(52, "dhcp_option_overload", BYTE),
    option(53, "dhcp_message_type", BYTE),
    option(54, "dhcp_server_identifier", ADDRESS),
    option(
        55,
        "dhcp_parameter_request_list",
        Format::Many(Element::Byte),
    ),
    option(56, "dhcp_message", Format::Text),
    option(57, "dhcp_max_message_size", SHORT),
    always(58, "dhcp_renewal_time", LONG),
    always(59, "dhcp_rebinding_time", LONG),
    option(60, "vendor_class_identifier", Format::Text),
    option(61, "dhcp_client_identifier", Format::Hexadecimal),
    option(64, "nisplus_domain", Format::Text),
    option(65, "nisplus_servers", ADDRESSES),
    option(66, "tftp_server_name", Format::Name),
    option(67, "bootfile_name", Format::Text),
    option(68, "mobile_ip_home_agent", ADDRESSES),
    option(69, "smtp_server", ADDRESSES),
    option(70, "pop_server", ADDRESSES),
    option(71, "nntp_server", ADDRESSES),
    option(72, "www_server", ADDRESSES),
    option(73, "finger_server", ADDRESSES),
    option(74, "irc_server", ADDRESSES),
    option(75, "streettalk_server", ADDRESSES),
    option(76, "streettalk_directory_assistance_server", ADDRESSES),
    option(77, "user_class", Format::Hexadecimal),
    option(
        78,
        "slp_agent",
        Format::Parts(&[part("mandatory", BYTE), part("address", ADDRESSES)], &[]),
    ),
    option(
        79,
        "slp_service",
        Format::Parts(
            &[part("mandatory", BYTE), part("scope_list", Format::Ascii)],
            &[],
        ),
    ),
    never(80, "rapid_commit", Format::Present),
    option(
        81,
        "fqdn",
        Format::Parts(
            &[
                part("flags", Format::One(Element::Flags("0000NEOS"))),
                part("rcode1", BYTE),
                part("rcode2", BYTE),
                part("fqdn", Format::Domains),
            ],
            &[],
        ),
    ),
    option(83, "isns", Format::Parts(ISNS, &[])),
    option(85, "nds_servers", ADDRESSES),
    option(86, "nds_tree_name", Format::Raw),
    option(87, "nds_context", Format::Raw),
    option(88, "bcms_controller_names", Format::ManyDomains),
    option(89, "bcms_controller_address", ADDRESSES),
    option(90, "auth", Format::Parts(AUTHENTICATION, &[])),
    option(91, "client_last_transaction_time", LONG),
    option(92, "associated_ip", ADDRESSES),
    option(98, "uap_servers", Format::Text),
    option(
        99,
        "geoconf_civic",
        Format::Parts(&[part("what", BYTE), part("country_code", SHORT)], &[]),
    ),
    option(100, "posix_timezone", Format::Text),
    option(101, "tzdb_timezone", Format::Text),
    option(108, "ipv6_only_preferred", LONG),
    option(114, "captive_portal_uri", Format::Text),
    option(116, "auto_configure", BYTE),
    option(117, "name_service_search", Format::Many(Element::Short)),
    option(118, "subnet_selection", ADDRESS),
    option(119, "domain_search", Format::ManyDomains),
    option(120, "sip_server", Format::Sip),
    option(122, "tsp", Format::Parts(&[], CABLE_LABS)),
    option(123, "geoconf", Format::Hexadecimal),
    option(124, "vivco", Format::Hexadecimal),
    option(
        125,
        "vivso",
        Format::Parts(&[part("enterprise_number", LONG)], &[]),
    ),
    option(136, "pana_agent", ADDRESSES),
    option(137, "lost_server", Format::Domains),
    option(138, "capwap_ac", ADDRESSES),
    option(139, "mos_ip", Format::Parts(&[], MOBILITY_ADDRESSES)),
    option(140, "mos_domain", Format::Parts(&[], MOBILITY_DOMAINS)),
    option(141, "sip_ua_cs_list", Format::ManyDomains),
    option(142, "andsf", ADDRESSES),
    option(143, "andsf6", Format::Many(Element::Address6)),
    option(144, "geoloc", Format::Hexadecimal),
    option(145, "forcerenew_nonce_capable", Format::Many(Element::Byte)),
    option(
        146,
        "rdnss_selection",
        Format::Parts(RESOLVER_SELECTION, &[]),
    ),
    option(150, "tftp_servers", ADDRESSES),
    option(161, "mudurl", Format::Text),
    option(208, "pxelinux_magic", Format::Hexadecimal),
    option(209, "config_file", Format::Text),
    option(210, "path_prefix", Format::Text),
    option(211, "reboot_time", LONG),
    option(212, "sixrd", Format::Parts(RAPID_DEPLOYMENT, &[])),
    option(213, "access_domain", Format::Domains),
    option(221, "vss", Format::Parts(&[], VIRTUAL_SUBNET)),
    option(245, "azureendpoint", ADDRESS),
    option(249, "ms_classless_static_routes", Format::Routes),
    option(252, "wpad_url", Format::Text),
];

/// RFC 4174.
const ISNS: &[Part] = &[
    part("reserved1", BYTE),
    part("functions", Format::One(Element::Flags("00000SAE"))),
    part("reserved2", BYTE),
    part("dd", Format::One(Element::Flags("00fFsSCE"))),
    part("reserved3", BYTE),
    part("admin", Format::One(Element::Flags("0000DMHE"))),
    part("reserved4", SHORT),
    part("reserved5", BYTE),
    part("server_security", Format::One(Element::Flags("0TXPAMSE"))),
    part("servers", ADDRESSES),
];

/// RFC 3118.
const AUTHENTICATION: &[Part] = &[
    part("protocol", BYTE),
    part("algorithm", BYTE),
    part("rdm", BYTE),
    Part {
        name: "replay",
        length: Some(8),
        format: Format::Hexadecimal,
    },
    part("information", Format::Hexadecimal),
];

/// RFC 3495.
const CABLE_LABS: &[Sub] = &[
    Sub(1, part("dhcp_server", ADDRESS)),
    Sub(2, part("dhcp_secondary_server", ADDRESS)),
    Sub(3, part("provisioning_server", Format::Sip)),
    Sub(
        4,
        part("as_req_as_rep_backoff", Format::Parts(BACKOFF, &[])),
    ),
    Sub(
        5,
        part("ap_req_ap_rep_backoff", Format::Parts(BACKOFF, &[])),
    ),
    Sub(6, part("kerberos_realm", Format::Domains)),
    Sub(7, part("ticket_granting_server_utilization", BYTE)),
    Sub(8, part("provisioning_timer", BYTE)),
];

const BACKOFF: &[Part] = &[
    part("nominal", LONG),
    part("maximum", LONG),
    part("retry", LONG),
];

/// RFC 5678.
const MOBILITY_ADDRESSES: &[Sub] = &[
    Sub(1, part("is", ADDRESSES)),
    Sub(2, part("cs", ADDRESSES)),
    Sub(3, part("es", ADDRESSES)),
];

const MOBILITY_DOMAINS: &[Sub] = &[
    Sub(1, part("is", Format::Domains)),
    Sub(2, part("cs", Format::Domains)),
    Sub(3, part("es", Format::Domains)),
];

/// RFC 6731.
const RESOLVER_SELECTION: &[Part] = &[
    part("prf", BYTE),
    part("primary", ADDRESS),
    part("secondary", ADDRESS),
    part("domains", Format::ManyDomains),
];

/// RFC 5969.
const RAPID_DEPLOYMENT: &[Part] = &[
    part("mask_len", BYTE),
    part("prefix_len", BYTE),
    part("prefix", Format::One(Element::Address6)),
    part("brip_address", ADDRESSES),
];

/// RFC 6607.
const VIRTUAL_SUBNET: &[Sub] = &[
    Sub(0, part("nvt", Format::Text)),
    Sub(1, part("vpn_id", Format::Hexadecimal)),
    Sub(255, part("global", Format::Present)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_and_each_name_is_defined_once() {
        for (index, option) in DEFINITIONS.iter().enumerate() {
            for other in &DEFINITIONS[index + 1..] {
                assert_ne!(option.code, other.code);
                assert_ne!(option.name, other.name);
            }
        }
    }
}
