//! The walk's middle part: ARP, IPv4, IPv6 and its extension headers, and fragments of both.

use etherparse::err::{ipv4, ipv6};
use etherparse::{
    ArpPacketSlice, IpAuthHeaderSlice, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice,
    Ipv6RawExtHeaderSlice,
};

use super::reassembly::Fragment;
use super::walk::Walk;
use super::{Protocol, Reason};

/// IP protocol numbers (IANA, "Assigned Internet Protocol Numbers").
pub(super) mod number {
    pub(super) const HOP_BY_HOP: u8 = 0;
    pub(super) const ICMP: u8 = 1;
    pub(super) const IPV4: u8 = 4;
    pub(in crate::packet) const TCP: u8 = 6;
    pub(in crate::packet) const UDP: u8 = 17;
    pub(super) const IPV6: u8 = 41;
    pub(super) const ROUTING: u8 = 43;
    pub(super) const FRAGMENT: u8 = 44;
    pub(super) const GRE: u8 = 47;
    pub(super) const AUTHENTICATION: u8 = 51;
    pub(super) const ICMPV6: u8 = 58;
    pub(super) const NO_NEXT_HEADER: u8 = 59;
    pub(super) const DESTINATION_OPTIONS: u8 = 60;
    pub(super) const MOBILITY: u8 = 135;
    pub(super) const HIP: u8 = 139;
    pub(super) const SHIM6: u8 = 140;
}

impl<'a> Walk<'a> {
    /// An ARP packet.
    pub(super) fn arp(&mut self) {
        if !self.push(Protocol::Arp) {
            return;
        }
        if let Err(error) = ArpPacketSlice::from_slice(self.rest()) {
            self.stop_cut(Protocol::Arp, error.required_len);
        }
    }

    /// An IP packet whose version only its first four bits tell.
    pub(super) fn ip(&mut self, outer: Protocol) {
        match self.peek().map(|[octet]| octet >> 4) {
            Some(4) => self.ipv4(),
            Some(6) => self.ipv6(),
            Some(_) => self.stop(outer, Reason::Malformed("IP version is neither 4 nor 6")),
            None => self.stop_cut(outer, 1),
        }
    }

    /// An IPv4 packet.
    pub(super) fn ipv4(&mut self) {
        if !self.push(Protocol::Ipv4) {
            return;
        }
        let header = match Ipv4HeaderSlice::from_slice(self.rest()) {
            Ok(header) => header,
            Err(ipv4::HeaderSliceError::Len(error)) => {
                return self.stop_cut(Protocol::Ipv4, error.required_len);
            }
            Err(ipv4::HeaderSliceError::Content(error)) => {
                let what = match error {
                    ipv4::HeaderError::UnexpectedVersion { .. } => "version is not 4",
                    ipv4::HeaderError::HeaderLengthSmallerThanHeader { .. } => {
                        "header length is less than five words"
                    }
                };
                return self.stop(Protocol::Ipv4, Reason::Malformed(what));
            }
        };
        let header_length = header.slice().len();
        let total = usize::from(header.total_len());
        let announced = self.at.saturating_add(total);
        // A total length of 0 is left by segmentation offload: the frame's own length counts.
        if total != 0 {
            if total < header_length {
                let reason = Reason::Malformed("total length is less than the header's");
                return self.stop(Protocol::Ipv4, reason);
            }
            self.end = self.end.min(announced);
        }
        self.at = self.at.saturating_add(header_length);
        let offset = usize::from(header.fragments_offset().value()) * 8;
        if offset == 0 && !header.more_fragments() {
            return self.ip_payload(header.protocol().0);
        }
        let fragment = Fragment {
            addresses: [
                header.source_addr().to_ipv6_mapped().to_bits(),
                header.destination_addr().to_ipv6_mapped().to_bits(),
            ],
            identification: header.identification().into(),
            protocol: header.protocol().0,
            offset,
            more: header.more_fragments(),
            octets: self.rest(),
        };
        self.fragment(fragment, announced);
    }

    /// An IPv6 packet.
    pub(super) fn ipv6(&mut self) {
        if !self.push(Protocol::Ipv6) {
            return;
        }
        let header = match Ipv6HeaderSlice::from_slice(self.rest()) {
            Ok(header) => header,
            Err(ipv6::HeaderSliceError::Len(error)) => {
                return self.stop_cut(Protocol::Ipv6, error.required_len);
            }
            Err(ipv6::HeaderSliceError::Content(_)) => {
                return self.stop(Protocol::Ipv6, Reason::Malformed("version is not 6"));
            }
        };
        self.at = self.at.saturating_add(header.slice().len());
        let payload = usize::from(header.payload_length());
        let announced = self.at.saturating_add(payload);
        // Zero stands for a jumbogram or for segmentation offload: the frame's own length counts.
        if payload != 0 {
            self.end = self.end.min(announced);
        }
        let addresses = [
            header.source_addr().to_bits(),
            header.destination_addr().to_bits(),
        ];
        self.extensions(header.next_header().0, addresses, announced);
    }

    /// The extension headers of an IPv6 packet that says it ends at `announced`, and what follows
    /// them.
    fn extensions(&mut self, mut next: u8, addresses: [u128; 2], announced: usize) {
        loop {
            let rest = self.rest();
            let passed = match next {
                number::HOP_BY_HOP
                | number::ROUTING
                | number::DESTINATION_OPTIONS
                | number::MOBILITY
                | number::HIP
                | number::SHIM6 => Ipv6RawExtHeaderSlice::from_slice(rest)
                    .map(|header| (header.slice().len(), header.next_header().0))
                    .map_err(|error| error.required_len),
                number::FRAGMENT => match Ipv6FragmentHeaderSlice::from_slice(rest) {
                    Ok(header) if header.is_fragmenting_payload() => {
                        if !self.pass(Protocol::Extension, header.slice().len()) {
                            return;
                        }
                        let fragment = Fragment {
                            addresses,
                            identification: header.identification(),
                            protocol: header.next_header().0,
                            offset: usize::from(header.fragment_offset().value()) * 8,
                            more: header.more_fragments(),
                            octets: self.rest(),
                        };
                        return self.fragment(fragment, announced);
                    }
                    // An atomic fragment (RFC 6946) is whole.
                    Ok(header) => Ok((header.slice().len(), header.next_header().0)),
                    Err(error) => Err(error.required_len),
                },
                // An authentication header is an extension header here and a payload of IPv4: both
                // go the same way.
                _ => return self.ip_payload(next),
            };
            match passed {
                Ok((length, following)) => {
                    if !self.pass(Protocol::Extension, length) {
                        return;
                    }
                    next = following;
                }
                Err(needed) => {
                    if self.push(Protocol::Extension) {
                        self.stop_cut(Protocol::Extension, needed);
                    }
                    return;
                }
            }
        }
    }

    /// What an IP header or the last extension header announces.
    pub(super) fn ip_payload(&mut self, protocol: u8) {
        // A packet that ends with its IP header carries nothing, whatever the header announces.
        if self.at >= self.end {
            return;
        }
        match protocol {
            number::TCP => self.tcp(),
            number::UDP => self.udp(),
            number::ICMP => self.icmp(),
            number::ICMPV6 => self.icmpv6(),
            number::IPV4 => self.ipv4(),
            number::IPV6 => self.ipv6(),
            number::GRE => self.gre(),
            number::AUTHENTICATION => self.authentication(),
            number::NO_NEXT_HEADER => {}
            number::HOP_BY_HOP
            | number::ROUTING
            | number::FRAGMENT
            | number::DESTINATION_OPTIONS => self.extensions(protocol, [0; 2], self.end),
            other => self.stop(self.last_layer(), Reason::Unsupported(other.into())),
        }
    }

    fn authentication(&mut self) {
        match IpAuthHeaderSlice::from_slice(self.rest()) {
            Ok(header) => {
                let (length, next) = (header.slice().len(), header.next_header().0);
                if self.pass(Protocol::Extension, length) {
                    self.ip_payload(next);
                }
            }
            Err(_) => {
                if self.push(Protocol::Extension) {
                    self.stop_cut(Protocol::Extension, etherparse::IpAuthHeader::MIN_LEN);
                }
            }
        }
    }

    /// A fragment of a packet that says it ends at `announced`. One that was captured whole waits for
    /// the others; of one that was cut, the first of its datagram still shows the transport header.
    fn fragment(&mut self, fragment: Fragment<'a>, announced: usize) {
        let is_whole = self.octets.len() >= announced;
        if is_whole && !self.quoted {
            self.stop(self.last_layer(), Reason::Fragment);
            self.fragment = Some(fragment);
        } else if fragment.offset == 0 {
            self.ip_payload(fragment.protocol);
        } else {
            self.stop(self.last_layer(), Reason::Fragment);
        }
    }
}
