//! The keys, and what is to be known of the capture.

use ratatui::layout::Rect;

use super::canvas::{Canvas, below};
use crate::tui::View;

const KEYS: &[(&str, &str)] = &[
    (
        "Up Down j k",
        "one line; PgUp PgDn a page; Home End the first, the last",
    ),
    ("Tab Left Right", "the next pane, the one before"),
    (
        "Enter",
        "on a flow: only this one; on a packet: into its detail;",
    ),
    ("", "on a field: a filter for its value"),
    ("/", "type a filter; Tab completes names of fields"),
    ("c", "no filter"),
    ("v", "packets of a flow as flow graph or as list"),
    ("n p", "in the detail: the next header, the one before"),
    ("z", "the pane alone; again: all panes"),
    ("[ ]", "the capture before, the next one"),
    ("q Ctrl-C", "quit"),
];

pub(super) fn help(view: &View, screen: Rect, canvas: &mut Canvas<'_>) {
    let area = Rect {
        height: screen.height.saturating_sub(3),
        ..below(screen, 2)
    };
    canvas.clear(area);
    let styles = canvas.style();
    canvas.rule(area, "Keys", true);
    let mut y = area.y + 1;
    for (key, what) in KEYS {
        canvas.text(area, y, 2, key, styles.heading);
        canvas.text(area, y, 18, what, styles.plain);
        y += 1;
    }
    let notices = view
        .overview
        .as_ref()
        .map_or(&[][..], |overview| &overview.notices);
    if notices.is_empty() {
        return;
    }
    let rest = Rect {
        y,
        height: area.bottom().saturating_sub(y),
        ..area
    };
    canvas.rule(rest, "Notices", false);
    for notice in notices {
        y += 1;
        canvas.text(rest, y, 2, notice, styles.warning);
    }
}
