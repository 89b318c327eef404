//! The flow graph as JSON: `chatpcap/graph/1`.

use serde::Serialize;

use super::said::said;
use crate::graph::{Basis, Clock, Entry, Fold, Graph, Node, Presence, Row, Tally};
use crate::report::json::{Seconds, pretty};
use crate::trace::{Address, FlowNumber, Message, Numbers};

/// The graph as JSON text, ended by a newline.
///
/// # Errors
/// None that these types can raise; what `serde_json` would say is passed on.
pub fn graph_json(graph: &Graph) -> Result<String, serde_json::Error> {
    pretty(&Document::new(graph))
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    captures: Vec<CaptureEntry<'a>>,
    nodes: Vec<NodeEntry<'a>>,
    start: Option<String>,
    entries: Entries<'a>,
    frames: TallyEntry,
}

#[derive(Serialize)]
struct CaptureEntry<'a> {
    path: &'a str,
    clock: Option<ClockEntry>,
}

/// How a capture's clock stands against the first one's.
#[derive(Serialize)]
struct ClockEntry {
    offset_seconds: Seconds,
    basis: &'static str,
    packets: [usize; 2],
    delay_seconds: Option<Seconds>,
}

#[derive(Serialize)]
struct NodeEntry<'a> {
    address: String,
    port: Option<u16>,
    is_group: bool,
    role: Option<&'static str>,
    name: Option<&'a str>,
    dns: Option<&'a str>,
    users: &'a [String],
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum EntryEntry<'a> {
    Packet(Box<PacketEntry<'a>>),
    Gap { seconds: Seconds },
}

#[derive(Serialize)]
struct PacketEntry<'a> {
    /// In each capture, in their order.
    frames: Vec<Option<u64>>,
    times: Vec<Option<String>>,
    time: Option<String>,
    seconds: Option<Seconds>,
    from: Option<usize>,
    to: Option<usize>,
    source: Option<String>,
    destination: Option<String>,
    protocol: &'a str,
    flow: Option<u32>,
    flags: Option<String>,
    seq: Option<u32>,
    ack: Option<u32>,
    payload: Option<usize>,
    length: u32,
    said: Vec<String>,
    marks: Vec<&'static str>,
    lost_before: Option<usize>,
    not_recorded_in: Option<usize>,
    copies: u32,
    delay_seconds: Option<Seconds>,
    fold: Option<FoldEntry>,
}

/// What a row of like packets stands for.
#[derive(Serialize)]
struct FoldEntry {
    packets: u64,
    payload: u64,
    packets_back: u64,
    payload_back: u64,
    frames: u64,
    last_frames: Vec<Option<u64>>,
    last: Option<String>,
}

#[derive(Serialize)]
struct TallyEntry {
    hidden: u64,
    of_other_flows: u64,
    left_out: u64,
}

/// The entries, made one by one while they are written.
struct Entries<'a>(&'a Graph);

impl Serialize for Entries<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries = self.0.entries.iter();
        serializer.collect_seq(entries.map(|entry| match entry {
            Entry::Row(row) => EntryEntry::Packet(Box::new(PacketEntry::new(row, self.0))),
            Entry::Gap(silence) => EntryEntry::Gap {
                seconds: Seconds(*silence),
            },
        }))
    }
}

impl<'a> Document<'a> {
    fn new(graph: &'a Graph) -> Self {
        let vantages = graph.vantages.iter();
        let Tally {
            hidden,
            others,
            left_out,
            ..
        } = graph.tally;
        Self {
            schema: "chatpcap/graph/1",
            captures: vantages
                .map(|vantage| CaptureEntry {
                    path: &vantage.name,
                    clock: vantage.clock.as_ref().map(ClockEntry::new),
                })
                .collect(),
            nodes: graph.nodes.list().iter().map(NodeEntry::new).collect(),
            start: graph.start.map(|start| start.to_utc(graph.precision)),
            entries: Entries(graph),
            frames: TallyEntry {
                hidden,
                of_other_flows: others,
                left_out,
            },
        }
    }
}

impl ClockEntry {
    fn new(clock: &Clock) -> Self {
        let (basis, packets, delay) = match clock.basis {
            Basis::BothWays { packets, delay } => (
                "both_ways",
                [packets.forward, packets.backward],
                Some(Seconds(delay)),
            ),
            Basis::OneWay { packets } => ("one_way", [packets, 0], None),
            Basis::Unknown => ("unknown", [0, 0], None),
        };
        Self {
            offset_seconds: Seconds(clock.offset),
            basis,
            packets,
            delay_seconds: delay,
        }
    }
}

impl<'a> NodeEntry<'a> {
    fn new(node: &'a Node) -> Self {
        Self {
            address: node.address.to_string(),
            port: node.port,
            is_group: node.address == Address::Group,
            role: node.role,
            name: node.given.as_deref(),
            dns: node.dns.as_deref(),
            users: &node.users,
        }
    }
}

impl<'a> PacketEntry<'a> {
    fn new(row: &'a Row, graph: &Graph) -> Self {
        let arrow = &row.arrow;
        let utc = |time: crate::capture::Timestamp| time.to_utc(graph.precision);
        let sights = || row.sights.iter();
        let (protocol, flags, numbers, payload) = match &arrow.message {
            Message::Tcp {
                flags,
                numbers,
                payload,
                ..
            } => ("TCP", *flags, *numbers, *payload),
            Message::Udp { payload } => ("UDP", None, Numbers::default(), *payload),
            Message::Dns {
                protocol, payload, ..
            } => (*protocol, None, Numbers::default(), *payload),
            Message::Other { protocol, .. } => (protocol.as_str(), None, Numbers::default(), None),
        };
        let (from, to) = arrow.ends.unzip();
        let column = |place: Option<crate::trace::Place>| graph.nodes.column(&place?);
        let presence = |lost: bool| match row.presence {
            Presence::Lost(capture) if lost => Some(capture),
            Presence::Missed(capture) if !lost => Some(capture),
            _ => None,
        };
        Self {
            frames: sights().map(|sight| Some((*sight)?.frame)).collect(),
            times: sights().map(|sight| (*sight)?.time.map(utc)).collect(),
            time: row.time.map(utc),
            seconds: row
                .time
                .zip(graph.start)
                .map(|(time, start)| Seconds(time.since(start))),
            from: column(from),
            to: column(to),
            source: from.map(|place| place.to_string()),
            destination: to.map(|place| place.to_string()),
            protocol,
            flow: arrow.flow.map(|flow| match flow {
                FlowNumber::Tcp(number) | FlowNumber::Udp(number) => number,
            }),
            flags: flags.map(|flags| flags.to_string()),
            seq: numbers.seq,
            ack: numbers.ack,
            payload,
            length: arrow.length,
            said: row.fold.map_or_else(|| said(arrow), |_| Vec::new()),
            marks: arrow.marks.iter().map(|mark| mark.name()).collect(),
            lost_before: presence(true),
            not_recorded_in: presence(false),
            copies: arrow.copies,
            delay_seconds: row.delay.map(Seconds),
            fold: row
                .fold
                .as_ref()
                .map(|fold| FoldEntry::new(fold, row, graph)),
        }
    }
}

impl FoldEntry {
    fn new(fold: &Fold, row: &Row, graph: &Graph) -> Self {
        let sights = row.sights.iter();
        Self {
            packets: fold.forward.packets,
            payload: fold.forward.payload,
            packets_back: fold.backward.packets,
            payload_back: fold.backward.payload,
            frames: fold.frames,
            last_frames: sights.map(|sight| Some((*sight)?.last_frame)).collect(),
            last: fold.last.map(|time| time.to_utc(graph.precision)),
        }
    }
}
