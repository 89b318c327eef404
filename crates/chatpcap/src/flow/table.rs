//! The table of all flows of a capture.

use super::analysis::{Analyser, Seen};
use super::flows::Flows;
use super::segment::Observed;
use super::{
    Analysis, Beyond, Copies, Direction, Endpoint, Findings, Flow, MAX_SIGHTINGS, Segment,
    Sighting, Sightings, TcpFlow, UdpFlow,
};
use crate::capture::Frame;
use crate::packet::{Flags, Packet, Plain, Protocol, Tcp, Transport, TransportPayload, Udp, udp};

/// All flows of one capture.
#[derive(Debug, Default)]
pub struct FlowTable {
    tcp: Flows<TcpFlow>,
    udp: Flows<UdpFlow>,
    analyser: Option<Box<Analyser>>,
    /// Only flows with this port are analysed; all where there is none.
    analysed_port: Option<u16>,
    /// By the TCP flow's number; empty unless there is an analyser.
    findings: Vec<Findings>,
    /// Directions of flows whose findings keep more than a few round trips.
    detailed: usize,
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

    /// Tells at most so many flows of each transport apart from now on, [`MAX_FLOWS`](super::MAX_FLOWS)
    /// where nobody says.
    pub(crate) fn limit(&mut self, flows: usize) {
        self.tcp.limit(flows);
        self.udp.limit(flows);
    }

    /// How many flows of each transport are told apart.
    pub(crate) const fn max_flows(&self) -> usize {
        self.tcp.max()
    }

    /// Packets of TCP flows beyond those that are told apart, shown or not.
    pub const fn beyond_tcp(&self) -> Beyond {
        self.tcp.beyond()
    }

    /// Datagrams of UDP flows beyond those that are told apart, shown or not.
    pub const fn beyond_udp(&self) -> Beyond {
        self.udp.beyond()
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
        self.tcp.list()
    }

    /// All UDP flows in the order of their numbers, shown or not.
    pub fn udp(&self) -> &[UdpFlow] {
        self.udp.list()
    }

    /// A TCP flow by its number.
    pub fn tcp_flow(&self, index: u32) -> Option<&TcpFlow> {
        self.tcp().get(usize::try_from(index).ok()?)
    }

    /// What a TCP flow went through; `None` unless the table analyses, or where nothing of the flow was
    /// recorded.
    pub fn findings(&self, index: u32) -> Option<&Findings> {
        self.findings.get(usize::try_from(index).ok()?)
    }

    /// TCP flows of which a frame was recorded, in the order of their numbers.
    pub fn shown_tcp(&self) -> impl Iterator<Item = &TcpFlow> {
        self.tcp().iter().filter(|flow| flow.flow.is_shown())
    }

    /// UDP flows of which a frame was recorded, in the order of their numbers.
    pub fn shown_udp(&self) -> impl Iterator<Item = &UdpFlow> {
        self.udp().iter().filter(|flow| flow.flow.is_shown())
    }

    /// Finds the flows of a packet, and numbers the new ones. Every frame of a capture must come here,
    /// in order, shown or not.
    pub fn identify<'a>(&mut self, frame: &Frame<'_>, packet: &Packet<'a>) -> Sightings<'a> {
        let mut sightings = Sightings::default();
        self.identify_into(&mut sightings, frame, packet);
        sightings
    }

    /// The same into a list that is there: it is too large to be moved with every packet.
    #[inline]
    pub(crate) fn identify_into<'a>(
        &mut self,
        sightings: &mut Sightings<'a>,
        frame: &Frame<'_>,
        packet: &Packet<'a>,
    ) {
        for transport in packet.transports() {
            match transport.payload {
                TransportPayload::Tcp(tcp) => self.identify_tcp(sightings, frame, transport, &tcp),
                TransportPayload::Udp(udp) => {
                    if let Some((flow, direction)) =
                        find_udp(&mut self.udp, frame, &transport, &udp)
                    {
                        sightings.push(&Sighting {
                            index: flow.flow.index,
                            direction,
                            transport,
                            segment: None,
                        });
                    }
                }
            }
        }
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
                    flow.record(*direction, &segment.observed, transport.quoted, frame);
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

    /// The same as to [identify](Self::identify) a packet and, if it is shown, to [record](Self::record)
    /// what was identified, for who needs to know neither. A table that analyses wants both.
    pub fn count(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, is_shown: bool) {
        let mut found = 0;
        for transport in packet.transports() {
            // What identify lists no more is not recorded either.
            let is_shown = is_shown && found < MAX_SIGHTINGS;
            let is_found = match &transport.payload {
                TransportPayload::Tcp(tcp) => {
                    let mut found = find_tcp(&mut self.tcp, frame, &transport, tcp);
                    if let (true, Some(found)) = (is_shown, &mut found) {
                        let (direction, observed) = (found.direction, &found.observed);
                        let quoted = transport.quoted;
                        found.flow.record(direction, observed, quoted, frame);
                    }
                    found.is_some()
                }
                TransportPayload::Udp(udp) => {
                    let mut found = find_udp(&mut self.udp, frame, &transport, udp);
                    if let (true, Some((flow, direction))) = (is_shown, &mut found) {
                        flow.record(*direction, udp, &transport, frame);
                    }
                    found.is_some()
                }
            };
            found += usize::from(is_found);
        }
    }

    /// The same as to [count](Self::count) a plain packet that is shown.
    ///
    /// SYN segments and what else is rare are counted the long way.
    #[inline]
    pub(crate) fn count_plain(&mut self, frame: &Frame<'_>, plain: &Plain) {
        if self.try_count_plain(frame, plain).is_none() {
            self.count(
                frame,
                &plain.packet(frame.octets, frame.original_length),
                true,
            );
        }
    }

    fn try_count_plain(&mut self, frame: &Frame<'_>, plain: &Plain) -> Option<()> {
        let (source, destination) = plain.ends(frame.octets)?;
        let header = frame.octets.get(plain.transport_at..)?;
        if plain.transport == Protocol::Tcp {
            let observed = Observed::plain(header.first_chunk()?, plain, frame)?;
            let (position, direction) = self.tcp.find_or_add(source, destination, TcpFlow::new)?;
            let flow = self.tcp.get_mut(position)?;
            flow.learn(direction, &observed);
            flow.record(direction, &observed, false, frame);
        } else {
            let [_, _, _, _, high, low, _, _] = *header.first_chunk()?;
            let length = usize::from(u16::from_be_bytes([high, low]));
            let payload = length.min(plain.length()).checked_sub(udp::HEADER)?;
            let (position, direction) = self.udp.find_or_add(source, destination, UdpFlow::new)?;
            self.udp
                .get_mut(position)?
                .count(direction, payload, frame)?;
        }
        Some(())
    }

    /// Reads what the analysis of the next segments of flows needs, so that it is in the cache then.
    pub(super) fn touch_analysis(&self, flows: &[u32]) -> u64 {
        let Some(analyser) = &self.analyser else {
            return 0;
        };
        let places = || flows.iter().filter_map(|flow| usize::try_from(*flow).ok());
        let findings = places().filter_map(|place| self.findings.get(place));
        let findings = findings.fold(0, |sum, findings| sum ^ findings.touch());
        let connections = places().fold(0, |sum, place| sum ^ analyser.touch(place));
        let further = places().fold(0, |sum, place| sum ^ analyser.touch_further(place));
        findings ^ connections ^ further
    }

    pub(super) const fn all(&self) -> (&Flows<TcpFlow>, &Flows<UdpFlow>) {
        (&self.tcp, &self.udp)
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
            let detailed = &mut self.detailed;
            findings.record(
                direction,
                analysis,
                observed.flags,
                has_payload,
                tcp,
                detailed,
            );
        }
    }

    #[inline]
    fn identify_tcp<'a>(
        &mut self,
        sightings: &mut Sightings<'a>,
        frame: &Frame<'_>,
        transport: Transport<'a>,
        tcp: &Tcp<'_>,
    ) {
        let Some(Found {
            flow,
            direction,
            observed,
            is_reuse,
        }) = find_tcp(&mut self.tcp, frame, &transport, tcp)
        else {
            return;
        };
        let index = flow.flow.index;
        let mut segment = if transport.quoted {
            flow.quote(direction, observed)
        } else {
            flow.place(direction, observed)
        };
        let is_analysed = self
            .analysed_port
            .is_none_or(|port| flow.flow.has_port(port));
        if let (Some(analyser), true) = (&mut self.analyser, is_analysed) {
            let seen = Seen {
                index,
                direction,
                transport: &transport,
                tcp,
                window_scale: flow.window_scale(),
                is_reuse,
                time: frame.timestamp,
            };
            analyser.analyse(&mut segment, &seen);
        }
        sightings.push(&Sighting {
            index,
            direction,
            transport,
            segment: Some(segment),
        });
    }
}

/// The flow of a segment.
struct Found<'t> {
    flow: &'t mut TcpFlow,
    direction: Direction,
    observed: Observed,
    /// Whether its SYN has another number than its sender began with between these endpoints.
    is_reuse: bool,
}

/// The flow of a TCP header, new or not, which has learned from it.
fn find_tcp<'t>(
    flows: &'t mut Flows<TcpFlow>,
    frame: &Frame<'_>,
    transport: &Transport<'_>,
    tcp: &Tcp<'_>,
) -> Option<Found<'t>> {
    let observed = Observed::new(tcp, transport, frame)?;
    let (source, destination) = endpoints(transport, tcp.source_port()?, tcp.destination_port()?);
    let Some((mut position, mut direction)) = flows.find_or_add(source, destination, TcpFlow::new)
    else {
        pass_over(flows, frame, transport);
        return None;
    };
    let mut is_reuse = false;
    if observed.flags.has(Flags::SYN) && !transport.quoted {
        let flow = flows.get_mut(position)?;
        is_reuse = flow.is_begun_anew_by(direction, &observed);
        if is_reuse && observed.flags.is_syn() {
            let Some(added) = flows.add_again(source, destination, TcpFlow::new) else {
                pass_over(flows, frame, transport);
                return None;
            };
            position = added;
            direction = Direction::Forward;
        }
    }
    let flow = flows.get_mut(position)?;
    if !transport.quoted {
        flow.learn(direction, &observed);
        if observed.flags.has(Flags::SYN) {
            flow.learn_scale(direction, observed.flags, tcp);
        }
    }
    Some(Found {
        flow,
        direction,
        observed,
        is_reuse,
    })
}

/// The flow of a UDP header, new or not.
fn find_udp<'t>(
    flows: &'t mut Flows<UdpFlow>,
    frame: &Frame<'_>,
    transport: &Transport<'_>,
    udp: &Udp<'_>,
) -> Option<(&'t mut UdpFlow, Direction)> {
    udp.checksum()?;
    let (source, destination) = endpoints(transport, udp.source_port()?, udp.destination_port()?);
    // A length that leaves no room for the header belongs to no datagram: Wireshark gives it no
    // `udp.stream` either. Over IPv6 a length of 0 stands for a jumbogram (RFC 2675 §4).
    let is_impossible = |length: u16| {
        let is_jumbogram = length == 0 && transport.source.is_ipv6();
        usize::from(length) < udp::HEADER && !is_jumbogram
    };
    if udp.length().is_some_and(is_impossible) {
        return None;
    }
    let Some((position, direction)) = flows.find_or_add(source, destination, UdpFlow::new) else {
        pass_over(flows, frame, transport);
        return None;
    };
    Some((flows.get_mut(position)?, direction))
}

/// Counts a packet of a flow beyond the limit; what is only quoted adds nothing, as to any flow.
#[cold]
fn pass_over<T: AsRef<Flow>>(flows: &mut Flows<T>, frame: &Frame<'_>, transport: &Transport<'_>) {
    if !transport.quoted {
        flows.pass_over(frame);
    }
}

fn endpoints(transport: &Transport<'_>, from: u16, to: u16) -> (Endpoint, Endpoint) {
    (
        Endpoint::new(transport.source, from),
        Endpoint::new(transport.destination, to),
    )
}
