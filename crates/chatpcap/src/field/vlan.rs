//! Fields of IEEE 802.1Q tags, and of the 802.1ad tags that providers put before them.

use super::names::ETHER_TYPES;
use super::{Field, Kind, Scope, Value, View};
use crate::packet::{self, Protocol, ether_type};

const SCOPE: Scope = Scope::Layers(&[Protocol::Vlan]);

/// Priority, drop eligibility and identifier.
const CONTROL: packet::Field = packet::Field::new("tag_control_information", 0, 2);
const TYPE: packet::Field = packet::Field::new("type", 2, 2);
/// Octets of the tag.
const HEADER: usize = 4;

/// What the type before a tag of 802.1ad is.
const PROVIDER_BRIDGE: [u8; 2] = [0x88, 0xa8];

/// `vlan.*` and `ieee8021ad.*`.
pub(super) const FIELDS: &[Field] = &[
    Field::protocol("vlan", "IEEE 802.1Q tag", SCOPE, |view, out| {
        if !is_of_provider(view) {
            out.value(Value::Protocol(view.header.octets(), HEADER));
        }
    }),
    Field::with(
        "vlan.priority",
        "priority",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            out.unsigned(control(view, false).map(|bits| bits >> 13));
        },
    ),
    Field::with(
        "vlan.dei",
        "may be dropped",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            out.boolean(control(view, false).map(|bits| bits & 0x1000 != 0));
        },
    ),
    Field::with(
        "vlan.id",
        "identifier",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            out.unsigned(control(view, false).map(|bits| bits & 0x0fff));
        },
    ),
    Field::with(
        "vlan.etype",
        "EtherType",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            let value = control(view, false).and_then(|_| view.header.u16(TYPE));
            out.unsigned(value.filter(|value| *value >= ether_type::FIRST));
        },
    )
    .hexadecimal()
    .named(ETHER_TYPES),
    Field::with(
        "vlan.len",
        "length",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            let value = control(view, false).and_then(|_| view.header.u16(TYPE));
            out.unsigned(value.filter(|value| *value < ether_type::FIRST));
        },
    ),
    Field::protocol("ieee8021ad", "IEEE 802.1ad tag", SCOPE, |view, out| {
        if is_of_provider(view) {
            out.value(Value::Protocol(view.header.octets(), HEADER));
        }
    }),
    Field::with(
        "ieee8021ad.priority",
        "priority",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            out.unsigned(control(view, true).map(|bits| bits >> 13));
        },
    ),
    Field::with(
        "ieee8021ad.id",
        "identifier",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            out.unsigned(control(view, true).map(|bits| bits & 0x0fff));
        },
    ),
];

/// Whether the type before the tag is that of 802.1ad.
fn is_of_provider(view: &View<'_>) -> bool {
    let before = view.header.start().and_then(|start| {
        let octets = view.packet.octets().get(..start)?;
        octets.last_chunk::<2>()
    });
    before == Some(&PROVIDER_BRIDGE)
}

fn control(view: &View<'_>, of_provider: bool) -> Option<u16> {
    let bits = view.header.u16(CONTROL)?;
    (is_of_provider(view) == of_provider).then_some(bits)
}
