//! Where a header's fields stand, and reading them from a header that may be cut.

/// One field of a header: its name, and its place counted from the header's first octet.
///
/// A field that shares octets with others (flags, nibbles) covers the octets that it touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The RFC's name, in snake case.
    pub name: &'static str,
    /// Octets from the start of the header.
    pub offset: usize,
    /// Octets that the field takes.
    pub length: usize,
}

impl Field {
    /// A field at `offset`, `length` octets long.
    pub const fn new(name: &'static str, offset: usize, length: usize) -> Self {
        Self {
            name,
            offset,
            length,
        }
    }
}

/// The octets of one header as far as they were captured, and where in the frame they stand.
///
/// Every read is checked: a field that the snap length cut off is `None`, the others are there.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    octets: &'a [u8],
    position: Position,
}

/// Where a header begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Octets from the start of the frame.
    Frame(usize),
    /// Octets from the start of a datagram that was put together from fragments: the header stands
    /// in no single frame.
    Reassembled(usize),
}

impl<'a> Header<'a> {
    /// A header over `octets`, which may run on into the payload.
    pub const fn new(octets: &'a [u8], position: Position) -> Self {
        Self { octets, position }
    }

    /// The octets from the header's first on, as far as they were captured.
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// Where the header begins.
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Octets from the start of the frame to the header, unless the header was reassembled.
    pub const fn start(&self) -> Option<usize> {
        match self.position {
            Position::Frame(start) => Some(start),
            Position::Reassembled(_) => None,
        }
    }

    /// What stands behind the first `octets` of this header, `length` octets at the most.
    #[must_use]
    pub fn skip(&self, octets: usize, length: usize) -> Self {
        let rest = self.octets.get(octets..).unwrap_or_default();
        let position = match self.position {
            Position::Frame(start) => Position::Frame(start.saturating_add(octets)),
            Position::Reassembled(start) => Position::Reassembled(start.saturating_add(octets)),
        };
        Self::new(rest.get(..length).unwrap_or(rest), position)
    }

    /// Octets from the start of the frame to `field`, unless the header was reassembled.
    pub fn offset_of(&self, field: Field) -> Option<usize> {
        self.start()?.checked_add(field.offset)
    }

    /// The octets of `field`.
    pub fn bytes(&self, field: Field) -> Option<&'a [u8]> {
        let end = field.offset.checked_add(field.length)?;
        self.octets.get(field.offset..end)
    }

    /// The octet at the start of `field`.
    pub fn u8(&self, field: Field) -> Option<u8> {
        self.octets.get(field.offset).copied()
    }

    /// Two octets at the start of `field`, in network order.
    pub fn u16(&self, field: Field) -> Option<u16> {
        let octets = self.octets.get(field.offset..)?.first_chunk()?;
        Some(u16::from_be_bytes(*octets))
    }

    /// Four octets at the start of `field`, in network order.
    pub fn u32(&self, field: Field) -> Option<u32> {
        let octets = self.octets.get(field.offset..)?.first_chunk()?;
        Some(u32::from_be_bytes(*octets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Field = Field::new("length", 4, 2);

    #[test]
    fn reads_what_is_there_and_no_more() {
        let octets = [0x13, 0x88, 0x13, 0x89, 0x00, 0x20, 0xab];
        for cut in 0..=octets.len() {
            let header = Header::new(&octets[..cut], Position::Frame(34));
            assert_eq!(header.u16(LENGTH), (cut >= 6).then_some(32), "cut at {cut}");
            assert_eq!(header.bytes(LENGTH).is_some(), cut >= 6, "cut at {cut}");
            assert_eq!(header.offset_of(LENGTH), Some(38));
        }
    }

    #[test]
    fn a_reassembled_header_has_no_place_in_the_frame() {
        let header = Header::new(&[0; 8], Position::Reassembled(0));
        assert_eq!(header.offset_of(LENGTH), None);
        assert_eq!(header.u16(LENGTH), Some(0));
    }
}
