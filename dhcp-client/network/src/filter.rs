//! What the kernel lets through to the two sockets, as classic BPF.
//!
//! The filter is the only thing on the privileged side that looks into an arriving frame, and it runs
//! in the kernel, which verified it. A load beyond the frame's end ends the program with "reject"
//! (a socket filter returns 0 then), so each test of a field also demands that the field exists.

use libc::{c_int, sock_filter};

/// The longest frame that is handed on; a longer one arrives cut and is a counted discard. An Ethernet
/// frame of a 1500-byte MTU with room to spare: a DHCP message is larger only if the client asked for
/// it (option 57), and ours does not.
pub(crate) const LONGEST_FRAME: usize = 2048;

/// UDP port of a DHCP client. RFC 2131 section 4.1: "DHCP messages from a server to a client are sent
/// to the 'DHCP client' port (68)."
pub(crate) const CLIENT_PORT: u16 = 68;

/// One past the longest frame, so that a longer frame shows as cut.
const ACCEPT: u32 = 2049;
const _: () = assert!(ACCEPT as usize == LONGEST_FRAME + 1);
const REJECT: u32 = 0;

// Instruction codes of linux/bpf_common.h; all fit in 16 bits.
const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF: u16 = 0x28;
const LOAD_WORD: u16 = 0x20;
/// Half word at X + k.
const LOAD_HALF_INDEXED: u16 = 0x48;
/// X = 4 * (byte at k & 15): the length of an IPv4 header.
const LOAD_HEADER_LENGTH: u16 = 0xb1;
const AND: u16 = 0x54;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_GREATER: u16 = 0x25;
const JUMP_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

/// Largest `skb->pkt_type` that came in for this host: 0 is to us, 1 broadcast, 2 multicast; then
/// come frames to other hosts and our own.
const LAST_OWN_PACKET_TYPE: u32 = 2;

/// Position of a kernel-supplied field for a load instruction.
const fn ancillary(field: c_int) -> u32 {
    (libc::SKF_AD_OFF + field).cast_unsigned()
}

const fn statement(code: u16, k: u32) -> sock_filter {
    sock_filter {
        code,
        jt: 0,
        jf: 0,
        k,
    }
}

/// Continues after `jt` or `jf` skipped instructions.
const fn jump(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

/// Jump to the last instruction, which rejects, from the instruction at `from`.
const fn to_reject(from: u8) -> u8 {
    26 - from
}

/// Frames for this host, without a VLAN tag or with that of VLAN 0 (a priority, which the kernel takes
/// as untagged too), that are ARP for IPv4 over Ethernet, or whole IPv4/UDP packets to port 68.
pub(crate) const RECEIVE: [sock_filter; 28] = [
    /*  0 */ statement(LOAD_BYTE, ancillary(libc::SKF_AD_PKTTYPE)),
    /*  1 */ jump(JUMP_GREATER, LAST_OWN_PACKET_TYPE, to_reject(1), 0),
    /*  2 */ statement(LOAD_BYTE, ancillary(libc::SKF_AD_VLAN_TAG_PRESENT)),
    /*  3 */ jump(JUMP_EQUAL, 0, 3, 0),
    /*  4 */ statement(LOAD_HALF, ancillary(libc::SKF_AD_VLAN_TAG)),
    /*  5 */ statement(AND, 0x0fff),
    /*  6 */ jump(JUMP_EQUAL, 0, 0, to_reject(6)),
    /*  7 */ statement(LOAD_HALF, 12),
    /*  8 */ jump(JUMP_EQUAL, 0x0806, 0, 6),
    // ARP: hardware type Ethernet and protocol IPv4, their lengths 6 and 4 (RFC 826). The load of the
    // last two octets rejects a frame that has fewer than all 28.
    /*  9 */
    statement(LOAD_WORD, 14),
    /* 10 */ jump(JUMP_EQUAL, 0x0001_0800, 0, to_reject(10)),
    /* 11 */ statement(LOAD_HALF, 18),
    /* 12 */ jump(JUMP_EQUAL, 0x0604, 0, to_reject(12)),
    /* 13 */ statement(LOAD_HALF, 40),
    /* 14 */ statement(RETURN, ACCEPT),
    /* 15 */ jump(JUMP_EQUAL, 0x0800, 0, to_reject(15)),
    /* 16 */ statement(LOAD_BYTE, 14),
    /* 17 */ statement(AND, 0xf0),
    /* 18 */ jump(JUMP_EQUAL, 0x40, 0, to_reject(18)),
    /* 19 */ statement(LOAD_BYTE, 23),
    /* 20 */ jump(JUMP_EQUAL, 17, 0, to_reject(20)),
    // Neither "more fragments" nor an offset: a fragment has no port, or only part of the message.
    /* 21 */
    statement(LOAD_HALF, 20),
    /* 22 */ jump(JUMP_ANY_BIT, 0x3fff, to_reject(22), 0),
    /* 23 */ statement(LOAD_HEADER_LENGTH, 14),
    /* 24 */ statement(LOAD_HALF_INDEXED, 16),
    /* 25 */ jump(JUMP_EQUAL, CLIENT_PORT as u32, 0, to_reject(25)),
    /* 26 */ statement(RETURN, ACCEPT),
    /* 27 */ statement(RETURN, REJECT),
];

/// Nothing: for the socket that only sends.
pub(crate) const RECEIVE_NOTHING: [sock_filter; 1] = [statement(RETURN, REJECT)];
