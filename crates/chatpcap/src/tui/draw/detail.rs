//! What the chosen packet says, and its octets.

use ratatui::layout::Rect;

use super::canvas::{Canvas, below, first_shown};
use crate::report::{grouped, hex_dump};
use crate::tui::View;
use crate::tui::detail::{Detail, Line};
use crate::tui::panes::Pane;

/// Columns from which on the octets stand beside the fields.
const BESIDE: u16 = 80;
/// Columns from which on a row of the dump has sixteen octets, else eight.
const LONG_ROWS: u16 = 116;
/// Columns of a dump with rows of sixteen and of eight octets.
const DUMP: [u16; 2] = [72, 39];
/// Blanks before each row of a dump.
const INDENT: &str = "    ";

pub(super) fn detail(view: &View, area: Rect, canvas: &mut Canvas<'_>) {
    let has_focus = view.focus == Pane::Detail;
    let Some(packet) = view.chosen_packet() else {
        canvas.rule(area, "Frame", has_focus);
        return;
    };
    let detail = &packet.detail;
    let chosen = view.chosen_line();
    let line = detail.lines.get(chosen);
    let place = match line.map(|line| (line.name, &line.range)) {
        Some((name, Some(range))) if range.is_empty() => format!(": {name}"),
        Some((name, Some(range))) if range.len() == 1 => {
            format!(": {name} is octet {}", range.start)
        }
        Some((name, Some(range))) => {
            format!(": {name} is octets {} to {}", range.start, range.end - 1)
        }
        Some((name, None)) => format!(": {name}, put together from fragments"),
        None => String::new(),
    };
    let title = format!("Frame {}{place}", grouped(packet.row.number));
    canvas.rule(area, &title, has_focus);
    let rest = below(area, 1);
    let is_long = area.width >= LONG_ROWS;
    let [long, short] = DUMP;
    let columns = if is_long { long } else { short };
    let (left, right) = if area.width >= BESIDE {
        let width = rest.width.saturating_sub(columns + 1);
        let x = rest.x + width + 1;
        (
            Rect { width, ..rest },
            Rect {
                x,
                width: columns,
                ..rest
            },
        )
    } else {
        let height = (rest.height / 3).max(2);
        let fields = rest.height.saturating_sub(height);
        (
            Rect {
                height: fields,
                ..rest
            },
            below(rest, fields),
        )
    };
    lines(detail, chosen, left, has_focus, canvas);
    dump(detail, line, if is_long { 16 } else { 8 }, right, canvas);
}

/// The headers and their fields.
fn lines(detail: &Detail, chosen: usize, area: Rect, has_focus: bool, canvas: &mut Canvas<'_>) {
    let styles = canvas.style();
    let first = first_shown(chosen, detail.lines.len(), area.height);
    let shown = detail.lines.iter().enumerate().skip(first);
    for ((place, line), y) in shown.take(area.height.into()).zip(area.y..) {
        if line.is_header {
            let column = canvas.text(area, y, 2, line.name, styles.heading);
            canvas.text(area, y, column + 1, line.title, styles.plain);
        } else {
            let mut column = canvas.text(area, y, 4, line.name, styles.plain);
            if !line.value.is_empty() {
                let value = format!(": {}", line.value);
                column = canvas.text(area, y, column, &value, styles.heading);
            }
            canvas.text(area, y, column + 2, line.title, styles.dim);
        }
        if place == chosen {
            canvas.choose(area, y, has_focus);
        }
    }
}

/// The octets, those of the chosen line marked and in sight.
fn dump(detail: &Detail, line: Option<&Line>, row: usize, area: Rect, canvas: &mut Canvas<'_>) {
    let styles = canvas.style();
    let marked = line.and_then(|line| line.range.clone()).unwrap_or_default();
    let rows = detail.octets.len().div_ceil(row);
    // The first marked octet in the first third: what is marked reads on downwards.
    let wanted = (marked.start / row).saturating_sub(usize::from(area.height / 3));
    let first = wanted.min(rows.saturating_sub(area.height.into()));
    let start = first * row;
    let end = (start + row * usize::from(area.height)).min(detail.octets.len());
    let shown = detail.octets.get(start..end).unwrap_or_default();
    let layout = canvas.layout(if row == 16 { 100 } else { 60 });
    let text = hex_dump(shown, start, &marked, &layout);
    // The octets of a row stand between the offset and the characters, three columns each.
    let octets_end = 4 + 1 + 3 * row + 1;
    for (text, y) in text.lines().zip(area.y..) {
        let text = text.strip_prefix(INDENT).unwrap_or(text);
        let mut is_marked = false;
        let mut column = 0;
        for (place, character) in text.chars().enumerate() {
            is_marked &= place < octets_end;
            is_marked |= character == '[' && place < octets_end;
            let style = if is_marked { styles.mark } else { styles.plain };
            column = canvas.text(area, y, column, &character.to_string(), style);
            is_marked &= character != ']';
        }
    }
    if detail.left_out > 0 && end == detail.octets.len() {
        let text = format!("and {} more octets", detail.left_out);
        canvas.text(area, area.bottom().saturating_sub(1), 0, &text, styles.dim);
    }
}
