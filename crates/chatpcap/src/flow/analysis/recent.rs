//! The segments that were captured lately, to know one again that is captured twice.

use super::Seen;
use crate::capture::Timestamp;
use crate::flow::Direction;
use crate::flow::copy;

/// Places for segments: between two captures of one packet its host handles no more than a few
/// hundred others. A power of two.
const PLACES: usize = 1 << 12;

/// The last segment of each place; a segment's identity is its place.
#[derive(Debug)]
pub(super) struct Recent(Vec<Option<(Known, Timestamp)>>);

/// Identity, flow and direction.
type Known = (u64, u32, Direction);

impl Default for Recent {
    fn default() -> Self {
        Self(vec![None; PLACES])
    }
}

impl Recent {
    /// Whether a segment was captured a moment ago; it is remembered.
    pub(super) fn is_copy(&mut self, seen: &Seen<'_>, is_syn: bool, time: Timestamp) -> bool {
        let identity = copy::identity(seen.transport);
        let index = usize::try_from(identity).unwrap_or_default() & (PLACES - 1);
        let known = (identity, seen.index, seen.direction);
        let last = self
            .0
            .get_mut(index)
            .and_then(|place| place.replace((known, time)));
        last.is_some_and(|(last, last_time)| {
            last == known && copy::are_close(is_syn, last_time, time)
        })
    }
}
