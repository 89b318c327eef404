//! Tiny captures for the tests of this stage, and one way to look at them.

use std::io::{self, Read};

use super::octets::ByteOrder;
use super::{Capture, Compression, Format};

/// What reading a capture gives, as texts that a test can spell out.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Summary {
    pub(super) format: Format,
    pub(super) compression: Option<Compression>,
    /// "number time precision interface link-type octets/original-length"
    pub(super) frames: Vec<String>,
    pub(super) notices: Vec<String>,
}

impl Summary {
    pub(super) fn new(
        format: Format,
        compression: Option<Compression>,
        frames: &[&str],
        notices: &[&str],
    ) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self {
            format,
            compression,
            frames: owned(frames),
            notices: owned(notices),
        }
    }
}

/// Reads a capture whole; an error as its text with its causes.
pub(super) fn read(octets: &[u8]) -> Result<Summary, String> {
    read_from(io::Cursor::new(octets.to_vec()))
}

pub(super) fn read_from(input: impl Read + Send + 'static) -> Result<Summary, String> {
    let mut capture =
        Capture::from_reader(input).map_err(|error| match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        })?;
    let mut frames = Vec::new();
    while let Some(frame) = capture.next_frame() {
        let time = frame.timestamp.map_or_else(
            || "-".to_owned(),
            |time| format!("{}.{:09}", time.seconds(), time.nanoseconds()),
        );
        frames.push(format!(
            "{} {time} {} {} {} {}/{}",
            frame.number,
            frame.precision,
            frame.interface,
            frame.link_type.name(),
            frame.octets.escape_ascii(),
            frame.original_length
        ));
    }
    assert!(capture.next_frame().is_none(), "the end is the end");
    Ok(Summary {
        format: capture.format(),
        compression: capture.compression(),
        frames,
        notices: capture.notices().iter().map(ToString::to_string).collect(),
    })
}

/// Cuts a capture at every octet, and changes every octet in several ways: each must come to an end, and one
/// octet at a time must give what all at once gives.
pub(super) fn damaged(octets: &[u8]) {
    let check = |octets: &[u8]| {
        let at_once = read(octets);
        let drop_by_drop = read_from(Drops(io::Cursor::new(octets.to_vec())));
        (at_once, drop_by_drop)
    };
    for length in 0..octets.len() {
        let (at_once, drop_by_drop) = check(&octets[..length]);
        assert_eq!(at_once, drop_by_drop, "cut at {length}");
    }
    for index in 0..octets.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut octets = octets.to_vec();
            octets[index] ^= change;
            // The variants of pcap are told apart by what is there: these two may differ.
            let (_, _) = check(&octets);
        }
    }
}

/// Gives one octet at a time, as a slow pipe does.
pub(super) struct Drops<R>(pub(super) R);

impl<R: Read> Read for Drops<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(1);
        self.0.read(&mut buffer[..length])
    }
}

pub(super) fn u16(order: ByteOrder, value: u16) -> [u8; 2] {
    match order {
        ByteOrder::Big => value.to_be_bytes(),
        ByteOrder::Little => value.to_le_bytes(),
    }
}

pub(super) fn u32(order: ByteOrder, value: u32) -> [u8; 4] {
    match order {
        ByteOrder::Big => value.to_be_bytes(),
        ByteOrder::Little => value.to_le_bytes(),
    }
}

pub(super) fn u32s(order: ByteOrder, values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| u32(order, *value)).collect()
}

pub(super) fn pcap_header(
    order: ByteOrder,
    magic: u32,
    version: (u16, u16),
    link_type: u32,
) -> Vec<u8> {
    let version = [u16(order, version.0), u16(order, version.1)].concat();
    // Time zone, accuracy, snap length.
    [
        u32(order, magic).to_vec(),
        version,
        u32s(order, &[0, 0, 65_535, link_type]),
    ]
    .concat()
}

/// A record of seconds, fraction, captured and original length, and what follows them.
pub(super) fn pcap_record(order: ByteOrder, fields: [u32; 4], octets: &[u8]) -> Vec<u8> {
    [&u32s(order, &fields), octets].concat()
}

/// A block of pcapng, its body padded.
pub(super) fn block(order: ByteOrder, kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let length = u32(order, u32::try_from(padded + 12).unwrap());
    let padding = &[0; 3][..padded - body.len()];
    [&u32(order, kind), &length, body, padding, &length].concat()
}

pub(super) fn section(order: ByteOrder, version: (u16, u16)) -> Vec<u8> {
    let version = [u16(order, version.0), u16(order, version.1)].concat();
    block(
        order,
        0x0a0d_0d0a,
        &[&u32(order, 0x1a2b_3c4d), &version[..], &[0xff; 8]].concat(),
    )
}

pub(super) fn interface(
    order: ByteOrder,
    link_type: u16,
    snap_length: u32,
    options: &[u8],
) -> Vec<u8> {
    let body = [
        &u16(order, link_type),
        &[0, 0][..],
        &u32(order, snap_length),
        options,
    ]
    .concat();
    block(order, 1, &body)
}

/// An enhanced packet block; time in units of the interface.
pub(super) fn enhanced(
    order: ByteOrder,
    interface: u32,
    units: u32,
    octets: &[u8],
    original: u32,
) -> Vec<u8> {
    let captured = u32::try_from(octets.len()).unwrap();
    let header = u32s(order, &[interface, 0, units, captured, original]);
    block(order, 6, &[&header, octets].concat())
}
