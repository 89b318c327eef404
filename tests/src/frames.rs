//! Frames built octet by octet, for captures that a test needs and nobody has.
//!
//! Headers are written here by their RFCs and not with the library that chatpcap decodes with, so
//! that a mistake in one of the two shows. A [`Segment`], a [`datagram`] or an [`icmp_error`] makes
//! an IP packet, [`fragments`] cuts it, and a [`Link`] puts its header before it.

use std::net::{IpAddr, SocketAddr};

/// FIN.
pub const FIN: u8 = 0x01;
/// SYN.
pub const SYN: u8 = 0x02;
/// RST.
pub const RST: u8 = 0x04;
/// PSH.
pub const PSH: u8 = 0x08;
/// ACK.
pub const ACK: u8 = 0x10;

/// Octets of a TCP header without options.
pub const TCP_HEADER: usize = 20;

/// The options of a Linux host's SYN: maximum segment size, SACK permitted, window scale.
pub const SYN_OPTIONS: &[u8] = &[2, 4, 0x05, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7];

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const FRAGMENT: u8 = 44;
const ICMPV6: u8 = 58;
const MORE_FRAGMENTS: u16 = 0x2000;

/// A TCP segment.
#[derive(Clone, Debug)]
pub struct Segment {
    /// The sender.
    pub from: SocketAddr,
    /// The receiver.
    pub to: SocketAddr,
    /// The sequence number.
    pub seq: u32,
    /// The acknowledgment number.
    pub ack: u32,
    /// The control bits.
    pub flags: u8,
    /// The receive window.
    pub window: u16,
    /// The identification of the IPv4 header.
    pub identification: u16,
    /// Options, a multiple of four octets.
    pub options: Vec<u8>,
    /// The payload.
    pub payload: Vec<u8>,
}

impl Segment {
    /// The IP packet with this segment.
    pub fn packet(&self) -> Vec<u8> {
        let words = (TCP_HEADER + self.options.len()) / 4;
        let mut tcp = Vec::with_capacity(words * 4 + self.payload.len());
        tcp.extend(self.from.port().to_be_bytes());
        tcp.extend(self.to.port().to_be_bytes());
        tcp.extend(self.seq.to_be_bytes());
        tcp.extend(self.ack.to_be_bytes());
        tcp.push(u8::try_from(words << 4).expect("at most 40 octets of options"));
        tcp.push(self.flags);
        tcp.extend(self.window.to_be_bytes());
        tcp.extend([0; 4]); // checksum, urgent pointer
        tcp.extend(&self.options);
        tcp.extend(&self.payload);
        let checksum = pseudo_checksum(self.from.ip(), self.to.ip(), TCP, &tcp);
        tcp[16..18].copy_from_slice(&checksum.to_be_bytes());
        ip_packet(self.from.ip(), self.to.ip(), TCP, self.identification, &tcp)
    }
}

/// The IP packet with a UDP datagram.
pub fn datagram(from: SocketAddr, to: SocketAddr, identification: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).expect("a payload that fits");
    let mut udp = Vec::with_capacity(length.into());
    udp.extend(from.port().to_be_bytes());
    udp.extend(to.port().to_be_bytes());
    udp.extend(length.to_be_bytes());
    udp.extend([0; 2]);
    udp.extend(payload);
    let checksum = match pseudo_checksum(from.ip(), to.ip(), UDP, &udp) {
        // Zero says that there is none (RFC 768).
        0 => 0xffff,
        checksum => checksum,
    };
    udp[6..8].copy_from_slice(&checksum.to_be_bytes());
    ip_packet(from.ip(), to.ip(), UDP, identification, &udp)
}

/// The IP packet with "port unreachable", which quotes `packet`: eight octets after IPv4's header
/// (RFC 792), all of it over IPv6.
pub fn icmp_error(from: IpAddr, to: IpAddr, packet: &[u8]) -> Vec<u8> {
    let quoted = if from.is_ipv4() {
        &packet[..packet.len().min(28)]
    } else {
        packet
    };
    let (kind, code, protocol) = if from.is_ipv4() {
        (3, 3, ICMP)
    } else {
        (1, 4, ICMPV6)
    };
    let mut icmp = vec![kind, code, 0, 0, 0, 0, 0, 0];
    icmp.extend(quoted);
    let checksum = if from.is_ipv4() {
        fold(sum(&icmp))
    } else {
        pseudo_checksum(from, to, ICMPV6, &icmp)
    };
    icmp[2..4].copy_from_slice(&checksum.to_be_bytes());
    ip_packet(from, to, protocol, 0, &icmp)
}

/// An IP packet of either version.
pub fn ip_packet(
    from: IpAddr,
    to: IpAddr,
    protocol: u8,
    identification: u16,
    payload: &[u8],
) -> Vec<u8> {
    let mut packet = Vec::with_capacity(40 + payload.len());
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let total = u16::try_from(20 + payload.len()).expect("a payload that fits");
            packet.extend([0x45, 0]);
            packet.extend(total.to_be_bytes());
            packet.extend(identification.to_be_bytes());
            packet.extend([0, 0, 64, protocol, 0, 0]);
            packet.extend(from.octets());
            packet.extend(to.octets());
            let checksum = fold(sum(&packet));
            packet[10..12].copy_from_slice(&checksum.to_be_bytes());
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let length = u16::try_from(payload.len()).expect("a payload that fits");
            packet.extend([0x60, 0, 0, 0]);
            packet.extend(length.to_be_bytes());
            packet.extend([protocol, 64]);
            packet.extend(from.octets());
            packet.extend(to.octets());
        }
        _ => panic!("{from} and {to} are of different versions"),
    }
    packet.extend(payload);
    packet
}

/// Cuts an IP packet into fragments with at most `size` octets of payload, a multiple of eight.
pub fn fragments(packet: &[u8], identification: u16, size: usize) -> Vec<Vec<u8>> {
    assert!(
        size > 0 && size.is_multiple_of(8),
        "fragments of {size} octets"
    );
    let is_ipv4 = packet[0] >> 4 == 4;
    let (header, payload) = packet.split_at(if is_ipv4 { 20 } else { 40 });
    let count = payload.len().div_ceil(size);
    let pieces = payload.chunks(size).enumerate();
    pieces
        .map(|(index, piece)| {
            let offset = u16::try_from(index * size).expect("an offset that fits");
            let more = index + 1 < count;
            let mut fragment = header.to_vec();
            if is_ipv4 {
                let total = u16::try_from(20 + piece.len()).unwrap();
                let field = (offset / 8) | if more { MORE_FRAGMENTS } else { 0 };
                fragment[2..4].copy_from_slice(&total.to_be_bytes());
                fragment[4..6].copy_from_slice(&identification.to_be_bytes());
                fragment[6..8].copy_from_slice(&field.to_be_bytes());
                fragment[10..12].fill(0);
                let checksum = fold(sum(&fragment));
                fragment[10..12].copy_from_slice(&checksum.to_be_bytes());
            } else {
                let length = u16::try_from(8 + piece.len()).unwrap();
                fragment[4..6].copy_from_slice(&length.to_be_bytes());
                let protocol = std::mem::replace(&mut fragment[6], FRAGMENT);
                fragment.extend([protocol, 0]);
                fragment.extend((offset | u16::from(more)).to_be_bytes());
                fragment.extend(u32::from(identification).to_be_bytes());
            }
            fragment.extend(piece);
            fragment
        })
        .collect()
}

/// What stands before the IP packet, and the link type that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Ethernet II.
    Ethernet,
    /// Ethernet with one 802.1Q tag.
    Vlan(u16),
    /// Ethernet with an 802.1ad tag around an 802.1Q tag.
    QinQ(u16, u16),
    /// Linux cooked capture, version 1.
    Sll,
    /// Linux cooked capture, version 2.
    Sll2,
    /// BSD loopback, written by a little-endian host.
    NullLittle,
    /// BSD loopback, written by a big-endian host.
    NullBig,
    /// `OpenBSD` loopback.
    Loop,
    /// Raw IP under one of its numbers.
    Raw(u16),
}

impl Link {
    /// Every link header that IP travels in.
    pub const ALL: [Self; 13] = [
        Self::Ethernet,
        Self::Vlan(7),
        Self::QinQ(100, 7),
        Self::Sll,
        Self::Sll2,
        Self::NullLittle,
        Self::NullBig,
        Self::Loop,
        Self::Raw(12),
        Self::Raw(14),
        Self::Raw(101),
        Self::Raw(228),
        Self::Raw(229),
    ];

    /// The link type's number in a capture file.
    pub const fn number(self) -> u16 {
        match self {
            Self::Ethernet | Self::Vlan(_) | Self::QinQ(..) => 1,
            Self::Sll => 113,
            Self::Sll2 => 276,
            Self::NullLittle | Self::NullBig => 0,
            Self::Loop => 108,
            Self::Raw(number) => number,
        }
    }

    /// Octets of the header.
    pub const fn header(self) -> usize {
        match self {
            Self::Ethernet => 14,
            Self::Vlan(_) => 18,
            Self::QinQ(..) => 22,
            Self::Sll => 16,
            Self::Sll2 => 20,
            Self::NullLittle | Self::NullBig | Self::Loop => 4,
            Self::Raw(_) => 0,
        }
    }

    /// Whether a packet of this `EtherType` can travel in it: raw IP and loopbacks carry IP only.
    pub fn carries(self, ether_type: u16) -> bool {
        match self {
            Self::Raw(229) => ether_type == IPV6,
            Self::Raw(228) => ether_type == IPV4,
            Self::Raw(_) | Self::NullLittle | Self::NullBig | Self::Loop => {
                matches!(ether_type, IPV4 | IPV6)
            }
            _ => true,
        }
    }

    /// The frame with an IP packet.
    pub fn frame(self, packet: &[u8]) -> Vec<u8> {
        let ether_type = if packet[0] >> 4 == 4 { IPV4 } else { IPV6 };
        self.frame_of(ether_type, packet)
    }

    /// The frame with any payload.
    pub fn frame_of(self, ether_type: u16, payload: &[u8]) -> Vec<u8> {
        const MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x01];
        assert!(self.carries(ether_type), "{self:?}: {ether_type:#06x}");
        let family = if ether_type == IPV4 { 2_u32 } else { 30 };
        let mut frame = Vec::with_capacity(22 + payload.len());
        match self {
            Self::Ethernet | Self::Vlan(_) | Self::QinQ(..) => frame.extend([MAC, MAC].concat()),
            Self::Sll => {
                frame.extend([0, 0, 0, 1, 0, 6]); // to us, Ethernet, six octets of address
                frame.extend(MAC);
                frame.extend([0; 2]);
            }
            Self::NullLittle => frame.extend(family.to_le_bytes()),
            Self::NullBig | Self::Loop => frame.extend(family.to_be_bytes()),
            Self::Sll2 | Self::Raw(_) => {}
        }
        match self {
            Self::Vlan(tag) => {
                frame.extend(0x8100_u16.to_be_bytes());
                frame.extend(tag.to_be_bytes());
            }
            Self::QinQ(outer, inner) => {
                frame.extend(0x88a8_u16.to_be_bytes());
                frame.extend(outer.to_be_bytes());
                frame.extend(0x8100_u16.to_be_bytes());
                frame.extend(inner.to_be_bytes());
            }
            _ => {}
        }
        match self {
            Self::Sll2 => {
                frame.extend(ether_type.to_be_bytes());
                frame.extend([0, 0, 0, 0, 0, 2]); // interface 2
                frame.extend([0, 1, 0, 6]); // Ethernet, to us, six octets of address
                frame.extend(MAC);
                frame.extend([0; 2]);
            }
            Self::Ethernet | Self::Vlan(_) | Self::QinQ(..) | Self::Sll => {
                frame.extend(ether_type.to_be_bytes());
            }
            _ => {}
        }
        frame.extend(payload);
        frame
    }
}

/// The `EtherType` of IPv4.
pub const IPV4: u16 = 0x0800;
/// The `EtherType` of ARP.
pub const ARP: u16 = 0x0806;
/// The `EtherType` of IPv6.
pub const IPV6: u16 = 0x86dd;

/// The checksum over pseudo-header and payload (RFC 9293 §3.1, RFC 8200 §8.1).
fn pseudo_checksum(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> u16 {
    let mut total = u64::from(protocol) + payload.len() as u64 + sum(payload);
    for address in [from, to] {
        total += match address {
            IpAddr::V4(address) => sum(&address.octets()),
            IpAddr::V6(address) => sum(&address.octets()),
        };
    }
    fold(total)
}

/// The sum of words of 16 bits, an odd octet padded (RFC 1071).
pub fn sum(octets: &[u8]) -> u64 {
    let words = octets.chunks(2);
    words
        .map(|word| u64::from(word[0]) << 8 | u64::from(word.get(1).copied().unwrap_or(0)))
        .sum()
}

/// The complement of a sum in ones' complement arithmetic.
pub fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).expect("folded to 16 bits")
}
