# Descriptors beside a connection, between peers that are both unsandboxed.
#
# A message carries no descriptor. They go over a unix socket of their own, one way, each with a token;
# the message says the token, and the receiver takes the descriptor that came with it. A privileged side
# never receives descriptors from its sandboxed service: no interface between the two has a slot.
@0xaccaa78bc6e8d5c0;

struct DescriptorSlot {
  # 128 random bits, good once and for a short time. Who has them has the descriptor.
  high @0 :UInt64;
  low @1 :UInt64;
}

interface DescriptorSink {
  # The simplest interface with a slot; others put one where they need a descriptor.
  take @0 (slot :DescriptorSlot) -> ();
}
