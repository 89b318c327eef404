//! The analysis as JSON: `chatpcap/analyze/1`.

use serde::Serialize;

use super::answers::missing;
use super::number::hex;
use super::summary::no_chat;
use crate::ask::{Analysis, Evidence};
use crate::flow::{Mark, TcpFlow};
use crate::trace::{ProtocolCounts, Trace};

/// Handshakes that are listed at most.
const MAX_HANDSHAKES: usize = 10_000;

/// The analysis as JSON text, ended by a newline.
///
/// # Errors
/// None that these types can raise; what `serde_json` would say is passed on.
pub fn json(analysis: &Analysis) -> Result<String, serde_json::Error> {
    pretty(&Document::new(analysis))
}

/// A document as JSON for people to read too, ended by a newline.
///
/// # Errors
/// None that our documents can raise; what `serde_json` would say is passed on.
pub(super) fn pretty(document: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    Ok(text)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    captures: Vec<CaptureEntry<'a>>,
    roles: RolesEntry,
    answers: Keyed<Option<u64>>,
    evidence: Keyed<Option<EvidenceEntry<'a>>>,
    handshakes: Vec<HandshakeEntry<'a>>,
    udp: Option<UdpEntry<'a>>,
    protocols: ProtocolsEntry,
    notices: Vec<String>,
}

/// An object whose keys stand in the notebook's order.
struct Keyed<T>(Vec<(&'static str, T)>);

impl<T: Serialize> Serialize for Keyed<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[derive(Serialize)]
struct CaptureEntry<'a> {
    path: &'a str,
    format: String,
    compression: Option<String>,
    link_types: Vec<String>,
    packets: u64,
    octets: u64,
    first: Option<String>,
    last: Option<String>,
    protocols: ProtocolsEntry,
    tcp_flows: usize,
    udp_flows: usize,
    notices: Vec<String>,
}

#[derive(Serialize)]
struct RolesEntry {
    server: Option<String>,
    client1: Option<String>,
    client2: Option<String>,
}

#[derive(Serialize)]
pub(super) struct EvidenceEntry<'a> {
    file: &'a str,
    frame: u64,
    offset: Option<usize>,
    length: usize,
    bytes: String,
    filter: String,
    why: &'a str,
}

#[derive(Serialize)]
struct HandshakeEntry<'a> {
    file: &'a str,
    flow: u32,
    initiator: Option<String>,
    responder: Option<String>,
    syn: Option<SynEntry>,
    syn_ack: Option<MarkEntry>,
    ack: Option<MarkEntry>,
    initial_rtt_seconds: Option<Seconds>,
    refused: bool,
}

#[derive(Serialize)]
struct SynEntry {
    frame: u64,
    seq: u32,
}

#[derive(Serialize)]
struct MarkEntry {
    frame: u64,
    seq: u32,
    ack: u32,
}

/// Nanoseconds that are written as seconds.
pub(super) struct Seconds(pub(super) i64);

impl Serialize for Seconds {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a round trip of 104 days and more loses nanoseconds, which is no loss"
    )]
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / 1e9)
    }
}

#[derive(Serialize)]
struct UdpEntry<'a> {
    file: &'a str,
    frame: u64,
    source_port: u16,
    destination_port: u16,
    length: u16,
    checksum: u16,
}

#[derive(Serialize)]
struct ProtocolsEntry {
    arp: u64,
    ipv4: u64,
    ipv6: u64,
    icmp: u64,
    icmpv6: u64,
    tcp: u64,
    udp: u64,
    dns: u64,
}

impl<'a> Document<'a> {
    fn new(analysis: &'a Analysis) -> Self {
        let mut notices: Vec<String> = Vec::new();
        if !analysis.has_chat() {
            notices.push(no_chat(analysis));
        }
        for (keys, reason) in missing(analysis) {
            notices.push(format!("not answered: {}: {reason}", keys.join(", ")));
        }
        notices.extend(analysis.notes.iter().cloned());
        let mut handshakes = analysis.handshakes();
        let listed = handshakes.by_ref().take(MAX_HANDSHAKES);
        let listed = listed.map(|(trace, flow)| HandshakeEntry::new(name(analysis, trace), flow));
        let listed: Vec<_> = listed.collect();
        let more = handshakes.count();
        if more > 0 {
            notices.push(format!(
                "{more} handshakes more than the {MAX_HANDSHAKES} that are listed"
            ));
        }
        Self {
            schema: "chatpcap/analyze/1",
            captures: analysis.traces.iter().map(CaptureEntry::new).collect(),
            roles: RolesEntry {
                server: analysis.roles.server.map(|role| role.who.to_string()),
                client1: analysis.roles.client1.map(|role| role.who.to_string()),
                client2: analysis.roles.client2.map(|role| role.who.to_string()),
            },
            answers: Keyed(
                analysis
                    .answers
                    .iter()
                    .map(|answer| (answer.question.key(), answer.value()))
                    .collect(),
            ),
            evidence: Keyed(
                analysis
                    .answers
                    .iter()
                    .map(|answer| {
                        let evidence = answer.result.as_ref().ok();
                        let entry = evidence.map(|evidence| {
                            EvidenceEntry::new(name(analysis, evidence.trace), evidence)
                        });
                        (answer.question.key(), entry)
                    })
                    .collect(),
            ),
            handshakes: listed,
            udp: UdpEntry::new(analysis),
            protocols: ProtocolsEntry::sum(&analysis.traces),
            notices,
        }
    }
}

fn name(analysis: &Analysis, trace: usize) -> &str {
    analysis
        .traces
        .get(trace)
        .map_or("", |trace| trace.name.as_str())
}

impl<'a> CaptureEntry<'a> {
    fn new(trace: &'a Trace) -> Self {
        let links = trace
            .links
            .iter()
            .map(|link| link.link_type.name().into_owned());
        Self {
            path: &trace.name,
            format: trace.format.to_string(),
            compression: trace.compression.map(|compression| compression.to_string()),
            link_types: links.collect(),
            packets: trace.packets,
            octets: trace.octets,
            first: trace.first.map(|time| time.to_utc(trace.precision)),
            last: trace.last.map(|time| time.to_utc(trace.precision)),
            protocols: ProtocolsEntry::new(&trace.protocols),
            tcp_flows: trace.flows.shown_tcp().count(),
            udp_flows: trace.flows.shown_udp().count(),
            notices: trace.notices.iter().map(ToString::to_string).collect(),
        }
    }
}

impl<'a> EvidenceEntry<'a> {
    pub(super) fn new(file: &'a str, evidence: &'a Evidence) -> Self {
        Self {
            file,
            frame: evidence.frame,
            offset: evidence.offset(),
            length: evidence.length,
            bytes: hex(&evidence.bytes),
            filter: evidence.filter(),
            why: &evidence.why,
        }
    }
}

impl<'a> HandshakeEntry<'a> {
    fn new(file: &'a str, flow: &TcpFlow) -> Self {
        let handshake = &flow.handshake();
        Self {
            file,
            flow: flow.flow.index,
            initiator: flow.initiator().map(|endpoint| endpoint.to_string()),
            responder: flow.responder().map(|endpoint| endpoint.to_string()),
            syn: handshake.syn.map(|syn| SynEntry {
                frame: syn.frame,
                seq: syn.seq,
            }),
            syn_ack: handshake.syn_ack.map(MarkEntry::from),
            ack: handshake.ack.map(MarkEntry::from),
            initial_rtt_seconds: handshake.initial_rtt.map(Seconds),
            refused: flow.is_refused(),
        }
    }
}

impl From<Mark> for MarkEntry {
    fn from(mark: Mark) -> Self {
        Self {
            frame: mark.frame,
            seq: mark.seq,
            ack: mark.ack,
        }
    }
}

impl<'a> UdpEntry<'a> {
    fn new(analysis: &'a Analysis) -> Option<Self> {
        let datagram = analysis.datagram()?;
        let flow = &datagram.flow.flow;
        let first = datagram.first;
        Some(Self {
            file: name(analysis, datagram.trace),
            frame: first.frame,
            source_port: flow.sender(first.direction).port,
            destination_port: flow.receiver(first.direction).port,
            length: first.length,
            checksum: first.checksum,
        })
    }
}

impl ProtocolsEntry {
    const fn new(counts: &ProtocolCounts) -> Self {
        let ProtocolCounts {
            arp,
            ipv4,
            ipv6,
            icmp,
            icmpv6,
            tcp,
            udp,
            dns,
            ..
        } = *counts;
        Self {
            arp,
            ipv4,
            ipv6,
            icmp,
            icmpv6,
            tcp,
            udp,
            dns,
        }
    }

    /// Over all captures; a packet that two of them hold counts twice.
    fn sum(traces: &[Trace]) -> Self {
        let counts = traces.iter().map(|trace| trace.protocols);
        Self::new(&counts.fold(ProtocolCounts::default(), ProtocolCounts::plus))
    }
}
