//! The table of all flows of a capture.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::analysis::{Analyser, Seen};
use super::segment::Observed;
use super::{
    Analysis, Copies, Direction, Endpoint, Findings, Flow, Segment, Sighting, Sightings, TcpFlow,
    UdpFlow,
};
use crate::capture::Frame;
use crate::packet::{Packet, Tcp, Transport, TransportPayload, Udp, udp};

/// All flows of one capture.
///
/// The hash is seeded anew in every process, because the keys are chosen by whoever sent the
/// packets; no order of the table reaches the outside.
#[derive(Debug, Default)]
pub struct FlowTable {
    tcp: Vec<TcpFlow>,
    udp: Vec<UdpFlow>,
    /// Indices into `tcp`, by the flow's two endpoints; of flows between the same endpoints the
    /// latest.
    tcp_index: HashTable<u32>,
    udp_index: HashTable<u32>,
    hasher: RandomState,
    analyser: Option<Box<Analyser>>,
    /// Only flows with this port are analysed; all where there is none.
    analysed_port: Option<u16>,
    /// By the TCP flow's number; empty unless there is an analyser.
    findings: Vec<Findings>,
}

impl FlowTable {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty table that analyses every TCP segment.
    pub fn analysing(copies: Copies) -> Self {
        Self {
            analyser: Some(Box::new(Analyser::new(copies))),
            ..Self::default()
        }
    }

    /// Analyses only flows with this port from now on.
    pub(crate) const fn analyse_only(&mut self, port: u16) {
        self.analysed_port = Some(port);
    }

    /// Analyses no more segments, for who has seen what he draws.
    pub(crate) fn end_analysis(&mut self) {
        self.analyser = None;
    }

    /// All TCP flows in the order of their numbers, shown or not.
    pub fn tcp(&self) -> &[TcpFlow] {
        &self.tcp
    }

    /// All UDP flows in the order of their numbers, shown or not.
    pub fn udp(&self) -> &[UdpFlow] {
        &self.udp
    }

    /// A TCP flow by its number.
    pub fn tcp_flow(&self, index: u32) -> Option<&TcpFlow> {
        self.tcp.get(usize::try_from(index).ok()?)
    }

    /// What a TCP flow went through; `None` unless the table analyses, or where nothing of the flow was
    /// recorded.
    pub fn findings(&self, index: u32) -> Option<&Findings> {
        self.findings.get(usize::try_from(index).ok()?)
    }

    /// TCP flows of which a frame was recorded, in the order of their numbers.
    pub fn shown_tcp(&self) -> impl Iterator<Item = &TcpFlow> {
        self.tcp.iter().filter(|flow| flow.flow.is_shown())
    }

    /// UDP flows of which a frame was recorded, in the order of their numbers.
    pub fn shown_udp(&self) -> impl Iterator<Item = &UdpFlow> {
        self.udp.iter().filter(|flow| flow.flow.is_shown())
    }

    /// Finds the flows of a packet, and numbers the new ones. Every frame of a capture must come here,
    /// in order, shown or not.
    pub fn identify<'a>(&mut self, frame: &Frame<'_>, packet: &Packet<'a>) -> Sightings<'a> {
        let mut sightings = Sightings::default();
        for transport in packet.transports() {
            let sighting = match transport.payload {
                TransportPayload::Tcp(tcp) => self.identify_tcp(frame, transport, &tcp),
                TransportPayload::Udp(udp) => self.identify_udp(transport, &udp),
            };
            if let Some(sighting) = sighting {
                sightings.push(&sighting);
            }
        }
        sightings
    }

    /// Counts a header that was identified in its flow. A quoted one shows that the flow is there,
    /// and adds nothing to it.
    pub fn record(&mut self, frame: &Frame<'_>, sighting: &Sighting<'_>) {
        let Ok(position) = usize::try_from(sighting.index) else {
            return;
        };
        let Sighting {
            direction,
            transport,
            ..
        } = sighting;
        match transport.payload {
            TransportPayload::Tcp(tcp) => {
                if let (Some(flow), Some(segment)) = (self.tcp.get_mut(position), &sighting.segment)
                {
                    flow.record(*direction, segment, transport.quoted, frame);
                    if let Some(analysis) = &segment.analysis {
                        self.note(position, *direction, analysis, segment, &tcp);
                    }
                }
            }
            TransportPayload::Udp(udp) => {
                if let Some(flow) = self.udp.get_mut(position) {
                    flow.record(*direction, &udp, transport, frame);
                }
            }
        }
    }

    fn note(
        &mut self,
        position: usize,
        direction: Direction,
        analysis: &Analysis,
        segment: &Segment,
        tcp: &Tcp<'_>,
    ) {
        if position >= self.findings.len() {
            self.findings
                .resize_with(position.saturating_add(1), Findings::default);
        }
        if let Some(findings) = self.findings.get_mut(position) {
            let observed = &segment.observed;
            let has_payload = observed.payload.is_some_and(|payload| payload > 0);
            findings.record(direction, analysis, observed.flags, has_payload, tcp);
        }
    }

    fn identify_tcp<'a>(
        &mut self,
        frame: &Frame<'_>,
        transport: Transport<'a>,
        tcp: &Tcp<'_>,
    ) -> Option<Sighting<'a>> {
        let observed = Observed::new(tcp, &transport, frame)?;
        let (source, destination) =
            endpoints(&transport, tcp.source_port()?, tcp.destination_port()?);
        let Self {
            tcp: flows,
            tcp_index,
            hasher,
            analyser,
            analysed_port,
            ..
        } = self;
        let mut position =
            find_or_add(tcp_index, hasher, flows, source, destination, TcpFlow::new)?;
        let is_reuse =
            !transport.quoted && flows.get(position)?.is_begun_anew_by(source, &observed);
        if is_reuse && observed.flags.is_syn() {
            position = flows.len();
            let index = u32::try_from(position).ok()?;
            flows.push(TcpFlow::new(Flow::new(index, source, destination)));
            replace(tcp_index, hasher, flows, index);
        }
        let flow = flows.get_mut(position)?;
        let direction = flow.flow.direction_from(source);
        let index = flow.flow.index;
        let mut segment = if transport.quoted {
            flow.quote(direction, observed)
        } else {
            flow.identify(direction, observed, tcp)
        };
        let is_analysed =
            analysed_port.is_none_or(|port| [source.port, destination.port].contains(&port));
        if let (Some(analyser), true) = (analyser, is_analysed) {
            let seen = Seen {
                index,
                direction,
                transport: &transport,
                tcp,
                window_scale: flow.window_scale,
                is_reuse,
                time: frame.timestamp,
            };
            analyser.analyse(&mut segment, &seen);
        }
        Some(Sighting {
            index,
            direction,
            transport,
            segment: Some(segment),
        })
    }

    fn identify_udp<'a>(
        &mut self,
        transport: Transport<'a>,
        udp: &Udp<'_>,
    ) -> Option<Sighting<'a>> {
        udp.checksum()?;
        let (source, destination) =
            endpoints(&transport, udp.source_port()?, udp.destination_port()?);
        // A length that leaves no room for the header belongs to no datagram: Wireshark gives it no
        // `udp.stream` either. Over IPv6 a length of 0 stands for a jumbogram (RFC 2675 §4).
        let is_impossible = |length: u16| {
            let is_jumbogram = length == 0 && transport.source.is_ipv6();
            usize::from(length) < udp::HEADER && !is_jumbogram
        };
        if udp.length().is_some_and(is_impossible) {
            return None;
        }
        let Self {
            udp: flows,
            udp_index,
            hasher,
            ..
        } = self;
        let position = find_or_add(udp_index, hasher, flows, source, destination, UdpFlow::new)?;
        let flow = &flows.get(position)?.flow;
        Some(Sighting {
            index: flow.index,
            direction: flow.direction_from(source),
            transport,
            segment: None,
        })
    }
}

fn endpoints(transport: &Transport<'_>, from: u16, to: u16) -> (Endpoint, Endpoint) {
    (
        Endpoint::new(transport.source, from),
        Endpoint::new(transport.destination, to),
    )
}

/// Both directions of a flow have one hash.
fn hash(hasher: &RandomState, a: Endpoint, b: Endpoint) -> u64 {
    hasher.hash_one(if a <= b { (a, b) } else { (b, a) })
}

/// Finds the latest flow between two endpoints, or adds one. `None` when flows outnumber a `u32`.
fn find_or_add<T: AsRef<Flow>>(
    index: &mut HashTable<u32>,
    hasher: &RandomState,
    flows: &mut Vec<T>,
    source: Endpoint,
    destination: Endpoint,
    new: fn(Flow) -> T,
) -> Option<usize> {
    let hashed = hash(hasher, source, destination);
    let flow_at = |position: &u32| {
        flows
            .get(usize::try_from(*position).ok()?)
            .map(AsRef::as_ref)
    };
    let is_between =
        |position: &u32| flow_at(position).is_some_and(|flow| flow.is_between(source, destination));
    if let Some(position) = index.find(hashed, is_between) {
        return usize::try_from(*position).ok();
    }
    let position = u32::try_from(flows.len()).ok()?;
    index.insert_unique(hashed, position, |other| {
        flow_at(other).map_or(0, |flow| hash(hasher, flow.source, flow.destination))
    });
    flows.push(new(Flow::new(position, source, destination)));
    usize::try_from(position).ok()
}

/// Makes the flow of this number the latest between its endpoints.
fn replace<T: AsRef<Flow>>(
    index: &mut HashTable<u32>,
    hasher: &RandomState,
    flows: &[T],
    position: u32,
) {
    let flow_at = |position: u32| {
        flows
            .get(usize::try_from(position).ok()?)
            .map(AsRef::as_ref)
    };
    let Some(latest) = flow_at(position) else {
        return;
    };
    let hashed = hash(hasher, latest.source, latest.destination);
    let same = |other: &u32| {
        flow_at(*other).is_some_and(|flow| flow.is_between(latest.source, latest.destination))
    };
    if let Some(entry) = index.find_mut(hashed, same) {
        *entry = position;
    }
}
