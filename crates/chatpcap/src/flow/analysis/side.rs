//! What one end of a connection sent last.

use arrayvec::ArrayVec;
use etherparse::TcpOptionElement;

use super::unacked::Unacked;
use crate::packet::Tcp;

/// What one end of a connection sent last, and how far its octets go.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four facts that do not depend on each other"
)]
#[derive(Debug)]
pub(super) struct Side {
    /// The highest sequence number that is expected next.
    pub next_seq: Option<u32>,
    /// When the segment before that number was captured, in nanoseconds from the first of the
    /// connection.
    pub next_seq_time: i64,
    pub next_seq_frame: u64,
    /// What the peer can acknowledge without a gap in the capture.
    pub seen_to: Option<u32>,
    /// Whether the peer acknowledged more than `next_seq` since this side's acknowledgment changed.
    pub is_overtaken: bool,
    /// The last acknowledgment number.
    pub ack: u32,
    pub ack_time: i64,
    /// The frame that brought that number first.
    pub ack_frame: u64,
    pub duplicate_acks: u32,
    /// The last window as it stands in the header.
    pub window: Option<u16>,
    /// The same in octets.
    pub window_octets: u32,
    pub last: Last,
    /// Octets that the last segment acknowledged selectively.
    pub sacked: u32,
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
        Self {
            next_seq: None,
            next_seq_time: 0,
            next_seq_frame: 0,
            seen_to: None,
            is_overtaken: false,
            ack: 0,
            ack_time: 0,
            ack_frame: 0,
            duplicate_acks: 0,
            window: None,
            window_octets: 0,
            last: Last::Other,
            sacked: 0,
            knows_flight: true,
            pushed: 0,
            has_pushed: false,
            unacked: Unacked::default(),
            number: None,
            is_numbered: false,
        }
    }
}

impl Side {
    /// Reads its parts.
    pub(super) const fn touch(&self) -> u64 {
        let numbers = self.next_seq_frame ^ self.ack_frame;
        numbers ^ self.ack as u64 ^ self.has_pushed as u64
    }
}

/// Whether `number` comes after `other` in a space that wraps round (RFC 9293 §3.4).
pub(super) const fn is_after(number: u32, other: u32) -> bool {
    other.wrapping_sub(number).cast_signed() < 0
}

/// Octets that a segment acknowledges selectively (RFC 2018 §3), modulo 2^32.
pub(super) fn sacked(tcp: &Tcp<'_>) -> u32 {
    let ranges = tcp.options().flat_map(|option| match option {
        TcpOptionElement::SelectiveAcknowledgement(first, others) => [Some(first)]
            .into_iter()
            .chain(others)
            .collect::<ArrayVec<_, 4>>(),
        _ => ArrayVec::new(),
    });
    let lengths = ranges.flatten().map(|(from, to)| to.wrapping_sub(from));
    lengths.fold(0, u32::wrapping_add)
}
