//! Flow graphs of captures that mislead: packets alike by chance, tunnels, addresses that two hosts
//! claim, captures that are cut.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::Value;
use tests::frames::{ARP, IPV4, IPV6, Link, datagram};
use tests::graphs::{graph, packets, text, written};
use tests::program::chatpcap;
use tests::recording::Recording;
use tests::scenario::{CLIENT1, Connection, SERVER, on_port, v4};

const DAY: u64 = 24 * 60 * 60 * 1000;

/// The link address of a host by its last octet.
const fn mac(host: u8) -> [u8; 6] {
    [2, 0, 0, 0, 1, host]
}

fn ethernet(from: u8, to: u8, ether_type: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = [mac(to), mac(from)].concat();
    frame.extend(ether_type.to_be_bytes());
    frame.extend(payload);
    frame
}

/// `from` says of itself, at the link address `own`, that it has the IPv4 address `ip`.
fn arp_reply(own: u8, ip: u8, to: u8) -> Vec<u8> {
    let mut arp = vec![0, 1, 8, 0, 6, 4, 0, 2];
    arp.extend(mac(own));
    arp.extend([10, 20, 30, ip]);
    arp.extend(mac(to));
    arp.extend([10, 20, 30, to]);
    ethernet(own, to, ARP, &arp)
}

fn link_local(last: u16) -> SocketAddr {
    format!("[fe80::{last}]:7").parse().unwrap()
}

/// From which address each packet is drawn, and to which.
fn ends(graph: &Value) -> Vec<(&str, &str)> {
    let address = |at: &Value| {
        let node = usize::try_from(at.as_u64().unwrap()).unwrap();
        graph["nodes"][node]["address"].as_str().unwrap()
    };
    let packets = packets(graph).into_iter();
    packets
        .map(|packet| (address(&packet["from"]), address(&packet["to"])))
        .collect()
}

/// What one day's run looks like: hosts find each other, and talk.
fn run(recording: &mut Recording, port: u16, isn: u32) {
    recording.push(Link::Ethernet, arp_reply(11, 11, 3));
    recording.push(Link::Ethernet, arp_reply(3, 3, 11));
    let mut chat = Connection::new(on_port(CLIENT1, port), isn, SERVER, isn + 1_000_000);
    chat.open(recording);
    recording.add(&datagram(SERVER, CLIENT1, 0, b"hello"));
    recording.add(&datagram(CLIENT1, SERVER, 0, b"hello"));
}

#[test]
fn runs_of_two_days_are_not_one() {
    let mut monday = Recording::new(Link::Ethernet);
    run(&mut monday, 40_000, 1000);
    let mut tuesday = Recording::new(Link::Ethernet);
    tuesday.wait(DAY);
    run(&mut tuesday, 40_001, 9000);
    let captures = [
        ("monday.pcap", &*monday.pcap()),
        ("tuesday.pcap", &*tuesday.pcap()),
    ];
    let graph = graph(&captures, &["--full"]);
    assert_eq!(graph["captures"][1]["clock"]["basis"], "unknown");
    let packets = packets(&graph);
    assert_eq!(packets.len(), monday.frames.len() + tuesday.frames.len());
    let last = packets.last().unwrap()["seconds"].as_f64().unwrap();
    assert!(last > 86_399.0, "{last}");
}

#[test]
fn many_packets_alike_are_each_paired_once() {
    let mut recording = Recording::new(Link::Ethernet);
    for _ in 0..30_000 {
        let (from, to) = (on_port(CLIENT1, 7), on_port(SERVER, 7));
        recording.add(&datagram(from, to, 0, b"hello"));
    }
    let capture = recording.pcap();
    let graph = graph(&[("a.pcap", &capture), ("b.pcap", &capture)], &[]);
    let fold = &packets(&graph)[0]["fold"];
    assert_eq!(fold["frames"], 60_000, "{fold}");
    assert_eq!(fold["packets"], 30_000, "{fold}");
}

#[test]
fn ports_used_again_are_another_flow_although_one_capture_begins_late() {
    let mut all = Recording::new(Link::Ethernet);
    let mut late = Recording::new(Link::Ethernet);
    let mut first = Connection::new(CLIENT1, 1000, SERVER, 2000);
    first.open(&mut all);
    first.close(&mut all);
    all.wait(100_000);
    let mut second = Connection::new(CLIENT1, 700_000, SERVER, 800_000);
    let before = all.frames.len();
    second.open(&mut all);
    second.close(&mut all);
    late.frames = all.frames[before..].to_vec();
    let graph = graph(
        &[("late.pcap", &late.pcap()), ("all.pcap", &all.pcap())],
        &[],
    );
    let flows: Vec<_> = packets(&graph)
        .iter()
        .map(|packet| packet["flow"].as_u64().unwrap())
        .collect();
    assert_eq!(flows[..before], vec![0; before]);
    assert_eq!(flows[before..], vec![1; flows.len() - before]);
}

#[test]
fn a_capture_with_a_short_snap_length_holds_the_same_packets() {
    let mut whole = Recording::new(Link::Ethernet);
    let mut cut = Recording::new(Link::Ethernet).snapped(68);
    for recording in [&mut whole, &mut cut] {
        let mut chat = Connection::new(CLIENT1, 1000, SERVER, 2000);
        chat.open(recording);
        for _ in 0..3 {
            recording.add(&chat.client_says(&[b'x'; 200]));
            recording.add(&chat.server_ack());
        }
        recording.add(&datagram(CLIENT1, SERVER, 9, &[b'y'; 200]));
    }
    let (whole_file, cut_file) = (whole.pcap(), cut.pcap());
    let graph = graph(&[("whole.pcap", &whole_file), ("cut.pcap", &cut_file)], &[]);
    let packets = packets(&graph);
    assert_eq!(packets.len(), whole.frames.len());
    for packet in packets {
        assert_eq!(packet["frames"][0], packet["frames"][1], "{packet}");
    }
}

/// What two hosts of a network within a VXLAN (RFC 7348) say to each other.
fn in_tunnel(frame: &[u8]) -> Vec<u8> {
    let mut payload = vec![8, 0, 0, 0, 0, 0, 42, 0];
    payload.extend(frame);
    let packet = datagram(
        v4([192, 168, 0, 1], 50_000),
        v4([192, 168, 0, 2], 4789),
        1,
        &payload,
    );
    ethernet(101, 102, IPV4, &packet)
}

#[test]
fn what_is_within_a_tunnel_is_of_those_who_are_within() {
    let mut recording = Recording::new(Link::Ethernet);
    recording.push(Link::Ethernet, arp_reply(101, 101, 102));
    recording.push(Link::Ethernet, in_tunnel(&arp_reply(11, 11, 3)));
    let greeting = datagram(link_local(1), link_local(2), 0, b"hello");
    recording.push(Link::Ethernet, in_tunnel(&ethernet(12, 3, IPV6, &greeting)));
    let capture = [("x.pcap", &*recording.pcap())];
    let graph = graph(&capture, &[]);
    assert_eq!(
        ends(&graph),
        [
            ("10.20.30.101", "10.20.30.102"),
            ("10.20.30.11", "10.20.30.3"),
            ("fe80::1", "fe80::2"),
        ]
    );
    assert_eq!(packets(&graph)[1]["protocol"], "ARP");
    // The tunnel itself is a flow too.
    let tunnel = text(&capture, &["--flow", "udp:0"]);
    assert!(tunnel.contains("192.168.0.2"), "{tunnel}");
    assert!(tunnel.contains("    2  0.001000"), "{tunnel}");
    assert!(tunnel.contains("    3  0.002000"), "{tunnel}");
}

#[test]
fn hosts_that_claim_one_address_stay_two() {
    let mut recording = Recording::new(Link::Ethernet);
    recording.push(Link::Ethernet, arp_reply(11, 11, 3));
    recording.push(Link::Ethernet, arp_reply(99, 11, 3));
    let greeting = datagram(link_local(1), link_local(2), 0, b"hello");
    recording.push(Link::Ethernet, ethernet(11, 99, IPV6, &greeting));
    let answer = datagram(link_local(2), link_local(1), 0, b"hello");
    recording.push(Link::Ethernet, ethernet(99, 11, IPV6, &answer));
    let claimed = graph(&[("x.pcap", &recording.pcap())], &[]);
    assert_eq!(
        ends(&claimed)[2..],
        [("fe80::1", "fe80::2"), ("fe80::2", "fe80::1")]
    );

    // On another link another host has the same link-local address.
    let mut recording = Recording::new(Link::Ethernet);
    recording.push(Link::Ethernet, arp_reply(11, 11, 3));
    recording.push(Link::Ethernet, arp_reply(12, 12, 3));
    for host in [11, 12] {
        recording.push(Link::Ethernet, ethernet(host, 3, IPV6, &greeting));
    }
    let links = graph(&[("x.pcap", &recording.pcap())], &[]);
    assert_eq!(ends(&links)[2..], [("fe80::1", "fe80::2"); 2]);
}

#[test]
fn an_answer_names_only_the_host_that_was_asked_for() {
    let name = |labels: &[&str]| {
        let mut octets = Vec::new();
        for label in labels {
            octets.push(u8::try_from(label.len()).unwrap());
            octets.extend(label.as_bytes());
        }
        octets.push(0);
        octets
    };
    let record = |owner: &[u8], kind: u8, data: &[u8]| {
        let mut octets = owner.to_vec();
        octets.extend([0, kind, 0, 1, 0, 0, 0, 60, 0]);
        octets.push(u8::try_from(data.len()).unwrap());
        octets.extend(data);
        octets
    };
    let [asked, host] = [name(&["www", "example"]), name(&["host", "example"])];
    let [zone, server] = [name(&["example"]), name(&["ns1", "example"])];
    let mut answer = vec![0, 5, 0x81, 0x80, 0, 1, 0, 2, 0, 1, 0, 1];
    answer.extend(&asked);
    answer.extend([0, 1, 0, 1]);
    answer.extend(record(&asked, 5, &host));
    answer.extend(record(&host, 1, &Ipv4Addr::new(10, 20, 30, 3).octets()));
    answer.extend(record(&zone, 2, &server));
    answer.extend(record(&server, 1, &Ipv4Addr::new(10, 20, 30, 53).octets()));
    let resolver = v4([10, 20, 30, 53], 53);
    let mut recording = Recording::new(Link::Ethernet);
    recording.add(&datagram(resolver, CLIENT1, 1, &answer));
    recording.add(&datagram(CLIENT1, SERVER, 2, b"hello"));
    let graph = graph(&[("x.pcap", &recording.pcap())], &[]);
    let named: Vec<_> = graph["nodes"].as_array().unwrap().iter().collect();
    let of = |address: &str| {
        let node = named.iter().find(|node| node["address"] == address);
        node.unwrap()["dns"].clone()
    };
    assert_eq!(of("10.20.30.3"), "www.example");
    assert_eq!(of("10.20.30.53"), "ns1.example");
}

#[test]
fn a_sender_who_repeats_himself_is_not_captured_twice() {
    let mut recording = Recording::new(Link::Ethernet);
    for _ in 0..3 {
        recording.add(&datagram(CLIENT1, SERVER, 0, b"hello"));
    }
    // A tenth of a millisecond apart.
    let start = recording.frames[0].time;
    for (frame, later) in recording.frames.iter_mut().zip(0..) {
        frame.time = start + later * 100_000;
    }
    let graph = graph(&[("x.pcap", &recording.pcap())], &[]);
    assert_eq!(packets(&graph).len(), 3);
}

#[test]
fn standard_input_by_any_name_is_drawn_to_its_end() {
    let mut recording = Recording::new(Link::Ethernet);
    for port in 0..2000 {
        Connection::new(on_port(CLIENT1, 10_000 + port), 1, SERVER, 9).open(&mut recording);
    }
    let capture = recording.pcap();
    let folder = written(&[]);
    let run = |arguments: &[&str]| {
        let output = chatpcap(folder.path(), arguments, &capture);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    };
    let arrows = |text: &str| text.matches(['▶', '◀']).count();
    if cfg!(unix) {
        // More packets than are looked at before the first is drawn.
        let all = run(&["graph", "/dev/stdin"]);
        assert_eq!(arrows(&all), recording.frames.len());
    }
    let few = run(&["graph", "-", "--arrows", "5"]);
    assert_eq!(arrows(&few), 5, "{few}");
    assert!(few.contains("5,995 more frames not drawn"), "{few}");
    let printed = run(&["graph", "-", "--format", "mermaid", "-o", "-"]);
    assert!(printed.starts_with("sequenceDiagram"), "{printed}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}
