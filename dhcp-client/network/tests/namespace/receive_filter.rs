//! What the kernel's filter lets through, that it cannot be changed, and what comes with a frame.

use std::{net::UdpSocket, os::fd::AsRawFd};

use nix::{
    errno::Errno,
    sys::socket::{AddressFamily, SockFlag, SockType, getsockopt, setsockopt, socket, sockopt},
};

use crate::{
    bed::{Bed, CLIENT_MAC, PEER, PEER_MAC, borrow, in_namespace, ip, sockets_of},
    frames::{ALL, BROADCAST, NOBODY, SERVER_ADDRESS, arp, ethernet, ipv4, reply, udp, unicast},
};

const SO_ATTACH_FILTER: libc::c_int = 26;
const SO_DETACH_FILTER: libc::c_int = 27;

/// Sends `frames`, then the fence, and asserts that only the fence arrives.
async fn assert_only_the_fence_arrives(frames: &[Vec<u8>]) {
    let bed = Bed::new();
    let mut arrivals = bed.listen().await;
    for frame in frames {
        bed.peer.send(frame);
    }
    let fence = reply(b"fence");
    bed.peer.send(&fence);
    assert_eq!(arrivals.next().await.bytes, fence);
    assert_eq!(bed.network.counters().frames_in, 1);
}

/// Sends `frames`, and asserts that they arrive, in order.
async fn assert_all_arrive(frames: &[Vec<u8>]) {
    let bed = Bed::new();
    let mut arrivals = bed.listen().await;
    for frame in frames {
        bed.peer.send(frame);
    }
    for frame in frames {
        assert_eq!(arrivals.next().await.bytes, *frame);
    }
}

/// A frame with a tag of IEEE 802.1Q.
fn tagged(vlan: u16, frame: &[u8]) -> Vec<u8> {
    let tag = [[0x81, 0x00], vlan.to_be_bytes()].concat();
    [&frame[..12], &tag, &frame[12..]].concat()
}

fn to_port_68(packet_options: &[u8]) -> Vec<u8> {
    let packet = ipv4(SERVER_ADDRESS, ALL, packet_options, &udp(67, 68, b"x"));
    ethernet(BROADCAST, PEER_MAC, 0x0800, &packet)
}

/// `frame` with `octets` at `offset`.
fn changed(mut frame: Vec<u8>, offset: usize, octets: &[u8]) -> Vec<u8> {
    frame[offset..offset + octets.len()].copy_from_slice(octets);
    frame
}

#[test]
fn dhcp_and_arp_arrive_unicast_and_broadcast() {
    in_namespace(dhcp_and_arp_arrive_unicast_and_broadcast, async {
        let arp_reply = changed(arp(PEER_MAC, 2, SERVER_ADDRESS), 0, &CLIENT_MAC);
        assert_all_arrive(&[
            reply(b"offer"),
            unicast(68),
            arp(PEER_MAC, 1, NOBODY),
            arp_reply,
        ])
        .await;
    });
}

#[test]
fn the_length_of_the_ip_header_is_honoured() {
    in_namespace(the_length_of_the_ip_header_is_honoured, async {
        assert_all_arrive(&[to_port_68(&[1; 4]), to_port_68(&[1; 40])]).await;
    });
}

#[test]
fn a_port_68_where_a_plain_header_would_end_does_not_arrive() {
    in_namespace(
        a_port_68_where_a_plain_header_would_end_does_not_arrive,
        async {
            let packet = ipv4(SERVER_ADDRESS, ALL, &[0, 67, 0, 68], &udp(67, 9, b"x"));
            assert_only_the_fence_arrives(&[ethernet(BROADCAST, PEER_MAC, 0x0800, &packet)]).await;
        },
    );
}

#[test]
fn other_protocols_and_ports_do_not_arrive() {
    in_namespace(other_protocols_and_ports_do_not_arrive, async {
        assert_only_the_fence_arrives(&[
            unicast(67),
            unicast(9),
            changed(reply(b"tcp"), 23, &[6]),
            changed(reply(b"version 6"), 14, &[0x65]),
            changed(reply(b"ethertype"), 12, &[0x86, 0xdd]),
            ethernet(BROADCAST, PEER_MAC, 0x0800, &[0x45; 9]),
        ])
        .await;
    });
}

#[test]
fn fragments_do_not_arrive() {
    in_namespace(fragments_do_not_arrive, async {
        assert_only_the_fence_arrives(&[
            changed(reply(b"first"), 20, &[0x20, 0]),
            changed(reply(b"second"), 20, &[0x20, 1]),
            changed(reply(b"last"), 20, &[0, 1]),
        ])
        .await;
    });
}

#[test]
fn arp_of_another_kind_or_cut_does_not_arrive() {
    in_namespace(arp_of_another_kind_or_cut_does_not_arrive, async {
        let whole = arp(PEER_MAC, 1, SERVER_ADDRESS);
        assert_only_the_fence_arrives(&[
            changed(whole.clone(), 14, &[0, 6]),
            changed(whole.clone(), 16, &[0x86, 0xdd]),
            changed(whole.clone(), 18, &[8]),
            changed(whole.clone(), 19, &[16]),
            whole[..41].to_vec(),
        ])
        .await;
    });
}

#[test]
fn frames_for_another_host_do_not_arrive() {
    in_namespace(frames_for_another_host_do_not_arrive, async {
        let other = [0x02, 0, 0, 0, 0, 0x99];
        assert_only_the_fence_arrives(&[
            changed(unicast(68), 0, &other),
            changed(arp(PEER_MAC, 2, SERVER_ADDRESS), 0, &other),
        ])
        .await;
    });
}

#[test]
fn frames_of_a_vlan_do_not_arrive() {
    in_namespace(frames_of_a_vlan_do_not_arrive, async {
        assert_only_the_fence_arrives(&[
            tagged(5, &reply(b"vlan 5")),
            tagged(5, &arp(PEER_MAC, 1, SERVER_ADDRESS)),
        ])
        .await;
    });
}

#[test]
fn a_frame_with_a_priority_tag_arrives_without_it() {
    in_namespace(a_frame_with_a_priority_tag_arrives_without_it, async {
        let bed = Bed::new();
        let mut arrivals = bed.listen().await;
        let frame = reply(b"priority 6, vlan 0");
        bed.peer.send(&tagged(0xc000, &frame));
        assert_eq!(arrivals.next().await.bytes, frame);
    });
}

#[test]
fn what_leaves_does_not_come_back() {
    in_namespace(what_leaves_does_not_come_back, async {
        let bed = Bed::new();
        let mut arrivals = bed.listen().await;
        ip("addr add 10.0.0.5/24 dev client0");
        let socket = UdpSocket::bind("10.0.0.5:67").unwrap();
        setsockopt(&socket, sockopt::Broadcast, &true).unwrap();
        // To port 68, so that only its direction speaks against it.
        socket.send_to(b"outgoing", "10.0.0.255:68").unwrap();
        bed.peer
            .receive(|frame| frame.ends_with(b"outgoing") && frame[36..38] == [0, 68]);
        let fence = reply(b"fence");
        bed.peer.send(&fence);
        assert_eq!(arrivals.next().await.bytes, fence);
    });
}

#[test]
fn the_filter_is_locked() {
    in_namespace(the_filter_is_locked, async {
        let bed = Bed::new();
        let attempt = |descriptor, option| {
            let accept_all = libc::sock_filter {
                code: 0x06,
                jt: 0,
                jf: 0,
                k: u32::MAX,
            };
            let program = libc::sock_fprog {
                len: 1,
                filter: (&raw const accept_all).cast_mut(),
            };
            // SAFETY: the descriptor is a socket's; the program lives through the call, which reads it.
            let result = unsafe {
                libc::setsockopt(
                    descriptor,
                    libc::SOL_SOCKET,
                    option,
                    (&raw const program).cast(),
                    size_of_val(&program).try_into().unwrap(),
                )
            };
            Errno::result(result).map(drop)
        };
        let unlocked = socket(
            AddressFamily::Packet,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            None,
        )
        .unwrap();
        assert_eq!(attempt(unlocked.as_raw_fd(), SO_ATTACH_FILTER), Ok(()));
        drop(unlocked);

        let sockets = sockets_of(AddressFamily::Packet);
        assert_eq!(sockets.len(), 2, "the network's and the peer's");
        let own = *sockets.iter().min().unwrap();
        assert_eq!(attempt(own, SO_ATTACH_FILTER), Err(Errno::EPERM));
        assert_eq!(attempt(own, SO_DETACH_FILTER), Err(Errno::EPERM));
        drop(bed);
    });
}

#[test]
fn the_kernel_may_queue_little() {
    in_namespace(the_kernel_may_queue_little, async {
        let bed = Bed::new();
        let own = *sockets_of(AddressFamily::Packet).iter().min().unwrap();
        let queue = getsockopt(&borrow(own), sockopt::RcvBuf).unwrap();
        assert_eq!(queue, 2 * 128 * 1024);
        drop(bed);
    });
}

#[test]
fn a_checksum_that_the_kernel_left_to_hardware_is_not_ready() {
    in_namespace(
        a_checksum_that_the_kernel_left_to_hardware_is_not_ready,
        async {
            let bed = Bed::new();
            let mut arrivals = bed.listen().await;
            ip("addr add 10.0.0.1/24 dev peer0");
            let server = UdpSocket::bind("10.0.0.1:67").unwrap();
            setsockopt(&server, sockopt::Broadcast, &true).unwrap();
            setsockopt(&server, sockopt::BindToDevice, &PEER.into()).unwrap();
            server
                .send_to(b"from a kernel", "255.255.255.255:68")
                .unwrap();
            bed.peer.send(&reply(b"from a wire"));

            let mut replies = Vec::new();
            while replies.len() < 2 {
                let frame = arrivals.next().await;
                if frame.bytes[12..14] == [0x08, 0x00] {
                    replies.push(frame);
                }
            }
            assert!(replies[0].bytes.ends_with(b"from a kernel"));
            assert!(!replies[0].checksum_ready);
            assert!(replies[1].bytes.ends_with(b"from a wire"));
            assert!(replies[1].checksum_ready);
        },
    );
}

#[test]
fn a_frame_longer_than_the_buffer_is_counted_and_not_delivered() {
    in_namespace(
        a_frame_longer_than_the_buffer_is_counted_and_not_delivered,
        async {
            let bed = Bed::new();
            let mut arrivals = bed.listen().await;
            ip("link set client0 mtu 9000");
            ip("link set peer0 mtu 9000");
            let longest = reply(&[7; 2048 - 42]);
            bed.peer.send(&reply(&[7; 2049 - 42]));
            bed.peer.send(&reply(&[7; 8000]));
            bed.peer.send(&longest);
            assert_eq!(arrivals.next().await.bytes, longest);
            assert_eq!(bed.network.counters().truncated, 2);
        },
    );
}
