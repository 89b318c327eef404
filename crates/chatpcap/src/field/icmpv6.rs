//! Fields of ICMPv6 and neighbour discovery.

use super::names::ICMPV6_TYPES;
use super::{Field, Kind, Out, Scope, View};
use crate::packet::icmp::{CHECKSUM, CODE, IDENTIFIER, SEQUENCE_NUMBER, TYPE};
use crate::packet::{self, Protocol};

const SCOPE: Scope = Scope::Layers(&[Protocol::Icmpv6]);

const WORD: packet::Field = packet::Field::new("rest_of_header", 4, 4);
const TARGET: packet::Field = packet::Field::new("target_address", 8, 16);
const REDIRECTED: packet::Field = packet::Field::new("destination_address", 24, 16);
const ADVERTISEMENT_FLAGS: packet::Field = packet::Field::new("flags", 4, 4);

/// Message types (RFC 4443; RFC 4861; RFC 2710).
mod message {
    pub(super) const TOO_BIG: u8 = 2;
    pub(super) const PARAMETER_PROBLEM: u8 = 4;
    pub(super) const ECHO_REQUEST: u8 = 128;
    pub(super) const ECHO_REPLY: u8 = 129;
    pub(super) const LISTENER_QUERY: u8 = 130;
    pub(super) const LISTENER_DONE: u8 = 132;
    pub(super) const ROUTER_SOLICITATION: u8 = 133;
    pub(super) const ROUTER_ADVERTISEMENT: u8 = 134;
    pub(super) const NEIGHBOUR_SOLICITATION: u8 = 135;
    pub(super) const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
    pub(super) const REDIRECT: u8 = 137;
}

/// `icmpv6.*`.
pub(super) const FIELDS: &[Field] = &[
    Field::message("icmpv6", "Internet Control Message Protocol v6", SCOPE),
    Field::at("icmpv6.type", "type", SCOPE, Kind::Unsigned(8), &[TYPE]).named(ICMPV6_TYPES),
    Field::at("icmpv6.code", "code", SCOPE, Kind::Unsigned(8), &[CODE]),
    Field::at(
        "icmpv6.checksum",
        "checksum",
        SCOPE,
        Kind::Unsigned(16),
        &[CHECKSUM],
    )
    .hexadecimal(),
    Field::with(
        "icmpv6.echo.identifier",
        "identifier",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            if is_echo(view) {
                out.unsigned(view.header.u16(IDENTIFIER));
            }
        },
    )
    .hexadecimal(),
    Field::with(
        "icmpv6.echo.sequence_number",
        "sequence number",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            if is_echo(view) {
                out.unsigned(view.header.u16(SEQUENCE_NUMBER));
            }
        },
    ),
    Field::with(
        "icmpv6.mtu",
        "MTU of the next hop",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            if is(view, message::TOO_BIG) {
                out.unsigned(view.header.u32(WORD));
            }
        },
    ),
    Field::with(
        "icmpv6.pointer",
        "octet that is wrong",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            if is(view, message::PARAMETER_PROBLEM) {
                out.unsigned(view.header.u32(WORD));
            }
        },
    ),
    Field::with(
        "icmpv6.nd.ns.target_address",
        "whom is sought",
        SCOPE,
        Kind::Ipv6,
        |view, out| {
            target(view, out, message::NEIGHBOUR_SOLICITATION);
        },
    ),
    Field::with(
        "icmpv6.nd.na.target_address",
        "who answers",
        SCOPE,
        Kind::Ipv6,
        |view, out| {
            target(view, out, message::NEIGHBOUR_ADVERTISEMENT);
        },
    ),
    Field::with(
        "icmpv6.nd.rd.target_address",
        "better next hop",
        SCOPE,
        Kind::Ipv6,
        |view, out| {
            target(view, out, message::REDIRECT);
        },
    ),
    Field::with(
        "icmpv6.rd.na.destination_address",
        "destination that is redirected",
        SCOPE,
        Kind::Ipv6,
        |view, out| {
            if is(view, message::REDIRECT) {
                out.octets(Kind::Ipv6, view.header.bytes(REDIRECTED));
            }
        },
    ),
    Field::with(
        "icmpv6.nd.na.flag.r",
        "is a router",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            flag(view, out, 0x8000_0000);
        },
    ),
    Field::with(
        "icmpv6.nd.na.flag.s",
        "was solicited",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            flag(view, out, 0x4000_0000);
        },
    ),
    Field::with(
        "icmpv6.nd.na.flag.o",
        "overrides",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            flag(view, out, 0x2000_0000);
        },
    ),
    Field::with(
        "icmpv6.nd.ra.cur_hop_limit",
        "hop limit that a router advertises",
        SCOPE,
        Kind::Unsigned(8),
        |view, out| {
            if is(view, message::ROUTER_ADVERTISEMENT) {
                out.unsigned(view.header.u8(IDENTIFIER));
            }
        },
    ),
    Field::with(
        "icmpv6.nd.ra.router_lifetime",
        "seconds that a router stands ready",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            if is(view, message::ROUTER_ADVERTISEMENT) {
                out.unsigned(view.header.u16(SEQUENCE_NUMBER));
            }
        },
    ),
    Field::with(
        "icmpv6.mld.multicast_address",
        "group",
        SCOPE,
        Kind::Ipv6,
        |view, out| {
            let kind = view.header.u8(TYPE).unwrap_or(0);
            if (message::LISTENER_QUERY..=message::LISTENER_DONE).contains(&kind) {
                out.octets(Kind::Ipv6, view.header.bytes(TARGET));
            }
        },
    ),
    Field::with(
        "icmpv6.opt.type",
        "option",
        SCOPE,
        Kind::Unsigned(8),
        |view, out| {
            options(view, &mut |kind, _| out.unsigned(Some(kind)));
        },
    ),
    Field::with(
        "icmpv6.opt.src_linkaddr",
        "link address of the sender",
        SCOPE,
        Kind::Bytes,
        |view, out| link_address(view, out, 1),
    )
    .with_colons(),
    Field::with(
        "icmpv6.opt.target_linkaddr",
        "link address of the target",
        SCOPE,
        Kind::Bytes,
        |view, out| link_address(view, out, 2),
    )
    .with_colons(),
];

fn is(view: &View<'_>, kind: u8) -> bool {
    view.header.u8(TYPE) == Some(kind)
}

fn is_echo(view: &View<'_>) -> bool {
    is(view, message::ECHO_REQUEST) || is(view, message::ECHO_REPLY)
}

fn target<'a>(view: &View<'a>, out: &mut Out<'a, '_>, kind: u8) {
    if is(view, kind) {
        out.octets(Kind::Ipv6, view.header.bytes(TARGET));
    }
}

fn flag(view: &View<'_>, out: &mut Out<'_, '_>, bit: u32) {
    if is(view, message::NEIGHBOUR_ADVERTISEMENT) {
        let flags = view.header.u32(ADVERTISEMENT_FLAGS);
        out.boolean(flags.map(|flags| flags & bit != 0));
    }
}

fn link_address<'a>(view: &View<'a>, out: &mut Out<'a, '_>, wanted: u8) {
    options(view, &mut |kind, octets| {
        if kind == wanted {
            out.bytes(octets);
        }
    });
}

/// The options of a neighbour discovery message: a type, a length in units of eight octets, a value
/// (RFC 4861 §4.6).
fn options<'a>(view: &View<'a>, give: &mut dyn FnMut(u8, &'a [u8])) {
    let start = match view.header.u8(TYPE) {
        Some(message::ROUTER_SOLICITATION) => 8,
        Some(message::ROUTER_ADVERTISEMENT) => 16,
        Some(message::NEIGHBOUR_SOLICITATION | message::NEIGHBOUR_ADVERTISEMENT) => 24,
        Some(message::REDIRECT) => 40,
        _ => return,
    };
    let mut rest = view.header.octets().get(start..).unwrap_or_default();
    while let [kind, length, ..] = rest {
        let length = usize::from(*length) * 8;
        // A length of nought would never end.
        let Some(option) = rest.get(2..length) else {
            break;
        };
        give(*kind, option);
        rest = rest.get(length..).unwrap_or_default();
    }
}
