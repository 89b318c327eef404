//! Fields of the UDP header.

use super::names::CHECKSUM_STATUS;
use super::{Field, Kind, Needs, Scope, Value};
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
        "checksum: 2 not verified, 3 not there",
        SCOPE,
        Kind::Unsigned(8),
        |view, out| {
            let checksum = view.header.u16(CHECKSUM);
            out.unsigned(checksum.map(|checksum| if checksum == 0 { 3_u8 } else { 2 }));
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
