//! Capture files: any octets give frames that lie in them, or a clear error.

use std::io::{Cursor, Read};

use chatpcap::capture::{Capture, CaptureWriter, Format, Frame, LinkType, Timestamp};

use crate::frames::Link;
use crate::recording::{FileFormat, Recording, gzip, lz4, zstd};
use crate::scenario::{CLIENT1, CLIENT2, Connection, SERVER, on_port};

/// Octets that are read of a compressed capture: enough to see that it ends there.
const LIMIT: u64 = 1 << 20;
/// Octets that may have been read beyond that before the limit was set: the window of a capture.
const WINDOW: u64 = 1 << 19;
/// A record of any format takes at least so many octets: the shortest block of pcapng.
const RECORD: usize = 12;

/// What was read of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Read1 {
    time: Option<Timestamp>,
    precision: u8,
    link_type: LinkType,
    interface: u32,
    original: u32,
    octets: Vec<u8>,
}

/// A capture that was read to its end.
#[derive(Debug, PartialEq, Eq)]
struct Contents {
    frames: Vec<Read1>,
    notices: Vec<String>,
}

/// Reads a capture at once and in small portions, which comes to the same; writes what was read, and
/// reads that again.
pub fn check(octets: &[u8]) {
    let capture = match Capture::from_reader(Cursor::new(octets.to_vec())) {
        Ok(capture) => capture,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    if capture.compression().is_some() {
        let contents = read(capture);
        let total: u64 = contents
            .frames
            .iter()
            .map(|it| it.octets.len() as u64)
            .sum();
        assert!(total <= LIMIT + WINDOW, "{total} octets of frames");
        return;
    }
    let format = capture.format();
    let contents = read(capture);
    assert!(contents.frames.len() <= octets.len() / RECORD);
    lie_in(&contents.frames, octets);
    let portions = Portions {
        octets: octets.to_vec(),
        at: 0,
        size: 1 + usize::from(octets[octets.len() - 1] % 61),
    };
    let slow = Capture::from_reader(portions).unwrap();
    // The kinds of pcap are told apart by what of the file is there already.
    let is_certain = |format| format != Format::ModifiedPcap;
    if is_certain(format) && is_certain(slow.format()) {
        assert_eq!(read(slow), contents);
    }
    write(&contents.frames);
}

fn read(mut capture: Capture) -> Contents {
    capture.limit(LIMIT);
    let mut frames = Vec::new();
    while let Some(frame) = capture.next_frame() {
        assert_eq!(frame.number, frames.len() as u64 + 1);
        assert!(frame.precision <= 9);
        frames.push(Read1 {
            time: frame.timestamp,
            precision: frame.precision,
            link_type: frame.link_type,
            interface: frame.interface,
            original: frame.original_length,
            octets: frame.octets.to_vec(),
        });
    }
    assert!(capture.next_frame().is_none(), "the end is the end");
    let notices = capture.notices().iter().map(ToString::to_string);
    Contents {
        frames,
        notices: notices.collect(),
    }
}

/// Each frame stands in the file, behind the one before.
fn lie_in(frames: &[Read1], file: &[u8]) {
    let mut rest = file;
    for frame in frames {
        if frame.octets.is_empty() {
            continue;
        }
        let at = rest
            .windows(frame.octets.len())
            .position(|window| window == frame.octets);
        let at = at.unwrap_or_else(|| panic!("not in the file: {frame:?}"));
        rest = &rest[at + frame.octets.len()..];
    }
}

/// What is written is what is read again.
fn write(frames: &[Read1]) {
    let mut file = Vec::new();
    let mut writer = CaptureWriter::pcapng(&mut file).unwrap();
    let mut written = Vec::new();
    for (number, frame) in (1..).zip(frames) {
        let result = writer.write(&Frame {
            number,
            timestamp: frame.time,
            precision: frame.precision,
            interface: frame.interface,
            link_type: frame.link_type,
            octets: &frame.octets,
            original_length: frame.original,
        });
        // A time that does not fit is told, and what is no packet is passed over.
        if result.is_ok() && frame.link_type != LinkType::NO_PACKET {
            written.push(frame);
        }
    }
    writer.finish().unwrap();
    let again = read(Capture::from_reader(Cursor::new(file)).unwrap());
    assert_eq!(again.frames.len(), written.len());
    for (again, written) in again.frames.iter().zip(written) {
        assert_eq!(again.octets, written.octets);
        assert_eq!(again.original, written.original);
        assert_eq!(again.link_type, written.link_type);
        assert_eq!(again.time.or(written.time), again.time);
    }
}

/// Gives octets in small portions, as a pipe may.
struct Portions {
    octets: Vec<u8>,
    at: usize,
    size: usize,
}

impl Read for Portions {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let rest = &self.octets[self.at..];
        let count = rest.len().min(buffer.len()).min(self.size);
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

/// A short conversation in every format.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut recording = Recording::new(Link::Ethernet);
    let mut connection = Connection::new(CLIENT1, 1, SERVER, 2);
    connection.open(&mut recording);
    connection.talk(&mut recording);
    let [from, to] = [on_port(CLIENT1, 5000), on_port(CLIENT2, 5000)];
    recording.add(&crate::frames::datagram(from, to, 1, b"hello"));
    connection.close(&mut recording);
    let formats = [
        FileFormat::PCAP,
        FileFormat::Pcap {
            nanoseconds: true,
            big_endian: true,
        },
        FileFormat::ModifiedPcap,
        FileFormat::Pcapng { big_endian: false },
        FileFormat::Pcapng { big_endian: true },
        FileFormat::Snoop,
    ];
    let mut seeds: Vec<_> = formats.map(|format| recording.file(format)).into();
    for file in [seeds[0].clone(), seeds[3].clone()] {
        seeds.extend([gzip(&file), zstd(&file), lz4(&file)]);
    }
    seeds.push(blocks());
    seeds
}

/// A pcapng file with a block of each kind that is read, and options.
fn blocks() -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let length = u32::try_from(12 + body.len()).unwrap().to_le_bytes();
        [&kind.to_le_bytes()[..], &length, body, &length].concat()
    };
    let words =
        |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|it| it.to_le_bytes()).collect() };
    let section = [
        &words(&[0x1a2b_3c4d, 1, u32::MAX, u32::MAX])[..],
        &[4, 0, 4, 0],
        b"test",
    ]
    .concat();
    [
        block(0x0a0d_0d0a, &section),
        // Ethernet; if_tsresol 2^-10, if_tsoffset 5, end of options.
        block(
            1,
            &[
                &words(&[1, 96])[..],
                &[
                    9, 0, 1, 0, 0x8a, 0, 0, 0, 14, 0, 8, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                ],
            ]
            .concat(),
        ),
        // Enhanced, with a comment.
        block(
            6,
            &[
                &words(&[0, 1, 2, 4, 60])[..],
                b"abcd",
                &[1, 0, 2, 0, b'h', b'i', 0, 0, 0, 0, 0, 0],
            ]
            .concat(),
        ),
        // Obsolete, simple, name resolution, statistics, custom, unknown.
        block(2, &[&words(&[0, 1, 2, 4, 4])[..], b"efgh"].concat()),
        block(3, &[&words(&[4])[..], b"ijkl"].concat()),
        block(
            4,
            &[&[1, 0, 8, 0, 10, 20, 30, 3][..], b"www\0", &[0; 4]].concat(),
        ),
        block(5, &words(&[0, 1, 2])),
        block(0xbad, &words(&[32_473, 7])),
        block(0x7777, &words(&[7])),
    ]
    .concat()
}
