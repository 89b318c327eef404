//! The TCP answers: the first connection of client1 to the chat server.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::evidence::Evidence;
use super::{Answer, Question, Roles};
use crate::flow::{Endpoint, Mark, TcpFlow};
use crate::packet::{Field, tcp};
use crate::trace::{Notice, Trace};

/// How many passed-over connections a note lists by frame.
const MAX_LISTED: usize = 5;

/// The connection that the questions are about.
#[derive(Clone, Copy, Debug)]
pub struct Connection<'a> {
    /// Which of the traces shows it.
    pub trace: usize,
    /// The flow.
    pub flow: &'a TcpFlow,
}

impl<'a> Connection<'a> {
    /// The first connection of client1 to the chat server whose handshake is in a capture: SYN and
    /// SYN-ACK, or where no capture has both, the half that there is.
    pub fn find(roles: &Roles, traces: &'a [Trace]) -> Option<Self> {
        let answered = |flow: &TcpFlow| flow.handshake().is_answered();
        let half = |flow: &TcpFlow| {
            !flow.is_refused()
                && (flow.handshake().syn.is_some() || flow.handshake().syn_ack.is_some())
        };
        earliest(roles, traces, answered).or_else(|| earliest(roles, traces, half))
    }

    /// The three TCP answers.
    pub(super) fn answers(found: Option<Self>, roles: &Roles, traces: &[Trace]) -> [Answer; 3] {
        let reason = || missing(roles, traces);
        let (syn, syn_ack, acknowledgment) = match found {
            Some(connection) => (
                connection.syn(roles, traces),
                connection.syn_ack(traces),
                connection.syn_ack_acknowledgment(traces),
            ),
            None => (Err(reason()), Err(reason()), Err(reason())),
        };
        [
            Answer {
                question: Question::Syn,
                result: syn,
            },
            Answer {
                question: Question::SynAck,
                result: syn_ack,
            },
            Answer {
                question: Question::SynAckAcknowledgment,
                result: acknowledgment,
            },
        ]
    }

    /// What was passed over on the way to this connection, and what is odd about it.
    pub(super) fn notes(&self, roles: &Roles, traces: &[Trace]) -> Vec<String> {
        let mut notes = Vec::new();
        let Some(trace) = traces.get(self.trace) else {
            return notes;
        };
        passed_over(roles, trace, self.flow, &mut notes);
        let handshake = &self.flow.handshake();
        if handshake.syn_count > 1 {
            notes.push(format!(
                "the SYN was sent {} times, last in frame {}: each carries the same sequence number",
                handshake.syn_count, handshake.last_syn_frame
            ));
        }
        if handshake.captured_twice > 0 {
            notes.push(format!(
                "the capture holds {} of the handshake's segments (same IP identification and octets): each segment counts once",
                plural_of(handshake.captured_twice.into(), "more copy", "more copies"),
            ));
        }
        if handshake.is_answered() && handshake.ack.is_none() {
            notes.push("the handshake's last segment, the ACK, is not in the capture".to_owned());
        }
        for (index, other) in traces.iter().enumerate() {
            if index != self.trace
                && let Some(other_flow) =
                    first_in(roles, other, |flow| flow.handshake().is_answered())
                && handshake.is_answered()
                && identity(other_flow) != identity(self.flow)
            {
                notes.push(format!(
                    "{} begins with another connection of client1, whose SYN is frame {}",
                    other.name,
                    other_flow.handshake().syn.map_or(0, |syn| syn.frame)
                ));
            }
        }
        notes
    }

    fn syn(&self, roles: &Roles, traces: &[Trace]) -> Result<Evidence, String> {
        let Some(syn) = self.flow.handshake().syn else {
            let acknowledged = self
                .flow
                .handshake()
                .syn_ack
                .map_or(0, |syn_ack| syn_ack.ack);
            return Err(format!(
                "the SYN itself is not in the capture; the SYN-ACK acknowledges {acknowledged}, so its number was {}",
                acknowledged.wrapping_sub(1)
            ));
        };
        let (Some(from), Some(to)) = (self.flow.initiator(), self.flow.responder()) else {
            return Err("the capture does not show who opened the connection".to_owned());
        };
        // Where client and server are one host, the host's role does not tell its ends apart.
        let client = roles.client1.filter(|client| client.who == from.address);
        let client = client.map_or("the client", |_| "client1");
        let why = format!(
            "frame {} is the first SYN of {client} ({from}) to the server ({to}); its sequence number is the client's initial sequence number (ISN) {}",
            syn.frame, syn.seq
        );
        self.evidence(traces, &syn, tcp::SEQUENCE_NUMBER, syn.seq, why)
    }

    fn syn_ack(&self, traces: &[Trace]) -> Result<Evidence, String> {
        let syn_ack = self.syn_ack_mark()?;
        let why = format!(
            "frame {} has SYN and ACK set and answers the SYN; its sequence number is the server's own ISN {}",
            syn_ack.frame, syn_ack.seq
        );
        self.evidence(traces, &syn_ack, tcp::SEQUENCE_NUMBER, syn_ack.seq, why)
    }

    fn syn_ack_acknowledgment(&self, traces: &[Trace]) -> Result<Evidence, String> {
        let syn_ack = self.syn_ack_mark()?;
        let syn = self.flow.handshake().syn.map(|syn| syn.seq);
        let isn = syn.unwrap_or_else(|| syn_ack.ack.wrapping_sub(1));
        let data = syn_ack.ack.wrapping_sub(isn).wrapping_sub(1);
        let mut why = format!("{} = client's ISN {isn} + 1", syn_ack.ack);
        if data > 0 {
            // Writing to a string cannot fail.
            let _ = write!(why, " + {data}");
        }
        why.push_str(": a SYN uses one number");
        if data > 0 {
            why.push_str(", and its data (TCP Fast Open) one an octet");
        }
        self.evidence(
            traces,
            &syn_ack,
            tcp::ACKNOWLEDGMENT_NUMBER,
            syn_ack.ack,
            why,
        )
    }

    fn syn_ack_mark(&self) -> Result<Mark, String> {
        self.flow.handshake().syn_ack.ok_or_else(|| {
            let frame = self.flow.handshake().last_syn_frame;
            format!("no SYN-ACK to the SYN in frame {frame} is in the capture")
        })
    }

    fn evidence(
        &self,
        traces: &[Trace],
        mark: &Mark,
        field: Field,
        value: u32,
        why: String,
    ) -> Result<Evidence, String> {
        let trace = traces.get(self.trace).ok_or("no such capture")?;
        let header = mark
            .header_offset
            .and_then(|offset| usize::try_from(offset).ok());
        let fallback = value.to_be_bytes();
        let source = (self.trace, trace);
        Ok(Evidence::of_field(
            source,
            mark.frame,
            header,
            field,
            &fallback,
            value.into(),
            why,
        ))
    }
}

/// What makes two handshakes, seen in two captures, the same.
fn identity(flow: &TcpFlow) -> (Option<Endpoint>, Option<u32>) {
    (flow.initiator(), flow.handshake().syn.map(|syn| syn.seq))
}

/// Of each trace's first connection that fits, the one that was opened first.
fn earliest<'a>(
    roles: &Roles,
    traces: &'a [Trace],
    fits: fn(&TcpFlow) -> bool,
) -> Option<Connection<'a>> {
    let firsts = traces.iter().enumerate().filter_map(|(trace, found)| {
        first_in(roles, found, fits).map(|flow| Connection { trace, flow })
    });
    firsts.min_by_key(|connection| {
        let first = connection.flow.flow.first;
        (first.is_none(), first, connection.trace)
    })
}

fn first_in<'a>(
    roles: &Roles,
    trace: &'a Trace,
    fits: fn(&TcpFlow) -> bool,
) -> Option<&'a TcpFlow> {
    let client1 = roles.client1?.who;
    let mut flows = trace.flows.shown_tcp();
    flows.find(|flow| is_of(roles, flow, client1) && fits(flow))
}

/// Whether a flow is between this client and the chat server.
fn is_of(roles: &Roles, flow: &TcpFlow, client: IpAddr) -> bool {
    let ends = [flow.flow.source.address, flow.flow.destination.address];
    roles.is_to_server(flow) && ends.contains(&client)
}

/// Notes on client1's flows before the one that was chosen.
fn passed_over(roles: &Roles, trace: &Trace, chosen: &TcpFlow, notes: &mut Vec<String>) {
    let Some(client1) = roles.client1.map(|client| client.who) else {
        return;
    };
    let mut note = |what: &str, kind: &dyn Fn(&TcpFlow) -> bool| {
        let before = trace.flows.shown_tcp();
        let before = before.take_while(|flow| flow.flow.index < chosen.flow.index);
        if let Some(list) = list(before.filter(|flow| kind(flow))) {
            notes.push(format!("passed over: {list}: {what}"));
        }
    };
    note("refused attempts (SYN answered by RST)", &|flow| {
        is_of(roles, flow, client1) && flow.is_refused()
    });
    note("SYN without an answer", &|flow| {
        let handshake = &flow.handshake();
        let is_lone = handshake.syn.is_some() && handshake.syn_ack.is_none();
        is_of(roles, flow, client1) && is_lone && !flow.is_refused()
    });
    note(
        "a connection that was open before the capture began, its SYN is not in it",
        &|flow| is_of(roles, flow, client1) && flow.handshake().syn.is_none(),
    );
    note("connections of client1 to other ports or hosts", &|flow| {
        let is_client1 = flow
            .initiator()
            .is_some_and(|endpoint| endpoint.address == client1);
        is_client1 && !roles.is_to_server(flow)
    });
}

/// The frames of the first few flows, and how many more there are; `None` where there is none.
fn list<'a>(mut flows: impl Iterator<Item = &'a TcpFlow>) -> Option<String> {
    let shown: Vec<String> = flows.by_ref().take(MAX_LISTED).map(frames).collect();
    let more = flows.count();
    match (shown.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(shown.join(", ")),
        (false, more) => Some(format!("{} and {more} more", shown.join(", "))),
    }
}

/// `frames 9-12` of a refused attempt, `frame 9 on` of a flow that goes on.
fn frames(flow: &TcpFlow) -> String {
    let first = flow.flow.first_frame().unwrap_or_default();
    match flow.first_rst_frame().filter(|_| flow.is_refused()) {
        Some(last) if last != first => format!("frames {first}-{last}"),
        Some(_) => format!("frame {first}"),
        None => format!("frame {first} on"),
    }
}

/// The server of the first connection that was answered: where the chat may be when it is not on
/// its port.
pub(super) fn other_server(traces: &[Trace]) -> Option<Endpoint> {
    let mut flows = traces.iter().flat_map(|trace| trace.flows.shown_tcp());
    flows
        .find(|flow| flow.handshake().is_answered())
        .and_then(TcpFlow::responder)
}

/// `; if 10.20.30.10:12000 is the chat server, say ...`, where there is another server.
pub(super) fn server_hint(traces: &[Trace]) -> String {
    other_server(traces).map_or_else(String::new, |server| {
        format!("; if {server} is the chat server, say `--server {server}`")
    })
}

/// Why there is no connection to answer from.
fn missing(roles: &Roles, traces: &[Trace]) -> String {
    let Some(server) = roles.server.map(|server| server.who) else {
        let hint = server_hint(traces);
        let is_cut = |trace: &Trace| {
            trace
                .notices
                .iter()
                .any(|notice| matches!(notice, Notice::Cut(_)))
        };
        let cut = if traces.iter().any(is_cut) {
            ", whose snap length cuts headers off"
        } else {
            ""
        };
        return format!(
            "no TCP connection to port {} is in the capture{cut}{hint}",
            roles.port
        );
    };
    let Some(client1) = roles.client1.map(|client| client.who) else {
        return format!("no client of the server {server} is in the capture");
    };
    let flows = || traces.iter().flat_map(|trace| trace.flows.shown_tcp());
    let of_client1 = || flows().filter(|flow| is_of(roles, flow, client1));
    if of_client1().next().is_none() {
        let other = flows().find(|flow| roles.is_to_server(flow) && flow.handshake().is_answered());
        let other =
            other.and_then(|flow| Some((flow.initiator()?.address, flow.handshake().syn?.frame)));
        let hint = other.map_or_else(String::new, |(host, frame)| {
            format!("; {host} connects in frame {frame}: `--client1 {host}` asks for that one")
        });
        return format!(
            "no connection of client1 ({client1}) to the server ({server}) is in the capture{hint}"
        );
    }
    if of_client1().all(TcpFlow::is_refused) {
        let attempts = u64::try_from(of_client1().count()).unwrap_or(u64::MAX);
        let last = of_client1()
            .filter_map(TcpFlow::first_rst_frame)
            .max()
            .unwrap_or(0);
        return format!(
            "the server ({server}) refused client1 ({client1}): {}, the last RST is frame {last}",
            plural(attempts, "attempt")
        );
    }
    format!(
        "the capture does not show how client1 ({client1}) connected to the server ({server}): it began later"
    )
}

fn plural(count: u64, noun: &str) -> String {
    plural_of(count, noun, &format!("{noun}s"))
}

fn plural_of(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
