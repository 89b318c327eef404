//! What is looked at in a capture beside what its [`Trace`] tells, in the same pass.

use std::error::Error;
use std::ops::ControlFlow;

use super::hand_in::File;
use super::mark::{Collector, Marks};
use super::provenance::Facts;
use crate::capture::Capture;
use crate::field::Needs;
use crate::filter::Filter;
use crate::trace::{Pass, Trace, Watch};

/// A capture of a hand-in: what one pass found.
#[derive(Debug)]
pub struct Inspection {
    /// Flows, counts, answers' evidence.
    pub trace: Trace,
    /// What knows its run again in other captures.
    pub marks: Marks,
    /// What tells where it comes from.
    pub facts: Facts,
}

impl Inspection {
    /// Reads a capture to its end in one pass.
    pub fn read(name: &str, capture: Capture, watch: &Watch) -> Self {
        let mut collector = Collector::new();
        let mut facts = Facts::default();
        let trace =
            Trace::read_and_show(name, capture, watch, &mut |_| (), &mut |seen, sightings| {
                if let Some(sighting) = sightings.innermost() {
                    collector.observe(seen.frame, sighting);
                }
                facts.observe(seen.frame, seen.packet, sightings);
            });
        Self {
            trace,
            marks: collector.into_marks(),
            facts,
        }
    }
}

/// Opens a file of a hand-in as a capture, or says why it is none.
pub(super) fn open(file: &File) -> Result<Capture, String> {
    file.capture().map_err(|error| {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        text
    })
}

/// How many frames of a capture a display filter selects.
pub(super) fn selected(file: &File, filter: &Filter) -> u64 {
    let mut count: u64 = 0;
    // What cannot be opened has its remark already.
    if let Ok(capture) = open(file) {
        let mut pass = Pass::new(capture, Some(filter), Needs::Frame);
        pass.run(&mut |_| (), &mut |_, _| {
            count = count.saturating_add(1);
            ControlFlow::Continue(())
        });
    }
    count
}
