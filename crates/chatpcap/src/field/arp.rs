//! Fields of ARP.

use super::names::{ARP_OPERATIONS, ETHER_TYPES};
use super::{Field, Kind, Out, Scope, Value, View};
use crate::packet::arp::OPERATION;
use crate::packet::{self, Protocol};

const SCOPE: Scope = Scope::Layers(&[Protocol::Arp]);

const HARDWARE_TYPE: packet::Field = packet::Field::new("hardware_type", 0, 2);
const PROTOCOL_TYPE: packet::Field = packet::Field::new("protocol_type", 2, 2);
const HARDWARE_SIZE: packet::Field = packet::Field::new("hardware_address_length", 4, 1);
const PROTOCOL_SIZE: packet::Field = packet::Field::new("protocol_address_length", 5, 1);
/// Octets before the addresses.
const FIXED: usize = 8;

/// `arp.*`.
pub(super) const FIELDS: &[Field] = &[
    Field::protocol("arp", "Address Resolution Protocol", SCOPE, |view, out| {
        let addresses = 2 * (hardware_size(view) + protocol_size(view));
        out.value(Value::Protocol(view.header.octets(), FIXED + addresses));
    }),
    Field::at(
        "arp.hw.type",
        "hardware type",
        SCOPE,
        Kind::Unsigned(16),
        &[HARDWARE_TYPE],
    ),
    Field::at(
        "arp.proto.type",
        "protocol type",
        SCOPE,
        Kind::Unsigned(16),
        &[PROTOCOL_TYPE],
    )
    .hexadecimal()
    .named(ETHER_TYPES),
    Field::at(
        "arp.hw.size",
        "hardware address length",
        SCOPE,
        Kind::Unsigned(8),
        &[HARDWARE_SIZE],
    ),
    Field::at(
        "arp.proto.size",
        "protocol address length",
        SCOPE,
        Kind::Unsigned(8),
        &[PROTOCOL_SIZE],
    ),
    Field::at(
        "arp.opcode",
        "operation",
        SCOPE,
        Kind::Unsigned(16),
        &[OPERATION],
    )
    .named(ARP_OPERATIONS),
    Field::with(
        "arp.isgratuitous",
        "is gratuitous",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            // The field is there where it is true.
            if is_gratuitous(view) {
                out.boolean(Some(true));
            }
        },
    ),
    Field::with(
        "arp.isannouncement",
        "tells of its address unasked",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            if view.header.u16(OPERATION) == Some(1) && is_gratuitous(view) {
                out.boolean(Some(true));
            }
        },
    ),
    Field::with(
        "arp.isprobe",
        "asks whether an address is free",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            if view.header.u16(OPERATION) == Some(1) && is_without_sender(view) {
                out.boolean(Some(true));
            }
        },
    ),
    Field::with(
        "arp.src.hw_mac",
        "the sender's Ethernet address",
        SCOPE,
        Kind::Ethernet,
        |view, out| hardware(view, out, FIXED),
    ),
    Field::with(
        "arp.src.proto_ipv4",
        "the sender's IPv4 address",
        SCOPE,
        Kind::Ipv4,
        |view, out| protocol(view, out, FIXED + hardware_size(view)),
    ),
    Field::with(
        "arp.dst.hw_mac",
        "the target's Ethernet address",
        SCOPE,
        Kind::Ethernet,
        |view, out| hardware(view, out, FIXED + hardware_size(view) + protocol_size(view)),
    ),
    Field::with(
        "arp.dst.proto_ipv4",
        "the target's IPv4 address",
        SCOPE,
        Kind::Ipv4,
        |view, out| {
            protocol(
                view,
                out,
                FIXED + 2 * hardware_size(view) + protocol_size(view),
            );
        },
    ),
];

fn hardware_size(view: &View<'_>) -> usize {
    view.header.u8(HARDWARE_SIZE).unwrap_or(0).into()
}

fn protocol_size(view: &View<'_>) -> usize {
    view.header.u8(PROTOCOL_SIZE).unwrap_or(0).into()
}

fn hardware<'a>(view: &View<'a>, out: &mut Out<'a, '_>, at: usize) {
    let is_ethernet = matches!(view.header.u16(HARDWARE_TYPE), Some(1 | 6));
    if is_ethernet && hardware_size(view) == 6 {
        out.octets(Kind::Ethernet, view.header.octets().get(at..));
    }
}

fn protocol<'a>(view: &View<'a>, out: &mut Out<'a, '_>, at: usize) {
    if view.header.u16(PROTOCOL_TYPE) == Some(0x0800) && protocol_size(view) == 4 {
        out.octets(Kind::Ipv4, view.header.octets().get(at..));
    }
}

/// Whether a host tells of itself: sender and target are one address (RFC 5227 §1.2).
fn is_gratuitous(view: &View<'_>) -> bool {
    let size = protocol_size(view);
    let address = |at: usize| view.header.octets().get(at..)?.get(..size);
    let sender = address(FIXED + hardware_size(view));
    let target = address(FIXED + 2 * hardware_size(view) + size);
    sender.is_some() && size > 0 && sender == target
}

/// Whether the sender has no address yet (RFC 5227 §1.1).
fn is_without_sender(view: &View<'_>) -> bool {
    let at = FIXED + hardware_size(view);
    let sender = view.header.octets().get(at..);
    let sender = sender.and_then(|rest| rest.get(..protocol_size(view)));
    sender.is_some_and(|sender| !sender.is_empty() && sender.iter().all(|octet| *octet == 0))
}
