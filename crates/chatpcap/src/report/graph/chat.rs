//! The flow graph of the chat alone, as a part of a report.

use super::ladder::graph_text;
use super::words::Words;
use crate::ask::Analysis;
use crate::graph::{Graph, Names, Options, Sketch};
use crate::report::layout::{Layout, painted};
use crate::report::summary::short_names;

/// The chat's packets that an analysis kept, each drawn; nothing where there is none.
pub(in crate::report) fn chat_graph(analysis: &Analysis, layout: &Layout) -> String {
    let traces = analysis.traces.iter();
    let sketches = traces.map(|trace| {
        let arrows = &trace.arrows;
        Sketch::of_arrows(arrows.list(), arrows.left_out(), analysis.roles.port)
    });
    let options = Options {
        unfold: true,
        flow: None,
        rows: analysis
            .traces
            .iter()
            .map(|trace| trace.arrows.limit())
            .max()
            .unwrap_or(0),
    };
    let graph = Graph::new(sketches.collect(), analysis, Names::default(), options);
    if graph.entries.is_empty() {
        return String::new();
    }
    let words = Words::new(
        &short_names(analysis),
        &graph.flows,
        &graph.nodes,
        graph.start,
        graph.precision,
    );
    let words = words
        .with(super::Times::Start, layout.relative)
        .without_delays();
    let script = words.script(&graph, "`--arrows all` draws them");
    let heading = painted(layout.paint.heading, "Flow graph");
    format!("{heading}\n{}", graph_text(&script, layout))
}
