//! One direction of a TCP flow, put in order.
//!
//! A [`Stream`] takes segments as the capture has them and gives [`Piece`]s in the order of their
//! sequence numbers, at once where nothing is missing before them. Segments that are too early wait
//! until the gap before them is filled, until the receiver acknowledges what is behind it (then the
//! gap was sent and is not in the capture), or until too much waits.
//!
//! Where segments overlap, the octets that were put in order first are kept, as Wireshark keeps
//! them; a later reading that differs is told as [`Piece::Differs`], as long as what it differs from
//! is remembered.
//!
//! A stream that is joined in the middle begins at the first sequence number that is seen.

mod history;

use std::collections::BTreeMap;

use crate::capture::{Frame, Timestamp};
use crate::packet::{Flags, Tcp};

use self::history::History;

/// Octets of early segments that wait for what is missing before them: more than a sender may have on
/// the way without window scaling, and than most have with it.
pub const MAX_WAITING_OCTETS: usize = 16 << 20;
/// What one waiting segment costs beside its octets.
const SEGMENT_OVERHEAD: usize = 128;
/// Octets put in order that later readings are compared with.
pub const MAX_HISTORY_OCTETS: usize = 256 << 10;
/// Segments longer than any window (RFC 7323 §2.3) are lies of a broken header.
const MAX_SEGMENT: usize = 1 << 30;
/// Gaps that are remembered, so that what comes for them after all is told.
const MAX_GAPS: usize = 64;

/// A TCP segment as it arrives: what reassembly needs of it.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The frame's number.
    pub frame: u64,
    /// When it was captured.
    pub time: Option<Timestamp>,
    /// The sequence number, absolute.
    pub seq: u32,
    /// Whether SYN is set, which takes one sequence number.
    pub syn: bool,
    /// Octets of payload on the wire.
    pub length: usize,
    /// Octets of payload that were captured.
    pub octets: &'a [u8],
}

impl<'a> Arrival<'a> {
    /// The segment in a frame; `None` where its header is cut before the sequence number.
    pub fn new(frame: &Frame<'_>, tcp: &Tcp<'a>) -> Option<Self> {
        Some(Self {
            frame: frame.number,
            time: frame.timestamp,
            seq: tcp.sequence_number()?,
            syn: tcp.flags().is_some_and(|flags| flags.has(Flags::SYN)),
            length: tcp.payload_length().unwrap_or(0),
            octets: tcp.payload(),
        })
    }
}

/// What comes out of a stream. Offsets count octets from its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Octets, each behind the one before it.
    Octets {
        /// Where they stand in the stream.
        offset: u64,
        /// The frame that brought them.
        frame: u64,
        /// When that was captured.
        time: Option<Timestamp>,
        /// The octets.
        octets: &'a [u8],
    },
    /// Octets that are not there.
    Gap {
        /// Where they would stand.
        offset: u64,
        /// How many they are.
        length: u64,
        /// Why they are missing.
        cause: Missing,
    },
    /// A frame has other octets than those that were kept.
    Differs {
        /// Where the first octet that differs stands in the stream.
        offset: u64,
        /// The frame whose octets were kept.
        kept_frame: u64,
        /// The octets that were kept, up to the last that differs.
        kept: Vec<u8>,
        /// The frame that says otherwise.
        frame: u64,
        /// What it says.
        octets: &'a [u8],
    },
    /// Octets of a gap that was given up already: too late for their place.
    Late {
        /// Where they belong.
        offset: u64,
        /// The frame that brought them.
        frame: u64,
        /// The octets.
        octets: &'a [u8],
    },
}

/// Why octets of a stream are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The receiver acknowledged octets behind them: they arrived, and the capture lacks them.
    Acknowledged,
    /// The snap length cut them off.
    CutOff,
    /// So much waited behind them that they were given up.
    GivenUp,
    /// They had not come when the capture ended.
    NeverSeen,
}

/// How much a stream may keep.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Octets of waiting segments, overhead included.
    pub waiting: usize,
    /// Octets that later readings are compared with.
    pub history: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            waiting: MAX_WAITING_OCTETS,
            history: MAX_HISTORY_OCTETS,
        }
    }
}

/// One direction of a flow while it is put in order.
#[derive(Debug)]
pub struct Stream {
    limits: Limits,
    /// The sequence number of the octet that is next; `None` before the first segment.
    next: Option<u32>,
    /// Where that octet stands in the stream.
    offset: u64,
    /// Segments that are too early, by offset and arrival.
    waiting: BTreeMap<(u64, u64), Early>,
    cost: usize,
    arrivals: u64,
    history: History,
    gaps: Vec<(u64, u64)>,
    before_start: u64,
}

/// A segment that waits for what is missing before it.
#[derive(Debug)]
struct Early {
    frame: u64,
    time: Option<Timestamp>,
    length: u64,
    octets: Box<[u8]>,
}

impl Stream {
    /// A stream of which nothing was seen.
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            next: None,
            offset: 0,
            waiting: BTreeMap::new(),
            cost: 0,
            arrivals: 0,
            history: History::new(limits.history),
            gaps: Vec::new(),
            before_start: 0,
        }
    }

    /// Octets, gaps included, that are in order so far.
    pub const fn length(&self) -> u64 {
        self.offset
    }

    /// The sequence number of the stream's first octet; `None` before the first segment.
    pub fn first_seq(&self) -> Option<u32> {
        let low = u32::try_from(self.offset & u64::from(u32::MAX)).unwrap_or_default();
        Some(self.next?.wrapping_sub(low))
    }

    /// Octets of memory that waiting segments take.
    pub const fn cost(&self) -> usize {
        self.cost
    }

    /// Octets that belong before the first one that was seen, and came after it.
    pub const fn before_start(&self) -> u64 {
        self.before_start
    }

    /// Takes a segment and gives what is in order with it.
    pub fn push(&mut self, segment: &Arrival<'_>, sink: &mut dyn FnMut(Piece<'_>)) {
        let seq = segment.seq.wrapping_add(u32::from(segment.syn));
        // A reset that answers a SYN has number 0: the SYN behind it still begins the stream.
        let is_start = self.next.is_none() || segment.syn;
        if is_start && self.offset == 0 && self.waiting.is_empty() {
            self.next = Some(seq);
        }
        let captured = segment.octets.len();
        let length = Some(segment.length).filter(|length| *length <= MAX_SEGMENT);
        let length = length.unwrap_or(captured);
        let octets = segment.octets.get(..length).unwrap_or(segment.octets);
        let Some(start) = self.place(seq).filter(|_| length > 0) else {
            return;
        };
        let early = Early {
            frame: segment.frame,
            time: segment.time,
            length: wide(length),
            octets: Box::default(),
        };
        // Octets before the beginning have no place.
        let before = u64::try_from(start.saturating_neg())
            .unwrap_or(0)
            .min(early.length);
        self.before_start = self.before_start.saturating_add(before);
        let octets = octets.get(narrow(before)..).unwrap_or_default();
        let start = u64::try_from(start).unwrap_or(0);
        let length = early.length.saturating_sub(before);
        if start <= self.offset {
            self.deliver(start, &Early { length, ..early }, octets, sink);
            self.settle(sink);
            return;
        }
        self.cost = self
            .cost
            .saturating_add(octets.len())
            .saturating_add(SEGMENT_OVERHEAD);
        let early = Early {
            octets: octets.into(),
            ..early
        };
        self.waiting.insert((start, self.arrivals), early);
        self.arrivals = self.arrivals.saturating_add(1);
        while self.cost > self.limits.waiting {
            self.skip(Missing::GivenUp, sink);
        }
    }

    /// The receiver acknowledges all before `ack`: what is missing before it is not in the capture.
    pub fn acknowledge(&mut self, ack: u32, sink: &mut dyn FnMut(Piece<'_>)) {
        while let Some(((lowest, _), _)) = self.waiting.first_key_value()
            && let Some(place) = self.place(ack)
            && u64::try_from(place).is_ok_and(|place| place > *lowest)
        {
            self.skip(Missing::Acknowledged, sink);
        }
    }

    /// Gives up the gap that the first waiting segments wait for.
    pub fn skip(&mut self, cause: Missing, sink: &mut dyn FnMut(Piece<'_>)) {
        if let Some(((lowest, _), _)) = self.waiting.first_key_value() {
            self.leave_gap(*lowest, cause, sink);
            self.settle(sink);
        }
    }

    /// The capture ends: gives all that waits, with its gaps.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Piece<'_>)) {
        while !self.waiting.is_empty() {
            self.skip(Missing::NeverSeen, sink);
        }
    }

    /// Where the octet of this number stands in the stream: the nearest of its places, as numbers
    /// repeat every 2^32 octets. It may lie before the beginning.
    fn place(&self, seq: u32) -> Option<i64> {
        let ahead = seq.wrapping_sub(self.next?).cast_signed();
        Some(self.offset.cast_signed().saturating_add(ahead.into()))
    }

    /// Gives what no longer has to wait. Of several segments with the next octet, the one that came
    /// first gives it.
    fn settle(&mut self, sink: &mut dyn FnMut(Piece<'_>)) {
        let mut ready: BTreeMap<u64, (u64, Early)> = BTreeMap::new();
        loop {
            while let Some(entry) = self.waiting.first_entry()
                && entry.key().0 <= self.offset
            {
                let ((start, arrival), early) = entry.remove_entry();
                ready.insert(arrival, (start, early));
            }
            let Some((_, (start, early))) = ready.pop_first() else {
                break;
            };
            let cost = early.octets.len().saturating_add(SEGMENT_OVERHEAD);
            self.cost = self.cost.saturating_sub(cost);
            self.deliver(start, &early, &early.octets, sink);
        }
    }

    /// Gives what is new in a segment that begins at or before the next octet, and compares the rest.
    fn deliver(
        &mut self,
        start: u64,
        early: &Early,
        octets: &[u8],
        sink: &mut dyn FnMut(Piece<'_>),
    ) {
        let known = narrow(self.offset.saturating_sub(start)).min(octets.len());
        let (old, new) = octets.split_at_checked(known).unwrap_or_default();
        self.compare(start, early.frame, old, sink);
        let end = start.saturating_add(early.length);
        if end <= self.offset {
            return;
        }
        if !new.is_empty() {
            self.history.push(self.offset, early.frame, new);
            let offset = self.offset;
            self.advance(wide(new.len()));
            sink(Piece::Octets {
                offset,
                frame: early.frame,
                time: early.time,
                octets: new,
            });
        }
        if end > self.offset {
            self.leave_gap(end, Missing::CutOff, sink);
        }
    }

    /// Tells where octets differ from those that were kept, or fill a gap that was given up.
    fn compare(&self, start: u64, frame: u64, octets: &[u8], sink: &mut dyn FnMut(Piece<'_>)) {
        if octets.is_empty() {
            return;
        }
        let end = start.saturating_add(wide(octets.len()));
        for (from, to) in &self.gaps {
            let (from, to) = (start.max(*from), end.min(*to));
            if from < to {
                let part = narrow(from.saturating_sub(start))..narrow(to.saturating_sub(start));
                sink(Piece::Late {
                    offset: from,
                    frame,
                    octets: octets.get(part).unwrap_or_default(),
                });
            }
        }
        if let Some(difference) = self.history.difference(start, octets) {
            sink(Piece::Differs {
                offset: difference.offset,
                kept_frame: difference.frame,
                kept: difference.kept,
                frame,
                octets: difference.other,
            });
        }
    }

    fn leave_gap(&mut self, to: u64, cause: Missing, sink: &mut dyn FnMut(Piece<'_>)) {
        let Some(length @ 1..) = to.checked_sub(self.offset) else {
            return;
        };
        let offset = self.offset;
        if self.gaps.len() == MAX_GAPS {
            self.gaps.remove(0);
        }
        self.gaps.push((offset, to));
        self.history.clear();
        self.advance(length);
        sink(Piece::Gap {
            offset,
            length,
            cause,
        });
    }

    fn advance(&mut self, length: u64) {
        self.offset = self.offset.saturating_add(length);
        // Numbers are counted modulo 2^32, so the lower half is what matters.
        let length = u32::try_from(length & u64::from(u32::MAX)).unwrap_or_default();
        self.next = self.next.map(|next| next.wrapping_add(length));
    }
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn narrow(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
