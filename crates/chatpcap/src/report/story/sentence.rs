//! One event in words.

use super::super::number::seconds;
use crate::ask::{Entry, Private, Roles, Sight, Story, Told, Way, What};
use crate::packet::chat::{ChatUser, Dialect};

/// Users and clients that are named in one sentence.
const MAX_NAMED: usize = 12;

/// What happened, and how that is known. The words of others are not safe for a terminal yet.
pub(super) struct Sentence {
    pub main: String,
    pub details: Vec<String>,
}

pub(super) fn sentence(entry: &Entry, roles: &Roles, precision: u8) -> Sentence {
    let mut details = Vec::new();
    let who = |name: &Option<String>, client: &dyn std::fmt::Display| match name {
        Some(name) => format!("{name} at {client}"),
        None => client.to_string(),
    };
    let main = match &entry.what {
        What::Registered { name, client } => format!("{name} opens an account, from {client}"),
        What::Entered { name, client, way } => format!("{name} {}, from {client}", entered(*way)),
        What::Refused {
            name,
            client,
            code,
            text,
            inside,
        } => {
            let refused = if *inside {
                "gets an error"
            } else {
                "is refused"
            };
            format!("{} {refused}: {text} ({code})", who(name, client))
        }
        What::Roster {
            users,
            came,
            went,
            told,
        } => {
            details.push(format!("told to {}", to_whom(told, &[], precision)));
            let mut changes = String::new();
            for (names, what) in [(came, "in"), (went, "out")] {
                if !names.is_empty() {
                    changes = format!("{changes}{what}: {}; ", listed(names.iter().cloned()));
                }
            }
            format!("{changes}the room is {}", listed(users.iter().map(user)))
        }
        What::Came { users, told } => {
            details.push(format!("told to {}", to_whom(told, &[], precision)));
            format!("{} joined", listed(users.iter().map(user)))
        }
        What::Went { users, code, told } => {
            details.push(format!("told to {}", to_whom(told, &[], precision)));
            let code = code
                .as_ref()
                .map_or_else(String::new, |code| format!(" ({code})"));
            format!("{} left{code}", listed(users.iter().map(user)))
        }
        What::Room {
            from,
            client,
            text,
            told,
            receipt,
            ..
        } => {
            details.push(fan_out(&entry.seen, told, client.is_some(), precision));
            if let Some(delay) = Story::delay(&entry.seen, receipt) {
                details.push(format!("receipt after {} s", seconds(delay, precision)));
            }
            let from = from
                .clone()
                .or_else(|| client.map(|client| client.to_string()));
            format!("{}: {text}", from.unwrap_or_else(|| "somebody".to_owned()))
        }
        What::Private(private) => {
            details.extend(path(private, roles));
            details.push(fate(private, entry, precision));
            let from = private
                .from
                .clone()
                .unwrap_or_else(|| private.sender.to_string());
            let to = private
                .to
                .clone()
                .unwrap_or_else(|| private.receiver.to_string());
            format!("{from} to {to} alone: {}", private.text)
        }
        What::Ended {
            name,
            client,
            code,
            text,
        } => match (name, code.as_str()) {
            (Some(name), "quit") => format!("the server says goodbye to {name}"),
            (Some(name), "taken_over") => {
                format!("{name} logs in elsewhere, which ends the session at {client}")
            }
            _ => format!(
                "the server ends the session of {}: {text} ({code})",
                who(name, client)
            ),
        },
        What::Unclear {
            from,
            to,
            text,
            is_part,
        } => {
            let what = if *is_part {
                "part of a line"
            } else {
                "a line that is none of the protocol"
            };
            let text: String = text.chars().take(200).collect();
            format!("{from} to {to}: {what}: {text}")
        }
    };
    if entry.guessed {
        details.push(
            match entry.what {
                What::Room { segments: 2.., .. } => {
                    "a guess: the server read what came in several segments at once, and may have stuck messages together"
                }
                What::Unclear { .. } => "the rest is not in the captures",
                What::Private(_) => "a guess: it looks like a message of the native protocol, and is none",
                _ => "a guess: this dialect has no frames, so that messages may be stuck together or torn here",
            }
            .to_owned(),
        );
    }
    Sentence { main, details }
}

const fn entered(way: Way) -> &'static str {
    match way {
        Way::Password => "logs in with a password",
        Way::Open => "enters without a password",
        Way::Name => "enters by name alone, as the lab's programs do",
        Way::Unknown => "enters",
    }
}

/// `1 in, 2 out: bob after 0.000123 s, carol after 0.000130 s`.
fn fan_out(said: &[Sight], told: &[Told], is_said: bool, precision: u8) -> String {
    let out = told.len();
    match (is_said, out) {
        (true, 0) => "1 in; no copy of it is in the captures".to_owned(),
        (true, _) => format!("1 in, {out} out: {}", to_whom(told, said, precision)),
        (false, _) => format!(
            "{out} out: {}; what its sender sent is not in the captures",
            to_whom(told, &[], precision)
        ),
    }
}

/// Who was told, and how long after it was said.
fn to_whom(told: &[Told], said: &[Sight], precision: u8) -> String {
    listed(told.iter().map(|told| {
        let name = told.name.clone().unwrap_or_else(|| told.client.to_string());
        match Story::delay(said, &told.seen) {
            Some(delay) => format!("{name} after {} s", seconds(delay, precision)),
            None => name,
        }
    }))
}

/// How a private message went.
fn path(private: &Private, roles: &Roles) -> [String; 2] {
    let known = match &private.to {
        Some(to) if private.in_roster => format!(", where the roster has {to}"),
        _ => String::new(),
    };
    [
        format!("UDP {} to {}{known}", private.sender, private.receiver),
        private.proof(roles),
    ]
}

/// What became of a private message.
fn fate(private: &Private, entry: &Entry, precision: u8) -> String {
    let after = |sights: &[Sight]| {
        Story::delay(&entry.seen, sights).map_or_else(String::new, |delay| {
            format!(" after {} s", seconds(delay, precision))
        })
    };
    let mut parts = Vec::new();
    if !private.repeats.is_empty() {
        let times = listed(
            private
                .repeats
                .iter()
                .map(|repeat| after(repeat).trim_start().to_owned()),
        );
        parts.push(format!("sent again {times}"));
    }
    match private.acks.as_slice() {
        [] if entry.dialect == Dialect::Lab => {
            parts.push("this dialect has no acknowledgement".to_owned());
        }
        [] => parts.push("no acknowledgement is in the captures".to_owned()),
        [first, more @ ..] => {
            let more = if more.is_empty() {
                String::new()
            } else {
                format!(", and {} times more", more.len())
            };
            parts.push(format!("acknowledged{}{more}", after(first)));
        }
    }
    parts.join("; ")
}

fn user(user: &ChatUser) -> String {
    match (user.address, user.udp_port) {
        (Some(address), Some(port)) => format!(
            "{} ({})",
            user.name,
            crate::flow::Endpoint::new(address, port)
        ),
        (Some(address), None) => format!("{} ({address})", user.name),
        (None, _) => user.name.clone(),
    }
}

/// The first of many, and how many more.
fn listed(names: impl ExactSizeIterator<Item = String>) -> String {
    let length = names.len();
    if length == 0 {
        return "nobody".to_owned();
    }
    let shown: Vec<String> = names.take(MAX_NAMED).collect();
    let more = length.saturating_sub(shown.len());
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(", "))
}
