//! The lines that ifupdown, cloud-init, dracut and others run.

use super::*;
use crate::{
    Verb,
    script::Part,
    setup::{Background, Identifier, LogTarget, Then},
};

#[test]
fn ifup_and_ifdown_of_debian() {
    let host = TestHost::default()
        .with_program("/sbin/dhclient-script")
        .with_file("/etc/dhcp/dhclient.conf", DEBIAN);
    let files = "-pf /run/dhclient.eth0.pid -lf /var/lib/dhcp/dhclient.eth0.leases -I \
                 -df /var/lib/dhcp/dhclient6.eth0.leases eth0";
    let up = setup_on(&host, &format!("-4 -v -i {files} -e IF_METRIC=100"));
    assert_eq!(up.interfaces.named, ["eth0"]);
    assert_eq!(up.files.pid_file, Some("/run/dhclient.eth0.pid".into()));
    assert_eq!(
        up.profile.lease_file,
        Some("/var/lib/dhcp/dhclient.eth0.leases".into())
    );
    assert_eq!(
        up.profile.identifier,
        Identifier::Duid {
            iaid: None,
            duid: None,
        }
    );
    assert_eq!(up.profile.metric, Some(100));
    assert!(!up.notes.iter().any(is_missing), "{:#?}", up.notes);
    let script = up.profile.script.expect("a script");
    assert!(
        script
            .environment
            .contains(&("IF_METRIC".into(), "100".into()))
    );
    let down = control(&format!("-4 -v -i -r {files}"));
    assert_eq!(down.verb, Verb::Release);
    assert_eq!(down.interfaces, ["eth0"]);
    assert_eq!(down.pid_file, Some("/run/dhclient.eth0.pid".into()));
}

#[test]
fn cloud_init() {
    for line in [
        "-1 -v -lf /run/dhclient.lease -pf /run/dhclient.pid -sf /bin/true eth0",
        "-1 -v -lf /run/dhclient.lease -pf /run/dhclient.pid eth0 -sf /bin/true",
    ] {
        let setup = setup(line);
        assert_eq!(setup.interfaces.named, ["eth0"]);
        assert_eq!(setup.ending.background, Background::WhenLeased);
        assert_eq!(setup.ending.then, Then::Exit(2));
        assert_eq!(setup.profile.lease_file, Some("/run/dhclient.lease".into()));
        let script = setup.profile.script.expect("a script");
        assert_eq!(script.path, Path::new("/bin/true"));
        assert_eq!(script.part, Part::Configures);
    }
}

#[test]
fn cloud_init_on_infiniband() {
    let host = TestHost::default().with_file(
        "/tmp/ib0-dhclient.conf",
        "interface \"ib0\" {send dhcp-client-identifier 20:a0:0:5;}",
    );
    let line = "-1 -v -lf /l -pf /p -sf /bin/true -cf /tmp/ib0-dhclient.conf ib0";
    let setup = setup_on(&host, line);
    let (name, profile) = &setup.profiles[0];
    assert_eq!(name, "ib0");
    let octets = vec![0x20, 0xa0, 0, 5];
    assert_eq!(profile.identifier, Identifier::Octets(octets));
}

#[test]
fn dracut() {
    let line = "-4 --timeout 30 -q -1 -cf /etc/dhclient.conf -pf /tmp/dhclient.eth0.pid \
                -lf /tmp/dhclient.eth0.lease eth0";
    let setup = setup(line);
    assert_eq!(setup.profile.settings.pace.attempt, 30_000);
    assert_eq!(setup.ending.then, Then::Exit(2));
    assert_eq!(setup.log.targets, [LogTarget::Syslog]);
}

#[test]
fn ifupdown_ng_of_alpine() {
    let setup = setup("-pf /var/run/dhclient.eth0.pid eth0");
    assert_eq!(
        setup.files.pid_file,
        Some("/var/run/dhclient.eth0.pid".into())
    );
    assert_eq!(setup.interfaces.named, ["eth0"]);
}
