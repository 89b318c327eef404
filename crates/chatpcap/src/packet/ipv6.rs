//! The IPv6 header.
//!
//! | offset | octets | field |
//! |---|---|---|
//! | 0 | 4 | version, traffic class, flow label |
//! | 4 | 2 | payload length, extension headers included |
//! | 6 | 1 | next header |
//! | 7 | 1 | hop limit |
//! | 8 | 16 | source address |
//! | 24 | 16 | destination address |
//!
//! Source: RFC 8200 §3. Extension headers begin with the next header's number in their first octet
//! (RFC 8200 §4).

use std::net::Ipv6Addr;

use super::field::{Field, Header};

/// Octets of the header, extension headers left out.
pub const HEADER: usize = 40;
/// Everything behind this header, in octets.
pub const PAYLOAD_LENGTH: Field = Field::new("payload_length", 4, 2);
/// What follows: an extension header, or 6 TCP, 17 UDP.
pub const NEXT_HEADER: Field = Field::new("next_header", 6, 1);
/// How many more routers may pass the packet on.
pub const HOP_LIMIT: Field = Field::new("hop_limit", 7, 1);
/// Who sent it.
pub const SOURCE: Field = Field::new("source_address", 8, 16);
/// Whom it is for.
pub const DESTINATION: Field = Field::new("destination_address", 24, 16);
/// In an extension header: what follows it.
pub const EXTENSION_NEXT_HEADER: Field = Field::new("next_header", 0, 1);

/// An IPv6 header, whole or cut.
#[derive(Clone, Copy, Debug)]
pub struct Ipv6<'a> {
    /// The header as far as it was captured.
    pub header: Header<'a>,
}

impl Ipv6<'_> {
    /// The number of the header that follows this one.
    pub fn next_header(&self) -> Option<u8> {
        self.header.u8(NEXT_HEADER)
    }

    /// The sender's address.
    pub fn source(&self) -> Option<Ipv6Addr> {
        self.address(SOURCE)
    }

    /// The receiver's address.
    pub fn destination(&self) -> Option<Ipv6Addr> {
        self.address(DESTINATION)
    }

    fn address(&self, field: Field) -> Option<Ipv6Addr> {
        let octets = self.header.bytes(field)?.first_chunk::<16>()?;
        Some(Ipv6Addr::from(*octets))
    }
}
