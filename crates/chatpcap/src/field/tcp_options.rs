//! Fields of the TCP options.
//!
//! Source: RFC 9293 §3.1 (end, no operation, MSS), RFC 7323 (window scale, timestamps), RFC 2018
//! (selective acknowledgment).

use super::tcp::{SCOPE, segment};
use super::{Field, Kind, Out, Value, View};
use crate::packet::tcp::MIN_HEADER;

/// Option kinds (IANA, "Transmission Control Protocol Parameters").
mod option {
    pub(super) const END: u8 = 0;
    pub(super) const NO_OPERATION: u8 = 1;
    pub(super) const MAXIMUM_SEGMENT_SIZE: u8 = 2;
    pub(super) const WINDOW_SCALE: u8 = 3;
    pub(super) const SACK_PERMITTED: u8 = 4;
    pub(super) const SACK: u8 = 5;
    pub(super) const TIMESTAMPS: u8 = 8;
}

/// `tcp.options.*`.
pub(super) const FIELDS: &[Field] = &[
    Field::with(
        "tcp.options",
        "all options",
        SCOPE,
        Kind::Bytes,
        |view, out| {
            out.bytes(octets(view));
        },
    ),
    Field::with(
        "tcp.option_kind",
        "kind of an option",
        SCOPE,
        Kind::Unsigned(8),
        |view, out| {
            options(view, &mut |kind, _| out.unsigned(Some(kind)));
        },
    ),
    Field::with(
        "tcp.option_len",
        "length of an option",
        SCOPE,
        Kind::Unsigned(8),
        |view, out| {
            options(view, &mut |kind, octets| {
                if kind != option::END && kind != option::NO_OPERATION {
                    out.unsigned(octets.get(1).copied());
                }
            });
        },
    ),
    Field::with(
        "tcp.options.eol",
        "end of the options",
        SCOPE,
        Kind::Bytes,
        |view, out| {
            whole(view, out, option::END);
        },
    ),
    Field::with(
        "tcp.options.nop",
        "no operation",
        SCOPE,
        Kind::Bytes,
        |view, out| {
            whole(view, out, option::NO_OPERATION);
        },
    ),
    Field::with(
        "tcp.options.mss",
        "maximum segment size",
        SCOPE,
        Kind::Bytes,
        |view, out| {
            whole(view, out, option::MAXIMUM_SEGMENT_SIZE);
        },
    ),
    Field::with(
        "tcp.options.mss_val",
        "maximum segment size, in octets",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            numbers(
                view,
                out,
                option::MAXIMUM_SEGMENT_SIZE,
                &[2],
                Kind::Unsigned(16),
            );
        },
    ),
    Field::with(
        "tcp.options.wscale",
        "window scale",
        SCOPE,
        Kind::Bytes,
        |view, out| {
            whole(view, out, option::WINDOW_SCALE);
        },
    ),
    Field::with(
        "tcp.options.wscale.shift",
        "window scale, bits to shift",
        SCOPE,
        Kind::Unsigned(8),
        |view, out| numbers(view, out, option::WINDOW_SCALE, &[2], Kind::Unsigned(8)),
    ),
    Field::with(
        "tcp.options.wscale.multiplier",
        "window scale, factor",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            options(view, &mut |kind, octets| {
                if kind == option::WINDOW_SCALE
                    && let [_, _, shift] = octets
                {
                    // More than 14 counts as 14 (RFC 7323 §2.3).
                    out.unsigned(Some(1_u64 << (*shift).min(14)));
                }
            });
        },
    ),
    Field::with(
        "tcp.options.sack_perm",
        "selective acknowledgment permitted",
        SCOPE,
        Kind::Bytes,
        |view, out| whole(view, out, option::SACK_PERMITTED),
    ),
    Field::with(
        "tcp.options.sack",
        "selective acknowledgment",
        SCOPE,
        Kind::Bytes,
        |view, out| {
            whole(view, out, option::SACK);
        },
    ),
    Field::with(
        "tcp.options.sack_le",
        "left edge of a block, relative",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| edges(view, out, 0),
    )
    .needing(super::Needs::Flow),
    Field::with(
        "tcp.options.sack_re",
        "right edge of a block, relative",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| edges(view, out, 4),
    )
    .needing(super::Needs::Flow),
    Field::with(
        "tcp.options.sack.count",
        "blocks of a selective acknowledgment",
        SCOPE,
        Kind::Unsigned(8),
        |view, out| {
            options(view, &mut |kind, octets| {
                if kind == option::SACK {
                    out.size(Some(octets.len().saturating_sub(2) / 8));
                }
            });
        },
    ),
    Field::with(
        "tcp.options.timestamp",
        "timestamps",
        SCOPE,
        Kind::Bytes,
        |view, out| {
            whole(view, out, option::TIMESTAMPS);
        },
    ),
    Field::with(
        "tcp.options.timestamp.tsval",
        "timestamp of the sender",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| numbers(view, out, option::TIMESTAMPS, &[2], Kind::Unsigned(32)),
    ),
    Field::with(
        "tcp.options.timestamp.tsecr",
        "timestamp that is echoed",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| numbers(view, out, option::TIMESTAMPS, &[6], Kind::Unsigned(32)),
    ),
];

fn octets<'a>(view: &View<'a>) -> &'a [u8] {
    let end = segment(view)
        .and_then(|tcp| tcp.header_length())
        .unwrap_or(0);
    let octets = view.header.octets();
    octets
        .get(MIN_HEADER..end.min(octets.len()))
        .unwrap_or_default()
}

/// Gives kind and octets of each option, as far as they were captured, those behind the end of the
/// list too, as Wireshark lists them; ends at the first that is broken.
fn options<'a>(view: &View<'a>, give: &mut dyn FnMut(u8, &'a [u8])) {
    let mut rest = octets(view);
    while let [kind, after @ ..] = rest {
        let length = match (*kind, after) {
            (option::END | option::NO_OPERATION, _) => 1,
            (_, [length, ..]) if *length >= 2 => usize::from(*length),
            _ => break,
        };
        // The last one may be cut by the snap length.
        let (octets, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        give(*kind, octets);
        rest = after;
    }
}

fn whole<'a>(view: &View<'a>, out: &mut Out<'a, '_>, wanted: u8) {
    options(view, &mut |kind, octets| {
        if kind == wanted {
            out.bytes(octets);
        }
    });
}

/// The numbers that stand at these places of an option that has its due length.
fn numbers<'a>(view: &View<'a>, out: &mut Out<'a, '_>, wanted: u8, places: &[usize], of: Kind) {
    let size = match of {
        Kind::Unsigned(bits) => usize::from(bits / 8),
        _ => return,
    };
    options(view, &mut |kind, octets| {
        if kind == wanted {
            for place in places {
                out.octets(of, octets.get(*place..place.saturating_add(size)));
            }
        }
    });
}

/// One edge of each block of a selective acknowledgment, relative to the ISN of the peer.
fn edges<'a>(view: &View<'a>, out: &mut Out<'a, '_>, edge: usize) {
    let base = view.sighting.and_then(|sighting| {
        let segment = sighting.segment.as_ref()?;
        let raw = segment_ack(view)?;
        Some(raw.wrapping_sub(segment.ack))
    });
    options(view, &mut |kind, octets| {
        let blocks = octets.get(2..).unwrap_or_default();
        if kind == option::SACK {
            for block in blocks.as_chunks::<8>().0 {
                let number = block.get(edge..).and_then(|octets| octets.first_chunk());
                if let (Some(number), Some(base)) = (number, base) {
                    let relative = u32::from_be_bytes(*number).wrapping_sub(base);
                    out.value(Value::Unsigned(relative.into()));
                }
            }
        }
    });
}

fn segment_ack(view: &View<'_>) -> Option<u32> {
    segment(view)?.acknowledgment_number()
}
