//! What is wrong with frames, whatever they carry.

use super::{Finding, MAX_FLOWS, Patient, Severity, counted, file, tcpdump};
use crate::trace::Loss;

/// A clock that goes back further than this was set; less is the order in which several processors
/// hand over packets.
const CLOCK_SET_NANOSECONDS: i64 = 1_000_000_000;
/// A silence longer than this is told: an hour.
const LONG_PAUSE_NANOSECONDS: i64 = 3600 * 1_000_000_000;

pub(super) fn findings(patient: &Patient<'_>) -> Vec<Finding> {
    [
        file::cut(patient),
        twice(patient),
        back(patient),
        pause(patient),
        no_time(patient),
        lost(patient),
        offload(patient),
        bad_checksum(patient),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn twice(patient: &Patient<'_>) -> Option<Finding> {
    let twice = patient.checkup.twice;
    (twice.count > 0).then(|| {
        Finding::new(
            "frames_twice",
            Severity::Warning,
            format!("{} captured twice, first frame {}", counted(twice.count, "packet"), twice.frame),
            "no packet was sent twice: the capture saw it on two interfaces; chatpcap tells them from retransmissions, counts by hand do not",
        )
        .with_advice("capture on one interface instead of -i any or a bridge", tcpdump(&patient.file, ""))
        .with_frames([twice.frame])
        .with_count(twice.count)
    })
}

fn back(patient: &Patient<'_>) -> Option<Finding> {
    let back = patient.checkup.back;
    let longest = patient.checkup.longest_back;
    let times = counted(back.count, "time");
    let what = format!(
        "the time goes back {times}, at most by {}, first at frame {}",
        seconds(longest),
        back.frame
    );
    let finding = if longest >= CLOCK_SET_NANOSECONDS {
        Finding::new(
            "clock_back",
            Severity::Warning,
            what,
            "the clock was set while tcpdump ran, or captures were merged: times do not tell the order, frame numbers do",
        )
        .with_advice("let the clock settle first, and merge captures with mergecap", tcpdump(&patient.file, ""))
    } else {
        Finding::new(
            "reordered",
            Severity::Note,
            what,
            "no error: several processors handed packets over, each in its order",
        )
    };
    (back.count > 0).then(|| finding.with_frames([back.frame]).with_count(back.count))
}

fn pause(patient: &Patient<'_>) -> Option<Finding> {
    let (pause, frame) = patient.checkup.pause;
    (pause > LONG_PAUSE_NANOSECONDS).then(|| {
        Finding::new(
            "pause",
            Severity::Note,
            format!("nothing for {} before frame {frame}", seconds(pause)),
            "no error, if nothing was sent: two captures may have been put one behind the other",
        )
        .with_frames([frame])
    })
}

fn no_time(patient: &Patient<'_>) -> Option<Finding> {
    (patient.trace.packets > 0 && patient.trace.first.is_none()).then(|| {
        Finding::new(
            "no_time",
            Severity::Note,
            "no frame has a time".to_owned(),
            "the answers need none; round trip times and delays cannot be told",
        )
    })
}

fn lost(patient: &Patient<'_>) -> Option<Finding> {
    let losses: Vec<Loss> = patient.checkup.losses().collect();
    let first = losses.iter().map(|loss| loss.frame).min()?;
    let octets = losses
        .iter()
        .fold(0_u64, |sum, loss| sum.saturating_add(loss.octets));
    let flows: Vec<String> = losses
        .iter()
        .take(MAX_FLOWS)
        .map(|loss| format!("{} of tcp.stream {}", loss.octets, loss.flow))
        .collect();
    let more = if losses.len() > MAX_FLOWS { " ..." } else { "" };
    Some(
        Finding::new(
            "lost_frames",
            Severity::Warning,
            format!("{} of TCP missing, sent and not in the capture: {}{more}", counted(octets, "octet"), flows.join(", ")),
            "the receiver acknowledged them, or sent on behind them: tcpdump dropped frames, and nothing that was in them can be told",
        )
        .with_advice(
            "a larger buffer (-B, in KiB), no names (-n), a filter, and a disk that keeps up",
            tcpdump(&patient.file, "-n -B 16384"),
        )
        .with_frames([first])
        .with_count(octets),
    )
}

fn offload(patient: &Patient<'_>) -> Option<Finding> {
    let offloaded = patient.checkup.offloaded;
    (offloaded.count > 0).then(|| {
        Finding::new(
            "checksum_offload",
            Severity::Note,
            format!("{} with a checksum that the network card was to fill in, first frame {}", counted(offloaded.count, "frame"), offloaded.frame),
            "no error: this host sent them, and was captured before its card; on the wire they were right",
        )
        .with_advice(
            "to see them whole, let the kernel compute them before you capture",
            format!("ethtool -K eth0 tx off && {}", tcpdump(&patient.file, "")),
        )
        .with_frames([offloaded.frame])
        .with_count(offloaded.count)
    })
}

fn bad_checksum(patient: &Patient<'_>) -> Option<Finding> {
    let bad = patient.checkup.bad;
    (bad.count > 0).then(|| {
        Finding::new(
            "bad_checksum",
            Severity::Warning,
            format!("{} with a wrong checksum, first frame {}", counted(bad.count, "frame"), bad.frame),
            "octets were altered on the way or in the file, and the receiver throws such packets away: do not trust what is in them",
        )
        .with_advice("copy the file again, as binary, or capture anew", tcpdump(&patient.file, ""))
        .with_frames([bad.frame])
        .with_count(bad.count)
    })
}

/// Seconds with milliseconds, or as many digits as a small number needs.
fn seconds(nanoseconds: i64) -> String {
    let (whole, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    if whole > 0 {
        format!("{whole}.{:03} s", rest / 1_000_000)
    } else {
        format!("0.{:06} s", rest / 1000)
    }
}
