//! What TCP went through in one flow, summed up over the segments that were recorded.

mod close;
mod history;
mod round_trips;

use etherparse::TcpOptionElement;

pub use self::close::Close;
pub use self::history::History;
pub use self::round_trips::{MAX_ERROR_PERCENT, RoundTrips};
use super::{Analysis, Direction, PerDirection};
use crate::packet::{Flags, Tcp};

/// What TCP went through in one flow.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// What the segments of each direction were.
    pub trouble: PerDirection<Trouble>,
    /// What each side's SYN offered.
    pub offer: PerDirection<Offer>,
    /// Round trips of the segments of each direction, from the place of the capture to their receiver
    /// and back.
    pub round_trips: PerDirection<RoundTrips>,
    /// Nanoseconds of the handshake, as `tcp.analysis.initial_rtt`.
    pub initial_rtt: Option<i64>,
    /// What happened, in one word.
    pub history: History,
}

/// How many segments of one direction were what; the names are those of [`Analysis`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// Sent again, of any kind.
    pub retransmissions: u32,
    /// Sent again after repeated acknowledgments.
    pub fast_retransmissions: u32,
    /// Sent again although acknowledged.
    pub spurious_retransmissions: u32,
    /// Overtaken by others.
    pub out_of_order: u32,
    /// Acknowledgments that repeat the last one.
    pub duplicate_acks: u32,
    /// Gaps before a segment.
    pub lost_segments: u32,
    /// Acknowledgments of what is not in the capture.
    pub ack_lost_segments: u32,
    /// Segments that close the receive window.
    pub zero_windows: u32,
    /// Segments that fill the peer's receive window.
    pub windows_full: u32,
    /// Segments that only change the receive window.
    pub window_updates: u32,
    /// Questions whether the peer is still there.
    pub keep_alives: u32,
    /// Packets that the capture holds more than once.
    pub captured_twice: u32,
    /// The most octets that were in flight.
    pub max_bytes_in_flight: u32,
}

/// What a SYN or SYN-ACK offers (RFC 9293 §3.2, RFC 7323, RFC 2018).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// The largest segment that its sender takes, in octets.
    pub maximum_segment_size: Option<u16>,
    /// How far its windows are shifted.
    pub window_scale: Option<u8>,
    /// Selective acknowledgments.
    pub sack_permitted: bool,
    /// Timestamps.
    pub timestamps: bool,
}

impl Trouble {
    /// All that one direction went through together with another's.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let sum = |one: u32, other: u32| one.saturating_add(other);
        Self {
            retransmissions: sum(self.retransmissions, other.retransmissions),
            fast_retransmissions: sum(self.fast_retransmissions, other.fast_retransmissions),
            spurious_retransmissions: sum(
                self.spurious_retransmissions,
                other.spurious_retransmissions,
            ),
            out_of_order: sum(self.out_of_order, other.out_of_order),
            duplicate_acks: sum(self.duplicate_acks, other.duplicate_acks),
            lost_segments: sum(self.lost_segments, other.lost_segments),
            ack_lost_segments: sum(self.ack_lost_segments, other.ack_lost_segments),
            zero_windows: sum(self.zero_windows, other.zero_windows),
            windows_full: sum(self.windows_full, other.windows_full),
            window_updates: sum(self.window_updates, other.window_updates),
            keep_alives: sum(self.keep_alives, other.keep_alives),
            captured_twice: sum(self.captured_twice, other.captured_twice),
            max_bytes_in_flight: self.max_bytes_in_flight.max(other.max_bytes_in_flight),
        }
    }

    fn count(&mut self, analysis: &Analysis) {
        let count = |counter: &mut u32, flag: bool| *counter = counter.saturating_add(flag.into());
        count(&mut self.retransmissions, analysis.retransmission);
        count(&mut self.fast_retransmissions, analysis.fast_retransmission);
        count(
            &mut self.spurious_retransmissions,
            analysis.spurious_retransmission,
        );
        count(&mut self.out_of_order, analysis.out_of_order);
        count(&mut self.duplicate_acks, analysis.duplicate_ack);
        count(&mut self.lost_segments, analysis.lost_segment);
        count(&mut self.ack_lost_segments, analysis.ack_lost_segment);
        count(&mut self.zero_windows, analysis.zero_window);
        count(&mut self.windows_full, analysis.window_full);
        count(&mut self.window_updates, analysis.window_update);
        count(&mut self.keep_alives, analysis.keep_alive);
        count(&mut self.captured_twice, analysis.captured_twice);
        let in_flight = analysis.bytes_in_flight.unwrap_or(0);
        self.max_bytes_in_flight = self.max_bytes_in_flight.max(in_flight);
    }
}

impl Findings {
    /// Reads its parts.
    pub(super) fn touch(&self) -> u64 {
        let PerDirection { forward, backward } = &self.trouble;
        let trouble = forward.retransmissions ^ backward.captured_twice;
        let PerDirection { forward, backward } = &self.round_trips;
        let trips = forward.count() ^ backward.count();
        trips ^ u64::from(trouble) ^ self.initial_rtt.unwrap_or(0).cast_unsigned()
    }

    /// Adds a segment; `has_payload` is whether it carries data, `detailed` what all flows share for their
    /// round trips.
    pub(super) fn record(
        &mut self,
        direction: Direction,
        analysis: &Analysis,
        flags: Flags,
        has_payload: bool,
        tcp: &Tcp<'_>,
        detailed: &mut usize,
    ) {
        self.trouble.get_mut(direction).count(analysis);
        if analysis.captured_twice {
            return;
        }
        self.history.add(direction, analysis, flags, has_payload);
        if flags.has(Flags::SYN) {
            self.offer.get_mut(direction).learn(tcp);
        }
        if let Some(rtt) = analysis.rtt_sample {
            // The acknowledgment goes the other way than what it acknowledges.
            self.round_trips
                .get_mut(direction.reverse())
                .add(rtt, detailed);
        }
        self.initial_rtt = self.initial_rtt.or(analysis.initial_rtt);
    }
}

impl Offer {
    fn learn(&mut self, tcp: &Tcp<'_>) {
        for option in tcp.options() {
            match option {
                TcpOptionElement::MaximumSegmentSize(size) => {
                    self.maximum_segment_size = Some(size);
                }
                TcpOptionElement::WindowScale(shift) => self.window_scale = Some(shift),
                TcpOptionElement::SelectiveAcknowledgementPermitted => self.sack_permitted = true,
                TcpOptionElement::Timestamp(..) => self.timestamps = true,
                _ => {}
            }
        }
    }
}
