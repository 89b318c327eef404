//! How one port held many connections: a table, and words.

use super::words::{Fact, Words};
use crate::ask::{Crowd, Member};
use crate::report::number::{count, counted, grouped};

/// A row of the table: a connection that was open at the fullest time.
pub(super) struct MemberRow {
    pub client: String,
    pub server: String,
    pub flow: u32,
    /// Seconds since the capture's first frame.
    pub from: String,
    pub to: String,
    pub close: String,
    pub frame: u64,
}

pub(super) fn rows(words: Words<'_>, crowd: &Crowd) -> Vec<MemberRow> {
    let server = crowd.server.map_or_else(String::new, |it| it.to_string());
    let row = |member: &Member| MemberRow {
        client: member.client.to_string(),
        server: server.clone(),
        flow: member.flow,
        from: words.since_start(crowd.trace, member.from),
        to: words.since_start(crowd.trace, member.to),
        close: member.close.to_string(),
        frame: member.frame,
    };
    crowd.members.iter().map(row).collect()
}

pub(super) fn facts(words: Words<'_>, crowd: &Crowd) -> Vec<Fact> {
    let Some(server) = crowd.server.filter(|_| crowd.connections > 0) else {
        return vec![Fact::plain(
            "No connection to the chat server is in the captures.",
        )];
    };
    let file = words.file(crowd.trace);
    let mut facts = Vec::new();
    let cites = || crowd.citation.iter().map(|it| words.cite(it)).collect();
    let connections = counted(count(crowd.connections), "connection");
    if crowd.most > 1 {
        facts.push(Fact::new(
            format!(
                "{file} holds {connections} to {server}. At most {} were open at the same time, from {} s \
                 to {} s after its first frame.",
                grouped(count(crowd.most)),
                words.since_start(crowd.trace, crowd.from),
                words.since_start(crowd.trace, crowd.to),
            ),
            cites(),
        ));
        facts.push(Fact::plain(
            "All of them have the same address and port at the server. A connection is named by four numbers, \
             the address and the port of both ends; one that differs is enough. So the server's system knows \
             for each segment to which connection it belongs.",
        ));
    } else {
        let only = if crowd.connections == 1 {
            "It cannot show several at once; a capture on the server would."
        } else {
            "They followed one another: no two were open at the same time."
        };
        facts.push(Fact::new(
            format!("{file} holds {connections} to {server}. {only}"),
            cites(),
        ));
        facts.push(Fact::plain(
            "A connection is named by four numbers, the address and the port of both ends. Clients on other \
             hosts or other ports may use the same port of the server at the same time.",
        ));
    }
    facts.push(Fact::plain(
        "In the program one socket listens. For each client that has connected, accept() returns a new socket \
         with the same local address and port; the program serves each in a thread or task of its own. The \
         listening socket itself carries no data.",
    ));
    if crowd.failed > 0 {
        facts.push(Fact::plain(format!(
            "{} to connect were refused or not answered.",
            counted(count(crowd.failed), "attempt")
        )));
    }
    facts
}
