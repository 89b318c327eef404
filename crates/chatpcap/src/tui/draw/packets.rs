//! The packets: those of a flow as its flow graph, or a line each.

use ratatui::layout::Rect;

use super::canvas::{Canvas, below, cut, first_shown};
use crate::flow::Direction;
use crate::graph::{Entry, Flows, Nodes, Row};
use crate::report::{Ladder, NodeText, Script, Widths, Words, grouped, safe};
use crate::trace::Place;
use crate::tui::panes::Pane;
use crate::tui::window::Packet;
use crate::tui::{Shown, View, Window};

/// Columns from which on a list has the time, and from which on the length.
const WITH_TIME: u16 = 100;
const WITH_LENGTH: u16 = 110;
/// Columns of an address in a list.
const ADDRESS: (usize, usize) = (13, 25);

pub(super) fn packets(view: &View, area: Rect, canvas: &mut Canvas<'_>) {
    let has_focus = view.focus == Pane::Packets;
    let total = view.total();
    let place = if total == 0 {
        String::new()
    } else {
        format!(": {} of {}", grouped(view.packet + 1), grouped(total))
    };
    let what = match view.shown {
        Shown::All => "Packets".to_owned(),
        flow if view.is_list => format!("Packets of {flow}"),
        flow => format!("Flow graph of {flow}"),
    };
    canvas.rule(area, &format!("{what}{place}"), has_focus);
    let lines = below(area, 1);
    let styles = canvas.style();
    let Some(window) = view.current_window() else {
        let text = if view.failure.is_some() {
            ""
        } else {
            "reading"
        };
        canvas.text(lines, lines.y, 2, text, styles.dim);
        return;
    };
    if window.packets.is_empty() {
        canvas.text(lines, lines.y, 2, "none", styles.dim);
        return;
    }
    if window.get(view.packet).is_none() {
        canvas.text(lines, lines.y, 2, "reading", styles.dim);
        return;
    }
    let chosen = usize::try_from(view.packet.saturating_sub(window.first)).unwrap_or(0);
    if view.shown == Shown::All || view.is_list {
        list(window, chosen, lines, has_focus, canvas);
    } else {
        ladder(view, window, chosen, lines, has_focus, canvas);
    }
}

fn list(window: &Window, chosen: usize, area: Rect, has_focus: bool, canvas: &mut Canvas<'_>) {
    let count = window.packets.len();
    let first = first_shown(chosen, count, area.height);
    let shown = || {
        let packets = window.packets.iter().enumerate().skip(first);
        packets.take(area.height.into())
    };
    let style = canvas.style().plain;
    let widest = |text: fn(&Packet) -> usize, least: usize, most: usize| {
        let lengths = shown().map(|(_, packet)| text(packet));
        lengths.max().unwrap_or(0).clamp(least, most)
    };
    let number = widest(|packet| packet.row.number.to_string().len(), 5, 20);
    let source = widest(|packet| packet.row.source.len(), ADDRESS.0, ADDRESS.1);
    let destination = widest(|packet| packet.row.destination.len(), ADDRESS.0, ADDRESS.1);
    for ((place, packet), y) in shown().zip(area.y..) {
        let row = &packet.row;
        let time = if area.width >= WITH_TIME {
            format!("{:>11} ", seconds(row.relative))
        } else {
            String::new()
        };
        let length = if area.width >= WITH_LENGTH {
            format!("{:>5} ", row.length)
        } else {
            String::new()
        };
        let line = format!(
            "{:>number$} {time}{:>source$} > {:<destination$} {:<6} {length}{}",
            row.number,
            cut(&row.source, source),
            cut(&row.destination, destination),
            safe(&row.protocol),
            safe(&row.info),
        );
        canvas.text(area, y, 2, &line, style);
        if place == chosen {
            canvas.choose(area, y, has_focus);
        }
    }
}

fn ladder(
    view: &View,
    window: &Window,
    chosen: usize,
    area: Rect,
    has_focus: bool,
    canvas: &mut Canvas<'_>,
) {
    let Some(graph) = graph(view, window) else {
        return;
    };
    let style = canvas.style().plain;
    let layout = canvas.layout(area.width.saturating_sub(2));
    let ladder = Ladder::new(&graph, &Widths::of(&graph), &layout);
    let rungs: Vec<String> = graph
        .entries
        .iter()
        .map(|entry| ladder.entry(entry))
        .collect();
    let mut y = area.y;
    for line in ladder.head().lines() {
        canvas.text(area, y, 2, line, canvas.style().heading);
        y += 1;
    }
    let area = below(area, y - area.y);
    // Only the chosen packet has its further lines.
    let detail: Vec<&str> = rungs
        .get(chosen)
        .map_or_else(Vec::new, |rung| rung.lines().skip(1).collect());
    let lines = u16::try_from(detail.len()).unwrap_or(u16::MAX);
    let height = area.height.saturating_sub(lines).max(1);
    let first = first_shown(chosen, rungs.len(), height);
    let mut y = area.y;
    for (place, rung) in rungs.iter().enumerate().skip(first).take(height.into()) {
        canvas.text(area, y, 2, rung.lines().next().unwrap_or_default(), style);
        if place == chosen {
            canvas.choose(area, y, has_focus);
            for line in &detail {
                y += 1;
                canvas.text(area, y, 2, line, style);
            }
        }
        y += 1;
    }
}

/// The packets as a flow graph of two ends: the one that sent the flow's first packet stands on the left.
fn graph(view: &View, window: &Window) -> Option<Script> {
    let (name, _) = view.files.get(view.file)?;
    let arrows = window
        .packets
        .iter()
        .filter_map(|packet| packet.arrow.as_ref());
    let first = arrows.clone().next()?;
    let ends = first.ends.map(|(from, to)| match first.direction {
        Direction::Forward => [from, to],
        Direction::Backward => [to, from],
    })?;
    let (flows, nodes) = (Flows::default(), Nodes::default());
    let mut words = Words::new(
        std::slice::from_ref(name),
        &flows,
        &nodes,
        window.start,
        window.precision,
    );
    let clock = words.clock();
    let entries = arrows.map(|arrow| {
        let row = Row::new(arrow.clone(), 0, 1);
        let is_left =
            |place: &Place| (place.address, place.port) == (ends[0].address, ends[0].port);
        words.entry(&Entry::Row(Box::new(row)), |place| {
            Some(usize::from(!is_left(place)))
        })
    });
    Some(Script {
        entries: entries.collect(),
        nodes: ends
            .map(|end| NodeText {
                names: Vec::new(),
                address: end.to_string(),
            })
            .to_vec(),
        clock,
        ..Script::default()
    })
}

/// Seconds with six decimals, cut.
fn seconds(nanoseconds: Option<i64>) -> String {
    nanoseconds.map_or_else(
        || "-".to_owned(),
        |nanoseconds| crate::report::seconds(nanoseconds, 6),
    )
}
