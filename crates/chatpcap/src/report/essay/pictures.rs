//! The flow graphs of the page: of the exchanges, and of all packets.

use super::words::Words;
use crate::ask::Exchange;
use crate::graph::{Graph, Names, Options, Sketch};
use crate::report::graph::{self, CaptureText, graph_svg_sheets};
use crate::report::layout::safe;
use crate::report::summary::short_names;

/// Rows of one graph: what nobody reads to its end on paper is left to `chatpcap graph`.
const MAX_ROWS: usize = 250;
/// Frames up to which each has a row of its own.
const MAX_UNFOLDED: u64 = 400;

/// A flow graph.
pub(super) struct Picture {
    /// `frames a: chatserver.pcap`, where there are several.
    pub captures: Vec<String>,
    /// How the clocks of the captures stand against the first.
    pub clocks: Vec<String>,
    /// Pictures, made by a template that escapes.
    pub sheets: Vec<String>,
    pub remarks: Vec<String>,
}

/// One graph of all exchanges; `None` where none of their packets was kept.
pub(super) fn of_exchanges(
    words: Words<'_>,
    sketches: &mut [Sketch],
    exchanges: &[Exchange],
) -> Result<Option<Picture>, askama::Error> {
    let has = |trace, frame| exchanges.iter().any(|it| it.has(trace, frame));
    let sketches = sketches.iter_mut().enumerate();
    let chosen = sketches
        .map(|(trace, sketch)| sketch.of_frames(|frame| has(trace, frame)))
        .collect();
    picture(words, chosen, true)
}

/// The graph of all packets; `None` where there is none.
pub(super) fn of_all(
    words: Words<'_>,
    sketches: Vec<Sketch>,
) -> Result<Option<Picture>, askama::Error> {
    let frames = sketches.iter().map(|sketch| sketch.tally().selected);
    let unfold = frames.fold(0, u64::saturating_add) <= MAX_UNFOLDED;
    picture(words, sketches, unfold)
}

fn picture(
    words: Words<'_>,
    sketches: Vec<Sketch>,
    unfold: bool,
) -> Result<Option<Picture>, askama::Error> {
    let options = Options {
        unfold,
        flow: None,
        rows: MAX_ROWS,
    };
    let names = Names::given(words.names.iter().cloned());
    let graph = Graph::new(sketches, words.analysis, names, options);
    if graph.entries.is_empty() {
        return Ok(None);
    }
    let script = graph::Words::new(
        &short_names(words.analysis),
        &graph.flows,
        &graph.nodes,
        graph.start,
        graph.precision,
    )
    .script(&graph, "`chatpcap graph` draws them");
    let captures = || {
        let captures = script.captures.iter();
        captures.filter(|_| script.captures.len() > 1)
    };
    let name = |it: &CaptureText| safe(&format!("frames {}: {}", it.letter, it.name));
    let clock = |it: &CaptureText| Some(safe(&format!("{}: {}", it.name, it.clock.as_ref()?)));
    Ok(Some(Picture {
        captures: captures().map(name).collect(),
        clocks: captures().filter_map(clock).collect(),
        sheets: graph_svg_sheets(&script, false)?,
        remarks: script.remarks.iter().map(|remark| safe(remark)).collect(),
    }))
}
