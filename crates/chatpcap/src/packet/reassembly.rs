//! Puts IP datagrams together from their fragments, in bounded memory.
//!
//! Source: RFC 791 §3.2, RFC 8200 §4.5. Where fragments overlap, what lies at the lower offset is
//! kept, and among fragments of one offset the one that came first, as Wireshark keeps it.

use std::collections::{BTreeMap, VecDeque};

/// Datagrams that may wait for fragments at one time; the oldest goes when there are more.
const MAX_PENDING: usize = 1024;
/// Octets of all waiting fragments together; the oldest datagrams go when there are more.
const MAX_PENDING_OCTETS: usize = 8 << 20;
/// Octets of one datagram without its IP header: a length field has 16 bits, and a fragment that
/// reaches beyond is discarded (RFC 8200 §4.5). Wireshark keeps it.
const MAX_DATAGRAM: usize = 65_535;
/// Fragments of one datagram: more than the smallest fragments of the largest datagram.
const MAX_FRAGMENTS: usize = MAX_DATAGRAM / 8 + 1;
/// What one fragment costs beside its octets.
const FRAGMENT_OVERHEAD: usize = 64;

/// A fragment of an IP datagram, captured whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment<'a> {
    /// Source and destination address, IPv4 mapped into IPv6.
    pub addresses: [u128; 2],
    pub identification: u32,
    /// What the datagram carries.
    pub protocol: u8,
    /// Octets of the datagram before this fragment.
    pub offset: usize,
    pub more: bool,
    pub octets: &'a [u8],
}

/// The datagrams that are not complete yet.
#[derive(Debug, Default)]
pub(super) struct Reassembler {
    pending: BTreeMap<Key, Datagram>,
    /// The keys of `pending`, oldest first.
    order: VecDeque<Key>,
    octets: usize,
    /// The last datagram that was completed, so that it can be borrowed.
    complete: Vec<u8>,
}

/// What binds fragments together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    addresses: [u128; 2],
    identification: u32,
    protocol: u8,
}

#[derive(Debug, Default)]
struct Datagram {
    /// Offset and octets, sorted by offset, equal offsets in order of arrival.
    fragments: Vec<(usize, Box<[u8]>)>,
    /// Octets of the whole, once the last fragment has come.
    length: Option<usize>,
    cost: usize,
}

impl Reassembler {
    /// Adds a fragment. Returns the datagram if it is complete with this one.
    pub(super) fn add(&mut self, fragment: &Fragment<'_>) -> Option<&[u8]> {
        let end = fragment.offset.checked_add(fragment.octets.len())?;
        if end > MAX_DATAGRAM {
            return None;
        }
        let key = Key {
            addresses: fragment.addresses,
            identification: fragment.identification,
            protocol: fragment.protocol,
        };
        let datagram = self.pending.entry(key).or_insert_with(|| {
            self.order.push_back(key);
            Datagram::default()
        });
        if datagram.fragments.len() >= MAX_FRAGMENTS {
            return None;
        }
        self.octets = self.octets.saturating_add(datagram.insert(fragment, end));
        if let Some(whole) = datagram.assemble() {
            self.complete = whole;
            self.remove(key);
            return Some(&self.complete);
        }
        while self.order.len() > MAX_PENDING || self.octets > MAX_PENDING_OCTETS {
            let Some(oldest) = self.order.front().copied() else {
                break;
            };
            self.remove(oldest);
        }
        None
    }

    fn remove(&mut self, key: Key) {
        if let Some(datagram) = self.pending.remove(&key) {
            self.octets = self.octets.saturating_sub(datagram.cost);
        }
        if let Some(index) = self.order.iter().position(|other| *other == key) {
            self.order.remove(index);
        }
    }
}

impl Datagram {
    /// Keeps a fragment that ends at `end`. Returns what it costs, in octets.
    fn insert(&mut self, fragment: &Fragment<'_>, end: usize) -> usize {
        if !fragment.more {
            self.length.get_or_insert(end);
        }
        let index = self
            .fragments
            .partition_point(|(offset, _)| *offset <= fragment.offset);
        self.fragments
            .insert(index, (fragment.offset, fragment.octets.into()));
        let cost = fragment.octets.len().saturating_add(FRAGMENT_OVERHEAD);
        self.cost = self.cost.saturating_add(cost);
        cost
    }

    /// The whole datagram, if no octet is missing.
    fn assemble(&self) -> Option<Vec<u8>> {
        let length = self.length?;
        let mut reached = 0;
        for (offset, octets) in &self.fragments {
            if *offset > reached {
                return None;
            }
            reached = reached.max(offset.saturating_add(octets.len()));
        }
        if reached < length {
            return None;
        }
        let mut whole = Vec::with_capacity(length);
        for (offset, octets) in &self.fragments {
            let known = whole.len().saturating_sub(*offset);
            whole.extend_from_slice(octets.get(known..).unwrap_or_default());
        }
        whole.truncate(length);
        Some(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(identification: u32, offset: usize, more: bool, octets: &[u8]) -> Fragment<'_> {
        Fragment {
            addresses: [1, 2],
            identification,
            protocol: 17,
            offset,
            more,
            octets,
        }
    }

    #[test]
    fn any_order_gives_the_datagram() {
        let parts = [
            (0, true, &b"aaaaaaaa"[..]),
            (8, true, b"bbbbbbbb"),
            (16, false, b"cc"),
        ];
        for order in [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ] {
            let mut reassembler = Reassembler::default();
            let mut whole = None;
            for index in order {
                let (offset, more, octets) = parts[index];
                whole = reassembler
                    .add(&fragment(7, offset, more, octets))
                    .map(<[u8]>::to_vec);
            }
            assert_eq!(
                whole.as_deref(),
                Some(&b"aaaaaaaabbbbbbbbcc"[..]),
                "{order:?}"
            );
            assert_eq!((reassembler.octets, reassembler.order.len()), (0, 0));
        }
    }

    #[test]
    fn an_overlap_keeps_what_lies_lower_and_came_first() {
        let mut reassembler = Reassembler::default();
        assert!(
            reassembler
                .add(&fragment(7, 8, false, b"XXXXXXXXYY"))
                .is_none()
        );
        let whole = reassembler
            .add(&fragment(7, 0, true, b"aaaaaaaabbbbbbbb"))
            .unwrap();
        assert_eq!(whole, b"aaaaaaaabbbbbbbbYY");
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let mut reassembler = Reassembler::default();
        for identification in 0..5000 {
            assert!(
                reassembler
                    .add(&fragment(identification, 0, true, &[0; 1400]))
                    .is_none()
            );
            assert!(reassembler.order.len() <= MAX_PENDING);
            assert!(reassembler.octets <= MAX_PENDING_OCTETS);
        }
        for offset in 0..MAX_FRAGMENTS * 2 {
            assert!(
                reassembler
                    .add(&fragment(9999, offset % 8000 * 8 + 8, true, &[0; 8]))
                    .is_none()
            );
        }
        assert!(
            reassembler
                .add(&fragment(1, 65_528, false, &[0; 100]))
                .is_none()
        );
    }
}
