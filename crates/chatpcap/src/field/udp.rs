//! Fields of the UDP header.

use super::names::CHECKSUM_STATUS;
use super::{Field, Kind, Needs, Scope, Value, View};
use crate::packet::Protocol;
use crate::packet::udp::{CHECKSUM, DESTINATION_PORT, HEADER, LENGTH, SOURCE_PORT};

const SCOPE: Scope = Scope::Layers(&[Protocol::Udp]);

/// `udp.*`.
pub(super) const FIELDS: &[Field] = &[
    Field::protocol("udp", "User Datagram Protocol", SCOPE, |view, out| {
        out.value(Value::Protocol(view.header.octets(), HEADER));
    }),
    Field::at(
        "udp.srcport",
        "source port",
        SCOPE,
        Kind::Unsigned(16),
        &[SOURCE_PORT],
    ),
    Field::at(
        "udp.dstport",
        "destination port",
        SCOPE,
        Kind::Unsigned(16),
        &[DESTINATION_PORT],
    ),
    Field::at(
        "udp.port",
        "source or destination port",
        SCOPE,
        Kind::Unsigned(16),
        &[SOURCE_PORT, DESTINATION_PORT],
    ),
    Field::at(
        "udp.length",
        "length, in octets",
        SCOPE,
        Kind::Unsigned(16),
        &[LENGTH],
    ),
    Field::at(
        "udp.checksum",
        "checksum",
        SCOPE,
        Kind::Unsigned(16),
        &[CHECKSUM],
    )
    .hexadecimal(),
    Field::with(
        "udp.checksum.status",
        "checksum: 2 not verified, 3 not there, 4 not there and needed",
        SCOPE,
        Kind::Unsigned(8),
        |view, out| {
            out.unsigned(view.header.u16(CHECKSUM).map(|checksum| match checksum {
                0 if is_over_ipv6(view) => 4_u8,
                0 => 3,
                _ => 2,
            }));
        },
    )
    .named(CHECKSUM_STATUS),
    Field::with(
        "udp.stream",
        "number of the flow",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            out.unsigned(view.sighting.map(|sighting| sighting.index));
        },
    )
    .needing(Needs::Flow),
    Field::with(
        "udp.payload",
        "payload, as far as it was captured",
        SCOPE,
        Kind::Bytes,
        |view, out| {
            let udp = view.layer.and_then(|layer| view.packet.udp(layer));
            out.bytes(udp.map(|udp| udp.payload()).unwrap_or_default());
        },
    ),
];

/// IPv6 needs the checksum (RFC 8200 §8.1).
fn is_over_ipv6(view: &View<'_>) -> bool {
    let layers = view.packet.layers().iter();
    let before = layers.take_while(|layer| view.layer != Some(layer));
    let network = before.filter(|layer| matches!(layer.protocol, Protocol::Ipv4 | Protocol::Ipv6));
    network
        .last()
        .is_some_and(|layer| layer.protocol == Protocol::Ipv6)
}
