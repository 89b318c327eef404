//! The chat's packets, with the octets of each of their layers.

use super::FlowNumber;
use crate::capture::{Frame, Timestamp};
use crate::flow::{Direction, Endpoint, Sighting, are_close, identity};
use crate::packet::{Flags, Layer, Packet, Protocol, TransportPayload, udp};

/// Packets that are kept: who writes an essay looks at the first messages of a capture.
const MAX_PACKETS: usize = 20_000;
/// Packets back to which one is compared, to know what is captured twice.
const LOOK_BACK: usize = 8;

/// A packet of the chat, and what its octets are.
#[derive(Clone, Copy, Debug)]
pub struct LoggedPacket {
    /// The frame's number.
    pub frame: u64,
    /// When it was captured.
    pub time: Option<Timestamp>,
    /// Who sent it.
    pub from: Endpoint,
    /// Who received it.
    pub to: Endpoint,
    /// Its flow.
    pub flow: FlowNumber,
    /// Which way it goes through its flow.
    pub direction: Direction,
    /// The control bits of a TCP segment; none of UDP.
    pub flags: Flags,
    /// The absolute sequence number behind a TCP segment; 0 of UDP.
    pub next_seq: u32,
    /// The absolute number that it acknowledges, where ACK is set.
    pub ack: Option<u32>,
    /// Its octets.
    pub octets: Octets,
    identity: u64,
}

/// Octets of a packet on the wire, layer by layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Octets {
    /// Before the IP header: Ethernet with its tags, or what the capture has in its place.
    pub link: u64,
    /// The IP header with options or extension headers.
    pub network: u64,
    /// The TCP or UDP header with options.
    pub transport: u64,
    /// What the transport carries.
    pub payload: u64,
}

/// The first packets of the chat in one capture; what was captured twice is listed once.
#[derive(Clone, Debug, Default)]
pub struct PacketLog {
    /// The packets, in the order of the capture.
    pub list: Vec<LoggedPacket>,
    /// Packets that were not kept.
    pub left_out: u64,
}

impl LoggedPacket {
    fn new(frame: &Frame<'_>, packet: &Packet<'_>, sighting: &Sighting<'_>) -> Option<Self> {
        let (from, to) = sighting.sender_and_receiver()?;
        let octets = Octets::of(packet, sighting);
        let (flow, flags, next_seq, ack) = match sighting.transport.payload {
            TransportPayload::Tcp(tcp) => {
                let flags = tcp.flags()?;
                let takes_one = flags.has(Flags::SYN) || flags.has(Flags::FIN);
                let payload = u32::try_from(octets.payload).unwrap_or(0);
                let next = tcp.sequence_number()?.wrapping_add(payload);
                let next = next.wrapping_add(takes_one.into());
                (
                    FlowNumber::Tcp(sighting.index),
                    flags,
                    next,
                    tcp.acknowledges(),
                )
            }
            TransportPayload::Udp(_) => (FlowNumber::Udp(sighting.index), Flags(0), 0, None),
        };
        Some(Self {
            frame: frame.number,
            time: frame.timestamp,
            from,
            to,
            flow,
            direction: sighting.direction,
            flags,
            next_seq,
            ack,
            octets,
            identity: identity(&sighting.transport),
        })
    }

    /// Whether it is a TCP segment that acknowledges and does nothing else.
    pub fn is_bare_ack(&self) -> bool {
        let others = [Flags::SYN, Flags::FIN, Flags::RST];
        self.ack.is_some()
            && self.octets.payload == 0
            && !others.iter().any(|flag| self.flags.has(*flag))
    }

    /// Whether `other`, which comes later in the capture, is this packet captured once more.
    fn is_copied_by(&self, other: &Self) -> bool {
        let times = self.time.zip(other.time);
        let is_syn = self.flags.has(Flags::SYN);
        (self.identity, self.from, self.to) == (other.identity, other.from, other.to)
            && times.is_some_and(|(one, other)| are_close(is_syn, one, other))
    }
}

impl PacketLog {
    /// Takes the next packet of the chat.
    pub(super) fn add(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, sighting: &Sighting<'_>) {
        if self.list.len() >= MAX_PACKETS {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        let Some(logged) = LoggedPacket::new(frame, packet, sighting) else {
            return;
        };
        let mut latest = self.list.iter().rev().take(LOOK_BACK);
        if !latest.any(|other| other.is_copied_by(&logged)) {
            self.list.push(logged);
        }
    }

    /// A packet by its frame's number.
    pub fn get(&self, frame: u64) -> Option<&LoggedPacket> {
        let place = self.list.binary_search_by_key(&frame, |it| it.frame).ok()?;
        self.list.get(place)
    }

    /// The packets before one, without it.
    pub fn before(&self, frame: u64) -> &[LoggedPacket] {
        let place = self.list.partition_point(|it| it.frame < frame);
        self.list.get(..place).unwrap_or_default()
    }

    /// The packets after one, without it.
    pub fn after(&self, frame: u64) -> &[LoggedPacket] {
        let place = self.list.partition_point(|it| it.frame <= frame);
        self.list.get(place..).unwrap_or_default()
    }
}

impl Octets {
    /// Those of a packet. What stands before the IP header belongs to the link, a tunnel included.
    fn of(packet: &Packet<'_>, sighting: &Sighting<'_>) -> Self {
        let transport = &sighting.transport;
        let layers = packet.layers();
        let is_ip = |layer: &&Layer| matches!(layer.protocol, Protocol::Ipv4 | Protocol::Ipv6);
        let segment = layers.get(transport.layer).map_or(0, Layer::length);
        let mut outward = layers.iter().take(transport.layer).rev();
        let ip = outward.find(is_ip);
        let datagram = ip.map_or(segment, Layer::length);
        // What was put together from fragments stands in no one frame.
        let link = ip.and_then(|layer| packet.header(layer).start());
        let header = match transport.payload {
            TransportPayload::Tcp(tcp) => tcp.header_length().unwrap_or(0),
            TransportPayload::Udp(_) => udp::HEADER,
        };
        let count = |octets: usize| u64::try_from(octets).unwrap_or(u64::MAX);
        Self {
            link: count(link.unwrap_or(0)),
            network: count(datagram.saturating_sub(segment)),
            transport: count(header.min(segment)),
            payload: count(segment.saturating_sub(header)),
        }
    }

    /// All of them. Padding to the shortest Ethernet frame is left out.
    pub const fn total(&self) -> u64 {
        self.link
            .saturating_add(self.network)
            .saturating_add(self.transport)
            .saturating_add(self.payload)
    }

    /// Together with others.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            link: self.link.saturating_add(other.link),
            network: self.network.saturating_add(other.network),
            transport: self.transport.saturating_add(other.transport),
            payload: self.payload.saturating_add(other.payload),
        }
    }
}
