//! Where in the table the headers of one packet belong.

use super::{Direction, Endpoint, Segment};
use crate::packet::{Transport, TransportPayload};

/// TCP and UDP headers of one packet that are listed: the decoder reads tunnels on the outside, so
/// that a packet has one, or quotes one.
pub const MAX_SIGHTINGS: usize = 4;

/// The flow of one TCP or UDP header of a packet.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    /// The flow's number among the flows of its transport: `tcp.stream` or `udp.stream`.
    pub index: u32,
    /// Which way the packet goes.
    pub direction: Direction,
    /// The segment or datagram; it knows which layer of the packet it is, and whether it is quoted.
    pub transport: Transport<'a>,
    /// What the segments before it tell of a TCP segment; `None` for UDP.
    pub segment: Option<Segment>,
}

impl Sighting<'_> {
    /// Who sent the packet, and who is to receive it.
    pub fn sender_and_receiver(&self) -> Option<(Endpoint, Endpoint)> {
        let (from, to) = match self.transport.payload {
            TransportPayload::Tcp(tcp) => (tcp.source_port()?, tcp.destination_port()?),
            TransportPayload::Udp(udp) => (udp.source_port()?, udp.destination_port()?),
        };
        Some((
            Endpoint::new(self.transport.source, from),
            Endpoint::new(self.transport.destination, to),
        ))
    }
}

/// The flows of all TCP and UDP headers of a packet that have one, outermost first, quoted ones
/// included.
///
/// An array of options: a list with a destructor would keep the frame borrowed to the end of the
/// loop that reads frames.
#[derive(Clone, Debug, Default)]
pub struct Sightings<'a>([Option<Sighting<'a>>; MAX_SIGHTINGS]);

impl<'a> Sightings<'a> {
    #[inline]
    pub(super) fn push(&mut self, sighting: &Sighting<'a>) {
        // What finds no place has its number, and is not listed.
        if let Some(place) = self.0.iter_mut().find(|place| place.is_none()) {
            *place = Some(*sighting);
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Sighting<'a>> {
        self.0.iter().flatten()
    }

    /// The innermost flow that the packet itself belongs to; a packet that is only quoted belongs to
    /// none.
    pub fn innermost(&self) -> Option<&Sighting<'a>> {
        let mut inwards = self.iter().rev();
        inwards.find(|sighting| !sighting.transport.quoted)
    }
}
