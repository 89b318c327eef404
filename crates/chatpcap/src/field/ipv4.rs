//! Fields of the IPv4 header.

use super::names::{CHECKSUM_STATUS, IP_PROTOCOLS};
use super::{Field, Kind, Scope, Value, View};
use crate::packet::ipv4::{
    CHECKSUM, DESTINATION, FLAGS_AND_OFFSET, IDENTIFICATION, PROTOCOL, SOURCE, TIME_TO_LIVE,
    TOTAL_LENGTH, VERSION_AND_LENGTH,
};
use crate::packet::{self, Protocol};

const SCOPE: Scope = Scope::Layers(&[Protocol::Ipv4]);

/// A packet of version 6 has a version too.
const BOTH_VERSIONS: Scope = Scope::Layers(&[Protocol::Ipv4, Protocol::Ipv6]);

const SERVICE: packet::Field = packet::Field::new("differentiated_services", 1, 1);
const FLAGS: packet::Field = packet::Field::new("flags", 6, 1);
/// Octets of a header without options.
const MIN_HEADER: usize = 20;

/// `ip.*`.
pub(super) const FIELDS: &[Field] = &[
    Field::protocol("ip", "Internet Protocol, version 4", SCOPE, |view, out| {
        let header = header_length(view).unwrap_or(MIN_HEADER);
        out.value(Value::Protocol(view.header.octets(), header));
    }),
    Field::bits(
        "ip.version",
        "version, 4 or 6",
        BOTH_VERSIONS,
        Kind::Unsigned(8),
        VERSION_AND_LENGTH,
        0xf0,
    ),
    Field::with(
        "ip.hdr_len",
        "header length, in octets",
        SCOPE,
        Kind::Unsigned(8),
        |view, out| {
            out.size(header_length(view));
        },
    ),
    Field::at(
        "ip.dsfield",
        "differentiated services",
        SCOPE,
        Kind::Unsigned(8),
        &[SERVICE],
    )
    .hexadecimal(),
    Field::bits(
        "ip.dsfield.dscp",
        "code point",
        SCOPE,
        Kind::Unsigned(8),
        SERVICE,
        0xfc,
    ),
    Field::bits(
        "ip.dsfield.ecn",
        "congestion notification",
        SCOPE,
        Kind::Unsigned(8),
        SERVICE,
        3,
    ),
    Field::with(
        "ip.len",
        "total length, in octets",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            // Zero is left by segmentation offload: the frame's own length counts.
            let length = view.header.u16(TOTAL_LENGTH);
            match length {
                Some(0) => out.size(view.layer.map(packet::Layer::length)),
                _ => out.unsigned(length),
            }
        },
    ),
    Field::at(
        "ip.id",
        "identification",
        SCOPE,
        Kind::Unsigned(16),
        &[IDENTIFICATION],
    )
    .hexadecimal(),
    Field::bits("ip.flags", "flags", SCOPE, Kind::Unsigned(8), FLAGS, 0xe0).hexadecimal(),
    Field::bits(
        "ip.flags.rb",
        "reserved bit",
        SCOPE,
        Kind::Boolean,
        FLAGS,
        0x80,
    ),
    Field::bits(
        "ip.flags.df",
        "do not fragment",
        SCOPE,
        Kind::Boolean,
        FLAGS,
        0x40,
    ),
    Field::bits(
        "ip.flags.mf",
        "more fragments",
        SCOPE,
        Kind::Boolean,
        FLAGS,
        0x20,
    ),
    Field::bits(
        "ip.frag_offset",
        "fragment offset, in units of 8 octets",
        SCOPE,
        Kind::Unsigned(16),
        FLAGS_AND_OFFSET,
        0x1fff,
    ),
    Field::at(
        "ip.ttl",
        "time to live",
        SCOPE,
        Kind::Unsigned(8),
        &[TIME_TO_LIVE],
    ),
    Field::at(
        "ip.proto",
        "protocol",
        SCOPE,
        Kind::Unsigned(8),
        &[PROTOCOL],
    )
    .named(IP_PROTOCOLS),
    Field::at(
        "ip.checksum",
        "header checksum",
        SCOPE,
        Kind::Unsigned(16),
        &[CHECKSUM],
    )
    .hexadecimal(),
    Field::with(
        "ip.checksum.status",
        "header checksum: 2, not verified",
        SCOPE,
        Kind::Unsigned(8),
        |view, out| out.unsigned(view.header.u16(CHECKSUM).map(|_| 2_u8)),
    )
    .named(CHECKSUM_STATUS),
    Field::at("ip.src", "source", SCOPE, Kind::Ipv4, &[SOURCE]),
    Field::at("ip.dst", "destination", SCOPE, Kind::Ipv4, &[DESTINATION]),
    Field::at(
        "ip.addr",
        "source or destination",
        SCOPE,
        Kind::Ipv4,
        &[SOURCE, DESTINATION],
    ),
    Field::with(
        "ip.src_host",
        "source, as text",
        SCOPE,
        Kind::Text,
        |view, out| {
            out.host(view.header.bytes(SOURCE));
        },
    ),
    Field::with(
        "ip.dst_host",
        "destination, as text",
        SCOPE,
        Kind::Text,
        |view, out| {
            out.host(view.header.bytes(DESTINATION));
        },
    ),
    Field::with(
        "ip.host",
        "source or destination, as text",
        SCOPE,
        Kind::Text,
        |view, out| {
            out.host(view.header.bytes(SOURCE));
            out.host(view.header.bytes(DESTINATION));
        },
    ),
    Field::with(
        "ip.opt.type",
        "option",
        SCOPE,
        Kind::Unsigned(8),
        |view, out| {
            let options =
                header_length(view).and_then(|end| view.header.octets().get(MIN_HEADER..end));
            let mut rest = options.unwrap_or_default();
            while let [kind, after @ ..] = rest {
                out.unsigned(Some(*kind));
                rest = match (kind, after) {
                    // End of the list; no operation.
                    (0, _) => break,
                    (1, _) => after,
                    (_, [length, ..]) if *length >= 2 => {
                        rest.get(usize::from(*length)..).unwrap_or_default()
                    }
                    _ => break,
                };
            }
        },
    ),
];

fn header_length(view: &View<'_>) -> Option<usize> {
    let words = view.header.u8(VERSION_AND_LENGTH)? & 0x0f;
    Some(usize::from(words) * 4)
}
