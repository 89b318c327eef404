//! The walk's way into tunnels: a packet inside another's payload.
//!
//! | tunnel | told by | octets before the packet inside |
//! |---|---|---|
//! | GRE | IP protocol 47 | 4, and 4 for each of checksum, key and sequence number |
//! | VXLAN | UDP port 4789 | 8 |
//! | Geneve | UDP port 6081 | 8 and options |
//! | GTP-U | UDP port 2152 | 8, and 4 and extension headers |
//!
//! Source: RFC 2784, RFC 2890, RFC 7348 §5, RFC 8926 §3.4, 3GPP TS 29.281 §5.

use super::walk::Walk;
use super::{Protocol, Reason, udp};

/// UDP ports of tunnels (IANA, "Service Name and Transport Protocol Port Number Registry").
mod port {
    pub(super) const GTP_U: u16 = 2152;
    pub(super) const VXLAN: u16 = 4789;
    pub(super) const GENEVE: u16 = 6081;
}

/// Whether a UDP port is that of a tunnel.
pub(super) const fn is_port(port: u16) -> bool {
    matches!(port, port::GTP_U | port::VXLAN | port::GENEVE)
}

/// What GRE and Geneve say that they carry, where it is no `EtherType` of the link part.
mod carried {
    /// An Ethernet frame.
    pub(super) const ETHERNET: u16 = 0x6558;
    /// `MikroTik`'s Ethernet over IP: a length and a number, then an Ethernet frame.
    pub(super) const ETHERNET_OVER_IP: u16 = 0x6400;
    /// Aruba's IEEE 802.11 frames.
    pub(super) const ARUBA_WLAN: u16 = 0x8200;
    /// PPP, in version 1 of GRE (RFC 2637 §4.1).
    pub(super) const PPP: u16 = 0x880b;
}

impl Walk<'_> {
    /// Generic routing encapsulation.
    pub(super) fn gre(&mut self) {
        let Some([flags, version, high, low]) = self.peek() else {
            self.pass(Protocol::Gre, 4);
            return;
        };
        let has = |bit: u8| usize::from(flags & bit != 0) * 4;
        let is_second = version & 0x07 == 1;
        let kind = u16::from_be_bytes([high, low]);
        // MikroTik's key is the frame's length and the tunnel's number.
        let length = match (kind, is_second) {
            (carried::ETHERNET_OVER_IP, true) => 8,
            (_, true) => 4 + 4 + has(0x10) + usize::from(version & 0x80 != 0) * 4,
            // A checksum or routing brings both its octets and those of an offset.
            (_, false) => 4 + has(0xc0) + has(0x20) + has(0x10),
        };
        if !self.pass(Protocol::Gre, length) || self.rest().is_empty() {
            return;
        }
        match kind {
            carried::ETHERNET | carried::ETHERNET_OVER_IP => self.ethernet(),
            carried::PPP => self.ppp(),
            carried::ARUBA_WLAN => self.wlan(),
            kind => self.ether_type(Protocol::Gre, kind),
        }
    }

    /// What a UDP datagram on the port of a tunnel carries; its header is the last layer.
    pub(super) fn udp_tunnel(&mut self) {
        let Some([s0, s1, d0, d1]) = self.peek() else {
            return;
        };
        let ports = [u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1])];
        // The lower port tells, as for Wireshark.
        let tunnel = ports.iter().filter(|port| is_port(**port)).min();
        let Some(tunnel) = tunnel else { return };
        self.at = self.at.saturating_add(udp::HEADER);
        match *tunnel {
            port::VXLAN => {
                let has_number = self.peek().is_some_and(|[flags]| flags & 0x08 != 0);
                if has_number && self.pass(Protocol::Vxlan, 8) {
                    self.ethernet();
                }
            }
            port::GENEVE => self.geneve(),
            _ => self.gtp(),
        }
    }

    fn geneve(&mut self) {
        let Some([first, _, high, low]) = self.peek() else {
            return;
        };
        // Two bits of version, then the options' length in words of four octets.
        if first >> 6 != 0 {
            return;
        }
        let options = usize::from(first & 0x3f) * 4;
        if !self.pass(Protocol::Geneve, 8 + options) {
            return;
        }
        match u16::from_be_bytes([high, low]) {
            carried::ETHERNET => self.ethernet(),
            kind => self.ether_type(Protocol::Geneve, kind),
        }
    }

    fn gtp(&mut self) {
        /// A packet of the user.
        const G_PDU: u8 = 255;
        let Some([flags, kind]) = self.peek() else {
            return;
        };
        // Version 1, GTP and not GTP'.
        let is_gtp_u = flags >> 5 == 1 && flags & 0x10 != 0;
        if !is_gtp_u {
            return;
        }
        let has_options = flags & 0x07 != 0;
        let length = if has_options { 12 } else { 8 };
        let mut next = self.peek().map_or(0, |header: [u8; 12]| header[11]);
        if !self.pass(Protocol::Gtp, length) || kind != G_PDU {
            return;
        }
        let mut has_extension = flags & 0x04 != 0 && next != 0;
        while has_extension {
            // An extension header says its length in words, and ends with the next one's type.
            let words = self.peek().map_or(0, |[words]| usize::from(words));
            let octets = words * 4;
            let Some(last) = octets.checked_sub(1).and_then(|last| self.rest().get(last)) else {
                return self.stop(
                    Protocol::Gtp,
                    Reason::Malformed("extension header is too short"),
                );
            };
            next = *last;
            self.at = self.at.saturating_add(octets);
            has_extension = next != 0;
        }
        if !self.rest().is_empty() {
            self.ip(Protocol::Gtp);
        }
    }
}
