//! One frame as a flow graph draws it: who sent what to whom.

mod link;
mod list;
mod mark;
mod message;
mod place;

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

pub use self::list::Arrows;
pub(crate) use self::list::LOOK_BACK;
pub use self::mark::{Mark, Severity};
pub use self::message::{Message, Numbers};
pub use self::place::{Address, Place};

use self::link::LinkEnds;
use super::dialogue::FlowNumber;
use crate::capture::Timestamp;
use crate::field::{Dissection, messages};
use crate::flow::{
    Direction, Endpoint, Sighting, Sightings, are_close, identity, identity_of_head,
};
use crate::packet::chat::ChatMessage;
use crate::packet::{Flags, Packet, Protocol, TransportPayload};

/// Characters of one text of the chat that are kept: more would not be read in a picture.
const MAX_TEXT: usize = 600;
/// Users of one roster that are kept.
const MAX_USERS: usize = 64;
/// Octets of a packet without ports that tell it from others where a capture cuts frames.
const HEAD: usize = 20;
/// Messages of one segment that are kept.
const MAX_SAID: usize = 32;

/// One frame: who sent what to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// The frame's number.
    pub frame: u64,
    /// When it was captured.
    pub time: Option<Timestamp>,
    /// Who sent it, and who is to receive it; `None` where the frame tells neither.
    pub ends: Option<(Place, Place)>,
    /// The flow that it belongs to.
    pub flow: Option<FlowNumber>,
    /// Which way it goes through its flow; forward where it has none.
    pub direction: Direction,
    /// What its headers say.
    pub message: Message,
    /// What the chat says in it.
    pub said: Vec<ChatMessage>,
    /// What is to be minded of it.
    pub marks: Vec<Mark>,
    /// Octets of the frame on the wire.
    pub length: u32,
    /// A number that the captures of one packet at several places share.
    pub identity: u64,
    /// The same number over what also a capture holds that cuts frames.
    pub identity_of_head: u64,
    /// Whether the capture cut the frame.
    pub is_cut: bool,
    /// Where the frame was captured, of a packet that its sender did not number: two of them that are
    /// captured at one place on one link are two packets.
    pub tap: Option<u64>,
    /// How often the capture holds it beyond once, as one taken on all interfaces does.
    pub copies: u32,
}

impl Arrow {
    /// A frame as a flow graph draws it; the chat's port tells its dialects.
    pub fn new(seen: &Dissection<'_>, port: u16) -> Self {
        let innermost = seen.sightings.and_then(|sightings| sightings.innermost());
        let innermost = innermost.filter(|sighting| !is_tunnel(seen.packet, sighting));
        Self::of(seen, innermost, port)
    }

    /// The same, of this flow if the frame belongs to it, be it a tunnel with others in it.
    pub fn in_flow(seen: &Dissection<'_>, flow: FlowNumber, port: u16) -> Self {
        let sightings = seen.sightings.into_iter();
        let mut sightings = sightings.flat_map(Sightings::iter);
        let own = sightings
            .find(|sighting| !sighting.transport.quoted && FlowNumber::of(sighting) == flow);
        match own {
            None => Self::new(seen, port),
            own => Self::of(seen, own, port),
        }
    }

    /// The same of one of the flows that the frame belongs to, which need not be the innermost.
    pub(crate) fn of(seen: &Dissection<'_>, sighting: Option<&Sighting<'_>>, port: u16) -> Self {
        let packet = seen.packet;
        let layers = sighting.map_or(usize::MAX, |sighting| sighting.transport.layer);
        let link = LinkEnds::of(packet, layers);
        let message = Message::new(seen, sighting);
        let said = sighting.map_or_else(Vec::new, |sighting| said(packet, sighting, port));
        Self {
            frame: seen.frame.number,
            time: seen.frame.timestamp,
            ends: Place::ends(packet, sighting, &link),
            flow: sighting.map(FlowNumber::of),
            direction: sighting.map_or(Direction::Forward, |sighting| sighting.direction),
            marks: Mark::all(seen, sighting, &message),
            message,
            said,
            length: seen.frame.original_length,
            identity: sighting.map_or_else(
                || identity_of(packet, usize::MAX),
                |sighting| identity(&sighting.transport),
            ),
            identity_of_head: sighting.map_or_else(
                || identity_of(packet, HEAD),
                |sighting| identity_of_head(&sighting.transport),
            ),
            is_cut: u64::try_from(seen.frame.octets.len())
                .is_ok_and(|captured| captured < seen.frame.original_length.into()),
            tap: tap_of(seen, sighting),
            copies: 0,
        }
    }

    /// The endpoints of a segment or datagram.
    pub fn endpoints(&self) -> Option<(Endpoint, Endpoint)> {
        let (from, to) = self.ends?;
        from.endpoint().zip(to.endpoint())
    }

    /// Whether `other`, which comes later in the capture, is this packet captured once more.
    pub(crate) fn is_copied_by(&self, other: &Self) -> bool {
        let is_syn = match self.message {
            Message::Tcp { flags, .. } => flags.is_some_and(|flags| flags.has(Flags::SYN)),
            _ => false,
        };
        let times = self.time.zip(other.time);
        let is_elsewhere = self.tap.is_none() || self.tap != other.tap;
        self.identity == other.identity
            && is_elsewhere
            && self.is_between_the_ends_of(other)
            && times.is_some_and(|(time, other)| are_close(is_syn, time, other))
    }

    fn is_between_the_ends_of(&self, other: &Self) -> bool {
        // A cooked capture does not tell the receiver's link address.
        let ip = |arrow: &Self| arrow.ends.map(|(from, to)| (from.address, to.address));
        ip(self) == ip(other)
    }
}

/// Whether a segment or datagram carries packets of others.
fn is_tunnel(packet: &Packet<'_>, sighting: &Sighting<'_>) -> bool {
    let within = packet.layers().iter().skip(sighting.transport.layer);
    let mut within = within.filter(|layer| !layer.quoted);
    within.any(|layer| {
        matches!(
            layer.protocol,
            Protocol::Ethernet | Protocol::Ipv4 | Protocol::Ipv6
        )
    })
}

fn said(packet: &Packet<'_>, sighting: &Sighting<'_>, port: u16) -> Vec<ChatMessage> {
    let layer = packet.layers().get(sighting.transport.layer);
    let mut said = layer.map_or_else(Vec::new, |layer| {
        messages(packet, layer, Some(sighting), port)
    });
    said.truncate(MAX_SAID);
    for message in &mut said {
        message.users.truncate(MAX_USERS);
        let text = message.text.as_mut();
        if let Some(text) = text
            && let Some((end, _)) = text.char_indices().nth(MAX_TEXT)
        {
            text.truncate(end);
            text.push('…');
        }
    }
    said
}

/// What the captures of a packet without ports share: the octets of its innermost header and payload,
/// and the number that the sender gave it.
fn identity_of(packet: &Packet<'_>, most: usize) -> u64 {
    /// Octets of an IPv4 header before the addresses: routers change the time to live there.
    const CHANGING: usize = 12;
    // A fixed seed, as for segments.
    let mut hasher = FixedState::default().build_hasher();
    let layers = packet.layers().iter().filter(|layer| !layer.quoted);
    let Some(innermost) = layers.clone().next_back() else {
        hasher.write(packet.octets());
        return hasher.finish();
    };
    let ip = layers.rev().find(|layer| layer.protocol == Protocol::Ipv4);
    if let Some(ip) = ip {
        let header = packet.header(ip);
        hasher.write_u16(header.u16(crate::packet::ipv4::IDENTIFICATION).unwrap_or(0));
    }
    let octets = packet.header(innermost).octets();
    let stable = match innermost.protocol {
        Protocol::Ipv4 => octets.get(CHANGING..),
        // The hop limit is the eighth octet.
        Protocol::Ipv6 => octets.get(8..),
        _ => None,
    };
    let octets = stable.unwrap_or(octets);
    hasher.write(octets.get(..most).unwrap_or(octets));
    hasher.finish()
}

/// Where a frame was captured, of a packet without a number: a segment has one, a datagram or another
/// packet only where IPv4 has (RFC 6864 §4: who forbids fragments need not give one).
fn tap_of(seen: &Dissection<'_>, sighting: Option<&Sighting<'_>>) -> Option<u64> {
    /// Octets of Ethernet's header.
    const ETHERNET: usize = 14;
    let is_tcp = sighting
        .is_some_and(|sighting| matches!(sighting.transport.payload, TransportPayload::Tcp(_)));
    let mut layers = seen.packet.layers().iter();
    let link = layers.next()?;
    let ip = layers
        .rev()
        .find(|layer| !layer.quoted && matches!(layer.protocol, Protocol::Ipv4 | Protocol::Ipv6));
    let number = ip.filter(|layer| layer.protocol == Protocol::Ipv4);
    let number = number.and_then(|layer| {
        let header = seen.packet.header(layer);
        header.u16(crate::packet::ipv4::IDENTIFICATION)
    });
    if is_tcp || number.is_some_and(|number| number != 0) || link.protocol != Protocol::Ethernet {
        return None;
    }
    let mut hasher = FixedState::default().build_hasher();
    hasher.write_u32(seen.frame.interface);
    hasher.write(seen.frame.octets.get(..ETHERNET)?);
    Some(hasher.finish())
}
