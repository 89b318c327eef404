//! Whether all was as it must be.

use super::flat::Trend;
use super::ledger::Ledger;
use super::program::{Gauge, Log, field};

/// Measurements that it takes to judge memory.
const ENOUGH: usize = 20;

/// What was measured.
pub(super) struct Verdict {
    /// By seconds from the beginning.
    pub(super) samples: Vec<(f64, Gauge)>,
    /// The seconds of which the memory is not judged: all come, and buffers find their size.
    pub(super) warm_up: f64,
    /// With one client, before all others came and after they left.
    pub(super) baseline: Gauge,
    pub(super) empty: Gauge,
    /// Whether all connections were closed in time.
    pub(super) emptied: bool,
    /// How often what everybody believes was compared.
    pub(super) checks: u64,
}

impl Verdict {
    /// Prints what was found; true if it is as it must be.
    pub(super) fn tell(&self, ledger: &Ledger, log: &Log, well: bool, files: usize) -> bool {
        let counts = &ledger.counts;
        for (deed, count) in &counts.deeds {
            println!("{count:>8} {deed}");
        }
        for (reason, count) in &log.reasons {
            println!("{count:>8} in the log: {reason}");
        }
        println!("{:>8} lines left out of the log", log.left_out);
        let (heard, lost) = ledger.unreceipted();
        println!(
            "said {}: receipts {}, heard without {heard}, not heard {lost}; heard {} times",
            ledger.said(),
            counts.receipts,
            counts.deliveries
        );
        let mut good = true;
        let mut check = |name: &str, holds: bool, text: String| {
            println!("{} {name}: {text}", if holds { "ok  " } else { "BAD " });
            good &= holds;
        };
        check(
            "accounts",
            counts.faults == 0,
            format!(
                "{} faults, all at rest {} times",
                counts.faults, self.checks
            ),
        );
        check(
            "log",
            log.warnings.is_empty(),
            format!("{} warnings {:?}", log.warnings.len(), log.warnings.first()),
        );
        check(
            "files",
            self.emptied,
            format!(
                "{} at first, {} at last",
                self.baseline.files, self.empty.files
            ),
        );
        let tasks = |line: &Option<String>| -> Option<u64> {
            line.as_ref()
                .and_then(|line| field(line, "tasks")?.parse().ok())
        };
        // The room is the one that is left when nobody is there any more.
        let (stopping, ended) = (tasks(&log.stopping), tasks(&log.ended));
        check(
            "tasks",
            (stopping, ended) == (Some(1), Some(0)),
            format!("{stopping:?} when told to end, {ended:?} at the end"),
        );
        check(
            "end",
            well && files == 1,
            format!("status 0: {well}, {files} file in its directory"),
        );
        let (first, last) = (self.baseline.anonymous, self.empty.anonymous);
        println!("memory of its own with one client: {first} KiB at first, {last} KiB at last");
        let warm = |sample: &&(f64, Gauge)| sample.0 >= self.warm_up;
        let warm: Vec<&(f64, Gauge)> = self.samples.iter().filter(warm).collect();
        if warm.len() < ENOUGH {
            println!("memory: too short a time to judge it");
        } else {
            for (name, of) in [
                ("rss", (|gauge| gauge.rss) as fn(&Gauge) -> u64),
                ("anonymous memory", |gauge| gauge.anonymous),
            ] {
                let points: Vec<(f64, f64)> = warm
                    .iter()
                    .map(|(time, gauge)| (*time, of(gauge) as f64))
                    .collect();
                let Trend {
                    slope,
                    first,
                    last,
                    flat,
                } = Trend::of(&points);
                check(
                    name,
                    flat,
                    format!(
                        "{slope:+.0} KiB an hour, at most {first:.0} KiB in the first quarter and \
                         {last:.0} KiB in the last"
                    ),
                );
            }
        }
        good
    }
}
