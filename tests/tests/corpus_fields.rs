//! Fields of every capture of the corpus against what `tshark -T fields` prints.
//!
//! Needs `../shared/corpus` beside the project; without it the test says so and passes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;

use chatpcap::capture::Capture;
use chatpcap::field::{self, Field, Needs};
use chatpcap::trace::Pass;
use tests::{corpus, shared};

/// Fields whose values differ in a capture, and why.
const DIFFERENCES: &[(&str, &[&str], &str)] = &[
    (
        "arkime+arkime/tests/pcap/arkime_synthetic.pcap",
        &[
            "dns.",
            "eth.",
            "icmp.",
            "ip.",
            "udp.",
            "vlan.",
            "tcp.analysis.initial_rtt",
        ],
        "packets inside VXLAN-GPE, NSH, ERSPAN and Cisco metadata, which are read on the outside",
    ),
    (
        "AlexeyVasilev+PcapFlowLab/tests/data/parsing/vxlan/21_vxlan_linux_sll2_ipv6_inner_ipv6_udp.pcap",
        &["dns."],
        "a multicast DNS message that is shorter than a header",
    ),
    (
        "OISF+suricata-verify/tests/ipv6-evasion/ipv6-malformed-fragments-15/frag-15.pcap",
        &["icmpv6."],
        "the fragments make a packet of 65,543 octets, which RFC 8200 §4.5 tells to discard",
    ),
    (
        "OISF+suricata-verify/tests/snmp-v3-encrypted/SNMPv3.pcap",
        &["udp.stream"],
        "tshark's SNMP dissector opens a conversation of its own for the answers",
    ),
    (
        "arkime+arkime/tests/pcap/snmpv3_synthetic.pcap",
        &["udp.stream"],
        "tshark's SNMP dissector opens a conversation of its own for the answers",
    ),
    (
        "arkime+arkime/tests/pcap/gtp-iphone.pcap",
        &["udp.stream"],
        "tshark's SIP dissector opens conversations for the RTP that it announces",
    ),
    (
        "own+lab-netns/tcp_chat_snap64.pcap",
        &["tcp.analysis."],
        "tshark gives up a segment whose options are cut, although numbers and time are there",
    ),
    (
        "the-tcpdump-group+tcpdump/tests/rpki-rtr-oobr.pcap",
        &["tcp.analysis.bytes_in_flight"],
        "the length of a first fragment's payload is not known to tshark",
    ),
];

#[test]
fn fields_have_the_values_that_tshark_prints() {
    let (Some(shared), Some(corpus)) = (shared(), corpus()) else {
        println!("skipped: there is no ../shared/corpus");
        return;
    };
    let mut wrong: BTreeMap<(String, String), (u32, String)> = BTreeMap::new();
    let mut checked: u64 = 0;
    for (capture, _) in corpus {
        let path = shared
            .join("corpus/fields")
            .join(format!("{}.tsv", capture.name));
        let Ok(text) = fs::read(&path) else { continue };
        let text = String::from_utf8_lossy(&text);
        let mut rows = text.lines();
        // tshark prints nothing of a capture that it refuses.
        let Some(header) = rows.next().filter(|header| !header.is_empty()) else {
            continue;
        };
        let fields: Vec<&Field> = header
            .split('\t')
            .map(|name| field::find(name).unwrap_or_else(|| panic!("no field {name}")))
            .collect();
        let differs = |name: &str| {
            DIFFERENCES.iter().any(|(other, names, _)| {
                *other == capture.name && names.iter().any(|start| name.starts_with(start))
            })
        };
        let mut pass = Pass::new(Capture::open(&capture.path).unwrap(), None, Needs::Analysis);
        pass.run(&mut |_| (), &mut |seen, _| {
            // The first 1,500 frames were printed.
            let Some(row) = rows.next() else {
                return ControlFlow::Break(());
            };
            for (field, expected) in fields.iter().zip(row.split('\t')) {
                let found = field.printed(seen).join(",");
                checked += 1;
                if found != expected && !differs(field.name) {
                    let key = (capture.name.clone(), field.name.to_owned());
                    let (count, _) = wrong.entry(key).or_insert_with(|| {
                        let frame = seen.frame.number;
                        (
                            0,
                            format!("frame {frame}: tshark {expected:?}, chatpcap {found:?}"),
                        )
                    });
                    *count += 1;
                }
            }
            ControlFlow::Continue(())
        });
    }
    let mut report = String::new();
    for ((capture, name), (count, example)) in &wrong {
        writeln!(report, "{capture} {name}: {count} times, {example}").unwrap();
    }
    assert!(wrong.is_empty(), "{report}");
    assert!(checked > 1_000_000, "only {checked} values were compared");
}
