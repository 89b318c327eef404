//! The tests of one segment in its connection, in Wireshark's order.

use super::Analysis;
use super::side::{Last, Side, is_after, sacked};
use super::unacked::{Shared, Waiting};
use crate::capture::Timestamp;
use crate::flow::{Direction, PerDirection, WindowScale};
use crate::packet::{Flags, Tcp};

/// A fast retransmission follows the last duplicate acknowledgment within this.
const FAST_NANOSECONDS: i64 = 20_000_000;
/// Segments overtake each other within one round trip; where that is not known, within this.
const OVERTAKING_NANOSECONDS: i64 = 3_000_000;
/// More in flight than this is a sequence number that jumped.
const MAX_IN_FLIGHT: u32 = 2_000_000_000;

/// What the analysis knows of one connection.
#[derive(Debug, Default)]
pub(super) struct Connection {
    sides: PerDirection<Side>,
    last_syn: Option<i64>,
    initial_rtt: Option<i64>,
    /// Whether a segment of it was captured twice.
    is_doubled: bool,
    /// When its first segment was captured, and nanoseconds from there to its last one, of either side.
    times: Option<(Timestamp, i64)>,
}

/// A segment as the tests look at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tested {
    pub frame: u64,
    /// Nanoseconds from the connection's first segment.
    pub time: i64,
    pub direction: Direction,
    pub flags: Flags,
    pub seq: u32,
    pub ack: u32,
    pub window: u16,
    /// Octets of payload.
    pub length: u32,
    /// Whether its SYN has another number than its sender began with between these endpoints.
    pub is_reuse: bool,
}

impl Tested {
    /// The sequence number after the payload.
    const fn end(&self) -> u32 {
        self.seq.wrapping_add(self.length)
    }

    /// Whether it takes a sequence number besides its payload.
    const fn has_syn_or_fin(&self) -> bool {
        self.flags.has(Flags::SYN) || self.flags.has(Flags::FIN)
    }

    /// Neither SYN, FIN nor RST.
    const fn is_ordinary(&self) -> bool {
        !self.has_syn_or_fin() && !self.flags.has(Flags::RST)
    }
}

impl Connection {
    /// Reads the segments that are not acknowledged.
    pub(super) fn touch_unacked(&self) -> u64 {
        let PerDirection { forward, backward } = &self.sides;
        forward.unacked.touch() ^ backward.unacked.touch()
    }

    /// Reads its parts.
    pub(super) fn touch(&self) -> u64 {
        let PerDirection { forward, backward } = &self.sides;
        let both = forward.touch() ^ backward.touch();
        both ^ self.last_syn.unwrap_or(0).cast_unsigned() ^ u64::from(self.is_doubled)
    }

    /// Nanoseconds from the first segment and from the last one to this one.
    pub(super) fn pass_time(&mut self, time: Timestamp) -> (i64, i64) {
        let (first, last) = self.times.unwrap_or((time, 0));
        let since = time.since(first);
        self.times = Some((first, since));
        (since, since.saturating_sub(last))
    }

    /// Whether a segment that equals one a moment ago is that one, captured twice.
    ///
    /// Acknowledgments are repeated on purpose. One that has nothing else counts as captured twice
    /// only if its sender numbers his packets, or if others of the connection are.
    pub(super) fn is_copied(
        &mut self,
        direction: Direction,
        has_more: bool,
        number: Option<u16>,
    ) -> bool {
        let side = self.sides.get_mut(direction);
        let is_numbered = side.is_numbered && number.is_some();
        let is_copied = has_more || is_numbered || self.is_doubled;
        self.is_doubled |= is_copied;
        is_copied
    }

    /// Learns from a packet that is no copy whether its sender numbers his packets.
    pub(super) fn note_number(&mut self, direction: Direction, number: Option<u16>) {
        let side = self.sides.get_mut(direction);
        side.is_numbered |= side.number.is_some() && side.number != number;
        side.number = number;
    }

    /// What the segments before this one tell of it.
    pub(super) fn analyse(
        &mut self,
        segment: &Tested,
        tcp: &Tcp<'_>,
        scale: PerDirection<WindowScale>,
        shared: &mut Shared,
    ) -> Analysis {
        let mut analysis = Analysis {
            reused_ports: segment.is_reuse,
            ..Analysis::default()
        };
        let direction = segment.direction;
        let (own, peer) = match direction {
            Direction::Forward => (&mut self.sides.forward, &mut self.sides.backward),
            Direction::Backward => (&mut self.sides.backward, &mut self.sides.forward),
        };
        let peer_scale = *scale.get(direction.reverse());
        compare(&mut analysis, segment, own, peer, peer_scale);
        if segment.ack != own.ack {
            own.ack_frame = segment.frame;
            own.duplicate_acks = 0;
            own.is_overtaken = false;
        }
        check_acknowledgment(&mut analysis, segment, peer);
        if segment.length > 0 || segment.has_syn_or_fin() {
            let overtaking = self.initial_rtt.filter(|rtt| *rtt != 0);
            let overtaking = overtaking.unwrap_or(OVERTAKING_NANOSECONDS);
            check_sequence(&mut analysis, segment, own, peer, overtaking);
        }
        remember(&analysis, segment, own, shared);
        let own_scale = *scale.get(direction);
        own.window_octets = if segment.flags.has(Flags::SYN) {
            segment.window.into()
        } else {
            own_scale.apply(segment.window)
        };
        own.sacked = sacked(tcp);
        let acked = peer.unacked.acknowledge(segment.ack, shared);
        if segment.flags.has(Flags::ACK) {
            peer.knows_flight = true;
        }
        if let Some(waiting) = acked {
            let rtt = segment.time.saturating_sub(waiting.time);
            analysis.acks_frame = Some(waiting.frame);
            analysis.ack_rtt = Some(rtt).filter(|rtt| *rtt != 0);
            analysis.rtt_sample = (!waiting.is_resent && rtt >= 0).then_some(rtt);
        }
        measure_flight(&mut analysis, segment, own, peer);
        self.note_initial_rtt(segment);
        analysis.is_there |= analysis.flags() || analysis.acks_frame.is_some();
        if analysis.is_there {
            analysis.initial_rtt = self.initial_rtt.filter(|rtt| *rtt != 0);
        }
        analysis
    }

    fn note_initial_rtt(&mut self, segment: &Tested) {
        if segment.flags.is_syn() {
            self.last_syn = Some(segment.time);
        } else if !segment.flags.has(Flags::SYN)
            && segment.flags.has(Flags::ACK)
            && self.initial_rtt.is_none()
        {
            self.initial_rtt = self.last_syn.map(|syn| segment.time.saturating_sub(syn));
        }
    }
}

/// Compares a segment with its sender's last one: windows, probes, repetitions, gaps.
fn compare(
    analysis: &mut Analysis,
    segment: &Tested,
    own: &mut Side,
    peer: &Side,
    peer_scale: WindowScale,
) {
    let ordinary = segment.is_ordinary();
    let is_next = own.next_seq == Some(segment.seq);
    if segment.length == 1 && is_next && peer.window == Some(0) {
        analysis.zero_window_probe = true;
        return;
    }
    analysis.zero_window = segment.window == 0 && ordinary;
    let is_beyond = own.next_seq.is_some_and(|next| is_after(segment.seq, next));
    if is_beyond && !segment.flags.has(Flags::RST) {
        analysis.lost_segment = true;
        own.knows_flight = false;
    }
    let is_before_next = own.next_seq == Some(segment.seq.wrapping_add(1));
    analysis.keep_alive = segment.length <= 1 && is_before_next && ordinary;

    if segment.length > 0 {
        let edge = peer.ack.wrapping_add(peer.window_octets);
        let is_known = peer_scale != WindowScale::Unknown && peer.window.is_some();
        analysis.window_full = is_known && segment.end() == edge && ordinary;
        return;
    }
    if !is_next || !ordinary {
        return;
    }
    let same_ack = segment.ack == own.ack;
    let same_window = own.window == Some(segment.window);
    if segment.window == 0 {
        analysis.zero_window_probe_ack =
            same_window && same_ack && peer.last == Last::ZeroWindowProbe;
        return;
    }
    if !same_ack {
        return;
    }
    if !same_window {
        analysis.window_update = true;
    } else if peer.last == Last::KeepAlive {
        analysis.keep_alive_ack = true;
    } else {
        own.duplicate_acks = own.duplicate_acks.saturating_add(1);
        analysis.duplicate_ack = true;
        analysis.duplicate_ack_num = Some(own.duplicate_acks);
        analysis.duplicate_ack_frame = Some(own.ack_frame);
    }
}

/// Whether a segment acknowledges what is not in the capture.
fn check_acknowledgment(analysis: &mut Analysis, segment: &Tested, peer: &mut Side) {
    let is_unseen = peer.seen_to.is_some_and(|seen| is_after(segment.ack, seen));
    if is_unseen && segment.flags.has(Flags::ACK) {
        analysis.is_there = true;
        // Beyond all that was seen it is told once, until the peer acknowledges something new.
        let is_gap = peer.seen_to != peer.next_seq;
        let is_told = peer.is_overtaken || peer.duplicate_acks > 0;
        analysis.ack_lost_segment = is_gap || !is_told;
        if !is_gap {
            peer.is_overtaken = true;
            peer.duplicate_acks = 0;
        }
        peer.seen_to = peer.next_seq;
    }
}

/// Whether a segment that takes sequence numbers brings old ones, and why.
fn check_sequence(
    analysis: &mut Analysis,
    segment: &Tested,
    own: &Side,
    peer: &Side,
    overtaking: i64,
) {
    let mut is_old = own.next_seq.is_some_and(|next| is_after(next, segment.seq));
    if is_old && analysis.keep_alive {
        return;
    }
    // What follows a probe of one octet may begin with that octet.
    if segment.length > 1 && own.next_seq == Some(segment.seq.wrapping_add(1)) {
        is_old = false;
    }
    if segment.length > 0 && peer.ack != 0 && !is_after(segment.end(), peer.ack) {
        analysis.retransmission = true;
        analysis.spurious_retransmission = true;
        return;
    }
    if !is_old {
        return;
    }
    let is_within = |time: i64, limit| (0..limit).contains(&segment.time.saturating_sub(time));
    if peer.duplicate_acks >= 2
        && peer.ack == segment.seq
        && is_within(peer.ack_time, FAST_NANOSECONDS)
    {
        analysis.retransmission = true;
        analysis.fast_retransmission = true;
        return;
    }
    let end = segment.end().wrapping_add(segment.has_syn_or_fin().into());
    if is_within(own.next_seq_time, overtaking) && own.next_seq != Some(end) {
        analysis.out_of_order = true;
        return;
    }
    analysis.retransmission = true;
    let oldest = own.unacked.oldest();
    let (frame, time) = oldest.map_or((own.next_seq_frame, own.next_seq_time), |oldest| {
        (oldest.frame, oldest.time)
    });
    let rto = segment.time.saturating_sub(time);
    if rto != 0 {
        analysis.rto = Some(rto);
        analysis.rto_frame = Some(frame);
    }
}

/// Keeps of a segment what later ones are compared with.
fn remember(analysis: &Analysis, segment: &Tested, own: &mut Side, shared: &mut Shared) {
    let flag = u32::from(segment.has_syn_or_fin());
    let next_seq = segment.end().wrapping_add(flag);
    if segment.length > 0 || flag > 0 {
        let waiting = Waiting {
            seq: segment.seq,
            next_seq,
            frame: segment.frame,
            time: segment.time,
            is_resent: analysis.retransmission,
        };
        if analysis.retransmission {
            own.unacked.resend(segment.seq, next_seq);
        }
        own.unacked.push(waiting, shared);
    }
    if !analysis.zero_window_probe {
        if own.next_seq.is_none_or(|next| is_after(next_seq, next)) {
            own.next_seq = Some(next_seq);
            own.next_seq_frame = segment.frame;
            own.next_seq_time = segment.time;
        }
        if own.seen_to.is_none_or(|seen| seen == segment.seq) {
            own.seen_to = own.next_seq;
        }
    }
    own.window = Some(segment.window);
    own.ack = segment.ack;
    own.ack_time = segment.time;
    own.last = if analysis.keep_alive {
        Last::KeepAlive
    } else if analysis.zero_window_probe {
        Last::ZeroWindowProbe
    } else {
        Last::Other
    };
}

/// Octets in flight, and octets since the last push.
fn measure_flight(analysis: &mut Analysis, segment: &Tested, own: &mut Side, peer: &Side) {
    let Some(span) = own.unacked.span() else {
        return;
    };
    if segment.length == 0 || !own.knows_flight {
        return;
    }
    let in_flight = span.wrapping_sub(peer.sacked);
    own.pushed = if own.has_pushed {
        segment.length
    } else {
        own.pushed.wrapping_add(segment.length)
    };
    own.has_pushed = segment.flags.has(Flags::PSH);
    analysis.is_there = true;
    if in_flight < MAX_IN_FLIGHT {
        let octets = in_flight.saturating_sub(segment.has_syn_or_fin().into());
        analysis.bytes_in_flight = Some(octets).filter(|octets| *octets != 0);
        analysis.push_bytes_sent = analysis.bytes_in_flight.map(|_| own.pushed);
    }
}
