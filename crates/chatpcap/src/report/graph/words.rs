//! The words of a flow graph: from the model to a [`Script`].

use std::collections::HashSet;

use super::heading::{captures, node_text};
use super::said::said;
use super::script::{ArrowText, Entry, FlowText, MarkText, Note, Script, Severity, Style};
use crate::capture::Timestamp;
use crate::graph::{Entry as Item, Flows, Fold, Graph, Nodes, Pile, Presence, Row, Tally};
use crate::report::layout::safe;
use crate::report::number::{counted, grouped, seconds, short_time};
use crate::trace::{FlowNumber, Message, Numbers, Place};

/// What times are counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Times {
    /// The first packet.
    #[default]
    Start,
    /// The packet before.
    Previous,
    /// Nothing: the time of day, UTC.
    Day,
}

/// How rows tell flows apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tags {
    /// Not at all: between any two hosts there is one flow of a transport.
    None,
    /// By number, with a legend.
    Numbers,
    /// By ports.
    Ports,
}

/// Puts rows into words, one after another.
#[derive(Clone, Debug)]
pub struct Words {
    times: Times,
    relative: bool,
    tags: Tags,
    start: Option<Timestamp>,
    previous: Option<Timestamp>,
    precision: u8,
    /// Names of the captures as marks tell them.
    captures: Vec<String>,
    /// Whether delays are told.
    delays: bool,
    folds: u64,
    folded: u64,
}

impl Words {
    /// Words for captures of these names that begin at `start`; of few flows the rows tell the number.
    pub fn new(
        captures: &[String],
        flows: &Flows,
        nodes: &Nodes,
        start: Option<Timestamp>,
        precision: u8,
    ) -> Self {
        Self {
            times: Times::Start,
            relative: false,
            tags: Tags::of(flows, nodes),
            start,
            previous: None,
            precision,
            captures: captures.to_vec(),
            delays: true,
            folds: 0,
            folded: 0,
        }
    }

    /// The same without how long packets took, and how that is known.
    #[must_use]
    pub const fn without_delays(mut self) -> Self {
        self.delays = false;
        self
    }

    /// The same with times of this kind, and sequence numbers counted from each side's ISN or not.
    #[must_use]
    pub const fn with(mut self, times: Times, relative: bool) -> Self {
        self.times = times;
        self.relative = relative;
        self
    }

    /// When the capture begins, for who draws while it is read.
    pub fn begin(&mut self, start: Option<Timestamp>, precision: u8) {
        self.start = self.start.or(start);
        self.precision = self.precision.max(precision);
    }

    /// What the column of times is called.
    pub const fn clock(&self) -> &'static str {
        match self.times {
            Times::Start => "seconds",
            Times::Previous => "delta",
            Times::Day => "UTC",
        }
    }

    /// The words of a graph; who has another way to see what is left out says it in `more`.
    pub fn script(mut self, graph: &Graph, more: &str) -> Script {
        let entries = graph.entries.iter();
        let entries = entries
            .map(|entry| self.entry(entry, |place| graph.nodes.column(place)))
            .collect();
        let precision = self.delays.then_some(self.precision);
        Script {
            captures: captures(&graph.vantages, &self.captures, precision),
            nodes: graph.nodes.list().iter().map(node_text).collect(),
            flows: self.legend(&graph.flows),
            clock: self.clock(),
            entries,
            remarks: self.remarks(&graph.tally, more),
        }
    }

    /// The legend of flows, where rows tell them by number; else nothing but what it would repeat.
    pub fn legend(&self, flows: &Flows) -> Vec<FlowText> {
        let text = |(flow, (from, to)): (FlowNumber, &(Place, Place))| FlowText {
            tag: tag(flow),
            ends: format!("{from} to {to}"),
        };
        flows
            .list()
            .map_or_else(Vec::new, |flows| flows.map(text).collect())
    }

    /// What to say at the end.
    pub fn remarks(&self, tally: &Tally, more: &str) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.folds > 0 {
            remarks.push(format!(
                "{} of like packets are folded to {}: `--full` draws each",
                counted(self.folded, "frame"),
                counted(self.folds, "row"),
            ));
        }
        if tally.hidden > 0 {
            remarks.push(format!("{} hidden", counted(tally.hidden, "frame")));
        }
        if tally.others > 0 {
            let others = counted(tally.others, "frame");
            remarks.push(format!("{others} of other flows and protocols"));
        }
        if tally.left_out > 0 {
            let frames = counted(tally.left_out, "more frame");
            remarks.push(format!("{frames} not drawn: {more}"));
        }
        remarks
    }

    /// One thing in words; `column` finds the places of its ends.
    pub fn entry(
        &mut self,
        entry: &Item,
        mut column: impl FnMut(&Place) -> Option<usize>,
    ) -> Entry {
        let row = match entry {
            Item::Row(row) => row,
            Item::Gap(nanoseconds) => {
                let silence = nanoseconds.unsigned_abs() / 1_000_000_000;
                return Entry::Gap(format!("{} s without packets", grouped(silence)));
            }
        };
        let time = self.time(row);
        let frames = frames(row);
        let ends = row.arrow.ends.as_ref();
        let columns = ends.and_then(|(from, to)| Some((column(from)?, column(to)?)));
        let Some((from, to)) = columns else {
            let text = note(row);
            return Entry::Note(Note {
                frames,
                time,
                text: safe(&text),
            });
        };
        if let Some(fold) = &row.fold {
            self.folds = self.folds.saturating_add(1);
            self.folded = self.folded.saturating_add(fold.frames);
        }
        Entry::Arrow(ArrowText {
            style: style(&row.arrow.message),
            from,
            to,
            frames,
            time,
            label: label(row),
            flow: self.flow(row),
            detail: self.detail(row),
            said: row.fold.map_or_else(|| said(&row.arrow), |_| Vec::new()),
            marks: self.marks(row),
            is_lost: matches!(row.presence, Presence::Lost(_)),
            is_fold: row.fold.is_some(),
            delay: row
                .delay
                .filter(|_| row.fold.is_none() && self.delays)
                .map(short_time),
        })
    }

    fn time(&mut self, row: &Row) -> String {
        let previous = self.previous;
        self.previous = row.time.or(previous);
        let Some(time) = row.time else {
            return "-".to_owned();
        };
        match self.times {
            Times::Start => self.start.map_or_else(
                || "-".to_owned(),
                |start| seconds(time.since(start), self.precision),
            ),
            Times::Previous => {
                let delta = previous.map_or(0, |previous| time.since(previous));
                let sign = if delta < 0 { "" } else { "+" };
                format!("{sign}{}", seconds(delta, self.precision))
            }
            Times::Day => {
                let utc = time.to_utc(self.precision);
                let day = utc.split_once('T').map_or(utc.as_str(), |(_, day)| day);
                day.trim_end_matches('Z').to_owned()
            }
        }
    }

    fn flow(&self, row: &Row) -> Option<String> {
        let flow = row.arrow.flow?;
        match self.tags {
            Tags::None => None,
            Tags::Numbers => Some(tag(flow)),
            Tags::Ports => {
                let (from, to) = row.arrow.ends?;
                // Where a host talks to itself, ports have columns of their own.
                if from.address == to.address {
                    return None;
                }
                Some(format!("{:>5} > {:<5}", from.port?, to.port?))
            }
        }
    }

    fn detail(&self, row: &Row) -> String {
        if let Some(fold) = &row.fold {
            return fold_detail(fold, &row.arrow.message);
        }
        match &row.arrow.message {
            Message::Tcp {
                numbers,
                relative,
                payload,
                ..
            } => {
                let Numbers { seq, ack } = if self.relative { *relative } else { *numbers };
                // Absolute numbers have up to ten digits, and stand below each other.
                let width = if self.relative { 1 } else { 10 };
                let mut parts = Vec::new();
                if let Some(seq) = seq {
                    parts.push(format!("seq {seq:<width$}"));
                }
                if let Some(ack) = ack {
                    parts.push(format!("ack {ack:<width$}"));
                }
                if let Some(payload) = payload.filter(|payload| *payload > 0) {
                    parts.push(format!("len {payload}"));
                }
                parts.join(" ").trim_end().to_owned()
            }
            Message::Udp { payload } => {
                payload.map_or_else(String::new, |payload| format!("len {payload}"))
            }
            Message::Dns { id, payload, .. } => {
                let payload = payload.map_or_else(String::new, |payload| format!(" len {payload}"));
                format!("id {id:#06x}{payload}")
            }
            Message::Other { .. } => String::new(),
        }
    }

    fn marks(&self, row: &Row) -> Vec<MarkText> {
        let mark = |text: String, severity| MarkText { text, severity };
        let name = |capture: usize| {
            let name = self.captures.get(capture);
            name.map_or("another capture", String::as_str)
        };
        let mut marks = Vec::new();
        match row.presence {
            Presence::Everywhere => {}
            Presence::Lost(capture) => {
                let text = format!("lost on the way: not in {}", name(capture));
                marks.push(mark(text, Severity::Error));
            }
            Presence::Missed(capture) => {
                let text = format!("not recorded in {}", name(capture));
                marks.push(mark(text, Severity::Plain));
            }
        }
        for told in &row.arrow.marks {
            marks.push(mark(told.to_string(), told.severity()));
        }
        if row.arrow.copies > 0 && row.fold.is_none() {
            let times = u64::from(row.arrow.copies).saturating_add(1);
            let text = format!("x{times}, captured on several interfaces");
            marks.push(mark(text, Severity::Plain));
        }
        marks
    }
}

impl Tags {
    fn of(flows: &Flows, nodes: &Nodes) -> Self {
        let Some(list) = flows.list() else {
            return Self::Ports;
        };
        // Whether hosts and transport of a row tell its flow.
        let mut pairs = HashSet::new();
        for (flow, (from, to)) in list {
            let columns = [from, to].map(|place| nodes.column(place));
            let [low, high] = if columns[0] <= columns[1] {
                columns
            } else {
                [columns[1], columns[0]]
            };
            let is_tcp = matches!(flow, FlowNumber::Tcp(_));
            if !pairs.insert((is_tcp, low, high)) {
                return Self::Numbers;
            }
        }
        Self::None
    }
}

fn tag(flow: FlowNumber) -> String {
    match flow {
        FlowNumber::Tcp(number) => format!("tcp {number}"),
        FlowNumber::Udp(number) => format!("udp {number}"),
    }
}

fn frames(row: &Row) -> Vec<Option<String>> {
    let text = |sight: &crate::graph::Sight| {
        if sight.frame == sight.last_frame {
            sight.frame.to_string()
        } else {
            format!("{}-{}", sight.frame, sight.last_frame)
        }
    };
    row.sights
        .iter()
        .map(|sight| sight.as_ref().map(text))
        .collect()
}

const fn style(message: &Message) -> Style {
    match message {
        Message::Tcp { .. } => Style::Tcp,
        Message::Udp { .. } => Style::Udp,
        Message::Dns { .. } => Style::Dns,
        Message::Other { protocol, .. } => match protocol.as_bytes() {
            b"ARP" => Style::Arp,
            b"ICMP" | b"ICMPv6" => Style::Icmp,
            _ => Style::Other,
        },
    }
}

fn label(row: &Row) -> String {
    let message = &row.arrow.message;
    if let Some(fold) = &row.fold {
        let packets = fold.forward.packets;
        return match message {
            Message::Tcp { .. } => counted(packets, "segment"),
            Message::Udp { .. } | Message::Dns { .. } => counted(packets, "datagram"),
            Message::Other { protocol, .. } => format!("{} {protocol}", grouped(packets)),
        };
    }
    match message {
        Message::Tcp { flags, .. } => {
            flags.map_or_else(|| "TCP".to_owned(), |flags| flags.to_string())
        }
        Message::Udp { .. } => "UDP".to_owned(),
        Message::Dns {
            protocol,
            is_response,
            ..
        } => {
            let what = if *is_response { "answer" } else { "query" };
            format!("{protocol} {what}")
        }
        Message::Other { protocol, .. } => safe(protocol),
    }
}

/// A packet that has no two columns: `fe80::1 to multicast, broadcast: ICMPv6: Router Solicitation`.
fn note(row: &Row) -> String {
    let mut parts = Vec::new();
    if let Some((from, to)) = row.arrow.ends {
        parts.push(format!("{from} to {to}"));
    }
    parts.push(label(row));
    if row.fold.is_none() {
        parts.extend(said(&row.arrow));
    }
    parts.join(": ")
}

/// `26,280 octets, 18 back`.
fn fold_detail(fold: &Fold, message: &Message) -> String {
    let has_octets = !matches!(message, Message::Other { .. });
    let pile = |pile: &Pile| {
        if has_octets && pile.payload > 0 {
            counted(pile.payload, "octet")
        } else {
            "no data".to_owned()
        }
    };
    let mut parts = Vec::new();
    if has_octets {
        parts.push(pile(&fold.forward));
    }
    if fold.backward.packets > 0 {
        let back = format!("{} back", grouped(fold.backward.packets));
        parts.push(if has_octets && fold.backward.payload > 0 {
            format!("{back} with {}", pile(&fold.backward))
        } else {
            back
        });
    }
    parts.join(", ")
}
