//! What is looked at in a capture beside what its [`Trace`] tells, in the same pass.

use super::mark::{Collector, Marks};
use crate::capture::Capture;
use crate::trace::{Trace, Watch};

/// A capture of a hand-in: what one pass found.
#[derive(Debug)]
pub struct Inspection {
    /// Flows, counts, answers' evidence.
    pub trace: Trace,
    /// What knows its run again in other captures.
    pub marks: Marks,
}

impl Inspection {
    /// Reads a capture to its end in one pass.
    pub fn read(name: &str, capture: Capture, watch: &Watch) -> Self {
        let mut collector = Collector::new();
        let trace = Trace::read_and_show(
            name,
            capture,
            watch,
            &mut |_| (),
            &mut |frame, _, sightings| {
                if let Some(sighting) = sightings.innermost() {
                    collector.observe(frame, sighting);
                }
            },
        );
        Self {
            trace,
            marks: collector.into_marks(),
        }
    }
}
