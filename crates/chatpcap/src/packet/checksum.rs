//! Internet checksums (RFC 1071) of IPv4, TCP and UDP.
//!
//! A sender whose network card computes checksums hands packets down without them, and that is what
//! a capture on that host shows: Linux leaves the sum over the pseudo-header alone in the field.
//! Such a packet was right on the wire.

use std::net::IpAddr;

use etherparse::checksum::Sum16BitWords;

use super::ipv4::{self, Ipv4};
use super::{Transport, TransportPayload, tcp, udp};

/// What a checksum is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// It fits what it covers.
    Good,
    /// It is what a host leaves there for its network card to complete.
    Offloaded,
    /// It does not fit: octets were altered on the way, or the sender is broken.
    Bad,
    /// The sender made none, which UDP over IPv4 allows (RFC 768).
    Absent,
    /// Not all that it covers was captured.
    Unknown,
}

/// The ones' complement sum of `octets` in words of two, folded into 16 bits. Over a header or message
/// with its own checksum in place it is 0xffff where the checksum is right.
pub fn sum(octets: &[u8]) -> u16 {
    folded(&Sum16BitWords::new().add_slice(octets))
}

/// The header checksum of IPv4 (RFC 791 §3.1).
pub fn ipv4(ipv4: &Ipv4<'_>) -> Checksum {
    let words = ipv4
        .header
        .u8(ipv4::VERSION_AND_LENGTH)
        .map(|octet| octet & 0x0f);
    let length = usize::from(words.unwrap_or(0)) * 4;
    let (Some(octets), Some(field)) = (
        ipv4.header.octets().get(..length),
        ipv4.header.u16(ipv4::CHECKSUM),
    ) else {
        return Checksum::Unknown;
    };
    if is_whole(&Sum16BitWords::new().add_slice(octets)) {
        Checksum::Good
    } else if field == 0 {
        Checksum::Offloaded
    } else {
        Checksum::Bad
    }
}

/// The checksum of a TCP segment (RFC 9293 §3.1) or UDP datagram (RFC 768, RFC 8200 §8.1).
pub fn transport(transport: &Transport<'_>) -> Checksum {
    let (header, length, field, protocol) = match &transport.payload {
        TransportPayload::Tcp(tcp) => (tcp.header, tcp.length, tcp::CHECKSUM, 6),
        TransportPayload::Udp(udp) => {
            // The datagram's own length counts; 0 stands for the IP packet's (RFC 2675 §4).
            let length = udp.length().map_or(udp.available, usize::from);
            let length = if length == 0 {
                udp.available
            } else {
                length.min(udp.available)
            };
            (udp.header, length, udp::CHECKSUM, 17)
        }
    };
    let (Some(octets), Some(field)) = (header.octets().get(..length), header.u16(field)) else {
        return Checksum::Unknown;
    };
    if protocol == 17 && field == 0 {
        return Checksum::Absent;
    }
    let pseudo =
        |length: usize| pseudo_header(transport.source, transport.destination, protocol, length);
    if is_whole(&pseudo(length).add_slice(octets)) {
        Checksum::Good
    } else if [length, 0]
        .into_iter()
        .any(|length| folded(&pseudo(length)) == field)
    {
        Checksum::Offloaded
    } else {
        Checksum::Bad
    }
}

/// The sum over addresses, protocol and length.
fn pseudo_header(
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    length: usize,
) -> Sum16BitWords {
    let mut sum = Sum16BitWords::new();
    for address in [source, destination] {
        sum = match address {
            IpAddr::V4(address) => sum.add_4bytes(address.octets()),
            IpAddr::V6(address) => sum.add_16bytes(address.octets()),
        };
    }
    // A length beyond 32 bits cannot be captured.
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    sum.add_2bytes([0, protocol])
        .add_4bytes(length.to_be_bytes())
}

/// The sum of what holds its own checksum is minus zero.
fn is_whole(sum: &Sum16BitWords) -> bool {
    sum.ones_complement() == 0
}

/// The sum itself, in host order.
fn folded(sum: &Sum16BitWords) -> u16 {
    u16::from_be(!sum.ones_complement())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Network;
    use crate::packet::field::Header;
    use crate::packet::field::Position;

    /// The SYN of the lab's capture on the host that sent it: IPv4 header and TCP header.
    const SYN: [u8; 60] = [
        0x45, 0x00, 0x00, 0x3c, 0x2e, 0x07, 0x40, 0x00, 0x40, 0x06, 0xbc, 0x7f, 0x0a, 0x14, 0x1e,
        0x0b, //
        0x0a, 0x14, 0x1e, 0x03, 0xc6, 0x3c, 0x13, 0x88, 0x58, 0xb9, 0x10, 0x17, 0x00, 0x00, 0x00,
        0x00, //
        0xa0, 0x02, 0xfa, 0xf0, 0x50, 0x64, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x04, 0x02, 0x08,
        0x0a, //
        0x86, 0xf6, 0x75, 0xcb, 0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x0a,
    ];

    fn judge(octets: &[u8]) -> (Checksum, Checksum) {
        let header = Ipv4 {
            header: Header::new(octets, Position::Frame(14)),
        };
        let segment = Transport {
            source: header.source().unwrap().into(),
            destination: header.destination().unwrap().into(),
            quoted: false,
            layer: 1,
            network: Network::Ipv4(header),
            payload: TransportPayload::Tcp(tcp::Tcp {
                header: Header::new(&octets[20..], Position::Frame(34)),
                length: 40,
            }),
        };
        (ipv4(&header), transport(&segment))
    }

    /// The example of RFC 1071 §3.
    #[test]
    fn the_example_of_the_rfc() {
        assert_eq!(
            sum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]),
            0xddf2
        );
        assert_eq!(sum(&[0xff]), 0xff00);
        assert_eq!(sum(&[]), 0);
    }

    #[test]
    fn offloaded_good_and_bad() {
        assert_eq!(judge(&SYN), (Checksum::Good, Checksum::Offloaded));
        // What the network card made of it, computed by hand: 0x5064 over the pseudo-header and the rest.
        let mut whole = SYN;
        let sum = pseudo_header([10, 20, 30, 11].into(), [10, 20, 30, 3].into(), 6, 40);
        whole[36..38].fill(0);
        let checksum = u16::from_be(sum.add_slice(&whole[20..]).ones_complement());
        whole[36..38].copy_from_slice(&checksum.to_be_bytes());
        assert_eq!(judge(&whole), (Checksum::Good, Checksum::Good));
        for at in [8, 24, 47] {
            let mut altered = whole;
            altered[at] ^= 0x10;
            let (network, segment) = judge(&altered);
            let expected = if at < 20 {
                (Checksum::Bad, Checksum::Good)
            } else {
                (Checksum::Good, Checksum::Bad)
            };
            assert_eq!((network, segment), expected, "octet {at}");
        }
        assert_eq!(judge(&whole[..59]).1, Checksum::Unknown);
    }
}
