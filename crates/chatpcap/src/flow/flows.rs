//! The flows of one transport, by their numbers and by their ends.

use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::{Beyond, Direction, Endpoint, Flow, MAX_FLOWS};
use crate::capture::Frame;

/// All flows of one transport, up to a limit.
///
/// The hash is seeded anew in every process, because the keys are chosen by whoever sent the packets; no
/// order of the table reaches the outside.
#[derive(Debug)]
pub(super) struct Flows<T> {
    list: Vec<T>,
    /// Places in the list, by the flow's two endpoints; of flows between the same endpoints the latest.
    index: HashTable<u32>,
    hasher: RandomState,
    /// How many flows are told apart.
    limit: usize,
    /// Packets of those that are not.
    beyond: Beyond,
}

impl<T> Default for Flows<T> {
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

impl<T: AsRef<Flow>> Flows<T> {
    /// Tells at most so many flows apart from now on, and no more than a `u32` counts.
    pub(super) fn limit(&mut self, flows: usize) {
        self.limit = usize::try_from(u32::MAX).map_or(flows, |most| flows.min(most));
    }

    /// How many flows are told apart.
    pub(super) const fn max(&self) -> usize {
        self.limit
    }

    /// Packets of flows beyond the limit.
    pub(super) const fn beyond(&self) -> Beyond {
        self.beyond
    }

    /// Counts a packet of a flow beyond the limit.
    #[cold]
    pub(super) fn pass_over(&mut self, frame: &Frame<'_>) {
        self.beyond.add(frame);
    }

    /// In the order of their numbers.
    pub(super) fn list(&self) -> &[T] {
        &self.list
    }

    /// The flow of a number, to change it.
    pub(super) fn get_mut(&mut self, position: usize) -> Option<&mut T> {
        self.list.get_mut(position)
    }

    /// The flow of a number.
    pub(super) fn at(&self, number: u32) -> Option<&T> {
        self.list.get(usize::try_from(number).ok()?)
    }

    /// The hash of the ends of a flow, in any order.
    #[inline]
    pub(super) fn hash(&self, a: Endpoint, b: Endpoint) -> u64 {
        hash(&self.hasher, a, b)
    }

    /// The number of the flow that probably has this hash, without a look at the flow; any number where
    /// there is none.
    #[inline]
    pub(super) fn guess(&self, hash: u64) -> u32 {
        self.index.find(hash, |_| true).copied().unwrap_or(u32::MAX)
    }

    /// Finds the latest flow between two endpoints, or adds one, and which way a packet from the one to
    /// the other goes through it. `None` where there are as many flows as are told apart.
    pub(super) fn find_or_add(
        &mut self,
        source: Endpoint,
        destination: Endpoint,
        new: fn(Flow) -> T,
    ) -> Option<(usize, Direction)> {
        let Self {
            list,
            index,
            hasher,
            ..
        } = self;
        let hashed = hash(hasher, source, destination);
        let mut found = None;
        let is_between = |position: &u32| {
            let flow = flow_at(list, *position);
            found = flow.and_then(|flow| flow.direction(source, destination));
            found.is_some()
        };
        if let Some(position) = index.find(hashed, is_between) {
            return Some((usize::try_from(*position).ok()?, found?));
        }
        if list.len() >= self.limit {
            return None;
        }
        let position = u32::try_from(list.len()).ok()?;
        index.insert_unique(hashed, position, |other| {
            flow_at(list, *other).map_or(0, |flow| hash(hasher, flow.source, flow.destination))
        });
        list.push(new(Flow::new(position, source, destination)));
        Some((usize::try_from(position).ok()?, Direction::Forward))
    }

    /// Adds a flow between endpoints that have one, and makes it the latest between them. `None` where there
    /// are as many flows as are told apart: then these endpoints have no flow any more, so that what follows
    /// is not taken for the earlier one's.
    pub(super) fn add_again(
        &mut self,
        source: Endpoint,
        destination: Endpoint,
        new: fn(Flow) -> T,
    ) -> Option<usize> {
        let position = self.list.len();
        let number = u32::try_from(position).ok()?;
        let hashed = hash(&self.hasher, source, destination);
        let list = &self.list;
        let same = |other: &u32| {
            let other = flow_at(list, *other);
            other.is_some_and(|other| other.direction(source, destination).is_some())
        };
        let is_beyond = position >= self.limit;
        if let Ok(mut entry) = self.index.find_entry(hashed, same) {
            if is_beyond {
                entry.remove();
            } else {
                *entry.get_mut() = number;
            }
        }
        if is_beyond {
            return None;
        }
        self.list.push(new(Flow::new(number, source, destination)));
        Some(position)
    }
}

fn flow_at<T: AsRef<Flow>>(flows: &[T], position: u32) -> Option<&Flow> {
    let flow = flows.get(usize::try_from(position).ok()?);
    flow.map(AsRef::as_ref)
}

/// Both directions of a flow have one hash.
#[expect(
    clippy::inline_always,
    reason = "endpoints that are passed in memory are waited for: 5 % of a pass over short packets"
)]
#[inline(always)]
fn hash(hasher: &RandomState, a: Endpoint, b: Endpoint) -> u64 {
    match (a.address, b.address) {
        (IpAddr::V4(a_address), IpAddr::V4(b_address)) => {
            // All of an endpoint in one number.
            let whole =
                |address: Ipv4Addr, port: u16| u64::from(address.to_bits()) << 16 | u64::from(port);
            let [a, b] = [whole(a_address, a.port), whole(b_address, b.port)];
            hasher.hash_one((a.min(b), a.max(b)))
        }
        _ => hasher.hash_one(if a <= b { (a, b) } else { (b, a) }),
    }
}
