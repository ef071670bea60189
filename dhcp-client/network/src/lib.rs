//! Role network: the DHCP and ARP frames of one interface.
//!
//! [`Network`] implements [`sdk_rpc::Net`] with real sockets for a peer it does not trust:
//!
//! - one packet socket receives everything; the kernel's filter picks ARP and UDP to port 68, and
//!   nothing here looks into what arrives ([`Network`] parses no inbound byte);
//! - one UDP socket on port 68, while the interface has a leased address, sends unicast through the
//!   kernel's routing and receives nothing. Its presence keeps the kernel from answering a unicast
//!   DHCPACK with "port unreachable";
//! - each frame and datagram that the peer wants to send is checked first. One that breaks a rule is
//!   a counted [discard](Refusal) and a log line.
//!
//! Everything runs on the current thread: open a [`Network`] inside a tokio runtime with I/O enabled,
//! and attach sinks inside a [`tokio::task::LocalSet`].

mod counters;
mod egress;
mod filter;
mod interface;
mod network;
mod packet_socket;
mod pcap;
mod rate;
mod receive;
mod record;
mod socket_option;
mod unicast;

pub use counters::Counters;
pub use egress::Refusal;
pub use interface::{Interface, InterfaceError};
pub use network::Network;
pub use packet_socket::{OpenError, OpenStep};
pub use pcap::Pcap;
pub use receive::Attachment;
pub use unicast::{UnicastError, UnicastStep};
