//! A capture that is read once for all that observe it, and a flow of one that is followed.

use std::ops::ControlFlow;

use chatpcap::ask::Given;
use chatpcap::capture::Capture;
use chatpcap::graph::Sketch;
use chatpcap::report::{FollowForm, FollowReport, Layout};
use chatpcap::trace::{Checkup, FlowNumber, Listener, Speech, Survey, Trace, Turn, Watch, follow};

/// What all observers found in one pass.
#[derive(Debug)]
pub struct Observed {
    /// The analysis.
    pub trace: Trace,
    /// What was said.
    pub speech: Speech,
    /// Material of the report.
    pub survey: Survey,
    /// Material of the examination.
    pub checkup: Checkup,
    /// Material of the flow graph.
    pub sketch: Sketch,
}

impl Observed {
    /// Reads a capture to its end; the sketch knows what of it is to be drawn.
    pub fn new(name: &str, capture: Capture, watch: &Watch, mut sketch: Sketch) -> Self {
        let mut listener = Listener::new(watch);
        let mut survey = Survey::new(watch);
        let mut checkup = Checkup::default();
        let trace =
            Trace::read_and_show(name, capture, watch, &mut |_| (), &mut |seen, sightings| {
                listener.observe(seen.frame, sightings);
                survey.observe(seen.frame, seen.packet, sightings);
                checkup.observe(seen.frame, seen.packet, sightings);
                sketch.see(seen);
            });
        Self {
            trace,
            speech: listener.finish(),
            survey,
            checkup,
            sketch,
        }
    }
}

/// What `chatpcap follow` prints of a flow, with so many flows of each protocol at most.
pub fn followed(
    capture: Capture,
    number: FlowNumber,
    form: FollowForm,
    layout: &Layout,
    max_flows: usize,
) -> String {
    let mut report = FollowReport::new(form, number, Given::default(), layout);
    let mut text = String::new();
    report.begin("x.pcap");
    let mut sink = |turn: Turn<'_>| {
        text.push_str(&report.turn(&turn));
        ControlFlow::Continue(())
    };
    let followed = follow(capture, None, number, max_flows, &mut sink, &mut |_| ());
    text.push_str(&report.end(&followed));
    text.push_str(&report.close());
    text
}
