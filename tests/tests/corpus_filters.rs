//! Display filters on every capture of the corpus against the frames that tshark selects.
//!
//! Needs `../shared/corpus` beside the project; without it the test says so and passes.

use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;

use chatpcap::capture::Capture;
use chatpcap::field::Needs;
use chatpcap::filter::Filter;
use chatpcap::trace::Pass;
use serde_json::Value;
use tests::ranges::ranges;
use tests::{corpus, shared};

/// Protocols that are not decoded: a filter that names one is an error, not an empty list.
const NOT_DECODED: &[&str] = &["http", "http.request.method", "quic", "sctp", "tls"];

/// Captures where tshark and chatpcap select different frames, with the words of the filters in
/// which they do, and why.
const DIFFERENCES: &[(&str, &[&str], &str)] = &[
    (
        "arkime+arkime/tests/pcap/arkime_synthetic.pcap",
        &["ip", "icmp", "dns", "udp.port", "udp.checksum"],
        "packets inside VXLAN-GPE, NSH and Cisco metadata, which are read on the outside",
    ),
    (
        "OISF+suricata-verify/tests/ipv6-evasion/ipv6-malformed-fragments-15/frag-15.pcap",
        &["icmpv6"],
        "the fragments make a packet of 65,543 octets, which RFC 8200 §4.5 tells to discard",
    ),
    (
        "OISF+suricata-verify/tests/snmp-v3-encrypted/SNMPv3.pcap",
        &["udp.stream"],
        "tshark's SNMP dissector opens a conversation of its own for the answers",
    ),
];

#[test]
fn filters_select_the_frames_that_tshark_selects() {
    let (Some(shared), Some(corpus)) = (shared(), corpus()) else {
        println!("skipped: there is no ../shared/corpus");
        return;
    };
    let mut wrong = String::new();
    let mut checked = 0;
    for (capture, _) in corpus {
        let name = capture.name.as_str();
        let path = shared.join("corpus/filters").join(format!("{name}.json"));
        let Ok(text) = fs::read(&path) else { continue };
        let facts: Value = serde_json::from_slice(&text).unwrap();
        for fact in facts["filters"].as_array().unwrap() {
            let text = fact["f"].as_str().unwrap();
            let is_decoded = !NOT_DECODED.iter().any(|name| text.starts_with(name));
            let filter = match Filter::new(text) {
                Ok(filter) => filter,
                Err(error) if is_decoded => panic!("{text}: {error}"),
                Err(_) => continue,
            };
            let differs = DIFFERENCES.iter().any(|(other, words, _)| {
                *other == name && words.iter().any(|word| text.contains(word))
            });
            if differs {
                continue;
            }
            checked += 1;
            let expected = fact["frames"].as_str().unwrap();
            let found = ranges(&selected(&capture.path, &filter));
            if found != expected {
                writeln!(
                    wrong,
                    "{name}\n  {text}\n  tshark   {expected}\n  chatpcap {found}"
                )
                .unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(checked > 7500, "only {checked} filters were compared");
}

/// The numbers of the frames that a filter selects.
fn selected(path: &std::path::Path, filter: &Filter) -> Vec<u64> {
    let mut numbers = Vec::new();
    let Ok(capture) = Capture::open(path) else {
        return numbers;
    };
    let mut pass = Pass::new(capture, Some(filter), Needs::Frame);
    pass.run(&mut |_| (), &mut |seen, _| {
        numbers.push(seen.frame.number);
        ControlFlow::Continue(())
    });
    numbers
}
