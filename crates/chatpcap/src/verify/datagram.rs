//! Numbers that are taken for those of the UDP header.

use super::diagnosis::{Diagnosis, Shown};
use super::slip::Slip;
use crate::ask::{Analysis, Connection, Question};
use Question::{LargestPort, UdpFieldLength, UdpFields, UdpPayload, UdpProtocol};

/// What is often typed: question, number, what was done, and a sentence.
const USUAL: &[(Question, i128, Slip, &str)] = &[
    (
        UdpFields,
        2,
        Slip::LengthForCount,
        "2 is how many octets a field has",
    ),
    (
        UdpFields,
        5,
        Slip::PayloadAsField,
        "5 counts the payload, which is no field of the header",
    ),
    (
        UdpFields,
        6,
        Slip::ComputedFields,
        "6 counts lines that Wireshark shows in brackets and computes",
    ),
    (
        UdpFields,
        7,
        Slip::ComputedFields,
        "7 counts lines that Wireshark shows in brackets and computes",
    ),
    (
        UdpFields,
        8,
        Slip::HeaderLength,
        "8 is how many octets the whole header has",
    ),
    (
        UdpFields,
        9,
        Slip::TcpHeader,
        "9 is how many fields TCP's fixed header has",
    ),
    (
        UdpFields,
        10,
        Slip::TcpHeader,
        "10 is how many fields TCP's header has",
    ),
    (
        UdpFields,
        11,
        Slip::TcpHeader,
        "11 is how many fields TCP's header has with its options",
    ),
    (
        UdpFields,
        16,
        Slip::BitsForOctets,
        "16 is how many bits a field has",
    ),
    (
        UdpFields,
        64,
        Slip::BitsForOctets,
        "64 is how many bits the header has",
    ),
    (
        UdpFieldLength,
        4,
        Slip::CountForLength,
        "4 is how many fields there are",
    ),
    (
        UdpFieldLength,
        8,
        Slip::HeaderLength,
        "8 is the length of the whole header, of four fields",
    ),
    (
        UdpFieldLength,
        16,
        Slip::BitsForOctets,
        "16 is the length in bits",
    ),
    (
        UdpFieldLength,
        20,
        Slip::TcpHeader,
        "20 is the length of TCP's header",
    ),
    (
        UdpFieldLength,
        32,
        Slip::BitsForOctets,
        "32 is how many bits two fields have, a row of the header's picture",
    ),
    (
        UdpFieldLength,
        64,
        Slip::BitsForOctets,
        "64 is the length of the whole header in bits",
    ),
    (
        UdpPayload,
        8,
        Slip::HeaderLength,
        "8 is the length of the header",
    ),
    (
        UdpPayload,
        65_535,
        Slip::HeaderCounted,
        "65535 is the largest length, which counts the 8 octets of header: 65535 - 8 = 65527",
    ),
    (
        UdpPayload,
        65_536,
        Slip::RangeForLargest,
        "65536 is how many lengths there are, and the header counts into them: 65535 - 8 = 65527",
    ),
    (
        UdpPayload,
        65_528,
        Slip::RangeForLargest,
        "65528 is 65536 - 8; the largest length is 65535",
    ),
    (
        UdpPayload,
        65_507,
        Slip::Ipv4Limit,
        "65507 is what IPv4 leaves room for: 65535 - 20 octets of IP header - 8 of UDP header; UDP's own length field can say 65527",
    ),
    (
        UdpPayload,
        65_515,
        Slip::WrongHeader,
        "65515 takes off the 20 octets of an IP header (or TCP's) instead of the 8 of UDP's",
    ),
    (
        UdpPayload,
        65_519,
        Slip::WrongHeader,
        "65519 takes the header off twice",
    ),
    (
        UdpPayload,
        65_495,
        Slip::WrongHeader,
        "65495 takes off 40 octets, the headers of IP and TCP",
    ),
    (
        UdpPayload,
        65_487,
        Slip::WrongHeader,
        "65487 takes off 48 octets, the headers of IPv6 and UDP",
    ),
    (
        UdpPayload,
        524_216,
        Slip::BitsForOctets,
        "524216 is the length in bits",
    ),
    (
        UdpPayload,
        524_280,
        Slip::BitsForOctets,
        "524280 is 65535 in bits",
    ),
    (
        UdpPayload,
        1500,
        Slip::LinkLimit,
        "1500 is the most that an Ethernet frame carries",
    ),
    (
        UdpPayload,
        1492,
        Slip::LinkLimit,
        "1492 is what fits into an Ethernet frame behind PPPoE or UDP",
    ),
    (
        UdpPayload,
        1480,
        Slip::LinkLimit,
        "1480 is what fits into an Ethernet frame behind the IP header",
    ),
    (
        UdpPayload,
        1472,
        Slip::LinkLimit,
        "1472 is what fits into one Ethernet frame behind the IP and UDP headers",
    ),
    (
        UdpPayload,
        1460,
        Slip::LinkLimit,
        "1460 is what fits into one Ethernet frame behind the IP and TCP headers",
    ),
    (
        UdpPayload,
        1452,
        Slip::LinkLimit,
        "1452 is what fits into one Ethernet frame behind the IPv6 and UDP headers",
    ),
    (
        UdpPayload,
        512,
        Slip::LinkLimit,
        "512 is what DNS sends in a datagram",
    ),
    (
        UdpPayload,
        508,
        Slip::LinkLimit,
        "508 is what every IPv4 host must be able to receive",
    ),
    (
        LargestPort,
        65_536,
        Slip::RangeForLargest,
        "65536 is how many ports there are; they begin at 0",
    ),
    (
        LargestPort,
        1023,
        Slip::PortClass,
        "1023 is the last of the well-known ports",
    ),
    (
        LargestPort,
        1024,
        Slip::PortClass,
        "1024 is how many well-known ports there are",
    ),
    (
        LargestPort,
        49_151,
        Slip::PortClass,
        "49151 is the last of the registered ports",
    ),
    (
        LargestPort,
        49_152,
        Slip::PortClass,
        "49152 is the first of the dynamic ports",
    ),
    (
        LargestPort,
        60_999,
        Slip::PortClass,
        "60999 is the last port that Linux chooses by itself",
    ),
    (
        LargestPort,
        32_767,
        Slip::SignedField,
        "32767 is the largest number of 16 bits with a sign",
    ),
    (
        LargestPort,
        32_768,
        Slip::SignedField,
        "32768 is half of what 16 bits can say",
    ),
    (
        LargestPort,
        16,
        Slip::BitsForOctets,
        "16 is how many bits the field has",
    ),
    (
        LargestPort,
        2,
        Slip::HeaderLength,
        "2 is how many octets the field has",
    ),
    (UdpProtocol, 6, Slip::TcpProtocol, "6 is TCP's number"),
    (UdpProtocol, 1, Slip::OtherProtocol, "1 is ICMP's number"),
    (UdpProtocol, 2, Slip::OtherProtocol, "2 is IGMP's number"),
    (
        UdpProtocol,
        4,
        Slip::OtherProtocol,
        "4 is the version of IP",
    ),
    (
        UdpProtocol,
        41,
        Slip::OtherProtocol,
        "41 is the number of IPv6 in IPv4",
    ),
    (
        UdpProtocol,
        58,
        Slip::OtherProtocol,
        "58 is ICMPv6's number",
    ),
    (
        UdpProtocol,
        132,
        Slip::OtherProtocol,
        "132 is SCTP's number",
    ),
    (
        UdpProtocol,
        136,
        Slip::OtherProtocol,
        "136 is UDP-Lite's number",
    ),
    (
        UdpProtocol,
        2048,
        Slip::EtherType,
        "2048 (0x0800) says in the Ethernet header that IPv4 follows",
    ),
    (
        UdpProtocol,
        34_525,
        Slip::EtherType,
        "34525 (0x86dd) says in the Ethernet header that IPv6 follows",
    ),
];

/// The number is one that is often taken for the answer.
pub(super) fn usual(question: Question, value: i128) -> Option<Diagnosis> {
    let row = USUAL
        .iter()
        .find(|row| row.0 == question && row.1 == value)?;
    Some(Diagnosis::new(row.2, row.3.to_owned()))
}

/// The number is what this capture has, where what is possible or fixed is asked for.
pub(super) fn of_this_packet(
    analysis: &Analysis,
    question: Question,
    value: i128,
) -> Option<Diagnosis> {
    let datagram = analysis.datagram()?;
    let flow = &datagram.flow.flow;
    let shown = Shown {
        trace: datagram.trace,
        frame: datagram.first.frame,
    };
    let length = datagram.first.length;
    let ports = [flow.source.port, flow.destination.port];
    let connection = Connection::find(&analysis.roles, &analysis.traces);
    let tcp_port = connection.and_then(|connection| Some(connection.flow.initiator()?.port));
    let is = |number: u16| i128::from(number) == value;
    let what = match question {
        UdpPayload if is(length) => "length field",
        UdpPayload if length >= 8 && is(length - 8) => "length of the payload",
        LargestPort | UdpProtocol if ports.into_iter().any(is) => "port",
        LargestPort | UdpProtocol if tcp_port.is_some_and(is) => {
            let text = format!("{value} is the port from which client1 connects to the server");
            let slip = if question == UdpProtocol {
                Slip::PortNumber
            } else {
                Slip::ThisPacket
            };
            return Some(Diagnosis::new(slip, text));
        }
        UdpProtocol if is(length) => "length field",
        _ => return None,
    };
    let slip = if question == UdpProtocol {
        Slip::PortNumber
    } else {
        Slip::ThisPacket
    };
    let text = format!(
        "{value} is the {what} of the datagram in {}",
        shown.name(analysis)
    );
    Some(Diagnosis::new(slip, text).shown_by(shown))
}
