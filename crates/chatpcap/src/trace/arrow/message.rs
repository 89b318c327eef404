//! What the headers of a packet say.

use crate::field::{Dissection, info};
use crate::flow::Sighting;
use crate::packet::dns::{Dns, LINK_LOCAL_PORT, MULTICAST_PORT, PORT, Question, Record};
use crate::packet::{Flags, TransportPayload};

/// Questions and records of a DNS message that are kept.
const MAX_RECORDS: usize = 20;
/// Characters that are kept of what other packets say.
const MAX_INFO: usize = 200;

/// What the headers of a packet say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A TCP segment.
    Tcp {
        /// The control bits; `None` where the header is cut before them.
        flags: Option<Flags>,
        /// Absolute, as they stand in the header.
        numbers: Numbers,
        /// Counted from the ISN of either side, as far as the flow tells it.
        relative: Numbers,
        /// Octets of payload on the wire.
        payload: Option<usize>,
    },
    /// A UDP datagram.
    Udp {
        /// Octets of payload on the wire.
        payload: Option<usize>,
    },
    /// A DNS message.
    Dns {
        /// `DNS`, `MDNS` or `LLMNR`.
        protocol: &'static str,
        /// Whether it answers.
        is_response: bool,
        /// The number that question and answer share.
        id: u16,
        /// How it went, of an answer: 0 well.
        code: u8,
        /// What is asked.
        questions: Vec<Question>,
        /// What is answered.
        records: Vec<Record>,
        /// Octets of payload on the wire.
        payload: Option<usize>,
    },
    /// Another packet.
    Other {
        /// Its protocol as Wireshark names it: `ARP`, `ICMP`.
        protocol: String,
        /// What it says, in the words of a packet list.
        info: String,
    },
}

/// Sequence and acknowledgment number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Numbers {
    /// The sequence number.
    pub seq: Option<u32>,
    /// The acknowledgment number; `None` where ACK is not set.
    pub ack: Option<u32>,
}

impl Message {
    pub(super) fn new(seen: &Dissection<'_>, sighting: Option<&Sighting<'_>>) -> Self {
        let Some(sighting) = sighting else {
            let (protocol, mut info) = info(seen, false);
            if let Some((end, _)) = info.char_indices().nth(MAX_INFO) {
                info.truncate(end);
                info.push('…');
            }
            return Self::Other { protocol, info };
        };
        let (ports, payload) = match sighting.transport.payload {
            TransportPayload::Tcp(tcp) => (
                [tcp.source_port(), tcp.destination_port()],
                tcp.payload_length(),
            ),
            TransportPayload::Udp(udp) => (
                [udp.source_port(), udp.destination_port()],
                udp.payload_length(),
            ),
        };
        if let Some(dns) = Self::dns(seen, ports, payload) {
            return dns;
        }
        match sighting.transport.payload {
            TransportPayload::Udp(_) => Self::Udp { payload },
            TransportPayload::Tcp(tcp) => {
                let ack = tcp.acknowledges();
                let segment = sighting.segment;
                Self::Tcp {
                    flags: tcp.flags(),
                    numbers: Numbers {
                        seq: tcp.sequence_number(),
                        ack,
                    },
                    relative: Numbers {
                        seq: segment.map(|segment| segment.seq),
                        ack: segment.map(|segment| segment.ack).filter(|_| ack.is_some()),
                    },
                    payload,
                }
            }
        }
    }

    fn dns(seen: &Dissection<'_>, ports: [Option<u16>; 2], payload: Option<usize>) -> Option<Self> {
        let known = [PORT, MULTICAST_PORT, LINK_LOCAL_PORT];
        let port = ports
            .into_iter()
            .flatten()
            .filter(|port| known.contains(port))
            .min()?;
        let mut message = None;
        Dns::messages(seen.packet, &known, &mut |dns| {
            message = message.or(Some(dns));
        });
        let dns = message?;
        let is_response = dns.is_response();
        let mut questions = dns.questions();
        questions.truncate(MAX_RECORDS);
        let mut records = dns.records();
        records.retain(|record| !record.is_options());
        records.truncate(MAX_RECORDS);
        // The code is the last four bits (RFC 1035 §4.1.1).
        let code = dns.flags()? & 0x0f;
        Some(Self::Dns {
            protocol: match port {
                MULTICAST_PORT => "MDNS",
                LINK_LOCAL_PORT => "LLMNR",
                _ => "DNS",
            },
            is_response,
            id: dns.id()?,
            code: u8::try_from(code).ok().filter(|_| is_response).unwrap_or(0),
            questions,
            records,
            payload,
        })
    }
}
