//! What was captured, and who is who.

use super::words::{Words, and};
use crate::report::layout::safe;
use crate::report::number::{counted, grouped, seconds};
use crate::report::summary::{format_and_links, protocols, roles};
use crate::trace::Trace;

/// Captures that are listed one by one.
const MAX_CAPTURES: usize = 32;
/// Notices of one capture that are shown.
const MAX_NOTICES: usize = 12;

/// A row of the table of captures.
pub(super) struct CaptureRow {
    pub name: String,
    /// Format, link types, protocols.
    pub what: Vec<String>,
    pub frames: String,
    pub octets: String,
    pub first: String,
    pub seconds: String,
}

/// Who somebody is, and how that is known.
pub(super) struct Person {
    pub role: String,
    pub address: String,
    pub users: String,
    pub how: String,
}

pub(super) fn rows(words: Words<'_>) -> (Vec<CaptureRow>, usize) {
    let traces = &words.analysis.traces;
    let rows = traces.iter().enumerate().take(MAX_CAPTURES);
    let rows = rows
        .map(|(index, trace)| row(words, index, trace))
        .collect();
    (rows, traces.len().saturating_sub(MAX_CAPTURES))
}

fn row(words: Words<'_>, index: usize, trace: &Trace) -> CaptureRow {
    let duration = trace.first.zip(trace.last);
    CaptureRow {
        name: words.file(index),
        what: std::iter::once(format_and_links(trace))
            .chain(protocols(trace))
            .collect(),
        frames: match trace.unselected {
            0 => grouped(trace.packets),
            others => format!(
                "{} of {}",
                grouped(trace.packets),
                grouped(trace.packets.saturating_add(others))
            ),
        },
        octets: grouped(trace.octets),
        first: trace
            .first
            .map_or_else(|| "-".to_owned(), |first| first.to_utc(trace.precision)),
        seconds: duration.map_or_else(
            || "-".to_owned(),
            |(first, last)| seconds(last.since(first), trace.precision),
        ),
    }
}

pub(super) fn people(words: Words<'_>) -> Vec<Person> {
    let found = &words.analysis.roles;
    let hosts = [
        found.server.map(|role| role.who.address),
        found.client1.map(|role| role.who),
        found.client2.map(|role| role.who),
    ];
    let hosts = hosts.into_iter().flatten();
    let people = roles(words.analysis).into_iter().zip(hosts);
    people
        .map(|([role, address, how], host)| Person {
            role,
            address,
            users: safe(&and(&words.users(host))),
            how,
        })
        .collect()
}

/// What the reader should know of the captures.
pub(super) fn notices(words: Words<'_>) -> Vec<String> {
    let mut notices = Vec::new();
    for (index, trace) in words.analysis.traces.iter().enumerate() {
        let name = words.file(index);
        let shown = trace.notices.iter().take(MAX_NOTICES);
        notices.extend(shown.map(|notice| safe(&format!("{name}: {notice}"))));
        let more = trace.notices.len().saturating_sub(MAX_NOTICES);
        if more > 0 {
            notices.push(format!("{name}: {}", counted(more as u64, "more notice")));
        }
        if notices.len() > MAX_CAPTURES.saturating_mul(MAX_NOTICES) {
            break;
        }
    }
    notices.extend(words.analysis.notes.iter().map(|note| safe(note)));
    notices
}
