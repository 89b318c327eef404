//! Tables of conversations for people.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::column::{Cell, IN_TABLES};
use super::{COLUMNS, Choice, Column, Selected};
use crate::report::layout::{Layout, allowed, painted, safe, wrapped};
use crate::report::markdown::escaped;
use crate::report::number::{count, counted, grouped, seconds};
use crate::report::table::{empty_table, right_aligned};
use crate::trace::{Conversations, Notice};

/// Rows of a table that people read; more are for programs.
const MAX_ROWS: usize = 10_000;
/// A border and a blank on each side.
const BORDER: usize = 3;
/// Decimal digits of a second.
const DIGITS: u8 = 6;

/// The conversations of one capture as text.
pub fn conversations_text(
    name: &str,
    found: &Conversations<'_>,
    notices: &[Notice],
    choice: &Choice,
    layout: &Layout,
) -> String {
    let mut out = format!("{}\n", painted(layout.paint.heading, safe(name)));
    out.push_str(&wrapped(&summary(found), 2, layout.width()));
    for notice in notices {
        let text = wrapped(&format!("notice: {notice}"), 2, layout.width());
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}", painted(layout.paint.warning, text.trim_end()));
    }
    for layer in found.layers() {
        let selected = Selected::new(found, *layer, &bounded(choice));
        let title = counted(count(selected.all), "conversation");
        let title = format!("{}: {title}", layer.title());
        let _ = writeln!(out, "\n{}", painted(layout.paint.heading, title));
        if selected.shown.is_empty() {
            continue;
        }
        let rows = Rows::new(&selected, choice, Some(layout.width()));
        let mut table = empty_table(layout, rows.heads(layout.ascii));
        for row in &rows.rows {
            table.add_row(row);
        }
        for (place, column) in rows.columns.iter().enumerate() {
            if !column.is_text() {
                right_aligned(&mut table, place);
            }
        }
        let _ = writeln!(out, "{table}");
        for line in footer(&selected, choice) {
            out.push_str(&wrapped(&line, 0, layout.width()));
        }
    }
    allowed(out, layout)
}

/// The conversations of one capture as Markdown.
pub fn conversations_markdown(
    name: &str,
    found: &Conversations<'_>,
    notices: &[Notice],
    choice: &Choice,
) -> String {
    let mut out = format!("## {}\n\n- {}\n", escaped(name), summary(found));
    // Writing to a string cannot fail.
    for notice in notices {
        let _ = writeln!(out, "- notice: {}", escaped(&notice.to_string()));
    }
    for layer in found.layers() {
        let selected = Selected::new(found, *layer, &bounded(choice));
        let title = counted(count(selected.all), "conversation");
        let _ = writeln!(out, "\n### {}: {title}\n", layer.title());
        if selected.shown.is_empty() {
            continue;
        }
        let rows = Rows::new(&selected, choice, None);
        let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
        let _ = writeln!(out, "{}", line(&rows.heads(false)));
        let rules: Vec<String> = rows
            .columns
            .iter()
            .map(|column| if column.is_text() { "---" } else { "---:" }.to_owned())
            .collect();
        let _ = writeln!(out, "{}", line(&rules));
        for row in &rows.rows {
            let _ = writeln!(out, "{}", line(row));
        }
        out.push('\n');
        for line in footer(&selected, choice) {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

fn bounded(choice: &Choice) -> Choice {
    Choice {
        top: choice.top.min(MAX_ROWS),
        ..choice.clone()
    }
}

/// Frames, octets and times.
fn summary(found: &Conversations<'_>) -> String {
    let mut text = counted(found.packets, "frame");
    if found.frames() != found.packets {
        text = format!("{text} of {}", grouped(found.frames()));
    }
    text = format!("{text}, {}", counted(found.octets, "octet"));
    if let (Some(first), Some(last)) = (found.first, found.last) {
        text = format!(
            "{text}, {} s from {}",
            seconds(last.since(first), found.precision),
            first.to_utc(found.precision)
        );
    }
    text
}

/// The sums of what is shown, and how to see what is not.
fn footer(selected: &Selected<'_>, choice: &Choice) -> Vec<String> {
    let totals = selected.totals();
    let sums = totals
        .iter()
        .filter(|(column, total)| *total > 0 && !column.name.contains("_to_"))
        .filter(|(column, _)| choice.has(column))
        .map(|(column, total)| format!("{} {}", column.title, grouped(*total)));
    let mut lines = vec![format!("total: {}", sums.collect::<Vec<_>>().join(", "))];
    let shown = selected.shown.len();
    if shown < selected.all {
        let how = if choice.top > shown {
            "`--format csv` shows them"
        } else {
            "`--top all` shows them"
        };
        lines.push(format!(
            "{} more, sorted by {}: {how}",
            grouped(count(selected.all - shown)),
            choice.sort.name
        ));
    }
    lines
}

/// The cells of a table.
struct Rows {
    columns: Vec<&'static Column>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// The rows of the conversations that are shown, with the columns that were asked for or that fit.
    fn new(selected: &Selected<'_>, choice: &Choice, width: Option<usize>) -> Self {
        let has = |column: &&&Column| column.is_of(selected.layer);
        if !choice.columns.is_empty() {
            let columns: Vec<_> = choice.columns.iter().filter(has).copied().collect();
            let rows = cells(selected, &columns);
            return Self { columns, rows };
        }
        let ranked: Vec<&'static Column> = IN_TABLES
            .iter()
            .filter_map(|name| Column::named(name))
            .filter(|column| column.is_of(selected.layer))
            .collect();
        let ranked_cells = cells(selected, &ranked);
        let mut room = width.unwrap_or(usize::MAX).saturating_sub(1);
        let mut chosen = Vec::new();
        for (place, column) in ranked.iter().enumerate() {
            let values = || ranked_cells.iter().filter_map(|row| row.get(place));
            if column.is_rare() && values().all(|value| value == "0" || value == "-") {
                continue;
            }
            let longest = values().map(|value| value.width());
            let widest = longest.max().unwrap_or(0).max(column.title.width()) + BORDER;
            // What a table always has is squeezed where there is no room.
            if widest > room && place >= ALWAYS {
                break;
            }
            room = room.saturating_sub(widest);
            chosen.push(*column);
        }
        chosen.sort_by_key(|column| COLUMNS.iter().position(|other| other.name == column.name));
        let rows = cells(selected, &chosen);
        Self {
            columns: chosen,
            rows,
        }
    }

    fn heads(&self, ascii: bool) -> Vec<String> {
        let arrows = |column: &&Column| {
            if ascii {
                column.title.to_owned()
            } else {
                column.title.replace('>', "\u{2192}")
            }
        };
        self.columns.iter().map(arrows).collect()
    }
}

/// Columns that every table has: both ends and octets.
const ALWAYS: usize = 3;

fn cells(selected: &Selected<'_>, columns: &[&'static Column]) -> Vec<Vec<String>> {
    let row = |conversation| {
        let cell = |column: &&'static Column| {
            let cell = column.read(&conversation, selected.found.first);
            cell.map_or_else(|| "-".to_owned(), |cell| text(column, &cell))
        };
        columns.iter().map(cell).collect()
    };
    selected.conversations().map(row).collect()
}

fn text(column: &Column, cell: &Cell) -> String {
    match cell {
        Cell::Count(number) if column.name == "flow" => number.to_string(),
        Cell::Count(number) => grouped(*number),
        Cell::Nanoseconds(time) | Cell::Start(time) => seconds(*time, DIGITS),
        Cell::End(end) => end.to_string(),
        Cell::Text(text) => text.clone(),
    }
}
