//! What one end of a connection sent last.

use arrayvec::ArrayVec;
use etherparse::TcpOptionElement;

use super::unacked::Unacked;
use crate::capture::Timestamp;
use crate::packet::Tcp;

/// Ranges of a selective acknowledgment: more do not fit into the options (RFC 2018 §3).
const MAX_RANGES: usize = 4;

/// A selective acknowledgment: first octet, and the one after the last.
pub(super) type Range = (u32, u32);

/// What one end of a connection sent last, and how far its octets go.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four facts that do not depend on each other"
)]
#[derive(Debug)]
pub(super) struct Side {
    /// The highest sequence number that is expected next.
    pub next_seq: Option<u32>,
    /// When the segment before that number was captured.
    pub next_seq_time: Timestamp,
    pub next_seq_frame: u64,
    /// What the peer can acknowledge without a gap in the capture.
    pub seen_to: Option<u32>,
    /// Whether the peer acknowledged more than `next_seq` since this side's acknowledgment changed.
    pub is_overtaken: bool,
    /// The last acknowledgment number.
    pub ack: u32,
    pub ack_time: Timestamp,
    /// The frame that brought that number first.
    pub ack_frame: u64,
    pub duplicate_acks: u32,
    /// The last window as it stands in the header.
    pub window: Option<u16>,
    /// The same in octets.
    pub window_octets: u32,
    pub last: Last,
    /// Of the last segment.
    pub sacked: ArrayVec<Range, MAX_RANGES>,
    /// False from a gap to the next acknowledgment.
    pub knows_flight: bool,
    /// Octets since PSH.
    pub pushed: u32,
    pub has_pushed: bool,
    pub unacked: Unacked,
    /// The IPv4 identification of the last packet.
    pub number: Option<u16>,
    /// Whether that changes from packet to packet.
    pub is_numbered: bool,
}

/// What a side's last segment was, where the other's answer depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    KeepAlive,
    ZeroWindowProbe,
    Other,
}

impl Default for Side {
    fn default() -> Self {
        const EPOCH: Timestamp = Timestamp::new(0, 0);
        Self {
            next_seq: None,
            next_seq_time: EPOCH,
            next_seq_frame: 0,
            seen_to: None,
            is_overtaken: false,
            ack: 0,
            ack_time: EPOCH,
            ack_frame: 0,
            duplicate_acks: 0,
            window: None,
            window_octets: 0,
            last: Last::Other,
            sacked: ArrayVec::new_const(),
            knows_flight: true,
            pushed: 0,
            has_pushed: false,
            unacked: Unacked::default(),
            number: None,
            is_numbered: false,
        }
    }
}

/// Whether `number` comes after `other` in a space that wraps round (RFC 9293 §3.4).
pub(super) const fn is_after(number: u32, other: u32) -> bool {
    other.wrapping_sub(number).cast_signed() < 0
}

/// The ranges that a segment acknowledges selectively.
pub(super) fn ranges(tcp: &Tcp<'_>) -> ArrayVec<Range, MAX_RANGES> {
    let mut ranges = ArrayVec::new();
    for option in tcp.options() {
        if let TcpOptionElement::SelectiveAcknowledgement(first, others) = option {
            let all = std::iter::once(first).chain(others.into_iter().flatten());
            ranges.clear();
            ranges.extend(all.take(MAX_RANGES));
        }
    }
    ranges
}
