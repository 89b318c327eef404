//! The endpoints: address, port and protocol of each, and who chose the port, as far as packets tell.

use super::Citation;
use crate::ask::Analysis;
use crate::flow::{Endpoint, TcpFlow, UdpFlow};
use crate::packet::dns;
use crate::trace::{CHAT_PORT, Survey};

/// Endpoints that are told of each kind.
const MAX_ENDS: usize = 16;
/// Ports below this belong to services (RFC 6335 §6).
const FIRST_USER_PORT: u16 = 1024;

/// The endpoints of the chat.
#[derive(Clone, Debug, Default)]
pub struct Ends {
    /// First the server's, then those of its clients, then those of the datagrams.
    pub list: Vec<End>,
    /// How many more there are.
    pub more: usize,
}

/// One endpoint.
#[derive(Clone, Debug)]
pub struct End {
    /// Its address and port.
    pub endpoint: Endpoint,
    /// Whether it is of TCP; else it is of UDP.
    pub is_tcp: bool,
    /// Who chose the port.
    pub chosen: Chosen,
    /// With whom it talks; `None` where there are several.
    pub peer: Option<Endpoint>,
    /// A packet that it sent, or where it sent none, one for it.
    pub citation: Citation,
}

/// Who chose a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// The server's program: clients connect to it.
    Server,
    /// The program: it is the chat's port at this end too.
    Program,
    /// The system: a port that serves for one connection or socket.
    System,
    /// The port of a service.
    Service,
}

impl Ends {
    pub(super) fn new(analysis: &Analysis, surveys: &[Survey]) -> Self {
        let mut ends = Self::default();
        ends.connections(analysis);
        ends.datagrams(analysis);
        ends.name_servers(surveys);
        ends
    }

    fn connections(&mut self, analysis: &Analysis) {
        let mut clients = Vec::new();
        for (trace, flow) in to_server(analysis) {
            let (Some(client), Some(server)) = (flow.initiator(), flow.responder()) else {
                continue;
            };
            let handshake = &flow.handshake();
            let opened = handshake.syn.or(handshake.syn_ack);
            let answered = handshake.syn_ack.or(handshake.syn);
            let (Some(opened), Some(answered)) = (opened, answered) else {
                continue;
            };
            let is_server = |end: &End| end.chosen == Chosen::Server && end.endpoint == server;
            if !self.list.iter().any(is_server) {
                self.list.push(End {
                    endpoint: server,
                    is_tcp: true,
                    chosen: Chosen::Server,
                    peer: None,
                    citation: Citation::new(trace, [answered.frame]),
                });
            }
            clients.push(End {
                endpoint: client,
                is_tcp: true,
                chosen: if client.port == server.port {
                    Chosen::Program
                } else {
                    Chosen::System
                },
                peer: Some(server),
                citation: Citation::new(trace, [opened.frame]),
            });
        }
        self.add(clients);
    }

    fn datagrams(&mut self, analysis: &Analysis) {
        let port = analysis.roles.port;
        let traces = analysis.traces.iter().enumerate();
        let chat = traces.flat_map(|(trace, found)| {
            let flows = found.flows.shown_udp();
            let flows = flows.filter(|flow| analysis.roles.likeness(flow).is_some());
            flows.map(move |flow| (trace, flow))
        });
        let mut ends: Vec<End> = Vec::new();
        for (trace, flow) in chat {
            for end in sockets(trace, flow, port) {
                let same = |other: &&mut End| other.endpoint == end.endpoint;
                let has_room = ends.len() < MAX_COMPARED;
                match ends.iter_mut().find(same) {
                    // One socket talks with several.
                    Some(known) if known.peer != end.peer => known.peer = None,
                    None if has_room => ends.push(end),
                    Some(_) | None => {}
                }
            }
        }
        self.add(ends);
    }

    fn name_servers(&mut self, surveys: &[Survey]) {
        let mut ends: Vec<End> = Vec::new();
        for (trace, survey) in surveys.iter().enumerate() {
            let lookups = survey.lookups.list.iter().take(MAX_COMPARED);
            for lookup in lookups.filter(|lookup| lookup.server.port == dns::PORT) {
                let Some(query) = lookup.query else { continue };
                let citation = Citation::new(trace, [query.frame]);
                let of = |endpoint, chosen, peer| End {
                    endpoint,
                    is_tcp: lookup.is_tcp,
                    chosen,
                    peer,
                    citation: citation.clone(),
                };
                let both = [
                    of(lookup.client, Chosen::System, Some(lookup.server)),
                    of(lookup.server, Chosen::Service, None),
                ];
                for end in both {
                    let same =
                        |other: &End| (other.endpoint, other.is_tcp) == (end.endpoint, end.is_tcp);
                    if !ends.iter().any(same) {
                        ends.push(end);
                    }
                }
            }
        }
        self.add(ends);
    }

    fn add(&mut self, ends: Vec<End>) {
        let mut kept = 0_usize;
        for end in ends {
            let same = |other: &End| {
                (other.endpoint, other.is_tcp, other.peer) == (end.endpoint, end.is_tcp, end.peer)
            };
            if self.list.iter().any(same) {
                continue;
            }
            if kept < MAX_ENDS {
                kept = kept.saturating_add(1);
                self.list.push(end);
            } else {
                self.more = self.more.saturating_add(1);
            }
        }
    }
}

/// Endpoints that are compared with each other.
const MAX_COMPARED: usize = 256;

/// Connections, and attempts at one, to the chat server: the first of many.
fn to_server(analysis: &Analysis) -> impl Iterator<Item = (usize, &TcpFlow)> {
    let handshakes = analysis.handshakes();
    let is_to_server = |flow: &TcpFlow| analysis.roles.is_to_server(flow);
    handshakes
        .filter(move |(_, flow)| is_to_server(flow))
        .take(MAX_COMPARED)
}

/// Both ends of a flow of datagrams.
fn sockets(trace: usize, flow: &UdpFlow, port: u16) -> Vec<End> {
    let Some(first) = flow.first_datagram else {
        return Vec::new();
    };
    let sender = flow.flow.sender(first.direction);
    let receiver = flow.flow.receiver(first.direction);
    let of = |endpoint: Endpoint, peer| End {
        endpoint,
        is_tcp: false,
        chosen: if endpoint.port == port || endpoint.port == CHAT_PORT {
            Chosen::Program
        } else if endpoint.port < FIRST_USER_PORT {
            Chosen::Service
        } else {
            Chosen::System
        },
        peer: Some(peer),
        citation: Citation::new(trace, [first.frame]),
    };
    vec![of(sender, receiver), of(receiver, sender)]
}
