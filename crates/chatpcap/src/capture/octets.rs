//! Numbers in octets of either byte order.

/// The byte order of a capture's own fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ByteOrder {
    Big,
    Little,
}

impl ByteOrder {
    /// The number that starts `at` octets in, unless the octets end before.
    pub(super) fn u16(self, octets: &[u8], at: usize) -> Option<u16> {
        let field = *octets.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Big => u16::from_be_bytes(field),
            Self::Little => u16::from_le_bytes(field),
        })
    }

    /// The number that starts `at` octets in, unless the octets end before.
    pub(super) fn u32(self, octets: &[u8], at: usize) -> Option<u32> {
        let field = *octets.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Big => u32::from_be_bytes(field),
            Self::Little => u32::from_le_bytes(field),
        })
    }

    /// The number that starts `at` octets in, unless the octets end before.
    pub(super) fn u64(self, octets: &[u8], at: usize) -> Option<u64> {
        let field = *octets.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Big => u64::from_be_bytes(field),
            Self::Little => u64::from_le_bytes(field),
        })
    }
}
