//! The words beside an arrow, set in lines.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::script::{ArrowText, CaptureText, Severity};

/// A stretch of words of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) tone: Tone,
    pub(super) text: String,
}

/// What kind of words they are: chooses the colour, and what begins a line of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// What the packet is, where the arrow has no room for it.
    Label,
    /// Flow and numbers.
    Detail,
    /// What is to be minded.
    Mark(Severity),
    /// A message; it begins a line.
    Said,
}

impl Piece {
    pub(super) fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            tone,
            text: text.into(),
        }
    }
}

/// The words of an arrow in the order in which every form gives them.
pub(super) fn pieces(arrow: &ArrowText, has_label: bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    if has_label {
        pieces.push(Piece::new(Tone::Label, &arrow.label));
    }
    // Flow and numbers break as one: a tag alone would waste a line.
    let flow = arrow.flow.iter().map(String::as_str);
    let numbers = flow.chain([arrow.detail.as_str()]);
    let numbers: Vec<&str> = numbers.filter(|text| !text.is_empty()).collect();
    if !numbers.is_empty() {
        pieces.push(Piece::new(Tone::Detail, numbers.join("  ")));
    }
    if let Some(delay) = &arrow.delay {
        pieces.push(Piece::new(Tone::Detail, format!("delay {delay}")));
    }
    for mark in &arrow.marks {
        pieces.push(Piece::new(Tone::Mark(mark.severity), &mark.text));
    }
    for said in arrow.said.iter().filter(|said| !said.is_empty()) {
        pieces.push(Piece::new(Tone::Said, said));
    }
    pieces
}

/// Frame numbers in words: `a 12, c 7`, and of one capture only the number.
pub(super) fn in_words(captures: &[CaptureText], frames: &[Option<String>]) -> String {
    let frames = captures.iter().zip(frames);
    let frames = frames.filter_map(|(capture, frame)| Some((capture, frame.as_ref()?)));
    let frames = frames.map(|(capture, frame)| match captures {
        [_] => frame.clone(),
        _ => format!("{} {frame}", capture.letter),
    });
    frames.collect::<Vec<_>>().join(", ")
}

/// Columns between two pieces on one line.
const BETWEEN: usize = 2;

/// Pieces in lines of at most `room` columns: a piece stays whole where a line has room for it, else
/// it breaks between words, and a word longer than a line breaks where the line ends.
pub(super) fn set(pieces: &[Piece], room: usize) -> Vec<Vec<Piece>> {
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    let mut used = 0;
    for piece in pieces {
        let width = piece.text.width();
        let begins = piece.tone == Tone::Said || used + BETWEEN + width > room;
        match lines.last_mut() {
            Some(line) if !begins => {
                line.push(piece.clone());
                used += BETWEEN + width;
            }
            _ => {
                for text in broken(&piece.text, room) {
                    used = text.width();
                    lines.push(vec![Piece::new(piece.tone, text)]);
                }
            }
        }
    }
    lines
}

/// Columns that pieces take on one line.
pub(super) fn width(line: &[Piece]) -> usize {
    let between = line.len().saturating_sub(1) * BETWEEN;
    line.iter()
        .map(|piece| piece.text.width())
        .sum::<usize>()
        .saturating_add(between)
}

/// A text in lines of at most `room` columns, one at least. Nothing is cut off.
pub(super) fn broken(text: &str, room: usize) -> Vec<String> {
    let room = room.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let width = word.width();
        if used > 0 && used + 1 + width <= room {
            line.push(' ');
            line.push_str(word);
            used += 1 + width;
            continue;
        }
        if used > 0 {
            lines.push(std::mem::take(&mut line));
        }
        used = 0;
        for c in word.chars() {
            let width = c.width().unwrap_or(0);
            if used + width > room {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += width;
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_break_where_the_line_ends() {
        assert_eq!(broken("one two three", 7), ["one two", "three"]);
        assert_eq!(
            broken("incomprehensible it is", 8),
            ["incompre", "hensible", "it is"]
        );
        assert_eq!(broken("日本語", 4), ["日本", "語"]);
        assert_eq!(broken("", 4), [""]);
        // An accent of its own stays on its letter.
        assert_eq!(broken("abcde\u{301}f", 5), ["abcde\u{301}", "f"]);
    }

    #[test]
    fn pieces_stay_whole_where_they_can() {
        let pieces = [
            Piece::new(Tone::Detail, "seq 1 ack 2"),
            Piece::new(Tone::Mark(Severity::Warning), "retransmission of 12"),
            Piece::new(Tone::Said, "say: hi"),
            Piece::new(Tone::Said, "say: ho"),
        ];
        let texts = |room| {
            let lines = set(&pieces, room).into_iter();
            let texts = lines.map(|line| {
                let texts = line.into_iter().map(|piece| piece.text);
                texts.collect::<Vec<_>>().join("  ")
            });
            texts.collect::<Vec<_>>()
        };
        let whole = "seq 1 ack 2  retransmission of 12";
        assert_eq!(texts(40), [whole, "say: hi", "say: ho"]);
        let apart = ["seq 1 ack 2", "retransmission of 12", "say: hi", "say: ho"];
        assert_eq!(texts(30), apart);
        assert!(
            set(&pieces, 9)
                .iter()
                .all(|line| width(line) <= 9 && !line.is_empty())
        );
    }
}
