//! What is to be minded of a packet.

use std::fmt;

use super::Message;
use crate::field::Dissection;
use crate::flow::{Analysis, Sighting};
use crate::packet::{Flags, Protocol, icmp};

/// What is to be minded of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A reset that answers a SYN: nobody listens there (RFC 9293 §3.10.7.1).
    Refused,
    /// A reset that ends a connection.
    Reset,
    /// An ICMP error: a packet was not delivered.
    NotDelivered,
    /// A DNS answer that says no, with its code.
    NameError(u8),
    /// Sent again.
    Retransmission,
    /// Sent again after duplicate acknowledgements.
    FastRetransmission,
    /// Sent again although it had been acknowledged.
    SpuriousRetransmission,
    /// Came after later segments.
    OutOfOrder,
    /// Repeats an acknowledgement, for the how-manieth time.
    DuplicateAck(u32),
    /// Segments before this one are not in the capture.
    LostSegment,
    /// Acknowledges what is not in the capture.
    AckedUnseen,
    /// The receive window is closed.
    ZeroWindow,
    /// Asks into a closed window.
    ZeroWindowProbe,
    /// Answers that.
    ZeroWindowProbeAck,
    /// Fills the receive window.
    WindowFull,
    /// Changes the receive window only.
    WindowUpdate,
    /// Asks whether the peer is still there.
    KeepAlive,
    /// Answers that.
    KeepAliveAck,
    /// The ports had another connection before.
    PortsReused,
    /// The same packet was captured before, as this frame.
    CapturedTwice(u64),
}

/// How much a mark matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Plain,
    /// Something was repeated or went a detour.
    Warning,
    /// Something was refused or lost.
    Error,
}

impl Mark {
    /// All that is to be minded of a packet.
    pub(super) fn all(
        seen: &Dissection<'_>,
        sighting: Option<&Sighting<'_>>,
        message: &Message,
    ) -> Vec<Self> {
        let mut marks = Vec::new();
        match message {
            Message::Tcp { flags, numbers, .. } => {
                if let Some(flags) = flags.filter(|flags| flags.has(Flags::RST)) {
                    // Who answers a SYN with a reset has no number of its own (RFC 9293 §3.10.7.1).
                    let is_refusal = flags.has(Flags::ACK) && numbers.seq == Some(0);
                    marks.push(if is_refusal {
                        Self::Refused
                    } else {
                        Self::Reset
                    });
                }
                let segment = sighting.and_then(|sighting| sighting.segment);
                if let Some(analysis) = segment.and_then(|segment| segment.analysis) {
                    marks.extend(Self::of_analysis(&analysis));
                }
            }
            Message::Dns { code, .. } if *code != 0 => marks.push(Self::NameError(*code)),
            Message::Other { .. } if is_error(seen) => marks.push(Self::NotDelivered),
            _ => {}
        }
        marks
    }

    fn of_analysis(found: &Analysis) -> impl Iterator<Item = Self> + use<> {
        let again = if found.fast_retransmission {
            Self::FastRetransmission
        } else if found.spurious_retransmission {
            Self::SpuriousRetransmission
        } else {
            Self::Retransmission
        };
        let number = found.duplicate_ack_num.unwrap_or(1);
        [
            (found.reused_ports, Self::PortsReused),
            (found.retransmission, again),
            (found.out_of_order, Self::OutOfOrder),
            (found.lost_segment, Self::LostSegment),
            (found.ack_lost_segment, Self::AckedUnseen),
            (found.window_update, Self::WindowUpdate),
            (found.window_full, Self::WindowFull),
            (found.keep_alive, Self::KeepAlive),
            (found.keep_alive_ack, Self::KeepAliveAck),
            (found.duplicate_ack, Self::DuplicateAck(number)),
            (found.zero_window_probe, Self::ZeroWindowProbe),
            (found.zero_window, Self::ZeroWindow),
            (found.zero_window_probe_ack, Self::ZeroWindowProbeAck),
        ]
        .into_iter()
        .filter_map(|(is, mark)| is.then_some(mark))
    }

    /// How much it matters.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Refused | Self::Reset | Self::NotDelivered | Self::NameError(_) => {
                Severity::Error
            }
            Self::Retransmission
            | Self::FastRetransmission
            | Self::SpuriousRetransmission
            | Self::OutOfOrder
            | Self::DuplicateAck(_)
            | Self::LostSegment
            | Self::AckedUnseen
            | Self::ZeroWindow
            | Self::WindowFull => Severity::Warning,
            Self::ZeroWindowProbe
            | Self::ZeroWindowProbeAck
            | Self::WindowUpdate
            | Self::KeepAlive
            | Self::KeepAliveAck
            | Self::PortsReused
            | Self::CapturedTwice(_) => Severity::Plain,
        }
    }

    /// The name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::NotDelivered => "not_delivered",
            Self::NameError(_) => "name_error",
            Self::Retransmission => "retransmission",
            Self::FastRetransmission => "fast_retransmission",
            Self::SpuriousRetransmission => "spurious_retransmission",
            Self::OutOfOrder => "out_of_order",
            Self::DuplicateAck(_) => "duplicate_ack",
            Self::LostSegment => "lost_segment",
            Self::AckedUnseen => "ack_lost_segment",
            Self::ZeroWindow => "zero_window",
            Self::ZeroWindowProbe => "zero_window_probe",
            Self::ZeroWindowProbeAck => "zero_window_probe_ack",
            Self::WindowFull => "window_full",
            Self::WindowUpdate => "window_update",
            Self::KeepAlive => "keep_alive",
            Self::KeepAliveAck => "keep_alive_ack",
            Self::PortsReused => "reused_ports",
            Self::CapturedTwice(_) => "captured_twice",
        }
    }
}

/// Whether the packet is an ICMP message that quotes the packet which caused it.
fn is_error(seen: &Dissection<'_>) -> bool {
    let layers = seen.packet.layers().iter();
    let Some(layer) = layers.rev().find(|layer| !layer.quoted) else {
        return false;
    };
    let header = seen.packet.header(layer);
    let quotes = match layer.protocol {
        Protocol::Icmp => icmp::icmp_quotes,
        Protocol::Icmpv6 => icmp::icmpv6_quotes,
        _ => return false,
    };
    header.u8(icmp::TYPE).is_some_and(quotes)
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "refused: nobody listens there",
            Self::Reset => "reset",
            Self::NotDelivered => "not delivered",
            Self::NameError(code) => {
                return match crate::field::name_of("dns.flags.rcode", (*code).into()) {
                    Some(name) => f.write_str(&name.to_lowercase()),
                    None => write!(f, "error {code}"),
                };
            }
            Self::Retransmission => "retransmission",
            Self::FastRetransmission => "fast retransmission",
            Self::SpuriousRetransmission => "spurious retransmission",
            Self::OutOfOrder => "out of order",
            Self::DuplicateAck(number) => return write!(f, "duplicate ACK {number}"),
            Self::LostSegment => "segments before it are not in the capture",
            Self::AckedUnseen => "acknowledges what is not in the capture",
            Self::ZeroWindow => "window closed",
            Self::ZeroWindowProbe => "probe into the closed window",
            Self::ZeroWindowProbeAck => "window still closed",
            Self::WindowFull => "window full",
            Self::WindowUpdate => "window update",
            Self::KeepAlive => "keep-alive",
            Self::KeepAliveAck => "keep-alive answered",
            Self::PortsReused => "ports used again",
            Self::CapturedTwice(frame) => return write!(f, "captured before as frame {frame}"),
        })
    }
}
