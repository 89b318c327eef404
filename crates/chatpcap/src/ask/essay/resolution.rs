//! How a name became an address, and an IP address the address of a neighbour.

use std::net::IpAddr;

use super::Citation;
use crate::ask::Analysis;
use crate::packet::dns::{Data, Record};
use crate::trace::{Lookup, Mac, Survey, Trace};

/// Lookups that are told: a lab's run has two a client.
const MAX_LOOKUPS: usize = 12;
/// Neighbours that are told.
const MAX_NEIGHBOURS: usize = 12;

/// How names and addresses were resolved.
#[derive(Clone, Debug, Default)]
pub struct Resolution {
    /// The lookups that the chat rests on; where none gives the server's address, all.
    pub lookups: Vec<FoundLookup>,
    /// How many more there are.
    pub more: usize,
    /// Connections to an address that a lookup gave.
    pub uses: Vec<AddressUse>,
    /// Clients of the server whose lookups the captures do not hold.
    pub silent: Vec<IpAddr>,
    /// Who asked for a neighbour's hardware address, and what it is.
    pub neighbours: Vec<FoundNeighbour>,
}

/// A lookup, and where it stands.
#[derive(Clone, Debug)]
pub struct FoundLookup {
    /// The lookup, as the first capture has it.
    pub lookup: Lookup,
    /// Question and answer.
    pub citation: Citation,
    /// Whether its answer has the chat server's address.
    pub is_server: bool,
}

/// A client that connects to the address that it was given.
#[derive(Clone, Debug)]
pub struct AddressUse {
    /// The client.
    pub client: IpAddr,
    /// The server's address.
    pub server: IpAddr,
    /// Where its SYN is.
    pub citation: Citation,
    /// Nanoseconds from the answer to the SYN.
    pub delay: Option<i64>,
}

/// A neighbour that was looked for.
#[derive(Clone, Debug)]
pub struct FoundNeighbour {
    /// Who asked.
    pub asker: IpAddr,
    /// For which address.
    pub target: IpAddr,
    /// What it is; `None` where the captures hold no answer.
    pub mac: Option<Mac>,
    /// Question and answer.
    pub citation: Citation,
}

impl FoundLookup {
    /// The addresses that the answer gives.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let records = self.lookup.reply.iter().flat_map(|reply| &reply.records);
        records.filter_map(address)
    }
}

impl Resolution {
    pub(super) fn new(analysis: &Analysis, surveys: &[Survey]) -> Self {
        let server = analysis.roles.server.map(|server| server.who.address);
        let all = lookups(surveys, server);
        let is_named = |found: &FoundLookup| {
            let name = &found.lookup.name;
            let mut servers = all.iter().filter(|other| other.is_server);
            servers.any(|other| other.lookup.name.eq_ignore_ascii_case(name))
        };
        let has_server = all.iter().any(|found| found.is_server);
        let told: Vec<_> = all
            .iter()
            .filter(|found| !has_server || is_named(found))
            .cloned()
            .collect();
        let more = told.len().saturating_sub(MAX_LOOKUPS);
        let uses = uses(analysis, &told);
        let clients = analysis.server_clients();
        let has_asked = |client: &IpAddr| {
            uses.iter().any(|it| it.client == *client)
                || told
                    .iter()
                    .any(|found| found.lookup.client.address == *client)
        };
        let silent = clients.into_iter().filter(|client| !has_asked(client));
        Self {
            silent: silent.collect(),
            neighbours: neighbours(analysis, surveys, &told),
            uses,
            lookups: told.into_iter().take(MAX_LOOKUPS).collect(),
            more,
        }
    }
}

/// The lookups of all captures, each once.
fn lookups(surveys: &[Survey], server: Option<IpAddr>) -> Vec<FoundLookup> {
    let mut found: Vec<FoundLookup> = Vec::new();
    for (trace, survey) in surveys.iter().enumerate() {
        for lookup in &survey.lookups.list {
            let is_known = found.iter().any(|other| {
                let other_lookup = &other.lookup;
                other.citation.trace != trace
                    && (other_lookup.client, other_lookup.server) == (lookup.client, lookup.server)
                    && (other_lookup.id, other_lookup.kind) == (lookup.id, lookup.kind)
                    && other_lookup.name == lookup.name
            });
            // What several captures hold is one lookup; few captures have more than these.
            if is_known || found.len() >= MAX_COMPARED {
                continue;
            }
            let reply = lookup.reply.as_ref();
            let query = lookup.query.map(|query| query.frame);
            let frames = query.into_iter().chain(reply.map(|reply| reply.sent.frame));
            let records = reply.into_iter().flat_map(|reply| &reply.records);
            let is_server =
                server.is_some_and(|server| records.filter_map(address).any(|it| it == server));
            found.push(FoundLookup {
                citation: Citation::new(trace, frames),
                lookup: lookup.clone(),
                is_server,
            });
        }
    }
    found
}

/// Lookups that are compared with each other: the first of the captures.
const MAX_COMPARED: usize = 512;

fn address(record: &Record) -> Option<IpAddr> {
    match record.data {
        Data::A(address) => Some(address.into()),
        Data::Aaaa(address) => Some(address.into()),
        _ => None,
    }
}

/// For each lookup that gave the server's address the first SYN to it in the same capture.
fn uses(analysis: &Analysis, told: &[FoundLookup]) -> Vec<AddressUse> {
    let mut uses: Vec<AddressUse> = Vec::new();
    for found in told.iter().filter(|found| found.is_server) {
        let Some(trace) = analysis.traces.get(found.citation.trace) else {
            continue;
        };
        let answered = found
            .lookup
            .reply
            .as_ref()
            .and_then(|reply| reply.sent.time);
        let Some((client, server, frame, time)) = first_syn(analysis, trace, found) else {
            continue;
        };
        let is_known = |other: &AddressUse| {
            other.citation.trace == found.citation.trace && other.citation.frames == [frame]
        };
        if !uses.iter().any(is_known) && uses.len() < MAX_LOOKUPS {
            uses.push(AddressUse {
                client,
                server,
                citation: Citation::new(found.citation.trace, [frame]),
                delay: time.zip(answered).map(|(syn, answer)| syn.since(answer)),
            });
        }
    }
    uses
}

type Syn = (IpAddr, IpAddr, u64, Option<crate::capture::Timestamp>);

/// The first SYN after an answer that goes to the server, from the host that asked; where it asked
/// with an address of the other IP version, from the only client there is.
fn first_syn(analysis: &Analysis, trace: &Trace, found: &FoundLookup) -> Option<Syn> {
    let reply = found.lookup.reply.as_ref()?.sent.frame;
    let asker = found.lookup.client.address;
    let server = analysis.roles.server?.who.address;
    let mut flows = trace.flows.shown_tcp().filter_map(|flow| {
        let (from, syn) = (flow.initiator()?, flow.handshake().syn?);
        let same = from.address == asker || from.address.is_ipv4() != asker.is_ipv4();
        let fits = same && analysis.roles.is_to_server(flow) && syn.frame > reply;
        fits.then_some((from.address, server, syn.frame, flow.flow.first))
    });
    flows.next()
}

/// Clients, server and name servers that looked for each other on the link.
fn neighbours(
    analysis: &Analysis,
    surveys: &[Survey],
    told: &[FoundLookup],
) -> Vec<FoundNeighbour> {
    let roles = &analysis.roles;
    let named = [
        roles.server.map(|role| role.who.address),
        roles.client1.map(|role| role.who),
        roles.client2.map(|role| role.who),
    ];
    let mut hosts: Vec<IpAddr> = named.into_iter().flatten().collect();
    hosts.extend(told.iter().map(|found| found.lookup.server.address));
    hosts.extend(told.iter().map(|found| found.lookup.client.address));
    let mut list: Vec<FoundNeighbour> = Vec::new();
    for (trace, survey) in surveys.iter().enumerate() {
        for message in &survey.neighbours.list {
            let is_told = |address| hosts.contains(address);
            let is_own = message.asker == message.target;
            if is_own || !is_told(&message.asker) || !is_told(&message.target) {
                continue;
            }
            let same = |other: &&mut FoundNeighbour| {
                (other.asker, other.target) == (message.asker, message.target)
            };
            let has_room = list.len() < MAX_NEIGHBOURS;
            match list.iter_mut().find(same) {
                // The first answer counts; a question before it in the same capture belongs to it.
                Some(known) if known.mac.is_none() && message.is_reply => {
                    let asked = Some(&known.citation).filter(|it| it.trace == trace);
                    let asked = asked.into_iter().flat_map(|it| it.frames.clone());
                    known.citation = Citation::new(trace, asked.chain([message.sent.frame]));
                    known.mac = message.mac;
                }
                Some(known) if known.mac.is_none() && known.citation.trace != trace => {
                    known.citation = Citation::new(trace, [message.sent.frame]);
                }
                None if has_room => list.push(FoundNeighbour {
                    asker: message.asker,
                    target: message.target,
                    mac: message.mac,
                    citation: Citation::new(trace, [message.sent.frame]),
                }),
                Some(_) | None => {}
            }
        }
    }
    list
}
