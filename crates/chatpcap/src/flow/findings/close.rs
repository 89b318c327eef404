//! How a connection began and ended.

use std::fmt;

use crate::flow::{Direction, TcpFlow};

/// How a connection began and ended, as Zeek's `conn_state` tells it. "Opened" is by the sender of the
/// SYN, "answered" by the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Close {
    /// `S0`: a SYN, and no answer.
    Unanswered,
    /// `S1`: established, and not ended in the capture.
    Open,
    /// `SF`: established, and ended by both sides.
    Normal,
    /// `REJ`: the SYN was answered by a reset.
    Refused,
    /// `S2`: established; who opened it ended it, the other did not: half open.
    HalfByInitiator,
    /// `S3`: established; who answered ended it, the other did not: half open.
    HalfByResponder,
    /// `RSTO`: established, and reset by who opened it.
    ResetByInitiator,
    /// `RSTR`: established, and reset by who answered.
    ResetByResponder,
    /// `RSTOS0`: a SYN and then a reset by its own sender, no SYN-ACK.
    GivenUp,
    /// `RSTRH`: a SYN-ACK and then a reset by its own sender, no SYN.
    AnswerReset,
    /// `SH`: a SYN and then a FIN by its own sender, no SYN-ACK.
    HalfSeen,
    /// `SHR`: a SYN-ACK and then a FIN by its own sender, no SYN.
    AnswerHalfSeen,
    /// `OTH`: no SYN: the capture began in the middle.
    Middle,
}

impl Close {
    /// How a flow began and ended, as far as its recorded segments show.
    pub fn of(flow: &TcpFlow) -> Self {
        let handshake = &flow.handshake();
        let initiator = handshake.syn_direction.unwrap_or(Direction::Forward);
        let responder = initiator.reverse();
        let has_fin = |direction| *flow.fin().get(direction) > 0;
        let has_rst = |direction| *flow.rst().get(direction) > 0;
        match (handshake.syn.is_some(), handshake.syn_ack.is_some()) {
            (false, true) if has_rst(responder) => Self::AnswerReset,
            (false, true) if has_fin(responder) => Self::AnswerHalfSeen,
            (false, _) => Self::Middle,
            (true, false) if has_rst(responder) => Self::Refused,
            (true, false) if has_rst(initiator) => Self::GivenUp,
            (true, false) if has_fin(initiator) => Self::HalfSeen,
            (true, false) => Self::Unanswered,
            // A reset after both have ended is late, and changes nothing.
            (true, true) => match (has_fin(initiator), has_fin(responder)) {
                (true, true) => Self::Normal,
                _ if has_rst(initiator) => Self::ResetByInitiator,
                _ if has_rst(responder) => Self::ResetByResponder,
                (true, false) => Self::HalfByInitiator,
                (false, true) => Self::HalfByResponder,
                (false, false) => Self::Open,
            },
        }
    }

    /// Zeek's name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unanswered => "S0",
            Self::Open => "S1",
            Self::Normal => "SF",
            Self::Refused => "REJ",
            Self::HalfByInitiator => "S2",
            Self::HalfByResponder => "S3",
            Self::ResetByInitiator => "RSTO",
            Self::ResetByResponder => "RSTR",
            Self::GivenUp => "RSTOS0",
            Self::AnswerReset => "RSTRH",
            Self::HalfSeen => "SH",
            Self::AnswerHalfSeen => "SHR",
            Self::Middle => "OTH",
        }
    }
}

impl fmt::Display for Close {
    /// For people: `half open: the responder did not close`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unanswered => "SYN without an answer",
            Self::Open => "open at the end of the capture",
            Self::Normal => "closed by both",
            Self::Refused => "refused",
            Self::HalfByInitiator => "half open: the responder did not close",
            Self::HalfByResponder => "half open: the initiator did not close",
            Self::ResetByInitiator => "reset by the initiator",
            Self::ResetByResponder => "reset by the responder",
            Self::GivenUp => "SYN, then reset by its sender",
            Self::AnswerReset => "SYN-ACK, then reset by its sender",
            Self::HalfSeen => "SYN and FIN without an answer",
            Self::AnswerHalfSeen => "SYN-ACK and FIN of one side only",
            Self::Middle => "began before the capture",
        })
    }
}
