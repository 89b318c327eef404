//! A view drawn on a screen of any size.

mod canvas;
mod detail;
mod flows;
mod head;
mod help;
mod packets;

use ratatui::Frame;
use ratatui::layout::Rect;

use self::canvas::Canvas;
use super::View;
use super::panes::{MIN_SIZE, Pane, heights};

/// Draws a view over the whole screen.
pub fn draw(view: &View, frame: &mut Frame<'_>) {
    let area = frame.area();
    let mut canvas = Canvas::new(frame.buffer_mut(), view.look);
    if area.width < MIN_SIZE.0 || area.height < MIN_SIZE.1 {
        let (columns, lines) = MIN_SIZE;
        let style = canvas.style().warning;
        for (y, text) in (area.y..).zip([
            format!("needs {columns} columns and {lines} lines,"),
            format!("has {} and {}; q quits", area.width, area.height),
        ]) {
            canvas.text(area, y, 0, &text, style);
        }
        return;
    }
    let row = |y: u16| Rect {
        y: area.y + y,
        height: 1,
        ..area
    };
    head::title(view, row(0), &mut canvas);
    let mut y = 2;
    for (pane, lines) in heights(area.height, view.is_alone.then_some(view.focus)) {
        let place = Rect {
            y: area.y + y,
            height: lines,
            ..area
        };
        y += lines;
        if lines > 0 {
            match pane {
                Pane::Flows => flows::flows(view, place, &mut canvas),
                Pane::Packets => packets::packets(view, place, &mut canvas),
                Pane::Detail => detail::detail(view, place, &mut canvas),
            }
        }
    }
    head::keys(view, row(area.height.saturating_sub(1)), &mut canvas);
    if view.has_help {
        help::help(view, area, &mut canvas);
    }
    let cursor = head::filter(view, row(1), area, &mut canvas);
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}
