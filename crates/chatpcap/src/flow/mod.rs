//! The flow stage: packets to flows, numbered as Wireshark numbers `tcp.stream` and `udp.stream`.
//!
//! A flow is both directions between two endpoints over one transport. Flows are numbered per
//! transport from 0, in the order of their first packets; the link, VLAN tags and the interface
//! do not tell flows apart. A SYN whose sequence number differs from the one that its sender
//! began with opens a new flow between the same endpoints: the port was used again.
//!
//! A TCP or UDP header quoted by an ICMP error message names a flow, which takes a number if it is
//! new, but adds no packet to it. A header that is cut so short that Wireshark gives it no number,
//! a TCP header before the end of its window and a UDP header anywhere, names none.
//!
//! A packet is first identified, which numbers its flows, and then recorded in them. Numbers and what
//! TCP's analysis says come from the whole capture; who shows only some of the frames records only
//! these, and his counts are theirs, as in Wireshark.
//!
//! Memory grows with the number of flows, never with packets. Flows beyond [`MAX_FLOWS`], or what the user
//! asks for, have no number, and their packets are counted together ([`Beyond`]).

mod ahead;
mod analysis;
mod copy;
mod endpoint;
mod findings;
mod flows;
mod packed;
pub mod reassembly;
mod segment;
mod sighting;
mod table;
mod tcp;
mod udp;
mod window_scale;

use std::num::NonZeroU64;

use crate::capture::{Frame, Timestamp};

pub use self::analysis::Analysis;
pub use self::copy::Copies;
pub(crate) use self::copy::{are_close, identity, identity_of_head};
pub use self::endpoint::Endpoint;
pub use self::findings::{Close, Findings, History, MAX_ERROR_PERCENT, Offer, RoundTrips, Trouble};
pub use self::segment::Segment;
pub use self::sighting::{MAX_SIGHTINGS, Sighting, Sightings};
pub use self::table::FlowTable;
pub use self::tcp::{Handshake, Mark, TcpFlow};
pub use self::udp::{FirstDatagram, UdpFlow};
pub use self::window_scale::WindowScale;

/// Which way a packet goes through its flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the endpoint that sent the flow's first packet.
    Forward,
    /// To the endpoint that sent the flow's first packet.
    Backward,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub const fn reverse(self) -> Self {
        match self {
            Self::Forward => Self::Backward,
            Self::Backward => Self::Forward,
        }
    }
}

/// A pair of values, one a direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerDirection<T> {
    /// Of packets from the endpoint that sent the first packet.
    pub forward: T,
    /// Of packets to it.
    pub backward: T,
}

impl<T> PerDirection<T> {
    /// The value of one direction.
    pub const fn get(&self, direction: Direction) -> &T {
        match direction {
            Direction::Forward => &self.forward,
            Direction::Backward => &self.backward,
        }
    }

    /// The value of one direction, to change it.
    pub const fn get_mut(&mut self, direction: Direction) -> &mut T {
        match direction {
            Direction::Forward => &mut self.forward,
            Direction::Backward => &mut self.backward,
        }
    }
}

/// How much one direction of a flow carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Packets whose transport header was captured in full.
    pub packets: u64,
    /// Octets of these frames on the wire, link header included.
    pub octets: u64,
    /// Octets of payload on the wire; what was sent again counts again.
    pub payload: u64,
}

/// TCP flows of one capture that are told apart, and as many UDP flows, unless the user asks for more.
///
/// A TCP flow takes 240 octets, analysed at most 1,150, a UDP flow 200; with what flows share that is at most
/// 1.7 GB. Busy links have so many in an hour; a flood of made-up addresses has them in seconds.
pub const MAX_FLOWS: usize = 1_000_000;

/// Packets of flows beyond those that are told apart: they count, and have no number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beyond {
    /// How many.
    pub packets: u64,
    /// Octets of their frames on the wire.
    pub octets: u64,
}

impl Beyond {
    /// Counts one more packet.
    pub(crate) fn add(&mut self, frame: &Frame<'_>) {
        self.packets = self.packets.saturating_add(1);
        self.octets = self.octets.saturating_add(frame.original_length.into());
    }
}

/// What flows of every transport have.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    /// `tcp.stream` or `udp.stream`.
    pub index: u32,
    /// Who sent the first packet.
    pub source: Endpoint,
    /// Who received it.
    pub destination: Endpoint,
    /// Packets and octets.
    pub volume: PerDirection<Volume>,
    first_frame: Option<NonZeroU64>,
    /// Whether a packet only adds to the counts from here on, a segment unless it has SYN, FIN or RST. It
    /// stands beside them, so that such a packet touches nothing else of its flow.
    is_quiet: bool,
    /// When that frame was captured.
    pub first: Option<Timestamp>,
    /// When the last packet was captured: the last in the file, which need not be the latest.
    pub last: Option<Timestamp>,
}

impl Flow {
    const fn new(index: u32, source: Endpoint, destination: Endpoint) -> Self {
        const NOTHING: Volume = Volume {
            packets: 0,
            octets: 0,
            payload: 0,
        };
        Self {
            index,
            source,
            destination,
            volume: PerDirection {
                forward: NOTHING,
                backward: NOTHING,
            },
            first_frame: None,
            is_quiet: false,
            first: None,
            last: None,
        }
    }

    /// The number of the first frame that was recorded, be it only a quote of a packet of this flow;
    /// `None` where a display filter left all of them out.
    pub fn first_frame(&self) -> Option<u64> {
        self.first_frame.map(NonZeroU64::get)
    }

    /// Whether any frame of it was recorded; if not, it only has its number.
    pub const fn is_shown(&self) -> bool {
        self.first_frame.is_some()
    }

    /// The sender of packets in this direction.
    pub const fn sender(&self, direction: Direction) -> Endpoint {
        match direction {
            Direction::Forward => self.source,
            Direction::Backward => self.destination,
        }
    }

    /// The receiver of packets in this direction.
    pub const fn receiver(&self, direction: Direction) -> Endpoint {
        self.sender(direction.reverse())
    }

    /// Whether either end has this port.
    const fn has_port(&self, port: u16) -> bool {
        self.source.port == port || self.destination.port == port
    }

    /// Which way a packet goes through the flow; `None` if it belongs to another.
    fn direction(&self, source: Endpoint, destination: Endpoint) -> Option<Direction> {
        if self.source == source && self.destination == destination {
            Some(Direction::Forward)
        } else if self.source == destination && self.destination == source {
            Some(Direction::Backward)
        } else {
            None
        }
    }

    /// Reads what counting a packet changes, so that it is in the cache then.
    const fn touch(&self) -> u64 {
        let PerDirection { forward, backward } = &self.volume;
        self.source.port as u64 ^ forward.packets ^ backward.payload ^ self.is_quiet as u64
    }

    /// A frame that shows the flow, before what it holds is counted.
    fn show(&mut self, frame: &Frame<'_>) {
        if self.first_frame.is_none() {
            // Frames count from 1.
            self.first_frame = NonZeroU64::new(frame.number.max(1));
            self.first = frame.timestamp;
            self.last = frame.timestamp;
        }
    }

    fn count(&mut self, direction: Direction, frame: &Frame<'_>, payload: usize) {
        let volume = self.volume.get_mut(direction);
        volume.packets = volume.packets.saturating_add(1);
        volume.octets = volume.octets.saturating_add(frame.original_length.into());
        volume.payload = volume
            .payload
            .saturating_add(u64::try_from(payload).unwrap_or(u64::MAX));
        self.last = frame.timestamp.or(self.last);
    }
}
