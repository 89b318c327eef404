//! Fields of the Linux cooked header, versions 1 and 2.
//!
//! | version 1 | version 2 | octets | field |
//! |---|---|---|---|
//! | 0 | 10 (one octet) | 2 | packet type: 0 to us, 1 broadcast, 2 multicast, 3 to others, 4 from us |
//! | 2 | 8 | 2 | hardware type (ARPHRD) |
//! | 4 | 11 (one octet) | 2 | length of the sender's address |
//! | 6 | 12 | 8 | the sender's address |
//! | 14 | 0 | 2 | protocol |
//! | | 4 | 4 | interface index |
//!
//! Source: tcpdump.org, `LINKTYPE_LINUX_SLL` and `LINKTYPE_LINUX_SLL2`.

use super::names::{ETHER_TYPES, PACKET_TYPES};
use super::{Field, Kind, Scope, Value, View};
use crate::packet::{Protocol, ether_type};

const BOTH: Scope = Scope::Layers(&[Protocol::LinuxSll, Protocol::LinuxSll2]);
const SECOND: Scope = Scope::Layers(&[Protocol::LinuxSll2]);

/// `sll.*`.
pub(super) const FIELDS: &[Field] = &[
    Field::protocol("sll", "Linux cooked capture", BOTH, |view, out| {
        let header = if is_second(view) { 20 } else { 16 };
        out.value(Value::Protocol(view.header.octets(), header));
    }),
    Field::with(
        "sll.pkttype",
        "packet type",
        BOTH,
        Kind::Unsigned(16),
        |view, out| {
            out.unsigned(if is_second(view) {
                view.header.octets().get(10).map(|octet| u16::from(*octet))
            } else {
                u16_at(view, 0)
            });
        },
    )
    .named(PACKET_TYPES),
    Field::with(
        "sll.hatype",
        "hardware type",
        BOTH,
        Kind::Unsigned(16),
        |view, out| {
            out.unsigned(u16_at(view, if is_second(view) { 8 } else { 2 }));
        },
    ),
    Field::with(
        "sll.halen",
        "length of the sender's address",
        BOTH,
        Kind::Unsigned(16),
        |view, out| out.unsigned(address_length(view)),
    ),
    Field::with(
        "sll.src.eth",
        "the sender's address",
        BOTH,
        Kind::Ethernet,
        |view, out| {
            let at = if is_second(view) { 12 } else { 6 };
            if address_length(view) == Some(6) {
                out.octets(Kind::Ethernet, view.header.octets().get(at..));
            }
        },
    ),
    Field::with(
        "sll.etype",
        "EtherType",
        BOTH,
        Kind::Unsigned(16),
        |view, out| {
            out.unsigned(protocol(view).filter(|protocol| *protocol >= ether_type::FIRST));
        },
    )
    .hexadecimal()
    .named(ETHER_TYPES),
    Field::with(
        "sll.ltype",
        "Linux's own protocol",
        BOTH,
        Kind::Unsigned(16),
        |view, out| {
            out.unsigned(protocol(view).filter(|protocol| *protocol < ether_type::FIRST));
        },
    )
    .hexadecimal(),
    Field::with(
        "sll.ifindex",
        "interface index",
        SECOND,
        Kind::Unsigned(32),
        |view, out| {
            out.octets(Kind::Unsigned(32), view.header.octets().get(4..8));
        },
    ),
];

fn is_second(view: &View<'_>) -> bool {
    view.layer
        .is_some_and(|layer| layer.protocol == Protocol::LinuxSll2)
}

fn protocol(view: &View<'_>) -> Option<u16> {
    u16_at(view, if is_second(view) { 0 } else { 14 })
}

fn address_length(view: &View<'_>) -> Option<u16> {
    if is_second(view) {
        view.header.octets().get(11).map(|octet| u16::from(*octet))
    } else {
        u16_at(view, 4)
    }
}

fn u16_at(view: &View<'_>, at: usize) -> Option<u16> {
    let octets = view.header.octets().get(at..)?.first_chunk()?;
    Some(u16::from_be_bytes(*octets))
}
