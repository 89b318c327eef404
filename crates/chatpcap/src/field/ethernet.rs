//! Fields of the Ethernet header.

use super::names::ETHER_TYPES;
use super::{Field, Kind, Scope, Value};
use crate::packet::{self, Protocol, ether_type};

const SCOPE: Scope = Scope::Layers(&[Protocol::Ethernet]);

const DESTINATION: packet::Field = packet::Field::new("destination", 0, 6);
const SOURCE: packet::Field = packet::Field::new("source", 6, 6);
const TYPE: packet::Field = packet::Field::new("type", 12, 2);
const DESTINATION_OUI: packet::Field = packet::Field::new("destination_oui", 0, 3);
const SOURCE_OUI: packet::Field = packet::Field::new("source_oui", 6, 3);
/// Octets of the header.
const HEADER: usize = 14;
/// The bit of an address that says it was given locally, and the one of a group address.
const LOCAL: u64 = 0x02;
const GROUP: u64 = 0x01;

const DESTINATION_BITS: packet::Field = packet::Field::new("destination_bits", 0, 1);
const SOURCE_BITS: packet::Field = packet::Field::new("source_bits", 6, 1);

/// `eth.*`.
pub(super) const FIELDS: &[Field] = &[
    Field::protocol("eth", "Ethernet", SCOPE, |view, out| {
        out.value(Value::Protocol(view.header.octets(), HEADER));
    }),
    Field::at(
        "eth.dst",
        "destination",
        SCOPE,
        Kind::Ethernet,
        &[DESTINATION],
    ),
    Field::at("eth.src", "source", SCOPE, Kind::Ethernet, &[SOURCE]),
    Field::at(
        "eth.addr",
        "destination or source",
        SCOPE,
        Kind::Ethernet,
        &[DESTINATION, SOURCE],
    ),
    Field::with(
        "eth.type",
        "EtherType",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            let value = view.header.u16(TYPE);
            out.unsigned(value.filter(|value| *value >= ether_type::FIRST));
        },
    )
    .hexadecimal()
    .named(ETHER_TYPES),
    Field::with(
        "eth.len",
        "length",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            let value = view.header.u16(TYPE);
            out.unsigned(value.filter(|value| *value < ether_type::FIRST));
        },
    ),
    Field::bits(
        "eth.dst.lg",
        "destination was given locally",
        SCOPE,
        Kind::Boolean,
        DESTINATION_BITS,
        LOCAL,
    ),
    Field::bits(
        "eth.dst.ig",
        "destination is a group",
        SCOPE,
        Kind::Boolean,
        DESTINATION_BITS,
        GROUP,
    ),
    Field::bits(
        "eth.src.lg",
        "source was given locally",
        SCOPE,
        Kind::Boolean,
        SOURCE_BITS,
        LOCAL,
    ),
    Field::bits(
        "eth.src.ig",
        "source is a group",
        SCOPE,
        Kind::Boolean,
        SOURCE_BITS,
        GROUP,
    ),
    Field::with(
        "eth.lg",
        "an address was given locally",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            for place in [DESTINATION_BITS, SOURCE_BITS] {
                let octet = view.header.u8(place);
                out.boolean(octet.map(|octet| u64::from(octet) & LOCAL != 0));
            }
        },
    ),
    Field::with(
        "eth.ig",
        "an address is a group",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            for place in [DESTINATION_BITS, SOURCE_BITS] {
                let octet = view.header.u8(place);
                out.boolean(octet.map(|octet| u64::from(octet) & GROUP != 0));
            }
        },
    ),
    Field::at(
        "eth.dst.oui",
        "maker of the destination",
        SCOPE,
        Kind::Unsigned(24),
        &[DESTINATION_OUI],
    ),
    Field::at(
        "eth.src.oui",
        "maker of the source",
        SCOPE,
        Kind::Unsigned(24),
        &[SOURCE_OUI],
    ),
    Field::at(
        "eth.addr.oui",
        "maker of destination or source",
        SCOPE,
        Kind::Unsigned(24),
        &[DESTINATION_OUI, SOURCE_OUI],
    ),
];
