//! The formats of capture files, told apart by their first octets.

use std::fmt;

/// The format of a capture.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Format {
    /// The format of libpcap, with microseconds or nanoseconds.
    Pcap,
    /// Variants of pcap with longer record headers (Kuznetzov's patches, Nokia, Ixia).
    ModifiedPcap,
    /// The successor of pcap, made of blocks.
    Pcapng,
    /// The format of Solaris' snoop.
    ///
    /// # Source
    /// RFC 1761
    Snoop,
}

impl Format {
    /// How many octets [`detect`](Self::detect) wants to see.
    pub(super) const MAGIC_LENGTH: usize = 8;

    /// The format that starts with these octets.
    pub(super) fn detect(octets: &[u8]) -> Option<Self> {
        match *octets.first_chunk::<4>()? {
            [0xa1, 0xb2, 0xc3, 0xd4]
            | [0xd4, 0xc3, 0xb2, 0xa1]
            | [0xa1, 0xb2, 0x3c, 0x4d]
            | [0x4d, 0x3c, 0xb2, 0xa1] => Some(Self::Pcap),
            [0xa1, 0xb2, 0xcd, 0x34] | [0x34, 0xcd, 0xb2, 0xa1] => Some(Self::ModifiedPcap),
            [0x1c, 0x00, 0x01, 0xab | 0xac] | [0xab | 0xac, 0x01, 0x00, 0x1c] => {
                Some(Self::ModifiedPcap)
            }
            [0x0a, 0x0d, 0x0d, 0x0a] => Some(Self::Pcapng),
            _ => octets.starts_with(b"snoop\0\0\0").then_some(Self::Snoop),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pcap => "pcap",
            Self::ModifiedPcap => "modified pcap",
            Self::Pcapng => "pcapng",
            Self::Snoop => "snoop",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        let check =
            |octets: &[u8], expected| assert_eq!(Format::detect(octets), expected, "{octets:02x?}");
        check(&0xa1b2_c3d4_u32.to_le_bytes(), Some(Format::Pcap));
        check(&0xa1b2_3c4d_u32.to_be_bytes(), Some(Format::Pcap));
        check(&0xa1b2_cd34_u32.to_be_bytes(), Some(Format::ModifiedPcap));
        check(&0x1c00_01ac_u32.to_le_bytes(), Some(Format::ModifiedPcap));
        check(b"\n\r\r\n", Some(Format::Pcapng));
        check(b"snoop\0\0\0", Some(Format::Snoop));
        check(b"snoop\0\0", None);
        check(b"\xa1\xb2\xc3", None);
        check(b"Hello, I am text", None);
    }
}
