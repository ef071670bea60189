//! Other DHCP clients on the interface: one that runs keeps it, what a stopped one left is taken over.

mod legacy;
mod running;

use calfkit_tests::{Client, Testbed, said::Said};

/// The refusal of a run on `eth0` with these further options, which is one line.
fn refusal(bed: &Testbed, options: &[&str]) -> String {
    Said::by(Client::command(bed, options)).refusal(1)
}
