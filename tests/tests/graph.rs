//! The flow graph: captures put together, and graphs of many hosts, flows and packets.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tests::frames::{Link, datagram};
use tests::graphs::{graph, packets, text, written};
use tests::program::{Live, chatpcap, program, project};
use tests::recording::Recording;
use tests::scenario::Connection;
use tests::schema::schema;

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1000 * MILLISECOND;

#[test]
fn the_json_form_keeps_its_schema() {
    let validator = schema("graph-1");
    for run in ["accounts", "open", "any", "python-lab"] {
        let folder = project().join("captures").join(run);
        let names = ["chatserver.pcap", "client1.pcap", "client2.pcap"];
        let mut arguments = vec!["graph", "--format", "json"];
        arguments.extend(names);
        let output = chatpcap(&folder, &arguments, b"");
        let graph: Value = serde_json::from_slice(&output.stdout).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(&graph)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{run}: {errors:?}");
    }
}

fn host(last: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::from([10, 20, 30, last]), 5000)
}

fn connection(port: u16) -> Connection {
    let mut client = host(11);
    client.set_port(port);
    Connection::new(client, 1000, host(3), 2000)
}

/// A run as one end sees it: the frames of `both` that `keep` names, so much later by its own clock.
fn seen(both: &Recording, ahead: i64, keep: impl Fn(usize) -> Option<u64>) -> Vec<u8> {
    let mut own = both.clone();
    let frames = both.frames.iter().enumerate();
    own.frames = frames
        .filter_map(|(place, frame)| {
            let later = keep(place)?;
            let mut frame = frame.clone();
            frame.time = frame.time.strict_add(later).strict_add_signed(ahead);
            Some(frame)
        })
        .collect();
    own.pcap()
}

#[test]
fn a_lab_run_is_one_diagram() {
    for run in ["accounts", "open", "python-peer", "ipv6", "python-lab"] {
        let folder = project().join("captures").join(run);
        let names = ["chatserver.pcap", "client1.pcap", "client2.pcap"];
        let mut arguments = vec!["graph", "--format", "json", "--full"];
        arguments.extend(names);
        let output = chatpcap(&folder, &arguments, b"");
        let graph: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut held: Vec<BTreeMap<u64, usize>> = vec![BTreeMap::new(); 3];
        let mut shared = 0;
        for packet in packets(&graph) {
            let frames = packet["frames"].as_array().unwrap();
            shared += usize::from(frames.iter().filter(|frame| !frame.is_null()).count() > 1);
            for (held, frame) in held.iter_mut().zip(frames) {
                if let Some(frame) = frame.as_u64() {
                    *held.entry(frame).or_default() += 1;
                }
            }
            // All hosts of a run have one clock: no packet is late, none arrives before it is sent.
            let delay = packet["delay_seconds"].as_f64().unwrap_or(0.0);
            assert!((0.0..0.01).contains(&delay), "{run}: {packet}");
            assert_eq!(packet["lost_before"], Value::Null, "{run}: {packet}");
        }
        for (held, name) in held.iter().zip(names) {
            let frames = held.len() as u64;
            let last = held.keys().next_back().copied();
            assert_eq!(last, Some(frames), "{run}/{name}: frames are missing");
            assert!(held.values().all(|times| *times == 1), "{run}/{name}");
        }
        assert!(
            shared > 20,
            "{run}: only {shared} packets are in two captures"
        );
        for clock in &graph["captures"].as_array().unwrap()[1..] {
            assert_eq!(clock["clock"]["basis"], "both_ways", "{run}: {clock}");
        }
    }
}

#[test]
fn clocks_that_differ_are_found_out() {
    let mut both = Recording::new(Link::Ethernet);
    let mut chat = connection(40_000);
    chat.open(&mut both);
    for _ in 0..5 {
        both.wait(20);
        both.add(&chat.client_says(b"hello"));
        both.add(&chat.server_ack());
    }
    // The way takes 2 ms, and the server's clock is 90 s behind.
    let is_of_client = |place: usize| match place {
        0..3 => place != 1,
        place => place % 2 == 1,
    };
    let client = seen(&both, 0, |place| {
        Some(if is_of_client(place) {
            0
        } else {
            2 * MILLISECOND
        })
    });
    let server = seen(&both, -90 * SECOND.cast_signed(), |place| {
        Some(if is_of_client(place) {
            2 * MILLISECOND
        } else {
            0
        })
    });
    let graph = graph(&[("client.pcap", &client), ("server.pcap", &server)], &[]);
    let clock = &graph["captures"][1]["clock"];
    assert_eq!(clock["offset_seconds"], -90.0, "{clock}");
    assert_eq!(clock["delay_seconds"], 0.002, "{clock}");
    let packets = packets(&graph);
    assert_eq!(packets.len(), both.frames.len());
    for packet in packets {
        assert_eq!(packet["delay_seconds"], 0.002, "{packet}");
    }
}

#[test]
fn a_packet_that_does_not_arrive_is_lost() {
    let mut both = Recording::new(Link::Ethernet);
    let mut chat = connection(40_000);
    chat.open(&mut both);
    for _ in 0..4 {
        both.wait(20);
        both.add(&chat.client_says(b"hello"));
        both.add(&chat.server_ack());
    }
    let way = |place: usize, to_server: bool| {
        let is_of_client = match place {
            0..3 => place != 1,
            place => place % 2 == 1,
        };
        if is_of_client == to_server {
            MILLISECOND
        } else {
            0
        }
    };
    // Frame 6 of the client never arrives; frame 9 arrives, and the client's capture lacks it.
    let client = seen(&both, 0, |place| (place != 7).then(|| way(place, false)));
    let server = seen(&both, 0, |place| (place != 5).then(|| way(place, true)));
    let graph = graph(&[("client.pcap", &client), ("server.pcap", &server)], &[]);
    let lost: Vec<_> = packets(&graph)
        .into_iter()
        .filter(|packet| !packet["lost_before"].is_null())
        .map(|packet| (packet["frames"][0].clone(), packet["lost_before"].clone()))
        .collect();
    assert_eq!(lost, [(6.into(), 1.into())]);
    let unrecorded: Vec<_> = packets(&graph)
        .into_iter()
        .filter(|packet| !packet["not_recorded_in"].is_null())
        .map(|packet| {
            (
                packet["frames"][1].clone(),
                packet["not_recorded_in"].clone(),
            )
        })
        .collect();
    assert_eq!(unrecorded, [(7.into(), 0.into())]);
    let text = text(&[("client.pcap", &client), ("server.pcap", &server)], &[]);
    assert!(text.contains('╳'), "{text}");
    assert!(
        text.contains("lost on the way: not in server.pcap"),
        "{text}"
    );
}

#[test]
fn packets_captured_twice_are_one() {
    let mut once = Recording::new(Link::Ethernet);
    let mut twice = Recording::new(Link::Ethernet).doubled();
    for recording in [&mut once, &mut twice] {
        let mut chat = connection(40_000);
        chat.open(recording);
        recording.add(&chat.client_says(b"hello"));
        recording.add(&chat.server_ack());
    }
    let single = graph(&[("one.pcap", &once.pcap())], &[]);
    let two = graph(&[("two.pcap", &twice.pcap())], &[]);
    assert_eq!(packets(&single).len(), packets(&two).len());
    for packet in packets(&two) {
        assert_eq!(packet["copies"], 1, "{packet}");
        assert_eq!(packet["marks"], serde_json::json!([]), "{packet}");
    }
}

#[test]
fn trouble_is_marked() {
    let mut recording = Recording::new(Link::Ethernet);
    let mut refused = connection(40_000);
    refused.fail(&mut recording);
    let mut chat = connection(40_001);
    chat.open(&mut recording);
    let said = chat.client_says(b"hello");
    recording.add(&said);
    recording.wait(300);
    recording.add(&said);
    let graph = graph(&[("x.pcap", &recording.pcap())], &[]);
    let marks: Vec<String> = packets(&graph)
        .iter()
        .map(|packet| packet["marks"].to_string())
        .collect();
    assert_eq!(marks[1], "[\"refused\"]");
    assert_eq!(marks.last().unwrap(), "[\"retransmission\"]");
}

#[test]
fn two_hundred_hosts_are_told_apart() {
    let mut recording = Recording::new(Link::Ethernet);
    for number in 0..200_u8 {
        let mut client = SocketAddr::new(IpAddr::from([10, 9, 0, number]), 40_000);
        client.set_port(40_000 + u16::from(number));
        let mut chat = Connection::new(client, 7, host(3), 9);
        chat.open(&mut recording);
    }
    let capture = recording.pcap();
    let graph = graph(&[("x.pcap", &capture)], &[]);
    let nodes = graph["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 201);
    for packet in packets(&graph) {
        for (column, end) in [("from", "source"), ("to", "destination")] {
            let column = usize::try_from(packet[column].as_u64().unwrap()).unwrap();
            let address = nodes[column]["address"].as_str().unwrap();
            let end = packet[end].as_str().unwrap();
            assert!(end.starts_with(&format!("{address}:")), "{packet}");
        }
    }
    let text = text(&[("x.pcap", &capture)], &["--width", "60"]);
    for number in 0..200 {
        let client = format!("10.9.0.{number}");
        let lines = text.lines().filter(|line| {
            let words = line.split([' ', ':']);
            words.into_iter().any(|word| word == client)
        });
        assert!(lines.count() >= 3, "{client} has not all its arrows");
    }
}

#[test]
fn five_thousand_flows_are_drawn_or_counted() {
    let mut recording = Recording::new(Link::Ethernet);
    for port in 0..5000 {
        connection(10_000 + port).open(&mut recording);
    }
    let capture = recording.pcap();
    let frames = recording.frames.len() as u64;
    let graph = graph(&[("x.pcap", &capture)], &[]);
    let drawn = packets(&graph).len() as u64;
    assert_eq!(drawn, 1000);
    assert_eq!(graph["frames"]["left_out"], frames - drawn);
    let text = text(&[("x.pcap", &capture)], &[]);
    let syns = text.lines().filter(|line| line.contains(" SYN ")).count();
    assert_eq!(syns, 5000);
}

#[test]
fn an_hour_of_silence_is_one_line() {
    let mut recording = Recording::new(Link::Ethernet);
    recording.add(&datagram(host(11), host(12), 1, b"before"));
    recording.wait(3_600_000);
    recording.add(&datagram(host(11), host(12), 2, b"after"));
    let text = text(&[("x.pcap", &recording.pcap())], &["--ascii"]);
    assert!(text.contains("3,600 s without packets"), "{text}");
    assert!(text.lines().count() < 14, "{text}");
}

#[test]
fn a_hundred_thousand_packets_are_few_rows() {
    let mut recording = Recording::new(Link::Ethernet);
    let mut file = connection(40_000);
    file.open(&mut recording);
    for _ in 0..50_000 {
        recording.add(&file.client_says(&[7; 100]));
        recording.add(&file.server_ack());
    }
    let capture = recording.pcap();
    let lines = text(&[("x.pcap", &capture)], &[]);
    assert!(lines.lines().count() < 20, "{lines}");
    assert!(lines.contains("50,000 segments"), "{lines}");
    assert!(lines.contains("5,000,000 octets, 50,000 back"), "{lines}");
    let full = text(&[("x.pcap", &capture)], &["--full"]);
    let arrows = full
        .lines()
        .filter(|line| line.contains('▶') || line.contains('◀'));
    assert_eq!(arrows.count(), recording.frames.len());
}

#[test]
fn one_side_alone_is_drawn() {
    let mut recording = Recording::new(Link::Ethernet);
    let mut chat = connection(40_000);
    chat.open(&mut recording);
    for _ in 0..3 {
        recording.add(&chat.client_says(b"hello"));
        recording.add(&chat.server_ack());
    }
    let one = seen(&recording, 0, |place| {
        (place == 0 || place % 2 == 1).then_some(0)
    });
    let graph = graph(&[("x.pcap", &one)], &[]);
    let sources: Vec<_> = packets(&graph)
        .iter()
        .map(|packet| packet["source"].clone())
        .collect();
    assert_eq!(sources.len(), 5, "{sources:?}");
}

#[test]
fn packets_are_drawn_as_they_come() {
    let mut recording = Recording::new(Link::Ethernet);
    let mut chat = connection(40_000);
    chat.open(&mut recording);
    let capture = recording.pcap();
    // One octet short of the last frame: only the two before it have come.
    let (begun, rest) = capture.split_at(capture.len() - 1);
    let mut live = Live::start(&["graph", "-"]);
    live.send(begun);
    let until = |live: &mut Live, wanted: &str| {
        let mut lines = live.lines.by_ref().map(Result::unwrap);
        assert!(lines.any(|line| line.contains(wanted)), "no {wanted}");
    };
    until(&mut live, " SYN ");
    until(&mut live, "SYN, ACK");
    live.send_last(rest);
    until(&mut live, " ACK ");
    assert!(live.succeeds());
}

#[test]
fn who_has_read_enough_may_go() {
    let mut recording = Recording::new(Link::Ethernet);
    for port in 0..5000 {
        connection(10_000 + port).open(&mut recording);
    }
    let folder = written(&[("x.pcap", &recording.pcap())]);
    let mut child = Command::new(program("chatpcap"))
        .args(["graph", "x.pcap"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn what_is_asked_for_and_not_there_is_told() {
    let folder = project().join("captures/python-lab");
    let run = |arguments: &[&str]| {
        let output = chatpcap(&folder, arguments, b"");
        let error = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), error)
    };
    let (code, error) = run(&["graph", "--flow", "tcp:7", "client1.pcap"]);
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("no packet of flow tcp:7"), "{error}");
    let (code, error) = run(&["graph", "client1.pcap", "-o", "graph.xyz"]);
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("does not tell the form"), "{error}");
    let (code, error) = run(&["graph", "--hide", "everything", "client1.pcap"]);
    assert_eq!(code, 2, "{error}");
}

#[test]
fn a_capture_is_not_written_over() {
    let capture = fs::read(project().join("captures/python-lab/client1.pcap")).unwrap();
    let folder = written(&[("client1.txt", &capture)]);
    let name = Path::new("client1.txt");
    let arguments = ["graph", "client1.txt", "-o", "client1.txt"];
    let output = chatpcap(folder.path(), &arguments, b"");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read(folder.path().join(name)).unwrap(), capture);
}
