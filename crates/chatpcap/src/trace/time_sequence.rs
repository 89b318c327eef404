//! Sequence numbers over time: how TCP flows went on.
//!
//! A long flow is thinned out while it is read: every second segment is dropped, again and again, so
//! that its course stays. What was sent again is thinned out by joining neighbours, so that none is lost.

use std::collections::BTreeMap;

use crate::capture::{Frame, Timestamp};
use crate::flow::{Direction, Endpoint, PerDirection, Sighting};
use crate::packet::{Flags, TransportPayload};

/// Flows that are kept at the same time; the smallest makes room for a new one.
const MAX_FLOWS: usize = 32;
/// Of these, flows of the chat that stay however small they are: the first.
const MAX_KEPT: usize = 8;
/// Segments, or acknowledgements, of one direction: more than a picture has columns.
const MAX_DOTS: usize = 2048;
/// Places of one direction where something was sent again.
const MAX_AGAIN: usize = 512;

/// A segment, or an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dot {
    /// Nanoseconds since the flow's first segment.
    pub time: i64,
    /// The sequence number of the first octet, counted from the ISN; of an acknowledgement, the number.
    pub number: i64,
    /// Octets; 0 of an acknowledgement.
    pub length: u32,
}

/// Segments that were sent again, close to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// The first of them.
    pub dot: Dot,
    /// How many.
    pub count: u64,
}

/// The octets of one direction: when they were sent, sent again, and acknowledged.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// Segments with data, SYN or FIN.
    pub data: Series,
    /// What the other side acknowledged.
    pub acks: Series,
    /// Segments that were sent again.
    pub again: Vec<Again>,
    /// The highest numbers so far, of data and acknowledgements, over all turns of 32 bits.
    turns: [i64; 2],
}

/// Dots in order, thinned out.
#[derive(Clone, Debug)]
pub struct Series {
    dots: Vec<Dot>,
    /// One of so many is kept.
    every: u64,
    /// How many there were.
    count: u64,
    last: Option<Dot>,
}

/// One TCP flow.
#[derive(Clone, Debug)]
pub struct TimeSequence {
    /// `tcp.stream`.
    pub flow: u32,
    /// Who sent the first segment, and who received it.
    pub ends: (Endpoint, Endpoint),
    /// When the first segment was captured.
    pub first: Timestamp,
    /// Octets of payload, both directions.
    pub octets: u64,
    /// Either direction's octets.
    pub courses: PerDirection<Course>,
    is_kept: bool,
}

/// The flows of one capture: those of the chat that came first, and the largest.
#[derive(Clone, Debug, Default)]
pub struct TimeSequences {
    // By number, in order.
    flows: BTreeMap<u32, TimeSequence>,
    /// Flows below this number have been seen.
    next: u32,
}

impl TimeSequences {
    /// Takes the next segment of the capture; `is_chat` is whether it belongs to the chat.
    pub(super) fn add(&mut self, frame: &Frame<'_>, sighting: &Sighting<'_>, is_chat: bool) {
        let (TransportPayload::Tcp(tcp), Some(time)) =
            (sighting.transport.payload, frame.timestamp)
        else {
            return;
        };
        let (Some(segment), Some(flags)) = (&sighting.segment, tcp.flags()) else {
            return;
        };
        let analysis = segment.analysis.unwrap_or_default();
        let payload = tcp.payload_length().unwrap_or(0);
        if analysis.captured_twice {
            return;
        }
        if sighting.index >= self.next {
            self.next = sighting.index.saturating_add(1);
            self.begin(sighting, time, is_chat);
        }
        let Some(sequence) = self.flows.get_mut(&sighting.index) else {
            return;
        };
        let octets = u64::try_from(payload).unwrap_or(u64::MAX);
        sequence.octets = sequence.octets.saturating_add(octets);
        let time = time.since(sequence.first);
        let back = sequence.courses.get_mut(sighting.direction.reverse());
        if flags.has(Flags::ACK) && !flags.has(Flags::RST) {
            let number = back.turned(1, segment.ack);
            back.acks.push(Dot {
                time,
                number,
                length: 0,
            });
        }
        if payload > 0 || flags.has(Flags::SYN) || flags.has(Flags::FIN) {
            let course = sequence.courses.get_mut(sighting.direction);
            let dot = Dot {
                time,
                number: course.turned(0, segment.seq),
                length: u32::try_from(payload).unwrap_or(u32::MAX),
            };
            if analysis.retransmission {
                course.send_again(dot);
            } else {
                course.data.push(dot);
            }
        }
    }

    /// A flow by its number, where it was kept.
    pub fn get(&self, flow: u32) -> Option<&TimeSequence> {
        self.flows.get(&flow)
    }

    /// The flow with most octets; of several the first.
    pub fn largest(&self) -> Option<&TimeSequence> {
        let mut flows = self.flows.values();
        let first = flows.next()?;
        Some(flows.fold(first, |largest, flow| {
            if flow.octets > largest.octets {
                flow
            } else {
                largest
            }
        }))
    }

    fn begin(&mut self, sighting: &Sighting<'_>, first: Timestamp, is_chat: bool) {
        let Some((from, to)) = sighting.sender_and_receiver() else {
            return;
        };
        let ends = match sighting.direction {
            Direction::Forward => (from, to),
            Direction::Backward => (to, from),
        };
        if self.flows.len() >= MAX_FLOWS {
            let loose = self.flows.values().filter(|flow| !flow.is_kept);
            let smallest = loose.min_by_key(|flow| flow.octets).map(|flow| flow.flow);
            let Some(smallest) = smallest else { return };
            self.flows.remove(&smallest);
        }
        let kept = self.flows.values().filter(|flow| flow.is_kept).count();
        self.flows.insert(
            sighting.index,
            TimeSequence {
                flow: sighting.index,
                ends,
                first,
                octets: 0,
                courses: PerDirection::default(),
                is_kept: is_chat && kept < MAX_KEPT,
            },
        );
    }
}

impl Course {
    /// A relative number of 32 bits as the count that it stands for: the one nearest to the highest so
    /// far.
    fn turned(&mut self, which: usize, number: u32) -> i64 {
        let Some(highest) = self.turns.get_mut(which) else {
            return number.into();
        };
        let low = u32::try_from(*highest & i64::from(u32::MAX)).unwrap_or(0);
        // As two's complement: how far it is ahead, or behind.
        let ahead = number.wrapping_sub(low).cast_signed();
        let turned = highest.saturating_add(ahead.into());
        *highest = turned.max(*highest);
        turned
    }

    fn send_again(&mut self, dot: Dot) {
        self.again.push(Again { dot, count: 1 });
        if self.again.len() > MAX_AGAIN {
            let pairs = self.again.chunks(2).filter_map(|pair| {
                let count = pair.iter().map(|again| again.count).sum();
                Some(Again {
                    dot: pair.first()?.dot,
                    count,
                })
            });
            self.again = pairs.collect();
        }
    }

    /// Segments that were sent again.
    pub fn sent_again(&self) -> u64 {
        self.again.iter().map(|again| again.count).sum()
    }
}

impl Default for Series {
    fn default() -> Self {
        Self {
            dots: Vec::new(),
            every: 1,
            count: 0,
            last: None,
        }
    }
}

impl Series {
    fn push(&mut self, dot: Dot) {
        if self.count.is_multiple_of(self.every) {
            self.dots.push(dot);
        }
        self.count = self.count.saturating_add(1);
        self.last = Some(dot);
        if self.dots.len() >= MAX_DOTS {
            let mut keep = false;
            self.dots.retain(|_| {
                keep = !keep;
                keep
            });
            self.every = self.every.saturating_mul(2);
        }
    }

    /// The dots that were kept, and the last.
    pub fn dots(&self) -> impl Iterator<Item = Dot> + Clone + '_ {
        let last = self.last.filter(|last| self.dots.last() != Some(last));
        self.dots.iter().copied().chain(last)
    }

    /// How many there were.
    pub const fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(time: i64) -> Dot {
        Dot {
            time,
            number: time,
            length: 1,
        }
    }

    #[test]
    fn a_long_series_keeps_its_course_and_its_end() {
        let mut series = Series::default();
        for time in 0..1_000_000 {
            series.push(dot(time));
        }
        let times: Vec<i64> = series.dots().map(|dot| dot.time).collect();
        assert!(times.len() <= MAX_DOTS + 1, "{}", times.len());
        assert!(times.len() > MAX_DOTS / 4, "{}", times.len());
        assert_eq!((times.first(), times.last()), (Some(&0), Some(&999_999)));
        assert!(times.is_sorted());
        assert_eq!(series.count(), 1_000_000);
    }

    #[test]
    fn nothing_that_was_sent_again_is_lost() {
        let mut course = Course::default();
        for time in 0..100_000 {
            course.send_again(dot(time));
        }
        assert!(course.again.len() <= MAX_AGAIN + 1);
        assert_eq!(course.sent_again(), 100_000);
    }

    #[test]
    fn numbers_turn() {
        let mut course = Course::default();
        for (number, turned) in [
            (1, 1),
            (0x7fff_ffff, 0x7fff_ffff),
            (0xf000_0000, 0xf000_0000),
            (5, 0x1_0000_0005),
            (0xffff_ffff, 0xffff_ffff),
        ] {
            assert_eq!(course.turned(0, number), turned, "{number:#x}");
        }
    }
}
