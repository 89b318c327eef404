//! Writing on a screen: styles, text cut to its place, rules, lists.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

use crate::report::{Layout, allowed};
use crate::tui::Look;

/// A screen that is written on.
pub(super) struct Canvas<'b> {
    buffer: &'b mut Buffer,
    look: Look,
}

/// The styles of a view.
#[derive(Clone, Copy, Default)]
pub(super) struct Styles {
    pub(super) plain: Style,
    /// Names of panes and captures.
    pub(super) heading: Style,
    /// The pane with the focus.
    pub(super) focus: Style,
    /// What is there to be looked up, not read.
    pub(super) dim: Style,
    /// What the reader should mind.
    pub(super) warning: Style,
    /// Octets that are marked.
    pub(super) mark: Style,
}

impl<'b> Canvas<'b> {
    pub(super) const fn new(buffer: &'b mut Buffer, look: Look) -> Self {
        Self { buffer, look }
    }

    pub(super) fn style(&self) -> Styles {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let plain = Styles {
            heading: bold,
            focus: bold,
            warning: bold,
            mark: bold,
            ..Styles::default()
        };
        if !self.look.coloured {
            return plain;
        }
        Styles {
            focus: bold.fg(Color::Cyan),
            dim: Style::new().add_modifier(Modifier::DIM),
            warning: Style::new().fg(Color::Yellow),
            mark: bold.fg(Color::Cyan),
            ..plain
        }
    }

    /// How reports are laid out in so many columns.
    pub(super) fn layout(&self, columns: u16) -> Layout {
        let mut layout = Layout::new(Some(columns.into()));
        layout.ascii = self.look.ascii;
        layout.relative = self.look.relative;
        layout
    }

    /// Writes text at a line and column of an area, cut to it; returns the column behind it.
    pub(super) fn text(
        &mut self,
        area: Rect,
        y: u16,
        column: u16,
        text: &str,
        style: Style,
    ) -> u16 {
        let area = area.intersection(self.buffer.area);
        if y < area.top() || y >= area.bottom() || column >= area.width {
            return column;
        }
        let text = allowed(text.to_owned(), &self.layout(area.width));
        let room = area.width.saturating_sub(column);
        let x = area.x.saturating_add(column);
        let (end, _) = self.buffer.set_stringn(x, y, text, room.into(), style);
        end.saturating_sub(area.x)
    }

    /// Fills an area with blanks.
    pub(super) fn clear(&mut self, area: Rect) {
        let blank = " ".repeat(area.width.into());
        for y in area.top()..area.bottom() {
            self.text(area, y, 0, &blank, Style::reset());
        }
    }

    /// The line above a pane, with what it shows; returns the column behind the words.
    pub(super) fn rule(&mut self, area: Rect, words: &str, has_focus: bool) -> u16 {
        let styles = self.style();
        let (dash, style) = match (has_focus, self.look.ascii) {
            (false, false) => ("─", styles.dim),
            (true, false) => ("━", styles.focus),
            (false, true) => ("-", styles.dim),
            (true, true) => ("=", styles.focus),
        };
        self.text(area, area.y, 0, &dash.repeat(area.width.into()), style);
        let style = if has_focus {
            styles.focus
        } else {
            styles.heading
        };
        self.text(area, area.y, 2, &format!(" {words} "), style)
    }

    /// Shows that a line is chosen: by a mark before it, and in the pane with the focus all along.
    pub(super) fn choose(&mut self, area: Rect, y: u16, has_focus: bool) {
        let mark = if self.look.ascii { ">" } else { "▶" };
        let style = self.style().focus;
        self.text(area, y, 0, mark, style);
        let line = Rect {
            y,
            height: 1,
            ..area
        };
        if has_focus {
            let line = line.intersection(self.buffer.area);
            self.buffer
                .set_style(line, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}

/// What of an area is left below its first `lines`.
pub(super) fn below(area: Rect, lines: u16) -> Rect {
    Rect {
        y: area.y.saturating_add(lines),
        height: area.height.saturating_sub(lines),
        ..area
    }
}

/// The first of `count` lines to show in `height`, so that the chosen one is in the middle.
pub(super) fn first_shown(chosen: usize, count: usize, height: u16) -> usize {
    let height = usize::from(height);
    let first = chosen.saturating_sub(height / 2);
    first.min(count.saturating_sub(height))
}

/// Text cut to so many columns, its end shown by dots.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(2);
    let mut cut = String::new();
    let mut used = 0;
    for character in text.chars() {
        used += character.to_string().width();
        if used > room {
            break;
        }
        cut.push(character);
    }
    cut.push_str("..");
    cut
}
