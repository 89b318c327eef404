//! The frames of one capture, as far as they are drawn.

use super::Options;
use super::choice::{Choice, Tally};
use super::doubles::Doubles;
use super::flows::Flows;
use super::names::Names;
use super::node::Nodes;
use super::row::Row;
use super::rows::Rows;
use crate::field::Dissection;
use crate::trace::Arrow;

/// Packets of one capture that are kept to be put together with those of others, and rows of one text: some
/// 150 MB of them.
pub const MAX_KEPT: usize = 250_000;

/// The frames of one capture, as far as they are drawn, and what they tell of hosts.
#[derive(Debug)]
pub struct Sketch {
    choice: Choice,
    port: u16,
    limit: usize,
    arrows: Vec<Arrow>,
    rows: Option<Rows>,
    doubles: Doubles,
    nodes: Nodes,
    flows: Flows,
    tally: Tally,
}

impl Sketch {
    /// A sketch of what is chosen; the chat is on this port.
    pub fn new(choice: Choice, port: u16) -> Self {
        Self {
            choice,
            port,
            limit: MAX_KEPT,
            arrows: Vec::new(),
            rows: None,
            doubles: Doubles::new(false),
            nodes: Nodes::new(Names::default()),
            flows: Flows::default(),
            tally: Tally::default(),
        }
    }

    /// The same sketch that keeps at most so many packets, and learns of the others who is there.
    #[must_use]
    pub fn keeping(mut self, packets: usize) -> Self {
        self.limit = packets;
        self
    }

    /// The same sketch of the only capture: its rows need not wait for those of others, and only as many
    /// are kept as will be drawn.
    #[must_use]
    pub fn alone(mut self, options: Options) -> Self {
        self.rows = Some(Rows::new(options));
        self
    }

    /// A sketch of packets that were kept.
    pub fn of_arrows(arrows: &[Arrow], left_out: u64, port: u16) -> Self {
        let mut sketch = Self::new(Choice::default(), port);
        for arrow in arrows {
            sketch.nodes.learn(arrow);
            sketch.nodes.expect(arrow);
        }
        sketch.arrows = arrows.to_vec();
        sketch.tally.left_out = left_out;
        sketch
    }

    /// A sketch of those packets that were kept and chosen by their frame; what all frames told of the
    /// hosts stays.
    #[must_use]
    pub fn of_frames(&mut self, is_chosen: impl Fn(u64) -> bool) -> Self {
        self.finish();
        let chosen = self.arrows.iter().filter(|arrow| is_chosen(arrow.frame));
        let chosen: Vec<Arrow> = chosen.cloned().collect();
        let mut sketch = Self::of_arrows(&chosen, 0, self.port);
        sketch.nodes.learn_from(&self.nodes);
        sketch
    }

    /// Takes the next frame that was selected.
    pub fn see(&mut self, seen: &Dissection<'_>) {
        let arrow = self.choice.arrow(seen, self.port);
        self.nodes.learn(&arrow);
        if !self.choice.draws(&arrow, &mut self.tally) {
            return;
        }
        if self.rows.is_some() {
            if let Some(arrow) = self.doubles.push(arrow) {
                self.row(arrow);
            }
            return;
        }
        self.nodes.expect(&arrow);
        self.flows.see(&arrow);
        if self.is_full() {
            self.tally.left_out = self.tally.left_out.saturating_add(1);
            return;
        }
        if let Some(arrow) = self.doubles.push(arrow) {
            self.arrows.push(arrow);
        }
    }

    /// Whether all packets are kept that may be.
    pub const fn is_full(&self) -> bool {
        self.arrows.len() >= self.limit
    }

    /// Counts the next frame and looks no closer: for who draws of a full sketch no more than it has.
    pub const fn pass_over(&mut self) {
        self.tally.selected = self.tally.selected.saturating_add(1);
        self.tally.left_out = self.tally.left_out.saturating_add(1);
    }

    /// What became of the frames so far.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The flows.
    pub const fn flows(&self) -> &Flows {
        &self.flows
    }

    /// The hosts.
    pub const fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// The packets, each once.
    pub(super) fn into_arrows(mut self) -> Vec<Arrow> {
        self.finish();
        self.arrows
    }

    /// Takes the packets of which no copy can come any more.
    fn finish(&mut self) {
        while let Some(arrow) = self.doubles.finish() {
            self.arrows.push(arrow);
        }
    }

    /// The rows, where the capture is the only one.
    pub(super) fn take_rows(&mut self) -> Option<Rows> {
        while self.rows.is_some()
            && let Some(arrow) = self.doubles.finish()
        {
            self.row(arrow);
        }
        let mut rows = self.rows.take()?;
        rows.finish();
        Some(rows)
    }

    fn row(&mut self, arrow: Arrow) {
        if let Some(rows) = &mut self.rows {
            rows.push(Row::new(arrow, 0, 1));
        }
    }
}
