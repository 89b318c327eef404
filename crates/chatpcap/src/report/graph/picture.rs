//! A flow graph laid out as a picture: where every line and every word stands, in pixels.
//!
//! A picture is made of [`Sheet`]s, one below the other, each with the hosts at its top: on paper a sheet
//! is a page.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::grid::{BASE, CELL, Grid, LINE, PAD};
use super::lines::{Piece, Tone, broken, in_words, pieces, set};
use super::script::{ArrowText, Entry, NodeText, Note, Script, Severity, Style};
use super::shapes::{Row, Shapes, Sheet};
use super::widths::Widths;
use crate::report::layout::safe;

/// Height of a packet's row: a label, the arrow below it, and air.
const ROW: usize = 30;
/// From a row's baseline down to its arrow.
const DROP: usize = 8;
/// How far a packet to its own sender goes out, and down.
const TURN: [usize; 2] = [28, 12];
/// Height of a gap's row, of which the hosts' lines are broken.
const GAP: usize = 40;
/// The part of a sheet's width that its height may be, in tenths: what fits a page of A4, and of the
/// first what fits below a heading. That is forty packets or fewer.
const TALL: [usize; 2] = [11, 14];
/// Rows from which on a picture has its hosts also at the bottom.
const LONG: usize = 12;
/// Colours that tell flows apart. More than that cannot be told at a glance; tags tell them anyway.
const COLOURS: usize = 6;

/// The sheets of a graph. With `notes`, the captures stand above and the remarks below.
pub(super) fn sheets(script: &Script, has_notes: bool) -> Vec<Sheet> {
    let script = script.mapped(&safe);
    let has_tags = script.entries.iter().any(|entry| match entry {
        Entry::Arrow(arrow) => arrow.flow.is_some(),
        Entry::Note(_) | Entry::Gap(_) => false,
    });
    let picture = Picture {
        has_tags: has_tags && !script.flows.is_empty(),
        grid: Grid::new(&script, &Widths::of(&script)),
        script,
    };
    picture.sheets(has_notes)
}

struct Picture {
    script: Script,
    grid: Grid,
    /// Whether colours tell flows; else they tell protocols.
    has_tags: bool,
}

impl Picture {
    /// As few sheets as the limits allow, and those about equally full.
    fn sheets(&self, has_notes: bool) -> Vec<Sheet> {
        let limits = TALL.map(|tall| self.grid.width * tall / 10);
        let full = self.filled(has_notes, limits);
        let height: usize = full.iter().map(|sheet| sheet.height).sum();
        let room = limits[0] + (full.len() - 1) * limits[1];
        // With room for the row that is a little too high for an equal share.
        let share = |limit: usize| (limit * height / room + 2 * ROW).min(limit);
        let even = self.filled(has_notes, limits.map(share));
        if even.len() == full.len() { even } else { full }
    }

    /// Sheets as high as these limits, the first's and the others', where no row alone is higher.
    fn filled(&self, has_notes: bool, [first, others]: [usize; 2]) -> Vec<Sheet> {
        let mut sheets = Vec::new();
        let mut sheet = self.sheet();
        let above = self.legend(has_notes);
        self.prose(&mut sheet, &above);
        let mut rails = self.head(&mut sheet);
        for entry in &self.script.entries {
            let limit = if sheets.is_empty() { first } else { others };
            let (row, height) = match self.row(entry, sheet.height) {
                (_, height) if sheet.height + height > limit && !sheet.rows.is_empty() => {
                    self.rails(&mut sheet, rails);
                    sheets.push(std::mem::replace(&mut sheet, self.sheet()));
                    rails = self.head(&mut sheet);
                    self.row(entry, sheet.height)
                }
                row => row,
            };
            if matches!(entry, Entry::Gap(_)) {
                self.rails(&mut sheet, rails);
                rails = sheet.height + height;
            }
            sheet.rows.push(row);
            sheet.height += height;
        }
        self.rails(&mut sheet, rails);
        if self.script.entries.len() > LONG && !self.grid.is_list {
            self.boxes(&mut sheet);
        }
        if has_notes && !self.script.remarks.is_empty() {
            sheet.height += LINE / 2;
            let remarks = self.script.remarks.iter();
            let remarks: Vec<_> = remarks
                .map(|remark| (String::new(), remark.clone()))
                .collect();
            self.prose(&mut sheet, &remarks);
        }
        sheet.height += PAD;
        sheets.push(sheet);
        sheets
    }

    fn sheet(&self) -> Sheet {
        Sheet {
            width: self.grid.width,
            height: PAD,
            ..Sheet::default()
        }
    }

    /// Captures, flows and, in a list, hosts with names; each with the class of its sample line.
    fn legend(&self, has_notes: bool) -> Vec<(String, String)> {
        let plain = |text| (String::new(), text);
        let captures = self.script.captures.iter();
        let captures = captures.filter(|_| has_notes && self.script.captures.len() > 1);
        let mut lines: Vec<_> = captures.map(|capture| plain(capture.legend())).collect();
        for (index, flow) in self.script.flows.iter().enumerate() {
            let class = if self.has_tags {
                format!("line c{}", index % COLOURS)
            } else {
                String::new()
            };
            lines.push((class, flow.legend()));
        }
        let nodes = self.script.nodes.iter().filter(|_| self.grid.is_list);
        lines.extend(nodes.filter_map(|node| Some(plain(node.legend()?))));
        lines
    }

    /// Lines over the whole width.
    fn prose(&self, sheet: &mut Sheet, lines: &[(String, String)]) {
        for (class, text) in lines {
            let x = if class.is_empty() {
                PAD
            } else {
                PAD + 4 * CELL
            };
            if !class.is_empty() {
                let y = sheet.height + BASE - 4;
                sheet.ground.path(class, format!("M{PAD} {y}h{}", 3 * CELL));
            }
            let room = (self.grid.width - PAD).saturating_sub(x) / CELL;
            for text in broken(text, room) {
                sheet.ground.words(x, sheet.height + BASE, "", text);
                sheet.height += LINE;
            }
        }
        if !lines.is_empty() {
            sheet.height += LINE / 2;
        }
    }

    /// Boxes of the hosts, and what the numbers are; gives where the hosts' lines begin.
    fn head(&self, sheet: &mut Sheet) -> usize {
        if !self.grid.is_list {
            self.boxes(sheet);
        }
        let top = sheet.height;
        let y = top + BASE;
        let letters = match self.script.captures.as_slice() {
            [] | [_] => vec!["frame"],
            captures => captures.iter().map(|capture| &*capture.letter).collect(),
        };
        for (&x, letter) in self.grid.frames.iter().zip(letters) {
            sheet.ground.words(x, y, "dim e", letter);
        }
        sheet
            .ground
            .words(self.grid.time, y, "dim e", self.script.clock);
        sheet.height += LINE;
        top
    }

    fn boxes(&self, sheet: &mut Sheet) {
        let width = self.grid.names * CELL + 2 * CELL;
        let hosts = self.script.nodes.iter().map(|node| {
            let lines = node.lines().enumerate().flat_map(|(index, name)| {
                let lines = broken(name, self.grid.names).into_iter();
                lines.map(move |line| (if index == 0 { "name m" } else { "m" }, line))
            });
            lines.collect::<Vec<_>>()
        });
        let hosts: Vec<_> = hosts.collect();
        let lines = hosts.iter().map(Vec::len).max().unwrap_or(0);
        let height = lines * LINE + LINE / 2;
        for (column, names) in hosts.into_iter().enumerate() {
            let x = self.grid.x(column);
            let left = x.saturating_sub(width / 2);
            let d = format!("M{left} {}h{width}v{height}h-{width}z", sheet.height);
            sheet.ground.path("box", d);
            // In the middle of the box.
            let first = sheet.height + LINE / 4 + (lines - names.len()) * LINE / 2 + BASE;
            for (line, (class, text)) in names.into_iter().enumerate() {
                sheet.ground.words(x, first + line * LINE, class, text);
            }
        }
        sheet.height += height;
    }

    /// The hosts' lines from there to the sheet's end.
    fn rails(&self, sheet: &mut Sheet, from: usize) {
        let height = sheet.height.saturating_sub(from);
        if self.grid.is_list || height == 0 {
            return;
        }
        let d = (0..self.script.nodes.len()).fold(String::new(), |mut d, column| {
            // Writing to a string cannot fail.
            let _ = write!(d, "M{} {from}v{height}", self.grid.x(column));
            d
        });
        sheet.ground.path("rail", d);
    }

    /// An entry from `top` on, and its height.
    fn row(&self, entry: &Entry, top: usize) -> (Row, usize) {
        match entry {
            Entry::Arrow(arrow) => self.arrow(arrow, top),
            Entry::Note(note) => self.note(note, top),
            Entry::Gap(text) => self.gap(text, top),
        }
    }

    fn arrow(&self, arrow: &ArrowText, top: usize) -> (Row, usize) {
        let mut row = Row {
            title: self.title(arrow),
            shapes: self.numbers(&arrow.frames, &arrow.time, top),
        };
        let is_turn = arrow.from == arrow.to && !self.grid.is_list;
        let has_label = if is_turn {
            self.turn(&mut row.shapes, arrow, top)
        } else {
            self.shaft(&mut row.shapes, arrow, top)
        };
        let mut pieces = pieces(arrow, !has_label);
        if self.grid.frames.is_empty() {
            let frames = in_words(&self.script.captures, &arrow.frames);
            pieces.insert(0, Piece::new(Tone::Detail, frames));
        }
        let lines = set(&pieces, self.grid.room);
        let count = lines.len();
        for (line, pieces) in lines.into_iter().enumerate() {
            let mut x = self.grid.text;
            for Piece { tone, text } in pieces {
                let width = text.width() + 2;
                let class = match tone {
                    Tone::Label => "name",
                    Tone::Detail | Tone::Mark(Severity::Plain) => "",
                    Tone::Mark(Severity::Warning) => "warning",
                    Tone::Mark(Severity::Error) => "error",
                    Tone::Said => "said",
                };
                row.shapes.words(x, top + BASE + line * LINE, class, text);
                x += width * CELL;
            }
        }
        let drawn = if is_turn { ROW + TURN[1] } else { ROW };
        (row, drawn.max(count * LINE + LINE / 2))
    }

    /// An arrow between hosts, and whether it holds the label.
    fn shaft(&self, shapes: &mut Shapes, arrow: &ArrowText, top: usize) -> bool {
        let y = top + BASE + DROP;
        let [from, to] = if self.grid.is_list {
            let [from, to] = self.grid.ends;
            let address = |node: usize| {
                let node = self.script.nodes.get(node);
                node.map_or("?", |node| node.address.as_str())
            };
            shapes.words(from - CELL, top + BASE, "e", address(arrow.from));
            shapes.words(to + CELL, top + BASE, "", address(arrow.to));
            [from, to]
        } else {
            [arrow.from, arrow.to].map(|node| self.grid.x(node))
        };
        let length = from.abs_diff(to);
        let drawn = if arrow.is_lost {
            length * 4 / 5
        } else {
            length
        };
        let is_right = to > from;
        let tip = if is_right { from + drawn } else { from - drawn };
        let class = self.class(arrow);
        let end = match (arrow.is_lost, is_right) {
            (true, _) => tip,
            // The line ends inside its head, which is sharp.
            (false, true) => tip - 6,
            (false, false) => tip + 6,
        };
        shapes.path(format!("line {class}"), format!("M{from} {y}H{end}"));
        if arrow.is_fold {
            shapes.path("core", format!("M{from} {y}H{end}"));
        }
        shapes.tip(arrow, tip, y, is_right, &class);
        let has_label = arrow.label.width() * CELL + 2 * CELL <= drawn;
        if has_label {
            let middle = from.midpoint(tip);
            shapes.words(middle, top + BASE, "name m", &arrow.label);
        }
        has_label
    }

    /// A packet to its own sender, and whether it has the label: to the right, but left of the last host.
    fn turn(&self, shapes: &mut Shapes, arrow: &ArrowText, top: usize) -> bool {
        let [out, down] = TURN;
        let count = self.script.nodes.len();
        let is_left = count > 1 && arrow.from + 1 == count;
        let (x, y) = (self.grid.x(arrow.from), top + BASE);
        let class = self.class(arrow);
        let line = format!("line {class}");
        let (far, near, sign) = if is_left {
            (x - out, x - 6, "-")
        } else {
            (x + out, x + 6, "")
        };
        shapes.path(line, format!("M{x} {y}h{sign}{out}v{down}H{near}"));
        shapes.tip(arrow, x, y + down, is_left, &class);
        let room = self.grid.gap.saturating_sub(out + 2 * CELL);
        let has_label = count == 1 || arrow.label.width() * CELL <= room;
        if has_label && is_left {
            shapes.words(far - CELL, y + DROP, "name e", &arrow.label);
        } else if has_label {
            shapes.words(far + CELL, y + DROP, "name", &arrow.label);
        }
        has_label
    }

    fn note(&self, note: &Note, top: usize) -> (Row, usize) {
        let mut shapes = self.numbers(&note.frames, &note.time, top);
        let x = self.grid.x(0) + 2 * CELL;
        let room = (self.grid.width - PAD).saturating_sub(x) / CELL;
        let text = match self.grid.frames.as_slice() {
            [] => format!(
                "{}  {}",
                in_words(&self.script.captures, &note.frames),
                note.text
            ),
            _ => note.text.clone(),
        };
        let lines = broken(&text, room);
        let height = lines.len() * LINE + LINE / 2;
        for (line, text) in lines.into_iter().enumerate() {
            shapes.words(x, top + BASE + line * LINE, "", text);
        }
        let title = format!("{}: {}", self.when(&note.frames, &note.time), note.text);
        (Row { title, shapes }, height)
    }

    fn gap(&self, text: &str, top: usize) -> (Row, usize) {
        let mut shapes = Shapes::default();
        let [low, high] = if self.grid.is_list {
            self.grid.ends
        } else {
            [0, self.script.nodes.len().saturating_sub(1)].map(|node| self.grid.x(node))
        };
        let lines = broken(text, (self.grid.width - 2 * PAD) / CELL);
        let height = (GAP - LINE) + lines.len() * LINE;
        let columns = if self.grid.is_list {
            0
        } else {
            self.script.nodes.len()
        };
        let d = (0..columns).fold(String::new(), |mut d, column| {
            // Writing to a string cannot fail.
            let _ = write!(d, "M{} {top}v{height}", self.grid.x(column));
            d
        });
        if !d.is_empty() {
            shapes.path("rail gone", d);
        }
        for (line, text) in lines.into_iter().enumerate() {
            let half = text.width() * CELL / 2;
            let last = (self.grid.width - PAD).saturating_sub(half);
            let x = low.midpoint(high).min(last).max(PAD + half);
            let y = top + (GAP - LINE) / 2 + BASE + line * LINE;
            shapes.words(x, y, "dim m", text);
        }
        let title = text.to_owned();
        (Row { title, shapes }, height)
    }

    /// Frame numbers and time.
    fn numbers(&self, frames: &[Option<String>], time: &str, top: usize) -> Shapes {
        let mut shapes = Shapes::default();
        for (&x, frame) in self.grid.frames.iter().zip(frames) {
            let frame = frame.as_deref().unwrap_or("-");
            shapes.words(x, top + BASE, "dim e", frame);
        }
        shapes.words(self.grid.time, top + BASE, "dim e", time);
        shapes
    }

    /// `frame a 12, c 7, 0.000021 seconds`.
    fn when(&self, frames: &[Option<String>], time: &str) -> String {
        let frames = in_words(&self.script.captures, frames);
        format!("frame {frames}, {time} {}", self.script.clock)
    }

    fn title(&self, arrow: &ArrowText) -> String {
        let host = |node: usize| {
            let node = self.script.nodes.get(node);
            node.map_or_else(|| "?".to_owned(), NodeText::title)
        };
        let when = self.when(&arrow.frames, &arrow.time);
        let mut title = format!("{when}: {} to {}", host(arrow.from), host(arrow.to));
        for piece in pieces(arrow, true) {
            title.push('\n');
            title.push_str(&piece.text);
        }
        title
    }

    /// The classes of an arrow's colour and line.
    fn class(&self, arrow: &ArrowText) -> String {
        let worst = arrow.marks.iter().map(|mark| mark.severity).max();
        let flow = arrow.flow.as_ref().and_then(|tag| {
            let mut flows = self.script.flows.iter();
            flows.position(|flow| flow.tag == *tag)
        });
        let colour = match (worst, flow) {
            (Some(Severity::Error), _) => "error".to_owned(),
            _ if arrow.is_lost => "error".to_owned(),
            (Some(Severity::Warning), _) => "warning".to_owned(),
            (_, Some(flow)) => format!("c{}", flow % COLOURS),
            // Flows have the colours; what is in none of them has none.
            (_, None) if self.has_tags => "other".to_owned(),
            (_, None) => match arrow.style {
                Style::Tcp => "c0",
                Style::Udp => "c1",
                Style::Dns => "c2",
                Style::Icmp => "c3",
                Style::Arp | Style::Other => "other",
            }
            .to_owned(),
        };
        let line = match arrow.style {
            _ if arrow.is_fold => " fold",
            Style::Tcp => "",
            Style::Udp | Style::Dns => " dashed",
            Style::Icmp | Style::Arp | Style::Other => " dotted",
        };
        colour + line
    }
}
