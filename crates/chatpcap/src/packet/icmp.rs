//! The ICMP and ICMPv6 headers.
//!
//! | offset | octets | field |
//! |---|---|---|
//! | 0 | 1 | type |
//! | 1 | 1 | code |
//! | 2 | 2 | checksum |
//! | 4 | 4 | rest of header |
//! | 8 | | data; in an error message the packet that caused it |
//!
//! Source: RFC 792, RFC 4443 §2.1.

use super::field::{Field, Header};

/// What the message is.
pub const TYPE: Field = Field::new("type", 0, 1);
/// More about the type.
pub const CODE: Field = Field::new("code", 1, 1);
/// Over the whole message.
pub const CHECKSUM: Field = Field::new("checksum", 2, 2);
/// Of an echo: whose it is.
pub const IDENTIFIER: Field = Field::new("identifier", 4, 2);
/// Of an echo: which it is.
pub const SEQUENCE_NUMBER: Field = Field::new("sequence_number", 6, 2);
/// Octets before the quoted packet of an error message.
pub const QUOTE: usize = 8;

/// An ICMP or ICMPv6 message, whole or cut.
#[derive(Clone, Copy, Debug)]
pub struct Icmp<'a> {
    /// The message as far as it was captured.
    pub header: Header<'a>,
}

impl Icmp<'_> {
    /// The message's type.
    pub fn icmp_type(&self) -> Option<u8> {
        self.header.u8(TYPE)
    }

    /// The message's code.
    pub fn code(&self) -> Option<u8> {
        self.header.u8(CODE)
    }
}

/// Whether an ICMP message of this type quotes the packet that caused it.
///
/// # Source
/// RFC 792: destination unreachable, source quench, redirect, time exceeded, parameter problem.
pub const fn icmp_quotes(icmp_type: u8) -> bool {
    matches!(icmp_type, 3 | 4 | 5 | 11 | 12)
}

/// Whether an ICMPv6 message of this type quotes the packet that caused it.
///
/// # Source
/// RFC 4443 §2.1: error messages have types below 128; 1 to 4 are defined.
pub const fn icmpv6_quotes(icmp_type: u8) -> bool {
    matches!(icmp_type, 1..=4)
}
