//! The UDP answers: derived from the header's layout, shown on a datagram of the chat.

use std::fmt::Write as _;

use super::evidence::Evidence;
use super::{Answer, Question, Roles};
use crate::flow::{FirstDatagram, UdpFlow};
use crate::packet::{Field, udp};
use crate::trace::Trace;

/// The largest value of a field of 16 bits.
const LARGEST_U16: u16 = u16::MAX;
/// Octets of an IPv4 header without options, which count into IPv4's total length (RFC 791 §3.1).
const IPV4_HEADER: u16 = 20;
/// UDP's number (IANA, "Assigned Internet Protocol Numbers").
const UDP_PROTOCOL: u8 = 17;

/// The datagram that the UDP answers are shown on.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// Which of the traces shows it.
    pub trace: usize,
    /// Its flow.
    pub flow: &'a UdpFlow,
    /// Its header.
    pub first: FirstDatagram,
}

impl<'a> Datagram<'a> {
    /// The first datagram of the chat between client1 and client2, else the first of the flow that
    /// looks most like the chat.
    pub fn find(roles: &Roles, traces: &'a [Trace]) -> Option<Self> {
        let all = traces.iter().enumerate().flat_map(|(trace, found)| {
            found.flows.shown_udp().filter_map(move |flow| {
                let first = flow.first_datagram?;
                Some((roles.likeness(flow)?, Datagram { trace, flow, first }))
            })
        });
        let clients = [roles.client1, roles.client2].map(|role| role.map(|role| role.who));
        // The first of those that are most alike.
        let chosen = all.min_by_key(|(likeness, datagram)| {
            let is_between = datagram.is_between(clients);
            (!is_between, *likeness)
        });
        chosen.map(|(_, datagram)| datagram)
    }

    /// The five UDP answers.
    pub(super) fn answers(found: Option<Self>, roles: &Roles, traces: &[Trace]) -> [Answer; 5] {
        let questions = [
            Question::UdpFields,
            Question::UdpFieldLength,
            Question::UdpPayload,
            Question::LargestPort,
            Question::UdpProtocol,
        ];
        questions.map(|question| {
            let shown = found.and_then(|datagram| {
                let trace = traces.get(datagram.trace)?;
                Some(datagram.evidence(question, trace))
            });
            let result = shown.ok_or_else(|| {
                format!(
                    "no UDP datagram of the chat (port {}) is in the capture",
                    roles.port
                )
            });
            Answer { question, result }
        })
    }

    /// The eight octets of the header, from the capture or put together from its fields.
    pub fn header(&self, trace: &Trace) -> [u8; udp::HEADER] {
        let kept = self.header_offset().and_then(|start| {
            trace
                .exhibits
                .octets(self.first.frame)?
                .get(start..)?
                .first_chunk()
                .copied()
        });
        kept.unwrap_or_else(|| {
            let source = self.flow.flow.sender(self.first.direction).port;
            let destination = self.flow.flow.receiver(self.first.direction).port;
            let fields = [source, destination, self.first.length, self.first.checksum];
            let mut header = [0; udp::HEADER];
            for (place, octet) in header
                .iter_mut()
                .zip(fields.into_iter().flat_map(u16::to_be_bytes))
            {
                *place = octet;
            }
            header
        })
    }

    /// Octets before the UDP header in its frame.
    pub fn header_offset(&self) -> Option<usize> {
        usize::try_from(self.first.header_offset?).ok()
    }

    fn is_between(&self, clients: [Option<std::net::IpAddr>; 2]) -> bool {
        let hosts = [
            Some(self.flow.flow.source.address),
            Some(self.flow.flow.destination.address),
        ];
        let [a, b] = clients;
        hosts == [a, b] || hosts == [b, a]
    }

    fn evidence(&self, question: Question, trace: &Trace) -> Evidence {
        let header = u16::try_from(udp::HEADER).unwrap_or(u16::MAX);
        let largest_payload = LARGEST_U16.saturating_sub(header);
        let over_ipv4 = largest_payload.saturating_sub(IPV4_HEADER);
        let whole = Field::new("header", 0, udp::HEADER);
        let fields = udp::FIELDS.len();
        let (field, value, why): (Field, u16, String) = match question {
            Question::UdpFieldLength => {
                let why = format!(
                    "{} octets of header / {fields} fields = 2 octets, 16 bits, each",
                    udp::HEADER
                );
                (udp::SOURCE_PORT, 2, why)
            }
            Question::UdpPayload => {
                let why = format!(
                    "length has 16 bits and counts the header: {LARGEST_U16} - {} = {largest_payload}; over IPv4 without jumbograms at most {over_ipv4} fit, for its total length of 16 bits counts {IPV4_HEADER} octets of IP header too",
                    udp::HEADER
                );
                (udp::LENGTH, largest_payload, why)
            }
            Question::LargestPort => {
                let why = format!("source port has 16 bits: 2^16 - 1 = {LARGEST_U16}");
                (udp::SOURCE_PORT, LARGEST_U16, why)
            }
            Question::UdpProtocol => return self.protocol_evidence(trace),
            _ => {
                let mut names = String::new();
                for (index, field) in udp::FIELDS.iter().enumerate() {
                    let separator = match index {
                        0 => "",
                        last if last == fields - 1 => " and ",
                        _ => ", ",
                    };
                    // Writing to a string cannot fail.
                    let _ = write!(names, "{separator}{}", field.name.replace('_', " "));
                }
                (
                    whole,
                    4,
                    format!("the header of {} octets holds {names}", udp::HEADER),
                )
            }
        };
        let octets = self.header(trace);
        let shown = octets
            .get(field.offset..field.offset + field.length)
            .unwrap_or_default();
        let source = (self.trace, trace);
        let frame = self.first.frame;
        Evidence::of_field(
            source,
            frame,
            self.header_offset(),
            field,
            shown,
            value.into(),
            why,
        )
    }

    fn protocol_evidence(&self, trace: &Trace) -> Evidence {
        let (header, field) = self.first.protocol;
        let header = header.and_then(|header| usize::try_from(header).ok());
        let why = format!(
            "{} of the IP header is {UDP_PROTOCOL} ({UDP_PROTOCOL:#04x}): what follows is UDP",
            field.name.replace('_', " ")
        );
        let source = (self.trace, trace);
        let value = UDP_PROTOCOL.into();
        Evidence::of_field(
            source,
            self.first.frame,
            header,
            field,
            &[UDP_PROTOCOL],
            value,
            why,
        )
    }
}
