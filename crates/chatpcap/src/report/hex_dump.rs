//! A dump of octets with some of them marked.

use std::fmt::Write as _;
use std::ops::Range;

use super::layout::{Layout, painted};

/// Octets in a row.
const ROW: usize = 16;
/// Octets in a row where the longer one does not fit.
const SHORT_ROW: usize = 8;
/// Columns of a row of sixteen: indent, offset, octets, characters.
const ROW_WIDTH: usize = 76;

/// `octets`, which begin `start` octets into the frame, in rows of sixteen
/// or eight; those of `marked`
/// (counted from the frame's start too) stand in brackets.
pub(crate) fn hex_dump(
    octets: &[u8],
    start: usize,
    marked: &Range<usize>,
    layout: &Layout,
) -> String {
    let mut out = String::new();
    let length = if layout.width() < ROW_WIDTH {
        SHORT_ROW
    } else {
        ROW
    };
    for (row, chunk) in octets.chunks(length).enumerate() {
        let at = start.saturating_add(row.saturating_mul(length));
        let is_marked =
            |column: usize| column < chunk.len() && marked.contains(&at.saturating_add(column));
        let mut line = String::new();
        for column in 0..=length {
            let before = column.checked_sub(1).is_some_and(is_marked);
            let now = is_marked(column);
            line.push(match (before, now) {
                (false, true) => '[',
                (true, false) => ']',
                _ => ' ',
            });
            let digits = match chunk.get(column) {
                Some(octet) => format!("{octet:02x}"),
                None if column < length => "  ".to_owned(),
                None => String::new(),
            };
            if now {
                line.push_str(&painted(layout.paint.mark, digits).to_string());
            } else {
                line.push_str(&digits);
            }
        }
        let text: String = chunk.iter().map(|octet| visible(*octet)).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "    {at:04x} {line} {text}");
    }
    out
}

/// A part of a row of a dump, marked or not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Offset, octets or characters.
    pub text: String,
    /// Whether these octets are what is to be seen.
    pub is_marked: bool,
}

/// The rows of a dump in parts, for who marks otherwise than with brackets.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    octets: &'a [u8],
    at: usize,
    marked: &'a Range<usize>,
}

impl<'a> Rows<'a> {
    /// `octets`, which begin `start` octets into the frame, in rows of sixteen.
    pub(crate) const fn new(octets: &'a [u8], start: usize, marked: &'a Range<usize>) -> Self {
        Self {
            octets,
            at: start,
            marked,
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = Vec<Run>;

    fn next(&mut self) -> Option<Vec<Run>> {
        if self.octets.is_empty() {
            return None;
        }
        let (row, rest) = self.octets.split_at(self.octets.len().min(ROW));
        let mut runs = vec![Run {
            text: format!("{:04x} ", self.at),
            is_marked: false,
        }];
        let mut characters: Vec<Run> = Vec::new();
        for (column, octet) in row.iter().enumerate() {
            let is_marked = self.marked.contains(&self.at.saturating_add(column));
            let was_marked = runs.last().is_some_and(|run| run.is_marked);
            let digits = format!("{octet:02x}");
            // The blank between two marked octets is marked, too; the others are not.
            let blank = if is_marked && was_marked { " " } else { "" };
            if !is_marked || !was_marked {
                extend(&mut runs, " ", false);
            }
            extend(&mut runs, &format!("{blank}{digits}"), is_marked);
            extend(
                &mut characters,
                visible(*octet).encode_utf8(&mut [0; 4]),
                is_marked,
            );
        }
        let missing = ROW.saturating_sub(row.len());
        extend(
            &mut runs,
            &" ".repeat(missing.saturating_mul(3).saturating_add(2)),
            false,
        );
        runs.append(&mut characters);
        self.octets = rest;
        self.at = self.at.saturating_add(ROW);
        Some(runs)
    }
}

fn extend(runs: &mut Vec<Run>, text: &str, is_marked: bool) {
    match runs.last_mut() {
        Some(last) if last.is_marked == is_marked => last.text.push_str(text),
        _ => runs.push(Run {
            text: text.to_owned(),
            is_marked,
        }),
    }
}

fn visible(octet: u8) -> char {
    if octet.is_ascii_graphic() || octet == b' ' {
        char::from(octet)
    } else {
        '.'
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_around_the_octets() {
        let octets: Vec<u8> = (0x30..0x44).collect();
        let expected = "    \
            0022  30 31 32 33[34 35 36 37]38 39 3a 3b 3c 3d 3e 3f  0123456789:;<=>?\n    \
            0032  40 41 42 43                                      @ABC\n";
        assert_eq!(
            hex_dump(&octets, 34, &(38..42), &Layout::new(None)),
            expected
        );
    }

    #[test]
    fn marks_may_cross_rows_and_reach_the_end() {
        let dump = hex_dump(&[0xff; 18], 0, &(15..18), &Layout::new(None));
        assert!(dump.contains(" ff[ff] "), "{dump}");
        assert!(dump.contains("[ff ff]"), "{dump}");
    }

    #[test]
    fn rows_in_parts_say_what_rows_in_brackets_say() {
        let octets: Vec<u8> = (0x30..0x44).collect();
        let marked = 38..42;
        let rows: Vec<Vec<Run>> = Rows::new(&octets, 34, &marked).collect();
        let text = |row: &Vec<Run>| row.iter().map(|run| run.text.as_str()).collect::<String>();
        let plain: Vec<String> = rows.iter().map(text).collect();
        assert_eq!(
            plain,
            [
                "0022  30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f  0123456789:;<=>?",
                "0032  40 41 42 43                                      @ABC",
            ]
        );
        let marked = rows.iter().flatten().filter(|run| run.is_marked);
        let marked: Vec<&str> = marked.map(|run| run.text.as_str()).collect();
        assert_eq!(marked, ["34 35 36 37", "4567"]);
    }
}
