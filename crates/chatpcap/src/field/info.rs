//! What a packet says, in the words of Wireshark's packet list.

use std::fmt::Write as _;

use etherparse::TcpOptionElement;

use super::{Base, Dissection, Kind, Printed, Value, messages, name_of};
use crate::flow::Analysis;
use crate::packet::chat::{self, ChatMessage};
use crate::packet::dns::{Data, Dns, LINK_LOCAL_PORT, MULTICAST_PORT, PORT};
use crate::packet::{Flags, Icmp, Layer, Protocol, Reason, Tcp, icmp};

/// Records of an answer that are told: Wireshark tells all, which fills screens.
const MAX_RECORDS: usize = 20;

/// The protocol that tells most of a packet, and what it says.
pub(crate) fn info(seen: &Dissection<'_>, relative: bool) -> (String, String) {
    let packet = seen.packet;
    let layers = packet.layers();
    let mut inwards = layers.iter().enumerate().rev();
    let Some((place, layer)) = inwards.find(|(_, layer)| !layer.quoted) else {
        let name = seen.frame.link_type.name().into_owned();
        return (name, String::new());
    };
    let named = |name: &str, info: String| (name.to_owned(), info);
    match layer.protocol {
        Protocol::Tcp => match dns(seen, layer) {
            Some(found) => found,
            None => named("TCP", tcp(seen, place, layer, relative)),
        },
        Protocol::Udp => match dns(seen, layer) {
            Some(found) => found,
            None => named("UDP", udp(seen, layer)),
        },
        Protocol::Arp => named("ARP", arp(packet.header(layer).octets())),
        Protocol::Icmp => named("ICMP", icmp(seen, layer)),
        Protocol::Icmpv6 => named("ICMPv6", icmpv6(seen, layer)),
        Protocol::Ipv4 => named("IPv4", stopped(seen)),
        Protocol::Ipv6 | Protocol::Extension => named("IPv6", stopped(seen)),
        Protocol::Ethernet => match packet.stop().map(|stop| stop.reason) {
            Some(Reason::Unsupported(kind)) => (format!("{kind:#06x}"), "Ethernet II".to_owned()),
            _ => named("Ethernet", stopped(seen)),
        },
        other => named(&other.name().to_uppercase(), stopped(seen)),
    }
}

/// Why the walk through the packet ended where it did.
fn stopped(seen: &Dissection<'_>) -> String {
    let Some(stop) = seen.packet.stop() else {
        return String::new();
    };
    match stop.reason {
        Reason::Fragment => fragment(seen),
        _ => stop.to_string(),
    }
}

/// `Fragmented IP protocol (proto=UDP 17, off=1480, ID=3a1c)`.
fn fragment(seen: &Dissection<'_>) -> String {
    let mut text = "Fragmented IP protocol".to_owned();
    let ip = seen
        .packet
        .layers()
        .iter()
        .rfind(|layer| layer.protocol == Protocol::Ipv4);
    let Some(octets) = ip.map(|layer| seen.packet.header(layer).octets()) else {
        return text;
    };
    if let [_, _, _, _, id0, id1, high, low, _, protocol, ..] = octets {
        let offset = u32::from(u16::from_be_bytes([*high, *low]) & 0x1fff) * 8;
        let name = name_of("ip.proto", (*protocol).into()).unwrap_or("protocol");
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            " (proto={name} {protocol}, off={offset}, ID={id0:02x}{id1:02x})"
        );
    }
    text
}

fn tcp(seen: &Dissection<'_>, place: usize, layer: &Layer, relative: bool) -> String {
    let Some(tcp) = seen.packet.tcp(layer) else {
        return String::new();
    };
    let sighting = seen.sightings.and_then(|sightings| {
        let mut sightings = sightings.iter();
        sightings.find(|sighting| sighting.transport.layer == place)
    });
    let mut text = String::new();
    let segment = sighting.and_then(|sighting| sighting.segment);
    for verdict in verdicts(segment.and_then(|segment| segment.analysis)) {
        let _ = write!(text, "[{verdict}] ");
    }
    let (Some(source), Some(destination), Some(flags)) =
        (tcp.source_port(), tcp.destination_port(), tcp.flags())
    else {
        return text + &stopped(seen);
    };
    let shown = if flags.0 == 0 {
        "<None>".to_owned()
    } else {
        flags.to_string()
    };
    let _ = write!(text, "{source} → {destination} [{shown}]");
    let seq = segment.filter(|_| relative).map(|segment| segment.seq);
    if let Some(seq) = seq.or_else(|| tcp.sequence_number()) {
        let _ = write!(text, " Seq={seq}");
    }
    if flags.has(Flags::ACK) {
        let ack = segment.filter(|_| relative).map(|segment| segment.ack);
        if let Some(ack) = ack.or_else(|| tcp.acknowledgment_number()) {
            let _ = write!(text, " Ack={ack}");
        }
    }
    let window = segment.map(|segment| segment.window);
    if let Some(window) = window.or_else(|| tcp.window().map(u32::from)) {
        let _ = write!(text, " Win={window}");
    }
    if let Some(length) = tcp.payload_length() {
        let _ = write!(text, " Len={length}");
    }
    options(&tcp, &mut text);
    text + &said(&messages(seen.packet, layer, sighting, chat::PORT))
}

fn verdicts(analysis: Option<Analysis>) -> impl Iterator<Item = &'static str> {
    let found = analysis.unwrap_or_default();
    let retransmission = match found {
        Analysis {
            fast_retransmission: true,
            ..
        } => "TCP Fast Retransmission",
        Analysis {
            spurious_retransmission: true,
            ..
        } => "TCP Spurious Retransmission",
        _ => "TCP Retransmission",
    };
    [
        (found.captured_twice, "captured twice"),
        (found.reused_ports, "TCP Port numbers reused"),
        (
            found.retransmission && !found.captured_twice,
            retransmission,
        ),
        (
            found.out_of_order && !found.captured_twice,
            "TCP Out-Of-Order",
        ),
        (found.lost_segment, "TCP Previous segment not captured"),
        (found.ack_lost_segment, "TCP ACKed unseen segment"),
        (found.window_update, "TCP Window Update"),
        (found.window_full, "TCP Window Full"),
        (found.keep_alive, "TCP Keep-Alive"),
        (found.keep_alive_ack, "TCP Keep-Alive ACK"),
        (found.duplicate_ack && !found.captured_twice, "TCP Dup ACK"),
        (found.zero_window_probe, "TCP ZeroWindowProbe"),
        (found.zero_window, "TCP ZeroWindow"),
        (found.zero_window_probe_ack, "TCP ZeroWindowProbeAck"),
    ]
    .into_iter()
    .filter_map(|(is, text)| is.then_some(text))
}

fn options(tcp: &Tcp<'_>, text: &mut String) {
    for option in tcp.options() {
        // Writing to a string cannot fail.
        let _ = match option {
            TcpOptionElement::MaximumSegmentSize(size) => write!(text, " MSS={size}"),
            TcpOptionElement::WindowScale(shift) => {
                write!(text, " WS={}", 1_u32 << shift.min(14))
            }
            TcpOptionElement::SelectiveAcknowledgementPermitted => write!(text, " SACK_PERM"),
            TcpOptionElement::SelectiveAcknowledgement(first, more) => {
                let more = more.into_iter().flatten();
                std::iter::once(first)
                    .chain(more)
                    .try_for_each(|(left, right)| write!(text, " SLE={left} SRE={right}"))
            }
            TcpOptionElement::Timestamp(value, echo) => {
                write!(text, " TSval={value} TSecr={echo}")
            }
            TcpOptionElement::Noop => Ok(()),
        };
    }
}

fn udp(seen: &Dissection<'_>, layer: &Layer) -> String {
    let Some(udp) = seen.packet.udp(layer) else {
        return String::new();
    };
    let (Some(source), Some(destination)) = (udp.source_port(), udp.destination_port()) else {
        return stopped(seen);
    };
    let length = udp.payload_length().unwrap_or(0);
    let text = format!("{source} → {destination} Len={length}");
    text + &said(&messages(seen.packet, layer, None, chat::PORT))
}

/// What the chat says, behind the header's words.
fn said(messages: &[ChatMessage]) -> String {
    let mut text = String::new();
    for message in messages {
        let _ = write!(text, "; chat {}", message.kind.name());
        for (label, value) in [
            ("from", &message.from),
            ("to", &message.to),
            ("", &message.text),
        ] {
            let Some(value) = value else { continue };
            let space = if label.is_empty() { "" } else { " " };
            let _ = if label.is_empty() {
                write!(text, "{space} {value:?}")
            } else {
                write!(text, " {label} {value}")
            };
        }
    }
    text
}

fn dns(seen: &Dissection<'_>, layer: &Layer) -> Option<(String, String)> {
    let (source, destination) = seen.packet.ports(layer)?;
    let ports = [PORT, MULTICAST_PORT, LINK_LOCAL_PORT];
    let port = [source, destination]
        .into_iter()
        .filter(|port| ports.contains(port))
        .min()?;
    let mut message = None;
    Dns::messages(seen.packet, &ports, &mut |dns| {
        message = message.or(Some(dns));
    });
    let dns = message?;
    let name = match port {
        MULTICAST_PORT => "MDNS",
        LINK_LOCAL_PORT => "LLMNR",
        _ => "DNS",
    };
    let kind = if dns.is_response() {
        "query response"
    } else {
        "query"
    };
    let mut text = format!("Standard {kind} {:#06x}", dns.id()?);
    let code = dns.flags()? & 0x0f;
    if dns.is_response() && code != 0 {
        let code = name_of("dns.flags.rcode", code.into()).unwrap_or("error");
        let _ = write!(text, " {code}");
    }
    for question in dns.questions() {
        let _ = write!(text, " {} {}", dns_type(question.kind), question.name);
    }
    for record in dns.records().into_iter().take(MAX_RECORDS) {
        let _ = write!(text, " {}", dns_type(record.kind));
        let _ = match record.data {
            Data::A(address) => write!(text, " {address}"),
            Data::Aaaa(address) => write!(text, " {address}"),
            Data::Cname(name) | Data::Ns(name) | Data::Ptr(name) | Data::Soa(name, ..) => {
                write!(text, " {name}")
            }
            Data::Mx(preference, name) => write!(text, " {preference} {name}"),
            Data::Srv(priority, weight, port, name) => {
                write!(text, " {priority} {weight} {port} {name}")
            }
            Data::Txt(_) | Data::Other => Ok(()),
        };
    }
    Some((name.to_owned(), text))
}

/// `A` for 1: the first word of the type's name.
pub(crate) fn dns_type(kind: u16) -> String {
    let name = name_of("dns.qry.type", kind.into()).and_then(|name| name.split(' ').next());
    name.map_or_else(|| format!("TYPE{kind}"), str::to_owned)
}

fn arp(octets: &[u8]) -> String {
    let Some([_, _, _, _, 6, 4, 0, operation, rest @ ..]) = octets.get(..28) else {
        return "not for Ethernet and IPv4".to_owned();
    };
    let address = |at: usize| {
        let octets = rest.get(at..).and_then(|rest| rest.first_chunk::<4>());
        octets.map_or_else(String::new, |octets| {
            std::net::Ipv4Addr::from(*octets).to_string()
        })
    };
    let (sender, target) = (address(6), address(16));
    match operation {
        1 if sender == target => format!("ARP Announcement for {target}"),
        1 if sender == "0.0.0.0" => format!("Who has {target}? (ARP Probe)"),
        1 => format!("Who has {target}? Tell {sender}"),
        2 => format!("{sender} is at {}", ethernet(rest, 0).unwrap_or_default()),
        other => format!("operation {other}"),
    }
}

fn icmp(seen: &Dissection<'_>, layer: &Layer) -> String {
    let header = seen.packet.header(layer);
    let icmp = Icmp { header };
    let (Some(kind), Some(code)) = (icmp.icmp_type(), icmp.code()) else {
        return stopped(seen);
    };
    let name = name_of("icmp.type", kind.into());
    let mut text = name.map_or_else(|| format!("type {kind}"), str::to_owned);
    if matches!(kind, 0 | 8)
        && let [_, _, _, _, id0, id1, seq0, seq1, ..] = header.octets()
    {
        let seq = u16::from_be_bytes([*seq0, *seq1]);
        let swapped = seq.swap_bytes();
        let _ = write!(text, "  id=0x{id0:02x}{id1:02x}, seq={seq}/{swapped}");
        if let Some(ttl) = time_to_live(seen) {
            let _ = write!(text, ", ttl={ttl}");
        }
    } else if icmp::icmp_quotes(kind) {
        let _ = match unreachable(kind, code) {
            Some(why) => write!(text, " ({why})"),
            None => write!(text, " (code {code})"),
        };
    }
    text
}

/// Why something was not delivered (RFC 792; RFC 1812 §5.2.7).
const fn unreachable(kind: u8, code: u8) -> Option<&'static str> {
    Some(match (kind, code) {
        (3, 0) => "Network unreachable",
        (3, 1) => "Host unreachable",
        (3, 2) => "Protocol unreachable",
        (3, 3) => "Port unreachable",
        (3, 4) => "Fragmentation needed",
        (3, 9) => "Network administratively prohibited",
        (3, 10) => "Host administratively prohibited",
        (3, 13) => "Communication administratively filtered",
        (5, 0) => "Redirect for network",
        (5, 1) => "Redirect for host",
        (11, 0) => "Time to live exceeded in transit",
        (11, 1) => "Fragment reassembly time exceeded",
        _ => return None,
    })
}

fn time_to_live(seen: &Dissection<'_>) -> Option<u8> {
    let ip = seen
        .packet
        .layers()
        .iter()
        .rfind(|layer| layer.protocol == Protocol::Ipv4)?;
    seen.packet.header(ip).octets().get(8).copied()
}

fn icmpv6(seen: &Dissection<'_>, layer: &Layer) -> String {
    let octets = seen.packet.header(layer).octets();
    let [kind, _, _, _, rest @ ..] = octets else {
        return stopped(seen);
    };
    let name = name_of("icmpv6.type", (*kind).into());
    let mut text = name.map_or_else(|| format!("type {kind}"), str::to_owned);
    let target = || {
        let octets = rest.get(4..)?.first_chunk::<16>()?;
        Some(std::net::Ipv6Addr::from(*octets))
    };
    let options = match kind {
        133 => rest.get(4..),
        135 | 136 => rest.get(20..),
        _ => None,
    };
    let link = options.and_then(|options| match options {
        [1 | 2, 1, ..] => ethernet(options, 2),
        _ => None,
    });
    let _ = match (kind, rest) {
        (128 | 129, [id0, id1, seq0, seq1, ..]) => {
            let seq = u16::from_be_bytes([*seq0, *seq1]);
            write!(text, " id=0x{id0:02x}{id1:02x}, seq={seq}")
        }
        (133, _) => link.map_or(Ok(()), |link| write!(text, " from {link}")),
        (135, _) => match (target(), link) {
            (Some(target), Some(link)) => write!(text, " for {target} from {link}"),
            (Some(target), None) => write!(text, " for {target}"),
            _ => Ok(()),
        },
        (136, [flags, ..]) => {
            let shown: Vec<&str> = [(0x80, "rtr"), (0x40, "sol"), (0x20, "ovr")]
                .into_iter()
                .filter_map(|(bit, name)| (flags & bit != 0).then_some(name))
                .collect();
            let at = link.map_or_else(String::new, |link| format!(" is at {link}"));
            target().map_or(Ok(()), |target| {
                write!(text, " {target} ({}){at}", shown.join(", "))
            })
        }
        _ => Ok(()),
    };
    text
}

/// The Ethernet address that begins at an octet.
pub(crate) fn ethernet(octets: &[u8], at: usize) -> Option<String> {
    let address = octets.get(at..)?.first_chunk()?;
    let printed = Printed {
        value: &Value::Ethernet(*address),
        kind: Kind::Ethernet,
        base: Base::Decimal,
        name: "",
    };
    Some(printed.to_string())
}
