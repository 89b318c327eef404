//! The three exchanges that the essay's diagram is to show, and their frames.

use std::net::IpAddr;

use super::cost::{bare_ack, pieces};
use super::{Citation, Resolution};
use crate::ask::{Analysis, Connection, Sight, Story, What};
use crate::flow::{Endpoint, TcpFlow};
use crate::trace::{FlowNumber, Survey, Trace};

/// An exchange of packets, and where it is.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What happens.
    pub kind: ExchangeKind,
    /// Its frames: at most one citation a capture.
    pub citations: Vec<Citation>,
}

/// What happens in an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExchangeKind {
    /// A client looks up the server, connects and enters.
    Arrival,
    /// Somebody says something to the room.
    Room,
    /// Somebody says something to another alone.
    Private,
}

impl Exchange {
    /// The exchanges that the captures hold, in the order of the lab's question.
    pub(super) fn all(
        analysis: &Analysis,
        story: &Story,
        surveys: &[Survey],
        connection: Option<Connection<'_>>,
        resolution: &Resolution,
        messages: [Option<usize>; 2],
    ) -> Vec<Self> {
        let arrival = connection.map(|it| arrival(analysis, story, surveys, it, resolution));
        let [room, private] = messages.map(|entry| entry.map(|it| message(story, surveys, it)));
        let kinds = [
            (ExchangeKind::Arrival, arrival),
            (ExchangeKind::Room, room),
            (ExchangeKind::Private, private),
        ];
        let exchanges = kinds.into_iter().filter_map(|(kind, citations)| {
            let mut citations = citations?;
            citations.retain(|citation| !citation.frames.is_empty());
            (!citations.is_empty()).then_some(Self { kind, citations })
        });
        exchanges.collect()
    }

    /// Whether it holds a frame of a capture.
    pub fn has(&self, trace: usize, frame: u64) -> bool {
        self.citations
            .iter()
            .any(|it| it.trace == trace && it.frames.binary_search(&frame).is_ok())
    }
}

/// Lookups and neighbours of the client, its handshake, and what is said until it is in the room.
fn arrival(
    analysis: &Analysis,
    story: &Story,
    surveys: &[Survey],
    connection: Connection<'_>,
    resolution: &Resolution,
) -> Vec<Citation> {
    let (Some(client), Some(server)) = (connection.flow.initiator(), connection.flow.responder())
    else {
        return Vec::new();
    };
    // Of one version of IP; a client that chats over IPv6 may ask over IPv4.
    let is_clients = |address: IpAddr| {
        address == client.address || address.is_ipv4() != client.address.is_ipv4()
    };
    let lookups = || {
        let all = resolution.lookups.iter();
        all.filter(|found| is_clients(found.lookup.client.address))
    };
    let name_servers: Vec<IpAddr> = lookups().map(|found| found.lookup.server.address).collect();
    let askers: Vec<IpAddr> = lookups()
        .map(|found| found.lookup.client.address)
        .chain([client.address])
        .collect();
    let traces = analysis.traces.iter().enumerate().zip(surveys);
    let citations = traces.filter_map(|((index, trace), survey)| {
        let flow = same_flow(trace, connection.flow)?;
        let number = FlowNumber::Tcp(flow.flow.index);
        let end = entered(story, client, index).or_else(|| {
            let handshake = flow.handshake();
            Some(handshake.ack.or(handshake.syn_ack)?.frame)
        })?;
        let last = survey.packets.get(end);
        let acknowledged = last.and_then(|last| bare_ack(last, &survey.packets));
        let end = acknowledged.unwrap_or(end).max(end);
        let begin = flow.flow.first_frame().unwrap_or(0);
        let log = survey.packets.list.iter();
        let segments = log.filter(|packet| packet.flow == number && packet.frame <= end);
        let dns = lookups().filter(|found| found.citation.trace == index);
        let dns = dns.flat_map(|found| found.citation.frames.clone());
        let targets =
            |address: &IpAddr| *address == server.address || name_servers.contains(address);
        let neighbours = survey.neighbours.list.iter();
        let neighbours = neighbours.filter(|it| askers.contains(&it.asker) && targets(&it.target));
        let before = dns
            .chain(neighbours.map(|it| it.sent.frame))
            .filter(|frame| *frame < begin);
        let frames = segments.map(|packet| packet.frame).chain(before);
        Some(Citation::new(index, frames))
    });
    citations.collect()
}

/// The frame of one capture with which a client is in the room and knows who else is.
fn entered(story: &Story, client: Endpoint, trace: usize) -> Option<u64> {
    let here = |seen: &[Sight]| {
        let here = seen.iter().find(|sight| sight.trace == trace);
        here.map(|sight| sight.frame)
    };
    let entered = story.entries.iter().find_map(|entry| match &entry.what {
        What::Entered { client: who, .. } if *who == client => here(&entry.seen),
        _ => None,
    })?;
    let roster = story.entries.iter().find_map(|entry| {
        let What::Roster { told, .. } = &entry.what else {
            return None;
        };
        let told = told.iter().find(|told| told.client == client)?;
        here(&told.seen).filter(|frame| *frame >= entered)
    });
    Some(roster.unwrap_or(entered))
}

/// The same connection in another capture: same ends, same first number.
fn same_flow<'a>(trace: &'a Trace, flow: &TcpFlow) -> Option<&'a TcpFlow> {
    let syn = |flow: &TcpFlow| flow.handshake().syn.map(|syn| syn.seq);
    let mut flows = trace.flows.shown_tcp();
    flows.find(|other| {
        let same_ends =
            (other.initiator(), other.responder()) == (flow.initiator(), flow.responder());
        same_ends && (syn(other) == syn(flow))
    })
}

/// The packets of one message in every capture, and of a private one, the question for the neighbour
/// before it.
fn message(story: &Story, surveys: &[Survey], entry: usize) -> Vec<Citation> {
    let Some(entry) = story.entries.get(entry) else {
        return Vec::new();
    };
    let citations = surveys.iter().enumerate().map(|(trace, survey)| {
        let pieces = pieces(entry, trace, &survey.packets);
        let frames: Vec<u64> = pieces.into_iter().flat_map(|piece| piece.frames).collect();
        let first = frames.iter().min().copied().unwrap_or(0);
        let neighbours = survey.neighbours.list.iter().filter(|it| {
            let What::Private(private) = &entry.what else {
                return false;
            };
            let ends = (private.sender.address, private.receiver.address);
            (it.asker, it.target) == ends && it.sent.frame < first
        });
        let neighbours = neighbours.map(|it| it.sent.frame);
        Citation::new(trace, frames.iter().copied().chain(neighbours))
    });
    citations.collect()
}
