//! The messages a client sends, each with exactly the fields that RFC 2131 tables 4 and 5 allow it.
//!
//! ```text
//!                        to         ciaddr    50 address  54 server   51, 55, 57, others
//! Discover               broadcast  0         MAY         MUST NOT    MAY
//! BOOTREQUEST            broadcast  0         no          no          none at all
//! Request (SELECTING)    broadcast  0         MUST        MUST        MAY
//! Request (INIT-REBOOT)  broadcast  0         MUST        MUST NOT    MAY
//! Request (RENEWING)     unicast    address   MUST NOT    MUST NOT    MAY
//! Request (REBINDING)    broadcast  address   MUST NOT    MUST NOT    MAY
//! Inform                 either     address   MUST NOT    MUST NOT    MAY, but 51 MUST NOT
//! Decline                broadcast  0         MUST        MUST        MUST NOT, but 56 SHOULD
//! Release                unicast    address   MUST NOT    MUST        MUST NOT
//! ```
//!
//! RFC 2131 table 4: "server-ip [...] requested-ip". RFC 2131 table 5: "Requested IP address [...] IP
//! address lease time [...] Vendor class identifier [...] Server identifier [...] Parameter request list
//! [...] Maximum message size [...] Message [...] Site-specific [...] All others".

use core::net::Ipv4Addr;

use super::{config::Config, surface::Transmit};
use crate::{
    discard::Sent,
    message::{MessageType, Outgoing, Xid},
    wire,
};

/// A message decided on, before it has octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Draft {
    /// DHCPDISCOVER, with the address that the client would like.
    Discover {
        xid: Xid,
        secs: u16,
        wanted: Option<Ipv4Addr>,
    },
    /// BOOTREQUEST.
    Boot { xid: Xid, secs: u16 },
    /// DHCPREQUEST that takes a server's offer.
    Take {
        xid: Xid,
        secs: u16,
        address: Ipv4Addr,
        server: Ipv4Addr,
    },
    /// DHCPREQUEST that asks whether a remembered address is still good.
    Confirm {
        xid: Xid,
        secs: u16,
        address: Ipv4Addr,
    },
    /// DHCPREQUEST that asks the lease's own server for more time.
    Renew {
        xid: Xid,
        secs: u16,
        address: Ipv4Addr,
        server: Ipv4Addr,
    },
    /// DHCPREQUEST that asks every server for more time.
    Rebind {
        xid: Xid,
        secs: u16,
        address: Ipv4Addr,
    },
    /// DHCPINFORM, to a known server or to all.
    Inform {
        xid: Xid,
        secs: u16,
        address: Ipv4Addr,
        server: Option<Ipv4Addr>,
    },
    /// DHCPDECLINE.
    Decline {
        xid: Xid,
        address: Ipv4Addr,
        server: Ipv4Addr,
    },
    /// DHCPRELEASE.
    Release {
        xid: Xid,
        address: Ipv4Addr,
        server: Ipv4Addr,
    },
    /// ARP: does anybody have this address?
    Probe { address: Ipv4Addr },
    /// ARP: this interface has it.
    Announce { address: Ipv4Addr },
}

impl Draft {
    /// For the counters.
    pub(super) fn sort(self) -> Sent {
        Sent::Message(match self {
            Self::Discover { .. } => MessageType::Discover,
            Self::Boot { .. } => MessageType::BootRequest,
            Self::Take { .. } | Self::Confirm { .. } | Self::Renew { .. } | Self::Rebind { .. } => {
                MessageType::Request
            }
            Self::Inform { .. } => MessageType::Inform,
            Self::Decline { .. } => MessageType::Decline,
            Self::Release { .. } => MessageType::Release,
            Self::Probe { .. } => return Sent::Probe,
            Self::Announce { .. } => return Sent::Announcement,
        })
    }

    /// The octets, and how they travel.
    pub(super) fn transmit(self, config: &Config) -> Transmit {
        match self {
            Self::Discover { xid, secs, wanted } => broadcast(
                config,
                Ipv4Addr::UNSPECIFIED,
                &Outgoing {
                    requested_address: wanted,
                    // RFC 4039 section 3: "The client MUST NOT include it in any other messages."
                    rapid_commit: config.rapid_commit,
                    ..asking(config, MessageType::Discover, xid, secs)
                },
            ),
            // A server of RFC 951 knows none of what a client of RFC 2131 could say in options.
            // RFC 1542 section 3.5: "In this case, if the client has no information to communicate to
            // the server, the octet immediately following the magic cookie SHOULD be set to the "End"
            // tag (255) and the remaining octets of the 'vend' field SHOULD be set to zero."
            Self::Boot { xid, secs } => broadcast(
                config,
                Ipv4Addr::UNSPECIFIED,
                &Outgoing {
                    secs,
                    broadcast: config.broadcast,
                    client_identifier: &[],
                    ..plain(config, MessageType::BootRequest, xid)
                },
            ),
            // RFC 2131 section 3.1 step 3: "The client broadcasts a DHCPREQUEST message that MUST
            // include the 'server identifier' option to indicate which server it has selected, and that
            // MAY include other options specifying desired configuration values.  The 'requested IP
            // address' option MUST be set to the value of 'yiaddr' in the DHCPOFFER message from the
            // server." RFC 2131 section 4.3.2: "Client inserts the address of the selected server in
            // 'server identifier', 'ciaddr' MUST be zero, 'requested IP address' MUST be filled in with
            // the yiaddr value from the chosen DHCPOFFER."
            Self::Take {
                xid,
                secs,
                address,
                server,
            } => broadcast(
                config,
                Ipv4Addr::UNSPECIFIED,
                &Outgoing {
                    requested_address: Some(address),
                    server_identifier: Some(server),
                    ..asking(config, MessageType::Request, xid, secs)
                },
            ),
            // RFC 2131 section 4.4.2: "The client MUST insert its known network address as a 'requested
            // IP address' option in the DHCPREQUEST message." and "The client MUST NOT include a
            // 'server identifier' in the DHCPREQUEST message." RFC 2131 section 3.2 step 1: "As the
            // client has not received its network address, it MUST NOT fill in the 'ciaddr' field."
            // RFC 2131 section 4.3.2: "'server identifier' MUST NOT be filled in, 'requested IP address'
            // option MUST be filled in with client's notion of its previously assigned address.
            // 'ciaddr' MUST be zero."
            Self::Confirm { xid, secs, address } => broadcast(
                config,
                Ipv4Addr::UNSPECIFIED,
                &Outgoing {
                    requested_address: Some(address),
                    ..asking(config, MessageType::Request, xid, secs)
                },
            ),
            // RFC 2131 section 4.3.2: "'server identifier' MUST NOT be filled in, 'requested IP
            // address' option MUST NOT be filled in, 'ciaddr' MUST be filled in with client's IP
            // address." RFC 2131 section 4.1: "DHCP clients MUST use the IP address provided in the
            // 'server identifier' option for any unicast requests to the DHCP server."
            Self::Renew {
                xid,
                secs,
                address,
                server,
            } => datagram(
                server,
                &Outgoing {
                    ciaddr: address,
                    ..asking(config, MessageType::Request, xid, secs)
                },
            ),
            // RFC 2131 section 4.3.2: "This message MUST be broadcast to the 0xffffffff IP broadcast
            // address." RFC 2131 section 4.4.5: "The client MUST NOT include a 'server identifier' in
            // the DHCPREQUEST message."
            Self::Rebind { xid, secs, address } => broadcast(
                config,
                address,
                &Outgoing {
                    ciaddr: address,
                    ..asking(config, MessageType::Request, xid, secs)
                },
            ),
            // RFC 2131 section 4.4.3: "The client places its own network address in the 'ciaddr' field.
            // The client SHOULD NOT request lease time parameters." and "DHCPINFORM messages MUST be
            // directed to the 'DHCP server' UDP port."
            Self::Inform {
                xid,
                secs,
                address,
                server,
            } => {
                let message = Outgoing {
                    ciaddr: address,
                    nonce_capable: false,
                    lease_time: None,
                    ..asking(config, MessageType::Inform, xid, secs)
                };
                match server {
                    Some(server) => datagram(server, &message),
                    None => broadcast(config, address, &message),
                }
            }
            // RFC 2131 section 4.4.4: "Because the client is declining the use of the IP address
            // supplied by the server, the client broadcasts DHCPDECLINE messages."
            Self::Decline {
                xid,
                address,
                server,
            } => broadcast(
                config,
                Ipv4Addr::UNSPECIFIED,
                &Outgoing {
                    requested_address: Some(address),
                    server_identifier: Some(server),
                    message: Some("the address is in use"),
                    ..plain(config, MessageType::Decline, xid)
                },
            ),
            // RFC 2131 section 4.4.4: "The client unicasts DHCPRELEASE messages to the server."
            // RFC 2131 section 3.1 step 6: "If the client used a 'client identifier' when it obtained
            // the lease, it MUST use the same 'client identifier' in the DHCPRELEASE message."
            Self::Release {
                xid,
                address,
                server,
            } => datagram(
                server,
                &Outgoing {
                    ciaddr: address,
                    server_identifier: Some(server),
                    ..plain(config, MessageType::Release, xid)
                },
            ),
            // RFC 5227 section 2.1.1: "The 'sender IP address' field MUST be set to all zeroes; this is
            // to avoid polluting ARP caches in other hosts on the same link in the case where the
            // address turns out to be already in use by another host." RFC 5227 sections 1.1 and 2.1.1:
            // "The 'target IP address' field MUST be set to the address being probed."
            Self::Probe { address } => {
                let nobody = Ipv4Addr::UNSPECIFIED;
                Transmit::Frame(wire::arp_request(config.mac, nobody, address))
            }
            // RFC 5227 section 2.3: "An ARP Announcement is identical to the ARP Probe described above,
            // except that now the sender and target IP addresses are both set to the host's newly
            // selected IPv4 address."
            Self::Announce { address } => {
                Transmit::Frame(wire::arp_request(config.mac, address, address))
            }
        }
    }
}

/// What every message has, and nothing else. RFC 2131 section 2: "If the client uses a 'client
/// identifier' in one message, it MUST use that same identifier in all subsequent messages, to ensure
/// that all servers correctly identify the client." RFC 2131 section 3.2 step 1: "If the client used a
/// 'client identifier' to obtain its address, the client MUST use the same 'client identifier' in the
/// DHCPREQUEST message." RFC 2131 section 4.3.2: "If the client uses a 'client identifier' in a
/// DHCPREQUEST message, it MUST use that same 'client identifier' in all subsequent messages."
fn plain(config: &Config, message_type: MessageType, xid: Xid) -> Outgoing<'_> {
    Outgoing {
        message_type,
        xid,
        secs: 0,
        broadcast: false,
        ciaddr: Ipv4Addr::UNSPECIFIED,
        chaddr: config.mac,
        requested_address: None,
        server_identifier: None,
        client_identifier: &config.client_identifier,
        rapid_commit: false,
        nonce_capable: false,
        lease_time: None,
        host_name: None,
        full_name: None,
        vendor_class: &[],
        maximum_message_size: None,
        parameter_request_list: &[],
        sent: &[],
        message: None,
    }
}

/// What every message has that asks for something. RFC 2131 sections 4.3.2 and 4.4.1: "If the client
/// included a list of requested parameters in a DHCPDISCOVER message, it MUST include that list in all
/// subsequent messages." RFC 2131 section 3.5: "If the client includes a list of parameters in a
/// DHCPDISCOVER message, it MUST include that list in any subsequent DHCPREQUEST messages." RFC 4702
/// section 2: "If a client sends the Client FQDN option in its DHCPDISCOVER message, it MUST send the
/// option in subsequent DHCPREQUEST messages though the contents of the option MAY change." RFC 2131
/// section 3.5: "The client SHOULD include the 'maximum DHCP message size' option to let the server
/// know how large the server may make its DHCP messages." RFC 3442, "Requirements to Avoid Sizing
/// Constraints": "clients implementing the Classless Static Route option SHOULD send a Maximum DHCP
/// Message Size \[4\] option". RFC 8925 section 3.2: "DHCPv4 clients running on IPv6-only-capable hosts
/// SHOULD include the IPv6-Only Preferred option code in the Parameter Request List in DHCPDISCOVER and
/// DHCPREQUEST messages for interfaces so enabled".
/// RFC 8925 section 3.2: "The IPv6-Only Preferred option SHOULD be included in the Parameter Request
/// List in DHCPREQUEST messages (after receiving a DHCPOFFER without this option, for an INIT-REBOOT,
/// or when renewing or rebinding a leased address)."
fn asking(config: &Config, message_type: MessageType, xid: Xid, secs: u16) -> Outgoing<'_> {
    Outgoing {
        secs,
        broadcast: config.broadcast,
        nonce_capable: config.forced_renewal,
        lease_time: config.wanted_seconds,
        host_name: config.host_name.as_deref(),
        full_name: config.full_name.as_ref(),
        vendor_class: &config.vendor_class,
        maximum_message_size: Some(config.maximum_message_size),
        parameter_request_list: &config.parameter_request_list,
        sent: &config.sent,
        ..plain(config, message_type, xid)
    }
}

fn broadcast(config: &Config, source: Ipv4Addr, message: &Outgoing<'_>) -> Transmit {
    Transmit::Frame(wire::frame(
        &message.encode(),
        config.mac,
        source,
        Ipv4Addr::BROADCAST,
    ))
}

fn datagram(destination: Ipv4Addr, message: &Outgoing<'_>) -> Transmit {
    Transmit::Datagram {
        destination,
        payload: message.encode(),
    }
}
