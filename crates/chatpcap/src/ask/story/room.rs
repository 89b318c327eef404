//! Room messages: what a client says, and the copies that the server sends to the others.

use std::collections::HashMap;

use super::sightings::Heard;
use super::{Entry, MAX_TOLD, Told, What};
use crate::capture::Timestamp;
use crate::flow::Endpoint;
use crate::packet::chat::Dialect;

/// A copy that comes longer after what was said than this, in nanoseconds, is of another message.
const LONGEST_DELAY: u64 = 30_000_000_000;
/// Messages with the same text that a copy is looked for in: the latest.
const MAX_ALIKE: usize = 256;

/// Where in the story room messages are, by their text.
#[derive(Debug, Default)]
pub(super) struct Room {
    // Only looked up, never listed.
    by_text: HashMap<String, Vec<usize>>,
}

/// Messages of one client that may be stuck together in one copy: the latest.
const MAX_GLUED: usize = 16;

/// A copy, or what was said.
pub(super) struct Saying<'a> {
    pub from: Option<String>,
    pub client: Endpoint,
    pub heard: &'a Heard<'a>,
}

impl Room {
    /// A client says something: a new event, unless copies of it came before it.
    pub(super) fn say(&mut self, saying: Saying<'_>, entries: &mut Vec<Entry>) {
        let message = &saying.heard.said.message;
        let text = message.text.clone().unwrap_or_default();
        let orphan = self.find(&text, entries, |what, time| {
            let What::Room {
                from, client, told, ..
            } = what
            else {
                return false;
            };
            client.is_none()
                && fits(from.as_ref(), saying.from.as_ref())
                && is_near(time, saying.heard.said.time)
                && told.iter().all(|told| told.client != saying.client)
        });
        if let Some(entry) = orphan.and_then(|index| entries.get_mut(index)) {
            if let What::Room {
                from, client, id, ..
            } = &mut entry.what
            {
                *client = Some(saying.client);
                *id = message.id;
                *from = saying.from.or_else(|| from.take());
            }
            entry.seen.clone_from(&saying.heard.seen);
            entry.time = saying.heard.said.time;
            entry.guessed = entry.guessed || message.guessed;
            return;
        }
        self.keep(&text, entries.len());
        entries.push(Entry {
            time: saying.heard.said.time,
            seen: saying.heard.seen.clone(),
            dialect: message.dialect,
            guessed: message.guessed,
            what: What::Room {
                from: saying.from,
                client: Some(saying.client),
                text,
                seq: None,
                id: message.id,
                segments: 1,
                receipt: Vec::new(),
                told: Vec::new(),
            },
        });
    }

    /// The server passes a message on to a client.
    pub(super) fn copy(&mut self, saying: Saying<'_>, told: Told, entries: &mut Vec<Entry>) {
        let message = &saying.heard.said.message;
        let text = message.text.clone().unwrap_or_default();
        let find = |entries: &[Entry]| {
            self.find(&text, entries, |what, time| {
                let What::Room {
                    from,
                    client,
                    seq,
                    told: others,
                    ..
                } = what
                else {
                    return false;
                };
                fits(from.as_ref(), saying.from.as_ref())
                    && fits(seq.as_ref(), message.seq.as_ref())
                    && *client != Some(told.client)
                    && is_near(time, saying.heard.said.time)
                    && others.len() < MAX_TOLD
                    && others.iter().all(|other| other.client != told.client)
            })
        };
        let known = find(entries).or_else(|| {
            let whole = glue(saying.from.as_ref()?, &text, entries)?;
            self.keep(&text, whole);
            Some(whole)
        });
        if let Some(entry) = known.and_then(|index| entries.get_mut(index)) {
            if let What::Room {
                from,
                seq,
                told: others,
                ..
            } = &mut entry.what
            {
                *from = from.take().or(saying.from);
                *seq = seq.or(message.seq);
                others.push(told);
            }
            // A copy that is the whole message proves its bounds, where it came in one segment.
            let is_one = matches!(entry.what, What::Room { segments: 1, .. });
            entry.guessed = entry.guessed && (message.guessed || !is_one);
            return;
        }
        self.keep(&text, entries.len());
        entries.push(Entry {
            time: saying.heard.said.time,
            seen: Vec::new(),
            dialect: message.dialect,
            guessed: message.guessed,
            what: What::Room {
                from: saying.from,
                client: None,
                text,
                seq: message.seq,
                id: None,
                segments: 1,
                receipt: Vec::new(),
                told: vec![told],
            },
        });
    }

    /// The first event of this text that is meant.
    fn find(
        &self,
        text: &str,
        entries: &[Entry],
        is_it: impl Fn(&What, Option<Timestamp>) -> bool,
    ) -> Option<usize> {
        let alike = self.by_text.get(text)?;
        let latest = alike.len().saturating_sub(MAX_ALIKE);
        let mut alike = alike.iter().skip(latest);
        let found = alike.find(|index| {
            entries
                .get(**index)
                .is_some_and(|entry| is_it(&entry.what, entry.time))
        });
        found.copied()
    }

    fn keep(&mut self, text: &str, index: usize) {
        self.by_text.entry(text.to_owned()).or_default().push(index);
    }
}

/// Puts together what a lab client sent in several segments and the server read at once: the text of a
/// copy tells. Gives the first of the events; the others are part of it then, and have no segment left.
fn glue(from: &String, text: &str, entries: &mut [Entry]) -> Option<usize> {
    let is_open = |entry: &Entry| match &entry.what {
        What::Room {
            from: Some(other),
            client,
            told,
            segments: 1,
            ..
        } => entry.dialect == Dialect::Lab && other == from && client.is_some() && told.is_empty(),
        _ => false,
    };
    let latest = entries.iter().enumerate().rev().take(MAX_ALIKE);
    let open = latest.filter(|(_, entry)| is_open(entry)).take(MAX_GLUED);
    let mut open: Vec<usize> = open.map(|(index, _)| index).collect();
    open.reverse();
    let said = |index: &usize| match entries.get(*index).map(|entry| &entry.what) {
        Some(What::Room { text, .. }) => text.as_str(),
        _ => "",
    };
    // A run of at least two, the latest that fits.
    let (first, parts) = (0..open.len()).rev().find_map(|first| {
        let mut rest = text;
        let run = open.get(first..)?;
        let length = run.iter().position(|index| {
            rest = rest.strip_prefix(said(index)).unwrap_or("\0");
            rest.is_empty()
        })?;
        Some((*run.first()?, run.get(1..=length)?.to_vec()))
    })?;
    let mut seen = Vec::new();
    for index in &parts {
        let Some(entry) = entries.get_mut(*index) else {
            continue;
        };
        seen.append(&mut entry.seen);
        if let What::Room { segments, .. } = &mut entry.what {
            *segments = 0;
        }
    }
    let entry = entries.get_mut(first)?;
    entry.guessed = true;
    entry.seen.extend(seen);
    if let What::Room {
        text: whole,
        segments,
        ..
    } = &mut entry.what
    {
        text.clone_into(whole);
        *segments = parts.len().saturating_add(1);
    }
    Some(first)
}

/// Whether two may be the same: what is not known fits.
fn fits<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one == other)
}

fn is_near(one: Option<Timestamp>, other: Option<Timestamp>) -> bool {
    one.zip(other)
        .is_none_or(|(one, other)| other.since(one).unsigned_abs() < LONGEST_DELAY)
}
