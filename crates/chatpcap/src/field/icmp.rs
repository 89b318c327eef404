//! Fields of ICMP.

use super::names::{CHECKSUM_STATUS, ICMP_TYPES};
use super::{Field, Kind, Scope, View};
use crate::packet::icmp::{CHECKSUM, CODE, IDENTIFIER, SEQUENCE_NUMBER, TYPE};
use crate::packet::{self, Protocol};

const SCOPE: Scope = Scope::Layers(&[Protocol::Icmp]);

const NEXT_HOP_MTU: packet::Field = packet::Field::new("next_hop_mtu", 6, 2);
const GATEWAY: packet::Field = packet::Field::new("gateway_internet_address", 4, 4);

/// Message types (RFC 792).
mod message {
    pub(super) const ECHO_REPLY: u8 = 0;
    pub(super) const UNREACHABLE: u8 = 3;
    pub(super) const REDIRECT: u8 = 5;
    pub(super) const ECHO: u8 = 8;
    pub(super) const TIMESTAMP: u8 = 13;
    pub(super) const MASK_REPLY: u8 = 18;
    /// Of an unreachable: a fragment would be needed (RFC 1191 §4).
    pub(super) const FRAGMENTATION_NEEDED: u8 = 4;
}

/// `icmp.*`.
pub(super) const FIELDS: &[Field] = &[
    Field::message("icmp", "Internet Control Message Protocol", SCOPE),
    Field::at("icmp.type", "type", SCOPE, Kind::Unsigned(8), &[TYPE]).named(ICMP_TYPES),
    Field::at("icmp.code", "code", SCOPE, Kind::Unsigned(8), &[CODE]),
    Field::at(
        "icmp.checksum",
        "checksum",
        SCOPE,
        Kind::Unsigned(16),
        &[CHECKSUM],
    )
    .hexadecimal(),
    Field::with(
        "icmp.checksum.status",
        "checksum: verified",
        SCOPE,
        Kind::Unsigned(8),
        |view, out| {
            out.unsigned(checksum_status(view));
        },
    )
    .named(CHECKSUM_STATUS),
    Field::with(
        "icmp.ident",
        "identifier",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            out.unsigned(has_identifier(view).and_then(|()| view.header.u16(IDENTIFIER)));
        },
    ),
    Field::with(
        "icmp.ident_le",
        "identifier, read in the other byte order",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            let identifier = has_identifier(view).and_then(|()| view.header.u16(IDENTIFIER));
            out.unsigned(identifier.map(u16::swap_bytes));
        },
    ),
    Field::with(
        "icmp.seq",
        "sequence number",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            out.unsigned(has_identifier(view).and_then(|()| view.header.u16(SEQUENCE_NUMBER)));
        },
    ),
    Field::with(
        "icmp.seq_le",
        "sequence number, read in the other byte order",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            let seq = has_identifier(view).and_then(|()| view.header.u16(SEQUENCE_NUMBER));
            out.unsigned(seq.map(u16::swap_bytes));
        },
    ),
    Field::with(
        "icmp.mtu",
        "MTU of the next hop",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            let is_there = view.header.u8(TYPE) == Some(message::UNREACHABLE)
                && view.header.u8(CODE) == Some(message::FRAGMENTATION_NEEDED);
            if is_there {
                out.unsigned(view.header.u16(NEXT_HOP_MTU));
            }
        },
    ),
    Field::with(
        "icmp.redir_gw",
        "gateway",
        SCOPE,
        Kind::Ipv4,
        |view, out| {
            if view.header.u8(TYPE) == Some(message::REDIRECT) {
                out.octets(Kind::Ipv4, view.header.bytes(GATEWAY));
            }
        },
    ),
];

fn has_identifier(view: &View<'_>) -> Option<()> {
    let kind = view.header.u8(TYPE)?;
    let has = matches!(kind, message::ECHO_REPLY | message::ECHO)
        || (message::TIMESTAMP..=message::MASK_REPLY).contains(&kind);
    has.then_some(())
}

/// 1 good, 0 bad, 2 where the message was not captured whole. The checksum of ICMP is verified by
/// default, as Wireshark does.
fn checksum_status(view: &View<'_>) -> Option<u8> {
    view.header.u16(CHECKSUM)?;
    let layer = view.layer?;
    let octets = view.header.octets();
    if layer.quoted || octets.len() < layer.length() {
        return Some(2);
    }
    Some((packet::checksum::sum(octets) == 0xffff).into())
}
