//! What TCP went through, in every capture of the corpus, against what tshark says of it.
//!
//! Needs `../shared/corpus` beside the project; without it the tests say so and pass.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use chatpcap::capture::{Capture, Frame};
use chatpcap::flow::{Copies, FlowTable, Sightings};
use chatpcap::packet::Decoder;
use tests::segments::{COLUMNS, Table, value};
use tests::{TUNNELS, corpus, shared};

/// Where fields differ from tshark's although every frame counts: capture, field (or the part before
/// its `*`), and why.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "own+lab-netns/tcp_chat_snap64.pcap",
        "tcp.analysis*",
        "tshark finds it, and does not show it where the options are cut: its filters select nothing",
    ),
    (
        "the-tcpdump-group+tcpdump/tests/rpki-rtr-oobr.pcap",
        "*",
        "tshark does not analyse a first fragment; its own payload is there",
    ),
    (
        "FoxIO-LLC+ja4/pcap/ssh2.pcapng",
        "tcp.analysis",
        "tshark shows an analysis with nothing in it where an ICMP error quotes a SYN",
    ),
];

/// Captures that hold packets twice, where tshark sees retransmissions and repetitions that nobody
/// sent: how many frames are taken for copies, and what shows that they are.
const DOUBLED: &[(&str, u64, &str)] = &[
    (
        "CESNET+ipfixprobe/tests/functional/inputs/tls.pcap",
        83,
        "the file holds its first 83 frames twice, with the same times",
    ),
    (
        "FoxIO-LLC+ja4/pcap/ssh2.pcapng",
        1,
        "a SYN-ACK twice, 6 ms apart",
    ),
    (
        "ITI+ICS-Security-Tools/pcaps/ModbusTCP/Modbus/modbus_test_2.pcap",
        926,
        "every segment of the server twice, a microsecond apart, with the same IP identification",
    ),
    (
        "OISF+suricata-verify/tests/http-range-multiflows/input.pcap",
        12,
        "FINs and acknowledgments of a loopback, up to three times within 20 microseconds",
    ),
    (
        "own+lab-netns/lossy_chat_client1.pcap",
        1,
        "the network was told to duplicate packets: the same IP identification",
    ),
    (
        "own+lab-netns/lossy_file_client1.pcap",
        1,
        "the network was told to duplicate packets: the same IP identification",
    ),
    (
        "own+lab-netns/lossy_file_server.pcap",
        2,
        "the network was told to duplicate packets: the same IP identification",
    ),
    (
        "zeek+zeek/testing/btest/Traces/tls/ssl-to-http-server.pcap",
        4,
        "the same IP identification, at the same microsecond",
    ),
];

#[test]
fn fields_of_segments_are_those_of_tshark() {
    let Some(corpus) = corpus() else {
        println!("skipped: ../shared/corpus is not there");
        return;
    };
    let fields = shared().unwrap().join("corpus/fields");
    let mut report = Report::default();
    for (capture, _) in corpus {
        let name = &capture.name;
        if is_tunnel(name) {
            continue;
        }
        let Ok(text) = fs::read_to_string(fields.join(format!("{name}.tsv"))) else {
            continue;
        };
        let table = Table::parse(&text);
        analyse(&capture.path, Copies::Count, |frame, sightings| {
            let segments = || sightings.iter().filter_map(|sighting| sighting.segment);
            for column in COLUMNS {
                let Some(theirs) = table.get(frame.number, column) else {
                    continue;
                };
                let ours: Vec<String> = segments()
                    .filter_map(|segment| value(&segment, column))
                    .collect();
                let ours = ours.join(",");
                if ours != theirs && !is_listed(name, column) {
                    let frame = frame.number;
                    report.add(name, column, || {
                        format!("frame {frame}: {ours:?}, tshark says {theirs:?}")
                    });
                }
            }
        });
    }
    report.check();
}

#[test]
fn counts_of_flows_are_those_of_tshark_where_nothing_was_captured_twice() {
    let Some(corpus) = corpus() else {
        println!("skipped: ../shared/corpus is not there");
        return;
    };
    let mut report = Report::default();
    for (capture, facts) in corpus {
        let name = &capture.name;
        if is_tunnel(name) {
            continue;
        }
        let mut copies = 0;
        let mut flows: BTreeMap<u32, BTreeMap<&str, u64>> = BTreeMap::new();
        analyse(&capture.path, Copies::PassOver, |_, sightings| {
            for sighting in sightings.iter() {
                let Some(segment) = sighting.segment else {
                    continue;
                };
                let is_copy = segment
                    .analysis
                    .is_some_and(|analysis| analysis.captured_twice);
                copies += u64::from(is_copy);
                let counts = flows.entry(sighting.index).or_default();
                for column in COLUMNS {
                    if let Some(fact) = column.strip_prefix("tcp.analysis.")
                        && value(&segment, column).is_some()
                    {
                        *counts.entry(fact).or_default() += 1;
                    }
                }
            }
        });
        let listed = DOUBLED.iter().find(|(capture, ..)| capture == name);
        let listed = listed.map_or(0, |(_, copies, _)| *copies);
        if copies != listed {
            report.add(name, "copies", || format!("{copies}, listed are {listed}"));
        }
        if copies > 0 {
            continue;
        }
        for stream in facts["tcp_streams"].as_array().unwrap() {
            let index = stream["stream"].as_u64().unwrap();
            let counts = flows.get(&u32::try_from(index).unwrap());
            for (fact, count) in stream["an"].as_object().unwrap() {
                let ours = counts
                    .and_then(|counts| counts.get(fact.as_str()))
                    .copied()
                    .unwrap_or(0);
                if count.as_u64() != Some(ours) && !is_listed(name, &format!("tcp.analysis.{fact}"))
                {
                    report.add(name, fact, || {
                        format!("flow {index}: {ours}, tshark says {count}")
                    });
                }
            }
            let seen = stream["an"].as_object().unwrap();
            for fact in [
                "retransmission",
                "out_of_order",
                "duplicate_ack",
                "zero_window",
                "lost_segment",
                "keep_alive",
            ] {
                let ours = counts
                    .and_then(|counts| counts.get(fact))
                    .copied()
                    .unwrap_or(0);
                if !seen.contains_key(fact)
                    && ours != 0
                    && !is_listed(name, &format!("tcp.analysis.{fact}"))
                {
                    report.add(name, fact, || {
                        format!("flow {index}: {ours}, tshark says none")
                    });
                }
            }
        }
    }
    report.check();
}

fn is_tunnel(name: &str) -> bool {
    TUNNELS.iter().any(|(tunnel, _)| *tunnel == name)
}

fn is_listed(name: &str, column: &str) -> bool {
    DIFFERENCES.iter().any(|(capture, field, _)| {
        let fits = field
            .strip_suffix('*')
            .map_or(*field == column, |prefix| column.starts_with(prefix));
        *capture == name && fits
    })
}

/// Calls `look` with every frame of a capture and its sightings.
fn analyse(path: &Path, copies: Copies, mut look: impl FnMut(&Frame<'_>, &Sightings<'_>)) {
    let Ok(mut capture) = Capture::open(path) else {
        return;
    };
    let mut flows = FlowTable::analysing(copies);
    let mut decoder = Decoder::new();
    while let Some(frame) = capture.next_frame() {
        let packet = decoder.decode(&frame);
        look(&frame, &flows.identify(&frame, &packet));
    }
}

/// What differs: per capture and fact the first difference, and how many there are.
#[derive(Default)]
struct Report(BTreeMap<(String, String), (String, u64)>);

impl Report {
    fn add(&mut self, name: &str, fact: &str, difference: impl FnOnce() -> String) {
        let key = (name.to_owned(), fact.to_owned());
        self.0.entry(key).or_insert_with(|| (difference(), 0)).1 += 1;
    }

    fn check(&self) {
        let mut text = String::new();
        for ((name, fact), (first, count)) in &self.0 {
            let _ = writeln!(text, "{name}: {fact}: {count} times, first {first}");
        }
        assert!(text.is_empty(), "{text}");
    }
}
