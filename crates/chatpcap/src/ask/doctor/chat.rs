//! What of the chat is missing.

use super::super::connection::server_hint;
use super::{Finding, MAX_FLOWS, Patient, Severity, counted, tcpdump};
use crate::flow::{Direction, TcpFlow};

/// What the capture shows of a connection to the chat server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// Both SYN segments.
    Handshake,
    /// It was open when the capture began.
    Middle,
    /// Only what one side sends.
    OneSide,
    /// The server refused it.
    Refused,
    /// Nobody answered its SYN.
    Unanswered,
}

/// What is well.
pub(super) fn well(patient: &Patient<'_>) -> Vec<String> {
    let Chat {
        connections,
        datagrams,
    } = Chat::of(patient);
    let whole = connections
        .iter()
        .filter(|(_, shown)| *shown == Shown::Handshake)
        .count();
    let mut well = Vec::new();
    if whole > 0 {
        let server = patient.roles.server.map_or_else(String::new, |server| {
            format!(" to the chat server {}", server.who)
        });
        well.push(format!(
            "{}{server} from the first SYN",
            counted(wide(whole), "connection")
        ));
    }
    if datagrams > 0 {
        well.push(format!(
            "private messages in {}",
            counted(wide(datagrams), "UDP flow")
        ));
    }
    well
}

pub(super) fn findings(patient: &Patient<'_>) -> Vec<Finding> {
    if patient.trace.packets == 0 {
        return Vec::new();
    }
    let Chat {
        connections,
        datagrams,
    } = Chat::of(patient);
    let port = patient.roles.port;
    // The filter stands last.
    let on_port = |file: &str| format!("{} port {port}", tcpdump(file, ""));
    if connections.is_empty() && datagrams == 0 {
        return vec![no_chat(patient)];
    }
    let mut findings = Vec::new();
    let is_well = connections
        .iter()
        .any(|(_, shown)| *shown == Shown::Handshake);
    let severity = if is_well {
        Severity::Warning
    } else {
        Severity::Serious
    };
    let mut add = |shown: Shown, key, what: &str, means, text, command: String| {
        let flows: Vec<&TcpFlow> = connections
            .iter()
            .filter(|(_, other)| *other == shown)
            .map(|(flow, _)| *flow)
            .collect();
        if flows.is_empty() {
            return;
        }
        let named = flows.iter().take(MAX_FLOWS).map(|flow| {
            let flow = &flow.flow;
            format!(
                "tcp.stream {} ({} to {})",
                flow.index, flow.source, flow.destination
            )
        });
        let named = named.collect::<Vec<_>>().join(", ");
        let more = if flows.len() > MAX_FLOWS { " ..." } else { "" };
        // That a client is refused first and then let in is how it goes when the server starts late.
        let severity = if shown == Shown::Refused && is_well {
            Severity::Note
        } else {
            severity
        };
        findings.push(
            Finding::new(key, severity, format!("{what}: {named}{more}"), means)
                .with_advice(text, command)
                .with_frames(flows.iter().filter_map(|flow| flow.flow.first_frame()))
                .with_count(wide(flows.len())),
        );
    };
    add(
        Shown::Middle,
        "started_late",
        "the capture starts after the SYN",
        "the sequence numbers of SYN and SYN-ACK are not in it; what the server chose as its first cannot be told",
        "start tcpdump first, and the client then",
        tcpdump(&patient.file, ""),
    );
    add(
        Shown::OneSide,
        "one_direction",
        "only one direction is there",
        "the other side's numbers and acknowledgements cannot be read",
        "leave `src`, `dst` and -Q out of the filter: it must let both directions through",
        on_port(&patient.file),
    );
    add(
        Shown::Refused,
        "refused",
        "the server refused the connection",
        "a SYN that is answered with RST opens nothing: nobody listened there",
        "start the chat server before the client",
        tcpdump(&patient.file, ""),
    );
    add(
        Shown::Unanswered,
        "unanswered",
        "nobody answered the SYN",
        "there is no SYN-ACK to read: the server was down or unreachable, or the capture sees one direction only",
        "see that the server is up, and capture both directions",
        on_port(&patient.file),
    );
    if connections.is_empty() {
        findings.push(
            Finding::new(
                "no_tcp",
                Severity::Serious,
                format!("datagrams of the chat, and no TCP on port {port}"),
                "the three questions about the connection have no answer here",
            )
            .with_advice(
                "leave `udp` out of the filter, and start tcpdump before the client",
                on_port(&patient.file),
            ),
        );
    }
    if datagrams == 0 {
        findings.push(
            Finding::new(
                "no_udp",
                Severity::Warning,
                "connections of the chat, and no private message over UDP".to_owned(),
                "the five questions about the UDP header have nothing to be shown on; on the server this is as it must be, since private messages never pass it",
            )
            .with_advice(
                "capture on a client, without `tcp` in the filter, and write `@name: text` there",
                on_port("client1.pcap"),
            ),
        );
    }
    let open = connections
        .iter()
        .filter(|(flow, shown)| *shown == Shown::Handshake && is_open(flow));
    let open = open.count();
    if open > 0 {
        findings.push(Finding::new(
            "open_end",
            Severity::Note,
            format!("{} still open when the capture ends", counted(wide(open), "connection")),
            "no error: the questions ask for the beginning; stop the programs before tcpdump to see how connections close",
        ));
    }
    if patient.checkup.loopback > 0
        && patient
            .roles
            .server
            .is_some_and(|server| server.who.address.is_loopback())
    {
        findings.push(Finding::new(
            "loopback",
            Severity::Note,
            "server and clients share one host's loopback interface".to_owned(),
            "no error: ports tell the clients apart, addresses do not; the lab wants containers",
        ));
    }
    findings
}

/// The flows of the chat.
struct Chat<'a> {
    connections: Vec<(&'a TcpFlow, Shown)>,
    datagrams: usize,
}

impl<'a> Chat<'a> {
    fn of(patient: &Patient<'a>) -> Self {
        let Patient { trace, roles, .. } = patient;
        let connections = trace
            .flows
            .tcp()
            .iter()
            .filter(|flow| roles.is_to_server(flow));
        let connections = connections
            .filter_map(|flow| Some((flow, shown(flow)?)))
            .collect();
        let datagrams = trace
            .flows
            .udp()
            .iter()
            .filter(|flow| flow.first_datagram.is_some());
        Self {
            connections,
            datagrams: datagrams
                .filter(|flow| roles.likeness(flow).is_some())
                .count(),
        }
    }
}

fn shown(flow: &TcpFlow) -> Option<Shown> {
    let packets = |direction| flow.flow.volume.get(direction).packets;
    let sides = [Direction::Forward, Direction::Backward].map(packets);
    let handshake = &flow.handshake();
    if sides == [0, 0] {
        return None;
    }
    let syns = u64::from(handshake.syn_count).saturating_add(handshake.captured_twice.into());
    Some(if flow.is_refused() {
        Shown::Refused
    } else if handshake.is_answered() {
        Shown::Handshake
    } else if sides.contains(&0) {
        // SYN segments alone may have found nobody; more than them was answered.
        let only_syns = handshake.syn.is_some() && sides.into_iter().all(|packets| packets <= syns);
        if only_syns {
            Shown::Unanswered
        } else {
            Shown::OneSide
        }
    } else {
        Shown::Middle
    })
}

fn is_open(flow: &TcpFlow) -> bool {
    let none =
        |counts: &crate::flow::PerDirection<u32>| counts.forward == 0 && counts.backward == 0;
    none(&flow.fin()) && none(&flow.rst())
}

/// Nothing of the chat: the wrong interface, the wrong filter, or the wrong time.
fn no_chat(patient: &Patient<'_>) -> Finding {
    let Patient {
        trace,
        checkup,
        roles,
        file,
    } = patient;
    let counts = &trace.protocols;
    let port = roles.port;
    let hint = server_hint(std::slice::from_ref(*trace));
    let transports = counts.tcp.saturating_add(counts.udp);
    let (what, text) = if transports > 0 && checkup.loopback >= transports {
        (
            "everything goes between loopback addresses: this is the host talking to itself"
                .to_owned(),
            "capture on the interface that has the lab's address; `tcpdump -D` lists them",
        )
    } else if transports == 0 {
        let kinds = [
            ("ARP", counts.arp),
            ("ICMP", counts.icmp),
            ("ICMPv6", counts.icmpv6),
        ];
        let kinds: Vec<String> = kinds
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        let kinds = if kinds.is_empty() {
            "nothing that is decoded".to_owned()
        } else {
            kinds.join(", ")
        };
        (
            format!("no TCP and no UDP at all, only {kinds}"),
            "nothing was sent while tcpdump ran, its filter kept the chat out, or it listened on another interface; `tcpdump -D` lists them",
        )
    } else if counts.tcp == 0 && counts.dns > 0 {
        (
            format!(
                "names are looked up (DNS {}), and no connection follows",
                counts.dns
            ),
            "let tcpdump run until the chat is over, and leave `udp` out of its filter",
        )
    } else {
        (
            format!(
                "TCP {} and UDP {} frames, and none on port {port}",
                counts.tcp, counts.udp
            ),
            "leave tcpdump's filter out, or capture on the interface that has the lab's address",
        )
    };
    Finding::new(
        "no_chat",
        Severity::Serious,
        format!("nothing on TCP or UDP port {port}: {what}{hint}"),
        "no question can be answered: the chat is not in this capture",
    )
    .with_advice(text, tcpdump(file, ""))
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
