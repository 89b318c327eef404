//! A flow graph drawn in text: a column a host, an arrow a packet.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::flow_graph::{FlowGraph, Row};
use super::layout::{Layout, painted, safe, wrapped};
use super::number::{counted, seconds};
use crate::trace::Message;

/// Columns between two hosts at most.
const MAX_GAP: usize = 34;
/// Flows that are told by number, with a legend. Where there are more, rows show ports.
const MAX_LEGEND: usize = 8;

/// The drawing; nothing where the graph is empty.
pub(super) fn ladder(graph: &FlowGraph, layout: &Layout) -> String {
    if graph.rows.is_empty() {
        return String::new();
    }
    let mut out = format!("{}\n", painted(layout.paint.heading, "Flow graph"));
    let flows: BTreeSet<_> = graph.rows.iter().map(flow).collect();
    let has_legend = flows.len() <= MAX_LEGEND;
    let tags = if !has_legend {
        Tags::Ports
    } else if is_told_by_hosts(graph, &flows) {
        Tags::None
    } else {
        Tags::Numbers
    };
    let widths = Widths::of(graph);
    let texts: Vec<Text> = graph
        .rows
        .iter()
        .map(|row| Text::new(row, graph, &widths, tags, layout))
        .collect();
    // Writing to a string cannot fail.
    if graph.files.len() > 1 {
        for (letter, file) in letters().zip(&graph.files) {
            let _ = writeln!(out, "  frames {letter}: {}", safe(file));
        }
    }
    if has_legend {
        for (transport, index) in &flows {
            let first = graph
                .rows
                .iter()
                .find(|row| flow(row) == (*transport, *index));
            if let Some(Row { arrow, .. }) = first {
                let ends = format!("{transport} {index}: {} to {}", arrow.from, arrow.to);
                out.push_str(&wrapped(&ends, 2, layout.width()));
            }
        }
    }
    out.push('\n');
    out.push_str(&Drawing::new(graph, &texts, layout).draw(graph, &widths, &texts));
    if graph.rows.iter().any(|row| row.arrow.copies > 0) {
        out.push_str("\nx2: captured twice, as on all interfaces (`-i any`) or on a bridge\n");
    }
    if graph.left_out > 0 {
        let at_least = if graph.files.len() > 1 {
            "at least "
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "\n{at_least}{} of the chat: `--arrows all` draws them",
            counted(graph.left_out, "more packet")
        );
    }
    out
}

/// The drawing of one flow in parts, for who scrolls it: the hosts' lines, and the lines of each packet.
pub(crate) fn rungs(graph: &FlowGraph, layout: &Layout) -> (String, Vec<String>) {
    let widths = Widths::of(graph);
    let rows = graph.rows.iter();
    let texts: Vec<Text> = rows
        .map(|row| Text::new(row, graph, &widths, Tags::None, layout))
        .collect();
    let drawing = Drawing::new(graph, &texts, layout);
    let rows = graph.rows.iter().zip(&texts);
    let rungs = rows.map(|(row, text)| drawing.rung(graph, row, text));
    (drawing.head(graph, &widths), rungs.collect())
}

/// How rows tell flows apart.
#[derive(Clone, Copy)]
enum Tags {
    /// Not at all: between any two hosts there is one flow of a transport.
    None,
    /// By number, with a legend.
    Numbers,
    /// By ports.
    Ports,
}

/// Whether hosts and transport of a row tell its flow.
fn is_told_by_hosts(graph: &FlowGraph, flows: &BTreeSet<(&str, u32)>) -> bool {
    let ends = |row: &Row| (flow(row).0, row.from.min(row.to), row.from.max(row.to));
    graph.rows.iter().map(ends).collect::<BTreeSet<_>>().len() == flows.len()
}

/// The words of one row.
struct Text {
    left: String,
    label: String,
    /// What tells the flow, where hosts do not.
    tag: String,
    detail: String,
}

impl Text {
    fn new(row: &Row, graph: &FlowGraph, widths: &Widths, tags: Tags, layout: &Layout) -> Self {
        let arrow = &row.arrow;
        let (transport, index) = flow(row);
        let tag = match tags {
            Tags::None => String::new(),
            Tags::Numbers => format!("{transport} {index} "),
            Tags::Ports => format!("{:>5} > {:<5} ", arrow.from.port, arrow.to.port),
        };
        let (label, detail) = match arrow.message {
            Message::Tcp {
                flags,
                seq,
                ack,
                payload,
            } => {
                let [own, other] = row.isn;
                let base = |number: u32, isn: Option<u32>| match isn {
                    Some(isn) if layout.relative => number.wrapping_sub(isn),
                    _ => number,
                };
                let mut detail = String::new();
                // Writing to a string cannot fail.
                if let Some(seq) = seq {
                    let _ = write!(detail, "seq {:<10} ", base(seq, own));
                }
                if let Some(ack) = ack {
                    let _ = write!(detail, "ack {:<10} ", base(ack, other));
                }
                if let Some(payload) = payload.filter(|payload| *payload > 0) {
                    let _ = write!(detail, "len {payload}");
                }
                let label = flags.map_or_else(|| "TCP".to_owned(), |flags| flags.to_string());
                (label, detail)
            }
            Message::Udp { payload } => {
                let payload = payload.map_or_else(String::new, |payload| format!("len {payload}"));
                ("UDP".to_owned(), payload)
            }
        };
        let detail = match arrow.copies {
            0 => detail,
            copies => format!("{} x{}", detail.trim_end(), u64::from(copies) + 1),
        };
        Self {
            left: left(row, graph, widths),
            label,
            tag,
            detail: detail.trim_end().to_owned(),
        }
    }
}

/// Frame numbers, each as wide as its file's widest, and time.
fn left(row: &Row, graph: &FlowGraph, widths: &Widths) -> String {
    let mut left = String::new();
    for (frame, &width) in row.frames.iter().zip(&widths.frames) {
        let frame = frame.map_or_else(|| "-".to_owned(), |frame| frame.to_string());
        // Writing to a string cannot fail.
        let _ = write!(left, "{frame:>width$} ");
    }
    let (time, width) = (time(row, graph), widths.time);
    let _ = write!(left, "{time:>width$} ");
    left
}

/// Seconds since the first of the captures began.
fn time(row: &Row, graph: &FlowGraph) -> String {
    match (row.arrow.time, graph.start) {
        (Some(time), Some(start)) => seconds(time.since(start), graph.precision),
        _ => "-".to_owned(),
    }
}

/// Columns of the numbers left of the drawing.
struct Widths {
    /// Of the frame numbers, file by file.
    frames: Vec<usize>,
    time: usize,
}

impl Widths {
    fn of(graph: &FlowGraph) -> Self {
        let smallest = if graph.files.len() > 1 { 3 } else { 5 };
        let frame = |file: usize| {
            let frames = graph.rows.iter().filter_map(|row| *row.frames.get(file)?);
            let widest = frames.max().map_or(1, |frame| frame.to_string().len());
            widest.max(smallest)
        };
        let times = graph.rows.iter().map(|row| time(row, graph).len());
        Self {
            frames: (0..graph.files.len()).map(frame).collect(),
            time: times.max().unwrap_or(0).max(9),
        }
    }
}

/// What files are called where their frames are listed: `a` to `z`, then `a2` and so on.
fn letters() -> impl Iterator<Item = String> {
    let rounds = (1..).map(|round: usize| match round {
        1 => String::new(),
        round => round.to_string(),
    });
    rounds.flat_map(|round| ('a'..='z').map(move |letter| format!("{letter}{round}")))
}

fn flow(row: &Row) -> (&'static str, u32) {
    let transport = match row.arrow.message {
        Message::Tcp { .. } => "tcp",
        Message::Udp { .. } => "udp",
    };
    (transport, row.arrow.flow)
}

/// How the rows are set, by what the width allows.
#[derive(Clone, Copy)]
enum Setting {
    /// Arrow and numbers on one line.
    Wide,
    /// The numbers on a line below the arrow.
    Tall,
    /// No columns: too many hosts for the width.
    List,
}

/// Where things stand.
struct Drawing<'a> {
    setting: Setting,
    /// Columns of frame numbers and time.
    margin: usize,
    /// Columns from one host's line to the next.
    gap: usize,
    layout: &'a Layout,
}

impl<'a> Drawing<'a> {
    fn new(graph: &FlowGraph, texts: &[Text], layout: &'a Layout) -> Self {
        let longest = |width: fn(&Text) -> usize| texts.iter().map(width).max().unwrap_or(0);
        let names = graph
            .nodes
            .iter()
            .map(|node| node.name().width())
            .max()
            .unwrap_or(0);
        // The first host's name is centred on its line, which stands right behind the margin.
        let margin = longest(|text| text.left.width()).max(names / 2 + 1);
        let gaps = graph.nodes.len().saturating_sub(1).max(1);
        let room = |reserved: usize| {
            layout
                .width()
                .saturating_sub(margin + reserved + 1)
                .checked_div(gaps)
                .unwrap_or(0)
        };
        let label = longest(|text| text.label.width());
        let wide = room(longest(|text| text.tag.width() + text.detail.width()) + 2);
        let tall = room(names / 2);
        let (setting, gap) = if wide >= label + 4 && wide > names {
            (Setting::Wide, wide)
        } else if tall >= label + 4 {
            (Setting::Tall, tall)
        } else {
            (Setting::List, 0)
        };
        Self {
            setting,
            margin,
            gap: gap.min(MAX_GAP),
            layout,
        }
    }

    fn draw(&self, graph: &FlowGraph, widths: &Widths, texts: &[Text]) -> String {
        let mut out = self.head(graph, widths);
        for (row, text) in graph.rows.iter().zip(texts) {
            for line in self.rung(graph, row, text).lines() {
                out.push_str(line.trim_end());
                out.push('\n');
            }
        }
        out
    }

    /// One packet: a line, or two.
    fn rung(&self, graph: &FlowGraph, row: &Row, text: &Text) -> String {
        let Text {
            left,
            label,
            tag,
            detail,
        } = text;
        let left = format!("{left:<width$}", width = self.margin);
        match self.setting {
            Setting::Wide => format!("{left}{}  {tag}{detail}", self.arrow(graph, row, label)),
            Setting::Tall => {
                let indent = self.margin;
                format!(
                    "{left}{}\n{:indent$}  {tag}{detail}",
                    self.arrow(graph, row, label),
                    ""
                )
            }
            Setting::List => {
                format!(
                    "{left} {} > {}  {label}  {detail}",
                    row.arrow.from, row.arrow.to
                )
            }
        }
    }

    /// The hosts above their lines.
    fn head(&self, graph: &FlowGraph, widths: &Widths) -> String {
        let frames: String = if graph.files.len() > 1 {
            let columns = letters().zip(&widths.frames);
            columns.fold(String::new(), |mut line, (letter, &width)| {
                // Writing to a string cannot fail.
                let _ = write!(line, "{letter:>width$} ");
                line
            })
        } else {
            let width = widths.frames.first().copied().unwrap_or(0);
            format!("{:>width$} ", "frame")
        };
        let width = widths.time;
        let left = format!("{frames}{:>width$} ", "seconds");
        if matches!(self.setting, Setting::List) {
            return format!("{left}\n");
        }
        let names: Vec<String> = graph
            .nodes
            .iter()
            .map(super::flow_graph::Node::name)
            .collect();
        let fits = names.iter().all(|name| name.width() < self.gap);
        let roles: Vec<&str> = graph
            .nodes
            .iter()
            .map(|node| node.role.unwrap_or(""))
            .collect();
        let mut out = String::new();
        if roles.iter().any(|role| !role.is_empty()) {
            out.push_str(&self.centred("", &roles));
        }
        if fits {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            out.push_str(&self.centred(&left, &names));
            return out;
        }
        // Names that do not fit beside each other stand one below the other, each over its line.
        for (column, name) in names.iter().enumerate() {
            let mut row = vec![""; column];
            row.push(name);
            let is_last = column + 1 == names.len();
            out.push_str(&self.centred(if is_last { &left } else { "" }, &row));
        }
        out
    }

    /// Texts centred on the hosts' lines.
    fn centred(&self, left: &str, texts: &[&str]) -> String {
        let mut line = left.to_owned();
        for (column, text) in texts
            .iter()
            .enumerate()
            .filter(|(_, text)| !text.is_empty())
        {
            let centre = self.margin + column * self.gap;
            let start = centre.saturating_sub(text.width() / 2);
            let pad = start
                .saturating_sub(line.width())
                .max(usize::from(!line.is_empty()));
            line.extend(std::iter::repeat_n(' ', pad));
            line.push_str(text);
        }
        line.push('\n');
        line
    }

    /// The hosts' lines with a packet that an endpoint sent to itself: its label beside the line.
    fn self_arrow(&self, graph: &FlowGraph, node: usize, label: &str) -> String {
        let [line, back] = if self.layout.ascii {
            ['|', '<']
        } else {
            ['│', '◀']
        };
        let mut out = String::new();
        for column in 0..graph.nodes.len() {
            out.push(line);
            let text = if column == node {
                format!("{back} {label}")
            } else {
                String::new()
            };
            let is_last = column + 1 == graph.nodes.len();
            let room = if is_last {
                0
            } else {
                self.gap.saturating_sub(1)
            };
            // Writing to a string cannot fail.
            let _ = write!(out, "{text:<room$}");
        }
        out
    }

    /// The hosts' lines with an arrow across them.
    fn arrow(&self, graph: &FlowGraph, row: &Row, label: &str) -> String {
        let ascii = self.layout.ascii;
        let [line, right, left, dash, dots] = if ascii {
            ['|', '>', '<', '-', '.']
        } else {
            ['│', '▶', '◀', '─', '╌']
        };
        let dash = if matches!(row.arrow.message, Message::Udp { .. }) {
            dots
        } else {
            dash
        };
        if row.from == row.to {
            return self.self_arrow(graph, row.from, label);
        }
        let (low, high) = (
            row.from.min(row.to) * self.gap,
            row.from.max(row.to) * self.gap,
        );
        // Between the lines, one cell of which is the head.
        let inside = high.saturating_sub(low + 1);
        let has_room = inside >= label.width() + 4;
        let label = if has_room {
            format!(" {label} ")
        } else {
            label.to_owned()
        };
        let begin = low + 1 + inside.saturating_sub(label.width()) / 2;
        let end = begin + label.width();
        let width = graph.nodes.len().saturating_sub(1) * self.gap + 1;
        let mut label = label.chars();
        let mut out = String::with_capacity(width * 3);
        for x in 0..width {
            let is_head = if row.to > row.from {
                x + 1 == high
            } else {
                x == low + 1
            };
            out.push(if x <= low || x >= high {
                if x.is_multiple_of(self.gap.max(1)) {
                    line
                } else {
                    ' '
                }
            } else if is_head {
                if row.to > row.from { right } else { left }
            } else if (begin..end).contains(&x) {
                label.next().unwrap_or(dash)
            } else {
                dash
            });
        }
        out
    }
}
