//! Times at the ends of their range: every command says something of them, and nothing that is no number.

use std::io::Cursor;
use std::path::Path;

use chatpcap::capture::Capture;
use chatpcap::report::safe;
use serde_json::Value;
use tests::frames::Link;
use tests::pcapng::{block, words};
use tests::program::chatpcap;
use tests::recording::Recording;
use tests::scenario::{CLIENT1, CLIENT2, Connection, SERVER, on_port};
use tests::{frames, tshark};

/// The ends of what 32 bits and 63 bits hold, and their neighbours.
const SECONDS: [u32; 6] = [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX - 1, u32::MAX];

/// Commands that read one capture, what they print on standard output, and whether that is JSON.
const COMMANDS: &[(&[&str], bool)] = &[
    (&["analyze"], false),
    (&["analyze", "--format", "json"], true),
    (&["graph"], false),
    (&["graph", "--full", "--time", "utc"], false),
    (
        &["graph", "--time", "delta", "-o", "-", "--format", "svg"],
        false,
    ),
    (&["graph", "-o", "-", "--format", "mermaid"], false),
    (&["graph", "-o", "-", "--format", "json"], true),
    (&["packets"], false),
    (&["packets", "-T", "json"], true),
    (
        &[
            "packets",
            "-T",
            "fields",
            "-e",
            "frame.time",
            "-e",
            "frame.time_delta",
            "-e",
            "tcp.time_delta",
        ],
        false,
    ),
    (&["conversations", "--type", "eth,ip,tcp,udp"], false),
    (&["conversations", "--format", "json"], true),
    (
        &[
            "conversations",
            "--format",
            "csv",
            "--sort",
            "duration_seconds",
        ],
        false,
    ),
    (&["follow", "tcp", "0", "--format", "json"], true),
    (&["chat"], false),
    (&["chat", "--format", "json"], true),
    (&["doctor"], false),
    (&["doctor", "--format", "json"], true),
    (&["report"], false),
];

/// Octets that no command prints of a capture with some dozens of packets.
const MUCH: usize = 4 << 20;

#[test]
fn every_command_says_something_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut captures = Vec::new();
    for (what, times) in orders() {
        let file = pcap(&times);
        captures.push((format!("{what}.pcap"), file));
    }
    captures.push(("units.pcapng".to_owned(), all_units()));
    for (name, file) in captures {
        std::fs::write(folder.path().join(&name), file).unwrap();
        for (command, is_json) in COMMANDS {
            check(folder.path(), &name, command, *is_json);
        }
    }
}

/// The clocks of captures that hold the same packets at other ends of time are put together.
#[test]
fn captures_that_are_centuries_apart_are_put_together() {
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for (name, file) in [
        ("first.pcap", pcap(&[0; 8])),
        ("last.pcap", pcap(&[u32::MAX; 8])),
        ("fro.pcap", pcap(&[0, u32::MAX].repeat(4))),
        ("units.pcapng", all_units()),
        ("again.pcapng", all_units()),
    ] {
        std::fs::write(folder.path().join(name), file).unwrap();
        names.push(name);
    }
    for command in [
        &["analyze"][..],
        &["graph"],
        &["graph", "-o", "-", "--format", "svg"],
        &["chat"],
        &["report"],
    ] {
        let output = chatpcap(folder.path(), &[command, &names].concat(), b"");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{command:?}: {told}");
        assert!(!told.contains("panicked"), "{command:?}: {told}");
    }
}

fn check(folder: &Path, name: &str, command: &[&str], is_json: bool) {
    let what = format!("{} of {name}", command.join(" "));
    let output = chatpcap(folder, &[command, &[name]].concat(), b"");
    let status = output.status.code();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(status, Some(0 | 1)), "{what}: {status:?}: {told}");
    assert!(!told.contains("panicked"), "{what}: {told}");
    let printed =
        String::from_utf8(output.stdout).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(
        !printed.is_empty() && printed.len() < MUCH,
        "{what}: {} octets",
        printed.len()
    );
    for word in ["NaN", "inf\"", "=\"inf", "-inf"] {
        assert!(!printed.contains(word), "{what} prints {word}");
    }
    if is_json {
        let parsed: Result<Value, _> = serde_json::from_str(&printed);
        assert!(parsed.is_ok(), "{what}: {parsed:?}");
    }
    if command.contains(&"svg") {
        let parsed = roxmltree::Document::parse(&printed);
        assert!(parsed.is_ok(), "{what}: {parsed:?}");
    }
}

#[test]
fn they_are_those_of_tshark() {
    let columns = [
        "frame.time_epoch",
        "frame.time_delta",
        "frame.time_relative",
    ];
    for (what, times) in orders() {
        let file = pcap(&times);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("times.pcap");
        std::fs::write(&path, file).unwrap();
        let Some(theirs) = tshark::rows(&path, "frame", &columns) else {
            println!("skipped: there is no tshark to compare with");
            return;
        };
        let mut arguments = vec!["packets", "-T", "fields"];
        arguments.extend(columns.iter().flat_map(|column| ["-e", *column]));
        arguments.push("times.pcap");
        let ours = chatpcap(folder.path(), &arguments, b"");
        let ours = String::from_utf8(ours.stdout).unwrap();
        let ours: Vec<&str> = ours.lines().collect();
        assert_eq!(ours, theirs, "{what}");
    }
}

#[test]
fn a_silence_of_a_century_is_told_in_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let times = [0, 0, 0, u32::MAX, u32::MAX, u32::MAX, u32::MAX, u32::MAX];
    std::fs::write(folder.path().join("silence.pcap"), pcap(&times)).unwrap();
    let output = chatpcap(folder.path(), &["graph", "silence.pcap"], b"");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        printed.contains("4,294,967,295 s without packets"),
        "{printed}"
    );
}

#[test]
fn no_unit_or_offset_is_an_error() {
    let mut capture = Capture::from_reader(Cursor::new(all_units())).unwrap();
    let mut frames = 0;
    while let Some(frame) = capture.next_frame() {
        let time = frame.timestamp.unwrap();
        let text = time.to_utc(frame.precision);
        assert!(
            text.ends_with('Z') && text.len() < 50 && safe(&text) == text,
            "{text}"
        );
        assert_eq!(time.plus(0), time);
        frames += 1;
    }
    assert_eq!(frames, 256 * 3 * 5);
    assert!(capture.notices().is_empty(), "{:?}", capture.notices());
}

/// Seconds of the frames, in orders that matter.
fn orders() -> Vec<(String, Vec<u32>)> {
    let mut all = Vec::new();
    for seconds in SECONDS {
        all.push((format!("all at {seconds}"), vec![seconds; 8]));
    }
    all.push(("forwards".to_owned(), SECONDS.to_vec()));
    all.push((
        "backwards".to_owned(),
        SECONDS.iter().rev().copied().collect(),
    ));
    all.push(("to and fro".to_owned(), [0, u32::MAX].repeat(4)));
    all
}

/// A handshake, a message and a datagram, frames at these seconds.
fn pcap(times: &[u32]) -> Vec<u8> {
    let mut recording = Recording::new(Link::Ethernet);
    for packet in talk().iter().take(times.len()) {
        recording.add(packet);
    }
    for (frame, seconds) in recording.frames.iter_mut().zip(times) {
        frame.time = u64::from(*seconds) * 1_000_000_000 + 999_999_000;
    }
    recording.pcap()
}

fn talk() -> Vec<Vec<u8>> {
    let mut connection = Connection::new(CLIENT1, 7, SERVER, 9);
    let private = frames::datagram(
        on_port(CLIENT1, 5000),
        on_port(CLIENT2, 5000),
        1,
        b"hello, you",
    );
    vec![
        connection.syn(),
        connection.syn_ack(),
        connection.ack(),
        connection.client_says(b"alice"),
        connection.server_says(b"!{\"alice\": \"10.20.30.11\"}"),
        connection.client_says(b"hello "),
        private.clone(),
        private,
    ]
}

/// A frame for every unit of time that an interface can have, at the first, a middle and the last of its
/// counts, with every kind of offset.
fn all_units() -> Vec<u8> {
    let mut file = block(0x0a0d_0d0a, &words(&[0x1a2b_3c4d, 1, u32::MAX, u32::MAX]));
    let talk = talk();
    let mut frames = Vec::new();
    let mut interfaces = 0_u32;
    for resolution in 0..=u8::MAX {
        for offset in [0, 1, -1, i64::MIN, i64::MAX] {
            let mut body = words(&[1, 0]);
            body.extend([9, 0, 1, 0, resolution, 0, 0, 0, 14, 0, 8, 0]);
            body.extend(offset.to_le_bytes());
            file.extend(block(1, &body));
            for units in [0_u64, 1 << 50, u64::MAX] {
                let packet = &talk[frames.len() % talk.len()];
                frames.push(enhanced(interfaces, units, &Link::Ethernet.frame(packet)));
            }
            interfaces += 1;
        }
    }
    file.extend(frames.concat());
    file
}

fn enhanced(interface: u32, units: u64, octets: &[u8]) -> Vec<u8> {
    let length = u32::try_from(octets.len()).unwrap();
    let [high, low] = [units >> 32, units & 0xffff_ffff].map(|half| u32::try_from(half).unwrap());
    let mut body = words(&[interface, high, low, length, length]);
    body.extend(octets);
    block(6, &body)
}
