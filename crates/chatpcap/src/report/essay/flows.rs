//! The table of flows.

use super::words::Words;
use crate::flow::{Close, Flow, TcpFlow};
use crate::report::number::{count, grouped};
use crate::trace::Trace;

/// Rows of the whole table: more than a reader goes through, few enough for a page.
const MAX_ROWS: usize = 120;
/// Rows of one capture at least, where there are several.
const MIN_ROWS: usize = 10;

/// The flows of one capture.
pub(super) struct FlowTable {
    pub file: String,
    pub rows: Vec<FlowRow>,
    /// Flows that are not shown.
    pub more: String,
}

/// One flow.
pub(super) struct FlowRow {
    /// `tcp 0`: the number that `tcp.stream` has.
    pub number: String,
    pub source: String,
    pub destination: String,
    pub packets: String,
    pub octets: String,
    pub payload: String,
    /// Seconds since the capture's first frame.
    pub start: String,
    pub seconds: String,
    /// How a connection began and ended.
    pub state: String,
    /// Segments sent again.
    pub again: String,
}

/// A table a capture; the largest flows of each in the order of their numbers.
pub(super) fn tables(words: Words<'_>) -> Vec<FlowTable> {
    let traces = &words.analysis.traces;
    let room = MAX_ROWS.checked_div(traces.len()).unwrap_or(MAX_ROWS);
    let room = room.max(MIN_ROWS);
    let shown = traces.iter().enumerate().take(MAX_ROWS / MIN_ROWS);
    shown
        .map(|(index, trace)| table(words, index, trace, room))
        .collect()
}

fn table(words: Words<'_>, index: usize, trace: &Trace, room: usize) -> FlowTable {
    let tcp = trace.flows.shown_tcp().map(|flow| (&flow.flow, Some(flow)));
    let udp = trace.flows.shown_udp().map(|flow| (&flow.flow, None));
    let mut flows: Vec<(&Flow, Option<&TcpFlow>)> = tcp.chain(udp).collect();
    let all = flows.len();
    if all > room {
        // By size, of equals the first; then in their order again.
        let mut sized: Vec<_> = flows.into_iter().enumerate().collect();
        sized.sort_by_key(|(_, (flow, _))| std::cmp::Reverse(volume(flow)[1]));
        sized.truncate(room);
        sized.sort_by_key(|(place, _)| *place);
        flows = sized.into_iter().map(|(_, flow)| flow).collect();
    }
    let more = all.saturating_sub(flows.len());
    let rows = flows.into_iter().map(|(flow, tcp)| {
        let [packets, octets, payload] = volume(flow);
        let duration = flow.first.zip(flow.last);
        let findings = tcp.and_then(|_| trace.flows.findings(flow.index));
        let again = findings.map(|findings| {
            let trouble = &findings.trouble;
            trouble.forward.plus(trouble.backward).retransmissions
        });
        let (source, destination) = tcp
            .and_then(|tcp| tcp.initiator().zip(tcp.responder()))
            .unwrap_or((flow.source, flow.destination));
        let transport = if tcp.is_some() { "tcp" } else { "udp" };
        FlowRow {
            number: format!("{transport} {}", flow.index),
            source: source.to_string(),
            destination: destination.to_string(),
            packets: grouped(packets),
            octets: grouped(octets),
            payload: grouped(payload),
            start: words.since_start(index, flow.first),
            seconds: duration.map_or_else(
                || "-".to_owned(),
                |(first, last)| crate::report::number::seconds(last.since(first), trace.precision),
            ),
            state: tcp.map_or_else(String::new, |tcp| Close::of(tcp).to_string()),
            again: again.map_or_else(String::new, |again| grouped(again.into())),
        }
    });
    FlowTable {
        file: words.file(index),
        rows: rows.collect(),
        more: match more {
            0 => String::new(),
            more => format!(
                "The {} flows with most octets of {}: {} more are in the capture, and \
                 `chatpcap conversations` lists them.",
                grouped(count(room)),
                grouped(count(all)),
                grouped(count(more)),
            ),
        },
    }
}

/// Packets, octets and octets of payload of both directions.
fn volume(flow: &Flow) -> [u64; 3] {
    let (one, other) = (&flow.volume.forward, &flow.volume.backward);
    [
        one.packets.saturating_add(other.packets),
        one.octets.saturating_add(other.octets),
        one.payload.saturating_add(other.payload),
    ]
}
