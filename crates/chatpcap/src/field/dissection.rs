//! One frame as its fields see it, and the parts that they are read from.

use std::borrow::Cow;
use std::net::IpAddr;

use super::value::{Kind, Value};
use super::{Scope, big_endian, chat};
use crate::capture::{Frame, Timestamp};
use crate::flow::{Sighting, Sightings};
use crate::packet::dns::Dns;
use crate::packet::{Header, Layer, Packet, Position};

/// One frame with all that is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Dissection<'a> {
    /// The frame.
    pub frame: &'a Frame<'a>,
    /// Its headers.
    pub packet: &'a Packet<'a>,
    /// The flows of its TCP and UDP headers; `None` where nobody needs them.
    pub sightings: Option<&'a Sightings<'a>>,
    /// The interface that captured it, where the capture's format tells.
    pub interface: Option<u32>,
    /// Its time among the others.
    pub clock: Clock,
}

/// When frames before this one were captured.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// The first frame of the capture.
    pub first: Option<Timestamp>,
    /// The frame before this one.
    pub previous: Option<Timestamp>,
    /// The last frame before this one that the filter selected.
    pub previous_selected: Option<Timestamp>,
}

/// One part of a frame.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The whole.
    pub frame: &'a Frame<'a>,
    /// Its headers.
    pub packet: &'a Packet<'a>,
    /// The interface that captured it, where the capture's format tells.
    pub interface: Option<u32>,
    /// Its time among the others.
    pub clock: Clock,
    /// The header that the part is; all of the frame where it is none.
    pub layer: Option<&'a Layer>,
    /// The header's octets and those behind it, as far as they were captured.
    pub header: Header<'a>,
    /// The flow that the header belongs to.
    pub sighting: Option<&'a Sighting<'a>>,
    /// The DNS message that the part is.
    pub dns: Option<Dns<'a>>,
    /// The flows of all headers of the packet.
    pub sightings: Option<&'a Sightings<'a>>,
}

impl<'a> View<'a> {
    /// The flow that a layer of the packet belongs to.
    pub(super) fn sighting_of(&self, layer: usize) -> Option<&'a Sighting<'a>> {
        let mut sightings = self.sightings?.iter();
        sightings.find(|sighting| sighting.transport.layer == layer)
    }
}

impl<'a> Dissection<'a> {
    /// Gives each part of the frame that `scope` names, in the order of the frame.
    pub(super) fn views(&self, scope: Scope, give: &mut dyn FnMut(&View<'a>)) {
        let whole = View {
            frame: self.frame,
            packet: self.packet,
            interface: self.interface,
            clock: self.clock,
            layer: None,
            header: Header::new(self.frame.octets, Position::Frame(0)),
            sighting: None,
            dns: None,
            sightings: self.sightings,
        };
        match scope {
            Scope::Frame => give(&whole),
            Scope::Layers(protocols) => {
                for (index, layer) in self.packet.layers().iter().enumerate() {
                    if protocols.contains(&layer.protocol) {
                        give(&View {
                            layer: Some(layer),
                            header: self.packet.header(layer),
                            sighting: whole.sighting_of(index),
                            ..whole
                        });
                    }
                }
            }
            Scope::Dns(ports) => Dns::messages(self.packet, ports, &mut |dns| {
                give(&View {
                    header: dns.header,
                    dns: Some(dns),
                    ..whole
                });
            }),
            Scope::Chat => chat::payloads(self.packet, &whole, give),
        }
    }
}

/// Where the values of a field go.
pub struct Out<'a, 'o>(&'o mut dyn FnMut(Value<'a>));

impl std::fmt::Debug for Out<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Out")
    }
}

impl<'a, 'o> Out<'a, 'o> {
    pub(super) fn new(give: &'o mut dyn FnMut(Value<'a>)) -> Self {
        Self(give)
    }

    /// Gives a value.
    pub fn value(&mut self, value: Value<'a>) {
        (self.0)(value);
    }

    /// The field is there if `is`.
    pub fn present(&mut self, is: bool) {
        if is {
            self.value(Value::Present);
        }
    }

    /// Gives a truth, if it is known.
    pub fn boolean(&mut self, value: Option<bool>) {
        if let Some(value) = value {
            self.value(Value::Boolean(value));
        }
    }

    /// Gives a number, if it is known.
    pub fn unsigned(&mut self, value: Option<impl Into<u64>>) {
        if let Some(value) = value {
            self.value(Value::Unsigned(value.into()));
        }
    }

    /// Gives a length or count, if it is known.
    pub fn size(&mut self, value: Option<usize>) {
        self.unsigned(value.map(|value| u64::try_from(value).unwrap_or(u64::MAX)));
    }

    /// Gives text, if it is known.
    pub fn text(&mut self, text: Option<impl Into<Cow<'a, str>>>) {
        if let Some(text) = text {
            self.value(Value::Text(text.into()));
        }
    }

    /// Gives an IP address as text, if it is all there: names are not resolved.
    pub fn host(&mut self, address: Option<&[u8]>) {
        let address = address.and_then(|octets| {
            let ipv4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
            let ipv6 = || <[u8; 16]>::try_from(octets).map(IpAddr::from);
            ipv4.or_else(|_| ipv6()).ok()
        });
        self.text(address.map(|address| address.to_string()));
    }

    /// Gives octets, if there are any.
    pub fn bytes(&mut self, octets: &'a [u8]) {
        if !octets.is_empty() {
            self.value(Value::Bytes(Cow::Borrowed(octets)));
        }
    }

    /// Gives a length of time in nanoseconds, if it is known.
    pub fn nanoseconds(&mut self, value: Option<impl Into<i128>>) {
        if let Some(value) = value {
            self.value(Value::Nanoseconds(value.into()));
        }
    }

    /// Gives the octets at a place as a value of a kind, if they are all there.
    pub fn octets(&mut self, kind: Kind, octets: Option<&'a [u8]>) {
        let Some(octets) = octets else { return };
        let value = match kind {
            Kind::Boolean => Some(Value::Boolean(big_endian(octets) != 0)),
            Kind::Signed(_) => octets
                .first_chunk()
                .map(|octets| Value::Signed(i32::from_be_bytes(*octets).into())),
            Kind::Ipv4 => octets
                .first_chunk()
                .map(|octets| Value::ipv4(u32::from_be_bytes(*octets))),
            Kind::Ipv6 => octets
                .first_chunk()
                .map(|octets| Value::ipv6(u128::from_be_bytes(*octets))),
            Kind::Ethernet => octets.first_chunk().copied().map(Value::Ethernet),
            Kind::Bytes => Some(Value::Bytes(Cow::Borrowed(octets))),
            _ => Some(Value::Unsigned(big_endian(octets))),
        };
        if let Some(value) = value {
            self.value(value);
        }
    }
}
