//! The TCP header.
//!
//! | offset | octets | field |
//! |---|---|---|
//! | 0 | 2 | source port |
//! | 2 | 2 | destination port |
//! | 4 | 4 | sequence number |
//! | 8 | 4 | acknowledgment number |
//! | 12 | 1 | data offset (4 bits, in words of 4 octets), reserved bits |
//! | 13 | 1 | control bits: CWR, ECE, URG, ACK, PSH, RST, SYN, FIN |
//! | 14 | 2 | window |
//! | 16 | 2 | checksum |
//! | 18 | 2 | urgent pointer |
//! | 20 | 0 to 40 | options |
//!
//! Source: RFC 9293 §3.1.

use std::fmt;

use etherparse::{TcpOptionElement, TcpOptionsIterator};

use super::field::{Field, Header};

/// The sender's port.
pub const SOURCE_PORT: Field = Field::new("source_port", 0, 2);
/// The receiver's port.
pub const DESTINATION_PORT: Field = Field::new("destination_port", 2, 2);
/// The number of the first octet of the payload; the ISN when SYN is set.
pub const SEQUENCE_NUMBER: Field = Field::new("sequence_number", 4, 4);
/// The next sequence number that the sender of this segment expects.
pub const ACKNOWLEDGMENT_NUMBER: Field = Field::new("acknowledgment_number", 8, 4);
/// The header's length in words of four octets, in the upper four bits.
pub const DATA_OFFSET: Field = Field::new("data_offset", 12, 1);
/// The control bits.
pub const FLAGS: Field = Field::new("flags", 13, 1);
/// The receive window, not scaled.
pub const WINDOW: Field = Field::new("window", 14, 2);
/// The checksum over pseudo-header, header and payload.
pub const CHECKSUM: Field = Field::new("checksum", 16, 2);
/// Where urgent data ends, counted from the sequence number.
pub const URGENT_POINTER: Field = Field::new("urgent_pointer", 18, 2);
/// The fields of the fixed header, in order.
pub const FIELDS: [Field; 9] = [
    SOURCE_PORT,
    DESTINATION_PORT,
    SEQUENCE_NUMBER,
    ACKNOWLEDGMENT_NUMBER,
    DATA_OFFSET,
    FLAGS,
    WINDOW,
    CHECKSUM,
    URGENT_POINTER,
];

/// Octets of a TCP header without options.
pub const MIN_HEADER: usize = 20;

/// The control bits of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u8);

impl Flags {
    /// No more octets from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronise sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Reset the connection.
    pub const RST: u8 = 0x04;
    /// Push.
    pub const PSH: u8 = 0x08;
    /// The acknowledgment number counts.
    pub const ACK: u8 = 0x10;
    /// The urgent pointer counts.
    pub const URG: u8 = 0x20;

    /// Whether every bit of `bits` is set.
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits == bits
    }

    /// SYN without ACK: opens a connection.
    pub const fn is_syn(self) -> bool {
        self.has(Self::SYN) && !self.has(Self::ACK)
    }

    /// SYN and ACK: answers a SYN.
    pub const fn is_syn_ack(self) -> bool {
        self.has(Self::SYN | Self::ACK)
    }
}

impl fmt::Display for Flags {
    /// As Wireshark lists them: `SYN, ACK`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(u8, &str); 8] = [
            (Flags::FIN, "FIN"),
            (Flags::SYN, "SYN"),
            (Flags::RST, "RST"),
            (Flags::PSH, "PSH"),
            (Flags::ACK, "ACK"),
            (Flags::URG, "URG"),
            (0x40, "ECE"),
            (0x80, "CWR"),
        ];
        let mut separator = "";
        for (bit, name) in NAMES {
            if self.has(bit) {
                write!(f, "{separator}{name}")?;
                separator = ", ";
            }
        }
        if separator.is_empty() {
            f.write_str("no flags")
        } else {
            Ok(())
        }
    }
}

/// A TCP segment: its header, whole or cut, and the length of its payload on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Tcp<'a> {
    /// The header as far as it was captured.
    pub header: Header<'a>,
    /// Octets of header and payload on the wire, as far as the IP header and the frame say.
    pub(super) length: usize,
}

impl<'a> Tcp<'a> {
    /// The sender's port.
    pub fn source_port(&self) -> Option<u16> {
        self.header.u16(SOURCE_PORT)
    }

    /// The receiver's port.
    pub fn destination_port(&self) -> Option<u16> {
        self.header.u16(DESTINATION_PORT)
    }

    /// The sequence number, absolute as on the wire.
    pub fn sequence_number(&self) -> Option<u32> {
        self.header.u32(SEQUENCE_NUMBER)
    }

    /// The acknowledgment number, absolute, whether or not ACK is set.
    pub fn acknowledgment_number(&self) -> Option<u32> {
        self.header.u32(ACKNOWLEDGMENT_NUMBER)
    }

    /// The acknowledgment number where ACK is set.
    pub fn acknowledges(&self) -> Option<u32> {
        let counts = self.flags()?.has(Flags::ACK);
        self.acknowledgment_number().filter(|_| counts)
    }

    /// Octets of the header with its options, as the data offset says.
    pub fn header_length(&self) -> Option<usize> {
        Some(usize::from(self.header.u8(DATA_OFFSET)? >> 4) * 4)
    }

    /// The control bits.
    pub fn flags(&self) -> Option<Flags> {
        self.header.u8(FLAGS).map(Flags)
    }

    /// The receive window as it stands in the header, not scaled.
    pub fn window(&self) -> Option<u16> {
        self.header.u16(WINDOW)
    }

    /// Octets of payload on the wire, whether captured or not; `None` where the header is cut or lies.
    pub fn payload_length(&self) -> Option<usize> {
        let header = self
            .header_length()
            .filter(|length| *length >= MIN_HEADER)?;
        self.length.checked_sub(header)
    }

    /// The payload as far as it was captured.
    pub fn payload(&self) -> &'a [u8] {
        let octets = self.header.octets();
        self.header_length()
            .filter(|length| *length >= MIN_HEADER)
            .and_then(|length| octets.get(length..))
            .unwrap_or_default()
    }

    /// The options that can be read, in order; ends at the first that is broken or cut.
    pub fn options(&self) -> impl Iterator<Item = TcpOptionElement> + use<'a> {
        let octets = self.header.octets();
        let end = self.header_length().unwrap_or(0).min(octets.len());
        let options = octets.get(MIN_HEADER..end).unwrap_or_default();
        TcpOptionsIterator::from_slice(options).map_while(Result::ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::field::Position;

    /// The SYN that client1 sends in the lab's own capture: RFC 9293 header with 20 octets of options.
    const SYN: [u8; 40] = [
        0xc6, 0x3c, // source port 50748
        0x13, 0x88, // destination port 5000
        0x58, 0xb9, 0x10, 0x17, // sequence number 1488523287
        0x00, 0x00, 0x00, 0x00, // acknowledgment number
        0xa0, 0x02, // data offset 10 words, SYN
        0xfa, 0xf0, // window 64240
        0x50, 0x4e, // checksum
        0x00, 0x00, // urgent pointer
        0x02, 0x04, 0x05, 0xb4, // maximum segment size 1460
        0x04, 0x02, // SACK permitted
        0x08, 0x0a, 0x86, 0xf6, 0xa4, 0xcb, 0x00, 0x00, 0x00, 0x00, // timestamps
        0x01, // no operation
        0x03, 0x03, 0x0a, // window scale 10
    ];

    #[test]
    fn reads_a_syn() {
        let tcp = Tcp {
            header: Header::new(&SYN, Position::Frame(34)),
            length: 40,
        };
        assert_eq!(tcp.source_port(), Some(50748));
        assert_eq!(tcp.destination_port(), Some(5000));
        assert_eq!(tcp.sequence_number(), Some(1_488_523_287));
        assert_eq!(tcp.payload_length(), Some(0));
        assert!(tcp.flags().unwrap().is_syn());
        let options: Vec<_> = tcp.options().collect();
        assert_eq!(options[0], TcpOptionElement::MaximumSegmentSize(1460));
        assert_eq!(options.last(), Some(&TcpOptionElement::WindowScale(10)));
        assert_eq!(tcp.header.offset_of(SEQUENCE_NUMBER), Some(38));
    }

    #[test]
    fn a_cut_header_shows_every_field_that_is_there() {
        for cut in 0..=SYN.len() {
            let tcp = Tcp {
                header: Header::new(&SYN[..cut], Position::Frame(34)),
                length: 40,
            };
            assert_eq!(tcp.sequence_number().is_some(), cut >= 8, "cut at {cut}");
            assert_eq!(tcp.flags().is_some(), cut >= 14, "cut at {cut}");
            assert!(tcp.payload().is_empty());
        }
    }

    #[test]
    fn flags_read_as_wireshark_lists_them() {
        for (bits, text) in [
            (0x02, "SYN"),
            (0x12, "SYN, ACK"),
            (0x19, "FIN, PSH, ACK"),
            (0, "no flags"),
        ] {
            assert_eq!(Flags(bits).to_string(), text);
        }
    }
}
