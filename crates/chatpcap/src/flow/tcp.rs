//! TCP flows: their handshake and how they ended.

use super::copy::are_close;
use super::packed::Packed;
use super::segment::{Observed, Segment};
use super::{Direction, Endpoint, Flow, PerDirection, WindowScale};
use crate::capture::{Frame, Timestamp};
use crate::packet::{Flags, Tcp};

/// A TCP flow.
///
/// What a usual packet adds to stands in front; the handshake is packed behind it, because captures have
/// millions of flows.
#[derive(Clone, Debug)]
pub struct TcpFlow {
    /// Endpoints, packets, octets and times.
    pub flow: Flow,
    packed: Packed,
}

/// What a TCP flow began and ended with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub handshake: Handshake,
    pub isn: PerDirection<Option<u32>>,
    pub window_scale: PerDirection<WindowScale>,
    pub ending: Ending,
}

/// How often either side ended a TCP flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ending {
    pub fin: PerDirection<u32>,
    pub rst: PerDirection<u32>,
    pub first_rst_frame: Option<u64>,
}

/// What of a three-way handshake is in the capture (RFC 9293 §3.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handshake {
    /// Which way the SYN went.
    pub syn_direction: Option<Direction>,
    /// The first SYN.
    pub syn: Option<Mark>,
    /// Octets of data in the first SYN: TCP Fast Open (RFC 7413).
    pub syn_payload: u32,
    /// The first SYN-ACK that acknowledges the SYN, with or without the SYN's data.
    pub syn_ack: Option<Mark>,
    /// The first segment of the initiator that acknowledges the SYN-ACK.
    pub ack: Option<Mark>,
    /// SYN segments that the initiator sent.
    pub syn_count: u32,
    /// SYN-ACK segments that the responder sent.
    pub syn_ack_count: u32,
    /// SYN segments of the responder and SYN-ACK segments of the initiator: both opened at once
    /// (RFC 9293 §3.5, figure 7).
    pub crossing: u32,
    /// SYN and SYN-ACK segments that the capture holds twice, not counted above.
    pub captured_twice: u32,
    /// The frame of the last SYN, which is the first unless it was sent again.
    pub last_syn_frame: u64,
    /// From the last SYN to the first segment with ACK and without SYN of either side, in
    /// nanoseconds: what Wireshark calls `tcp.analysis.initial_rtt`.
    pub initial_rtt: Option<i64>,
    pub(super) last_syn_time: Option<Timestamp>,
    /// Of the last SYN and the last SYN-ACK, to know them again.
    pub(super) identity: PerDirection<(u64, Option<Timestamp>)>,
}

/// A segment of a handshake and its place in the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The frame's number.
    pub frame: u64,
    /// The sequence number, absolute.
    pub seq: u32,
    /// The acknowledgment number, absolute.
    pub ack: u32,
    /// Octets before the TCP header in the frame; `None` where fragments were put together.
    pub header_offset: Option<u32>,
}

impl TcpFlow {
    pub(super) fn new(flow: Flow) -> Self {
        Self {
            flow,
            packed: Packed::default(),
        }
    }

    /// The three-way handshake, as far as it is in the capture.
    pub fn handshake(&self) -> Handshake {
        self.packed.handshake()
    }

    /// The initial sequence number of each direction as Wireshark takes it: that of the SYN, else
    /// one less than the first number seen.
    pub fn isn(&self) -> PerDirection<Option<u32>> {
        self.packed.isn()
    }

    /// How each direction scales the windows that it advertises.
    pub fn window_scale(&self) -> PerDirection<WindowScale> {
        self.packed.window_scale()
    }

    /// Segments with FIN.
    pub fn fin(&self) -> PerDirection<u32> {
        self.packed.ending().fin
    }

    /// Segments with RST.
    pub fn rst(&self) -> PerDirection<u32> {
        self.packed.ending().rst
    }

    /// The frame of the first RST.
    pub fn first_rst_frame(&self) -> Option<u64> {
        self.packed.ending().first_rst_frame
    }

    /// The endpoint that opened the connection: who sent the SYN or received the SYN-ACK. `None`
    /// where the capture shows neither.
    pub fn initiator(&self) -> Option<Endpoint> {
        let direction = self.handshake().syn_direction;
        direction.map(|direction| self.flow.sender(direction))
    }

    /// The endpoint that was connected to.
    pub fn responder(&self) -> Option<Endpoint> {
        let direction = self.handshake().syn_direction;
        direction.map(|direction| self.flow.receiver(direction))
    }

    /// Whether the responder answered the SYN with a reset and nothing else.
    pub fn is_refused(&self) -> bool {
        let handshake = self.packed.handshake();
        let Some(direction) = handshake.syn_direction else {
            return false;
        };
        handshake.syn.is_some()
            && handshake.syn_ack.is_none()
            && *self.rst().get(direction.reverse()) > 0
    }

    /// Whether a segment with SYN in this direction has another number than its sender began with.
    /// Without ACK it opens another connection between the same endpoints.
    pub(super) fn is_begun_anew_by(&self, direction: Direction, observed: &Observed) -> bool {
        let isn = *self.isn().get(direction);
        isn.is_some_and(|isn| isn != observed.mark.seq)
    }

    /// What a segment's numbers tell of later ones.
    #[inline]
    pub(super) fn learn(&mut self, direction: Direction, observed: &Observed) {
        if self.flow.is_quiet && !observed.flags.has(Flags::SYN) {
            return;
        }
        self.packed.change_isn(|isn| {
            note_isn(isn, direction, observed.flags, &observed.mark);
        });
    }

    /// What the options of a SYN or SYN-ACK tell of later segments.
    pub(super) fn learn_scale(&mut self, direction: Direction, flags: Flags, tcp: &Tcp<'_>) {
        self.packed
            .change_window_scale(|scale| scale.learn(direction, flags, tcp));
    }

    /// What the flow tells of a segment of its own, from which it has [learned](Self::learn).
    pub(super) fn place(&self, direction: Direction, observed: Observed) -> Segment {
        let flags = observed.flags;
        let isn = self.isn();
        let relative = |number: u32, direction| {
            let isn = isn.get(direction);
            isn.map_or(number, |isn| number.wrapping_sub(isn))
        };
        // As it was before the segment's own options: a SYN has no factor, and its window is not scaled.
        let mut segment = self.quote(direction, observed);
        segment.seq = relative(segment.seq, direction);
        if flags.has(Flags::ACK) {
            segment.ack = relative(segment.ack, direction.reverse());
        }
        let span = segment.observed.span();
        segment.next_seq = span.map(|span| segment.seq.wrapping_add(span));
        if !flags.has(Flags::SYN) {
            let scale = self.packed.window_scale();
            segment.window = scale.get(direction).apply(segment.observed.window);
        }
        segment
    }

    /// What the flow so far tells of a segment that is only quoted, and tells nothing of later ones.
    pub(super) fn quote(&self, direction: Direction, observed: Observed) -> Segment {
        let is_syn = observed.flags.has(Flags::SYN);
        let scale = self.packed.window_scale();
        Segment {
            seq: observed.mark.seq,
            ack: observed.mark.ack,
            next_seq: None,
            window: observed.window.into(),
            window_scale_factor: (!is_syn).then(|| scale.get(direction).factor()),
            analysis: None,
            time_relative: None,
            time_delta: None,
            observed,
        }
    }

    pub(super) fn record(
        &mut self,
        direction: Direction,
        observed: &Observed,
        quoted: bool,
        frame: &Frame<'_>,
    ) {
        self.flow.show(frame);
        if quoted {
            return;
        }
        if let Some(payload) = observed.payload {
            self.flow.count(direction, frame, payload);
        }
        let Flags(flags) = observed.flags;
        if !self.flow.is_quiet || flags & Flags::SYN != 0 {
            let time = frame.timestamp;
            let has_settled = self.packed.change_handshake(|handshake| {
                handshake.observe(direction, observed, time);
                handshake.is_settled()
            });
            let isn = self.packed.isn();
            let has_both_isns = isn.forward.is_some() && isn.backward.is_some();
            self.flow.is_quiet = has_settled && has_both_isns;
        }
        if flags & (Flags::FIN | Flags::RST) != 0 {
            self.packed
                .change_ending(|ending| ending.count(direction, observed));
        }
    }

    /// Reads what a segment changes, so that it is in the cache then.
    pub(super) const fn touch(&self) -> u64 {
        self.flow.touch() ^ self.packed.touch()
    }
}

impl Ending {
    /// Counts how a segment ends the connection.
    fn count(&mut self, direction: Direction, observed: &Observed) {
        let count = |counter: &mut u32| *counter = counter.saturating_add(1);
        if observed.flags.has(Flags::FIN) {
            count(self.fin.get_mut(direction));
        }
        if observed.flags.has(Flags::RST) {
            count(self.rst.get_mut(direction));
            self.first_rst_frame.get_or_insert(observed.mark.frame);
        }
    }
}

/// The sequence number that each direction began with, as far as a segment tells.
fn note_isn(isn: &mut PerDirection<Option<u32>>, direction: Direction, flags: Flags, mark: &Mark) {
    let own = isn.get_mut(direction);
    if flags.is_syn_ack() {
        *own = Some(mark.seq);
    } else if own.is_none() {
        let syn = flags.has(Flags::SYN);
        *own = Some(if syn {
            mark.seq
        } else {
            mark.seq.wrapping_sub(1)
        });
    }
    if flags.has(Flags::ACK) {
        isn.get_mut(direction.reverse())
            .get_or_insert(mark.ack.wrapping_sub(1));
    }
}

impl AsRef<Flow> for TcpFlow {
    fn as_ref(&self) -> &Flow {
        &self.flow
    }
}

impl Handshake {
    /// Whether both SYN and SYN-ACK are in the capture: the connection was answered.
    pub const fn is_answered(&self) -> bool {
        self.syn.is_some() && self.syn_ack.is_some()
    }

    /// Whether no segment without SYN can change it any more.
    const fn is_settled(&self) -> bool {
        let awaits_rtt = self.initial_rtt.is_none() && self.last_syn_time.is_some();
        let awaits_ack = self.ack.is_none() && self.syn_ack.is_some();
        !awaits_rtt && !awaits_ack
    }

    fn observe(&mut self, direction: Direction, observed: &Observed, time: Option<Timestamp>) {
        let Observed { flags, mark, .. } = observed;
        if flags.has(Flags::SYN) {
            self.observe_syn(direction, observed, time);
        } else if flags.has(Flags::ACK) {
            self.observe_ack(direction, *flags, mark, time);
        }
    }

    fn observe_syn(&mut self, direction: Direction, observed: &Observed, time: Option<Timestamp>) {
        let Observed {
            flags,
            mark,
            payload,
            identity,
            ..
        } = observed;
        let last = self.identity.get_mut(direction);
        let times = last.1.zip(time);
        let is_twin =
            last.0 == *identity && times.is_some_and(|(last, time)| are_close(true, last, time));
        *last = (*identity, time);
        if flags.is_syn() {
            self.last_syn_time = time;
        }
        if is_twin {
            self.captured_twice = self.captured_twice.saturating_add(1);
            return;
        }
        if flags.is_syn() {
            let payload = payload.and_then(|payload| u32::try_from(payload).ok());
            self.open(direction, mark, payload.unwrap_or(0));
        } else {
            let opener = *self
                .syn_direction
                .get_or_insert_with(|| direction.reverse());
            if opener == direction {
                self.crossing = self.crossing.saturating_add(1);
                return;
            }
            self.syn_ack_count = self.syn_ack_count.saturating_add(1);
            let beyond_syn = |syn: Mark| mark.ack.wrapping_sub(syn.seq.wrapping_add(1));
            let answers = |syn| beyond_syn(syn) <= self.syn_payload;
            if self.syn.is_none_or(answers) {
                self.syn_ack.get_or_insert(*mark);
            }
        }
    }

    /// A SYN. The first one says who opens the connection, whatever a SYN-ACK before it made likely.
    fn open(&mut self, direction: Direction, mark: &Mark, payload: u32) {
        if self.syn.is_none() && self.syn_direction != Some(direction) {
            self.syn_direction = Some(direction);
            self.syn_ack = None;
            self.crossing = self.crossing.saturating_add(self.syn_ack_count);
            self.syn_ack_count = 0;
        }
        if self.syn_direction == Some(direction) {
            self.last_syn_frame = mark.frame;
            self.syn_count = self.syn_count.saturating_add(1);
            if self.syn.is_none() {
                self.syn = Some(*mark);
                self.syn_payload = payload;
            }
        } else {
            self.crossing = self.crossing.saturating_add(1);
        }
    }

    fn observe_ack(
        &mut self,
        direction: Direction,
        flags: Flags,
        mark: &Mark,
        time: Option<Timestamp>,
    ) {
        if self.initial_rtt.is_none()
            && let (Some(syn), Some(time)) = (self.last_syn_time, time)
        {
            self.initial_rtt = Some(time.since(syn));
        }
        if self.ack.is_none()
            && self.syn_direction == Some(direction)
            && !flags.has(Flags::RST)
            && self
                .syn_ack
                .is_some_and(|syn_ack| mark.ack == syn_ack.seq.wrapping_add(1))
        {
            self.ack = Some(*mark);
        }
    }
}
