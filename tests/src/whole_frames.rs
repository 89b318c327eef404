//! Whole frames of every kind and link type.

use crate::frames::{ARP, IPV6, Link, SYN, datagram, fragments, icmp_error, ip_packet};
use crate::scenario::{CLIENT1, CLIENT2, Connection, SERVER, on_port};

/// Whole frames of every kind, to be damaged: link type and octets.
pub fn whole_frames() -> Vec<(u16, Vec<u8>)> {
    let [from, to] = [on_port(CLIENT1, 5000), on_port(CLIENT2, 5000)];
    let [from6, to6] = ["[fd00::11]:5000", "[fd00::12]:5000"].map(|text| text.parse().unwrap());
    let mut chat = Connection::new(CLIENT1, 1, SERVER, 2);
    let mut chat6 = Connection::new(from6, 3, to6, 4);
    let mut packets = vec![
        chat.syn(),
        chat.syn_ack(),
        chat.client_says(b"hello"),
        chat.segment(true, SYN, b"data on a SYN").packet(),
        chat6.syn(),
        chat6.syn_ack(),
        datagram(from, to, 1, b"hello"),
        datagram(from6, to6, 1, b"hello"),
        datagram(on_port(from, 53), to, 1, &[7; 40]),
        // IPv4 in IPv4, IPv6 in IPv4, and extension headers before UDP.
        ip_packet(from.ip(), to.ip(), 4, 1, &chat.syn()),
        ip_packet(from.ip(), to.ip(), 41, 1, &chat6.syn()),
        ip_packet(
            from6.ip(),
            to6.ip(),
            0,
            1,
            &extensions(&datagram(from6, to6, 1, b"hello")[40..]),
        ),
    ];
    packets.push(icmp_error(to.ip(), from.ip(), &packets[0]));
    packets.push(icmp_error(to6.ip(), from6.ip(), &packets[4]));
    let long = [
        datagram(from, to, 9, &[1; 100]),
        datagram(from6, to6, 9, &[1; 100]),
    ];
    packets.extend(long.iter().flat_map(|packet| fragments(packet, 9, 40)));

    let mut seeds = Vec::new();
    for packet in &packets {
        let is_ipv6 = packet[0] >> 4 == 6;
        for link in Link::ALL {
            if link.carries(if is_ipv6 { IPV6 } else { 0x0800 }) {
                seeds.push((link.number(), link.frame(packet)));
            }
        }
        let ether_type = if is_ipv6 { [0x86, 0xdd] } else { [0x08, 0x00] };
        let snap = [&[0xaa, 0xaa, 3, 0, 0, 0][..], &ether_type].concat();
        let (family, ppp) = if is_ipv6 { (10, 0x57) } else { (2, 0x21) };
        // Link types that only the decoder knows: number, and what stands before the packet.
        let others = [
            (9, vec![0xff, 3, 0, ppp]),
            (50, vec![0, ppp]),
            (104, [&[0x0f, 0], &ether_type[..]].concat()),
            (
                239,
                vec![family, 0, 0, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 4, 9, 0],
            ),
            (242, [&[0; 40], &ether_type[..], &[0, 0]].concat()),
            (105, [&[8, 0][..], &[0; 22], &snap].concat()),
            (105, [&[0x88, 3][..], &[0; 30], &snap].concat()),
            (
                127,
                [&[0, 0, 8, 0, 0, 0, 0, 0, 8, 0][..], &[0; 22], &snap].concat(),
            ),
            (
                1,
                [&[0; 12][..], &[0x88, 0x64, 0x11, 0, 0, 1, 0, 42, 0, ppp]].concat(),
            ),
            (
                1,
                [&[0; 12][..], &[0x88, 0x47, 0, 1, 0, 64, 0, 2, 1, 64]].concat(),
            ),
            (
                1,
                [&[0; 12][..], &[0x89, 0x26, 0, 0, 0, 0], &ether_type].concat(),
            ),
            (1, [&[0; 12][..], &[5, 0xdc], &snap].concat()),
            (147, vec![1, 2, 3]),
        ];
        seeds.extend(others.map(|(number, header)| (number, [header, packet.clone()].concat())));
    }
    let arp = [0, 1, 8, 0, 6, 4, 0, 1];
    let arp = [&arp[..], &[2; 20]].concat();
    for link in [Link::Ethernet, Link::Vlan(1), Link::Sll, Link::Sll2] {
        seeds.push((link.number(), link.frame_of(ARP, &arp)));
    }
    seeds
}

/// Hop-by-hop and destination options before UDP.
fn extensions(udp: &[u8]) -> Vec<u8> {
    [&[60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0], udp].concat()
}
