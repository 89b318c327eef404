//! Captures at the ends of what can be: a single packet, frames of nothing and of all that a record may hold,
//! numbers that wrap round, pipes and files that end within a record.

use std::io::{self, Cursor, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use chatpcap::capture::Capture;
use serde_json::Value;
use tests::frames::Link;
use tests::program::{chatpcap, program};
use tests::recording::Recording;
use tests::scenario::{CLIENT1, Connection, SERVER};
use tests::tshark;

/// Octets that the longest record of Ethernet may hold.
const LONGEST: usize = 256 << 10;

/// Commands that read one capture, and how they end where the lab is not in it.
const COMMANDS: &[(&[&str], i32)] = &[
    (&["analyze"], 0),
    (&["analyze", "--format", "json"], 0),
    (&["graph"], 0),
    (&["graph", "--format", "svg", "-o", "-"], 0),
    (&["packets"], 0),
    (&["packets", "-T", "json"], 0),
    (&["conversations", "--type", "eth,ip,tcp,udp"], 0),
    (&["chat"], 0),
    (&["doctor"], 1),
    (&["report"], 0),
];

fn write(folder: &Path, recording: &Recording) {
    std::fs::write(folder.join("it.pcap"), recording.pcap()).unwrap();
}

/// A SYN, and nothing else.
fn one_packet() -> Recording {
    let mut recording = Recording::new(Link::Ethernet);
    recording.add(&Connection::new(CLIENT1, u32::MAX, SERVER, 0).syn());
    recording
}

#[test]
fn a_single_packet_is_a_capture() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &one_packet());
    for (command, status) in COMMANDS {
        let output = chatpcap(folder.path(), &[command, &["it.pcap"][..]].concat(), b"");
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(*status), "{command:?}: {told}");
        assert_eq!(told, "", "{command:?}");
        assert!(!output.stdout.is_empty(), "{command:?}");
    }
}

#[test]
fn frames_of_nothing_and_of_all_that_fits_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut recording = one_packet();
    let syn = recording.frames[0].octets.clone();
    recording.push(Link::Ethernet, Vec::new());
    for _ in 0..5 {
        let mut longest = syn.clone();
        longest.resize(LONGEST, 0);
        let number = recording.push(Link::Ethernet, longest);
        // The most that a record can claim: their sum has 35 bits.
        recording.frames[usize::try_from(number).unwrap() - 1].original = u32::MAX;
    }
    write(folder.path(), &recording);
    for (command, status) in COMMANDS {
        let output = chatpcap(folder.path(), &[command, &["it.pcap"][..]].concat(), b"");
        assert_eq!(output.status.code(), Some(*status), "{command:?}");
    }
    let arguments = [
        "conversations",
        "--type",
        "eth,tcp",
        "--format",
        "json",
        "it.pcap",
    ];
    let output = chatpcap(folder.path(), &arguments, b"");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let octets = syn.len() as u64 + 5 * u64::from(u32::MAX);
    for layer in ["eth", "tcp"] {
        assert_eq!(
            found["captures"][0][layer]["totals"]["octets"], octets,
            "{layer}"
        );
    }
    assert_eq!(found["captures"][0]["octets"], octets);
    assert_eq!(found["captures"][0]["packets"], 7);
}

#[test]
fn numbers_that_wrap_round_are_in_order() {
    let folder = tempfile::tempdir().unwrap();
    for isn in [u32::MAX, u32::MAX - 1, u32::MAX - 5, 0x7fff_ffff, 0] {
        let mut recording = Recording::new(Link::Ethernet);
        let mut connection = Connection::new(CLIENT1, isn, SERVER, isn);
        connection.open(&mut recording);
        for words in [&b"alice"[..], b"hello ", b"and good bye"] {
            recording.add(&connection.client_says(words));
            recording.add(&connection.server_ack());
        }
        write(folder.path(), &recording);
        let run = |arguments: &[&str]| {
            let output = chatpcap(folder.path(), &[arguments, &["it.pcap"]].concat(), b"");
            String::from_utf8(output.stdout).unwrap()
        };
        assert_eq!(
            run(&["follow", "tcp", "0", "--format", "raw"]),
            "alicehello and good bye"
        );
        let flagged = run(&[
            "packets",
            "-Y",
            "tcp.analysis.flags",
            "-T",
            "fields",
            "-e",
            "frame.number",
        ]);
        let path = folder.path().join("it.pcap");
        match tshark::rows(&path, "tcp.analysis.flags", &["frame.number"]) {
            // Where the ISN is the last number, Wireshark takes the number nought for none.
            Some(rows) => assert_eq!(flagged.lines().collect::<Vec<_>>(), rows, "{isn}"),
            None => println!("skipped: there is no tshark to compare with"),
        }
        let numbers = run(&[
            "packets",
            "-Y",
            "tcp.len > 0",
            "-T",
            "fields",
            "-e",
            "tcp.seq",
            "-e",
            "tcp.nxtseq",
        ]);
        assert_eq!(numbers, "1\t6\n6\t12\n12\t24\n", "{isn}");
    }
}

#[test]
fn a_pipe_that_ends_within_a_record_is_read_up_to_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut recording = one_packet();
    recording.add(&Connection::new(SERVER, 1, CLIENT1, 0).syn());
    let file = recording.pcap();
    let fifo = folder.path().join("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    for left in [1, 20, 60] {
        let reader = Command::new(program("chatpcap"))
            .args(["packets", "-T", "fields", "-e", "frame.number"])
            .arg(&fifo)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Opening waits for the reader.
        std::fs::write(&fifo, &file[..file.len() - left]).unwrap();
        let output = reader.wait_with_output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), output.stdout.as_slice()),
            (Some(0), &b"1\n"[..])
        );
        assert!(
            told.contains("truncated pcap record at offset 106, after frame 1"),
            "{told}"
        );
    }
}

/// What a file had when its end was met is what counts: what is written behind it later is not taken for the
/// rest of a record.
#[test]
fn a_file_that_grows_ends_where_its_end_was_met() {
    struct Grows(Cursor<Vec<u8>>, usize);
    impl Read for Grows {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let position = usize::try_from(self.0.position()).unwrap();
            if position == self.1 {
                self.1 = usize::MAX;
                return Ok(0);
            }
            let most = buffer.len().min(self.1.saturating_sub(position));
            self.0.read(&mut buffer[..most])
        }
    }
    let mut recording = one_packet();
    recording.add(&Connection::new(SERVER, 1, CLIENT1, 0).syn());
    let file = recording.pcap();
    for end in [file.len() - 1, file.len() - 60, 106] {
        let mut capture = Capture::from_reader(Grows(Cursor::new(file.clone()), end)).unwrap();
        assert!(capture.next_frame().is_some());
        assert!(capture.next_frame().is_none());
        assert!(capture.next_frame().is_none());
        assert_eq!(
            capture.notices().len(),
            usize::from(end > 106),
            "{:?}",
            capture.notices()
        );
    }
}
