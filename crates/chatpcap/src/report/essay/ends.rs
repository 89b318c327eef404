//! The endpoints as a table, and how they came about, in words.

use super::words::{Cite, Fact, Words};
use crate::ask::{Chosen, End, Ends};
use crate::report::layout::safe;

/// A row of the table.
pub(super) struct EndRow {
    pub host: String,
    pub address: String,
    pub port: u16,
    /// `TCP over IPv4`.
    pub transport: String,
    pub chosen: &'static str,
    pub peer: String,
    pub cite: Cite,
}

pub(super) fn rows(words: Words<'_>, ends: &Ends) -> Vec<EndRow> {
    ends.list.iter().map(|end| row(words, end)).collect()
}

fn row(words: Words<'_>, end: &End) -> EndRow {
    let address = end.endpoint.address;
    let transport = if end.is_tcp { "TCP" } else { "UDP" };
    let version = if address.is_ipv4() { "IPv4" } else { "IPv6" };
    let host = match (end.chosen, words.name(address)) {
        (_, Some(name)) => safe(name),
        (Chosen::Service, None) if end.endpoint.port == 53 => "name server".to_owned(),
        _ => String::new(),
    };
    let peer = match (end.peer, end.chosen) {
        (Some(peer), _) => peer.to_string(),
        (None, Chosen::Server) => "every client".to_owned(),
        _ => "several".to_owned(),
    };
    EndRow {
        host,
        address: address.to_string(),
        port: end.endpoint.port,
        transport: format!("{transport} over {version}"),
        chosen: match end.chosen {
            Chosen::Server => "the server's program, with bind()",
            Chosen::Program => "the program, with bind()",
            Chosen::System => "the system, a free one",
            Chosen::Service => "fixed for the service",
        },
        peer,
        cite: words.cite(&end.citation),
    }
}

pub(super) fn facts(words: Words<'_>, ends: &Ends) -> Vec<Fact> {
    let mut facts = Vec::new();
    let find = |is_tcp, chosen| {
        let mut all = ends.list.iter();
        all.find(|end| end.is_tcp == is_tcp && end.chosen == chosen)
    };
    let family = |end: &End| {
        if end.endpoint.address.is_ipv4() {
            "IPv4 (AF_INET)"
        } else {
            "IPv6 (AF_INET6)"
        }
    };
    if let Some(server) = find(true, Chosen::Server) {
        facts.push(Fact::new(
            format!(
                "The server's socket is of the family {} and of the type stream (SOCK_STREAM), which is TCP: \
                 number 6 in the IP header. Its program bound it to port {} and listens there. Clients must \
                 know that port before they connect, so it has to be a fixed one.",
                family(server),
                server.endpoint.port,
            ),
            vec![words.cite(&server.citation)],
        ));
    }
    let clients = ends.list.iter().filter(|end| {
        end.is_tcp && end.chosen == Chosen::System && end.endpoint.port >= FIRST_USER_PORT
    });
    let clients: Vec<&End> = clients.filter(|end| is_to_server(ends, end)).collect();
    if let Some(client) = clients.first() {
        facts.push(Fact::new(
            format!(
                "A client's stream socket needs no port that others know. {} came from port {}: such a port \
                 its system picks when the program calls connect(), together with the address of the \
                 interface that leads to the server. The server learns both from the SYN.",
                words.role(client.endpoint.address),
                client.endpoint.port,
            ),
            clients
                .iter()
                .take(4)
                .map(|end| words.cite(&end.citation))
                .collect(),
        ));
    }
    if let Some(own) = find(true, Chosen::Program) {
        facts.push(Fact::new(
            format!(
                "{} connects from port {}, the server's own port number: its program bound it before it \
                 called connect().",
                words.role(own.endpoint.address),
                own.endpoint.port,
            ),
            vec![words.cite(&own.citation)],
        ));
    }
    if let Some(socket) = find(false, Chosen::Program) {
        facts.push(Fact::new(
            format!(
                "Private messages use sockets of the family {} and of the type datagram (SOCK_DGRAM), which \
                 is UDP: number 17 in the IP header. There is no handshake from which a peer could learn a \
                 port, so each program bound its socket to a port that the others know, here {}. TCP port {} \
                 and UDP port {} are two different ports.",
                family(socket),
                socket.endpoint.port,
                socket.endpoint.port,
                socket.endpoint.port,
            ),
            vec![words.cite(&socket.citation)],
        ));
    }
    let other = ends.list.iter().find(|end| {
        let is_dns = end.peer.is_some_and(|peer| peer.port == 53);
        !end.is_tcp && end.chosen == Chosen::System && !is_dns
    });
    if let Some(other) = other {
        facts.push(Fact::new(
            format!(
                "{} uses UDP port {}, not the chat's: its peers must have been told.",
                words.role(other.endpoint.address),
                other.endpoint.port,
            ),
            vec![words.cite(&other.citation)],
        ));
    }
    if !facts.is_empty() {
        facts.push(Fact::plain(
            "A capture shows addresses and ports, not the calls of the programs: who chose a port is \
             concluded from what the port is for.",
        ));
    }
    facts
}

/// Ports below this belong to services (RFC 6335 §6).
const FIRST_USER_PORT: u16 = 1024;

fn is_to_server(ends: &Ends, end: &End) -> bool {
    let mut servers = ends.list.iter().filter(|it| it.chosen == Chosen::Server);
    servers.any(|server| end.peer == Some(server.endpoint))
}
