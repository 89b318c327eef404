//! A short way for plain packets, in front of the general one.
//!
//! Nearly every packet of nearly every capture is Ethernet, at most one VLAN tag, IPv4 without options or
//! IPv6 without extension headers, and TCP or UDP, whole and with nothing odd. Such a packet is decoded here
//! in one look at its octets. Whatever differs in anything gives `None`, and goes the general way, which
//! gives the same for these: the tests hold the two against each other on any octets.
//!
//! A look takes 100 instructions, the general way 400.

use arrayvec::ArrayVec;

use super::link::ether_type;
use super::network::number;
use super::{Layer, Packet, Protocol, tcp, tunnel, udp};

/// Octets of an Ethernet header, and where its type stands.
const ETHERNET: usize = 14;
const ETHER_TYPE: usize = 12;
const VLAN: usize = 4;
const IPV4: usize = 20;
const IPV6: usize = 40;

/// Version 4, and a header of five words.
const IPV4_WITHOUT_OPTIONS: u8 = 0x45;

/// A plain packet: where its headers stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plain {
    has_tag: bool,
    network: Protocol,
    /// Octets before the IP header.
    pub network_at: usize,
    pub transport: Protocol,
    /// Octets before the TCP or UDP header.
    pub transport_at: usize,
    /// Octets before the end of the IP packet.
    end: usize,
}

impl Plain {
    /// Looks at an Ethernet frame that is claimed to be of that length.
    #[inline]
    pub(crate) fn find(octets: &[u8], original_length: u32) -> Option<Self> {
        let mut network_at = ETHERNET;
        let mut ether_type = u16_at(octets, ETHER_TYPE)?;
        let has_tag = ether_type == ether_type::VLAN;
        if has_tag {
            network_at = ETHERNET + VLAN;
            ether_type = u16_at(octets, ETHER_TYPE + VLAN)?;
        }
        let rest = octets.get(network_at..)?;
        let (network, protocol, transport_at, length) = match ether_type {
            ether_type::IPV4 => {
                let header: &[u8; IPV4] = rest.first_chunk()?;
                let is_fragment = header[6] & 0x3f != 0 || header[7] != 0;
                if header[0] != IPV4_WITHOUT_OPTIONS || is_fragment {
                    return None;
                }
                let length = u16::from_be_bytes([header[2], header[3]]);
                let length = usize::from(length).checked_sub(IPV4)?;
                (Protocol::Ipv4, header[9], network_at + IPV4, length)
            }
            ether_type::IPV6 => {
                let header: &[u8; IPV6] = rest.first_chunk()?;
                if header[0] >> 4 != 6 {
                    return None;
                }
                let length = u16::from_be_bytes([header[4], header[5]]);
                (Protocol::Ipv6, header[6], network_at + IPV6, length.into())
            }
            _ => return None,
        };
        let frame_end = frame_end(octets, original_length);
        let end = transport_at.saturating_add(length).min(frame_end);
        let rest = octets.get(transport_at..end.min(octets.len()))?;
        let transport = match protocol {
            number::TCP => {
                let header: &[u8; tcp::MIN_HEADER] = rest.first_chunk()?;
                let length = usize::from(header[12] >> 4) * 4;
                if length < tcp::MIN_HEADER || length > rest.len() {
                    return None;
                }
                Protocol::Tcp
            }
            number::UDP => {
                let header: &[u8; udp::HEADER] = rest.first_chunk()?;
                let [from, to] = [[header[0], header[1]], [header[2], header[3]]];
                if [from, to]
                    .into_iter()
                    .any(|port| tunnel::is_port(u16::from_be_bytes(port)))
                {
                    return None;
                }
                Protocol::Udp
            }
            _ => return None,
        };
        Some(Self {
            has_tag,
            network,
            network_at,
            transport,
            transport_at,
            end,
        })
    }

    pub(crate) fn is_ipv6(&self) -> bool {
        self.network == Protocol::Ipv6
    }

    /// Octets of the segment or datagram, header included, on the wire.
    pub(crate) const fn length(&self) -> usize {
        self.end.saturating_sub(self.transport_at)
    }

    /// The packet with its headers.
    #[inline]
    pub(crate) fn packet<'a>(&self, octets: &'a [u8], original_length: u32) -> Packet<'a> {
        let frame_end = frame_end(octets, original_length);
        let layer = |protocol, start, end| Layer::new(protocol, start, end);
        let mut packet = Packet {
            octets,
            reassembled: &[],
            layers: ArrayVec::new_const(),
            stop: None,
        };
        packet.layers.push(layer(Protocol::Ethernet, 0, frame_end));
        if self.has_tag {
            packet
                .layers
                .push(layer(Protocol::Vlan, ETHERNET, frame_end));
        }
        // An IP header is noted before its length is read.
        packet
            .layers
            .push(layer(self.network, self.network_at, frame_end));
        packet
            .layers
            .push(layer(self.transport, self.transport_at, self.end));
        packet
    }
}

/// Octets before the end of the frame on the wire, as [`Walk`](super::walk::Walk) has it.
fn frame_end(octets: &[u8], original_length: u32) -> usize {
    let original = usize::try_from(original_length).unwrap_or(usize::MAX);
    original.max(octets.len())
}

fn u16_at(octets: &[u8], at: usize) -> Option<u16> {
    let field = octets.get(at..)?.first_chunk()?;
    Some(u16::from_be_bytes(*field))
}
