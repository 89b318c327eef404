//! Fields of the BSD loopback header.

use super::{Field, Kind, Scope, Value};
use crate::packet::Protocol;

const SCOPE: Scope = Scope::Layers(&[Protocol::Loopback]);
/// Octets of the header.
const HEADER: usize = 4;

/// `null.*`.
pub(super) const FIELDS: &[Field] = &[
    Field::protocol("null", "BSD loopback", SCOPE, |view, out| {
        out.value(Value::Protocol(view.header.octets(), HEADER));
    }),
    Field::with(
        "null.family",
        "address family",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            let octets = view.header.octets().first_chunk();
            // Families are small numbers: a large one was written by a host of the other byte order.
            out.unsigned(octets.map(|octets| {
                let little = u32::from_le_bytes(*octets);
                if little <= 0xffff {
                    little
                } else {
                    u32::from_be_bytes(*octets)
                }
            }));
        },
    ),
];
