//! The walk's last part: ICMP, ICMPv6, TCP and UDP.

use etherparse::err::tcp::HeaderSliceError;
use etherparse::{TcpHeaderSlice, UdpHeaderSlice};

use super::icmp::{QUOTE, icmp_quotes, icmpv6_quotes};
use super::walk::Walk;
use super::{Protocol, Reason, udp};

impl Walk<'_> {
    /// A TCP segment.
    pub(super) fn tcp(&mut self) {
        if !self.push(Protocol::Tcp) {
            return;
        }
        match TcpHeaderSlice::from_slice(self.rest()) {
            Ok(_) => {}
            Err(HeaderSliceError::Len(error)) => self.stop_cut(Protocol::Tcp, error.required_len),
            Err(HeaderSliceError::Content(_)) => {
                self.stop(
                    Protocol::Tcp,
                    Reason::Malformed("data offset is less than five words"),
                );
            }
        }
    }

    /// A UDP datagram, and the packet inside if it is of a tunnel.
    pub(super) fn udp(&mut self) {
        if !self.push(Protocol::Udp) {
            return;
        }
        match UdpHeaderSlice::from_slice(self.rest()) {
            Ok(_) => self.udp_tunnel(),
            Err(_) => self.stop_cut(Protocol::Udp, udp::HEADER),
        }
    }

    /// An ICMP message, and the packet that it quotes.
    pub(super) fn icmp(&mut self) {
        if self.icmp_header(Protocol::Icmp, icmp_quotes) {
            self.ipv4();
        }
    }

    /// An ICMPv6 message, and the packet that it quotes.
    pub(super) fn icmpv6(&mut self) {
        if self.icmp_header(Protocol::Icmpv6, icmpv6_quotes) {
            self.ipv6();
        }
    }

    /// Passes the header; whether a quoted packet follows it.
    fn icmp_header(&mut self, protocol: Protocol, quotes: fn(u8) -> bool) -> bool {
        // A quote inside a quote is cut too short to be worth a look, and could nest for ever.
        let quotes = !self.quoted && self.peek().is_some_and(|[icmp_type]| quotes(icmp_type));
        if !self.pass(protocol, QUOTE) || !quotes || self.rest().is_empty() {
            return false;
        }
        self.quoted = true;
        true
    }
}
