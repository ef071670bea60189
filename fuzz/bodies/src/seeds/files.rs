//! Files and command lines in the words of each front end: what distributions ship, and a directive of each kind.

use super::{Seeds, with};

pub(crate) fn dhcpcd_conf() -> Seeds {
    let shipped = "\
hostname
clientid
persistent
option rapid_commit
option domain_name_servers, domain_name, domain_search, host_name
option classless_static_routes
option interface_mtu
require dhcp_server_identifier
slaac private
nodelay
noarp
waitip 4
";
    let messages = "\
define 224 string our_text
define 225 array uint16 our_numbers
vendorclassid calf:1
vendor 1,\"a\\x00b\"
userclass one
vsio 4491 1,text
fqdn both
duid ll
iaid 7
leasetime 3600
request 192.0.2.7
reject 192.0.2.0/24
blacklist 198.51.100.0/24
nooption ntp_servers
destination mtu
anonymous
";
    let statics = "\
interface eth0
static ip_address=192.0.2.7/24
static routers=192.0.2.1
static domain_name_servers=192.0.2.53 192.0.2.54
static domain_search=example.com example.org
static classless_static_routes=198.51.100.0/24 192.0.2.2
metric 5
profile fall
static ip_address=10.0.0.9/8
interface eth1
fallback fall
inform 192.0.2.8/24
env a=b
nohook resolv.conf
script /hook
";
    vec![
        ("shipped", shipped.into()),
        ("messages", messages.into()),
        ("statics", statics.into()),
    ]
}

pub(crate) fn dhclient_conf() -> Seeds {
    let debian = "\
option rfc3442-classless-static-routes code 121 = array of unsigned integer 8;
send host-name = gethostname();
request subnet-mask, broadcast-address, time-offset, routers,
	domain-name, domain-name-servers, domain-search, host-name,
	netbios-name-servers, netbios-scope, interface-mtu,
	rfc3442-classless-static-routes, ntp-servers;
";
    let interface = "\
timeout 20; retry 5; reboot 3; select-timeout 1; initial-interval 2; backoff-cutoff 10;
also request option-224; require subnet-mask; reject 192.0.2.0/24, 198.51.100.7;
db-time-format local;
interface \"eth0\" {
  send dhcp-client-identifier 1:2:3:aa; send vendor-class-identifier \"x\\\"y\\101\";
  send host-name = concat(\"a\", substring(hardware, 1, 2), lcase(\"BC\"));
  supersede domain-name \"example.com\"; prepend domain-name-servers 127.0.0.1;
  append domain-search \"a.example\", \"b.example\"; default interface-mtu 1400;
  media \"none\"; script \"/hook\";
}
";
    let leases = "\
lease { interface \"eth0\"; fixed-address 192.0.2.7; option subnet-mask 255.255.255.0;
  option routers 192.0.2.1; renew 2 2026/11/24 00:00:00; expire never; }
alias { interface \"eth0\"; fixed-address 192.0.2.8; option subnet-mask 255.255.255.255; }
pseudo \"p0\" \"eth0\" { timeout 3; }
option space ours; option ours.text code 1 = text;
if option dhcp-message-type = 5 { timeout 7; } else { timeout 8; }
include \"/etc/dhcp/dhclient.conf\"; # itself
";
    vec![
        ("debian", debian.into()),
        ("interface", interface.into()),
        ("leases", leases.into()),
    ]
}

/// A line each of the words; the first octet is whose they are.
pub(crate) fn command_lines() -> Seeds {
    let native =
        "-i\neth0\n--once\n--timeout\n30\n--resolv-conf\n/r\n--state-dir\n/s\n--json\n--pcap\n/p";
    let dhcpcd = "-b\n-C\nresolv.conf\n-S\nip_address=192.0.2.7/24\n-t\n10\n-f\n/c\n-h\nbox1\neth0\n\
                  eth1\0metric 5\nnoarp\n";
    let udhcpc = "-i\neth0\n-f\n-n\n-q\n-s\n/script\n-t\n3\n-T\n2\n-A\n10\n-O\nntpsrv\n-o\n-x\nhostname:box1\n\
                  -x\n0x3d:0102\n-V\nclass\n-F\na.example\n-r\n192.0.2.7\n-a500";
    let dhclient = "-1\n-v\n-pf\n/pid\n-lf\n/leases\n-cf\n/c\n-sf\n/script\n-H\nbox1\n-timeout\n9\n-R\n\
                    routers,domain-name\n-I\n-B\neth0\0timeout 20;\n";
    vec![
        ("native", with(&[0], native.as_bytes())),
        (
            "native_role",
            with(
                &[0],
                b"role\nnetwork\n--interface\neth0\n--net-fd\n3\n--owner-fd\n4",
            ),
        ),
        ("native_ctl", with(&[0], b"ctl\nrenew\neth0\n--json")),
        ("dhcpcd", with(&[0x81], dhcpcd.as_bytes())),
        ("dhcpcd_control", with(&[1], b"-k\neth0")),
        ("dhcpcd_dump", with(&[1], b"-U\neth0")),
        ("udhcpc", with(&[2], udhcpc.as_bytes())),
        ("dhclient", with(&[0x83], dhclient.as_bytes())),
        ("dhclient_release", with(&[3], b"-r\neth0")),
    ]
}
