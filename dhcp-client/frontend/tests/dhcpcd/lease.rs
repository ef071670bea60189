//! A lease with every option in it: what a server sent to a dhcpcd whose hooks' environment was written down.

use std::net::Ipv4Addr;

use sdk_rpc::{Lease, Parameter, Value};

use crate::bed::{addresses, parameter, route, short_lease};

pub(crate) fn full_lease() -> Lease {
    Lease {
        lease_seconds: Some(3600),
        broadcast: Some(Ipv4Addr::new(192, 168, 77, 255)),
        routers: addresses(&["192.168.77.1", "192.168.77.2"]),
        dns: addresses(&["192.168.77.1", "8.8.8.8"]),
        next_server: Ipv4Addr::new(192, 168, 77, 9),
        server_name: Some("srvname".into()),
        boot_file: Some("boot.img".into()),
        parameters: parameters(),
        ..short_lease()
    }
}

fn parameters() -> Vec<Parameter> {
    let list = |code: u8, list: &[&str]| parameter(code, Value::Addresses(addresses(list)));
    let numbers = |code: u8, numbers: &[i64]| parameter(code, Value::Numbers(numbers.into()));
    let text = |code: u8, text: &str| parameter(code, Value::Text(text.into()));
    let names = |code: u8, names: &[&str]| {
        parameter(
            code,
            Value::Names(names.iter().map(|n| (*n).into()).collect()),
        )
    };
    let octets = |code: u8, octets: &[u8]| parameter(code, Value::Octets(octets.into()));
    let ten = route("10.0.0.0", 8, "192.168.77.2");
    let mut parameters = vec![
        list(1, &["255.255.255.0"]),
        numbers(2, &[-3600]),
        list(3, &["192.168.77.1", "192.168.77.2"]),
        list(6, &["192.168.77.1", "8.8.8.8"]),
        text(12, "box"),
        numbers(13, &[42]),
        text(14, "dump"),
        text(15, "example.org"),
        list(16, &["10.0.0.15"]),
        text(17, "/srv/root path"),
        text(18, "ext"),
        numbers(19, &[1]),
        list(21, &["10.0.0.0", "255.0.0.0"]),
        numbers(22, &[576]),
        numbers(23, &[64]),
        numbers(24, &[600]),
        numbers(25, &[68, 296]),
        numbers(26, &[1400]),
        list(28, &["192.168.77.255"]),
        list(32, &["10.0.0.16"]),
        parameter(
            33,
            Value::Routes(vec![route("192.168.9.0", 24, "192.168.77.3")]),
        ),
        numbers(35, &[60]),
        numbers(36, &[1]),
        numbers(37, &[64]),
        text(40, "nisdom"),
        list(42, &["192.168.77.1"]),
        octets(43, &[1, 2, 3]),
        list(44, &["10.0.0.3"]),
        list(45, &["10.0.0.4"]),
        numbers(46, &[2]),
        text(47, "scope"),
        numbers(51, &[3600]),
        numbers(53, &[5]),
        list(54, &["192.168.77.1"]),
        text(56, "hello there"),
        numbers(57, &[1472]),
        numbers(58, &[1800]),
        numbers(59, &[3150]),
        octets(60, b"vc"),
        octets(61, &[1, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]),
        text(64, "nisplus"),
        text(66, "tftp.example.org"),
        text(67, "pxe.0"),
        list(68, &["10.0.0.17"]),
        octets(77, b"ab"),
        octets(78, &[1, 10, 0, 0, 1, 10, 0, 0, 2]),
        octets(79, b"\x01sc"),
        octets(81, b"\x05\xff\xff\x03box\x07example\x03org\0"),
        octets(
            83,
            &[0, 0, 0, 3, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0x7f, 10, 0, 0, 11],
        ),
        list(85, &["10.0.0.5"]),
        text(86, "tree"),
        text(87, "ctx"),
        names(88, &["a.org", "b.org"]),
        list(89, &["10.0.0.6"]),
        octets(90, &[3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]),
        numbers(91, &[1]),
        list(92, &["10.0.0.7"]),
        numbers(93, &[0]),
    ];
    parameters.extend([
        text(98, "http://uap"),
        octets(99, &[1, 0x44, 0x45, 1, 2]),
        text(100, "EST5EDT"),
        text(101, "Europe/Berlin"),
        numbers(108, &[1800]),
        text(114, "https://portal/"),
        numbers(116, &[1]),
        numbers(117, &[6, 0]),
        list(118, &["10.1.0.0"]),
        names(119, &["a.example.org", "b.example.org"]),
        octets(120, &[1, 192, 168, 77, 5]),
        parameter(
            121,
            Value::Routes(vec![ten, route("0.0.0.0", 0, "192.168.77.1")]),
        ),
        octets(122, CABLE_LABS),
        octets(123, &[1, 2]),
        octets(124, b"\0\0\0\x09\x03abc"),
        octets(125, b"\0\0\x0d\xe9\x05\x01\x03abc"),
        list(136, &["10.0.0.12"]),
        octets(137, b"\x04lost\x07example\0"),
        list(138, &["10.0.0.13"]),
        octets(139, &[1, 4, 10, 0, 0, 9, 2, 8, 10, 0, 0, 10, 10, 0, 0, 11]),
        octets(140, b"\x01\x06\x02es\x01x\0"),
        names(141, &["sip.example"]),
        octets(142, &[192, 168, 77, 6, 192, 168, 77, 7]),
        octets(143, ADDRESSES_OF_IPV6),
        octets(144, &[3, 4]),
        numbers(145, &[1]),
        octets(146, b"\x01\x0a\0\0\x01\x0a\0\0\x02\x01a\0\x01b\x01c\0"),
        list(150, &["10.0.0.14"]),
        octets(161, b"https://mud.example/"),
        octets(208, &[0xf1, 0, 0x74, 0x7e]),
        text(209, "conf"),
        text(210, "prefix/"),
        numbers(211, &[10]),
        octets(212, RAPID_DEPLOYMENT),
        octets(213, b"\x06access\x07example\0"),
        octets(221, &[0, 0x61, 0x62]),
        octets(224, b"private"),
        parameter(249, Value::Routes(vec![ten])),
        text(252, "http://wpad/x?a=b"),
    ]);
    parameters
}

const CABLE_LABS: &[u8] = &[
    1, 4, 10, 0, 0, 10, 6, 3, 1, b'r', 0, 4, 12, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 7, 1, 5,
];

const ADDRESSES_OF_IPV6: &[u8] = &[
    0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 2,
];

const RAPID_DEPLOYMENT: &[u8] = &[
    0, 32, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1,
];

/// The variables of that lease, without their prefix: as a dhcpcd 9.4.1 told them, and option 114, which only
/// later versions know.
pub(crate) const EVERYTHING: &str = "
access_domain=access.example
andsf=192.168.77.6 192.168.77.7
andsf6=2001:db8::1 fe80::2%eth0
arp_cache_timeout=60
associated_ip=10.0.0.7
auto_configure=1
bcms_controller_address=10.0.0.6
bcms_controller_names=a.org b.org
boot_size=42
bootfile_name=pxe.0
broadcast_address=192.168.77.255
captive_portal_uri=https://portal/
capwap_ac=10.0.0.13
classless_static_routes=10.0.0.0/8 192.168.77.2 0.0.0.0/0 192.168.77.1
client_last_transaction_time=1
config_file=conf
default_ip_ttl=64
default_tcp_ttl=64
dhcp_client_identifier=01aabbccddeeff
dhcp_lease_time=3600
dhcp_max_message_size=1472
dhcp_message=hello there
dhcp_message_type=5
dhcp_rebinding_time=3150
dhcp_renewal_time=1800
dhcp_server_identifier=192.168.77.1
domain_name=example.org
domain_name_servers=192.168.77.1 8.8.8.8
domain_search=a.example.org b.example.org
extensions_path=ext
filename=boot.img
forcerenew_nonce_capable=1
fqdn=box.example.org
fqdn_flags=ES
fqdn_rcode1=255
fqdn_rcode2=255
geoconf=0102
geoconf_civic_country_code=17477
geoconf_civic_what=1
geoloc=0304
host_name=box
interface_mtu=1400
ip_address=192.168.77.50
ip_forwarding=1
ipv6_only_preferred=1800
isns_admin=E
isns_dd=CE
isns_functions=
isns_reserved1=0
isns_reserved2=0
isns_reserved3=0
isns_reserved4=3
isns_reserved5=0
isns_server_security=
isns_servers=0.0.0.127 10.0.0.11
lost_server=lost.example
max_dgram_reassembly=576
merit_dump=dump
mobile_ip_home_agent=10.0.0.17
mos_domain_is=es.x
mos_ip_cs=10.0.0.10 10.0.0.11
mos_ip_is=10.0.0.9
ms_classless_static_routes=10.0.0.0/8 192.168.77.2
mudurl=https://mud.example/
name_service_search=6 0
nds_context=ctx
nds_servers=10.0.0.5
nds_tree_name=tree
netbios_dd_server=10.0.0.4
netbios_name_servers=10.0.0.3
netbios_node_type=2
netbios_scope=scope
network_number=192.168.77.0
nis_domain=nisdom
nisplus_domain=nisplus
ntp_servers=192.168.77.1
pana_agent=10.0.0.12
path_mtu_aging_timeout=600
path_mtu_plateau_table=68 296
path_prefix=prefix/
policy_filter=10.0.0.0 255.0.0.0
posix_timezone=EST5EDT
pxelinux_magic=f100747e
rdnss_selection_domains=a b.c
rdnss_selection_prf=1
rdnss_selection_primary=10.0.0.1
rdnss_selection_secondary=10.0.0.2
reboot_time=10
root_path=/srv/root path
router_solicitation_address=10.0.0.16
routers=192.168.77.1 192.168.77.2
server_name=srvname
sip_server=192.168.77.5
sip_ua_cs_list=sip.example
sixrd_brip_address=10.0.0.1
sixrd_mask_len=0
sixrd_prefix=2001:db8::
sixrd_prefix_len=32
slp_agent_address=10.0.0.1 10.0.0.2
slp_agent_mandatory=1
slp_service_mandatory=1
slp_service_scope_list=sc
static_routes=192.168.9.0 192.168.77.3
subnet_cidr=24
subnet_mask=255.255.255.0
subnet_selection=10.1.0.0
swap_server=10.0.0.15
tftp_server_name=tftp.example.org
tftp_servers=10.0.0.14
time_offset=4294963696
tsp_as_req_as_rep_backoff_maximum=2
tsp_as_req_as_rep_backoff_nominal=1
tsp_as_req_as_rep_backoff_retry=3
tsp_dhcp_server=10.0.0.10
tsp_kerberos_realm=r
tsp_ticket_granting_server_utilization=5
tzdb_timezone=Europe/Berlin
uap_servers=http://uap
user_class=6162
vendor_class_identifier=vc
vendor_encapsulated_options=010203
vivco=0000000903616263
vivso_enterprise_number=3561
wpad_url=http://wpad/x?a=b
";
