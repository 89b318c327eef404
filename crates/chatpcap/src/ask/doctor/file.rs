//! What is wrong with the file itself.

use super::{Finding, Patient, Severity, counted, tcpdump};
use crate::capture::{self, CaptureError};
use crate::trace::Notice;

/// A file that gave no capture at all.
pub(super) fn unusable(file: &str, error: &CaptureError) -> Finding {
    let nothing = "no question can be answered from it";
    let what = error_and_causes(error);
    let (key, text) = match error {
        CaptureError::Empty { .. } => (
            "empty",
            "tcpdump writes the file's header when the first packets are written: give it -U, and stop it with Ctrl-C",
        ),
        CaptureError::TruncatedHeader { .. } => {
            ("cut", "stop tcpdump with Ctrl-C before you copy its file")
        }
        CaptureError::NotCapture { .. } => (
            "not_a_capture",
            "name the file that tcpdump wrote with -w, not what it printed, and copy it as binary",
        ),
        CaptureError::UnsupportedVersion { .. } | CaptureError::UnsupportedDatalink { .. } => {
            ("unsupported", "capture with tcpdump or Wireshark")
        }
        // Not a matter of capturing.
        _ => return Finding::new("unreadable", Severity::Serious, what, nothing),
    };
    Finding::new(key, Severity::Serious, what, nothing).with_advice(text, tcpdump(file, ""))
}

/// The error with what caused it.
fn error_and_causes(error: &CaptureError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// What is wrong with a file that could be read.
pub(super) fn findings(patient: &Patient<'_>) -> Vec<Finding> {
    let trace = patient.trace;
    let mut findings = Vec::new();
    if trace.packets == 0 {
        findings.push(
            Finding::new(
                "no_frames",
                Severity::Serious,
                "the file has its header and not a single frame".to_owned(),
                "no question can be answered from it",
            )
            .with_advice(
                "nothing passed while tcpdump ran, its filter let nothing through, or it was killed before it wrote: \
                 leave the filter out, and give it -U",
                tcpdump(&patient.file, ""),
            ),
        );
    }
    findings.extend(
        trace
            .notices
            .iter()
            .filter_map(|notice| of_notice(notice, patient)),
    );
    if let [first, second, ..] = trace.links.as_slice() {
        let what = format!(
            "frames of {} link types in one file: {}, {}{}",
            trace.links.len(),
            first.link_type.name(),
            second.link_type.name(),
            if trace.links.len() > 2 { " ..." } else { "" }
        );
        findings.push(
            Finding::new(
                "mixed_links",
                Severity::Note,
                what,
                "no error: several interfaces, or several captures that were merged; offsets into frames differ from link type to link type",
            )
            .with_advice("one interface a file is easier to read", tcpdump(&patient.file, "")),
        );
    }
    findings
}

fn of_notice(notice: &Notice, patient: &Patient<'_>) -> Option<Finding> {
    let again = tcpdump(&patient.file, "");
    let what = notice.to_string();
    Some(match notice {
        Notice::Capture(capture::Notice::Truncated { offset, frames, needed, available, .. }) => Finding::new(
            "cut",
            Severity::Warning,
            format!(
                "the file is cut at octet {offset}, after frame {frames}: the next record needs {needed} octets, {available} are there"
            ),
            "all before the cut counts; what came later is lost",
        )
        .with_advice("stop tcpdump with Ctrl-C before you copy its file, and give it -U", again)
        .with_frames([*frames]),
        Notice::Capture(_) => Finding::new(
            "damaged",
            Severity::Warning,
            what,
            "what could be read counts; what the damaged part held is lost",
        )
        .with_advice("copy the file again, as binary, or capture anew", again),
        Notice::Beyond { rest, .. } => Finding::new(
            "too_many_flows",
            Severity::Warning,
            what,
            "a flood of made-up addresses, or a busy link: answers rest on the flows that came first",
        )
        .with_advice(
            "capture the lab's traffic only",
            tcpdump(&patient.file, "port 5000 or port 53 or arp"),
        )
        .with_count(rest.packets),
        Notice::LinkType(link) => Finding::new(
            "link_type",
            if link.packets == patient.trace.packets { Severity::Serious } else { Severity::Warning },
            what,
            "nothing can be read from those frames",
        )
        .with_advice("capture on the interface that has the lab's addresses", again)
        .with_count(link.packets),
        Notice::OtherLinkTypes { packets, .. } => Finding::new(
            "link_type",
            Severity::Warning,
            what,
            "nothing can be read from those frames",
        )
        .with_count(*packets),
        Notice::NoPacket(count) => Finding::new(
            "no_packet",
            Severity::Note,
            what,
            "no error: records of the system, not of the network",
        )
        .with_count(*count),
        Notice::Cut(example) => Finding::new(
            "headers_cut",
            Severity::Serious,
            what,
            "fields that questions ask for are cut off",
        )
        .with_advice("capture whole packets: -s 0", tcpdump(&patient.file, "-s 0"))
        .with_frames([example.frame])
        .with_count(example.count),
        Notice::Malformed(example) => Finding::new(
            "malformed",
            Severity::Warning,
            what,
            "these packets break their own protocol: a tunnel, an attack, or a program that builds them by hand",
        )
        .with_frames([example.frame])
        .with_count(example.count),
        Notice::Tls { port, frame } => Finding::new(
            "tls",
            Severity::Warning,
            what,
            "the questions about TCP and UDP headers can be answered; who said what cannot be shown",
        )
        .with_advice(
            "let client or server write the keys, and give them to Wireshark; or chat without --tls",
            format!(
                "SSLKEYLOGFILE=keys.log chat-client --tls www.ttm4200.com; \
                 tshark -r {} -o tls.keylog_file:keys.log -d tcp.port=={port},tls -q -z follow,tls,ascii,0",
                patient.file
            ),
        )
        .with_frames([*frame]),
        Notice::Backwards { .. } => return None,
    })
}

/// Frames that the snap length cut, where headers are whole.
pub(super) fn cut(patient: &Patient<'_>) -> Option<Finding> {
    let cut = patient.checkup.cut;
    let headers = patient
        .trace
        .notices
        .iter()
        .any(|notice| matches!(notice, Notice::Cut(_)));
    (cut.count > 0 && !headers).then(|| {
        let octets = patient.checkup.cut_at;
        Finding::new(
            "snap_length",
            Severity::Warning,
            format!("{} cut off at {octets} octets by the snap length, first frame {}", counted(cut.count, "frame"), cut.frame),
            "headers are whole, so that the answers stand; what the messages said is lost behind the cut",
        )
        .with_advice("capture whole packets: -s 0", tcpdump(&patient.file, "-s 0"))
        .with_frames([cut.frame])
        .with_count(cut.count)
    })
}
