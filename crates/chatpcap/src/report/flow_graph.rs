//! The flow graph: hosts, and the chat's packets between them. No drawing in it.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::summary::short_name;
use crate::ask::Analysis;
use crate::capture::Timestamp;
use crate::flow::Endpoint;
use crate::trace::{Arrow, Kind, Message, Trace};

/// The chat's packets of one capture, or of several merged: a packet that several captures hold
/// is one row.
#[derive(Clone, Debug)]
pub struct FlowGraph {
    /// The captures' names, safe to print, without their folders where that tells them apart.
    pub files: Vec<String>,
    /// The columns, in order.
    pub nodes: Vec<Node>,
    /// The packets, by the time when they were first seen.
    pub rows: Vec<Row>,
    /// How many more packets of the chat there are, at least.
    pub left_out: u64,
    /// When the first of the captures begins.
    pub start: Option<Timestamp>,
    /// Decimal digits of a second that the captures keep.
    pub precision: u8,
}

/// A host of a flow graph, or, where hosts talk to themselves, an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The host's address.
    pub address: IpAddr,
    /// The port, where endpoints have columns of their own.
    pub port: Option<u16>,
    /// Its role in the lab.
    pub role: Option<&'static str>,
}

/// One packet of a flow graph.
#[derive(Clone, Debug)]
pub struct Row {
    /// The frame's number in each capture that holds it.
    pub frames: Vec<Option<u64>>,
    /// The column of the sender.
    pub from: usize,
    /// The column of the receiver.
    pub to: usize,
    /// The packet, as the first capture that holds it has it.
    pub arrow: Arrow,
    /// The initial sequence number of the sender's direction, and of the other.
    pub isn: [Option<u32>; 2],
}

impl FlowGraph {
    /// The flow graph of an analysis.
    pub fn new(analysis: &Analysis) -> Self {
        let traces = &analysis.traces;
        let mut merged = merge(traces);
        let limit = traces
            .iter()
            .map(|trace| trace.arrows.limit())
            .max()
            .unwrap_or(0);
        let cut = merged.len().saturating_sub(limit);
        merged.truncate(limit);
        let not_kept = traces
            .iter()
            .map(|trace| trace.arrows.left_out())
            .max()
            .unwrap_or(0);
        let by_endpoint = merged
            .iter()
            .any(|row| row.arrow.from.address == row.arrow.to.address);
        let nodes = nodes(analysis, &merged, by_endpoint);
        // Only looked up, never listed: its order does not matter.
        let columns: HashMap<(IpAddr, Option<u16>), usize> = nodes
            .iter()
            .enumerate()
            .map(|(column, node)| ((node.address, node.port), column))
            .collect();
        let column = |endpoint: Endpoint| {
            let key = key(endpoint, by_endpoint);
            columns.get(&key).copied().unwrap_or_default()
        };
        let rows = merged.into_iter().map(|row| Row {
            from: column(row.arrow.from),
            to: column(row.arrow.to),
            ..row
        });
        Self {
            files: (0..traces.len())
                .map(|index| short_name(analysis, index))
                .collect(),
            rows: rows.collect(),
            left_out: not_kept.saturating_add(u64::try_from(cut).unwrap_or(u64::MAX)),
            start: traces.iter().filter_map(|trace| trace.first).min(),
            precision: traces
                .iter()
                .map(|trace| trace.precision)
                .max()
                .unwrap_or(0),
            nodes,
        }
    }
}

impl Node {
    fn new(endpoint: Endpoint, by_endpoint: bool, analysis: &Analysis) -> Self {
        let server = analysis.roles.server.map(|role| role.who);
        let role = if by_endpoint {
            (server == Some(endpoint)).then_some("server")
        } else {
            analysis.roles.name_of(endpoint.address)
        };
        Self {
            address: endpoint.address,
            port: by_endpoint.then_some(endpoint.port),
            role,
        }
    }

    /// The address, with the port where that tells nodes apart.
    pub fn name(&self) -> String {
        match self.port {
            Some(port) => Endpoint::new(self.address, port).to_string(),
            None => self.address.to_string(),
        }
    }
}

/// The packets of all traces, each once, by the time when they were first seen.
///
/// The n-th packet of a kind in one capture is the n-th of that kind in another.
fn merge(traces: &[Trace]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    // Only looked up, never listed: its order does not matter.
    let mut known: HashMap<(Kind, usize), usize> = HashMap::new();
    for (index, trace) in traces.iter().enumerate() {
        let mut seen: HashMap<Kind, usize> = HashMap::new();
        for arrow in trace.arrows.list() {
            let nth = seen.entry(arrow.kind()).or_insert(0);
            let key = (arrow.kind(), *nth);
            *nth += 1;
            let row = *known.entry(key).or_insert_with(|| {
                let frames = vec![None; traces.len()];
                rows.push(Row {
                    frames,
                    from: 0,
                    to: 0,
                    arrow: *arrow,
                    isn: isn(trace, arrow),
                });
                rows.len() - 1
            });
            let Some(row) = rows.get_mut(row) else {
                continue;
            };
            row.arrow.time = match (row.arrow.time, arrow.time) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            if let Some(frame) = row.frames.get_mut(index) {
                *frame = Some(arrow.frame);
            }
        }
    }
    // One capture keeps its own order, whatever its clock says.
    if traces.len() > 1 {
        rows.sort_by_key(|row| row.arrow.time);
    }
    rows
}

fn isn(trace: &Trace, arrow: &Arrow) -> [Option<u32>; 2] {
    let Message::Tcp { .. } = arrow.message else {
        return [None, None];
    };
    let flow = trace.flows.tcp_flow(arrow.flow);
    [arrow.direction, arrow.direction.reverse()].map(|direction| *flow?.isn.get(direction))
}

/// What tells nodes apart.
fn key(endpoint: Endpoint, by_endpoint: bool) -> (IpAddr, Option<u16>) {
    (endpoint.address, by_endpoint.then_some(endpoint.port))
}

/// client1, server and client2 first, then the others as they appear.
fn nodes(analysis: &Analysis, rows: &[Row], by_endpoint: bool) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    let mut known = HashSet::new();
    for endpoint in rows.iter().flat_map(|row| [row.arrow.from, row.arrow.to]) {
        if known.insert(key(endpoint, by_endpoint)) {
            nodes.push(Node::new(endpoint, by_endpoint, analysis));
        }
    }
    nodes.sort_by_key(|node| match node.role {
        Some("client1") => 0,
        Some("server") => 1,
        Some("client2") => 2,
        _ => 3,
    });
    nodes
}
