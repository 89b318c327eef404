//! The ARP packet, as it is for Ethernet and IPv4.
//!
//! | offset | octets | field |
//! |---|---|---|
//! | 0 | 2 | hardware type |
//! | 2 | 2 | protocol type |
//! | 4 | 1 | hardware address length (6) |
//! | 5 | 1 | protocol address length (4) |
//! | 6 | 2 | operation: 1 request, 2 reply |
//! | 8 | 6 | sender hardware address |
//! | 14 | 4 | sender protocol address |
//! | 18 | 6 | target hardware address |
//! | 24 | 4 | target protocol address |
//!
//! Source: RFC 826.

use super::field::{Field, Header};

/// Request, reply and so on.
pub const OPERATION: Field = Field::new("operation", 6, 2);
/// Who sent it, as an IP address.
pub const SENDER_PROTOCOL_ADDRESS: Field = Field::new("sender_protocol_address", 14, 4);

/// An ARP packet, whole or cut.
#[derive(Clone, Copy, Debug)]
pub struct Arp<'a> {
    /// The packet as far as it was captured.
    pub header: Header<'a>,
}

impl Arp<'_> {
    /// 1 for a request, 2 for a reply.
    pub fn operation(&self) -> Option<u16> {
        self.header.u16(OPERATION)
    }
}
