//! What TCP went through, as Wireshark's `tcp.analysis` tells it.
//!
//! The tests of one segment stand in `connection.rs` in Wireshark's order, because the first that
//! fits rules others out. They look at what each side sent last, and at the segments that nobody has
//! acknowledged yet.

mod analyser;
mod connection;
mod recent;
mod side;
mod unacked;

pub(super) use self::analyser::{Analyser, Seen};

/// What the analysis says of one segment. Names are those of Wireshark's fields after
/// `tcp.analysis.`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of Wireshark's that a display filter can ask for"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Analysis {
    /// Sent again; also set where the segment is a fast or spurious retransmission.
    pub retransmission: bool,
    /// Sent again within 20 ms of the last of at least two duplicate acknowledgments.
    pub fast_retransmission: bool,
    /// Sent again although the capture shows its acknowledgment.
    pub spurious_retransmission: bool,
    /// Older than what was seen before, and too soon after it to be sent again.
    pub out_of_order: bool,
    /// Repeats the last acknowledgment.
    pub duplicate_ack: bool,
    /// How many times the acknowledgment has been repeated, this time included.
    pub duplicate_ack_num: Option<u32>,
    /// The frame that is repeated.
    pub duplicate_ack_frame: Option<u64>,
    /// Segments before this one are not in the capture.
    pub lost_segment: bool,
    /// Acknowledges what is not in the capture.
    pub ack_lost_segment: bool,
    /// The receive window is closed.
    pub zero_window: bool,
    /// One octet into a closed window.
    pub zero_window_probe: bool,
    /// Repeats to a probe that the window is closed.
    pub zero_window_probe_ack: bool,
    /// Fills the peer's receive window to its end.
    pub window_full: bool,
    /// Changes the receive window and nothing else.
    pub window_update: bool,
    /// Asks whether the peer is still there.
    pub keep_alive: bool,
    /// Answers that.
    pub keep_alive_ack: bool,
    /// Begins with another number than its sender did before between the same endpoints.
    pub reused_ports: bool,
    /// The frame whose segment this one acknowledges.
    pub acks_frame: Option<u64>,
    /// Nanoseconds since that frame; `None` where that is 0.
    pub ack_rtt: Option<i64>,
    /// The same where the acknowledged segment was sent once only: who cannot tell which of two it
    /// acknowledges tells no round trip (Karn's rule, RFC 6298 §3). Not Wireshark's.
    pub rtt_sample: Option<i64>,
    /// Nanoseconds from the connection's last SYN to the first segment with ACK and without SYN;
    /// `None` where that is 0.
    pub initial_rtt: Option<i64>,
    /// Octets that the sender has sent, this segment included, and that are not acknowledged yet.
    pub bytes_in_flight: Option<u32>,
    /// Octets since the last segment with PSH, this one included.
    pub push_bytes_sent: Option<u32>,
    /// Nanoseconds that a retransmission comes after `rto_frame`; `None` where that is 0.
    pub rto: Option<i64>,
    /// The oldest frame that was not acknowledged when this one was sent again.
    pub rto_frame: Option<u64>,
    /// Whether Wireshark has anything to show of the segment: the field `tcp.analysis` itself.
    pub is_there: bool,
    /// The same packet was captured before, on another interface: it says nothing new. Not Wireshark's,
    /// which takes such a segment for a retransmission; all of the above is false, unless the table
    /// is told to [count](crate::flow::Copies::Count) copies as Wireshark does.
    pub captured_twice: bool,
}

impl Analysis {
    /// Whether any of the facts is set that Wireshark counts as `tcp.analysis.flags`.
    pub const fn flags(&self) -> bool {
        self.retransmission
            || self.out_of_order
            || self.duplicate_ack
            || self.lost_segment
            || self.ack_lost_segment
            || self.zero_window
            || self.zero_window_probe
            || self.zero_window_probe_ack
            || self.window_full
            || self.window_update
            || self.keep_alive
            || self.keep_alive_ack
            || self.reused_ports
    }
}
