//! What flows of the corpus say against what `tshark -z follow,tcp,raw` gives.
//!
//! Needs `../shared/corpus` beside the project; without it the test says so and passes.

use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;

use chatpcap::capture::Capture;
use chatpcap::flow::reassembly::{Missing, Piece};
use chatpcap::flow::{Direction, MAX_FLOWS};
use chatpcap::trace::{FlowNumber, follow};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tests::{corpus, shared};

/// Flows where tshark and chatpcap give other octets: capture, flow, and why.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "own+lab-netns/lossy_file_server.pcap",
        "0",
        "a segment that waited and that the snap length cut counts in tshark for what was captured of \
         it, so that it finds a second gap where the snap length made the first",
    ),
    (
        "the-tcpdump-group+tcpdump/tests/rpki-rtr-oobr.pcap",
        "0",
        "the one segment comes in a fragment whose others are missing: tshark does not follow it, its \
         ten octets are there",
    ),
];

#[test]
fn flows_say_what_they_say_to_tshark() {
    let Some(corpus) = corpus() else {
        println!("skipped: ../shared/corpus is not there");
        return;
    };
    let folder = shared().unwrap().join("corpus/follow");
    let mut report = String::new();
    let (mut compared, mut listed) = (0, 0);
    for (capture, _) in corpus {
        let name = &capture.name;
        let facts = fs::read(folder.join(format!("{name}.json"))).unwrap();
        let facts: Value = serde_json::from_slice(&facts).unwrap();
        for (flow, sides) in facts.as_object().unwrap() {
            let opened = Capture::open(&capture.path).unwrap();
            let said = as_tshark(opened, flow.parse().unwrap());
            for (side, ours) in sides.as_array().unwrap().iter().zip(&said.sides) {
                let is_same =
                    side["bytes"] == ours.len() && side["sha256"] == hex(&Sha256::digest(ours));
                let is_listed = DIFFERENCES
                    .iter()
                    .any(|(capture, other, _)| capture == name && other == flow);
                compared += 1;
                if is_listed {
                    listed += 1;
                } else if !is_same {
                    let _ = writeln!(
                        report,
                        "{name}: tcp.stream {flow}: {} octets, tshark has {} of {}{}",
                        ours.len(),
                        side["bytes"],
                        side["node"],
                        said.remark
                    );
                }
            }
        }
    }
    println!("{compared} directions compared, {listed} of them differ for a listed reason");
    assert!(report.is_empty(), "{report}");
    assert!(compared > 480, "only {compared} directions compared");
}

struct Said {
    sides: [Vec<u8>; 2],
    remark: String,
}

/// Both sides with the words that tshark writes into a gap, an octet 0 at their end. What stands behind a gap that nobody
/// acknowledged is left out, as tshark leaves it out.
fn as_tshark(capture: Capture, flow: u32) -> Said {
    let mut said = Said {
        sides: [Vec::new(), Vec::new()],
        remark: String::new(),
    };
    let mut ended = [false; 2];
    follow(
        capture,
        None,
        FlowNumber::Tcp(flow),
        MAX_FLOWS,
        &mut |turn| {
            let index = usize::from(turn.direction == Direction::Backward);
            let side = &mut said.sides[index];
            match turn.piece {
                Piece::Octets { octets, .. } if !ended[index] => side.extend_from_slice(octets),
                Piece::Gap {
                    length,
                    cause: Missing::Acknowledged,
                    ..
                } => {
                    side.extend_from_slice(
                        format!("[{length} bytes missing in capture file]\0").as_bytes(),
                    );
                }
                Piece::Gap {
                    cause: Missing::NeverSeen,
                    ..
                } => ended[index] = true,
                Piece::Octets { .. } => {}
                other => write!(said.remark, "; {other:?}").unwrap(),
            }
            ControlFlow::Continue(())
        },
        &mut |_| (),
    );
    said.remark.truncate(300);
    said
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut digits, octet| {
        write!(digits, "{octet:02x}").unwrap();
        digits
    })
}
