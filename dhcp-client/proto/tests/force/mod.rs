//! A server that knows the nonce, and signs its DHCPFORCERENEW with it.

#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::net::Ipv4Addr;

use dhcp_proto::{Config, MessageType};
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use smoltcp::wire::EthernetAddress;

use crate::{
    support::server::{self, Reply, SERVER},
    transcript::{ADDRESS, Client, MAC},
};

pub(crate) const NONCE: [u8; 16] = *b"sixteen octets!!";

pub(crate) fn config() -> Config {
    let mut config = Config::new(MAC);
    config.forced_renewal = true;
    config
}

/// Option 90: protocol, algorithm, replay detection method, replay value, type, value.
pub(crate) fn option_90(replay: u64, kind: u8, value: [u8; 16]) -> Vec<u8> {
    [&[3, 1, 0][..], &replay.to_be_bytes(), &[kind], &value].concat()
}

pub(crate) fn with_nonce(ack: Reply) -> Reply {
    ack.with(90, &option_90(100, 1, NONCE))
}

/// BOUND, with a nonce.
pub(crate) fn bound() -> Client {
    Client::bound_with(config(), with_nonce)
}

/// A server's DHCPFORCERENEW.
pub(crate) struct Force {
    pub(crate) replay: u64,
    pub(crate) nonce: [u8; 16],
    pub(crate) server: Ipv4Addr,
    pub(crate) destination: Ipv4Addr,
    pub(crate) destination_mac: [u8; 6],
    /// Changes the message after it was signed.
    pub(crate) after: fn(&mut Vec<u8>),
}

impl Default for Force {
    fn default() -> Self {
        Self {
            replay: 101,
            nonce: NONCE,
            server: SERVER,
            destination: ADDRESS,
            destination_mac: MAC,
            after: |_| {},
        }
    }
}

impl Force {
    pub(crate) fn frame(&self) -> Vec<u8> {
        let reply = Reply {
            message_type: MessageType::ForceRenew,
            // Nothing was asked, so there is no xid to match.
            xid: 0xdead_beef,
            yiaddr: Ipv4Addr::UNSPECIFIED,
            siaddr: Ipv4Addr::UNSPECIFIED,
            chaddr: MAC,
            server_identifier: Some(self.server),
            lease_time: None,
            options: vec![(90, option_90(self.replay, 2, [0; 16]))],
            source: self.server,
            broadcast: false,
        };
        let mut message = reply.message();
        let digest: [u8; 16] = Hmac::<Md5>::new_from_slice(&self.nonce)
            .expect("a key of any length")
            .chain_update(&message)
            .finalize()
            .into_bytes()
            .into();
        let at = digest_at(&message);
        message[at..at + 16].copy_from_slice(&digest);
        (self.after)(&mut message);
        let mac = EthernetAddress(self.destination_mac);
        server::frame(&message, mac, self.server, self.destination)
    }
}

/// Where the digest of option 90 stands in a message.
pub(crate) fn digest_at(message: &[u8]) -> usize {
    let head = [90, 28, 3, 1, 0];
    let found = message.windows(5).position(|window| window == head);
    found.expect("option 90") + 2 + 12
}
