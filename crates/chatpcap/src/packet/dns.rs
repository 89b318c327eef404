//! The DNS message.
//!
//! | offset | octets | field |
//! |---|---|---|
//! | 0 | 2 | identifier |
//! | 2 | 2 | flags: response, opcode, authoritative, truncated, recursion desired and available, code |
//! | 4 | 2 | questions |
//! | 6 | 2 | answers |
//! | 8 | 2 | authority records |
//! | 10 | 2 | additional records |
//!
//! Source: RFC 1035 §4.1. The crate `domain` reads names and records; what is broken or cut ends the
//! list of them, and those before it count.

use std::net::{Ipv4Addr, Ipv6Addr};

use domain::base::iana::Rtype;
use domain::base::name::{ParsedName, ToLabelIter};
use domain::base::{Message, ParsedRecord};
use domain::rdata::AllRecordData;

use super::field::{Field, Header};
use super::{Packet, TransportPayload};

/// The identifier that question and answer share.
pub const ID: Field = Field::new("id", 0, 2);
/// Whether it is an answer, and how it went.
pub const FLAGS: Field = Field::new("flags", 2, 2);
/// Numbers of questions, answers, authority records and additional records.
pub const COUNTS: [Field; 4] = [
    Field::new("qdcount", 4, 2),
    Field::new("ancount", 6, 2),
    Field::new("nscount", 8, 2),
    Field::new("arcount", 10, 2),
];
/// Octets of the header.
pub const HEADER: usize = 12;
/// The port of DNS, TCP and UDP (RFC 1035 §4.2).
pub const PORT: u16 = 53;
/// The port of multicast DNS (RFC 6762 §3).
pub const MULTICAST_PORT: u16 = 5353;
/// The port of link-local multicast name resolution (RFC 4795 §2).
pub const LINK_LOCAL_PORT: u16 = 5355;
/// Octets of the length before a message over TCP (RFC 1035 §4.2.2).
const TCP_LENGTH: usize = 2;

/// A DNS message, whole or cut.
#[derive(Clone, Copy, Debug)]
pub struct Dns<'a> {
    /// The message as far as it was captured.
    pub header: Header<'a>,
    /// Its length over TCP, which stands before it.
    pub tcp_length: Option<u16>,
    /// Whether it is of multicast DNS, whose classes have a flag in their first bit.
    pub is_multicast: bool,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name.
    pub name: String,
    /// Its type: 1 A, 28 AAAA.
    pub kind: u16,
    /// Its class: 1 for the Internet. Multicast DNS has a flag in its first bit.
    pub class: u16,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The name.
    pub name: String,
    /// Its type.
    pub kind: u16,
    /// Its class.
    pub class: u16,
    /// How long it may be kept, in seconds.
    pub ttl: u32,
    /// Octets of its data.
    pub length: u16,
    /// What it says.
    pub data: Data,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// The name that this one stands for.
    Cname(String),
    /// A name server.
    Ns(String),
    /// The name of an address.
    Ptr(String),
    /// A mail exchange and its preference.
    Mx(u16, String),
    /// Text.
    Txt(Vec<String>),
    /// Where a service is: priority, weight, port and host.
    Srv(u16, u16, u16, String),
    /// The start of a zone: its primary server, its administrator, its serial number.
    Soa(String, String, u32),
    /// Another type, or data that is broken.
    Other,
}

impl<'a> Dns<'a> {
    /// The DNS messages of a packet whose protocol is told by one of `ports`, outermost first. Of a
    /// message over TCP that several segments carry none is read.
    pub fn messages(packet: &Packet<'a>, ports: &[u16], give: &mut dyn FnMut(Self)) {
        for transport in packet.transports() {
            let (source, destination, header) = match transport.payload {
                TransportPayload::Tcp(tcp) => {
                    let header = tcp.header_length().unwrap_or(0);
                    (
                        tcp.source_port(),
                        tcp.destination_port(),
                        tcp.header.skip(header, tcp.payload().len()),
                    )
                }
                TransportPayload::Udp(udp) => {
                    let header = udp.header.skip(super::udp::HEADER, udp.payload().len());
                    (udp.source_port(), udp.destination_port(), header)
                }
            };
            // The lower port tells, as for Wireshark.
            let is_dns = |port: &u16| [PORT, MULTICAST_PORT, LINK_LOCAL_PORT].contains(port);
            let port = source.into_iter().chain(destination).filter(is_dns).min();
            if !port.is_some_and(|port| ports.contains(&port)) {
                continue;
            }
            let is_multicast = port == Some(MULTICAST_PORT);
            let give = &mut |header, tcp_length| {
                give(Self {
                    header,
                    tcp_length,
                    is_multicast,
                });
            };
            match transport.payload {
                TransportPayload::Udp(_) => whole(header, None, give),
                TransportPayload::Tcp(_) => over_tcp(header, give),
            }
        }
    }

    /// The identifier.
    pub fn id(&self) -> Option<u16> {
        self.header.u16(ID)
    }

    /// The flags.
    pub fn flags(&self) -> Option<u16> {
        self.header.u16(FLAGS)
    }

    /// Whether it is an answer.
    pub fn is_response(&self) -> bool {
        self.flags().is_some_and(|flags| flags & 0x8000 != 0)
    }

    /// The questions that can be read.
    pub fn questions(&self) -> Vec<Question> {
        let Ok(message) = Message::from_octets(self.header.octets()) else {
            return Vec::new();
        };
        let questions = message.question().map_while(Result::ok);
        questions
            .map(|question| Question {
                name: text(question.qname()),
                kind: question.qtype().to_int(),
                class: question.qclass().to_int(),
            })
            .collect()
    }

    /// The records that can be read: answers, then authority, then additional ones.
    pub fn records(&self) -> Vec<Record> {
        let Ok(message) = Message::from_octets(self.header.octets()) else {
            return Vec::new();
        };
        let records = message.iter().map_while(Result::ok);
        records.map(|(record, _)| Record::new(&record)).collect()
    }
}

/// Gives a message unless even its header is cut.
fn whole<'a>(
    header: Header<'a>,
    tcp_length: Option<u16>,
    give: &mut dyn FnMut(Header<'a>, Option<u16>),
) {
    if header.octets().len() >= HEADER {
        give(header, tcp_length);
    }
}

/// Gives the messages that stand whole in one segment.
fn over_tcp<'a>(mut rest: Header<'a>, give: &mut dyn FnMut(Header<'a>, Option<u16>)) {
    while let Some(length) = rest.u16(ID) {
        let octets = usize::from(length);
        if rest.octets().len() < TCP_LENGTH.saturating_add(octets) {
            break;
        }
        whole(rest.skip(TCP_LENGTH, octets), Some(length), give);
        rest = rest.skip(TCP_LENGTH.saturating_add(octets), usize::MAX);
    }
}

impl Record {
    fn new(record: &ParsedRecord<'_, &[u8]>) -> Self {
        let any = record.to_any_record::<AllRecordData<_, ParsedName<_>>>();
        let data = any.map_or(Data::Other, |any| Data::new(any.data()));
        Self {
            name: text(&record.owner()),
            kind: record.rtype().to_int(),
            class: record.class().to_int(),
            ttl: record.ttl().as_secs(),
            length: record.rdlen(),
            data,
        }
    }

    /// Whether it is no data but options of the message (RFC 6891 §6.1.2).
    pub fn is_options(&self) -> bool {
        self.kind == Rtype::OPT.to_int()
    }
}

impl Data {
    fn new<Octs: AsRef<[u8]>, Name: ToLabelIter>(data: &AllRecordData<Octs, Name>) -> Self {
        match data {
            AllRecordData::A(a) => Self::A(a.addr()),
            AllRecordData::Aaaa(aaaa) => Self::Aaaa(aaaa.addr()),
            AllRecordData::Cname(name) => Self::Cname(text(name.cname())),
            AllRecordData::Ns(name) => Self::Ns(text(name.nsdname())),
            AllRecordData::Ptr(name) => Self::Ptr(text(name.ptrdname())),
            AllRecordData::Mx(mx) => Self::Mx(mx.preference(), text(mx.exchange())),
            AllRecordData::Txt(txt) => {
                let texts = txt
                    .iter()
                    .map(|part| String::from_utf8_lossy(part).into_owned());
                Self::Txt(texts.collect())
            }
            AllRecordData::Srv(srv) => {
                Self::Srv(srv.priority(), srv.weight(), srv.port(), text(srv.target()))
            }
            AllRecordData::Soa(soa) => Self::Soa(
                text(soa.mname()),
                text(soa.rname()),
                soa.serial().into_int(),
            ),
            _ => Self::Other,
        }
    }
}

/// A name with dots between its labels and none behind; the root is `<Root>`, as Wireshark shows it.
fn text(name: &impl ToLabelIter) -> String {
    let mut out = String::new();
    for label in name.iter_labels().filter(|label| !label.is_root()) {
        if !out.is_empty() {
            out.push('.');
        }
        out.push_str(&String::from_utf8_lossy(label.as_slice()));
    }
    if out.is_empty() {
        out.push_str("<Root>");
    }
    out
}
