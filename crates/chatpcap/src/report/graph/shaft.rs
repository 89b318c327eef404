//! The line of an arrow, in text.

use anstyle::Style as Colour;
use unicode_width::UnicodeWidthStr;

use super::columns::{Columns, Span, TURN};
use super::script::{ArrowText, Severity, Style};
use crate::report::layout::Layout;

/// Columns of an arrow's line before its label, where rows name their hosts.
const LIST: usize = 4;

/// An arrow between two hosts, and whether it holds the label.
pub(super) fn shaft(arrow: &ArrowText, columns: &Columns, layout: &Layout) -> (Vec<Span>, bool) {
    let low = columns.x(arrow.from.min(arrow.to));
    let inside = columns.x(arrow.from.max(arrow.to)).saturating_sub(low + 1);
    let is_right = arrow.to > arrow.from;
    // What is lost ends before the receiver.
    let blank = if arrow.is_lost {
        (inside / 5).max(2)
    } else {
        0
    };
    let drawn = inside.saturating_sub(blank);
    let has_label = drawn >= arrow.label.width() + 4;
    let label = if has_label {
        format!(" {} ", arrow.label)
    } else {
        String::new()
    };
    // In the middle of the hosts, or of what is drawn.
    let tail = drawn.saturating_sub(label.width() + 1);
    let middle = inside.saturating_sub(label.width()) / 2;
    let near = middle.min(tail.saturating_sub(1));
    let dash = dash(arrow, layout);
    let dashes = |length: usize| dash.to_string().repeat(length);
    let tip = tip(arrow, is_right, layout);
    let (x, [one, other]) = if is_right {
        let far = dashes(tail - near);
        (low + 1, [dashes(near), format!("{far}{tip}")])
    } else {
        let far = dashes(tail - near);
        (low + 1 + blank, [format!("{tip}{far}"), dashes(near)])
    };
    let colour = colour(arrow, layout);
    let mut spans: Vec<Span> = Vec::new();
    let mut x = x;
    for (colour, text) in [
        (colour, one),
        (layout.paint.heading, label),
        (colour, other),
    ] {
        let span = Span::new(x, colour, text);
        x = span.end();
        spans.push(span);
    }
    (spans, has_label)
}

/// The two lines of an arrow from a host to itself, and whether they hold the label. They go to the
/// right, and from the last of several hosts to the left.
pub(super) fn turn(
    arrow: &ArrowText,
    columns: &Columns,
    layout: &Layout,
) -> ([Vec<Span>; 2], bool) {
    let is_left = columns.rails > 1 && arrow.from + 1 == columns.rails;
    let has_label = columns.rails == 1 || arrow.label.width() + TURN + 2 <= columns.gap;
    let label = if has_label { arrow.label.as_str() } else { "" };
    let dash = dash(arrow, layout);
    let tip = tip(arrow, is_left, layout);
    let [above, below] = match (is_left, layout.ascii) {
        (false, false) => [format!("{dash}{dash}┐"), format!("{tip}{dash}┘")],
        (false, true) => [format!("{dash}{dash}."), format!("{tip}{dash}'")],
        (true, false) => [format!("┌{dash}{dash}"), format!("└{dash}{tip}")],
        (true, true) => [format!(".{dash}{dash}"), format!("'{dash}{tip}")],
    };
    let x = columns.x(arrow.from);
    let x = if is_left { x.saturating_sub(3) } else { x + 1 };
    let colour = colour(arrow, layout);
    let line = Span::new(x, colour, above);
    let text = if is_left {
        x.saturating_sub(label.width() + 1)
    } else {
        line.end() + 1
    };
    let mut spans = vec![line, Span::new(text, layout.paint.heading, label)];
    spans.sort_by_key(|span| span.x);
    ([spans, vec![Span::new(x, colour, below)]], has_label)
}

/// An arrow from left to right with its label, padded to `width` columns, from `x` on.
pub(super) fn item(arrow: &ArrowText, x: usize, width: usize, layout: &Layout) -> Vec<Span> {
    let dash = dash(arrow, layout);
    let dashes = |length: usize| dash.to_string().repeat(length);
    let pad = width.saturating_sub(arrow.label.width());
    let tip = tip(arrow, true, layout);
    let colour = colour(arrow, layout);
    let one = Span::new(x, colour, dashes(LIST));
    let label = format!(" {} ", arrow.label);
    let label = Span::new(one.end(), layout.paint.heading, label);
    let far = dashes(LIST - 1 + pad);
    let other = Span::new(label.end(), colour, format!("{far}{tip}"));
    vec![one, label, other]
}

fn colour(arrow: &ArrowText, layout: &Layout) -> Colour {
    let worst = arrow.marks.iter().map(|mark| mark.severity).max();
    match worst {
        _ if arrow.is_lost => layout.paint.error,
        Some(Severity::Error) => layout.paint.error,
        Some(Severity::Warning) => layout.paint.warning,
        Some(Severity::Plain) | None => Colour::new(),
    }
}

fn dash(arrow: &ArrowText, layout: &Layout) -> char {
    let [solid, dashed, dotted, double] = if layout.ascii {
        ['-', '.', '~', '=']
    } else {
        ['─', '╌', '┄', '═']
    };
    match arrow.style {
        _ if arrow.is_fold => double,
        Style::Tcp => solid,
        Style::Udp | Style::Dns => dashed,
        Style::Icmp | Style::Arp | Style::Other => dotted,
    }
}

fn tip(arrow: &ArrowText, is_right: bool, layout: &Layout) -> char {
    match (arrow.is_lost, is_right, layout.ascii) {
        (true, _, false) => '╳',
        (true, _, true) => 'x',
        (false, true, false) => '▶',
        (false, true, true) => '>',
        (false, false, false) => '◀',
        (false, false, true) => '<',
    }
}
