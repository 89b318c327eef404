//! `chatpcap doctor`: each ailment of a capture, made and found.

use std::fs;

use serde_json::Value;
use tests::frames::{Link, datagram};
use tests::golden::compare;
use tests::program::{chatpcap, project};
use tests::recording::Recording;
use tests::scenario::{CLIENT1, CLIENT2, Connection, SERVER, on_port};
use tests::schema::schema;

/// What the program says of one file that comes by standard input: findings by key and severity, and
/// the exit status.
fn examine(file: &[u8]) -> (Vec<(String, String)>, Option<i32>) {
    let output = chatpcap(&project(), &["doctor", "--format", "json", "-"], file);
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let schema = schema("doctor-1");
    assert!(schema.is_valid(&printed), "{printed:#}");
    let findings = printed["captures"][0]["findings"].as_array().unwrap();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = findings
        .iter()
        .map(|finding| (word(&finding["key"]), word(&finding["severity"])));
    (findings.collect(), output.status.code())
}

#[track_caller]
fn expect(recording: &Recording, findings: &[(&str, &str)], status: i32) {
    expect_file(&recording.pcap(), findings, status);
}

#[track_caller]
fn expect_file(file: &[u8], findings: &[(&str, &str)], status: i32) {
    let (found, code) = examine(file);
    let found: Vec<_> = found
        .iter()
        .map(|(key, severity)| (key.as_str(), severity.as_str()))
        .collect();
    assert_eq!((found.as_slice(), code), (findings, Some(status)));
}

/// A connection of client1 that talks and closes, and private messages.
fn healthy(link: Link) -> Recording {
    let mut recording = Recording::new(link);
    let mut connection = Connection::new(CLIENT1, 1000, SERVER, 9000);
    connection.open(&mut recording);
    connection.talk(&mut recording);
    private(&mut recording);
    connection.close(&mut recording);
    recording
}

fn private(recording: &mut Recording) {
    recording.add(&datagram(
        on_port(CLIENT1, 5000),
        on_port(CLIENT2, 5000),
        7,
        b"psst",
    ));
}

const OFFLOAD: (&str, &str) = ("checksum_offload", "note");

#[test]
fn golden_files() {
    let folder = project().join("captures/python-lab");
    for (golden, arguments) in [
        ("doctor-lab.txt", &["client1.pcap", "chatserver.pcap"][..]),
        (
            "doctor-lab-60.txt",
            &[
                "chatserver.pcap",
                "--width",
                "60",
                "--ascii",
                "--color",
                "always",
            ],
        ),
        ("doctor-lab.json", &["chatserver.pcap", "--format", "json"]),
        ("doctor-help.txt", &["--help"]),
    ] {
        let output = chatpcap(&folder, &[&["doctor"], arguments].concat(), b"");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert_eq!(output.status.code(), Some(0));
        compare(golden, &output.stdout);
    }
    let mut late = Recording::new(Link::Sll).doubled().snapped(80);
    let mut connection = Connection::new(CLIENT1, 1000, SERVER, 9000);
    connection.talk(&mut late);
    let mut file = late.pcap();
    file.truncate(file.len() - 7);
    let output = chatpcap(&project(), &["doctor", "-"], &file);
    compare("doctor-ill.txt", &output.stdout);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_is_well_says_so() {
    expect(&healthy(Link::Ethernet), &[], 0);
    expect(&healthy(Link::Sll2), &[], 0);
    let lab = fs::read(project().join("captures/python-lab/client1.pcap")).unwrap();
    expect_file(&lab, &[OFFLOAD], 0);
}

#[test]
fn files_that_are_no_capture() {
    expect_file(b"", &[("empty", "serious")], 2);
    expect_file(
        b"No. Time Source Destination\n",
        &[("not_a_capture", "serious")],
        2,
    );
    let file = healthy(Link::Ethernet).pcap();
    expect_file(&file[..20], &[("cut", "serious")], 2);
    expect_file(&file[..24], &[("no_frames", "serious")], 1);
    let output = chatpcap(&project(), &["doctor", "no-such-file", "captures"], b"");
    assert_eq!(output.status.code(), Some(2));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        printed.matches("unusable: nothing could be read").count(),
        2,
        "{printed}"
    );
}

#[test]
fn a_file_that_is_cut() {
    let file = healthy(Link::Ethernet).pcap();
    expect_file(&file[..file.len() - 3], &[("cut", "warning")], 0);
}

#[test]
fn a_capture_that_starts_late_or_shows_one_side() {
    let mut late = Recording::new(Link::Ethernet);
    let mut connection = Connection::new(CLIENT1, 1000, SERVER, 9000);
    connection.talk(&mut late);
    private(&mut late);
    expect(&late, &[("started_late", "serious")], 1);
    // With another connection that is whole it is no obstacle.
    let mut other = Connection::new(on_port(CLIENT1, 40_000), 1000, SERVER, 9000);
    other.open(&mut late);
    other.close(&mut late);
    expect(&late, &[("started_late", "warning")], 0);

    let mut one_side = Recording::new(Link::Ethernet);
    let mut connection = Connection::new(CLIENT1, 1000, SERVER, 9000);
    one_side.add(&connection.syn());
    one_side.add(&connection.ack());
    one_side.add(&connection.client_says(b"alice"));
    private(&mut one_side);
    expect(&one_side, &[("one_direction", "serious")], 1);
}

#[test]
fn a_server_that_refuses_or_says_nothing() {
    let mut refused = Recording::new(Link::Ethernet);
    let mut connection = Connection::new(CLIENT1, 1000, SERVER, 9000);
    connection.fail(&mut refused);
    private(&mut refused);
    expect(&refused, &[("refused", "serious")], 1);
    let mut other = Connection::new(on_port(CLIENT1, 40_000), 1000, SERVER, 9000);
    other.open(&mut refused);
    other.close(&mut refused);
    expect(&refused, &[("refused", "note")], 0);

    let mut unanswered = Recording::new(Link::Ethernet);
    unanswered.add(&Connection::new(CLIENT1, 1000, SERVER, 9000).syn());
    unanswered.wait(1000);
    unanswered.add(&Connection::new(CLIENT1, 1000, SERVER, 9000).syn());
    private(&mut unanswered);
    expect(&unanswered, &[("unanswered", "serious")], 1);
}

#[test]
fn what_the_snap_length_cut() {
    let mut cut = healthy(Link::Ethernet).snapped(74);
    let mut connection = Connection::new(on_port(CLIENT1, 40_000), 1000, SERVER, 9000);
    connection.open(&mut cut);
    cut.add(&connection.client_says(&[b'x'; 200]));
    connection.close(&mut cut);
    expect(&cut, &[("snap_length", "warning")], 0);

    let mut short = Recording::new(Link::Ethernet).snapped(40);
    Connection::new(CLIENT1, 1000, SERVER, 9000).open(&mut short);
    let (found, status) = examine(&short.pcap());
    assert!(
        found.contains(&("headers_cut".to_owned(), "serious".to_owned())),
        "{found:?}"
    );
    assert_eq!(status, Some(1));
}

#[test]
fn the_wrong_interface_filter_or_time() {
    let mut elsewhere = Recording::new(Link::Ethernet);
    let mut web = Connection::new(CLIENT1, 1, on_port(SERVER, 80), 2);
    web.open(&mut elsewhere);
    web.close(&mut elsewhere);
    expect(&elsewhere, &[("no_chat", "serious")], 1);

    let mut looped = Recording::new(Link::NullLittle);
    let mut connection = Connection::new(
        "127.0.0.1:40000".parse().unwrap(),
        1,
        "127.0.0.1:631".parse().unwrap(),
        2,
    );
    connection.open(&mut looped);
    let output = chatpcap(&project(), &["doctor", "-"], &looped.pcap());
    assert!(String::from_utf8_lossy(&output.stdout).contains("loopback addresses"));

    let mut only_udp = Recording::new(Link::Ethernet);
    private(&mut only_udp);
    expect(&only_udp, &[("no_tcp", "serious")], 1);

    let mut only_tcp = Recording::new(Link::Ethernet);
    let mut connection = Connection::new(CLIENT1, 1000, SERVER, 9000);
    connection.open(&mut only_tcp);
    expect(&only_tcp, &[("no_udp", "warning"), ("open_end", "note")], 0);
}

#[test]
fn frames_twice_and_clocks_that_go_back() {
    let mut doubled = Recording::new(Link::Ethernet).doubled();
    let mut connection = Connection::new(CLIENT1, 1000, SERVER, 9000);
    connection.open(&mut doubled);
    connection.talk(&mut doubled);
    private(&mut doubled);
    connection.close(&mut doubled);
    expect(&doubled, &[("frames_twice", "warning")], 0);

    let mut back = healthy(Link::Ethernet);
    back.frames[5].time -= 1_000_000_000 * 7200;
    let (found, _) = examine(&back.pcap());
    let keys: Vec<_> = found.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["clock_back", "pause"]);

    let mut swapped = healthy(Link::Ethernet);
    swapped.frames[5].time -= 1_500_000;
    expect(&swapped, &[("reordered", "note")], 0);
}

#[test]
fn lost_frames_and_mixed_links() {
    let mut lossy = Recording::new(Link::Ethernet);
    let mut connection = Connection::new(CLIENT1, u32::MAX - 10, SERVER, 9000);
    connection.open(&mut lossy);
    connection.client_says(b"lost on the way into the file");
    lossy.add(&connection.server_ack());
    connection.server_says(b"lost");
    lossy.add(&connection.server_says(b"seen"));
    private(&mut lossy);
    connection.close(&mut lossy);
    expect(&lossy, &[("lost_frames", "warning")], 0);
    // What is sent again is not lost, and what comes late neither.
    let mut whole = Recording::new(Link::Ethernet);
    let mut connection = Connection::new(CLIENT1, 1000, SERVER, 9000);
    connection.open(&mut whole);
    let late = connection.client_says(b"late");
    whole.add(&connection.client_says(b"early"));
    whole.add(&late);
    whole.wait(300);
    whole.add(&late);
    private(&mut whole);
    connection.close(&mut whole);
    expect(&whole, &[], 0);

    let mut mixed = healthy(Link::Ethernet);
    let packet = datagram(on_port(CLIENT2, 5000), on_port(CLIENT1, 5000), 8, b"got it");
    mixed.add_on(Link::Raw(101), &packet);
    let file = mixed.file(tests::recording::FileFormat::Pcapng { big_endian: false });
    expect_file(&file, &[("mixed_links", "note")], 0);
}

#[test]
fn altered_octets_are_told_from_offload() {
    let mut altered = healthy(Link::Ethernet);
    let last = altered.frames[3].octets.len() - 1;
    altered.frames[3].octets[last] ^= 0x40;
    expect(&altered, &[("bad_checksum", "warning")], 0);

    // What Linux leaves in the field for its network card: the sum over the pseudo-header.
    let mut offloaded = healthy(Link::Ethernet);
    let octets = &mut offloaded.frames[3].octets;
    let tcp = 14 + 20;
    let length = u64::try_from(octets.len() - tcp).unwrap();
    let partial = !tests::frames::fold(tests::frames::sum(&octets[26..34]) + 6 + length);
    octets[tcp + 16..tcp + 18].copy_from_slice(&partial.to_be_bytes());
    expect(&offloaded, &[OFFLOAD], 0);
}

#[test]
fn a_display_filter_is_examined_like_one_of_tcpdump() {
    let capture = fs::read(project().join("captures/python-lab/client1.pcap")).unwrap();
    let output = chatpcap(
        &project(),
        &["doctor", "-Y", "udp.port == 5000", "-"],
        &capture,
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stdout)
            .contains("datagrams of the chat, and no TCP on port 5000")
    );
}
