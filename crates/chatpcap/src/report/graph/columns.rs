//! Where the hosts of a drawing in text stand, and a line across them.

use std::fmt::Write as _;

use anstyle::Style as Colour;
use unicode_width::UnicodeWidthStr;

use super::script::NodeText;
use super::widths::Widths;
use crate::report::layout::painted;

/// Columns from one host's line to the next at most: wider arrows are hard to follow.
const MAX_GAP: usize = 34;
/// Columns from one host's line to the next at least: an arrow's shaft and head. Where not even that
/// much is left, rows name their hosts.
const MIN_GAP: usize = 8;
/// Columns kept for marks and messages, however long they are.
const SAID: usize = 40;
/// Columns that a packet takes which goes to its own sender, without the label.
pub(super) const TURN: usize = 5;

/// How rows are set, by what the width allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// Arrow and numbers on one line.
    Wide,
    /// The numbers on lines below the arrow.
    Tall,
    /// No columns: too many hosts for the width.
    List,
}

/// Where things stand.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub(super) setting: Setting,
    /// Columns of frame numbers and time.
    pub(super) margin: usize,
    /// From one host's line to the next.
    pub(super) gap: usize,
    /// How many hosts' lines there are.
    pub(super) rails: usize,
    /// Columns in all.
    pub(super) width: usize,
    /// Behind the last host's line.
    pub(super) end: usize,
}

/// Words at their place in a line.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) x: usize,
    pub(super) colour: Colour,
    pub(super) text: String,
}

impl Span {
    pub(super) fn new(x: usize, colour: Colour, text: impl Into<String>) -> Self {
        Self {
            x,
            colour,
            text: text.into(),
        }
    }

    /// The column behind it.
    pub(super) fn end(&self) -> usize {
        self.x + self.text.width()
    }
}

impl Columns {
    /// The columns for these hosts and words.
    pub(super) fn new(nodes: &[NodeText], widths: &Widths, margin: usize, width: usize) -> Self {
        let at = |setting, gap, end| Self {
            setting,
            margin,
            gap,
            rails: if setting == Setting::List {
                0
            } else {
                nodes.len()
            },
            width,
            end,
        };
        let gaps = match nodes.len() {
            0 => return at(Setting::List, 0, margin),
            1 => {
                let end = margin + TURN + 1 + widths.label;
                let words = widths.detail.max(widths.said.min(SAID));
                let has_room = end + 2 + words <= width;
                let setting = if has_room {
                    Setting::Wide
                } else {
                    Setting::Tall
                };
                return at(setting, 0, end);
            }
            nodes => nodes - 1,
        };
        let gap = |reserved: usize| {
            let room = width.saturating_sub(margin + 1 + reserved);
            room.checked_div(gaps).unwrap_or(0).min(MAX_GAP)
        };
        let label = widths.label + 4;
        let names = widest_word(nodes) + 2;
        let detail = widths.detail + 2;
        let said = detail.max(widths.said.min(SAID) + 2);
        // Room for messages and names comes before wide gaps, and arrows and numbers on one line before
        // names on one line.
        let settings = [
            (Setting::Wide, said, label.max(names)),
            (Setting::Wide, detail, label.max(names)),
            (Setting::Wide, detail, label),
            (Setting::Tall, names / 2, label.max(names)),
            (Setting::Tall, 0, MIN_GAP),
        ];
        let mut fitting = settings
            .into_iter()
            .filter_map(|(setting, reserved, needed)| {
                let gap = gap(reserved);
                (gap >= needed).then_some((setting, gap))
            });
        match fitting.next() {
            Some((setting, gap)) => at(setting, gap, margin + gaps * gap + 1),
            None => at(Setting::List, 0, margin),
        }
    }

    /// Whether each host's names have room between its neighbours' and the edge.
    pub(super) fn have_names_abreast(&self, nodes: &[NodeText]) -> bool {
        let widest = widest_word(nodes);
        let last = self.x(nodes.len().saturating_sub(1));
        nodes.len() < 2 || widest + 2 <= self.gap && widest.div_ceil(2) <= self.room(last)
    }

    /// Where a host's line stands.
    pub(super) fn x(&self, node: usize) -> usize {
        self.margin + node * self.gap
    }

    /// Columns from `x` to the right edge.
    pub(super) fn room(&self, x: usize) -> usize {
        self.width.saturating_sub(x)
    }

    /// A line: `left` in the margin, words in their places, and where nothing else stands the lines of
    /// the first hosts, drawn by `rail`.
    pub(super) fn line(
        &self,
        [left, rail]: [&str; 2],
        rails: usize,
        dim: Colour,
        spans: &[Span],
    ) -> String {
        let mut out = String::new();
        // Longer numbers than planned move their line to the right.
        let mut x = if left.is_empty() { 0 } else { self.margin };
        // Writing to a string cannot fail.
        if !left.is_empty() {
            let pad = self.margin.saturating_sub(left.width());
            let _ = write!(out, "{}{:pad$}", painted(dim, left.trim_end()), "");
            let trimmed = left.width() - left.trim_end().width();
            out.extend(std::iter::repeat_n(' ', trimmed));
        }
        let end = rails.checked_sub(1).map_or(0, |last| self.x(last) + 1);
        let places = spans.iter().filter(|span| !span.text.is_empty());
        let places = places.map(|span| (span.x, Some(span)));
        for (next, span) in places.chain([(end, None)]) {
            let mut blanks = String::new();
            while x < next {
                let is_rail = x < end
                    && x.checked_sub(self.margin)
                        .is_some_and(|x| x.checked_rem(self.gap).unwrap_or(x) == 0);
                if is_rail {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "{blanks}{}", painted(dim, rail));
                    blanks.clear();
                } else {
                    blanks.push(' ');
                }
                x += 1;
            }
            let _ = write!(out, "{blanks}");
            if let Some(span) = span {
                let _ = write!(out, "{}", painted(span.colour, &span.text));
                x = x.max(span.x) + span.text.width();
            }
        }
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
        out
    }
}

/// Columns of the widest word of the hosts' names.
pub(super) fn widest_word(nodes: &[NodeText]) -> usize {
    let names = nodes
        .iter()
        .flat_map(|node| node.names.iter().chain([&node.address]));
    let words = names.flat_map(|name| name.split(' '));
    words.map(UnicodeWidthStr::width).max().unwrap_or(0)
}
