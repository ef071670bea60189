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

struct Lease {
  address @0 :UInt32;
  prefixLength @1 :UInt8;
  broadcast @2 :OptionalIpv4;
  server @3 :UInt32;
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
}

struct Description {
  interface @0 :Text;
  link @1 :Link;
  hostName @2 :Text;
  resume @3 :Lease;             # null is none
  previous @4 :OptionalIpv4;
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
}

enum UpdateCause {
  renewed @0;
  rebound @1;
}

enum DeconfigureCause {
  nak @0;
  expired @1;
  released @2;
  conflict @3;
  stopped @4;
}

struct Applied {
  union {
    done @0 :Void;
    refused @1 :Text;           # the reason, for the log
  }
}

interface LeaseSink {
  configure @0 (lease :Lease, cause :ConfigureCause) -> (applied :Applied);
  update @1 (lease :Lease, cause :UpdateCause) -> (applied :Applied);
  deconfigure @2 (cause :DeconfigureCause) -> (applied :Applied);
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

interface Log {
  line @0 (level :Level, text :Text) -> stream;
  counters @1 (counters :List(Counter)) -> stream;
}

interface Host {
  # One call for the three facets; calls on them may be pipelined on its answer.
  facets @0 () -> (view :HostView, leaseSink :LeaseSink, log :Log);
}
