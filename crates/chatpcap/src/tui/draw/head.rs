//! What stands above and below the panes: the capture, the filter, the keys.

use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, below};
use crate::field;
use crate::report::{counted, grouped, safe};
use crate::tui::View;
use crate::tui::filter_line::FilterLine;

/// Before the filter.
const PROMPT: &str = "filter: ";
/// Names of fields that are offered at a time.
const OFFERED: usize = 6;

/// The capture, and how many of its frames are selected.
pub(super) fn title(view: &View, area: Rect, canvas: &mut Canvas<'_>) {
    let styles = canvas.style();
    if let Some(failure) = &view.failure {
        canvas.text(area, area.y, 0, failure, styles.warning);
        return;
    }
    let (mut text, style) = if let Some(overview) = &view.overview {
        let frames = if overview.selected == overview.frames {
            counted(overview.frames, "frame")
        } else {
            format!(
                "{} of {}",
                grouped(overview.selected),
                counted(overview.frames, "frame")
            )
        };
        let octets = counted(overview.octets, "octet");
        let text = format!("{}, {frames}, {octets}", overview.format);
        (text, styles.plain)
    } else {
        let text = view.percent().map_or_else(
            || "reading".to_owned(),
            |percent| format!("reading {percent} %"),
        );
        (text, styles.warning)
    };
    let notices = view
        .overview
        .as_ref()
        .map_or(0, |overview| overview.notices.len());
    let notices = match notices {
        0 => String::new(),
        notices => format!("  {} (?)", counted(crate::report::count(notices), "notice")),
    };
    if view.files.len() > 1 {
        text = format!("[{} of {}]  {text}", view.file + 1, view.files.len());
    }
    // The end of a path says more than its beginning.
    let (name, _) = view.files.get(view.file).cloned().unwrap_or_default();
    let room = usize::from(area.width).saturating_sub(text.width() + notices.width() + 2);
    let name = match name.width().saturating_sub(room) {
        0 => name,
        over => format!("..{}", skip_columns(&name, over + 2)),
    };
    let column = canvas.text(area, area.y, 0, &name, styles.heading);
    let column = canvas.text(area, area.y, column + 2, &text, style);
    canvas.text(area, area.y, column, &notices, styles.warning);
}

/// The filter, or the line in which it is typed with what belongs to it below; where the cursor is.
pub(super) fn filter(
    view: &View,
    area: Rect,
    screen: Rect,
    canvas: &mut Canvas<'_>,
) -> Option<Position> {
    let styles = canvas.style();
    let prompt = canvas.text(area, area.y, 0, PROMPT, styles.heading);
    let Some(line) = &view.typed else {
        let (text, style) = match view.filter_text.as_str() {
            "" => ("none (/ to type one)", styles.dim),
            text => (text, styles.plain),
        };
        canvas.text(area, area.y, prompt, &safe(text), style);
        return None;
    };
    let room = usize::from(area.width.saturating_sub(prompt + 1));
    let before = line.before_cursor().width();
    // What does not fit goes out of sight on the left.
    let hidden = before.saturating_sub(room);
    let text: String = skip_columns(&safe(&line.text()), hidden);
    canvas.text(area, area.y, prompt, &text, styles.plain);
    below_filter(line, hidden, prompt, below(screen, 2), canvas);
    let x = prompt + u16::try_from(before - hidden).unwrap_or(0);
    Some(Position::new(area.x + x, area.y))
}

/// What is wrong with the filter, or which names the word at the cursor can become.
fn below_filter(
    line: &FilterLine,
    hidden: usize,
    prompt: u16,
    area: Rect,
    canvas: &mut Canvas<'_>,
) {
    let styles = canvas.style();
    if let Some(error) = &line.error {
        let [_, mark] = error.excerpt();
        let wanted = Rect { height: 2, ..area };
        canvas.clear(wanted);
        let mark = skip_columns(&mark, hidden);
        canvas.text(wanted, area.y, prompt, &mark, styles.warning);
        let mut text = safe(&error.to_string());
        if let Some(hint) = &error.hint {
            text = format!("{text} (hint: {})", safe(hint));
        }
        canvas.text(wanted, area.y + 1, 0, &text, styles.warning);
        return;
    }
    let (names, tried) = line.candidates();
    let first = tried.unwrap_or(0).saturating_sub(OFFERED - 1);
    let offered = names.iter().enumerate().skip(first).take(OFFERED);
    let mut y = area.y;
    for (place, name) in offered {
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        canvas.clear(row);
        let title = field::find(name).map_or("", |field| field.title);
        let column = canvas.text(row, y, prompt, name, styles.heading);
        canvas.text(row, y, column.max(prompt + 24) + 1, title, styles.dim);
        if tried == Some(place) {
            canvas.choose(row, y, true);
        }
        y += 1;
    }
    if names.is_empty() {
        return;
    }
    let more = match names.len().saturating_sub(first + OFFERED) {
        0 => counted(crate::report::count(names.len()), "name"),
        more => format!("{more} more"),
    };
    let row = Rect {
        y,
        height: 1,
        ..area
    };
    canvas.rule(row, &more, false);
}

/// The keys that matter now.
pub(super) fn keys(view: &View, area: Rect, canvas: &mut Canvas<'_>) {
    let text = if view.has_help {
        "any key closes this"
    } else if view.typed.is_some() {
        "Enter apply  Esc leave  Tab complete  Ctrl-U delete"
    } else {
        "? keys  q quit  / filter  Tab pane  Enter in  v list  z zoom"
    };
    let style = canvas.style().dim;
    canvas.text(area, area.y, 0, text, style);
}

/// Text without its first so many columns.
fn skip_columns(text: &str, columns: usize) -> String {
    let mut used = 0;
    text.chars()
        .skip_while(|character| {
            let is_hidden = used < columns;
            used += character.to_string().width();
            is_hidden
        })
        .collect()
}
