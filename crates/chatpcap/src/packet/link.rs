//! The walk's first part: from the link type to an `EtherType` or an IP packet.

use etherparse::{Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use super::walk::Walk;
use super::{Protocol, Reason};
use crate::capture::LinkType;

/// `EtherType` values (IANA, "IEEE 802 Numbers").
pub(crate) mod ether_type {
    pub(in crate::packet) const IPV4: u16 = 0x0800;
    pub(super) const ARP: u16 = 0x0806;
    pub(in crate::packet) const VLAN: u16 = 0x8100;
    pub(in crate::packet) const IPV6: u16 = 0x86dd;
    pub(super) const MPLS: u16 = 0x8847;
    pub(super) const MPLS_MULTICAST: u16 = 0x8848;
    pub(super) const PPPOE_SESSION: u16 = 0x8864;
    pub(super) const PROVIDER_BRIDGE: u16 = 0x88a8;
    pub(super) const VNTAG: u16 = 0x8926;
    pub(super) const OLD_QINQ: u16 = 0x9100;
    /// Below this an Ethernet frame's type field is a length (IEEE 802.3 §3.2.6), and that of a cooked
    /// capture one of Linux's own protocols (802.3, 802.2 ...).
    pub(crate) const FIRST: u16 = 0x0600;
}

/// Octets of headers that `etherparse` has no slice for.
mod length {
    pub(super) const SLL: usize = 16;
    pub(super) const SLL2: usize = 20;
    pub(super) const LOOPBACK: usize = 4;
    pub(super) const CISCO_HDLC: usize = 4;
    pub(super) const LLC_SNAP: usize = 8;
    pub(super) const MPLS_LABEL: usize = 4;
    pub(super) const PPPOE: usize = 6;
    pub(super) const VNTAG: usize = 6;
    pub(super) const NFLOG: usize = 4;
    pub(super) const INFINIBAND_GRH: usize = 40;
    pub(super) const IPOIB: usize = 4;
    pub(super) const WLAN_DATA: usize = 24;
}

/// Whether frames of this link type are decoded at all.
pub(super) fn supports(link_type: LinkType) -> bool {
    matches!(
        link_type,
        LinkType::ETHERNET
            | LinkType::NULL
            | LinkType::LOOP
            | LinkType::RAW_12
            | LinkType::RAW_14
            | LinkType::RAW_101
            | LinkType::IPV4
            | LinkType::IPV6
            | LinkType::LINUX_SLL
            | LinkType::LINUX_SLL2
            | LinkType::PPP
            | LinkType::PPP_HDLC
            | LinkType::CHDLC
            | LinkType::NFLOG
            | LinkType::IPOIB
            | LinkType::IEEE802_11
            | LinkType::RADIOTAP
    )
}

impl Walk<'_> {
    /// The whole frame. A link type that [`supports`] does not name gives no layer.
    pub(super) fn link(&mut self, link_type: LinkType) {
        match link_type {
            LinkType::ETHERNET => self.ethernet(),
            LinkType::LINUX_SLL => self.linux_sll(Protocol::LinuxSll, length::SLL, 14),
            LinkType::LINUX_SLL2 => self.linux_sll(Protocol::LinuxSll2, length::SLL2, 0),
            LinkType::NULL => self.loopback(true),
            LinkType::LOOP => self.loopback(false),
            LinkType::RAW_12 | LinkType::RAW_14 | LinkType::RAW_101 => self.ip(Protocol::Ipv4),
            LinkType::IPV4 => self.ipv4(),
            LinkType::IPV6 => self.ipv6(),
            LinkType::PPP | LinkType::PPP_HDLC => self.ppp(),
            LinkType::CHDLC => self.cisco_hdlc(),
            LinkType::NFLOG => self.nflog(),
            LinkType::IPOIB => self.infiniband(),
            LinkType::IEEE802_11 => self.wlan(),
            LinkType::RADIOTAP => self.radiotap(),
            _ => {}
        }
    }

    pub(super) fn ethernet(&mut self) {
        let Ok(header) = Ethernet2HeaderSlice::from_slice(self.rest()) else {
            self.pass(Protocol::Ethernet, etherparse::Ethernet2Header::LEN);
            return;
        };
        if self.pass(Protocol::Ethernet, header.slice().len()) {
            self.ether_type_or_length(Protocol::Ethernet, header.ether_type().0);
        }
    }

    /// A type field that is a length when it is small.
    fn ether_type_or_length(&mut self, layer: Protocol, value: u16) {
        if value >= ether_type::FIRST {
            self.ether_type(layer, value);
        } else {
            self.end = self.end.min(self.at.saturating_add(value.into()));
            self.llc();
        }
    }

    pub(super) fn ether_type(&mut self, layer: Protocol, ether_type: u16) {
        match ether_type {
            ether_type::IPV4 => self.ipv4(),
            ether_type::IPV6 => self.ipv6(),
            ether_type::ARP => self.arp(),
            ether_type::VLAN | ether_type::PROVIDER_BRIDGE | ether_type::OLD_QINQ => self.vlan(),
            ether_type::VNTAG => self.vntag(),
            ether_type::MPLS | ether_type::MPLS_MULTICAST => self.mpls(),
            ether_type::PPPOE_SESSION => self.pppoe(),
            other => self.stop(layer, Reason::Unsupported(other)),
        }
    }

    fn vlan(&mut self) {
        let Ok(tag) = SingleVlanHeaderSlice::from_slice(self.rest()) else {
            self.pass(Protocol::Vlan, etherparse::SingleVlanHeader::LEN);
            return;
        };
        if self.pass(Protocol::Vlan, tag.slice().len()) {
            self.ether_type_or_length(Protocol::Vlan, tag.ether_type().0);
        }
    }

    /// Cisco's VN-Tag: four octets of tag, then an `EtherType`.
    fn vntag(&mut self) {
        let next = self
            .peek()
            .map(|[_, _, _, _, high, low]| u16::from_be_bytes([high, low]));
        if self.pass(Protocol::VnTag, length::VNTAG)
            && let Some(next) = next
        {
            self.ether_type_or_length(Protocol::VnTag, next);
        }
    }

    /// A stack of labels, the last one with its bottom bit set (RFC 3032 §2.1); what follows is told
    /// by its first four bits.
    fn mpls(&mut self) {
        if !self.push(Protocol::Mpls) {
            return;
        }
        while let Some([_, _, bottom, _]) = self.peek() {
            self.at = self.at.saturating_add(length::MPLS_LABEL);
            if bottom & 1 == 1 {
                return self.ip(Protocol::Mpls);
            }
        }
        self.stop_cut(Protocol::Mpls, length::MPLS_LABEL);
    }

    /// PPP over Ethernet, session stage (RFC 2516 §4).
    fn pppoe(&mut self) {
        if self.pass(Protocol::Pppoe, length::PPPOE) {
            self.ppp();
        }
    }

    /// PPP, with or without address and control octets (RFC 1661 §2, RFC 1662 §3.1).
    pub(super) fn ppp(&mut self) {
        if !self.push(Protocol::Ppp) {
            return;
        }
        if let Some([0xff | 0x0f, 0x03 | 0x00]) = self.peek() {
            self.at = self.at.saturating_add(2);
        }
        // A compressed protocol field is one odd octet (RFC 1661 §6.5).
        let (protocol, octets) = match (self.peek(), self.peek()) {
            (Some([odd]), _) if odd & 1 == 1 => (u16::from(odd), 1),
            (_, Some([high, low])) => (u16::from_be_bytes([high, low]), 2),
            _ => return self.stop_cut(Protocol::Ppp, 2),
        };
        self.at = self.at.saturating_add(octets);
        match protocol {
            0x0021 => self.ipv4(),
            0x0057 => self.ipv6(),
            0x0281 | 0x0283 => self.mpls(),
            other => self.stop(Protocol::Ppp, Reason::Unsupported(other)),
        }
    }

    fn cisco_hdlc(&mut self) {
        let next = self
            .peek()
            .map(|[_, _, high, low]| u16::from_be_bytes([high, low]));
        if self.pass(Protocol::CiscoHdlc, length::CISCO_HDLC)
            && let Some(next) = next
        {
            self.ether_type(Protocol::CiscoHdlc, next);
        }
    }

    /// Linux cooked capture; the protocol stands at octet `at` of the header.
    fn linux_sll(&mut self, layer: Protocol, header: usize, at: usize) {
        let next = self
            .rest()
            .get(at..)
            .and_then(|rest| rest.first_chunk().copied());
        if !self.pass(layer, header) {
            return;
        }
        match next.map_or(0, u16::from_be_bytes) {
            // Novell's raw 802.3 and frames without a protocol are not decoded; 4 is 802.2.
            4 => self.llc(),
            protocol => self.ether_type(layer, protocol),
        }
    }

    /// BSD loopback: an address family before the packet, in the byte order of the host that
    /// captured (null) or in network order (loop).
    fn loopback(&mut self, host_order: bool) {
        let family = self.peek().map_or(0, |octets: [u8; length::LOOPBACK]| {
            let little = u32::from_le_bytes(octets);
            // Families are small numbers: a large one was written by a host of the other order.
            if host_order && little <= 0xffff {
                little
            } else {
                u32::from_be_bytes(octets)
            }
        });
        if !self.pass(Protocol::Loopback, length::LOOPBACK) {
            return;
        }
        match family {
            2 => self.ipv4(),
            // AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS.
            10 | 24 | 28 | 30 => self.ipv6(),
            other => match u16::try_from(other) {
                Ok(other) if other >= ether_type::FIRST => {
                    self.ether_type(Protocol::Loopback, other);
                }
                other => {
                    let family = other.unwrap_or(u16::MAX);
                    self.stop(Protocol::Loopback, Reason::Unsupported(family));
                }
            },
        }
    }

    /// IEEE 802.2 with SNAP, or with an access point number that stands for IP.
    fn llc(&mut self) {
        match self.peek() {
            Some([0xaa, 0xaa, 0x03, 0, 0, 0, high, low]) => {
                if self.pass(Protocol::Llc, length::LLC_SNAP) {
                    self.ether_type(Protocol::Llc, u16::from_be_bytes([high, low]));
                }
            }
            _ => {
                if self.push(Protocol::Llc) {
                    self.llc_without_snap();
                }
            }
        }
    }

    fn llc_without_snap(&mut self) {
        match self.peek() {
            Some([0x06, 0x06, 0x03]) => {
                self.at = self.at.saturating_add(3);
                self.ipv4();
            }
            Some([service, _, _]) => {
                self.stop(Protocol::Llc, Reason::Unsupported(service.into()));
            }
            None => self.stop_cut(Protocol::Llc, 3),
        }
    }

    /// Netfilter log: attributes of length, type and value, padded to four octets; the packet is
    /// the one of type 9.
    fn nflog(&mut self) {
        const PAYLOAD: u16 = 9;
        const ATTRIBUTE: usize = 4;
        let family = self.peek().map(|[family]| family);
        if !self.pass(Protocol::Nflog, length::NFLOG) {
            return;
        }
        while let Some([length_0, length_1, type_0, type_1]) = self.peek() {
            let length = usize::from(u16::from_le_bytes([length_0, length_1]));
            if length < ATTRIBUTE {
                return self.stop(Protocol::Nflog, Reason::Malformed("attribute is too short"));
            }
            if u16::from_le_bytes([type_0, type_1]) & 0x7fff == PAYLOAD {
                self.end = self.end.min(self.at.saturating_add(length));
                self.at = self.at.saturating_add(ATTRIBUTE);
                return match family {
                    Some(2) => self.ipv4(),
                    Some(10) => self.ipv6(),
                    other => {
                        let family = other.unwrap_or(0).into();
                        self.stop(Protocol::Nflog, Reason::Unsupported(family));
                    }
                };
            }
            self.at = self.at.saturating_add(length.next_multiple_of(4));
        }
    }

    /// IP over `InfiniBand`: a global routing header, then an `EtherType` (RFC 4391 §6).
    fn infiniband(&mut self) {
        const HEADER: usize = length::INFINIBAND_GRH + length::IPOIB;
        let next = self.peek().and_then(|header: [u8; HEADER]| {
            header.get(length::INFINIBAND_GRH..)?.first_chunk().copied()
        });
        if self.pass(Protocol::Infiniband, HEADER)
            && let Some(next) = next
        {
            self.ether_type(Protocol::Infiniband, u16::from_be_bytes(next));
        }
    }

    /// Radiotap: its length stands in octets 2 and 3, little-endian.
    fn radiotap(&mut self) {
        let header = self
            .peek()
            .map_or(8, |[_, _, low, high]| u16::from_le_bytes([low, high]));
        if self.pass(Protocol::Radiotap, header.into()) {
            self.wlan();
        }
    }

    /// IEEE 802.11: only data frames that are not encrypted carry packets (IEEE 802.11 §9.2.4.1).
    pub(super) fn wlan(&mut self) {
        let Some([kind, flags]) = self.peek() else {
            self.pass(Protocol::Wlan, 2);
            return;
        };
        let is_data = kind & 0x0c == 0x08;
        let is_null = kind & 0x40 != 0;
        let is_protected = flags & 0x40 != 0;
        if !is_data || is_null || is_protected {
            self.push(Protocol::Wlan);
            return;
        }
        let has_fourth_address = flags & 0x03 == 0x03;
        let has_qos = kind & 0x80 != 0;
        let header = length::WLAN_DATA
            .saturating_add(if has_fourth_address { 6 } else { 0 })
            .saturating_add(if has_qos { 2 } else { 0 });
        if self.pass(Protocol::Wlan, header) {
            self.llc();
        }
    }
}
