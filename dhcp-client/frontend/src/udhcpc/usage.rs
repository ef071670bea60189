//! udhcpc's flags as people read them.

/// What `--help` prints, and wrong usage too.
pub(super) const USAGE: &str = "\
Usage: udhcpc [-fbqvRB] [-a[MSEC]] [-t N] [-T SEC] [-A SEC | -n] [-i IFACE] [-P PORT] [-s PROG]
              [-p PIDFILE] [-oC] [-r IP] [-V VENDOR] [-F NAME] [-x OPT:VAL]... [-O OPT]...

  -i, --interface IFACE     interface (eth0)
  -s, --script PROG         script that configures it (/etc/udhcpc/default.script)
  -p, --pidfile FILE        where to write the process id
  -B, --broadcast           ask servers to broadcast their answers
  -t, --retries N           messages of one attempt; 0 is no end (3)
  -T, --timeout SEC         time between them (3)
  -A, --tryagain SEC        pause until the next attempt (20)
  -b, --background          go into the background when an attempt fails
  -n, --now                 exit 1 when an attempt fails
  -q, --quit                exit 0 when there is a lease
  -R, --release             give the lease back at the end
  -f, --foreground          stay in the foreground when there is a lease
  -S, --syslog              log to the system log, too
  -a[MSEC], --arping[=MSEC] look for another host with the address before it is used
  -r, --request IP          address to ask for
  -o, --no-default-options  ask for no options but those of -O
  -O, --request-option OPT  option to ask for, by name or number (may be repeated)
  -x OPT:VAL                option to send: hostname:box, lease:3600, 0x3d:0100beef, 14:'\"dump\"'
                            (may be repeated)
  -F, --fqdn NAME           name that the server is to enter in the DNS
  -V, --vendorclass VENDOR  vendor class (calfkit-VERSION:Linux-RELEASE:MACHINE)
  -C, --clientid-none       do not say who the client is
  -P, --client-port PORT    port; only 68
  -v                        say more
      --help                this text

Signals: SIGUSR1: renew; SIGUSR2: release; SIGTERM: exit, and leave the configuration.
";

/// The short name of a long one.
pub(super) fn short(name: &str) -> Option<char> {
    Some(match name {
        "clientid-none" => 'C',
        "vendorclass" => 'V',
        "fqdn" => 'F',
        "interface" => 'i',
        "now" => 'n',
        "pidfile" => 'p',
        "quit" => 'q',
        "release" => 'R',
        "request" => 'r',
        "script" => 's',
        "timeout" => 'T',
        "retries" => 't',
        "tryagain" => 'A',
        "syslog" => 'S',
        "request-option" => 'O',
        "no-default-options" => 'o',
        "foreground" => 'f',
        "background" => 'b',
        "broadcast" => 'B',
        "arping" => 'a',
        "client-port" => 'P',
        "hostname" => 'H',
        "clientid" => 'c',
        _ => return None,
    })
}
