//! Packets, protocols and flows of every capture of the corpus against what tshark says of them.
//!
//! Needs `../shared/corpus` beside the project; without it the tests say so and pass.

use std::fmt::Write as _;

use chatpcap::capture::Capture;
use chatpcap::flow::{Direction, Flow, TcpFlow, UdpFlow};
use chatpcap::trace::{Trace, Watch};
use serde_json::Value;
use tests::{TUNNELS, corpus};

/// Captures whose UDP flows tshark splits: its SNMP dissector opens a conversation of its own for the
/// answers, so that `udp.stream` has two numbers for one pair of endpoints.
const SNMP: &[&str] = &[
    "OISF+suricata-verify/tests/snmp-v3-encrypted/SNMPv3.pcap",
    "arkime+arkime/tests/pcap/snmpv3_synthetic.pcap",
];

/// Captures that tshark refuses for their link type (a switch's tag). Their frames are there, tcpdump
/// lists them; chatpcap counts them and says that it does not decode them.
const REFUSED: &[&str] = &[
    "the-tcpdump-group+libpcap/tests/filter/brcm-tag-stp.pcap",
    "the-tcpdump-group+tcpdump/tests/brcm-tag.pcap",
];

/// Single figures where tshark and chatpcap differ: capture, figure, and why tshark's is not ours.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "OISF+suricata-verify/tests/ipv6-evasion/ipv6-malformed-fragments-15/frag-15.pcap",
        "icmpv6",
        "the fragments make a packet of 65,543 octets, which RFC 8200 §4.5 tells to discard",
    ),
    (
        "own+lab-netns/tcp_chat_snap64.pcap",
        "irtt",
        "tshark gives up a segment whose options are cut, although ACK and time are there",
    ),
    (
        "the-tcpdump-group+tcpdump/tests/rpki-rtr-oobr.pcap",
        "ab_payload",
        "tshark has no tcp.len for a first fragment; the fragment's own octets of payload are ten",
    ),
];

#[test]
fn packets_octets_and_protocols_are_those_of_tshark() {
    let mut report = String::new();
    for_each(|name, trace, facts| {
        let mut check = |what: &str, ours: u64, theirs: &Value| {
            let Some(theirs) = theirs.as_u64() else {
                return;
            };
            if ours != theirs && !is_listed(name, what) && !REFUSED.contains(&name) {
                let _ = writeln!(report, "{name}: {what}: {ours}, tshark says {theirs}");
            }
        };
        check("packets", trace.packets, &facts["packets"]);
        check("octets", trace.octets, &facts["wire_bytes"]);
        if TUNNELS.iter().any(|(tunnel, _)| *tunnel == name) {
            return;
        }
        let protocols = &trace.protocols;
        let ours = [
            ("arp", protocols.arp),
            ("ip", protocols.ipv4),
            ("ipv6", protocols.ipv6),
            ("icmp", protocols.icmp),
            ("icmpv6", protocols.icmpv6),
            ("tcp", protocols.tcp),
            ("udp", protocols.udp),
            ("dns", protocols.dns),
            ("vlan", protocols.vlan),
        ];
        let zero = Value::from(0);
        let counts = facts.get("protocols_filter").unwrap_or(&facts["protocols"]);
        for (protocol, count) in ours {
            check(protocol, count, counts.get(protocol).unwrap_or(&zero));
        }
    });
    assert!(report.is_empty(), "{report}");
}

#[test]
fn flows_are_those_of_tshark() {
    let mut report = String::new();
    for_each(|name, trace, facts| {
        if TUNNELS.iter().any(|(tunnel, _)| *tunnel == name) {
            return;
        }
        let mut check = |transport: &str, stream: &Value, ours: Option<Facts>| {
            let index = &stream["stream"];
            for (key, ours) in ours.unwrap_or_else(|| vec![("a", Value::Null)]) {
                let theirs = match key {
                    // A SYN or SYN-ACK that was captured twice was sent once: they differ on
                    // purpose in how many of each there are, not in how many frames.
                    "syn + synack" => (stream["syn"].as_u64().unwrap()
                        + stream["synack"].as_u64().unwrap())
                    .into(),
                    key => stream[key].clone(),
                };
                if ours != theirs && !is_listed(name, key) {
                    let _ = writeln!(
                        report,
                        "{name}: {transport}.stream {index} {key}: {ours}, tshark says {theirs}"
                    );
                }
            }
        };
        for stream in facts["tcp_streams"].as_array().unwrap() {
            let index = u32::try_from(stream["stream"].as_u64().unwrap()).unwrap();
            check("tcp", stream, trace.flows.tcp_flow(index).map(tcp_facts));
        }
        if SNMP.contains(&name) {
            return;
        }
        for stream in facts["udp_streams"].as_array().unwrap() {
            let index = usize::try_from(stream["stream"].as_u64().unwrap()).unwrap();
            check("udp", stream, trace.flows.udp().get(index).map(udp_facts));
        }
    });
    assert!(report.is_empty(), "{report}");
}

/// Figures of one flow by the names that the facts have for them.
type Facts = Vec<(&'static str, Value)>;

fn is_listed(name: &str, what: &str) -> bool {
    DIFFERENCES
        .iter()
        .any(|(capture, figure, _)| *capture == name && *figure == what)
}

/// Calls `check` with every capture of the corpus that has facts.
fn for_each(mut check: impl FnMut(&str, &Trace, &Value)) {
    let Some(corpus) = corpus() else {
        println!("skipped: ../shared/corpus is not there");
        return;
    };
    for (name, facts) in corpus {
        let Ok(capture) = Capture::open(&name.path) else {
            assert_eq!(facts["packets"], 0, "{} cannot be opened", name.name);
            continue;
        };
        let trace = Trace::read(&name.name, capture, &Watch::default(), &mut |_| ());
        check(&name.name, &trace, &facts);
    }
}

fn common(flow: &Flow) -> Facts {
    let forward = flow.volume.get(Direction::Forward);
    let backward = flow.volume.get(Direction::Backward);
    vec![
        ("a", flow.source.address.to_string().into()),
        ("a_port", flow.source.port.into()),
        ("b", flow.destination.address.to_string().into()),
        ("b_port", flow.destination.port.into()),
        ("ab_packets", forward.packets.into()),
        ("ba_packets", backward.packets.into()),
        ("ab_bytes", forward.octets.into()),
        ("ba_bytes", backward.octets.into()),
        ("first_frame", flow.first_frame().into()),
        ("first_ts", seconds(flow.first)),
        ("last_ts", seconds(flow.last)),
    ]
}

fn tcp_facts(flow: &TcpFlow) -> Facts {
    let handshake = &flow.handshake();
    let from = handshake.syn_direction.map(|direction| match direction {
        Direction::Forward => "a",
        Direction::Backward => "b",
    });
    let syns = handshake.syn_count
        + handshake.syn_ack_count
        + handshake.crossing
        + handshake.captured_twice;
    let mut facts = common(&flow.flow);
    facts.extend([
        ("ab_payload", flow.flow.volume.forward.payload.into()),
        ("ba_payload", flow.flow.volume.backward.payload.into()),
        ("syn + synack", syns.into()),
        ("syn_seq_raw", handshake.syn.map(|syn| syn.seq).into()),
        ("syn_frame", handshake.syn.map(|syn| syn.frame).into()),
        ("syn_from", from.filter(|_| handshake.syn.is_some()).into()),
        (
            "synack_seq_raw",
            handshake.syn_ack.map(|syn_ack| syn_ack.seq).into(),
        ),
        (
            "synack_ack_raw",
            handshake.syn_ack.map(|syn_ack| syn_ack.ack).into(),
        ),
        (
            "synack_frame",
            handshake.syn_ack.map(|syn_ack| syn_ack.frame).into(),
        ),
        ("irtt", handshake.initial_rtt.map(nanoseconds).into()),
        ("fin_a", flow.fin().forward.into()),
        ("fin_b", flow.fin().backward.into()),
        ("rst", (flow.rst().forward + flow.rst().backward).into()),
    ]);
    facts
}

fn udp_facts(flow: &UdpFlow) -> Facts {
    let mut facts = common(&flow.flow);
    let first = flow.first_datagram.map(|first| {
        serde_json::json!({
            "srcport": flow.flow.sender(first.direction).port,
            "dstport": flow.flow.receiver(first.direction).port,
            "length": first.length,
            "checksum": format!("{:#06x}", first.checksum),
        })
    });
    facts.push(("first", first.into()));
    facts
}

fn seconds(time: Option<chatpcap::capture::Timestamp>) -> Value {
    time.map(|time| format!("{}.{:09}", time.seconds(), time.nanoseconds()))
        .into()
}

fn nanoseconds(interval: i64) -> String {
    let sign = if interval < 0 { "-" } else { "" };
    let interval = interval.unsigned_abs();
    format!(
        "{sign}{}.{:09}",
        interval / 1_000_000_000,
        interval % 1_000_000_000
    )
}
