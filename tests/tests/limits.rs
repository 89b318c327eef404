//! What is beyond a limit of memory or time: it counts, it is told, and what is within stays as it is.

use std::io::{Cursor, Read as _};

use chatpcap::capture::Capture;
#[cfg(not(debug_assertions))]
use chatpcap::capture::Notice;
use serde_json::Value;
use tests::flood::Flood;
use tests::frames;
use tests::frames::Link;
use tests::program::chatpcap;
use tests::recording::{Recording, gzip, lz4, zstd};
use tests::scenario::{CLIENT1, CLIENT2, Connection, SERVER, on_port};

/// Standard output, standard error and the exit status of a command on a capture.
fn run(file: &[u8], arguments: &[&str]) -> (String, String, Option<i32>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("it.pcap"), file).unwrap();
    let output = chatpcap(folder.path(), &[arguments, &["it.pcap"]].concat(), b"");
    let [printed, told] =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (printed, told, output.status.code())
}

/// Three connections and three flows of datagrams, begun in turn; then the first port is used again, and all go
/// on.
fn flows() -> Vec<u8> {
    let mut recording = Recording::new(Link::Ethernet);
    let open = |port: u16, isn| Connection::new(on_port(CLIENT1, 40_000 + port), isn, SERVER, 9);
    let mut connections: Vec<Connection> = (0..3).map(|port| open(port, 7)).collect();
    let private = |port| {
        let ends = [on_port(CLIENT1, 5000), on_port(CLIENT2, 6000 + port)];
        frames::datagram(ends[0], ends[1], port, b"hello, you")
    };
    for (connection, port) in connections.iter_mut().zip(0..) {
        connection.open(&mut recording);
        recording.add(&private(port));
    }
    let mut again = open(0, 99);
    again.open(&mut recording);
    recording.add(&again.client_says(b"of the second connection on this port"));
    for (connection, port) in connections.iter_mut().skip(1).zip(1..) {
        recording.add(&connection.client_says(b"alice"));
        recording.add(&private(port));
    }
    recording.pcap()
}

#[test]
fn flows_beyond_the_limit_count_and_have_no_number() {
    let file = flows();
    let rows = |limit: &str| {
        let arguments = ["conversations", "--format", "json", "--max-flows", limit];
        let (printed, told, status) = run(&file, &arguments);
        assert_eq!((told.as_str(), status), ("", Some(0)));
        serde_json::from_str::<Value>(&printed).unwrap()["captures"][0].take()
    };
    let all = rows("100");
    let some = rows("2");
    assert_eq!(all["notices"], serde_json::json!([]));
    assert_eq!(
        some["notices"],
        serde_json::json!([
            "8 packets (522 octets) of TCP flows beyond the first 2: these are not told apart; `--max-flows N` raises the limit",
            "2 packets (104 octets) of UDP flows beyond the first 2: these are not told apart; `--max-flows N` raises the limit",
        ])
    );
    for total in ["frames", "packets", "octets", "first", "last"] {
        assert_eq!(all[total], some[total], "{total}");
    }
    for (layer, beyond) in [("tcp", 8), ("udp", 2)] {
        let list = |rows: &Value| rows[layer]["list"].as_array().unwrap().clone();
        let within = |row: &Value| row["flow"].as_u64().unwrap() < 2;
        let mut expected: Vec<Value> = list(&all).into_iter().filter(within).collect();
        let mut found = list(&some);
        for rows in [&mut expected, &mut found] {
            rows.sort_by_key(|row| row["flow"].as_u64());
        }
        assert_eq!(found, expected);
        let packets = |rows: &Value| -> u64 {
            let rows = list(rows).into_iter();
            rows.map(|row| row["packets"].as_u64().unwrap()).sum()
        };
        assert_eq!(packets(&some) + beyond, packets(&all));
    }
}

#[test]
fn every_command_tells_of_them() {
    let file = flows();
    let told_of = "of TCP flows beyond the first 2";
    for command in [
        &["analyze"][..],
        &["analyze", "--format", "json"],
        &["chat"],
        &["report"],
        &["conversations"],
        &["conversations", "--format", "markdown"],
        &["doctor"],
        &["graph"],
        &["graph", "--format", "svg", "-o", "-"],
        &["packets"],
        &["follow", "tcp", "1"],
    ] {
        let (printed, told, status) = run(&file, &[command, &["--max-flows", "2"]].concat());
        // The doctor finds the lab's questions answered nevertheless.
        assert_eq!(status, Some(0), "{command:?}: {told}");
        let all = (printed + &told)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(all.contains(told_of), "{command:?}: {all}");
        let (printed, told, _) = run(&file, command);
        assert!(
            !(printed + &told).contains("beyond the first"),
            "{command:?}"
        );
    }
}

#[test]
fn filters_and_dialogues_of_flows_within_are_as_without() {
    let file = flows();
    for filter in ["tcp.stream == 1", "udp.stream == 1", "tcp.port == 40002"] {
        let arguments = ["packets", "-Y", filter, "--count"];
        let all = run(&file, &arguments).0;
        assert_ne!(all, "0\n");
        let some = run(&file, &[&arguments[..], &["--max-flows", "2"]].concat()).0;
        assert_eq!(all, some, "{filter}");
    }
    let arguments = ["follow", "tcp", "2", "--max-flows", "2"];
    let (printed, told, status) = run(&file, &arguments);
    assert_eq!((printed.as_str(), status), ("", Some(1)));
    assert!(
        told.contains("no tcp.stream 2: TCP flows are 0 to 1; 8 packets"),
        "{told}"
    );
    assert!(told.contains("`--max-flows N` raises the limit"), "{told}");
    // None at all is a limit like others.
    let (printed, _, status) = run(
        &file,
        &["packets", "-Y", "tcp.stream", "--count", "--max-flows", "0"],
    );
    assert_eq!((printed.as_str(), status), ("0\n", Some(0)));
}

#[test]
fn a_compressed_capture_expands_as_far_as_is_asked_for() {
    let file = flows();
    for compressed in [gzip(&file), zstd(&file), lz4(&file)] {
        let (printed, told, status) = run(
            &compressed,
            &["packets", "--count", "--max-decompressed", "100"],
        );
        // A window of it was read before anything was asked.
        assert_eq!(
            (printed.as_str(), told.as_str(), status),
            ("20\n", "", Some(0))
        );
    }
    let mut large = Vec::new();
    Flood::Syn.of(20_000).read_to_end(&mut large).unwrap();
    for compressed in [gzip(&large), zstd(&large), lz4(&large)] {
        let limit = ["packets", "--count", "--max-decompressed", "1M"];
        let (printed, told, status) = run(&compressed, &limit);
        let packets: u64 = printed.trim().parse().unwrap();
        assert!(packets > 10_000 && packets < 20_000, "{packets}");
        assert_eq!(status, Some(0));
        assert!(told.contains("the rest is not read"), "{told}");
        assert!(!told.contains("truncated"), "{told}");
        assert!(
            told.contains("at most 1000000 are read, as `--max-decompressed` says"),
            "{told}"
        );
        let (printed, told, _) = run(
            &compressed,
            &["packets", "--count", "--max-decompressed", "all"],
        );
        assert_eq!((printed.as_str(), told.as_str()), ("20000\n", ""));
    }
    // What is not compressed has the size that it has.
    let (printed, told, _) = run(&large, &["packets", "--count", "--max-decompressed", "1M"]);
    assert_eq!((printed.as_str(), told.as_str()), ("20000\n", ""));
    let (_, told, status) = run(&large, &["packets", "--max-decompressed", "1GiB"]);
    assert_eq!(status, Some(2));
    assert!(
        told.contains("needs octets, as 500M or 20G, or `all`"),
        "{told}"
    );
}

/// Without debug assertions only: it is a gigabyte.
#[test]
#[cfg(not(debug_assertions))]
fn a_bomb_ends_where_nobody_believes_it() {
    let bomb = |encoded: Vec<u8>, least: u64| {
        let mut capture = Capture::from_reader(Cursor::new(encoded)).unwrap();
        while capture.next_frame().is_some() {}
        let [Notice::Expansion { offset, octets, .. }] = capture.notices() else {
            panic!("{:?}", capture.notices());
        };
        assert!(
            *offset > 1 << 30 && *offset < (1 << 30) + (1 << 20),
            "{offset}"
        );
        assert!(offset / octets >= least, "{octets}");
    };
    let endless = || Flood::Nothing.of(200_000_000);
    let mut encoder = flate2::read::GzEncoder::new(endless(), flate2::Compression::best());
    let mut encoded = Vec::new();
    encoder.read_to_end(&mut encoded).unwrap();
    bomb(encoded, 900);
    bomb(zstd::encode_all(endless(), 1).unwrap(), 5000);
}

/// A stream may ask for more memory than any capture needs.
#[test]
fn a_window_that_is_too_large_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(28).unwrap();
    encoder.include_contentsize(false).unwrap();
    std::io::copy(&mut Flood::Syn.of(10), &mut encoder).unwrap();
    let (_, told, status) = run(&encoder.finish().unwrap(), &["packets"]);
    assert_eq!(status, Some(2));
    assert!(
        told.starts_with("chatpcap: it.pcap: cannot read zstd stream: "),
        "{told}"
    );
    assert!(
        told.contains("hint: its window is larger than 128 MiB: `zstd -dc --long=31 it.pcap"),
        "{told}"
    );
}

/// Nothing in them is a capture, and they end.
#[test]
fn empty_members_and_endless_headers_are_no_capture() {
    let error = |octets: Vec<u8>| {
        let error = Capture::from_reader(Cursor::new(octets)).unwrap_err();
        error.to_string()
    };
    assert_eq!(error(gzip(b"").repeat(100_000)), "empty gzip stream");
    assert_eq!(error(zstd(b"").repeat(100_000)), "empty zstd stream");
    assert_eq!(error(lz4(b"").repeat(100_000)), "empty lz4 stream");
    // A name that never ends.
    let mut endless = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3];
    endless.resize(64 << 20, b'n');
    assert_eq!(error(endless), "cannot read gzip stream");
    // Bombs in bombs are opened once.
    let bomb = gzip(&gzip(&vec![0; 1 << 20]));
    assert!(error(bomb).starts_with("not a packet capture"));
}
