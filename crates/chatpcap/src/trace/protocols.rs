//! How many frames have which protocol.

use crate::packet::{Packet, Protocol, TransportPayload};

/// The port of DNS, TCP and UDP (RFC 1035 §4.2).
const DNS_PORT: u16 = 53;
/// Octets of a DNS header (RFC 1035 §4.1.1).
const DNS_HEADER: usize = 12;

/// Frames per protocol, as a display filter of the bare name selects them: a frame counts once,
/// and packets quoted by ICMP errors count too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProtocolCounts {
    /// ARP.
    pub arp: u64,
    /// IPv4.
    pub ipv4: u64,
    /// IPv6.
    pub ipv6: u64,
    /// ICMP for IPv4.
    pub icmp: u64,
    /// ICMP for IPv6.
    pub icmpv6: u64,
    /// TCP.
    pub tcp: u64,
    /// UDP.
    pub udp: u64,
    /// DNS on port 53.
    pub dns: u64,
    /// Frames with a VLAN tag.
    pub vlan: u64,
}

impl ProtocolCounts {
    /// The counts of two captures together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            arp: self.arp.saturating_add(other.arp),
            ipv4: self.ipv4.saturating_add(other.ipv4),
            ipv6: self.ipv6.saturating_add(other.ipv6),
            icmp: self.icmp.saturating_add(other.icmp),
            icmpv6: self.icmpv6.saturating_add(other.icmpv6),
            tcp: self.tcp.saturating_add(other.tcp),
            udp: self.udp.saturating_add(other.udp),
            dns: self.dns.saturating_add(other.dns),
            vlan: self.vlan.saturating_add(other.vlan),
        }
    }

    pub(super) fn count(&mut self, packet: &Packet<'_>) {
        // One bit a protocol, so that a frame with two IP headers counts once.
        let mut seen = 0_u16;
        for layer in packet.layers() {
            let (bit, counter) = match layer.protocol {
                Protocol::Arp => (1, &mut self.arp),
                Protocol::Ipv4 => (2, &mut self.ipv4),
                Protocol::Ipv6 => (4, &mut self.ipv6),
                Protocol::Icmp => (8, &mut self.icmp),
                Protocol::Icmpv6 => (16, &mut self.icmpv6),
                Protocol::Tcp => (32, &mut self.tcp),
                Protocol::Udp => (64, &mut self.udp),
                Protocol::Vlan => (128, &mut self.vlan),
                _ => continue,
            };
            if seen & bit == 0 {
                seen |= bit;
                *counter = counter.saturating_add(1);
            }
        }
        if packet
            .transports()
            .any(|transport| is_dns(&transport.payload))
        {
            self.dns = self.dns.saturating_add(1);
        }
    }
}

fn is_dns(payload: &TransportPayload<'_>) -> bool {
    let (source, destination, payload, header) = match payload {
        TransportPayload::Tcp(tcp) => {
            // Over TCP a message has its length before it.
            (
                tcp.source_port(),
                tcp.destination_port(),
                tcp.payload(),
                DNS_HEADER + 2,
            )
        }
        TransportPayload::Udp(udp) => (
            udp.source_port(),
            udp.destination_port(),
            udp.payload(),
            DNS_HEADER,
        ),
    };
    [source, destination].contains(&Some(DNS_PORT)) && payload.len() >= header
}
