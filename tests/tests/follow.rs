//! `chatpcap follow` as its users run it.

use std::fs;

use serde_json::Value;
use tests::frames::{ACK, Link, PSH, datagram};
use tests::golden::compare;
use tests::program::{chatpcap, project};
use tests::recording::Recording;
use tests::scenario::{CLIENT1, CLIENT2, Connection, SERVER};
use tests::schema::schema;

/// What the program prints on captures of the lab.
fn lab(arguments: &[&str]) -> Vec<u8> {
    let output = chatpcap(&project().join("captures/python-lab"), arguments, b"");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    output.stdout
}

/// What it prints on a recording that comes by standard input, after `follow`.
fn follow(recording: &Recording, arguments: &[&str]) -> (String, String, Option<i32>) {
    let arguments = [&["follow"], arguments, &["-"]].concat();
    let output = chatpcap(&project(), &arguments, &recording.pcap());
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
        output.status.code(),
    )
}

/// A connection of client1 whose handshake is recorded.
fn opened() -> (Recording, Connection) {
    let mut recording = Recording::new(Link::Ethernet);
    let mut connection = Connection::new(CLIENT1, 1000, SERVER, 9000);
    connection.open(&mut recording);
    (recording, connection)
}

#[test]
fn golden_files() {
    compare(
        "follow-client1.txt",
        &lab(&["follow", "tcp", "0", "client1.pcap"]),
    );
    compare(
        "follow-client1-hex.txt",
        &lab(&["follow", "tcp", "0", "client1.pcap", "--format", "hex"]),
    );
    compare(
        "follow-client1-udp-colour.txt",
        &lab(&["follow", "udp", "1", "client1.pcap", "--color", "always"]),
    );
    compare(
        "follow-two.json",
        &lab(&[
            "follow",
            "udp",
            "1",
            "client1.pcap",
            "client2.pcap",
            "--format",
            "json",
        ]),
    );
    compare("follow-help.txt", &lab(&["follow", "--help"]));
    compare(
        "follow-trouble.txt",
        follow(&trouble(), &["tcp", "0"]).0.as_bytes(),
    );
}

#[test]
fn the_json_form_is_valid_under_its_schema() {
    let schema = schema("follow-1");
    let captures = [
        lab(&[
            "follow",
            "tcp",
            "0",
            "client1.pcap",
            "chatserver.pcap",
            "--format",
            "json",
        ]),
        follow(&trouble(), &["tcp", "0", "--format", "json"])
            .0
            .into_bytes(),
        follow(&trouble(), &["tcp", "9", "--format", "json"])
            .0
            .into_bytes(),
    ];
    for printed in captures {
        let printed: Value = serde_json::from_slice(&printed).unwrap();
        if let Err(error) = schema.validate(&printed) {
            panic!("{error}\n{printed:#}");
        }
    }
}

/// A gap that was acknowledged, one that was not, octets that differ, octets that come too late, text
/// that a terminal would obey, and a character in two segments.
fn trouble() -> Recording {
    let (mut recording, mut connection) = opened();
    recording.add(&connection.client_says(b"GET / HTTP/1.1\r\nHost: www\r\n\r\n"));
    let lost = connection.server_says(b"never captured");
    recording.add(&connection.server_says("here \u{1b}[2J\u{202e}\x00".as_bytes()));
    recording.add(&connection.ack());
    recording.add(&lost);
    let mut forged = connection.segment(true, PSH | ACK, b"POST");
    forged.seq = 1001;
    recording.add(&forged.packet());
    recording.add(&connection.server_says(b"gr\xc3"));
    recording.add(&connection.server_says(b"\xa5 \xff end"));
    connection.client_says(b"lost too");
    recording.add(&connection.client_says(b"last"));
    recording
}

#[test]
fn raw_octets_are_the_octets() {
    let (printed, errors, status) = follow(&trouble(), &["tcp", "0", "--format", "hex", "--ascii"]);
    assert!(printed.is_ascii() && errors.is_empty() && status == Some(0));
    let arguments = ["follow", "tcp", "0", "--format", "raw", "-"];
    let output = chatpcap(&project(), &arguments, &trouble().pcap());
    let expected =
        b"GET / HTTP/1.1\r\nHost: www\r\n\r\nhere \x1b[2J\xe2\x80\xae\x00gr\xc3\xa5 \xff endlast";
    assert_eq!(
        output.stdout.escape_ascii().to_string(),
        expected.escape_ascii().to_string()
    );
}

#[test]
fn each_side_goes_to_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let capture = project().join("captures/python-lab/client1.pcap");
    let arguments = [
        "follow",
        "tcp",
        "0",
        "-o",
        "talk",
        capture.to_str().unwrap(),
    ];
    let output = chatpcap(folder.path(), &arguments, b"");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        printed,
        "talk.first: 41 octets of 10.20.30.11:50748\ntalk.second: 86 octets of 10.20.30.3:5000\n"
    );
    let first = fs::read_to_string(folder.path().join("talk.first")).unwrap();
    assert_eq!(first, "alicehello roomsecond message: with colon");
    assert_eq!(
        fs::read(folder.path().join("talk.second")).unwrap().len(),
        86
    );

    let output = chatpcap(
        folder.path(),
        &[
            "follow",
            "tcp",
            "0",
            "-o",
            "no/such/folder",
            capture.to_str().unwrap(),
        ],
        b"",
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no/such/folder: "));
}

#[test]
fn a_flow_that_is_not_there() {
    let (recording, _) = opened();
    let (printed, errors, status) = follow(&recording, &["tcp", "1"]);
    assert_eq!((printed.as_str(), status), ("", Some(1)));
    assert_eq!(
        errors,
        "chatpcap: -: no tcp.stream 1: the only TCP flow is 0\nhint: `chatpcap conversations -` lists the flows\n"
    );
    let (_, errors, status) = follow(&recording, &["udp", "0"]);
    assert!(errors.contains("there is no UDP flow") && status == Some(1));
    let (_, errors, status) = follow(&recording, &["sctp", "0"]);
    assert!(errors.contains("tcp|udp") && status == Some(2), "{errors}");
}

#[test]
fn a_flow_without_a_word_and_frames_captured_twice() {
    let (recording, _) = opened();
    let (printed, _, status) = follow(&recording, &["tcp", "0"]);
    assert!(
        printed.contains("> 0 octets") && status == Some(0),
        "{printed}"
    );

    let mut doubled = Recording::new(Link::Sll).doubled();
    let mut connection = Connection::new(CLIENT1, u32::MAX - 3, SERVER, 9000);
    connection.open(&mut doubled);
    connection.talk(&mut doubled);
    doubled.add(&connection.client_says(b" and on"));
    let (printed, errors, _) = follow(&doubled, &["tcp", "0", "--format", "raw"]);
    assert_eq!(printed, "client1!{\"client1\": \"10.20.30.11\"} and on");
    assert_eq!(errors, "");
}

#[test]
fn what_the_snap_length_cut_is_told() {
    let mut recording = Recording::new(Link::Ethernet).snapped(64);
    let mut connection = Connection::new(CLIENT1, 1000, SERVER, 9000);
    connection.open(&mut recording);
    recording.add(&connection.client_says(&[b'x'; 100]));
    recording.add(&connection.client_says(b"y"));
    let (printed, ..) = follow(&recording, &["tcp", "0"]);
    assert!(printed.contains("> xxxxxxxxxx\n"), "{printed}");
    assert!(
        printed.contains("[90 octets missing: cut off by the snap length]"),
        "{printed}"
    );
    assert!(
        printed.contains("> 11 octets, 90 octets missing"),
        "{printed}"
    );

    let mut recording = Recording::new(Link::Ethernet).snapped(64);
    recording.add(&datagram(CLIENT1, CLIENT2, 1, &[b'x'; 100]));
    let (printed, ..) = follow(&recording, &["udp", "0"]);
    assert!(
        printed.contains("[78 octets missing: cut off by the snap length]"),
        "{printed}"
    );
}

#[test]
fn a_display_filter_leaves_out_what_it_does_not_select() {
    let only = lab(&[
        "follow",
        "tcp",
        "0",
        "client1.pcap",
        "--format",
        "raw",
        "-Y",
        "ip.src == 10.20.30.11",
    ]);
    assert_eq!(
        String::from_utf8(only).unwrap(),
        "alicehello roomsecond message: with colon"
    );
}
