//! What a capture suffers from, as far as a look at every frame tells.

use std::collections::{BTreeMap, VecDeque};

use arrayvec::ArrayVec;

use crate::capture::{Frame, Timestamp};
use crate::flow::{Direction, PerDirection, Sighting, Sightings, are_close, identity};
use crate::packet::checksum::{self, Checksum};
use crate::packet::{Flags, Network, Packet, TransportPayload};

/// Packets back to which one is compared, to know what is captured twice: more hosts than that do not
/// forward one packet.
const LOOK_BACK: usize = 8;
/// Holes of one stream that wait to be filled by what comes late.
const MAX_HOLES: usize = 8;
/// A jump of sequence numbers beyond any window (RFC 7323 §2.3) is no loss but nonsense.
const MAX_HOLE: u32 = 1 << 30;

/// How often something was seen, and where first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often.
    pub count: u64,
    /// The first frame.
    pub frame: u64,
}

/// What was found by looking at every frame.
#[derive(Debug, Default)]
pub struct Checkup {
    /// Frames of which the snap length cut octets off.
    pub cut: Tally,
    /// The most octets that are there of such a frame.
    pub cut_at: usize,
    /// Packets that were captured before, closer than any sender repeats himself.
    pub twice: Tally,
    /// Checksums that a network card was to complete.
    pub offloaded: Tally,
    /// Checksums that do not fit.
    pub bad: Tally,
    /// Checksums that fit.
    pub good: u64,
    /// Frames that are earlier than the one before.
    pub back: Tally,
    /// The longest such step, in nanoseconds.
    pub longest_back: i64,
    /// The longest time without a frame, in nanoseconds, and the frame after it.
    pub pause: (i64, u64),
    /// Packets between addresses of the loopback interface.
    pub loopback: u64,
    /// What TCP streams lack, by the number of their flow.
    streams: BTreeMap<u32, PerDirection<Progress>>,
    recent: VecDeque<(u64, bool, Timestamp)>,
    last: Option<Timestamp>,
}

/// Octets that one side of a flow sent, and that the capture does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// `tcp.stream`.
    pub flow: u32,
    /// Which side.
    pub direction: Direction,
    /// Octets.
    pub octets: u64,
    /// The frame that first shows it.
    pub frame: u64,
}

/// How far one side of a flow has come.
#[derive(Debug, Default)]
struct Progress {
    next: Option<u32>,
    missing: u64,
    frame: u64,
    holes: ArrayVec<(u32, u32), MAX_HOLES>,
}

impl Tally {
    fn add(&mut self, frame: u64) {
        if self.count == 0 {
            self.frame = frame;
        }
        self.count = self.count.saturating_add(1);
    }
}

impl Checkup {
    /// Looks at the next frame of the capture.
    pub fn observe(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, sightings: &Sightings<'_>) {
        let captured = frame.octets.len();
        if usize::try_from(frame.original_length).is_ok_and(|length| length > captured) {
            self.cut.add(frame.number);
            self.cut_at = self.cut_at.max(captured);
        }
        self.observe_time(frame);
        self.observe_checksums(frame, packet);
        if let Some(sighting) = sightings.innermost() {
            let transport = &sighting.transport;
            if transport.source.is_loopback() && transport.destination.is_loopback() {
                self.loopback = self.loopback.saturating_add(1);
            }
            self.observe_copy(frame, sighting);
            self.observe_segment(frame, sighting);
        }
    }

    /// What TCP streams lack, in order of their flows.
    pub fn losses(&self) -> impl Iterator<Item = Loss> {
        self.streams.iter().flat_map(|(flow, sides)| {
            let directions = [Direction::Forward, Direction::Backward].into_iter();
            directions.filter_map(|direction| {
                let Progress { missing, frame, .. } = sides.get(direction);
                (*missing > 0).then_some(Loss {
                    flow: *flow,
                    direction,
                    octets: *missing,
                    frame: *frame,
                })
            })
        })
    }

    fn observe_time(&mut self, frame: &Frame<'_>) {
        let Some(now) = frame.timestamp else {
            return;
        };
        if let Some(last) = self.last.replace(now) {
            let step = now.since(last);
            if step < 0 {
                self.back.add(frame.number);
                self.longest_back = self.longest_back.max(step.saturating_neg());
            } else if step > self.pause.0 {
                self.pause = (step, frame.number);
            }
        }
    }

    fn observe_checksums(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) {
        let mut worst = Checksum::Unknown;
        for transport in packet.transports().filter(|transport| !transport.quoted) {
            let network = match transport.network {
                Network::Ipv4(ipv4) => checksum::ipv4(&ipv4),
                Network::Ipv6(..) => Checksum::Unknown,
            };
            for found in [network, checksum::transport(&transport)] {
                worst = match (worst, found) {
                    (Checksum::Bad, _) | (_, Checksum::Bad) => Checksum::Bad,
                    (Checksum::Offloaded, _) | (_, Checksum::Offloaded) => Checksum::Offloaded,
                    (Checksum::Good, _) | (_, Checksum::Good) => Checksum::Good,
                    _ => Checksum::Unknown,
                };
            }
        }
        match worst {
            Checksum::Good => self.good = self.good.saturating_add(1),
            Checksum::Offloaded => self.offloaded.add(frame.number),
            Checksum::Bad => self.bad.add(frame.number),
            Checksum::Absent | Checksum::Unknown => {}
        }
    }

    fn observe_copy(&mut self, frame: &Frame<'_>, sighting: &Sighting<'_>) {
        let Some(now) = frame.timestamp else {
            return;
        };
        let is_syn = match sighting.transport.payload {
            TransportPayload::Tcp(tcp) => {
                let flags = tcp.flags().unwrap_or_default();
                let is_syn = flags.has(Flags::SYN);
                // Bare acknowledgments repeat themselves, and without identification they are alike.
                if !is_syn && tcp.payload_length().unwrap_or(0) == 0 {
                    return;
                }
                is_syn
            }
            TransportPayload::Udp(_) => false,
        };
        let this = identity(&sighting.transport);
        let is_copy = self.recent.iter().any(|(other, syn, time)| {
            *other == this && *syn == is_syn && are_close(is_syn, *time, now)
        });
        if is_copy {
            self.twice.add(frame.number);
        }
        if self.recent.len() == LOOK_BACK {
            self.recent.pop_front();
        }
        self.recent.push_back((this, is_syn, now));
    }

    fn observe_segment(&mut self, frame: &Frame<'_>, sighting: &Sighting<'_>) {
        let TransportPayload::Tcp(tcp) = sighting.transport.payload else {
            return;
        };
        let flags = tcp.flags().unwrap_or_default();
        // The numbers of a reset are often made up.
        let (Some(seq), Some(payload), false) = (
            tcp.sequence_number(),
            tcp.payload_length(),
            flags.has(Flags::RST),
        ) else {
            return;
        };
        let sides = self.streams.entry(sighting.index).or_default();
        if let Some(ack) = tcp.acknowledges() {
            let other = sides.get_mut(sighting.direction.reverse());
            other.reach(ack, frame.number);
        }
        let Ok(payload) = u32::try_from(payload) else {
            return;
        };
        let controls = u32::from(flags.has(Flags::SYN)) + u32::from(flags.has(Flags::FIN));
        let side = sides.get_mut(sighting.direction);
        side.take(seq, payload.saturating_add(controls), frame.number);
    }
}

impl Progress {
    /// Something before `seq` was sent: if it is ahead of what was seen, there is a hole.
    fn reach(&mut self, seq: u32, frame: u64) {
        let Some(next) = self.next else {
            return;
        };
        let ahead = seq.wrapping_sub(next);
        if ahead == 0 || ahead >= MAX_HOLE {
            return;
        }
        if self.missing == 0 {
            self.frame = frame;
        }
        self.missing = self.missing.saturating_add(ahead.into());
        if self.holes.is_full() {
            self.holes.remove(0);
        }
        self.holes.push((next, seq));
        self.next = Some(seq);
    }

    /// A segment with `length` numbers from `seq` on.
    fn take(&mut self, seq: u32, length: u32, frame: u64) {
        self.reach(seq, frame);
        let end = seq.wrapping_add(length);
        let Some(next) = self.next else {
            self.next = Some(end);
            return;
        };
        if end.wrapping_sub(next) < MAX_HOLE {
            self.next = Some(end);
        }
        // What comes late fills the hole that it left, from its front or to its back.
        for (from, to) in &mut self.holes {
            let (start, stop) = (
                seq.wrapping_sub(*from).cast_signed(),
                end.wrapping_sub(*from).cast_signed(),
            );
            let size = to.wrapping_sub(*from).cast_signed();
            let filled = stop.min(size).saturating_sub(start.max(0));
            if filled <= 0 {
                continue;
            }
            self.missing = self.missing.saturating_sub(filled.unsigned_abs().into());
            if start <= 0 {
                *from = from.wrapping_add(stop.min(size).unsigned_abs());
            } else {
                *to = from.wrapping_add(start.unsigned_abs());
            }
        }
        self.holes.retain(|(from, to)| from != to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(steps: &[(u32, u32)]) -> Progress {
        let mut progress = Progress::default();
        for (seq, length) in steps {
            progress.take(*seq, *length, 7);
        }
        progress
    }

    #[test]
    fn holes_are_counted_and_filled() {
        let check = |steps: &[(u32, u32)], missing| {
            assert_eq!(progress(steps).missing, missing, "{steps:?}");
        };
        check(&[(10, 5), (15, 5)], 0);
        check(&[(10, 5), (20, 5)], 5);
        check(&[(10, 5), (20, 5), (15, 5)], 0);
        check(&[(10, 5), (20, 5), (17, 3)], 2);
        check(&[(10, 5), (20, 5), (12, 5)], 3);
        check(&[(u32::MAX - 2, 5), (7, 1)], 5);
        check(&[(10, 5), (10, 5), (1 << 31, 5)], 0);
    }

    #[test]
    fn what_is_acknowledged_and_never_seen_is_missing() {
        let mut side = progress(&[(10, 5)]);
        side.reach(15, 8);
        assert_eq!(side.missing, 0);
        side.reach(18, 9);
        assert_eq!((side.missing, side.frame), (3, 9));
        // Nothing is known of a side that was never seen.
        let mut unseen = Progress::default();
        unseen.reach(18, 9);
        assert_eq!(unseen.missing, 0);
    }
}
