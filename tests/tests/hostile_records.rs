//! Lengths that lie in the records of capture files.
//!
//! Each file gives its frames and says what is wrong with it.

use std::io::Cursor;

use chatpcap::ask::Given;
use chatpcap::capture::Capture;
use chatpcap::trace::Trace;
use tests::frames::{Link, datagram};
use tests::pcapng::{block, words};
use tests::scenario::{CLIENT1, CLIENT2, on_port};

/// Frames, and what is told of the file: nothing, or one notice with these words.
fn check(what: &str, file: &[u8], frames: u64, told: &str) {
    let capture = Capture::from_reader(Cursor::new(file.to_vec()));
    let capture = capture.unwrap_or_else(|error| panic!("{what}: {error}"));
    let trace = Trace::read("-", capture, &Given::default().watch(200), &mut |_| ());
    let notices: Vec<String> = trace.notices.iter().map(ToString::to_string).collect();
    assert_eq!(trace.packets, frames, "{what}: {notices:?}");
    if told.is_empty() {
        assert!(notices.is_empty(), "{what}: {notices:?}");
    } else {
        let [notice] = &notices[..] else {
            panic!("{what}: {notices:?}");
        };
        assert!(notice.contains(told), "{what}: {notice}");
    }
}

#[test]
fn pcap_records() {
    let packet = udp();
    let length = u32::try_from(packet.len()).unwrap();
    let good = pcap_record([length, length], &packet);
    let check = |what: &str, snap: u32, lengths: [u32; 2], frames, told: &str| {
        let mut file = pcap_header(snap);
        file.extend(&good);
        file.extend(pcap_record(lengths, &packet));
        file.extend(&good);
        check(what, &file, frames, told);
    };
    let least = u32::MAX;
    check("as it is", 262_144, [length, length], 3, "");
    check("no snap length", 0, [length, length], 3, "");
    check("a snap length of one", 1, [length, length], 3, "");
    check("the largest snap length", least, [length, length], 3, "");
    check(
        "the largest original length",
        262_144,
        [length, least],
        3,
        "",
    );
    check(
        "less on the wire than captured",
        262_144,
        [length, length - 1],
        3,
        "frame 2 claims fewer octets on the wire",
    );
    check(
        "nothing on the wire",
        262_144,
        [length, 0],
        3,
        "frame 2 claims fewer octets on the wire",
    );
    check(
        "more than there is",
        262_144,
        [5000, 5000],
        1,
        "truncated pcap record at offset 90, after frame 1: needs 5016 octets, 132 left",
    );
    for (captured, limit) in [(262_145, 262_144), (least, 262_144)] {
        check(
            "more than any frame has",
            262_144,
            [captured, captured],
            1,
            &format!("its length is {captured}, at most {limit} is believed"),
        );
    }
}

#[test]
fn pcapng_blocks() {
    let packet = udp();
    let check = |what: &str, bad: &[u8], frames, told: &str| {
        let mut file = [section(), interface(&[])].concat();
        file.extend(enhanced(0, 50, &packet, &[]));
        file.extend(bad);
        file.extend(enhanced(0, 50, &packet, &[]));
        check(what, &file, frames, told);
    };
    check("nothing", &[], 2, "");
    for length in [0, 4, 8, 11] {
        check(
            "too short for its own framing",
            &words(&[6, length, 0, 0]),
            1,
            &format!("its length is {length}, needs 12"),
        );
    }
    check(
        "4 GiB of a frame",
        &words(&[6, u32::MAX, 0, 0]),
        1,
        "its length is 4294967295, at most 33554432 is believed",
    );
    check(
        "4 GiB of names",
        &words(&[4, u32::MAX, 0, 0]),
        1,
        "truncated pcapng record at offset 132, after frame 1: needs 4294967295 octets",
    );
    let mut other_end = block(4, &[0; 8]);
    let end = other_end.len() - 4;
    other_end[end..].copy_from_slice(&24_u32.to_le_bytes());
    check(
        "another length behind it",
        &other_end,
        1,
        "its lengths differ, 20 at the start, 24 at the end",
    );
    for captured in [53, 0x8000_0000, u32::MAX] {
        check(
            "captured more than the block has",
            &enhanced(0, captured, &packet, &[]),
            2,
            &format!("{captured} octets captured in room for 52"),
        );
    }
    for number in [1, 0x7fff_ffff, u32::MAX] {
        check(
            "an interface that is not there",
            &enhanced(number, 50, &packet, &[]),
            2,
            &format!("names interface {number}, 1 described"),
        );
    }
    check(
        "an interface without room",
        &block(1, &[1, 0, 0, 0]),
        2,
        "needs 20",
    );
    for (what, options) in [
        ("an option longer than the block", &[1, 0, 0xff, 0xff][..]),
        (
            "an option of four octets of which three are there",
            &[1, 0, 5, 0, b'a', 0, 0, 0],
        ),
    ] {
        let told = "skipped options of the block at offset 132: they exceed the block";
        check(what, &enhanced(0, 50, &packet, options), 3, told);
        check(what, &interface(options), 2, told);
    }
    for options in [
        &[1, 0, 0, 0].repeat(5000)[..],
        &[0xff, 0xff, 4, 0, 1, 2, 3, 4],
        &[1, 0],
        &[1],
    ] {
        check(
            "options that never end",
            &enhanced(0, 50, &packet, options),
            3,
            "",
        );
    }
    for length in [0_u64, 1, 1 << 63, u64::MAX - 1] {
        let mut head = words(&[0x1a2b_3c4d, 1]);
        head.extend(length.to_le_bytes());
        let bad = [block(0x0a0d_0d0a, &head), interface(&[])].concat();
        check("a section of another length", &bad, 2, "");
    }
    let simple = [60_u32.to_le_bytes().to_vec(), packet.clone()].concat();
    check(
        "a simple block with less than it says",
        &block(3, &simple),
        2,
        "60 octets captured in room for 52",
    );
    check("a simple block with nothing", &block(3, &[]), 2, "needs");
}

#[test]
fn snoop_records() {
    let packet = udp();
    let length = u32::try_from(packet.len()).unwrap();
    let record = |original: u32, captured: u32, record: u32| {
        let mut octets = Vec::new();
        for word in [original, captured, record, 0, 5, 6] {
            octets.extend(word.to_be_bytes());
        }
        octets.extend(&packet);
        octets.extend([0; 2]);
        octets
    };
    let whole = 24 + length + 2;
    let check = |what: &str, bad: Vec<u8>, frames, told: &str| {
        let mut file = b"snoop\0\0\0\0\0\0\x02\0\0\0\x04".to_vec();
        file.extend(record(length, length, whole));
        file.extend(bad);
        file.extend(record(length, length, whole));
        check(what, &file, frames, told);
    };
    check("as it is", record(length, length, whole), 3, "");
    check(
        "a record shorter than its header",
        record(length, length, 23),
        1,
        "its length is 23",
    );
    check(
        "a record of nothing",
        record(length, length, 0),
        1,
        "its length is 0",
    );
    check(
        "4 GiB of a record",
        record(length, length, u32::MAX),
        1,
        "is believed",
    );
    check(
        "captured more than the record has",
        record(length, whole, whole),
        1,
        "needs 100",
    );
    check(
        "more captured than there was",
        record(1, length, whole),
        3,
        "fewer octets on the wire",
    );
}

fn udp() -> Vec<u8> {
    let packet = datagram(
        on_port(CLIENT1, 5000),
        on_port(CLIENT2, 5000),
        1,
        b"hey, all",
    );
    Link::Ethernet.frame(&packet)
}

fn pcap_header(snap: u32) -> Vec<u8> {
    words(&[0xa1b2_c3d4, 0x0004_0002, 0, 0, snap, 1])
}

fn pcap_record(lengths: [u32; 2], octets: &[u8]) -> Vec<u8> {
    [&words(&[5, 6])[..], &words(&lengths), octets].concat()
}

fn section() -> Vec<u8> {
    block(0x0a0d_0d0a, &words(&[0x1a2b_3c4d, 1, u32::MAX, u32::MAX]))
}

fn interface(options: &[u8]) -> Vec<u8> {
    block(1, &[&words(&[1, 0])[..], options].concat())
}

fn enhanced(interface: u32, captured: u32, octets: &[u8], options: &[u8]) -> Vec<u8> {
    let mut body = words(&[interface, 0, 6, captured, captured]);
    body.extend(octets);
    body.resize(body.len().next_multiple_of(4), 0);
    body.extend(options);
    block(6, &body)
}
