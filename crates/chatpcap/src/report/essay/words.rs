//! Facts with where they stand, and what hosts are called.

use std::net::IpAddr;

use crate::ask::{Analysis, Citation, Story};
use crate::capture::Timestamp;
use crate::report::layout::safe;
use crate::report::number::seconds;
use crate::report::summary::short_name;

/// Frames that one citation writes out; a longer list is told by its filter's ends.
const MAX_FRAMES: usize = 80;

/// Users of one host that are named, and characters of a name: the chat's own names are no longer.
const MAX_USERS: usize = 4;
const MAX_NAME: usize = 32;

/// One fact of the page.
pub(super) struct Fact {
    pub text: String,
    pub cites: Vec<Cite>,
}

/// Where a fact stands.
#[derive(Clone)]
pub(super) struct Cite {
    pub file: String,
    /// `frame 4` or `frames 4, 6`.
    pub frames: String,
    /// A display filter that selects them.
    pub filter: String,
}

/// What things are called on the page.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub analysis: &'a Analysis,
    pub story: &'a Story,
    /// What the user calls hosts.
    pub names: &'a [(IpAddr, String)],
}

impl Fact {
    pub(super) fn new(text: impl Into<String>, cites: Vec<Cite>) -> Self {
        Self {
            text: safe(&text.into()),
            cites,
        }
    }

    /// What is so in every capture, or what the captures do not show.
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::new(text, Vec::new())
    }
}

impl Words<'_> {
    /// `client1 (10.20.30.11)`, or the address alone.
    pub(super) fn host(self, host: IpAddr) -> String {
        match self.name(host) {
            Some(name) => format!("{name} ({host})"),
            None => host.to_string(),
        }
    }

    /// `client1`, or the address.
    pub(super) fn role(self, host: IpAddr) -> String {
        let name = self.name(host);
        name.map_or_else(|| host.to_string(), str::to_owned)
    }

    /// What the user calls a host, else its role.
    pub(super) fn name(&self, host: IpAddr) -> Option<&str> {
        let mut names = self.names.iter();
        let given = names.find(|(address, _)| *address == host);
        let given = given.map(|(_, name)| name.as_str());
        given.or_else(|| self.analysis.roles.name_of(host))
    }

    /// The names that the users at an address have in the chat, without those that came twice.
    pub(super) fn users(self, host: IpAddr) -> Vec<String> {
        let mut users: Vec<String> = Vec::new();
        for (client, _, name) in &self.story.names {
            // A name of the lab's dialect may be a whole text.
            let name: String = name.chars().take(MAX_NAME).collect();
            if client.address == host && !users.contains(&name) && users.len() < MAX_USERS {
                users.push(name);
            }
        }
        users
    }

    /// The capture's name.
    pub(super) fn file(self, trace: usize) -> String {
        short_name(self.analysis, trace)
    }

    pub(super) fn cite(self, citation: &Citation) -> Cite {
        let several = if citation.frames.len() == 1 {
            "frame"
        } else {
            "frames"
        };
        let shown = Citation {
            trace: citation.trace,
            frames: citation.frames.iter().copied().take(MAX_FRAMES).collect(),
        };
        let more = citation.frames.len().saturating_sub(MAX_FRAMES);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        Cite {
            file: self.file(citation.trace),
            frames: format!("{several} {}{more}", shown.list()),
            filter: shown.filter(),
        }
    }

    /// An interval with the digits that a capture keeps: `0.000330 s`.
    pub(super) fn interval(self, trace: usize, nanoseconds: i64) -> String {
        format!("{} s", seconds(nanoseconds, self.precision(trace)))
    }

    /// A point in time, counted from the first frame of its capture.
    pub(super) fn since_start(self, trace: usize, time: Option<Timestamp>) -> String {
        let first = self.analysis.traces.get(trace).and_then(|it| it.first);
        time.zip(first).map_or_else(
            || "-".to_owned(),
            |(time, first)| seconds(time.since(first), self.precision(trace)),
        )
    }

    fn precision(self, trace: usize) -> u8 {
        let trace = self.analysis.traces.get(trace);
        trace.map_or(6, |trace| trace.precision)
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn and(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
