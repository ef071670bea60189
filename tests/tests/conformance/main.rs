//! The numbered behaviour cases, seen from outside: the real program against a scripted server on the other
//! end of the cable, and what the kernel has afterwards.
//!
//! When something happens is proven on the protocol's machine, whose clock its tests set (dhcp-proto); here it
//! is what happens, in which order, and with what in it. What has to be waited for is in `slow_conformance`.

mod acquisition;
mod conflicts;
mod cve;
mod exchanges;
mod extension;
mod hostile_frames;
mod hostile_options;
mod messages;
mod options;
mod persistence;
mod rapid_commit;
mod selection;
mod target;
mod verbs;
