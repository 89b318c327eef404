//! Clocks: that of the capture, and those that TCP timestamps tell.

use std::collections::BTreeMap;

use etherparse::TcpOptionElement;

use crate::capture::{Frame, Timestamp};
use crate::flow::{Direction, Sighting};
use crate::grade::Remark;
use crate::packet::TransportPayload;

/// Directions of flows whose timestamps are compared with the capture's times.
const MAX_CLOCKS: usize = 64;
/// Moments that are kept of each.
const MAX_MOMENTS: usize = 64;
/// Moments are at least so far apart, in nanoseconds.
const APART: i64 = 100_000_000;
/// How far a clock may be off between two moments, in nanoseconds: what a segment may wait before
/// it is captured, and more.
const OFF: i64 = 300_000_000;
/// Ticks a second that TCP clocks have: Linux 1000, and of old 100, 250 and 300; Windows 10, 100
/// and 1000.
const RATES: [i64; 5] = [1000, 100, 250, 300, 10];
/// Frames that a capture has before missing digits say anything.
const FEW: u64 = 20;
const SECOND: i64 = 1_000_000_000;

/// The clocks of a capture.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    frames: u64,
    /// Whether any time is no whole millisecond.
    has_fine_times: bool,
    /// By flow and direction.
    moments: BTreeMap<(u32, bool), Vec<Moment>>,
}

/// What two clocks show in one frame.
#[derive(Clone, Copy, Debug)]
struct Moment {
    time: Timestamp,
    ticks: u32,
    frame: u64,
}

impl Clocks {
    pub(super) fn observe(&mut self, frame: &Frame<'_>) {
        if let Some(time) = frame.timestamp.filter(|_| frame.precision >= 6) {
            self.frames = self.frames.saturating_add(1);
            self.has_fine_times |= time.nanoseconds() % 1_000_000 != 0;
        }
    }

    pub(super) fn observe_segment(&mut self, frame: &Frame<'_>, sighting: &Sighting<'_>) {
        let TransportPayload::Tcp(tcp) = sighting.transport.payload else {
            return;
        };
        let mut options = tcp.options();
        let ticks = options.find_map(|option| match option {
            TcpOptionElement::Timestamp(value, _) => Some(value),
            _ => None,
        });
        let (Some(ticks), Some(time)) = (ticks, frame.timestamp) else {
            return;
        };
        let key = (sighting.index, sighting.direction == Direction::Forward);
        if self.moments.len() >= MAX_CLOCKS && !self.moments.contains_key(&key) {
            return;
        }
        let moments = self.moments.entry(key).or_default();
        let is_due = |last: &Moment| time.since(last.time).saturating_abs() >= APART;
        if moments.len() < MAX_MOMENTS && moments.last().is_none_or(is_due) {
            moments.push(Moment {
                time,
                ticks,
                frame: frame.number,
            });
        }
    }

    pub(super) fn remarks(&self) -> Vec<Remark> {
        let mut remarks = Vec::new();
        if self.frames >= FEW && !self.has_fine_times {
            let text = "every time is a whole millisecond: tcpdump writes microseconds";
            remarks.push(Remark::new("coarse-times", text));
        }
        // One is enough: whoever changes times changes them in all flows.
        remarks.extend(self.moments.values().find_map(|moments| jump(moments)));
        remarks
    }
}

/// Where the capture's clock and that of a sender do not go alike.
fn jump(moments: &[Moment]) -> Option<Remark> {
    let steps: Vec<(i64, i64, [u64; 2])> = moments
        .windows(2)
        .filter_map(|pair| {
            let [a, b] = pair else { return None };
            let ticks = b.ticks.wrapping_sub(a.ticks).cast_signed();
            Some((b.time.since(a.time), ticks.into(), [a.frame, b.frame]))
        })
        .collect();
    let is_off = |(time, ticks, _): &&(i64, i64, [u64; 2]), rate: i64| {
        let told = ticks.saturating_mul(SECOND / rate);
        told.saturating_sub(*time).saturating_abs() > OFF
    };
    // The rate that fits most steps.
    let off = |rate: &i64| steps.iter().filter(|step| is_off(step, *rate)).count();
    let rate = RATES.into_iter().min_by_key(off)?;
    let (time, ticks, frames) = steps.iter().find(|step| is_off(step, rate))?;
    let seconds = |nanoseconds: i64| {
        let tenths = nanoseconds / (SECOND / 10);
        format!(
            "{}{}.{}",
            if tenths < 0 { "-" } else { "" },
            (tenths / 10).abs(),
            (tenths % 10).abs()
        )
    };
    let text = format!(
        "between two segments of one sender the capture's clock goes {} s and the sender's TCP timestamps go {} s: \
         were times changed?",
        seconds(*time),
        seconds(ticks.saturating_mul(SECOND / rate))
    );
    Some(Remark::new("clock", text).at(frames))
}
