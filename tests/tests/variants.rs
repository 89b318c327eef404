//! The lab's capture in every wrapping: other links, other formats, compressed. The answers and the
//! octets that show them stay; only where they stand moves with the link's header.

use std::fs;
use std::path::Path;

use chatpcap::ask::Question;
use chatpcap::capture::{Compression, Format};
use serde_json::Value;
use tests::found::Found;
use tests::frames::{IPV4, Link};
use tests::recording::{FileFormat, Recording, gzip, lz4, zstd};
use tests::scenario::Handshake;

/// Frames of `client1.pcap`, as tcpdump numbers them.
const HANDSHAKE: Handshake = Handshake {
    syn: 12,
    syn_ack: 13,
    ack: 14,
};
/// The first private message.
const MESSAGE: u64 = 32;
/// When the first frame was captured.
const FIRST: &str = "2026-11-22T18:33:13.682968Z";

fn client1() -> Vec<u8> {
    fs::read(lab().join("client1.pcap")).unwrap()
}

fn lab() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../captures/python-lab"
    ))
}

/// What a frame of the lab's capture is in a recording on other links.
struct Rewrapped {
    recording: Recording,
    handshake: Handshake,
    message: u64,
}

/// Puts another link header before every packet, chosen by the frame's number. Frames that the link
/// cannot carry (ARP in raw IP) are left out.
fn rewrap(link_of: impl Fn(u64) -> Link) -> Rewrapped {
    let original = Recording::from_pcap(&client1(), Link::Ethernet);
    let mut recording = Recording::new(Link::Ethernet);
    let mut numbers = vec![0];
    for (number, frame) in (1..).zip(&original.frames) {
        let link = link_of(number);
        let ether_type = u16::from_be_bytes([frame.octets[12], frame.octets[13]]);
        numbers.push(recording.frames.len() as u64 + 1);
        if link.carries(ether_type) {
            recording.push(link, link.frame_of(ether_type, &frame.octets[14..]));
            recording.frames.last_mut().unwrap().time = frame.time;
        }
    }
    let new = |number: u64| numbers[usize::try_from(number).unwrap()];
    Rewrapped {
        handshake: Handshake {
            syn: new(HANDSHAKE.syn),
            syn_ack: new(HANDSHAKE.syn_ack),
            ack: new(HANDSHAKE.ack),
        },
        message: new(MESSAGE),
        recording,
    }
}

/// The answers are those of the lab, shown by octets of the frames that hold them.
fn check<'a>(what: &str, file: Vec<u8>, rewrapped: &'a Rewrapped) -> Found<'a> {
    println!("{what}");
    let answers = fs::read_to_string(lab().join("answers.json")).unwrap();
    let answers: Value = serde_json::from_str(&answers).unwrap();
    let answers = &answers["answers"];
    let found = Found::in_file(file, &rewrapped.recording);
    for question in Question::ALL {
        let ours = found.answer(question).as_ref().unwrap().value;
        assert_eq!(answers[question.key()], ours, "{what} {found}");
    }
    let number = |key: &str| u32::try_from(answers[key].as_u64().unwrap()).unwrap();
    let syn = number("SYN_sequence_number");
    let syn_ack = number("SYNACK_sequence_number");
    found.expect_tcp(0, rewrapped.handshake, syn, syn_ack);
    found.expect_udp(0, rewrapped.message);
    found.expect_no_notes();
    let trace = &found.analysis.traces[0];
    assert!(trace.notices.is_empty(), "{what}: {:?}", trace.notices);
    assert_eq!(
        trace.packets,
        rewrapped.recording.frames.len() as u64,
        "{what}"
    );
    found
}

#[test]
fn as_tcpdump_wrote_it() {
    let original = rewrap(|_| Link::Ethernet);
    let recorded = Recording::from_pcap(&client1(), Link::Ethernet);
    let frames = original.recording.frames.iter().zip(&recorded.frames);
    for (ours, theirs) in frames {
        assert_eq!(ours.octets[14..], theirs.octets[14..]);
    }
    check(
        "client1.pcap",
        client1(),
        &Rewrapped {
            recording: recorded,
            ..original
        },
    );
}

#[test]
fn every_link() {
    for link in Link::ALL {
        let rewrapped = match link {
            // The lab speaks IPv4.
            Link::Raw(229) => continue,
            link => rewrap(|_| link),
        };
        for format in [FileFormat::PCAP, FileFormat::Pcapng { big_endian: false }] {
            let file = rewrapped.recording.file(format);
            let found = check(&format!("{link:?} {format:?}"), file, &rewrapped);
            let syn = found.answer(Question::Syn).as_ref().unwrap();
            assert_eq!(syn.offset(), Some(link.header() + 24), "{link:?}");
            let trace = &found.analysis.traces[0];
            assert_eq!(trace.links.len(), 1);
            assert_eq!(trace.links[0].link_type.0, u32::from(link.number()));
        }
    }
}

#[test]
fn every_format() {
    let rewrapped = rewrap(|_| Link::Ethernet);
    let pcap = |nanoseconds, big_endian| FileFormat::Pcap {
        nanoseconds,
        big_endian,
    };
    let formats = [
        (pcap(false, false), Format::Pcap, 6),
        (pcap(false, true), Format::Pcap, 6),
        (pcap(true, false), Format::Pcap, 9),
        (pcap(true, true), Format::Pcap, 9),
        (FileFormat::ModifiedPcap, Format::ModifiedPcap, 6),
        (FileFormat::Pcapng { big_endian: false }, Format::Pcapng, 9),
        (FileFormat::Pcapng { big_endian: true }, Format::Pcapng, 9),
        (FileFormat::Snoop, Format::Snoop, 6),
    ];
    for (written, read, precision) in formats {
        let file = rewrapped.recording.file(written);
        let found = check(&format!("{written:?}"), file, &rewrapped);
        let trace = &found.analysis.traces[0];
        assert_eq!(
            (trace.format, trace.precision),
            (read, precision),
            "{written:?}"
        );
        let first = trace.first.unwrap().to_utc(6);
        assert_eq!(first, FIRST, "{written:?}");
    }
}

#[test]
fn several_link_types_in_one_file() {
    // Every pair of links takes turns; ARP needs one of the first four.
    for big_endian in [false, true] {
        let links = [
            Link::Ethernet,
            Link::Sll2,
            Link::Sll,
            Link::Vlan(3),
            Link::NullBig,
            Link::Raw(101),
        ];
        for one in links {
            for other in links {
                let rewrapped = rewrap(|number| if number % 2 == 0 { one } else { other });
                let file = rewrapped.recording.file(FileFormat::Pcapng { big_endian });
                let found = check(&format!("{one:?} and {other:?}"), file, &rewrapped);
                let trace = &found.analysis.traces[0];
                let expected = if one.number() == other.number() { 1 } else { 2 };
                assert_eq!(trace.links.len(), expected, "{:?}", trace.links);
            }
        }
    }
}

#[test]
fn every_compression() {
    let rewrapped = rewrap(|_| Link::Sll2);
    let formats = [FileFormat::PCAP, FileFormat::Pcapng { big_endian: false }];
    for format in formats {
        let file = rewrapped.recording.file(format);
        let compressed = [
            (gzip(&file), Compression::Gzip),
            (zstd(&file), Compression::Zstd),
            (lz4(&file), Compression::Lz4),
        ];
        for (octets, compression) in compressed {
            let found = check(&format!("{format:?} {compression}"), octets, &rewrapped);
            assert_eq!(found.analysis.traces[0].compression, Some(compression));
        }
    }
}

#[test]
fn compressed_in_several_members() {
    // `cat a.gz b.gz` is a gzip file, and so it is with zstd and lz4.
    let rewrapped = rewrap(|_| Link::Ethernet);
    let file = rewrapped.recording.pcap();
    let (one, other) = file.split_at(1000);
    for compress in [gzip, zstd, lz4] {
        let both = [compress(one), compress(other)].concat();
        check("two members", both, &rewrapped);
    }
}

#[test]
fn the_wrappers_keep_the_packets() {
    // The links differ in their headers only: what `rewrap` makes is what it says.
    let ethernet = rewrap(|_| Link::Ethernet).recording;
    for link in [Link::Sll, Link::Sll2, Link::Vlan(1), Link::QinQ(2, 3)] {
        let other = rewrap(|_| link).recording;
        assert_eq!(other.frames.len(), ethernet.frames.len());
        for (frame, original) in other.frames.iter().zip(&ethernet.frames) {
            assert_eq!(
                frame.octets[link.header()..],
                original.octets[14..],
                "{link:?}"
            );
        }
    }
    assert!(!Link::Raw(229).carries(IPV4));
}
