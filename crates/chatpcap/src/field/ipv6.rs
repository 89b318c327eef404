//! Fields of the IPv6 header and its extension headers.

use super::names::IP_PROTOCOLS;
use super::{Field, Kind, Out, Scope, Value, View};
use crate::packet::ipv6::{
    DESTINATION, EXTENSION_NEXT_HEADER, HEADER, HOP_LIMIT, NEXT_HEADER, PAYLOAD_LENGTH, SOURCE,
};
use crate::packet::{self, Protocol};

const SCOPE: Scope = Scope::Layers(&[Protocol::Ipv6]);
const EXTENSION: Scope = Scope::Layers(&[Protocol::Extension]);

const VERSION: packet::Field = packet::Field::new("version", 0, 1);
const CLASS_AND_LABEL: packet::Field = packet::Field::new("traffic_class_and_flow_label", 0, 4);
/// In a fragment header: the offset and whether more follow; the identification.
const FRAGMENT_OFFSET: packet::Field = packet::Field::new("fragment_offset", 2, 2);
const FRAGMENT_IDENTIFICATION: packet::Field = packet::Field::new("identification", 4, 4);
/// In most extension headers: the length behind the first eight octets, in units of eight.
const EXTENSION_LENGTH: packet::Field = packet::Field::new("header_extension_length", 1, 1);
/// In a routing header: its type and how much of the way is left (RFC 8200 §4.4).
const ROUTING_TYPE: packet::Field = packet::Field::new("routing_type", 2, 1);
const SEGMENTS_LEFT: packet::Field = packet::Field::new("segments_left", 3, 1);

/// Numbers of extension headers (RFC 8200 §4).
mod number {
    pub(super) const HOP_BY_HOP: u8 = 0;
    pub(super) const ROUTING: u8 = 43;
    pub(super) const FRAGMENT: u8 = 44;
    pub(super) const AUTHENTICATION: u8 = 51;
    pub(super) const DESTINATION_OPTIONS: u8 = 60;
}

/// `ipv6.*`.
pub(super) const FIELDS: &[Field] = &[
    Field::protocol(
        "ipv6",
        "Internet Protocol, version 6",
        SCOPE,
        |view, out| {
            out.value(Value::Protocol(view.header.octets(), header_length(view)));
        },
    ),
    Field::bits(
        "ipv6.version",
        "version",
        SCOPE,
        Kind::Unsigned(8),
        VERSION,
        0xf0,
    ),
    Field::bits(
        "ipv6.tclass",
        "traffic class",
        SCOPE,
        Kind::Unsigned(32),
        CLASS_AND_LABEL,
        0x0ff0_0000,
    )
    .hexadecimal(),
    Field::bits(
        "ipv6.tclass.dscp",
        "code point",
        SCOPE,
        Kind::Unsigned(32),
        CLASS_AND_LABEL,
        0x0fc0_0000,
    ),
    Field::bits(
        "ipv6.tclass.ecn",
        "congestion notification",
        SCOPE,
        Kind::Unsigned(32),
        CLASS_AND_LABEL,
        0x0030_0000,
    ),
    Field::bits(
        "ipv6.flow",
        "flow label",
        SCOPE,
        Kind::Unsigned(24),
        CLASS_AND_LABEL,
        0x000f_ffff,
    )
    .hexadecimal(),
    Field::at(
        "ipv6.plen",
        "payload length",
        SCOPE,
        Kind::Unsigned(16),
        &[PAYLOAD_LENGTH],
    ),
    Field::at(
        "ipv6.nxt",
        "next header",
        SCOPE,
        Kind::Unsigned(8),
        &[NEXT_HEADER],
    )
    .named(IP_PROTOCOLS),
    Field::at(
        "ipv6.hlim",
        "hop limit",
        SCOPE,
        Kind::Unsigned(8),
        &[HOP_LIMIT],
    ),
    Field::at("ipv6.src", "source", SCOPE, Kind::Ipv6, &[SOURCE]),
    Field::at("ipv6.dst", "destination", SCOPE, Kind::Ipv6, &[DESTINATION]),
    Field::at(
        "ipv6.addr",
        "source or destination",
        SCOPE,
        Kind::Ipv6,
        &[SOURCE, DESTINATION],
    ),
    Field::with(
        "ipv6.src_host",
        "source, as text",
        SCOPE,
        Kind::Text,
        |view, out| {
            out.host(view.header.bytes(SOURCE));
        },
    ),
    Field::with(
        "ipv6.dst_host",
        "destination, as text",
        SCOPE,
        Kind::Text,
        |view, out| {
            out.host(view.header.bytes(DESTINATION));
        },
    ),
    Field::with(
        "ipv6.host",
        "source or destination, as text",
        SCOPE,
        Kind::Text,
        |view, out| {
            out.host(view.header.bytes(SOURCE));
            out.host(view.header.bytes(DESTINATION));
        },
    ),
    Field::protocol(
        "ipv6.hopopts",
        "hop-by-hop options",
        EXTENSION,
        |view, out| {
            extension(view, out, number::HOP_BY_HOP);
        },
    ),
    Field::protocol("ipv6.routing", "routing header", EXTENSION, |view, out| {
        extension(view, out, number::ROUTING);
    }),
    Field::protocol("ipv6.fraghdr", "fragment header", EXTENSION, |view, out| {
        extension(view, out, number::FRAGMENT);
    }),
    Field::protocol(
        "ipv6.dstopts",
        "destination options",
        EXTENSION,
        |view, out| {
            extension(view, out, number::DESTINATION_OPTIONS);
        },
    ),
    Field::with(
        "ipv6.hopopts.nxt",
        "next header",
        EXTENSION,
        Kind::Unsigned(8),
        |view, out| {
            octet(view, out, number::HOP_BY_HOP, EXTENSION_NEXT_HEADER);
        },
    )
    .named(IP_PROTOCOLS),
    Field::with(
        "ipv6.hopopts.len",
        "length",
        EXTENSION,
        Kind::Unsigned(8),
        |view, out| {
            octet(view, out, number::HOP_BY_HOP, EXTENSION_LENGTH);
        },
    ),
    Field::with(
        "ipv6.dstopts.nxt",
        "next header",
        EXTENSION,
        Kind::Unsigned(8),
        |view, out| {
            octet(
                view,
                out,
                number::DESTINATION_OPTIONS,
                EXTENSION_NEXT_HEADER,
            );
        },
    )
    .named(IP_PROTOCOLS),
    Field::with(
        "ipv6.dstopts.len",
        "length",
        EXTENSION,
        Kind::Unsigned(8),
        |view, out| {
            octet(view, out, number::DESTINATION_OPTIONS, EXTENSION_LENGTH);
        },
    ),
    Field::with(
        "ipv6.routing.nxt",
        "next header",
        EXTENSION,
        Kind::Unsigned(8),
        |view, out| {
            octet(view, out, number::ROUTING, EXTENSION_NEXT_HEADER);
        },
    )
    .named(IP_PROTOCOLS),
    Field::with(
        "ipv6.routing.len",
        "length",
        EXTENSION,
        Kind::Unsigned(8),
        |view, out| {
            octet(view, out, number::ROUTING, EXTENSION_LENGTH);
        },
    ),
    Field::with(
        "ipv6.routing.type",
        "type",
        EXTENSION,
        Kind::Unsigned(8),
        |view, out| {
            octet(view, out, number::ROUTING, ROUTING_TYPE);
        },
    ),
    Field::with(
        "ipv6.routing.segleft",
        "segments left",
        EXTENSION,
        Kind::Unsigned(8),
        |view, out| {
            octet(view, out, number::ROUTING, SEGMENTS_LEFT);
        },
    ),
    Field::with(
        "ipv6.fraghdr.nxt",
        "next header",
        EXTENSION,
        Kind::Unsigned(8),
        |view, out| {
            octet(view, out, number::FRAGMENT, EXTENSION_NEXT_HEADER);
        },
    )
    .named(IP_PROTOCOLS),
    Field::with(
        "ipv6.fraghdr.offset",
        "fragment offset, in units of 8 octets",
        EXTENSION,
        Kind::Unsigned(16),
        |view, out| {
            if number_of(view) == Some(number::FRAGMENT) {
                out.unsigned(view.header.u16(FRAGMENT_OFFSET).map(|bits| bits >> 3));
            }
        },
    ),
    Field::with(
        "ipv6.fraghdr.more",
        "more fragments",
        EXTENSION,
        Kind::Boolean,
        |view, out| {
            if number_of(view) == Some(number::FRAGMENT) {
                out.boolean(view.header.u16(FRAGMENT_OFFSET).map(|bits| bits & 1 == 1));
            }
        },
    ),
    Field::with(
        "ipv6.fraghdr.ident",
        "identification",
        EXTENSION,
        Kind::Unsigned(32),
        |view, out| {
            if number_of(view) == Some(number::FRAGMENT) {
                out.unsigned(view.header.u32(FRAGMENT_IDENTIFICATION));
            }
        },
    )
    .hexadecimal(),
];

/// Octets of the header with its extension headers, which Wireshark counts in.
fn header_length(view: &View<'_>) -> usize {
    let mut layers = view.packet.layers().iter();
    let is_this = |layer: &packet::Layer| view.layer.is_some_and(|this| this == layer);
    layers.by_ref().find(|layer| is_this(layer));
    let mut length = HEADER;
    for layer in layers.take_while(|layer| layer.protocol == Protocol::Extension) {
        let number = extension_number(view.packet, layer);
        length += extension_length(number, &view.packet.header(layer));
    }
    length
}

/// Octets of an extension header (RFC 8200 §4.2 to 4.6; RFC 4302 §2.2).
fn extension_length(number: Option<u8>, header: &packet::Header<'_>) -> usize {
    let length = usize::from(header.u8(EXTENSION_LENGTH).unwrap_or(0));
    match number {
        Some(number::FRAGMENT) => 8,
        Some(number::AUTHENTICATION) => (length + 2) * 4,
        _ => (length + 1) * 8,
    }
}

fn number_of(view: &View<'_>) -> Option<u8> {
    extension_number(view.packet, view.layer?)
}

/// What the header before this extension header says that it is.
fn extension_number(packet: &packet::Packet<'_>, extension: &packet::Layer) -> Option<u8> {
    let mut before = None;
    for layer in packet.layers() {
        if layer == extension {
            break;
        }
        before = Some(layer);
    }
    let before = before?;
    let header = packet.header(before);
    match before.protocol {
        Protocol::Ipv6 => header.u8(NEXT_HEADER),
        Protocol::Ipv4 => header.u8(packet::ipv4::PROTOCOL),
        Protocol::Extension => header.u8(EXTENSION_NEXT_HEADER),
        _ => None,
    }
}

fn extension<'a>(view: &View<'a>, out: &mut Out<'a, '_>, number: u8) {
    if number_of(view) == Some(number) {
        let length = extension_length(Some(number), &view.header);
        out.value(Value::Protocol(view.header.octets(), length));
    }
}

fn octet<'a>(view: &View<'a>, out: &mut Out<'a, '_>, number: u8, place: packet::Field) {
    if number_of(view) == Some(number) {
        out.unsigned(view.header.u8(place));
    }
}
