//! Frames that are in memory already, before they are read.

use super::block::kind;
use super::octets::ByteOrder;

/// The Ethernet frames that come next, as far as the window holds them: octets and original length.
///
/// A look ahead for who can prepare for them, and no promise: formats and link types that are rare give
/// none, and what is odd ends it early.
#[derive(Clone, Debug)]
pub(crate) struct Upcoming<'a> {
    octets: &'a [u8],
    form: Form,
}

/// How frames follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// Each after a header of so many octets, as pcap has it.
    Records(ByteOrder, usize),
    /// In blocks of pcapng.
    Blocks(ByteOrder),
    /// Not to be told here.
    Other,
}

impl<'a> Upcoming<'a> {
    pub(super) const fn new(octets: &'a [u8], form: Form) -> Self {
        Self { octets, form }
    }

    /// The octets at `at`, and those from `next` on.
    fn cut(&mut self, at: usize, length: u32, next: usize) -> Option<&'a [u8]> {
        let end = at.checked_add(usize::try_from(length).ok()?)?;
        let octets = self.octets.get(at..end)?;
        self.octets = self.octets.get(next.max(end)..).unwrap_or_default();
        Some(octets)
    }
}

impl<'a> Iterator for Upcoming<'a> {
    type Item = (&'a [u8], u32);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self.form {
            Form::Records(order, header) => {
                let captured = order.u32(self.octets, 8)?;
                let original = order.u32(self.octets, 12)?;
                Some((self.cut(header, captured, 0)?, original))
            }
            Form::Blocks(order) => {
                if order.u32(self.octets, 0)? != kind::ENHANCED_PACKET {
                    return None;
                }
                let length = order.u32(self.octets, 4)?.checked_next_multiple_of(4)?;
                let captured = order.u32(self.octets, 20)?;
                let original = order.u32(self.octets, 24)?;
                let octets = self.cut(28, captured, usize::try_from(length).ok()?)?;
                Some((octets, original))
            }
            Form::Other => None,
        }
    }
}
