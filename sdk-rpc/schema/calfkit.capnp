# The whole contract between a priv and its calf.
#
# Two connections, one bootstrap interface each: `Net` (frames) and `Host` (everything else).
# Whatever one side pushes is `-> stream`, so that a peer that stops reading blocks the sender and
# does not fill its memory. Addresses are numbers in host order of significance: 10.0.0.1 is
# 0x0a000001. Text is UTF-8 without control characters. The receiver checks every value and caps
# every list; the caps are constants of the crate.
@0xe15fae9e31f4d1c7;

# ---- net ---------------------------------------------------------------------------------------

struct Frame {
  bytes @0 :Data;               # destination address to end of payload, no frame check sequence
  checksumNotReady @1 :Bool;    # the transport checksum was not filled in: it must not be verified
}

struct Datagram {
  destination @0 :UInt32;
  payload @1 :Data;
}

interface Subscription {}
# Holding it keeps a delivery alive; releasing it ends the delivery.

interface FrameSink {
  push @0 (frames :List(Frame)) -> stream;
}

interface Net {
  attach @0 (sink :FrameSink) -> (attachment :Subscription);
  write @1 (frames :List(Frame)) -> stream;
  send @2 (datagrams :List(Datagram)) -> stream;
  mac @3 () -> (address :UInt64);               # 48 bits
  counters @4 () -> (counters :List(Counter));  # what happened at the interface so far
  watchLink @5 (watcher :LinkWatcher) -> (watch :Subscription);
}

interface LinkWatcher {
  link @0 (state :Link) -> stream;              # the link as it is, at first and after each change
}

interface NetOwner {
  # What the owner of a `Net` decides about it, and its user cannot.
  setAddress @0 (address :OptionalIpv4);        # the address in force: frames and datagrams may come from it
  setMac @1 (address :UInt64);
  counters @2 () -> (counters :List(Counter));
}

# ---- flow --------------------------------------------------------------------------------------

interface OctetSink {
  # One direction of a byte stream. Dropping it without `end` ends it as `abort` does.
  push @0 (octets :Data) -> stream;
  end @1 () -> ();              # there will be no more
  abort @2 (reason :Text) -> ();    # there will be no more, and something is missing
}

interface Flow {
  # A byte stream in both directions, such as a TCP connection.
  start @0 (incoming :OctetSink) -> (outgoing :OctetSink);  # once
}

# ---- host --------------------------------------------------------------------------------------

struct OptionalIpv4 {
  union {
    none @0 :Void;
    some @1 :UInt32;
  }
}

struct OptionalTime {
  # CLOCK_BOOTTIME milliseconds
  union {
    none @0 :Void;
    some @1 :UInt64;
  }
}

struct Link {
  up @0 :Bool;
  carrier @1 :Bool;
  mac @2 :UInt64;
  mtu @3 :UInt32;
}

struct Route {
  destination @0 :UInt32;
  prefixLength @1 :UInt8;
  gateway @2 :UInt32;           # 0 is on-link
}

struct Subnet {
  address @0 :UInt32;
  prefixLength @1 :UInt8;
}

enum Kind {
  # How the octets of a parameter are to be read.
  octets @0;
  addresses @1;
  numbers8 @2;                  # unsigned numbers of 8 bits
  numbers16 @3;
  numbers32 @4;
  signed32 @5;
  text @6;
  names @7;                     # domain names, RFC 1035 section 4.1.4
  routes @8;                    # classless routes, RFC 3442
  classRoutes @9;               # pairs of destination and router, RFC 2132 section 5.8
}

struct Parameter {
  # Something that came with a lease, by the number that its protocol has for it.
  code @0 :UInt8;
  value :union {
    octets @1 :Data;
    addresses @2 :List(UInt32);
    numbers @3 :List(Int64);
    text @4 :Text;
    names @5 :List(Text);
    routes @6 :List(Route);
  }
}

enum Origin {
  server @0;                    # a server gave it
  linkLocal @1;                 # the host gave it to itself, RFC 3927
  inform @2;                    # the operator gave the address, a server the rest
  operator @3;                  # the operator gave all of it
}

struct Lease {
  address @0 :UInt32;
  prefixLength @1 :UInt8;
  broadcast @2 :OptionalIpv4;
  server @3 :UInt32;            # 0 is none, where no server gave anything
  routers @4 :List(UInt32);
  routes @5 :List(Route);
  dns @6 :List(UInt32);
  ntp @7 :List(UInt32);
  domain @8 :Text;              # null is none, as for every text here
  search @9 :List(Text);
  hostName @10 :Text;
  mtu :union {
    none @11 :Void;
    some @12 :UInt16;
  }
  duration :union {
    infinite @13 :Void;
    seconds @14 :UInt32;
  }
  acquiredAt @15 :UInt64;       # CLOCK_BOOTTIME milliseconds
  renewAt @16 :OptionalTime;
  rebindAt @17 :OptionalTime;
  expiresAt @18 :OptionalTime;
  origin @19 :Origin;
  nextServer @20 :UInt32;       # 0 is none
  serverName @21 :Text;
  bootFile @22 :Text;
  parameters @23 :List(Parameter);  # all that came, also what stands above
}

struct FullName {
  # What is said of the host's name in the domain name system, RFC 4702.
  name @0 :Text;                # may be empty or lack its domain
  flags @1 :UInt8;
}

struct SentParameter {
  code @0 :UInt8;
  value @1 :Data;
}

struct ParameterKind {
  code @0 :UInt8;
  kind @1 :Kind;
}

enum ConflictDetection {
  off @0;
  fast @1;                      # the address is used at once, and probed for at the same time
  full @2;                      # the address is probed for before it is used
}

enum Legacy {
  # Whether a protocol without leases may be spoken.
  refused @0;
  accepted @1;                  # where a server answers in it
  only @2;
}

struct Pace {
  # How an unanswered request is repeated. Milliseconds.
  first @0 :UInt32;
  longest @1 :UInt32;           # each wait is twice the one before, up to this
  jitter @2 :UInt32;            # the most that is added to or taken from a wait
  attempt @3 :UInt32;           # an attempt is over after this; 0 is never
  pause @4 :UInt32;             # until the next attempt
}

struct Settings {
  # What the operator wants of the protocol.
  clientIdentifier @0 :Data;    # empty is none
  hostName @1 :Text;
  fullName @2 :FullName;        # null is none
  vendorClass @3 :Data;
  requested @4 :Data;           # numbers of the parameters asked for, in order of preference
  sent @5 :List(SentParameter); # sent as they are
  required @6 :Data;            # an offer without one of these is not taken
  refused @7 :Data;             # an offer with one of these is not taken
  ignored @8 :Data;             # these are taken out of whatever comes
  wantedAddress @9 :OptionalIpv4;
  wantedSeconds @10 :UInt32;    # 0 is none
  allowedServers @11 :List(Subnet); # empty is all
  deniedServers @12 :List(Subnet);
  broadcast @13 :Bool;
  requireServer @14 :Bool;      # a message that does not name its server is not taken
  rapidCommit @15 :Bool;
  forcedRenewal @16 :Bool;      # a server that proves who it is may ask for a renewal
  legacy @17 :Legacy;
  conflictDetection @18 :ConflictDetection;
  linkLocalAfter :union {       # milliseconds without an offer
    never @19 :Void;
    after @20 :UInt32;
  }
  rebootTimeout @21 :UInt32;    # milliseconds
  startDelay @22 :UInt32;       # milliseconds, at most
  pace @23 :Pace;
  inform @24 :Subnet;           # null is none: an address of the operator's, to be asked about
  kinds @25 :List(ParameterKind);   # where they are not the protocol's own
  offersOnly @26 :Bool;         # an offer is told of, and not accepted
}

struct Description {
  interface @0 :Text;
  link @1 :Link;
  settings @2 :Settings;
  resume @3 :Lease;             # null is none
  previous @4 :OptionalIpv4;
  confirm @5 :Bool;             # what is resumed is of an earlier run: ask whether it still holds
}

enum Command {
  renew @0;
  rebind @1;
  release @2;
  stop @3;
}

interface HostWatcher {
  link @0 (state :Link) -> stream;
  command @1 (command :Command) -> stream;
}

interface HostView {
  describe @0 () -> (description :Description);
  watch @1 (watcher :HostWatcher) -> (watch :Subscription);
}

enum ConfigureCause {
  bound @0;
  rebooted @1;
  linkLocal @2;
  informed @3;
  offered @4;                   # nothing is to be configured: a lease that could be had
}

enum UpdateCause {
  renewed @0;
  rebound @1;
  rebooted @2;                  # the same network after the link was away
  bound @3;                     # another lease in place of the one in force
  linkLocal @4;
  informed @5;
}

enum DeconfigureCause {
  nak @0;
  expired @1;
  released @2;
  conflict @3;
  stopped @4;
  ipv6Only @5;
}

enum Setback {
  noAnswer @0;                  # no server gave a lease in the time that an attempt has
  refused @1;                   # a server said no to the address asked for
  conflict @2;                  # another host uses the address that was offered
  ipv6Only @3;                  # the network wants no IPv4 of hosts that can do without
}

struct Applied {
  union {
    done @0 :Void;
    refused @1 :Text;           # the reason, for the log
    inUse @2 :Void;             # the host found that another one uses the address
  }
}

interface LeaseSink {
  configure @0 (lease :Lease, cause :ConfigureCause) -> (applied :Applied);
  update @1 (lease :Lease, cause :UpdateCause) -> (applied :Applied);
  deconfigure @2 (cause :DeconfigureCause) -> (applied :Applied);
  setback @3 (setback :Setback) -> ();          # there is no lease yet, and this is why
}

enum Level {
  debug @0;
  info @1;
  warn @2;
}

struct Counter {
  name @0 :Text;
  value @1 :UInt64;
}

struct Field {
  # One thing that a record says by name: letters, digits, "_", "-" and ".".
  name @0 :Text;
  value :union {
    text @1 :Text;
    unsigned @2 :UInt64;
    signed @3 :Int64;
    flag @4 :Bool;
    octets @5 :Data;
  }
}

struct Record {
  level @0 :Level;
  target @1 :Text;              # the part that speaks: a name of the same characters as a field's
  message @2 :Text;
  fields @3 :List(Field);
  leftOut @4 :UInt32;           # fields that there was no room for
}

interface Log {
  line @0 (level :Level, text :Text) -> stream;
  counters @1 (counters :List(Counter), state :Text) -> stream;
  record @2 (record :Record) -> stream; # to a peer without it, a record is sent as a line
}

interface Host {
  # One call for the three facets; calls on them may be pipelined on its answer.
  facets @0 () -> (view :HostView, leaseSink :LeaseSink, log :Log);
}

# ---- control -----------------------------------------------------------------------------------

struct InterfaceStatus {
  interface @0 :Text;
  link @1 :Link;
  state @2 :Text;               # as the calf last said
  lease @3 :Lease;              # null is none
  calf @4 :Int32;               # process id, 0 is none
  restarts @5 :UInt64;          # calves after the first
  absent @6 :List(Text);        # layers of the sandbox that are not in force
  counters @7 :List(Counter);   # as the calf last said
  metric @8 :UInt32;            # of its routes
}

struct Overall {
  client @0 :Text;              # the name by which the run was started
  version @1 :Text;
  pid @2 :Int32;
  now @3 :UInt64;               # CLOCK_BOOTTIME milliseconds
  interfaces @4 :List(InterfaceStatus);
}

interface Overview {
  # What anybody may know of a run.
  status @0 (interfaces :List(Text)) -> (overall :Overall);  # none named is all
}

enum Verb {
  renew @0;
  rebind @1;
  release @2;
  stop @3;
  reapply @4;
}

interface Control extends(Overview) {
  # What its owner may ask of it besides.
  ask @0 (verb :Verb, interfaces :List(Text)) -> (asked :List(Text));
}
