//! The UDP header.
//!
//! | offset | octets | field |
//! |---|---|---|
//! | 0 | 2 | source port |
//! | 2 | 2 | destination port |
//! | 4 | 2 | length of header and payload |
//! | 6 | 2 | checksum |
//!
//! Source: RFC 768.

use super::field::{Field, Header};

/// The sender's port.
pub const SOURCE_PORT: Field = Field::new("source_port", 0, 2);
/// The receiver's port.
pub const DESTINATION_PORT: Field = Field::new("destination_port", 2, 2);
/// Octets of header and payload.
pub const LENGTH: Field = Field::new("length", 4, 2);
/// The checksum over pseudo-header, header and payload; 0 where the sender made none.
pub const CHECKSUM: Field = Field::new("checksum", 6, 2);
/// All fields of the header, in order.
pub const FIELDS: [Field; 4] = [SOURCE_PORT, DESTINATION_PORT, LENGTH, CHECKSUM];
/// Octets of the header.
pub const HEADER: usize = 8;

/// A UDP datagram: its header, whole or cut, and its length on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Udp<'a> {
    /// The header as far as it was captured.
    pub header: Header<'a>,
    /// Octets of header and payload on the wire, as far as the IP header and the frame say.
    pub(super) available: usize,
}

impl<'a> Udp<'a> {
    /// The sender's port.
    pub fn source_port(&self) -> Option<u16> {
        self.header.u16(SOURCE_PORT)
    }

    /// The receiver's port.
    pub fn destination_port(&self) -> Option<u16> {
        self.header.u16(DESTINATION_PORT)
    }

    /// The length field: octets of header and payload, as the sender wrote it.
    pub fn length(&self) -> Option<u16> {
        self.header.u16(LENGTH)
    }

    /// The checksum as it stands in the header.
    pub fn checksum(&self) -> Option<u16> {
        self.header.u16(CHECKSUM)
    }

    /// Octets of payload on the wire: what the length field says, where the datagram is that long.
    pub fn payload_length(&self) -> Option<usize> {
        let length = usize::from(self.length()?);
        // Length 0 stands for "as long as the IP packet" in a jumbogram (RFC 2675 §4).
        let length = if length == 0 {
            self.available
        } else {
            length.min(self.available)
        };
        length.checked_sub(HEADER)
    }

    /// The payload as far as it was captured.
    pub fn payload(&self) -> &'a [u8] {
        let captured = self.header.octets().get(HEADER..).unwrap_or_default();
        let length = self.payload_length().unwrap_or(0).min(captured.len());
        captured.get(..length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::field::Position;

    /// `hello over udp` from port 5000 to port 5000, cut before its last octets.
    const DATAGRAM: [u8; 12] = [
        0x13, 0x88, 0x13, 0x88, 0x00, 0x16, 0x50, 0x41, b'h', b'e', b'l', b'l',
    ];

    #[test]
    fn header_and_payload() {
        let udp = Udp {
            header: Header::new(&DATAGRAM, Position::Frame(34)),
            available: 22,
        };
        assert_eq!(udp.source_port(), Some(5000));
        assert_eq!(udp.length(), Some(22));
        assert_eq!(udp.payload_length(), Some(14));
        assert_eq!(udp.payload(), b"hell");
    }

    #[test]
    fn a_length_that_lies_is_bounded_by_what_is_there() {
        let udp = Udp {
            header: Header::new(&DATAGRAM, Position::Frame(34)),
            available: 12,
        };
        assert_eq!(udp.payload_length(), Some(4));
        let short = Udp {
            header: Header::new(&DATAGRAM, Position::Frame(34)),
            available: 7,
        };
        assert_eq!(short.payload_length(), None);
        assert!(short.payload().is_empty());
    }

    #[test]
    fn the_four_fields_fill_the_header_without_a_gap() {
        let mut next = 0;
        for field in FIELDS {
            assert_eq!((field.offset, field.length), (next, 2));
            next += field.length;
        }
        assert_eq!(next, HEADER);
    }
}
