//! What TCP went through, in connections that were made up at random, against what tshark says.
//!
//! Needs tshark; without it the test says so and passes.

use std::collections::BTreeSet;
use std::io::Cursor;

use chatpcap::capture::Capture;
use chatpcap::flow::{Copies, FlowTable};
use chatpcap::packet::Decoder;
use tests::frames::Link;
use tests::random::Random;
use tests::recording::Recording;
use tests::segments::{COLUMNS, Table, value};
use tests::tshark;
use tests::wild::Wild;

/// Random numbers of which two more things are true than of all: no end fills the gap before its first
/// segment in the capture (tshark's octets in flight are counted modulo 2^32 from there), and no
/// retransmission follows probes of a closed window (tshark counts these as repeated
/// acknowledgments). Of the first eight seeds three have such a segment.
const SEEDS: [u64; 4] = [1, 3, 4, 6];

const CONNECTIONS: u16 = 400;

/// What tshark also counts as repeated acknowledgments once a side has acknowledged what is not in the
/// capture: who has repeated how often is then a guess.
const CONFUSED: &[&str] = &[
    "tcp.analysis.retransmission",
    "tcp.analysis.fast_retransmission",
    "tcp.analysis.out_of_order",
    "tcp.analysis.duplicate_ack_num",
    "tcp.analysis.rto",
    "tcp.analysis.rto_frame",
];

#[test]
fn wild_connections_are_analysed_as_tshark_does() {
    for seed in SEEDS {
        let mut random = Random::new(seed);
        let mut recording = Recording::new(Link::Ethernet);
        let (mut blind, mut zero) = (BTreeSet::new(), BTreeSet::new());
        for connection in 0..CONNECTIONS {
            let mut wild = Wild::new(connection, &mut random);
            wild.record(&mut random, &mut recording);
            let port = wild.ends[0].port();
            blind.extend(wild.is_blind.then_some(port));
            zero.extend(wild.has_zero.then_some(port));
        }
        let mut columns = vec!["tcp.stream"];
        columns.extend(COLUMNS);
        let Some(text) = tshark::fields(&recording, &columns) else {
            println!("skipped: there is no tshark");
            return;
        };
        let table = Table::parse(&text);
        let mut capture = Capture::from_reader(Cursor::new(recording.pcap())).unwrap();
        let mut flows = FlowTable::analysing(Copies::Count);
        let mut decoder = Decoder::new();
        let mut differences = Vec::new();
        while let Some(frame) = capture.next_frame() {
            let packet = decoder.decode(&frame);
            let sightings = flows.identify(&frame, &packet);
            let sighting = sightings.innermost().unwrap();
            let flow = &flows.tcp_flow(sighting.index).unwrap().flow;
            let has = |ports: &BTreeSet<u16>| {
                ports.contains(&flow.source.port) || ports.contains(&flow.destination.port)
            };
            let theirs = |column| table.get(frame.number, column).unwrap();
            assert_eq!(sighting.index.to_string(), theirs("tcp.stream"));
            if has(&zero) {
                continue;
            }
            for column in COLUMNS {
                let ours = value(&sighting.segment.unwrap(), column).unwrap_or_default();
                let is_confused = has(&blind) && CONFUSED.contains(column);
                if ours != theirs(column) && !is_confused {
                    differences.push(format!(
                        "seed {seed}, frame {}, flow {}, {column}: {ours:?}, tshark says {:?}",
                        frame.number,
                        sighting.index,
                        theirs(column)
                    ));
                }
            }
        }
        let first = differences.iter().take(20).cloned().collect::<Vec<_>>();
        let count = differences.len();
        assert!(count == 0, "{count} differences\n{}", first.join("\n"));
    }
}
