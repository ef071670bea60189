# What a house (priv) and its doorman (calf) have to say to each other.
@0xf25eb964828f34bc;

using Calfkit = import "/calfkit.capnp";

interface House {
  # All that a doorman can do.
  greet @0 (name :Text) -> (greeting :Text);
  watch @1 (door :Door) -> (watch :Calfkit.Subscription);   # until it is dropped
}

interface Door {
  # Where a doorman hears what happens outside.
  knock @0 (words :Data) -> stream;     # as they came: the house has not looked at them
  end @1 () -> ();                      # answered when everybody who knocked was dealt with
}
