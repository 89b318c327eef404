//! What one flow said, piece by piece as it comes: nothing is held but a character in two pieces.

mod document;

use std::fmt::Write as _;

use super::layout::{Layout, allowed, painted, safe};
use super::number::{counted, push_hex, seconds};
use crate::ask::Given;
use crate::flow::reassembly::{Missing, Piece};
use crate::flow::{Direction, Endpoint, PerDirection};
use crate::trace::{FlowNumber, Followed, Turn};

/// Octets of two readings that are quoted where they differ.
const MAX_QUOTED: usize = 32;
/// Octets in a row of a dump.
const ROW: usize = 16;
/// The columns before what is said: frame, time, who.
const COLUMNS: &str = " frame       seconds";

/// How a dialogue is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowForm {
    /// The text, a line of it on each line.
    Text,
    /// A dump as Wireshark has it.
    Hex,
    /// `chatpcap/follow/1`.
    Json,
}

/// Writes the dialogues of one flow number, one a capture.
#[derive(Debug)]
pub struct FollowReport<'a> {
    form: FollowForm,
    number: FlowNumber,
    given: Given,
    layout: &'a Layout,
    /// What the user calls the capture that is being read.
    name: String,
    /// Whether the dialogue's head is written.
    begun: bool,
    dialogues: usize,
    pieces: usize,
    said: PerDirection<Tally>,
    /// The beginning of a character whose end has not come.
    held: PerDirection<Vec<u8>>,
}

/// How much one side said.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    octets: u64,
    missing: u64,
}

impl<'a> FollowReport<'a> {
    /// A report that has written nothing.
    pub fn new(form: FollowForm, number: FlowNumber, given: Given, layout: &'a Layout) -> Self {
        Self {
            form,
            number,
            given,
            layout,
            name: String::new(),
            begun: false,
            dialogues: 0,
            pieces: 0,
            said: PerDirection::default(),
            held: PerDirection::default(),
        }
    }

    /// The next capture.
    pub fn begin(&mut self, name: &str) {
        name.clone_into(&mut self.name);
        self.begun = false;
        self.pieces = 0;
        self.said = PerDirection::default();
        self.held = PerDirection::default();
    }

    /// A piece of the dialogue.
    pub fn turn(&mut self, turn: &Turn<'_>) -> String {
        let mut out = self.head(turn.ends);
        let tally = self.said.get_mut(turn.direction);
        match &turn.piece {
            Piece::Octets { octets, .. } => {
                tally.octets = tally
                    .octets
                    .saturating_add(super::number::count(octets.len()));
            }
            Piece::Gap { length, .. } => tally.missing = tally.missing.saturating_add(*length),
            Piece::Differs { .. } | Piece::Late { .. } => {}
        }
        match self.form {
            FollowForm::Json => out.push_str(&document::piece(turn, self.pieces == 0)),
            form => match &turn.piece {
                Piece::Octets { octets, .. } if form == FollowForm::Text => {
                    self.text(turn, octets, &mut out);
                }
                Piece::Octets { offset, octets, .. } => {
                    self.dump(turn.direction, *offset, octets, &mut out);
                }
                other => {
                    self.release(turn.direction, &mut out);
                    let note = painted(self.layout.paint.warning, note(other));
                    // Writing to a string cannot fail.
                    let _ = writeln!(out, "{}[{note}]", self.indent());
                }
            },
        }
        self.pieces = self.pieces.saturating_add(1);
        match self.form {
            // JSON has escapes of its own.
            FollowForm::Json => out,
            FollowForm::Text | FollowForm::Hex => allowed(out, self.layout),
        }
    }

    /// The end of the capture.
    pub fn end(&mut self, followed: &Followed) -> String {
        let Some(ends) = followed.ends else {
            return String::new();
        };
        let mut out = self.head(ends);
        for direction in [Direction::Forward, Direction::Backward] {
            self.release(direction, &mut out);
        }
        let notices = notices(followed, ends);
        if self.form == FollowForm::Json {
            out.push_str(&document::end(&self.said, &notices));
            return out;
        }
        out.push('\n');
        for (direction, sign) in [(Direction::Forward, '>'), (Direction::Backward, '<')] {
            let Tally { octets, missing } = self.said.get(direction);
            let missing = match missing {
                0 => String::new(),
                missing => format!(", {} missing", counted(*missing, "octet")),
            };
            let _ = writeln!(out, "  {sign} {}{missing}", counted(*octets, "octet"));
        }
        for notice in notices {
            let _ = writeln!(
                out,
                "  {}",
                painted(self.layout.paint.warning, format!("notice: {notice}"))
            );
        }
        allowed(out, self.layout)
    }

    /// What closes the whole report.
    pub fn close(&self) -> String {
        match self.form {
            FollowForm::Json if self.dialogues == 0 => document::open() + &document::close(),
            FollowForm::Json => document::close(),
            FollowForm::Text | FollowForm::Hex => String::new(),
        }
    }

    /// What stands before the first piece; nothing where it stands already.
    fn head(&mut self, (first, second): (Endpoint, Endpoint)) -> String {
        let mut out = String::new();
        if std::mem::replace(&mut self.begun, true) {
            return out;
        }
        self.dialogues = self.dialogues.saturating_add(1);
        if self.form == FollowForm::Json {
            if self.dialogues == 1 {
                out.push_str(&document::open());
            }
            let roles = [first, second].map(|end| self.given.name_of(end, self.number));
            out.push_str(&document::head(
                &self.name,
                self.number,
                [first, second],
                roles,
                self.dialogues == 1,
            ));
            return out;
        }
        let paint = self.layout.paint;
        if self.dialogues > 1 {
            out.push('\n');
        }
        let title = format!("{} of {}", stream(self.number), safe(&self.name));
        let _ = writeln!(out, "{}", painted(paint.heading, title));
        for (end, sign, style) in [(first, '>', paint.first), (second, '<', paint.second)] {
            let role = self
                .given
                .name_of(end, self.number)
                .map_or_else(String::new, |role| format!(" ({role})"));
            let _ = writeln!(out, "  {}", painted(style, format!("{sign} {end}{role}")));
        }
        out.push('\n');
        if self.form == FollowForm::Text {
            let _ = writeln!(out, "{}", painted(paint.dim, COLUMNS));
        }
        out
    }

    /// A piece as text. A character in two pieces stands where it ends.
    fn text(&mut self, turn: &Turn<'_>, octets: &[u8], out: &mut String) {
        let mut whole = std::mem::take(self.held.get_mut(turn.direction));
        whole.extend_from_slice(octets);
        let length = whole.len().saturating_sub(unfinished(&whole));
        let (now, held) = whole.split_at_checked(length).unwrap_or_default();
        *self.held.get_mut(turn.direction) = held.to_vec();
        let Piece::Octets { frame, time, .. } = turn.piece else {
            return;
        };
        let since = time
            .zip(turn.start)
            .map(|(time, start)| seconds(time.since(start), turn.precision));
        let since = since.unwrap_or_default();
        self.lines(turn.direction, &format!("{frame:>6} {since:>13}"), now, out);
    }

    /// Text behind its frame and time, the lines after the first behind blanks.
    fn lines(&self, direction: Direction, before: &str, octets: &[u8], out: &mut String) {
        let (sign, style) = match direction {
            Direction::Forward => ('>', self.layout.paint.first),
            Direction::Backward => ('<', self.layout.paint.second),
        };
        let octets = octets.strip_suffix(b"\n").unwrap_or(octets);
        for (index, line) in octets.split(|octet| *octet == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let before = if index == 0 { before } else { "" };
            let said = painted(style, format!("{sign} {}", readable(line)));
            let _ = writeln!(out, "{before:>20} {said}");
        }
    }

    /// Gives the part of a character that was held.
    fn release(&mut self, direction: Direction, out: &mut String) {
        let held = std::mem::take(self.held.get_mut(direction));
        if !held.is_empty() {
            self.lines(direction, "", &held, out);
        }
    }

    fn dump(&self, direction: Direction, offset: u64, octets: &[u8], out: &mut String) {
        let (indent, style) = match direction {
            Direction::Forward => ("", self.layout.paint.first),
            Direction::Backward => ("    ", self.layout.paint.second),
        };
        let mut at = offset;
        for row in octets.chunks(ROW) {
            let _ = writeln!(out, "{indent}{}", painted(style, dump_row(at, row)));
            at = at.saturating_add(16);
        }
    }

    const fn indent(&self) -> &'static str {
        match self.form {
            FollowForm::Text => "                     ",
            FollowForm::Hex | FollowForm::Json => "",
        }
    }
}

/// `00000019  21 7b 22 61 6c 69 63 65  22 3a 20                  !{"alice ": `
fn dump_row(offset: u64, row: &[u8]) -> String {
    let mut digits = String::with_capacity(3 * ROW);
    let mut text = String::with_capacity(ROW);
    for (column, octet) in row.iter().enumerate() {
        if column == ROW / 2 {
            digits.push(' ');
            text.push(' ');
        }
        push_hex(&mut digits, *octet);
        digits.push(' ');
        let is_shown = octet.is_ascii_graphic() || *octet == b' ';
        text.push(if is_shown { char::from(*octet) } else { '.' });
    }
    format!("{offset:08X}  {digits:<49} {text}")
}

/// `tcp.stream 0`.
fn stream(number: FlowNumber) -> String {
    match number {
        FlowNumber::Tcp(index) => format!("tcp.stream {index}"),
        FlowNumber::Udp(index) => format!("udp.stream {index}"),
    }
}

/// How many octets at the end begin a character of UTF-8 that ends later.
fn unfinished(octets: &[u8]) -> usize {
    let last = octets.iter().rev().take(3);
    // Continuation octets are 10xxxxxx; a first octet says how many follow.
    for (follow, octet) in last.enumerate() {
        let needed = match octet {
            0xc2..=0xdf => 1,
            0xe0..=0xef => 2,
            0xf0..=0xf4 => 3,
            0x80..=0xbf => continue,
            _ => return 0,
        };
        return if needed > follow { follow + 1 } else { 0 };
    }
    0
}

/// Octets as text that a terminal can show: what is no UTF-8 as `\xff`, what a terminal would obey
/// as its escape.
fn readable(octets: &[u8]) -> String {
    let mut out = String::with_capacity(octets.len());
    for chunk in octets.utf8_chunks() {
        out.push_str(&safe(chunk.valid()));
        for octet in chunk.invalid() {
            out.push_str("\\x");
            push_hex(&mut out, *octet);
        }
    }
    out
}

/// What is to be said of a piece that is no octets in order.
fn note(piece: &Piece<'_>) -> String {
    let quoted = |octets: &[u8]| {
        let more = if octets.len() > MAX_QUOTED { "..." } else { "" };
        format!(
            "\"{}{more}\"",
            readable(octets.get(..MAX_QUOTED).unwrap_or(octets))
        )
    };
    match piece {
        Piece::Octets { .. } => String::new(),
        Piece::Gap { length, cause, .. } => {
            format!(
                "{} missing: {}",
                counted(*length, "octet"),
                cause_of(*cause)
            )
        }
        Piece::Differs {
            offset,
            kept_frame,
            kept,
            frame,
            octets,
        } => format!(
            "frame {frame} has {} from octet {offset} on where frame {kept_frame} has {}, which is kept",
            quoted(octets),
            quoted(kept)
        ),
        Piece::Late {
            offset,
            frame,
            octets,
        } => format!(
            "frame {frame} brings {} of the gap at octet {offset}, too late for their place: {}",
            counted(super::number::count(octets.len()), "octet"),
            quoted(octets)
        ),
    }
}

const fn cause_of(cause: Missing) -> &'static str {
    match cause {
        Missing::Acknowledged => "the receiver acknowledged them, the capture does not hold them",
        Missing::CutOff => "cut off by the snap length",
        Missing::GivenUp => "so much came after them that they were given up",
        Missing::NeverSeen => "the capture ends without them",
    }
}

fn notices(followed: &Followed, (first, second): (Endpoint, Endpoint)) -> Vec<String> {
    let early = [
        (first, followed.before_start.forward),
        (second, followed.before_start.backward),
    ];
    let early = early.into_iter().filter(|(_, octets)| *octets > 0).map(|(end, octets)| {
        format!(
            "{} of {end} that came late belong before the first that the capture shows, and are left out",
            counted(octets, "octet")
        )
    });
    early
        .chain(followed.notices.iter().map(ToString::to_string))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_end_later_are_found() {
        for (octets, expected) in [
            (&b"abc"[..], 0),
            ("å".as_bytes(), 0),
            (b"a\xc3", 1),
            (b"\xe2\x82", 2),
            (b"\xf0\x9f\x92", 3),
            (b"\x80\x80\x80\x80", 0),
            (b"\xff", 0),
            (b"", 0),
        ] {
            assert_eq!(unfinished(octets), expected, "{octets:02x?}");
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(
            readable(b"a\x1b[2J\xff\xc3\xa5\t"),
            "a\\u{1b}[2J\\xff\u{e5}\\t"
        );
    }

    #[test]
    fn a_dump_has_wiresharks_columns() {
        assert_eq!(
            dump_row(25, br#"!{"alice": "10.2"#),
            "00000019  21 7b 22 61 6c 69 63 65  22 3a 20 22 31 30 2e 32  !{\"alice \": \"10.2"
        );
        assert_eq!(dump_row(0, b"al"), format!("00000000  61 6c {:44}al", ""));
    }
}
