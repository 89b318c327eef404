//! How names and addresses were resolved, in words.

use super::words::{Cite, Fact, Words, and};
use crate::ask::{AddressUse, FoundLookup, FoundNeighbour, Resolution};
use crate::packet::dns::{Data, Record};
use crate::report::layout::safe;
use crate::trace::Reply;

/// Names of response codes (RFC 1035 §4.1.1, RFC 2136 §2.2).
const CODES: [(u8, &str); 4] = [
    (1, "FORMERR, the server could not read the question"),
    (2, "SERVFAIL, the server failed"),
    (4, "NOTIMP, the server does not know such questions"),
    (5, "REFUSED, the server does not answer this client"),
];
/// Clients that one sentence names.
const MAX_NAMED: usize = 6;
const A: u16 = 1;
const AAAA: u16 = 28;

pub(super) fn facts(words: Words<'_>, resolution: &Resolution) -> Vec<Fact> {
    let mut facts = Vec::new();
    for found in &resolution.lookups {
        facts.push(lookup(words, found));
    }
    if resolution.more > 0 {
        facts.push(Fact::plain(format!(
            "{} more such lookups are in the captures.",
            resolution.more
        )));
    }
    facts.extend(uses(words, &resolution.uses));
    facts.extend(both_versions(resolution));
    if !resolution.silent.is_empty() {
        let named = resolution.silent.iter().take(MAX_NAMED);
        let mut silent: Vec<String> = named.map(|client| words.host(*client)).collect();
        let more = resolution.silent.len().saturating_sub(MAX_NAMED);
        if more > 0 {
            silent.push(format!("{more} more"));
        }
        let lookups = if resolution.lookups.is_empty() {
            "No DNS message of the chat is in the captures: how"
        } else {
            "How"
        };
        facts.push(Fact::plain(format!(
            "{lookups} {} came to know the server's address is not shown here. DNS messages go between \
             a client and its name server, so that only a capture on one of the two has them; and \
             there is none where the address was typed, stands in a file, or was still known from before.",
            and(&silent)
        )));
    } else if resolution.lookups.is_empty() {
        facts.push(Fact::plain(
            "No DNS message is in the captures: they do not show how any name was resolved.",
        ));
    }
    facts.extend(on_the_link(resolution));
    facts
}

fn lookup(words: Words<'_>, found: &FoundLookup) -> Fact {
    let lookup = &found.lookup;
    let transport = if lookup.is_tcp { "TCP" } else { "UDP" };
    let mut text = format!(
        "{} asks the name server {} ({transport} port {}) for the {} of {}",
        words.host(lookup.client.address),
        lookup.server.address,
        lookup.server.port,
        wanted(lookup.kind),
        lookup.name,
    );
    if lookup.repeats > 0 {
        text = format!("{text}, and repeats the question {} times", lookup.repeats);
    }
    let delay = lookup.reply.as_ref().and_then(|reply| {
        let answered = reply.sent.time?;
        Some(answered.since(lookup.query?.time?))
    });
    let after = delay.map_or_else(String::new, |delay| {
        format!(", {} later", words.interval(found.citation.trace, delay))
    });
    let text = match &lookup.reply {
        Some(reply) => format!("{text}. The answer{after}: {}.", answer(reply, lookup.kind)),
        None => format!("{text}. No answer is in the captures."),
    };
    Fact::new(text, vec![words.cite(&found.citation)])
}

fn wanted(kind: u16) -> String {
    match kind {
        A => "IPv4 address (type A)".to_owned(),
        AAAA => "IPv6 address (type AAAA)".to_owned(),
        5 => "alias (type CNAME)".to_owned(),
        12 => "name (type PTR)".to_owned(),
        other => format!("records of type {other}"),
    }
}

fn answer(reply: &Reply, kind: u16) -> String {
    let mut parts: Vec<String> = Vec::new();
    for record in &reply.records {
        if let Data::Cname(alias) = &record.data {
            parts.push(format!("{} is an alias (CNAME) of {alias}", record.name));
        }
    }
    let is_wanted = |record: &&Record| record.kind == kind;
    let wanted: Vec<&Record> = reply.records.iter().filter(is_wanted).collect();
    let addresses: Vec<String> = wanted.iter().filter_map(|it| address(it)).collect();
    match (reply.code, wanted.first()) {
        (0, Some(first)) if !addresses.is_empty() => {
            let several = if addresses.len() == 1 {
                "the address"
            } else {
                "the addresses"
            };
            parts.push(format!("{} has {several} {}", first.name, and(&addresses)));
            let ttl = match first.ttl {
                0 => "nobody may keep it for another time".to_owned(),
                1 => "it may be kept for 1 second".to_owned(),
                ttl => format!("it may be kept for {ttl} seconds"),
            };
            parts.push(ttl);
        }
        (0, Some(_)) if kind != 5 => parts.push(format!("{} records", wanted.len())),
        (0, _) => {
            let what = match kind {
                A => "an IPv4 address",
                AAAA => "an IPv6 address",
                _ => "such a record",
            };
            parts.push(format!("the name exists, but not with {what}"));
        }
        (3, _) => parts.push("there is no such name (NXDOMAIN)".to_owned()),
        (code, _) => {
            let known = CODES.iter().find(|(other, _)| *other == code);
            parts.push(known.map_or_else(
                || format!("an error, code {code}"),
                |(_, name)| format!("an error, {name}"),
            ));
        }
    }
    parts.join("; ")
}

fn address(record: &Record) -> Option<String> {
    match record.data {
        Data::A(address) => Some(address.to_string()),
        Data::Aaaa(address) => Some(address.to_string()),
        _ => None,
    }
}

/// Who connected to the address that was given.
fn uses(words: Words<'_>, uses: &[AddressUse]) -> Option<Fact> {
    let mut who = Vec::new();
    for found in uses {
        let after = found.delay.map_or_else(String::new, |delay| {
            let delay = words.interval(found.citation.trace, delay);
            format!(", {delay} after the answer")
        });
        let client = words.role(found.client);
        who.push(format!(
            "the SYN of {client} goes to {}{after}",
            found.server
        ));
    }
    if who.is_empty() {
        return None;
    }
    let text = format!(
        "From here on only addresses are used: {}. No IP or TCP header has a place for a name.",
        who.join("; ")
    );
    let cites = uses.iter().map(|it| words.cite(&it.citation));
    Some(Fact::new(text, cites.collect()))
}

/// What asking for both versions of IP tells of the program.
fn both_versions(resolution: &Resolution) -> Option<Fact> {
    let has = |kind| resolution.lookups.iter().any(|it| it.lookup.kind == kind);
    let text = match (has(A), has(AAAA)) {
        (true, true) => {
            "Who asks for both types takes IPv4 and IPv6, as getaddrinfo() does; gethostbyname() asks for \
             type A alone."
        }
        (true, false) => {
            "Only type A is asked for: the program wants IPv4, as gethostbyname() does; getaddrinfo() asks \
             for AAAA too unless it is told the family or the host has no IPv6."
        }
        _ => return None,
    };
    Some(Fact::plain(text))
}

/// A row of the table of neighbours.
pub(super) struct NeighbourRow {
    pub asker: String,
    pub target: String,
    /// `02:42:0a:14:1e:03`, or that there is no answer.
    pub answer: String,
    pub protocol: &'static str,
    pub cite: Cite,
}

pub(super) fn neighbours(words: Words<'_>, resolution: &Resolution) -> Vec<NeighbourRow> {
    let row = |found: &FoundNeighbour| NeighbourRow {
        asker: safe(&words.host(found.asker)),
        target: safe(&words.host(found.target)),
        answer: found
            .mac
            .map_or_else(|| "not in the captures".to_owned(), |mac| mac.to_string()),
        protocol: if found.target.is_ipv4() {
            "ARP"
        } else {
            "ICMPv6"
        },
        cite: words.cite(&found.citation),
    };
    resolution.neighbours.iter().map(row).collect()
}

/// What the table of neighbours is about.
fn on_the_link(resolution: &Resolution) -> Option<Fact> {
    let has = |is_ipv4| {
        let mut all = resolution.neighbours.iter();
        all.any(|it| it.target.is_ipv4() == is_ipv4)
    };
    let how = match (has(true), has(false)) {
        (false, false) => return None,
        (true, false) => {
            "by ARP: the question goes to all hosts of the link, the answer to the one who asked"
        }
        (false, true) => {
            "by neighbour discovery (ICMPv6): the question goes to a multicast group that the host with the \
             address has joined, the answer to the one who asked"
        }
        (true, true) => {
            "by ARP for IPv4 and by neighbour discovery (ICMPv6) for IPv6: the question goes to many hosts of \
             the link, the answer to the one who asked"
        }
    };
    Some(Fact::plain(format!(
        "On the link itself, frames go to hardware addresses. Which one belongs to an IP address is found \
         out {how}."
    )))
}
