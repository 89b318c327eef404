//! The flows: a line each, as in a table of conversations.

use ratatui::layout::Rect;

use super::canvas::{Canvas, below, cut, first_shown};
use crate::report::grouped;
use crate::tui::View;
use crate::tui::overview::FlowRow;
use crate::tui::panes::Pane;

/// Columns that are kept for verdicts.
const VERDICT: usize = 10;

/// The words of one line.
struct Words {
    name: String,
    ends: String,
    packets: String,
    octets: String,
    verdict: String,
}

pub(super) fn flows(view: &View, area: Rect, canvas: &mut Canvas<'_>) {
    let has_focus = view.focus == Pane::Flows;
    let styles = canvas.style();
    let flows = view.flows();
    let title = match &view.overview {
        Some(_) => format!("Flows: {}", grouped(crate::report::count(flows.len()))),
        None => "Flows".to_owned(),
    };
    let column = canvas.rule(area, &title, has_focus);
    let lines = below(area, 1);
    let chosen = view.chosen_flow().unwrap_or(0);
    let count = flows.len() + 1;
    let first = first_shown(chosen, count, lines.height);
    let shown = first..count.min(first + usize::from(lines.height));
    let words: Vec<Words> = shown
        .clone()
        .map(
            |place| match place.checked_sub(1).map(|place| flows.get(place)) {
                Some(Some(row)) => Words::of(row),
                _ => Words::all(view),
            },
        )
        .collect();
    let widest = |text: fn(&Words) -> &str, least: usize| {
        let lengths = words.iter().map(|words| text(words).chars().count());
        lengths.max().unwrap_or(0).max(least)
    };
    let name = widest(|words| &words.name, 3);
    let packets = widest(|words| &words.packets, "packets".len());
    let octets = widest(|words| &words.octets, "octets".len());
    let room = usize::from(lines.width).saturating_sub(2 + name + 2 + packets + 2);
    let wanted = widest(|words| &words.ends, 0);
    let verdict = widest(|words| &words.verdict, "state".len()).min(VERDICT);
    let has_octets = wanted + octets + 2 + verdict <= room;
    let room = room.saturating_sub(if has_octets { octets + 2 } else { 0 });
    let ends = wanted.min(room.saturating_sub(verdict));
    let line = |words: &Words| {
        let left = format!("{:<name$}  {:<ends$}", words.name, cut(&words.ends, ends));
        let octets = if has_octets {
            format!("  {:>octets$}", words.octets)
        } else {
            String::new()
        };
        format!(
            "{left}  {:>packets$}{octets}  {}",
            words.packets, words.verdict
        )
    };
    let heads = line(&Words {
        name: String::new(),
        ends: String::new(),
        packets: "packets".to_owned(),
        octets: "octets".to_owned(),
        verdict: "state".to_owned(),
    });
    // The heads of the columns stand in the rule.
    for (place, character) in (2_u16..).zip(heads.chars()) {
        if character != ' ' && place > column {
            canvas.text(area, area.y, place, &character.to_string(), styles.dim);
        }
    }
    for ((place, words), y) in shown.zip(&words).zip(lines.y..) {
        canvas.text(lines, y, 2, &line(words), styles.plain);
        if place == chosen {
            canvas.choose(lines, y, has_focus);
        }
    }
}

impl Words {
    fn of(row: &FlowRow) -> Self {
        let [a, b] = row.ends;
        Self {
            name: row.flow.to_string(),
            ends: format!("{a} > {b}"),
            packets: grouped(row.packets),
            octets: grouped(row.octets),
            verdict: row.verdict(),
        }
    }

    fn all(view: &View) -> Self {
        let number = |number: fn(&crate::tui::Overview) -> u64| {
            let overview = view.overview.as_ref();
            overview.map_or_else(String::new, |overview| grouped(number(overview)))
        };
        Self {
            name: "all".to_owned(),
            ends: "packets of every protocol".to_owned(),
            packets: number(|overview| overview.selected),
            octets: number(|overview| overview.octets),
            verdict: String::new(),
        }
    }
}
