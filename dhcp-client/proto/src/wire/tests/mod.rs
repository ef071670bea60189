//! Tests of the wire layer through [`receive`](super::receive), with frames built octet by octet:
//! every layer, every reason to ignore something, and bytes that nobody chose.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "an overflow in a test is a failed test, with its line"
)]

mod arp;
mod builder;
mod cve;
mod encoding;
mod fixed_part;
mod hostile;
mod lengths;
mod link_layer;
mod lists;
mod name_values;
mod option_area;
mod outgoing_options;
mod parameters;
mod route_values;
