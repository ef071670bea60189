//! dhclient's flags as people read them.

/// What `--version` prints. Programs look for its first words.
pub(super) const VERSION: &str = concat!(
    "isc-dhclient-4.4.3 as spoken by calfkit ",
    env!("CARGO_PKG_VERSION"),
    "\n"
);

/// What `--help` prints, and wrong usage too.
pub(super) const USAGE: &str = "\
Usage: dhclient [-4] [-1dvqriIwx] [-n] [-nw] [-p PORT] [-D LL|LLT] [-e VAR=VALUE]... [-s SERVER]
                [-cf FILE] [-lf FILE] [-pf FILE] [-df FILE] [-sf PROGRAM] [--no-pid]
                [--timeout SECONDS] [--decline-wait-time SECONDS] [--dad-wait-time SECONDS]
                [-V CLASS] [-C IDENTIFIER] [-H NAME] [-F NAME] [-B] [--request-options LIST]
                [INTERFACE]...
       dhclient [-r|-x] [-pf FILE] [INTERFACE]...
       dhclient --version|--help

  -1                  exit 2 if no server gives a lease
  -d                  stay in the foreground, and say more
  -nw                 go into the background at once
  -v, -q              say more; say less
  -r                  give the lease back and stop the run
  -x                  stop the run
  -i                  say who the client is by DUID (RFC 4361)
  -w                  go on without interfaces, until one appears
  -n                  serve no interface
  -e VAR=VALUE        variable for the script (may be repeated)
  -cf FILE            configuration (/etc/dhcp/dhclient.conf)
  -sf PROGRAM         script that configures interfaces (/sbin/dhclient-script)
  -lf FILE            leases, as dhclient.leases(5) has them (/var/lib/dhcp/dhclient.leases)
  -pf FILE, --no-pid  where to write the process id (/run/dhclient.pid); nowhere
  -s SERVER           the only server that is heard
  --timeout SECONDS   how long an attempt lasts (60)
  -V, -C, -H, -F, -B, --request-options
                      vendor class, client identifier, host name, name in the DNS, broadcast flag and
                      options to ask for, as Red Hat's dhclient has them

Exit status: 0 success, 1 failure, 2 no lease with -1.
";
