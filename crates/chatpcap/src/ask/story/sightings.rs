//! Messages that several captures hold, put together.

use std::collections::HashMap;

use super::Sight;
use crate::flow::Endpoint;
use crate::packet::chat::ChatKind;
use crate::trace::{Speech, Utterance};

/// A message, and every capture that holds it.
#[derive(Debug)]
pub(super) struct Heard<'a> {
    /// As the first capture has it.
    pub said: &'a Utterance,
    /// Where it was seen.
    pub seen: Vec<Sight>,
}

/// What the sightings of one message share. A message that comes again alike is told by its count.
type Key = (Endpoint, Endpoint, ChatKind, u64, u32);

/// All messages of the captures in the order of their times, each once.
pub(super) fn merged(speeches: &[Speech]) -> Vec<Heard<'_>> {
    let mut merged: Vec<Heard<'_>> = Vec::new();
    // Only looked up, never listed.
    let mut places: HashMap<Key, usize> = HashMap::new();
    for (trace, speech) in speeches.iter().enumerate() {
        let mut counts: HashMap<_, u32> = HashMap::new();
        for said in &speech.list {
            let same = (said.from, said.to, said.message.kind, said.place);
            let count = counts.entry(same).or_insert(0);
            let (from, to, kind, place) = same;
            let key = (from, to, kind, place, *count);
            *count = count.saturating_add(1);
            let sight = Sight {
                trace,
                frame: said.frame,
                time: said.time,
            };
            let known = places.get(&key).and_then(|index| merged.get_mut(*index));
            if let Some(heard) = known {
                heard.seen.push(sight);
            } else {
                places.insert(key, merged.len());
                merged.push(Heard {
                    said,
                    seen: vec![sight],
                });
            }
        }
    }
    // One capture keeps its order, whatever its clock does; the captures meet by their times.
    let mut latest = None;
    let mut keyed: Vec<_> = merged
        .into_iter()
        .map(|heard| {
            let trace = heard.seen.first().map(|sight| sight.trace);
            let time = heard.said.time;
            let before = latest
                .filter(|(other, _)| *other == trace)
                .and_then(|(_, time)| time);
            let time = time.max(before);
            latest = Some((trace, time));
            (time, heard)
        })
        .collect();
    keyed.sort_by_key(|(time, _)| *time);
    keyed.into_iter().map(|(_, heard)| heard).collect()
}
