//! The segments of one direction that are not acknowledged yet.

use std::collections::VecDeque;
use std::mem;

use super::side::is_after;

/// Segments of one direction that are kept, as in Wireshark: where the capture lacks the
/// acknowledgments, the list would grow with the capture.
const MAX_UNACKED: usize = 10_000;

/// Segments that every direction may keep, whatever the others do.
const OWN_UNACKED: usize = 4;

/// Segments beyond these that all flows together may have room for: 128 MiB.
const MAX_SHARED: usize = 1 << 22;

/// Segments that a list has room for at most to be used again.
const MAX_ROOM: usize = 16;

/// Lists without a segment that wait for the next direction that needs one: as many as directions
/// become busy and idle again in the blink of an eye.
const MAX_SPARE: usize = 1 << 10;

/// What the flows share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// For how many segments all flows have room beyond the [`OWN_UNACKED`] of each direction.
    extra: usize,
    /// Lists that became empty, none with much room: nearly every segment that is sent makes one list
    /// and nearly every acknowledgment frees one.
    spare: Vec<VecDeque<Waiting>>,
}

/// A segment that waits for its acknowledgment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub seq: u32,
    /// The sequence number after it.
    pub next_seq: u32,
    pub frame: u64,
    /// Nanoseconds from the connection's first segment.
    pub time: i64,
    /// Whether its octets were sent more than once.
    pub is_resent: bool,
}

/// The segments of one direction that are not acknowledged yet, in the order of their sequence
/// numbers; of equal ones in the order of the capture.
#[derive(Debug, Default)]
pub(super) struct Unacked {
    list: VecDeque<Waiting>,
    /// The highest `next_seq` of the list.
    end: u32,
}

impl Unacked {
    /// Reads the first and the last segment.
    pub(super) fn touch(&self) -> u64 {
        let [first, last] = [self.list.front(), self.list.back()];
        first.map_or(0, |first| first.frame) ^ last.map_or(0, |last| last.frame)
    }

    /// Adds a segment, where there is room.
    pub(super) fn push(&mut self, segment: Waiting, shared: &mut Shared) {
        if self.list.len() >= MAX_UNACKED {
            return;
        }
        let is_full = self.list.len() == self.list.capacity();
        if is_full && !self.make_room(shared) {
            return;
        }
        if self.list.is_empty() || is_after(segment.next_seq, self.end) {
            self.end = segment.next_seq;
        }
        let is_last = |last: &Waiting| !is_after(last.seq, segment.seq);
        if self.list.back().is_none_or(is_last) {
            self.list.push_back(segment);
        } else {
            let place = self.list.partition_point(is_last);
            self.list.insert(place, segment);
        }
    }

    /// Removes what `ack` covers whole, and shortens what it covers in part. Returns the first segment
    /// of the capture that ends where the acknowledgment does.
    pub(super) fn acknowledge(&mut self, ack: u32, shared: &mut Shared) -> Option<Waiting> {
        let mut exact: Option<Waiting> = None;
        let begins_before = |segment: &&Waiting| is_after(ack, segment.seq);
        let reached = self.list.iter().take_while(begins_before).count();
        let mut kept = 0_usize;
        for place in 0..reached {
            let Some(mut segment) = self.list.get(place).copied() else {
                break;
            };
            if segment.next_seq == ack {
                let is_later = |other: Waiting| other.frame > segment.frame;
                if exact.is_none_or(is_later) {
                    exact = Some(segment);
                }
            }
            if is_after(segment.next_seq, ack) {
                segment.seq = ack;
                if let Some(free) = self.list.get_mut(kept) {
                    *free = segment;
                }
                kept = kept.saturating_add(1);
            }
        }
        self.list.drain(kept..reached);
        let room = self.list.capacity();
        if self.list.is_empty() {
            // Most flows end like this: an empty list costs nothing.
            let list = mem::take(&mut self.list);
            shared.extra = shared.extra.saturating_sub(extra(room));
            let is_small = (1..=MAX_ROOM).contains(&room);
            if is_small && shared.spare.len() < MAX_SPARE {
                shared.spare.push(list);
            }
        } else if room > MAX_ROOM && self.list.len() < room / 8 {
            self.list.shrink_to(room / 2);
            let given_back = extra(room).saturating_sub(extra(self.list.capacity()));
            shared.extra = shared.extra.saturating_sub(given_back);
        }
        exact
    }

    /// Makes room for one more segment; false where the flows together have no more.
    fn make_room(&mut self, shared: &mut Shared) -> bool {
        let room = self.list.capacity();
        if room == 0
            && let Some(list) = shared.spare.pop()
        {
            shared.extra = shared.extra.saturating_add(extra(list.capacity()));
            self.list = list;
            return true;
        }
        let more = room.max(OWN_UNACKED);
        if room > 0 && shared.extra.saturating_add(more) > MAX_SHARED {
            return false;
        }
        self.list.reserve_exact(more);
        let taken = extra(self.list.capacity()).saturating_sub(extra(room));
        shared.extra = shared.extra.saturating_add(taken);
        true
    }

    /// Marks the segments that share octets with one that is sent again.
    pub(super) fn resend(&mut self, from: u32, to: u32) {
        for segment in &mut self.list {
            segment.is_resent |= is_after(to, segment.seq) && is_after(segment.next_seq, from);
        }
    }

    /// Octets from the first segment's beginning to the last one's end.
    pub(super) fn span(&self) -> Option<u32> {
        self.list
            .front()
            .map(|first| self.end.wrapping_sub(first.seq))
    }

    /// The segment that was captured first.
    pub(super) fn oldest(&self) -> Option<&Waiting> {
        self.list.iter().min_by_key(|segment| segment.frame)
    }
}

/// How much of a list's room is not its own.
const fn extra(room: usize) -> usize {
    room.saturating_sub(OWN_UNACKED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(seq: u32, length: u32, frame: u64) -> Waiting {
        Waiting {
            seq,
            next_seq: seq.wrapping_add(length),
            frame,
            time: 0,
            is_resent: false,
        }
    }

    #[test]
    fn what_is_acknowledged_goes_and_what_is_in_part_is_cut() {
        let (mut list, mut shared) = (Unacked::default(), Shared::default());
        // The numbers wrap round, and the second segment comes last.
        let start = u32::MAX - 5;
        for (offset, frame) in [(0, 1), (20, 2), (10, 3)] {
            list.push(waiting(start.wrapping_add(offset), 10, frame), &mut shared);
        }
        assert_eq!(list.span(), Some(30));
        assert_eq!(list.oldest().unwrap().frame, 1);
        let exact = list.acknowledge(start.wrapping_add(10), &mut shared);
        assert_eq!(exact.unwrap().frame, 1);
        assert_eq!(list.oldest().unwrap().frame, 2);
        assert!(
            list.acknowledge(start.wrapping_add(15), &mut shared)
                .is_none()
        );
        assert_eq!(list.span(), Some(15));
        assert!(
            list.acknowledge(start.wrapping_add(5), &mut shared)
                .is_none()
        );
        let exact = list.acknowledge(start.wrapping_add(30), &mut shared);
        assert_eq!(exact.unwrap().frame, 2);
        assert_eq!(list.span(), None);
    }

    #[test]
    fn what_overlaps_a_segment_sent_again_is_marked() {
        let (mut list, mut shared) = (Unacked::default(), Shared::default());
        for (seq, frame) in [(0, 1), (10, 2), (20, 3)] {
            list.push(waiting(seq, 10, frame), &mut shared);
        }
        list.resend(15, 25);
        let marked: Vec<bool> = list.list.iter().map(|segment| segment.is_resent).collect();
        assert_eq!(marked, [false, true, true]);
    }

    #[test]
    fn nobody_keeps_more_than_the_limits() {
        let mut shared = Shared::default();
        let mut lists: Vec<Unacked> = (0..300).map(|_| Unacked::default()).collect();
        for list in &mut lists {
            for number in 0..MAX_UNACKED + 100 {
                let seq = u32::try_from(number).unwrap();
                list.push(waiting(seq, 1, 1), &mut shared);
            }
        }
        assert_eq!(lists[0].list.len(), MAX_UNACKED);
        assert_eq!(lists[299].list.len(), OWN_UNACKED);
        let room = |lists: &[Unacked]| lists.iter().map(|list| list.list.capacity()).sum::<usize>();
        let most = MAX_SHARED + lists.len() * OWN_UNACKED;
        assert!(room(&lists) <= most, "{}", room(&lists));
        // What is acknowledged is given back, also where something is left.
        for _ in 0..12 {
            lists[0].acknowledge(u32::try_from(MAX_UNACKED - 1).unwrap(), &mut shared);
        }
        assert_eq!(lists[0].list.len(), 1);
        assert!(lists[0].list.capacity() <= MAX_ROOM);
        for list in &mut lists {
            list.acknowledge(1 << 20, &mut shared);
        }
        assert_eq!(shared.extra, 0);
    }
}
