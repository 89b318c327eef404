//! The chat's packets, kept for the flow graph.

use crate::capture::{Frame, Timestamp};
use crate::flow::{Direction, Endpoint, Sighting, are_close, identity};
use crate::packet::{Flags, TransportPayload};

/// The first packets of the chat, and how many more there are.
#[derive(Debug)]
pub struct Arrows {
    list: Vec<Arrow>,
    limit: usize,
    left_out: u64,
}

/// One packet of the chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// The frame's number.
    pub frame: u64,
    /// When it was captured.
    pub time: Option<Timestamp>,
    /// Who sent it.
    pub from: Endpoint,
    /// Who received it.
    pub to: Endpoint,
    /// Its flow's number among the flows of its transport.
    pub flow: u32,
    /// Which way it goes through its flow.
    pub direction: Direction,
    /// What it says.
    pub message: Message,
    /// A number that the captures of one packet at several places share.
    pub identity: u64,
    /// How often the capture holds it beyond once, as one taken on all interfaces does.
    pub copies: u32,
}

/// What a packet of the chat says in its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// A TCP segment.
    Tcp {
        /// The control bits; `None` where the header is cut before them.
        flags: Option<Flags>,
        /// The sequence number, absolute.
        seq: Option<u32>,
        /// The acknowledgment number, absolute; `None` where ACK is not set.
        ack: Option<u32>,
        /// Octets of payload on the wire.
        payload: Option<usize>,
    },
    /// A UDP datagram.
    Udp {
        /// Octets of payload on the wire.
        payload: Option<usize>,
    },
}

/// Packets back to which a packet is compared: more hosts than that do not forward one packet.
const LOOK_BACK: usize = 8;

/// What the sightings of one packet share, in one capture or in several: ends, header and identity.
pub(crate) type Kind = (Endpoint, Endpoint, Message, u64);

impl Arrow {
    /// A packet of a flow; `None` where its header is cut before the ports.
    pub fn new(frame: &Frame<'_>, sighting: &Sighting<'_>) -> Option<Self> {
        let (from, to) = sighting.sender_and_receiver()?;
        let message = match sighting.transport.payload {
            TransportPayload::Tcp(tcp) => {
                let flags = tcp.flags();
                Message::Tcp {
                    flags,
                    seq: tcp.sequence_number(),
                    ack: tcp.acknowledges(),
                    payload: tcp.payload_length(),
                }
            }
            TransportPayload::Udp(udp) => Message::Udp {
                payload: udp.payload_length(),
            },
        };
        Some(Self {
            frame: frame.number,
            time: frame.timestamp,
            from,
            to,
            flow: sighting.index,
            direction: sighting.direction,
            message,
            identity: identity(&sighting.transport),
            copies: 0,
        })
    }

    /// What this packet shares with its other sightings.
    pub(crate) const fn kind(&self) -> Kind {
        (self.from, self.to, self.message, self.identity)
    }

    /// Whether `other`, which comes later in the capture, is this packet captured once more.
    fn is_copied_by(&self, other: &Self) -> bool {
        let is_syn = match self.message {
            Message::Tcp { flags, .. } => flags.is_some_and(|flags| flags.has(Flags::SYN)),
            Message::Udp { .. } => false,
        };
        let times = self.time.zip(other.time);
        self.kind() == other.kind()
            && times.is_some_and(|(time, other)| are_close(is_syn, time, other))
    }
}

impl Arrows {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            list: Vec::new(),
            limit,
            left_out: 0,
        }
    }

    /// The packets that were kept, in the order of the capture.
    pub fn list(&self) -> &[Arrow] {
        &self.list
    }

    /// How many packets are kept at most.
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// How many packets of the chat were not kept.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    pub(super) fn add(&mut self, frame: &Frame<'_>, sighting: &Sighting<'_>) {
        // A packet without ports has no flow, and does not come here.
        let Some(arrow) = Arrow::new(frame, sighting) else {
            return;
        };
        let mut latest = self.list.iter_mut().rev().take(LOOK_BACK);
        if let Some(original) = latest.find(|other| other.is_copied_by(&arrow)) {
            original.copies = original.copies.saturating_add(1);
        } else if self.list.len() < self.limit {
            self.list.push(arrow);
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }
}
