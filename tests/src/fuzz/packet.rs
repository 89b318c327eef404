//! Frames of any link type: every layer and field lies in its frame, and every field can be printed.

use std::sync::LazyLock;

use chatpcap::capture::{Frame, LinkType, Timestamp};
use chatpcap::field::{self, Clock, Dissection};
use chatpcap::flow::{Copies, FlowTable, Sightings};
use chatpcap::packet::{Decoder, Packet, Position};
use chatpcap::report::{FieldForm, FieldList};

use super::tape::Tape;
use crate::whole_frames::whole_frames;

/// Link types that are decoded, and two that are not.
const LINK_TYPES: [u32; 22] = [
    1, 0, 9, 12, 14, 50, 51, 101, 104, 105, 108, 113, 127, 228, 229, 239, 242, 276, 6, 10, 147, 107,
];

/// Every field, in one line.
static ALL: LazyLock<FieldList> =
    LazyLock::new(|| FieldList::new(field::all().collect(), FieldForm::default()));

/// Decodes the frames on a tape: each is a link type, a length and octets. Fragments are put together.
pub fn check(octets: &[u8]) {
    let mut tape = Tape::new(octets);
    let mut decoder = Decoder::new();
    let mut flows = FlowTable::analysing(Copies::Count);
    let mut number = 0;
    while !tape.is_over() {
        number += 1;
        let link_type = LinkType(*tape.one_of(&LINK_TYPES));
        let cut = u32::from(tape.octet());
        let octets = tape.long();
        let captured = u32::try_from(octets.len()).unwrap();
        let frame = Frame {
            number,
            timestamp: Some(Timestamp::new(number.cast_signed(), 0)),
            precision: 6,
            interface: 0,
            link_type,
            octets,
            // Mostly the whole frame; else some octets were cut off, or there are fewer than captured.
            original_length: match cut {
                0..0xf0 => captured,
                0xff => u32::MAX,
                _ => captured.saturating_add(2 * (cut - 0xf0)).saturating_sub(8),
            },
        };
        let packet = decoder.decode(&frame);
        layers(&frame, &packet);
        let sightings = flows.identify(&frame, &packet);
        fields(&frame, &packet, &sightings);
        for sighting in sightings.iter() {
            flows.record(&frame, sighting);
        }
    }
}

/// Every layer lies in the frame, or in a datagram that was put together.
fn layers(frame: &Frame<'_>, packet: &Packet<'_>) {
    assert_eq!(packet.octets(), frame.octets);
    for layer in packet.layers() {
        let header = packet.header(layer);
        match header.position() {
            Position::Frame(start) => {
                let end = start + header.octets().len();
                let there = frame.octets.get(start..end);
                assert_eq!(there, Some(header.octets()), "{layer:?}");
            }
            Position::Reassembled(_) => assert!(layer.reassembled),
        }
    }
    if let Some(stop) = packet.stop() {
        assert!(!stop.to_string().is_empty());
    }
}

/// Every field is read, and no frame makes one give more than it can hold; a line of all of them is a
/// line.
fn fields(frame: &Frame<'_>, packet: &Packet<'_>, sightings: &Sightings<'_>) {
    let seen = Dissection {
        frame,
        packet,
        sightings: Some(sightings),
        interface: Some(frame.interface),
        clock: Clock::default(),
    };
    for field in field::all() {
        let mut values = 0;
        field.read(&seen, &mut |_, _| values += 1);
        // Names in DNS messages point back, and each may be told once a question.
        let most = 100 + frame.octets.len() * 4;
        assert!(values <= most, "{values} values of {}", field.name);
    }
    let line = ALL.row(&seen);
    let is_unsafe = |c: char| c.is_control() && c != '\t';
    assert!(!line.trim_end().contains(is_unsafe), "{line:?}");
}

/// Whole frames of every kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let tapes = whole_frames().into_iter().map(|(link_type, frame)| {
        let place = LINK_TYPES.iter().position(|it| *it == u32::from(link_type));
        let length = u16::try_from(frame.len()).unwrap().to_be_bytes();
        let head = [u8::try_from(place.unwrap_or(0)).unwrap(), 0];
        [&head[..], &length, &frame].concat()
    });
    tapes.collect()
}
