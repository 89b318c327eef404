//! The graph stage: who sent what to whom, in order, as a model without any drawing.
//!
//! A [`Sketch`] takes the frames of one capture. A [`Graph`] puts sketches together: each packet is one
//! [`Row`], whatever number of captures hold it; runs of like packets are folded into one; every
//! frame that was selected is a row, or in a fold, or counted in the [`Tally`].
//!
//! Who draws while frames still come takes the parts one by one: [`Nodes`] for the columns, a
//! [`Composer`] for the rows.

mod choice;
mod clock;
mod composer;
mod doubles;
mod flows;
mod fold;
mod merge;
mod names;
mod node;
mod row;
mod rows;
mod sketch;

use self::rows::Rows;
use crate::ask::Analysis;
use crate::capture::Timestamp;
use crate::trace::{FlowNumber, Trace};

pub use self::choice::{Choice, Hidden, Tally};
pub use self::clock::{Basis, Clock};
pub use self::composer::{Composer, Entry};
pub use self::doubles::Doubles;
pub use self::flows::Flows;
pub use self::fold::{Fold, Pile};
pub use self::names::Names;
pub use self::node::{Node, Nodes};
pub use self::row::{Presence, Row, Sight};
pub use self::sketch::{MAX_KEPT, Sketch};

/// What captures show, from top to bottom.
#[derive(Debug)]
pub struct Graph {
    /// The captures, in the order given.
    pub vantages: Vec<Vantage>,
    /// The hosts.
    pub nodes: Nodes,
    /// The flows.
    pub flows: Flows,
    /// What happened.
    pub entries: Vec<Entry>,
    /// When the first frame of the captures was captured, on the first capture's clock.
    pub start: Option<Timestamp>,
    /// Decimal digits of a second that the captures keep.
    pub precision: u8,
    /// What became of the frames.
    pub tally: Tally,
}

/// A capture as a view of what happened.
#[derive(Clone, Debug)]
pub struct Vantage {
    /// What the user calls it.
    pub name: String,
    /// How its clock stands against the first capture's; `None` for the first itself.
    pub clock: Option<Clock>,
}

/// How a graph is made.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Draw every packet, however alike.
    pub unfold: bool,
    /// Only this flow; of several captures the flows are numbered as they appear in all of them.
    pub flow: Option<FlowNumber>,
    /// How many rows there are at most; the frames of others are counted.
    pub rows: usize,
}

impl Graph {
    /// The graph of the captures that an analysis is about: a sketch each, in the same order.
    pub fn new(
        mut sketches: Vec<Sketch>,
        analysis: &Analysis,
        names: Names,
        options: Options,
    ) -> Self {
        let mut nodes = Nodes::new(names);
        let mut tally = Tally::default();
        for sketch in &sketches {
            nodes.learn_from(sketch.nodes());
            tally.add(sketch.tally());
        }
        let traces = &analysis.traces;
        let names = traces.iter().map(|trace| trace.name.clone());
        let alone = match sketches.as_mut_slice() {
            [only] => only.take_rows(),
            _ => None,
        };
        let (rows, clocks) = if let Some(rows) = alone {
            (rows, vec![None])
        } else {
            let merged = merge::merge(sketches);
            let mut rows = Rows::new(options);
            for row in merged.rows {
                if options.flow.is_some() && row.arrow.flow != options.flow {
                    tally.others = tally.others.saturating_add(row.frames());
                } else {
                    rows.push(row);
                }
            }
            rows.finish();
            (rows, merged.clocks)
        };
        tally.left_out = tally.left_out.saturating_add(rows.left_out);
        let first = |(trace, clock): (&Trace, &Option<Clock>)| {
            let offset = clock.map_or(0, |clock| clock.offset);
            Some(trace.first?.plus(offset.saturating_neg()))
        };
        let start = traces.iter().zip(&clocks).filter_map(first).min();
        let entries = rows.entries;
        let mut flows = Flows::default();
        for entry in &entries {
            if let Entry::Row(row) = entry {
                flows.see(&row.arrow);
                nodes.expect(&row.arrow);
            }
        }
        nodes.settle(&analysis.roles);
        let vantages = names.zip(clocks);
        Self {
            vantages: vantages
                .map(|(name, clock)| Vantage { name, clock })
                .collect(),
            nodes,
            flows,
            entries,
            start,
            precision: traces
                .iter()
                .map(|trace| trace.precision)
                .max()
                .unwrap_or(0),
            tally,
        }
    }
}
