//! Everything that the captures answer.

use std::net::IpAddr;

use super::connection;
use super::{Answer, Connection, Datagram, Given, Roles};
use crate::flow::{Endpoint, TcpFlow};
use crate::trace::Trace;

/// Clients of the server that are listed by address.
const MAX_CLIENTS: usize = 64;

/// Traces of the same traffic, who is who in them, and the answers.
#[derive(Debug)]
pub struct Analysis {
    /// One trace a capture, in the order that the user gave them.
    pub traces: Vec<Trace>,
    /// Who is who.
    pub roles: Roles,
    /// One answer a question, in the notebook's order.
    pub answers: Vec<Answer>,
    /// What was passed over on the way to the answers.
    pub notes: Vec<String>,
}

impl Analysis {
    /// Answers the questions from traces.
    pub fn new(traces: Vec<Trace>, given: &Given) -> Self {
        let roles = Roles::find(given, &traces);
        let connection = Connection::find(&roles, &traces);
        let datagram = Datagram::find(&roles, &traces);
        let tcp = Connection::answers(connection, &roles, &traces);
        let udp = Datagram::answers(datagram, &roles, &traces);
        let notes = connection
            .map(|connection| connection.notes(&roles, &traces))
            .unwrap_or_default();
        Self {
            answers: tcp.into_iter().chain(udp).collect(),
            traces,
            roles,
            notes,
        }
    }

    /// The datagram that the UDP answers are shown on.
    pub fn datagram(&self) -> Option<Datagram<'_>> {
        Datagram::find(&self.roles, &self.traces)
    }

    /// Whether the captures hold anything of the chat.
    pub fn has_chat(&self) -> bool {
        self.flows().any(|(_, flow)| self.roles.is_to_server(flow)) || self.datagram().is_some()
    }

    /// Whether every question is answered.
    pub fn is_complete(&self) -> bool {
        self.answers.iter().all(|answer| answer.result.is_ok())
    }

    /// The server of the first connection that was answered: where the chat may be when it is not
    /// on its port.
    pub fn other_server(&self) -> Option<Endpoint> {
        connection::other_server(&self.traces)
    }

    /// What to say where the chat was not found: the option that names [`Self::other_server`], behind
    /// a semicolon; nothing where there is no such server.
    pub fn server_hint(&self) -> String {
        connection::server_hint(&self.traces)
    }

    /// The hosts that opened connections to the chat server, each once, in order; the first of many.
    pub fn server_clients(&self) -> Vec<IpAddr> {
        let mut clients = Vec::new();
        for (_, flow) in self
            .flows()
            .filter(|(_, flow)| self.roles.is_to_server(flow))
        {
            let client = flow.initiator().map(|client| client.address);
            if let Some(client) = client.filter(|client| !clients.contains(client)) {
                clients.push(client);
            }
            if clients.len() >= MAX_CLIENTS {
                break;
            }
        }
        clients
    }

    /// Handshakes, whole or in part, with the number of their trace: those with the chat server, or
    /// where there is no chat, all.
    pub fn handshakes(&self) -> impl Iterator<Item = (usize, &TcpFlow)> {
        let all = !self.has_chat();
        self.flows().filter(move |(_, flow)| {
            flow.handshake().syn_direction.is_some() && (all || self.roles.is_to_server(flow))
        })
    }

    fn flows(&self) -> impl Iterator<Item = (usize, &TcpFlow)> {
        let traces = self.traces.iter().enumerate();
        traces.flat_map(|(index, trace)| trace.flows.shown_tcp().map(move |flow| (index, flow)))
    }
}
