//! The connections that one port of the server held at once.

use super::Citation;
use crate::ask::Analysis;
use crate::capture::Timestamp;
use crate::flow::{Close, Endpoint, TcpFlow};
use crate::trace::Trace;

/// Connections that are listed.
const MAX_MEMBERS: usize = 24;

/// The connections to the chat server in the capture that shows most of them.
#[derive(Clone, Debug, Default)]
pub struct Crowd {
    /// Which of the traces.
    pub trace: usize,
    /// Its end of all of them.
    pub server: Option<Endpoint>,
    /// Connections that were answered.
    pub connections: usize,
    /// Attempts that were refused or not answered.
    pub failed: usize,
    /// The most that were open at the same time.
    pub most: usize,
    /// From when on so many were open.
    pub from: Option<Timestamp>,
    /// Until when: the first of them ended, or the capture did.
    pub to: Option<Timestamp>,
    /// The connections that were open then, the first of many.
    pub members: Vec<Member>,
    /// All SYN segments of the members.
    pub citation: Option<Citation>,
}

/// One connection.
#[derive(Clone, Debug)]
pub struct Member {
    /// The client's end.
    pub client: Endpoint,
    /// `tcp.stream`.
    pub flow: u32,
    /// The frame of its SYN, or of its SYN-ACK where that is not there.
    pub frame: u64,
    /// When its first segment was captured.
    pub from: Option<Timestamp>,
    /// When its last segment was captured.
    pub to: Option<Timestamp>,
    /// How it ended.
    pub close: Close,
}

impl Crowd {
    pub(super) fn new(analysis: &Analysis) -> Self {
        let traces = analysis.traces.iter().enumerate();
        let crowds = traces.map(|(index, trace)| Self::in_trace(analysis, index, trace));
        // Of several captures with as many the first.
        let largest = crowds.reduce(|largest, crowd| {
            if (crowd.most, crowd.connections) > (largest.most, largest.connections) {
                crowd
            } else {
                largest
            }
        });
        largest.unwrap_or_default()
    }

    fn in_trace(analysis: &Analysis, index: usize, trace: &Trace) -> Self {
        let flows = trace.flows.shown_tcp();
        let (answered, failed): (Vec<&TcpFlow>, Vec<&TcpFlow>) = flows
            .filter(|flow| analysis.roles.is_to_server(flow) && flow.responder().is_some())
            .partition(|flow| flow.handshake().syn_ack.is_some());
        let mut crowd = Self {
            trace: index,
            server: analysis.roles.server.map(|server| server.who),
            connections: answered.len(),
            failed: failed.len(),
            ..Self::default()
        };
        // The opening and closing of each connection, by time: at one time what closes comes first.
        let mut changes: Vec<(Timestamp, bool)> = Vec::with_capacity(answered.len());
        for flow in &answered {
            changes.extend(flow.flow.first.map(|time| (time, true)));
            changes.extend(end(flow).map(|time| (time, false)));
        }
        changes.sort_unstable();
        let mut open = 0_usize;
        for (place, (time, opens)) in changes.iter().enumerate() {
            open = if *opens {
                open.saturating_add(1)
            } else {
                open.saturating_sub(1)
            };
            if open > crowd.most {
                crowd.most = open;
                crowd.from = Some(*time);
                let next = changes.get(place.saturating_add(1));
                crowd.to = next.map(|(time, _)| *time).or(trace.last);
            }
        }
        let is_open = |flow: &&&TcpFlow| {
            let (Some(first), Some(at)) = (flow.flow.first, crowd.from) else {
                return false;
            };
            first <= at && end(flow).is_none_or(|end| end > at)
        };
        let members = answered.iter().filter(is_open).take(MAX_MEMBERS);
        crowd.members = members.map(|flow| Member::new(flow)).collect::<Vec<_>>();
        crowd.members.retain(|member| member.frame > 0);
        let frames = crowd.members.iter().map(|member| member.frame);
        crowd.citation = Some(Citation::new(index, frames)).filter(|it| !it.frames.is_empty());
        crowd
    }

    /// Connections that were open with the members and are not listed.
    pub const fn more(&self) -> usize {
        self.most.saturating_sub(self.members.len())
    }
}

impl Member {
    fn new(flow: &TcpFlow) -> Self {
        let handshake = &flow.handshake();
        let opened = handshake.syn.or(handshake.syn_ack);
        let client = flow.initiator().unwrap_or(flow.flow.source);
        Self {
            client,
            flow: flow.flow.index,
            frame: opened.map_or(0, |mark| mark.frame),
            from: flow.flow.first,
            to: flow.flow.last,
            close: Close::of(flow),
        }
    }
}

/// When a connection was over: with its last segment, if it was ended at all.
fn end(flow: &TcpFlow) -> Option<Timestamp> {
    match Close::of(flow) {
        Close::Open | Close::HalfByInitiator | Close::HalfByResponder | Close::Middle => None,
        _ => flow.flow.last,
    }
}
