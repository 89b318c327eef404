//! Fields of the TCP header.

use super::names::CHECKSUM_STATUS;
use super::{Field, Kind, Needs, Scope, Value, View};
use crate::packet::ipv4::FLAGS_AND_OFFSET;
use crate::packet::tcp::{
    ACKNOWLEDGMENT_NUMBER, CHECKSUM, DATA_OFFSET, DESTINATION_PORT, FLAGS, MIN_HEADER,
    SEQUENCE_NUMBER, SOURCE_PORT, URGENT_POINTER, WINDOW,
};
use crate::packet::{self, Protocol, Tcp};

pub(super) const SCOPE: Scope = Scope::Layers(&[Protocol::Tcp]);

/// The bit of IPv4's flags that says that more fragments follow.
const MORE_FRAGMENTS: u16 = 0x2000;
/// Reserved bits and control bits.
const ALL_FLAGS: packet::Field = packet::Field::new("reserved_and_flags", 12, 2);

/// `tcp.*`, options and analysis left out.
pub(super) const FIELDS: &[Field] = &[
    Field::protocol(
        "tcp",
        "Transmission Control Protocol",
        SCOPE,
        |view, out| {
            let header = segment(view).and_then(|tcp| tcp.header_length());
            let header = header.unwrap_or(0).max(MIN_HEADER);
            out.value(Value::Protocol(view.header.octets(), header));
        },
    ),
    Field::at(
        "tcp.srcport",
        "source port",
        SCOPE,
        Kind::Unsigned(16),
        &[SOURCE_PORT],
    ),
    Field::at(
        "tcp.dstport",
        "destination port",
        SCOPE,
        Kind::Unsigned(16),
        &[DESTINATION_PORT],
    ),
    Field::at(
        "tcp.port",
        "source or destination port",
        SCOPE,
        Kind::Unsigned(16),
        &[SOURCE_PORT, DESTINATION_PORT],
    ),
    Field::with(
        "tcp.stream",
        "number of the flow",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            out.unsigned(view.sighting.map(|sighting| sighting.index));
        },
    )
    .needing(Needs::Flow),
    Field::with(
        "tcp.len",
        "octets of payload",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            if is_whole(view) {
                out.size(segment(view).and_then(|tcp| tcp.payload_length()));
            }
        },
    ),
    Field::with(
        "tcp.seq",
        "sequence number, relative",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            out.unsigned(if is_first_fragment(view) {
                view.header.u32(SEQUENCE_NUMBER)
            } else {
                in_flow(view).map(|segment| segment.seq)
            });
        },
    )
    .standing_at(&[SEQUENCE_NUMBER])
    .needing(Needs::Flow),
    Field::with(
        "tcp.seq_raw",
        "sequence number",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            if !is_quoted(view) {
                out.unsigned(segment(view).and_then(|_| view.header.u32(SEQUENCE_NUMBER)));
            }
        },
    )
    .standing_at(&[SEQUENCE_NUMBER]),
    Field::with(
        "tcp.nxtseq",
        "sequence number after the segment, relative",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            let segment = in_flow(view).filter(|_| is_whole(view));
            out.unsigned(segment.and_then(|segment| segment.next_seq));
        },
    )
    .needing(Needs::Flow),
    Field::with(
        "tcp.ack",
        "acknowledgment number, relative",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            out.unsigned(in_flow(view).map(|segment| segment.ack));
        },
    )
    .standing_at(&[ACKNOWLEDGMENT_NUMBER])
    .needing(Needs::Flow),
    Field::with(
        "tcp.ack_raw",
        "acknowledgment number",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            out.unsigned(segment(view).and_then(|_| view.header.u32(ACKNOWLEDGMENT_NUMBER)));
        },
    )
    .standing_at(&[ACKNOWLEDGMENT_NUMBER]),
    Field::with(
        "tcp.hdr_len",
        "header length, in octets",
        SCOPE,
        Kind::Unsigned(8),
        |view, out| {
            out.size(segment(view).and_then(|tcp| tcp.header_length()));
        },
    )
    .standing_at(&[DATA_OFFSET]),
    Field::with(
        "tcp.flags",
        "control bits",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            out.unsigned(flags(view));
        },
    )
    .standing_at(&[ALL_FLAGS])
    .hexadecimal(),
    Field::with(
        "tcp.flags.res",
        "reserved bits",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            out.boolean(flags(view).map(|flags| flags & 0xe00 != 0));
        },
    )
    .standing_at(&[ALL_FLAGS]),
    Field::with(
        "tcp.flags.ae",
        "accurate ECN",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            out.boolean(flags(view).map(|flags| flags & 0x100 != 0));
        },
    )
    .standing_at(&[ALL_FLAGS]),
    Field::with(
        "tcp.flags.cwr",
        "congestion window reduced",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            out.boolean(flags(view).map(|flags| flags & 0x80 != 0));
        },
    )
    .standing_at(&[FLAGS]),
    Field::with(
        "tcp.flags.ece",
        "ECN echo",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            out.boolean(flags(view).map(|flags| flags & 0x40 != 0));
        },
    )
    .standing_at(&[FLAGS]),
    Field::with(
        "tcp.flags.urg",
        "urgent",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            out.boolean(flags(view).map(|flags| flags & 0x20 != 0));
        },
    )
    .standing_at(&[FLAGS]),
    Field::with(
        "tcp.flags.ack",
        "acknowledgment",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            out.boolean(flags(view).map(|flags| flags & 0x10 != 0));
        },
    )
    .standing_at(&[FLAGS]),
    Field::with(
        "tcp.flags.push",
        "push",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            out.boolean(flags(view).map(|flags| flags & 0x08 != 0));
        },
    )
    .standing_at(&[FLAGS]),
    Field::with(
        "tcp.flags.reset",
        "reset",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            out.boolean(flags(view).map(|flags| flags & 0x04 != 0));
        },
    )
    .standing_at(&[FLAGS]),
    Field::with(
        "tcp.flags.syn",
        "synchronise",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            out.boolean(flags(view).map(|flags| flags & 0x02 != 0));
        },
    )
    .standing_at(&[FLAGS]),
    Field::with(
        "tcp.flags.fin",
        "no more octets",
        SCOPE,
        Kind::Boolean,
        |view, out| {
            out.boolean(flags(view).map(|flags| flags & 0x01 != 0));
        },
    )
    .standing_at(&[FLAGS]),
    Field::with(
        "tcp.flags.str",
        "control bits, as letters",
        SCOPE,
        Kind::Text,
        |view, out| {
            out.text(flags(view).map(letters));
        },
    )
    .standing_at(&[ALL_FLAGS]),
    Field::with(
        "tcp.connection.syn",
        "asks to open a connection",
        SCOPE,
        Kind::Label,
        |view, out| out.present(flags(view).is_some_and(|flags| flags & 0x12 == 0x02)),
    ),
    Field::with(
        "tcp.connection.synack",
        "agrees to open it",
        SCOPE,
        Kind::Label,
        |view, out| out.present(flags(view).is_some_and(|flags| flags & 0x12 == 0x12)),
    ),
    Field::with(
        "tcp.connection.fin",
        "ends one direction",
        SCOPE,
        Kind::Label,
        |view, out| out.present(flags(view).is_some_and(|flags| flags & 0x01 != 0)),
    ),
    Field::with(
        "tcp.connection.rst",
        "breaks it off",
        SCOPE,
        Kind::Label,
        |view, out| out.present(flags(view).is_some_and(|flags| flags & 0x04 != 0)),
    ),
    Field::with(
        "tcp.window_size_value",
        "window as it stands in the header",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| out.unsigned(segment(view).and_then(|_| view.header.u16(WINDOW))),
    )
    .standing_at(&[WINDOW]),
    Field::with(
        "tcp.window_size",
        "window, in octets",
        SCOPE,
        Kind::Unsigned(32),
        |view, out| {
            out.unsigned(in_flow(view).map(|segment| segment.window));
        },
    )
    .standing_at(&[WINDOW])
    .needing(Needs::Flow),
    Field::with(
        "tcp.window_size_scalefactor",
        "what the window is multiplied by: -1 unknown, -2 not used",
        SCOPE,
        Kind::Signed(32),
        |view, out| {
            let factor = in_flow(view).and_then(|segment| segment.window_scale_factor);
            if let Some(factor) = factor {
                out.value(Value::Signed(factor.into()));
            }
        },
    )
    .needing(Needs::Flow),
    Field::with(
        "tcp.checksum",
        "checksum",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            out.unsigned(segment(view).and_then(|_| view.header.u16(CHECKSUM)));
        },
    )
    .standing_at(&[CHECKSUM])
    .hexadecimal(),
    Field::with(
        "tcp.checksum.status",
        "checksum: 2, not verified",
        SCOPE,
        Kind::Unsigned(8),
        |view, out| {
            let is_there = segment(view).and_then(|_| view.header.u16(CHECKSUM));
            out.unsigned(is_there.map(|_| 2_u8));
        },
    )
    .named(CHECKSUM_STATUS),
    Field::with(
        "tcp.urgent_pointer",
        "urgent pointer",
        SCOPE,
        Kind::Unsigned(16),
        |view, out| {
            out.unsigned(segment(view).and_then(|_| view.header.u16(URGENT_POINTER)));
        },
    )
    .standing_at(&[URGENT_POINTER]),
    Field::with(
        "tcp.payload",
        "payload, as far as it was captured",
        SCOPE,
        Kind::Bytes,
        |view, out| {
            if let Some(tcp) = segment(view) {
                out.bytes(tcp.payload());
            }
        },
    ),
];

/// The segment, if its header was captured to the end of its window: Wireshark shows no more than
/// the ports of one that is shorter.
pub(super) fn segment<'a>(view: &View<'a>) -> Option<Tcp<'a>> {
    let tcp = view.packet.tcp(view.layer?)?;
    tcp.window()?;
    Some(tcp)
}

fn is_quoted(view: &View<'_>) -> bool {
    view.layer.is_some_and(|layer| layer.quoted)
}

/// Whether the length of the payload is known: not of a quoted segment, which is cut by whom quotes
/// it, and not where the IP packet is the first of several fragments.
fn is_whole(view: &View<'_>) -> bool {
    !is_quoted(view) && !is_first_fragment(view)
}

/// Whether the segment stands in the first of several fragments, and the others do not follow: then
/// Wireshark shows its number as it is.
fn is_first_fragment(view: &View<'_>) -> bool {
    let Some(layer) = view.layer.filter(|layer| !layer.reassembled) else {
        return false;
    };
    let layers = view.packet.layers().iter();
    let before = layers.take_while(|other| *other != layer).last();
    before.is_some_and(|before| {
        let bits = view.packet.header(before).u16(FLAGS_AND_OFFSET);
        before.protocol == Protocol::Ipv4 && bits.is_some_and(|bits| bits & MORE_FRAGMENTS != 0)
    })
}

pub(super) fn in_flow<'a>(view: &View<'a>) -> Option<&'a crate::flow::Segment> {
    view.sighting?.segment.as_ref()
}

fn flags(view: &View<'_>) -> Option<u16> {
    segment(view)?;
    Some(view.header.u16(ALL_FLAGS)? & 0x0fff)
}

/// As Wireshark writes them: a letter or a dot a bit, the reserved ones first.
fn letters(flags: u16) -> String {
    const LETTERS: [(u16, char); 12] = [
        (0x800, 'R'),
        (0x400, 'R'),
        (0x200, 'R'),
        (0x100, 'A'),
        (0x080, 'C'),
        (0x040, 'E'),
        (0x020, 'U'),
        (0x010, 'A'),
        (0x008, 'P'),
        (0x004, 'R'),
        (0x002, 'S'),
        (0x001, 'F'),
    ];
    let letter = |(bit, letter)| if flags & bit == 0 { '·' } else { letter };
    LETTERS.into_iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_have_letters() {
        assert_eq!(letters(0x012), "·······A··S·");
    }
}
