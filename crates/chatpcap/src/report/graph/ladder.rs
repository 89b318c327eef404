//! A flow graph drawn in text: a column a host, an arrow a packet. It can be had piece by piece.

use std::fmt::Write as _;

use anstyle::Style as Colour;
use unicode_width::UnicodeWidthStr;

use super::columns::{Columns, Setting, Span};
use super::lines::{Piece, Tone, broken, in_words, pieces, set, width};
use super::script::{ArrowText, CaptureText, Entry, NodeText, Note, Script, Severity};
use super::shaft::{item, shaft, turn};
use super::widths::Widths;
use crate::report::layout::{Layout, allowed, safe, wrapped};

/// Columns that words below an arrow need beside its hosts, or they begin further to the left.
const BESIDE: usize = 40;
/// Columns that words in a list need, or they begin at the left edge.
const MIN_ROOM: usize = 30;
/// The share of the width that frame numbers may take, as a divisor: where there are so many captures
/// that they take more, they stand with the other words.
const NUMBERS: usize = 3;
/// Columns that addresses are padded to in a list: any of IPv4 with its port.
const ADDRESS: usize = 21;

/// A whole graph: legend, hosts, entries and remarks.
pub fn graph_text(script: &Script, layout: &Layout) -> String {
    let ladder = Ladder::new(script, &Widths::of(script), layout);
    if script.entries.is_empty() {
        return format!("no packets to draw\n{}", ladder.remarks(script));
    }
    let mut out = ladder.legend(script);
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&ladder.head());
    for entry in &script.entries {
        out.push_str(&ladder.entry(entry));
    }
    if !script.remarks.is_empty() {
        out.push('\n');
        out.push_str(&ladder.remarks(script));
    }
    out
}

/// A drawing of a flow graph, for who has its entries one by one.
#[derive(Clone, Debug)]
pub struct Ladder {
    layout: Layout,
    nodes: Vec<NodeText>,
    columns: Columns,
    widths: Widths,
    captures: Vec<CaptureText>,
    /// Whether frame numbers have columns.
    has_numbers: bool,
    /// What stands above frame numbers and times.
    left: String,
    /// Columns of the addresses of a list.
    address: usize,
}

impl Ladder {
    /// A drawing of a script's hosts, captures and clock, for words as wide as planned. Its entries do
    /// not matter. Where new hosts appear later, a new drawing shows them, with a head of its own.
    pub fn new(script: &Script, widths: &Widths, layout: &Layout) -> Self {
        let plain = |text: &str| allowed(safe(text), layout);
        let nodes = script
            .nodes
            .iter()
            .map(|node| node.mapped(&plain))
            .collect();
        let captures = script.captures.iter();
        let captures: Vec<_> = captures.map(|capture| capture.mapped(&plain)).collect();
        let letters = match captures.as_slice() {
            [] | [_] => vec![Some("frame".to_owned())],
            captures => captures
                .iter()
                .map(|capture| Some(capture.letter.clone()))
                .collect(),
        };
        let mut widths = widths.clone();
        widths.frames.resize(letters.len(), 0);
        for (width, letter) in widths.frames.iter_mut().zip(&letters) {
            *width = letter
                .as_ref()
                .map_or(0, |letter| letter.width())
                .max(*width);
        }
        widths.time = widths.time.max(script.clock.width());
        let frames: usize = widths.frames.iter().map(|width| width + 1).sum();
        let mut ladder = Self {
            layout: *layout,
            columns: Columns::new(&[], &widths, 0, 0),
            nodes,
            widths,
            captures,
            has_numbers: frames <= layout.width() / NUMBERS,
            left: String::new(),
            address: 0,
        };
        let addresses = ladder.nodes.iter().map(|node| node.address.width());
        ladder.address = addresses.max().unwrap_or(0).min(ADDRESS);
        ladder.left = ladder.numbers(&letters, script.clock);
        let margin = ladder.left.width();
        ladder.columns = Columns::new(&ladder.nodes, &ladder.widths, margin, layout.width());
        ladder
    }

    /// The captures, the flows, and in a list the hosts that have names: what to read first.
    pub fn legend(&self, script: &Script) -> String {
        let mut out = String::new();
        let mut line = |text: &str| {
            out.push_str(&wrapped(&self.safe(text), 2, self.layout.width()));
        };
        for text in script.legend() {
            line(&text);
        }
        if self.columns.setting == Setting::List {
            for text in self.nodes.iter().filter_map(NodeText::legend) {
                line(&text);
            }
        }
        out
    }

    /// The hosts above their lines.
    pub fn head(&self) -> String {
        let names = if self.columns.setting == Setting::List {
            String::new()
        } else if !self.columns.have_names_abreast(&self.nodes) {
            self.staggered()
        } else {
            self.abreast()
        };
        names + &self.line(&self.left, &[])
    }

    /// One entry: a line, or several.
    pub fn entry(&self, entry: &Entry) -> String {
        let entry = entry.mapped(&|text: &str| self.safe(text));
        match &entry {
            Entry::Arrow(arrow) if self.columns.setting == Setting::List => self.item(arrow),
            Entry::Arrow(arrow) => self.rung(arrow),
            Entry::Note(note) => self.note(note),
            Entry::Gap(text) => self.pause(text),
        }
    }

    /// What to say below.
    pub fn remarks(&self, script: &Script) -> String {
        let remarks = script
            .remarks
            .iter()
            .map(|remark| wrapped(&self.safe(remark), 0, self.layout.width()));
        remarks.collect()
    }

    /// Hosts one below the other, each where its line begins.
    fn staggered(&self) -> String {
        let mut out = String::new();
        for (column, node) in self.nodes.iter().enumerate() {
            let mut text = node.names.join(", ");
            text.push_str(if text.is_empty() { "" } else { "  " });
            text.push_str(&node.address);
            // Where its line begins, or as far to the left as its longest word needs.
            let words = text.split(' ').map(UnicodeWidthStr::width);
            let last = self.columns.width.saturating_sub(words.max().unwrap_or(0));
            let x = self.columns.x(column).min(last);
            for text in broken(&text, self.columns.room(x)) {
                let span = Span::new(x, self.layout.paint.heading, text);
                out.push_str(&self.line_of("", self.rail(), column, &[span]));
            }
        }
        out
    }

    /// Hosts beside each other, centred over their lines, the address of each at the bottom.
    fn abreast(&self) -> String {
        let room = match self.columns.gap {
            0 => self.columns.width,
            gap => gap.saturating_sub(2),
        };
        let hosts = self.nodes.iter().map(|node| {
            let lines = node.lines();
            lines.flat_map(|line| broken(line, room)).collect()
        });
        let hosts: Vec<Vec<String>> = hosts.collect();
        let height = hosts.iter().map(Vec::len).max().unwrap_or(0);
        let mut out = String::new();
        for row in (0..height).rev() {
            let mut spans: Vec<Span> = Vec::new();
            for (column, lines) in hosts.iter().enumerate() {
                let Some(text) = lines.iter().rev().nth(row) else {
                    continue;
                };
                let colour = if row + 1 == lines.len() {
                    self.layout.paint.heading
                } else {
                    Colour::new()
                };
                let behind = spans.last().map_or(0, |span| span.end() + 1);
                let last = self.columns.width.saturating_sub(text.width());
                let x = self.columns.x(column).saturating_sub(text.width() / 2);
                spans.push(Span::new(x.min(last).max(behind), colour, text));
            }
            out.push_str(&self.line_of("", "", 0, &spans));
        }
        out
    }

    /// A packet in its columns.
    fn rung(&self, arrow: &ArrowText) -> String {
        let (mut drawn, has_label) = if arrow.from == arrow.to {
            let (lines, has_label) = turn(arrow, &self.columns, &self.layout);
            (lines.to_vec(), has_label)
        } else {
            let (line, has_label) = shaft(arrow, &self.columns, &self.layout);
            (vec![line], has_label)
        };
        let pieces = self.pieces(arrow, !has_label);
        let is_wide = self.columns.setting == Setting::Wide;
        let x = if is_wide {
            self.columns.end + 2
        } else {
            let longest = pieces.iter().map(|piece| piece.text.width()).max();
            let room = longest.unwrap_or(0).min(BESIDE);
            let beside = self.columns.x(arrow.from.min(arrow.to)) + 2;
            let fitting = self.columns.width.saturating_sub(room);
            beside.min(fitting.max(self.columns.margin + 2))
        };
        for (row, text) in set(&pieces, self.columns.room(x)).into_iter().enumerate() {
            let text = self.toned(x, &text);
            match drawn.get_mut(row).filter(|_| is_wide) {
                Some(line) => line.extend(text),
                None if is_wide => drawn.push(text),
                None => drawn.push(over(text)),
            }
        }
        let mut left = self.numbers(&arrow.frames, &arrow.time);
        let lines = drawn.iter();
        let lines = lines.map(|spans| self.line(&std::mem::take(&mut left), spans));
        lines.collect()
    }

    /// A packet in a list: sender, arrow, receiver, and the rest beside or below.
    fn item(&self, arrow: &ArrowText) -> String {
        let address = |node: usize| {
            let node = self.nodes.get(node);
            node.map_or("?", |node| node.address.as_str())
        };
        let pad = self.address;
        let from = format!("{:>pad$}", address(arrow.from));
        let arrow_from = |first: usize| {
            let from = Span::new(first, Colour::new(), &from);
            let mut spans = item(arrow, from.end() + 1, self.widths.label, &self.layout);
            spans.insert(0, from);
            spans
        };
        let mut lines = Vec::new();
        let mut spans = arrow_from(self.columns.margin + 1);
        let is_beside = spans.iter().all(|span| span.end() <= self.columns.width);
        if !is_beside {
            // Below the numbers, which leave too little room.
            lines.push(Vec::new());
            spans = arrow_from(2);
        }
        let below = match self.columns.margin + 3 {
            below if is_beside && self.columns.room(below) >= MIN_ROOM => below,
            _ => 4,
        };
        let end = spans.last().map_or(below, Span::end) + 1;
        let to = address(arrow.to);
        let to = if end + to.width() > self.columns.width {
            lines.push(std::mem::take(&mut spans));
            Span::new(below, Colour::new(), to)
        } else {
            Span::new(end, Colour::new(), format!("{to:<pad$}"))
        };
        let beside = to.end() + 2;
        spans.push(to);
        lines.push(spans);
        let texts = set(&self.pieces(arrow, false), self.columns.room(below));
        for (row, text) in texts.iter().enumerate() {
            let fits = beside + width(text) <= self.columns.width;
            let is_said = text.iter().any(|piece| piece.tone == Tone::Said);
            match lines.last_mut() {
                Some(line) if row == 0 && fits && !is_said => {
                    line.extend(self.toned(beside, text));
                }
                _ => lines.push(self.toned(below, text)),
            }
        }
        let mut left = self.numbers(&arrow.frames, &arrow.time);
        let lines = lines.iter();
        let lines = lines.map(|spans| self.line(&std::mem::take(&mut left), spans));
        lines.collect()
    }

    /// A frame that has no sender and receiver.
    fn note(&self, note: &Note) -> String {
        let mut left = self.numbers(&note.frames, &note.time);
        let x = self.columns.margin + 2;
        let mut text = note.text.clone();
        if !self.has_numbers {
            text = format!("{}  {text}", in_words(&self.captures, &note.frames));
        }
        let texts = broken(&text, self.columns.room(x));
        let lines = texts.into_iter().map(|text| {
            let spans = over(vec![Span::new(x, Colour::new(), text)]);
            self.line(&std::mem::take(&mut left), &spans)
        });
        lines.collect()
    }

    /// A long time without packets: broken lines.
    fn pause(&self, text: &str) -> String {
        let columns = &self.columns;
        let first = columns.margin + 2;
        let texts = broken(text, columns.room(first));
        let rail = if self.layout.ascii { ":" } else { "┊" };
        let lines = texts.into_iter().map(|text| {
            let middle = columns.margin.midpoint(columns.end.saturating_sub(1));
            let x = middle.saturating_sub(text.width() / 2).max(first);
            let spans = over(vec![Span::new(x, self.layout.paint.dim, text)]);
            self.line_of("", rail, columns.rails.max(1), &spans)
        });
        lines.collect()
    }

    /// Frame numbers and time.
    fn numbers(&self, frames: &[Option<String>], time: &str) -> String {
        let mut left = String::new();
        let frames = frames.iter().zip(&self.widths.frames);
        for (frame, &width) in frames.filter(|_| self.has_numbers) {
            let frame = frame.as_deref().unwrap_or("-");
            // Writing to a string cannot fail.
            let _ = write!(left, "{frame:>width$} ");
        }
        let width = self.widths.time;
        let _ = write!(left, "{time:>width$} ");
        left
    }

    fn rail(&self) -> &'static str {
        if self.layout.ascii { "|" } else { "│" }
    }

    /// A line across all hosts.
    fn line(&self, left: &str, spans: &[Span]) -> String {
        self.line_of(left, self.rail(), self.columns.rails, spans)
    }

    fn line_of(&self, left: &str, rail: &str, rails: usize, spans: &[Span]) -> String {
        let dim = self.layout.paint.dim;
        self.columns.line([left, rail], rails, dim, spans)
    }

    /// The words beside or below an arrow.
    fn pieces(&self, arrow: &ArrowText, has_label: bool) -> Vec<Piece> {
        let mut pieces = pieces(arrow, has_label);
        if !self.has_numbers {
            let place = usize::from(has_label).min(pieces.len());
            pieces.insert(
                place,
                Piece::new(Tone::Detail, in_words(&self.captures, &arrow.frames)),
            );
        }
        pieces
    }

    /// A line of pieces from `x` on.
    fn toned(&self, x: usize, pieces: &[Piece]) -> Vec<Span> {
        let paint = self.layout.paint;
        let mut x = x;
        let spans = pieces.iter().map(|piece| {
            let colour = match piece.tone {
                Tone::Label => paint.heading,
                Tone::Said => paint.mark,
                Tone::Mark(Severity::Warning) => paint.warning,
                Tone::Mark(Severity::Error) => paint.error,
                Tone::Detail | Tone::Mark(Severity::Plain) => Colour::new(),
            };
            let span = Span::new(x, colour, &piece.text);
            x = span.end() + 2;
            span
        });
        spans.collect()
    }

    /// A text with the characters that the layout allows.
    fn safe(&self, text: &str) -> String {
        allowed(safe(text), &self.layout)
    }
}

/// Words that stand on the hosts' lines keep a blank behind them.
fn over(mut spans: Vec<Span>) -> Vec<Span> {
    if let Some(span) = spans.last_mut() {
        span.text.push(' ');
    }
    spans
}
