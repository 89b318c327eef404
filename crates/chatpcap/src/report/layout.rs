//! How a text report is laid out: its width, its characters and its colours.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Color, Style};
use unicode_width::UnicodeWidthStr;

/// Columns of a report whose reader is no terminal.
const DEFAULT_WIDTH: usize = 100;
/// Columns that a report needs at least.
const MIN_WIDTH: usize = 60;
/// Columns that a report uses at most: longer lines are hard to follow.
const MAX_WIDTH: usize = 160;

/// What the user chose of a text report's looks.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    pub(super) width: usize,
    /// Draw with ASCII characters only.
    pub ascii: bool,
    /// Show sequence numbers counted from each direction's ISN in handshakes and the flow graph.
    pub relative: bool,
    /// Add a dump of the header and a sentence to every answer.
    pub explain: bool,
    /// Colours, or none.
    pub paint: Paint,
}

impl Layout {
    /// A layout for this many columns, brought into the range that a report can use.
    pub fn new(width: Option<usize>) -> Self {
        let width = width.unwrap_or(DEFAULT_WIDTH).clamp(MIN_WIDTH, MAX_WIDTH);
        Self {
            width,
            ascii: false,
            relative: false,
            explain: false,
            paint: Paint::default(),
        }
    }

    /// Columns that a line may take.
    pub const fn width(&self) -> usize {
        self.width
    }
}

/// The styles of a text report; all plain by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paint {
    /// Headings of sections.
    pub heading: Style,
    /// Octets and numbers that matter.
    pub mark: Style,
    /// What is there to be looked up, not read.
    pub dim: Style,
    /// What the reader should mind.
    pub warning: Style,
    /// What went wrong.
    pub error: Style,
    /// What the first of two speakers says.
    pub first: Style,
    /// What the other says.
    pub second: Style,
}

impl Paint {
    /// The colours for a terminal.
    pub const fn coloured() -> Self {
        Self {
            heading: Style::new().bold(),
            mark: Style::new()
                .bold()
                .fg_color(Some(Color::Ansi(AnsiColor::Cyan))),
            dim: Style::new().dimmed(),
            warning: Style::new().fg_color(Some(Color::Ansi(AnsiColor::Yellow))),
            error: Style::new()
                .bold()
                .fg_color(Some(Color::Ansi(AnsiColor::Red))),
            first: Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red))),
            second: Style::new().fg_color(Some(Color::Ansi(AnsiColor::BrightBlue))),
        }
    }
}

/// `what` in this style.
pub(super) fn painted<T: Display>(style: Style, what: T) -> impl Display {
    Painted { style, what }
}

struct Painted<T> {
    style: Style,
    what: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{:#}", self.style, self.what, self.style)
    }
}

/// Text from outside with every control character made visible, so that it can neither move the
/// cursor nor turn the writing direction, and with the two characters that are none, which XML may not
/// hold.
pub fn safe(text: &str) -> String {
    let is_unsafe = |c: char| {
        c.is_control()
            || matches!(
                c,
                '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
                    | '\u{fffe}' | '\u{ffff}'
            )
    };
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// A whole report with the characters that the layout allows: names of files may hold others.
pub(crate) fn allowed(report: String, layout: &Layout) -> String {
    if !layout.ascii || report.is_ascii() {
        return report;
    }
    let mut ascii = String::with_capacity(report.len());
    for c in report.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            ascii.extend(c.escape_default());
        }
    }
    ascii
}

/// `text` in lines of at most `width` columns, each behind `indent` blanks and ended.
pub(super) fn wrapped(text: &str, indent: usize, width: usize) -> String {
    let room = width.saturating_sub(indent).max(1);
    let mut out = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.width();
        if used > 0 && used + 1 + length > room {
            out.push('\n');
            used = 0;
        }
        if used == 0 {
            out.extend(std::iter::repeat_n(' ', indent));
        } else {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_cannot_reach_the_terminal() {
        assert_eq!(
            safe("a\u{1b}[31mb\r\n\u{202e}c é\u{ffff}"),
            "a\\u{1b}[31mb\\r\\n\\u{202e}c é\\u{ffff}"
        );
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrapped("one two three", 2, 9), "  one two\n  three\n");
        assert_eq!(
            wrapped("incomprehensibilities", 2, 9),
            "  incomprehensibilities\n"
        );
    }
}
