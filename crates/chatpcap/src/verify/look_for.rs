//! What to look for in Wireshark, without giving an answer away.

use std::net::IpAddr;

use super::diagnosis::is_tcp;
use crate::ask::{Analysis, Question};

/// A sentence and a display filter that lead to an answer and do not hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookFor {
    /// Where to look.
    pub text: &'static str,
    /// What to type into Wireshark's filter.
    pub filter: String,
}

impl LookFor {
    /// What leads to the answer of a question.
    pub fn new(analysis: &Analysis, question: Question) -> Self {
        let text = match question {
            Question::Syn => {
                "the first segment with SYN and without ACK from client1 to the server: its Sequence Number (raw)"
            }
            Question::SynAck => {
                "the server's reply to client1's SYN, with SYN and ACK: its Sequence Number (raw)"
            }
            Question::SynAckAcknowledgment => {
                "the server's reply to client1's SYN, with SYN and ACK: its Acknowledgment number (raw)"
            }
            Question::UdpFields => {
                "a UDP packet of the chat: unfold User Datagram Protocol and count the lines that mark octets of the header when clicked"
            }
            Question::UdpFieldLength => {
                "a UDP packet of the chat: click a field of the header, and see how many bytes are marked"
            }
            Question::UdpPayload => {
                "the UDP header's Length: how many bits it has, what the largest number of so many bits is, and what it counts besides the payload"
            }
            Question::LargestPort => {
                "the UDP header's Source Port: how many bits it has, and what the largest number of so many bits is"
            }
            Question::UdpProtocol => {
                "the IP header of a UDP packet: the field that says what follows it"
            }
        };
        Self {
            text,
            filter: filter(analysis, question),
        }
    }
}

/// A display filter without a frame's number and without an answer.
fn filter(analysis: &Analysis, question: Question) -> String {
    let roles = &analysis.roles;
    if !is_tcp(question) {
        let other = roles.client2.map(|role| host("addr", role.who));
        let with = other.map_or_else(String::new, |other| format!(" && {other}"));
        return format!("udp.port == {}{with}", roles.port);
    }
    let is_syn = question == Question::Syn;
    let client = roles.client1.map(|role| role.who);
    let (ack, way) = if is_syn { (0, "src") } else { (1, "dst") };
    let with = client.map_or_else(String::new, |client| format!(" && {}", host(way, client)));
    let end = if is_syn { "dstport" } else { "srcport" };
    format!(
        "tcp.flags.syn == 1 && tcp.flags.ack == {ack} && tcp.{end} == {}{with}",
        roles.server.map_or(roles.port, |server| server.who.port)
    )
}

fn host(way: &str, address: IpAddr) -> String {
    let protocol = if address.is_ipv4() { "ip" } else { "ipv6" };
    format!("{protocol}.{way} == {address}")
}
