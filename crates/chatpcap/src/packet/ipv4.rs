//! The IPv4 header.
//!
//! | offset | octets | field |
//! |---|---|---|
//! | 0 | 1 | version and header length in words of 4 octets |
//! | 1 | 1 | differentiated services, ECN |
//! | 2 | 2 | total length |
//! | 4 | 2 | identification |
//! | 6 | 2 | flags and fragment offset in units of 8 octets |
//! | 8 | 1 | time to live |
//! | 9 | 1 | protocol |
//! | 10 | 2 | header checksum |
//! | 12 | 4 | source address |
//! | 16 | 4 | destination address |
//! | 20 | 0 to 40 | options |
//!
//! Source: RFC 791 §3.1.

use std::net::Ipv4Addr;

use super::field::{Field, Header};

/// Two nibbles: 4, and the header's length in words of four octets.
pub const VERSION_AND_LENGTH: Field = Field::new("version_and_header_length", 0, 1);
/// Header and payload, in octets.
pub const TOTAL_LENGTH: Field = Field::new("total_length", 2, 2);
/// Tells the packets of one sender apart, and binds the fragments of one packet together.
pub const IDENTIFICATION: Field = Field::new("identification", 4, 2);
/// Two flags (do not fragment, more fragments) and the fragment offset.
pub const FLAGS_AND_OFFSET: Field = Field::new("flags_and_fragment_offset", 6, 2);
/// How many more routers may pass the packet on.
pub const TIME_TO_LIVE: Field = Field::new("time_to_live", 8, 1);
/// The protocol of the payload: 6 TCP, 17 UDP.
pub const PROTOCOL: Field = Field::new("protocol", 9, 1);
/// The checksum over the header.
pub const CHECKSUM: Field = Field::new("header_checksum", 10, 2);
/// Who sent it.
pub const SOURCE: Field = Field::new("source_address", 12, 4);
/// Whom it is for.
pub const DESTINATION: Field = Field::new("destination_address", 16, 4);

/// An IPv4 header, whole or cut.
#[derive(Clone, Copy, Debug)]
pub struct Ipv4<'a> {
    /// The header as far as it was captured.
    pub header: Header<'a>,
}

impl Ipv4<'_> {
    /// The identification field.
    pub fn identification(&self) -> Option<u16> {
        self.header.u16(IDENTIFICATION)
    }

    /// The protocol of the payload.
    pub fn protocol(&self) -> Option<u8> {
        self.header.u8(PROTOCOL)
    }

    /// The sender's address.
    pub fn source(&self) -> Option<Ipv4Addr> {
        self.header.u32(SOURCE).map(Ipv4Addr::from_bits)
    }

    /// The receiver's address.
    pub fn destination(&self) -> Option<Ipv4Addr> {
        self.header.u32(DESTINATION).map(Ipv4Addr::from_bits)
    }
}
