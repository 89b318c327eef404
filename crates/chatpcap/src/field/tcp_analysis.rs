//! Fields of what TCP went through.

use super::tcp::{SCOPE, in_flow};
use super::{Field, Kind, Needs, View};
use crate::flow::Analysis;

/// `tcp.analysis.*`, and times within a flow.
pub(super) const FIELDS: &[Field] = &[
    Field::with(
        "tcp.time_relative",
        "time since the flow's first segment",
        SCOPE,
        Kind::Duration,
        |view, out| {
            out.nanoseconds(in_flow(view).and_then(|segment| segment.time_relative));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.time_delta",
        "time since the flow's segment before",
        SCOPE,
        Kind::Duration,
        |view, out| {
            out.nanoseconds(in_flow(view).and_then(|segment| segment.time_delta));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis",
        "there is something to tell",
        SCOPE,
        Kind::Label,
        |view, out| {
            out.present(analysis(view).is_some_and(|found| found.is_there));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.flags",
        "something happened that is not the plain course",
        SCOPE,
        Kind::Label,
        |view, out| {
            out.present(analysis(view).is_some_and(Analysis::flags));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.retransmission",
        "sent again",
        SCOPE,
        Kind::Label,
        |view, out| {
            out.present(analysis(view).is_some_and(|found| found.retransmission));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.fast_retransmission",
        "sent again after duplicate acknowledgments",
        SCOPE,
        Kind::Label,
        |view, out| {
            out.present(analysis(view).is_some_and(|found| found.fast_retransmission));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.spurious_retransmission",
        "sent again although it was acknowledged",
        SCOPE,
        Kind::Label,
        |view, out| {
            out.present(analysis(view).is_some_and(|found| found.spurious_retransmission));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.out_of_order",
        "older than what was seen before",
        SCOPE,
        Kind::Label,
        |view, out| {
            out.present(analysis(view).is_some_and(|found| found.out_of_order));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.duplicate_ack",
        "repeats an acknowledgment",
        SCOPE,
        Kind::Label,
        |view, out| {
            let is = analysis(view).is_some_and(|found| found.duplicate_ack);
            // Wireshark has it twice: with the number, and as a remark.
            out.present(is);
            out.present(is);
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.lost_segment",
        "segments before it are missing",
        SCOPE,
        Kind::Label,
        |view, out| {
            out.present(analysis(view).is_some_and(|found| found.lost_segment));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.ack_lost_segment",
        "acknowledges what is missing",
        SCOPE,
        Kind::Label,
        |view, out| {
            out.present(analysis(view).is_some_and(|found| found.ack_lost_segment));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.zero_window",
        "the window is closed",
        SCOPE,
        Kind::Label,
        |view, out| {
            out.present(analysis(view).is_some_and(|found| found.zero_window));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.zero_window_probe",
        "one octet into a closed window",
        SCOPE,
        Kind::Label,
        |view, out| {
            out.present(analysis(view).is_some_and(|found| found.zero_window_probe));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.zero_window_probe_ack",
        "answers such a probe",
        SCOPE,
        Kind::Label,
        |view, out| {
            out.present(analysis(view).is_some_and(|found| found.zero_window_probe_ack));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.window_full",
        "fills the window to its end",
        SCOPE,
        Kind::Label,
        |view, out| {
            out.present(analysis(view).is_some_and(|found| found.window_full));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.window_update",
        "changes the window and nothing else",
        SCOPE,
        Kind::Label,
        |view, out| {
            out.present(analysis(view).is_some_and(|found| found.window_update));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.keep_alive",
        "asks whether the peer is there",
        SCOPE,
        Kind::Label,
        |view, out| {
            out.present(analysis(view).is_some_and(|found| found.keep_alive));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.keep_alive_ack",
        "answers that",
        SCOPE,
        Kind::Label,
        |view, out| {
            out.present(analysis(view).is_some_and(|found| found.keep_alive_ack));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.reused_ports",
        "opens another connection on the same ports",
        SCOPE,
        Kind::Label,
        |view, out| {
            out.present(analysis(view).is_some_and(|found| found.reused_ports));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.duplicate_ack_num",
        "how often an acknowledgment was repeated",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            out.unsigned(analysis(view).and_then(|found| found.duplicate_ack_num));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.duplicate_ack_frame",
        "frame that is repeated",
        SCOPE,
        Kind::FrameNumber,
        |view, out| {
            out.unsigned(analysis(view).and_then(|found| found.duplicate_ack_frame));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.acks_frame",
        "frame that is acknowledged",
        SCOPE,
        Kind::FrameNumber,
        |view, out| {
            out.unsigned(analysis(view).and_then(|found| found.acks_frame));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.ack_rtt",
        "time since that frame",
        SCOPE,
        Kind::Duration,
        |view, out| {
            out.nanoseconds(analysis(view).and_then(|found| found.ack_rtt));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.initial_rtt",
        "round trip of the handshake",
        SCOPE,
        Kind::Duration,
        |view, out| {
            out.nanoseconds(analysis(view).and_then(|found| found.initial_rtt));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.bytes_in_flight",
        "octets that are not acknowledged",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            out.unsigned(analysis(view).and_then(|found| found.bytes_in_flight));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.push_bytes_sent",
        "octets since the last PSH",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            out.unsigned(analysis(view).and_then(|found| found.push_bytes_sent));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.rto",
        "time since the frame that is sent again",
        SCOPE,
        Kind::Duration,
        |view, out| {
            out.nanoseconds(analysis(view).and_then(|found| found.rto));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.rto_frame",
        "frame that is sent again",
        SCOPE,
        Kind::FrameNumber,
        |view, out| {
            out.unsigned(analysis(view).and_then(|found| found.rto_frame));
        },
    )
    .needing(Needs::Analysis),
    Field::with(
        "tcp.analysis.captured_twice",
        "captured before: a retransmission to Wireshark, none in truth (a field of our own)",
        SCOPE,
        Kind::Label,
        |view, out| out.present(analysis(view).is_some_and(|found| found.captured_twice)),
    )
    .needing(Needs::Analysis),
];

fn analysis<'a>(view: &View<'a>) -> Option<&'a Analysis> {
    in_flow(view)?.analysis.as_ref()
}
