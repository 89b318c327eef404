//! Conversations between two addresses.

use std::fmt;
use std::hash::{BuildHasher, Hash};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::capture::{Frame, Timestamp};
use crate::flow::{Beyond, Direction, MAX_FLOWS, PerDirection, Volume};

/// An Ethernet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl fmt::Display for Mac {
    /// `02:00:00:00:00:01`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, octet) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { ":" };
            write!(f, "{separator}{octet:02x}")?;
        }
        Ok(())
    }
}

/// What two addresses sent each other.
#[derive(Clone, Debug)]
pub struct Pair<A> {
    /// Who sent the first packet, and to whom.
    pub ends: (A, A),
    /// Packets and octets; payload is not counted.
    pub volume: PerDirection<Volume>,
    /// When the first packet was captured.
    pub first: Option<Timestamp>,
    /// When the last was, in the order of the capture.
    pub last: Option<Timestamp>,
}

impl<A: Copy> Pair<A> {
    /// The sender of packets in this direction.
    pub const fn sender(&self, direction: Direction) -> A {
        match direction {
            Direction::Forward => self.ends.0,
            Direction::Backward => self.ends.1,
        }
    }
}

/// All pairs of addresses of one layer, in the order of their first packets.
#[derive(Debug)]
pub(super) struct Pairs<A> {
    list: Vec<Pair<A>>,
    index: HashTable<u32>,
    hasher: RandomState,
    /// How many pairs are told apart.
    limit: usize,
    /// Packets of the others.
    beyond: Beyond,
}

impl<A> Default for Pairs<A> {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            index: HashTable::new(),
            hasher: RandomState::default(),
            limit: MAX_FLOWS,
            beyond: Beyond::default(),
        }
    }
}

impl<A: Copy + Ord + Hash> Pairs<A> {
    pub(super) fn list(&self) -> &[Pair<A>] {
        &self.list
    }

    /// Tells at most so many pairs apart from now on.
    pub(super) const fn limit(&mut self, pairs: usize) {
        self.limit = pairs;
    }

    /// Packets of pairs beyond the limit.
    pub(super) const fn beyond(&self) -> Beyond {
        self.beyond
    }

    pub(super) fn count(&mut self, from: A, to: A, frame: &Frame<'_>) {
        let Self {
            list,
            index,
            hasher,
            limit,
            beyond,
        } = self;
        let hash = |a: A, b: A| hasher.hash_one(if a <= b { (a, b) } else { (b, a) });
        let at = |list: &[Pair<A>], place: u32| {
            let pair = list.get(usize::try_from(place).ok()?)?;
            Some(pair.ends)
        };
        let same = |place: &u32| {
            at(list, *place).is_some_and(|ends| ends == (from, to) || ends == (to, from))
        };
        let hashed = hash(from, to);
        let place = if let Some(place) = index.find(hashed, same) {
            *place
        } else {
            let place = u32::try_from(list.len()).ok();
            let Some(place) = place.filter(|_| list.len() < *limit) else {
                beyond.add(frame);
                return;
            };
            index.insert_unique(hashed, place, |other| {
                at(list, *other).map_or(0, |(a, b)| hash(a, b))
            });
            list.push(Pair {
                ends: (from, to),
                volume: PerDirection::default(),
                first: frame.timestamp,
                last: None,
            });
            place
        };
        let pair = usize::try_from(place).ok();
        let Some(pair) = pair.and_then(|place| list.get_mut(place)) else {
            return;
        };
        let direction = if pair.ends.0 == from {
            Direction::Forward
        } else {
            Direction::Backward
        };
        let volume = pair.volume.get_mut(direction);
        volume.packets = volume.packets.saturating_add(1);
        volume.octets = volume.octets.saturating_add(frame.original_length.into());
        pair.last = frame.timestamp.or(pair.last);
    }
}
