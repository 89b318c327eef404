//! The marks of one capture, in bounded memory.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash};

use foldhash::quality::FixedState;

use super::Kind;
use crate::capture::Timestamp;

/// Marks of one kind that are kept of a capture: a lab's run has some sixty.
///
/// Of more, those with the least hashes are kept: a value that two captures share is then kept in
/// both or in neither, as far as they are equally long.
pub const MAX_MARKS: usize = 1024;

/// The marks of one capture, by kind.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    kinds: [BTreeMap<u64, Spot>; Kind::ALL.len()],
}

/// A mark's value, and where it was first met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The number; of two, the first is in the upper half.
    pub value: u64,
    /// How many bits of it chance chose.
    pub bits: u8,
    /// The frame.
    pub frame: u64,
    /// When it was captured.
    pub time: Option<Timestamp>,
    /// The flow in the capture: what marks of one flow and kind say depends on one another.
    pub flow: u32,
}

/// What knows a mark again in another capture: its kind, and a hash of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::grade) struct Key {
    pub kind: Kind,
    pub hash: u64,
}

impl Marks {
    /// Notes a mark, unless it is there or there are too many. Packets with payloads of another
    /// `length` have other marks: an acknowledgment has the numbers of what is sent after it.
    pub(super) fn add(&mut self, kind: Kind, spot: Spot, length: usize) {
        let Some(marks) = self.kinds.get_mut(kind.index()) else {
            return;
        };
        let key = hash((kind.name(), spot.value, length as u64));
        if marks.len() >= MAX_MARKS && marks.last_key_value().is_some_and(|(last, _)| key >= *last)
        {
            return;
        }
        marks.entry(key).or_insert(spot);
        if marks.len() > MAX_MARKS {
            marks.pop_last();
        }
    }

    /// All marks, with what knows them again in another capture.
    pub(in crate::grade) fn iter(&self) -> impl Iterator<Item = (Key, &Spot)> {
        Kind::ALL.into_iter().flat_map(|kind| {
            let marks = self.kinds.get(kind.index()).into_iter().flatten();
            marks.map(move |(hash, spot)| (Key { kind, hash: *hash }, spot))
        })
    }
}

/// A hash that is the same in every capture. It orders marks, and no table is looked up by it, so that
/// values chosen to collide cost nothing.
pub(super) fn hash(value: impl Hash) -> u64 {
    FixedState::default().hash_one(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(values: impl Iterator<Item = u64>) -> Marks {
        let mut marks = Marks::default();
        for value in values {
            let spot = Spot {
                value,
                bits: 32,
                frame: value,
                time: None,
                flow: 0,
            };
            marks.add(Kind::Sequence, spot, 0);
        }
        marks
    }

    #[test]
    fn the_first_place_counts() {
        let mut marks = marks([7, 7].into_iter());
        let spot = Spot {
            value: 7,
            bits: 32,
            frame: 9,
            time: None,
            flow: 1,
        };
        marks.add(Kind::Sequence, spot, 0);
        let frames: Vec<u64> = marks.iter().map(|(_, spot)| spot.frame).collect();
        assert_eq!(frames, [7]);
    }

    #[test]
    fn large_captures_keep_what_they_share() {
        // The second is the last fifth of the first.
        let whole = marks(0..50_000);
        let part = marks(40_000..50_000);
        let [whole, part] = [whole, part].map(|marks| {
            let keys: Vec<Key> = marks.iter().map(|(key, _)| key).collect();
            assert_eq!(keys.len(), MAX_MARKS);
            keys
        });
        let count = part.iter().filter(|key| whole.contains(key)).count();
        assert!((150..260).contains(&count), "{count} of about 205");
    }
}
