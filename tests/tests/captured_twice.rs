//! Frames that a capture holds twice give no false retransmission: the analysis of a capture in which
//! every frame is doubled says of each packet what it says where each is there once.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use chatpcap::capture::Capture;
use chatpcap::flow::{Analysis, Copies, FlowTable};
use chatpcap::packet::Decoder;
use tests::frames::{ACK, Link, PSH, Segment};
use tests::random::Random;
use tests::recording::Recording;
use tests::scenario::Connection;
use tests::wild::Wild;

#[test]
fn each_packet_is_judged_as_if_it_were_there_once() {
    let wild = |recording: Recording| {
        let mut recording = recording;
        let mut random = Random::new(7);
        for connection in 0..200 {
            Wild::new(connection, &mut random).record(&mut random, &mut recording);
        }
        analyse(&recording, Copies::PassOver)
    };
    let once = wild(Recording::new(Link::Ethernet));
    let twice = wild(Recording::new(Link::Ethernet).doubled());
    assert_eq!(twice.len(), 2 * once.len());
    // A capture that begins with a bare acknowledgment does not show yet that its sender numbers his
    // packets: the second one may be sent on purpose.
    let mut unknown = BTreeSet::new();
    for ((flow, single), pair) in once.iter().zip(twice.chunks(2)) {
        let [(_, first), (_, second)] = pair else {
            panic!("an odd number of frames");
        };
        if !second.captured_twice {
            unknown.insert(*flow);
        }
        if !unknown.contains(flow) {
            // Which frames are meant differs, and intervals by the microseconds between copies.
            assert_eq!(flags(first), flags(single), "flow {flow}");
        }
    }
    assert!(unknown.len() < 30, "{unknown:?}");
}

/// What display filters ask for by a bare name.
fn flags(analysis: &Analysis) -> Analysis {
    Analysis {
        duplicate_ack_frame: None,
        acks_frame: None,
        ack_rtt: None,
        initial_rtt: None,
        rto: None,
        rto_frame: None,
        ..*analysis
    }
}

#[test]
fn without_identification_data_is_known_again_and_acknowledgments_with_it() {
    let server = SocketAddr::new(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 3).into(), 5000);
    let client = SocketAddr::new(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 11).into(), 50_748);
    let mut recording = Recording::new(Link::Ethernet).doubled();
    let mut connection = Connection::new(client, 1000, server, 5_000_000);
    for packet in [connection.syn(), connection.syn_ack(), connection.ack()] {
        recording.add(&packet);
    }
    recording.add(&connection.client_says(b"alice"));
    recording.add(&connection.server_ack());
    recording.add(&connection.server_says(b"!{}"));
    recording.add(&connection.ack());
    let verdicts = analyse(&recording, Copies::PassOver);
    for (number, pair) in verdicts.chunks(2).enumerate() {
        assert!(pair[1].1.captured_twice, "packet {number}");
        assert!(!pair[0].1.flags(), "packet {number}: {:?}", pair[0]);
    }
    // As Wireshark counts, each of them is trouble.
    let counted = analyse(&recording, Copies::Count);
    assert!(counted.chunks(2).all(|pair| pair[1].1.flags()));
}

#[test]
fn acknowledgments_that_are_repeated_on_purpose_are_no_copies() {
    let [one, other] = [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)]
        .map(|host| SocketAddr::new(IpAddr::V4(host), 40_000));
    // 0 stands for "not numbered", and 77 is the number of one who numbers nothing.
    for identification in [0, 77] {
        let mut recording = Recording::new(Link::Ethernet);
        let mut add = |from, to, seq, ack, payload: &[u8]| {
            let flags = if payload.is_empty() { ACK } else { ACK | PSH };
            let segment = Segment {
                from,
                to,
                seq,
                ack,
                flags,
                window: 1000,
                identification,
                options: Vec::new(),
                payload: payload.to_vec(),
            };
            recording.add(&segment.packet());
        };
        add(one, other, 1, 1, b"first");
        add(other, one, 1, 6, b"");
        for _ in 0..3 {
            add(other, one, 1, 6, b"");
        }
        // Close together, as when a burst of segments follows one that was lost.
        for frame in &mut recording.frames {
            frame.time = tests::recording::START + (frame.time - tests::recording::START) / 100;
        }
        let verdicts = analyse(&recording, Copies::PassOver);
        let repeated = verdicts.iter().filter(|(_, verdict)| verdict.duplicate_ack);
        assert_eq!(repeated.count(), 3, "identification {identification}");
    }
}

#[test]
fn a_segment_sent_again_is_no_copy() {
    let mut recording = Recording::new(Link::Ethernet);
    let server = tests::scenario::SERVER;
    let client = SocketAddr::new(Ipv4Addr::new(10, 20, 30, 11).into(), 50_748);
    let mut connection = Connection::new(client, 1000, server, 5_000_000);
    for packet in [connection.syn(), connection.syn_ack(), connection.ack()] {
        recording.add(&packet);
    }
    let said = connection.client_says(b"alice");
    recording.add(&said);
    // Even with the same IP identification, as some senders have it.
    recording.wait(80);
    recording.add(&said);
    let verdicts = analyse(&recording, Copies::PassOver);
    assert!(verdicts[4].1.retransmission, "{:?}", verdicts[4]);
}

/// Each packet's flow and what the analysis says of it.
fn analyse(recording: &Recording, copies: Copies) -> Vec<(u32, Analysis)> {
    let mut capture = Capture::from_reader(Cursor::new(recording.pcap())).unwrap();
    let mut flows = FlowTable::analysing(copies);
    let mut decoder = Decoder::new();
    let mut verdicts = Vec::new();
    while let Some(frame) = capture.next_frame() {
        let packet = decoder.decode(&frame);
        let sightings = flows.identify(&frame, &packet);
        let sighting = sightings.innermost().unwrap();
        let analysis = sighting.segment.unwrap().analysis.unwrap();
        verdicts.push((sighting.index, analysis));
    }
    verdicts
}
