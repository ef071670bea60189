# A tree of typed values with revisions, which is watched.
#
# A path is "/" for the root, or 1 to 16 segments that each follow a slash: 1 to 64 of the letters a-z and
# A-Z, the digits and "-_.:@+", but not "." or "..". It has at most 255 octets. Entries are at paths other
# than the root, and may have entries below them. What a facet may do at a path is in its table of rights;
# where it may not read, nothing tells it whether there is an entry.
@0xb8e00d6aca56f750;

using Calfkit = import "calfkit.capnp";

struct Value {
  union {
    text @0 :Text;              # without control characters, as all text here
    octets @1 :Data;
    unsigned @2 :UInt64;
    signed @3 :Int64;
    flag @4 :Bool;
    texts @5 :List(Text);
  }
}

struct Entry {
  value @0 :Value;
  revision @1 :UInt64;          # of the change that gave it this value
}

struct Found {
  union {
    absent @0 :Void;
    entry @1 :Entry;
  }
}

struct Change {
  revision @0 :UInt64;
  union {
    complete @1 :Void;          # what was there at this revision has been told
    put :group {
      path @2 :Text;
      value @3 :Value;
    }
    deleted @4 :Text;
  }
}

interface ConfWatcher {
  # Hears of all entries of a subtree, then `complete`, once, then of changes in order of their revisions.
  # Who reads slower than the tree changes hears of the last change of each path only.
  changed @0 (changes :List(Change)) -> stream;
}

interface ConfReader {
  read @0 (path :Text) -> (found :Found);
  list @1 (path :Text, after :Text) -> (children :List(Text), more :Bool);
  # Paths one segment longer at or below which there is something, after this one of them (null: from the
  # first), as many as fit an answer.
  watch @2 (prefix :Text, watcher :ConfWatcher) -> (watch :Calfkit.Subscription);
}

struct Expected {
  # What must be so for a change to be made.
  union {
    anything @0 :Void;
    absent @1 :Void;            # there is no entry
    revision @2 :UInt64;        # the entry has this revision
  }
}

struct Written {
  union {
    done @0 :UInt64;            # the revision of the change
    conflict @1 :UInt64;        # nothing was changed: the entry's revision, 0 where there is none
  }
}

interface ConfWriter extends(ConfReader) {
  write @0 (path :Text, value :Value, expected :Expected) -> (written :Written);
  delete @1 (path :Text, expected :Expected) -> (written :Written);
  # Where there is nothing to delete, the revision of the tree.
}

struct Right {
  # What may be done at and below a path, unless a longer one says otherwise.
  prefix @0 :Text;
  read @1 :Bool;
  write @2 :Bool;
  delete @3 :Bool;
}

interface Grant {
  # Keeps a facet in force: releasing it revokes as well.
  revoke @0 () -> ();           # once answered, the facet and all that it granted do nothing more
}

interface ConfAdmin extends(ConfWriter) {
  # Makes facets for others, with no more rights than it has.
  grantReader @0 (rights :List(Right)) -> (facet :ConfReader, grant :Grant);
  grantWriter @1 (rights :List(Right)) -> (facet :ConfWriter, grant :Grant);
  grantAdmin @2 (rights :List(Right)) -> (facet :ConfAdmin, grant :Grant);
}
