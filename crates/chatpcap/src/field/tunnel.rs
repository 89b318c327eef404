//! Fields of tunnels: what they are, and which of many.

use super::names::ETHER_TYPES;
use super::{Field, Kind, Scope, Value};
use crate::packet::{self, Protocol};

const GRE: Scope = Scope::Layers(&[Protocol::Gre]);
const VXLAN: Scope = Scope::Layers(&[Protocol::Vxlan]);
const GENEVE: Scope = Scope::Layers(&[Protocol::Geneve]);
const GTP: Scope = Scope::Layers(&[Protocol::Gtp]);

/// In GRE: what it carries (RFC 2784 §2.4).
const GRE_TYPE: packet::Field = packet::Field::new("protocol_type", 2, 2);
/// In VXLAN and Geneve: the virtual network (RFC 7348 §5; RFC 8926 §3.4).
const NETWORK: packet::Field = packet::Field::new("virtual_network_identifier", 4, 3);
/// In Geneve: what it carries.
const GENEVE_TYPE: packet::Field = packet::Field::new("protocol_type", 2, 2);
/// In GTP-U: the tunnel (3GPP TS 29.281 §5.1).
const TUNNEL: packet::Field = packet::Field::new("tunnel_endpoint_identifier", 4, 4);
/// Octets of the fixed part of VXLAN's, Geneve's and GTP-U's headers.
const HEADER: usize = 8;

/// `gre.*`, `vxlan.*`, `geneve.*`, `gtp.*`.
pub(super) const FIELDS: &[Field] = &[
    Field::protocol("gre", "generic routing encapsulation", GRE, |view, out| {
        out.value(Value::Protocol(view.header.octets(), 4));
    }),
    Field::at(
        "gre.proto",
        "what it carries",
        GRE,
        Kind::Unsigned(16),
        &[GRE_TYPE],
    )
    .hexadecimal()
    .named(ETHER_TYPES),
    Field::protocol("vxlan", "virtual extensible LAN", VXLAN, |view, out| {
        out.value(Value::Protocol(view.header.octets(), HEADER));
    }),
    Field::at(
        "vxlan.vni",
        "virtual network",
        VXLAN,
        Kind::Unsigned(24),
        &[NETWORK],
    ),
    Field::protocol(
        "geneve",
        "generic network virtualisation encapsulation",
        GENEVE,
        |view, out| out.value(Value::Protocol(view.header.octets(), HEADER)),
    ),
    Field::at(
        "geneve.vni",
        "virtual network",
        GENEVE,
        Kind::Unsigned(24),
        &[NETWORK],
    )
    .hexadecimal(),
    Field::at(
        "geneve.proto_type",
        "what it carries",
        GENEVE,
        Kind::Unsigned(16),
        &[GENEVE_TYPE],
    )
    .hexadecimal()
    .named(ETHER_TYPES),
    Field::protocol("gtp", "GPRS tunnelling, user plane", GTP, |view, out| {
        out.value(Value::Protocol(view.header.octets(), HEADER));
    }),
    Field::at("gtp.teid", "tunnel", GTP, Kind::Unsigned(32), &[TUNNEL]).hexadecimal(),
];
