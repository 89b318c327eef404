//! Private messages, their repeats and acknowledgements.

use std::collections::HashMap;

use super::clients::Clients;
use super::sightings::Heard;
use super::{Entry, Private, What};
use crate::flow::Endpoint;

/// Where in the story private messages with a number are: sender, receiver, number.
#[derive(Debug, Default)]
pub(super) struct Privates {
    // Only looked up, never listed.
    by_number: HashMap<(Endpoint, Endpoint, u64), usize>,
}

impl Privates {
    /// A message, or one of its repeats: it has the same number and text between the same ends.
    pub(super) fn message(
        &mut self,
        heard: &Heard<'_>,
        clients: &Clients,
        entries: &mut Vec<Entry>,
    ) {
        let said = heard.said;
        let message = &said.message;
        let text = message.text.clone().unwrap_or_default();
        if let Some(id) = message.id {
            let known = self.by_number.get(&(said.from, said.to, id));
            if let Some(What::Private(private)) = known
                .and_then(|index| entries.get_mut(*index))
                .map(|entry| &mut entry.what)
                && private.text == text
            {
                private.repeats.push(heard.seen.clone());
                return;
            }
            self.by_number
                .insert((said.from, said.to, id), entries.len());
        }
        let to = message.to.clone().or_else(|| clients.at_end(said.to));
        let in_roster = to.as_ref().is_some_and(|name| clients.is_at(name, said.to));
        entries.push(Entry {
            time: said.time,
            seen: heard.seen.clone(),
            dialect: message.dialect,
            guessed: message.guessed,
            what: What::Private(Private {
                from: message.from.clone().or_else(|| clients.at_end(said.from)),
                to,
                sender: said.from,
                receiver: said.to,
                text,
                id: message.id,
                repeats: Vec::new(),
                acks: Vec::new(),
                in_roster,
            }),
        });
    }

    /// An acknowledgement. `false`: the message that it is for is not in the captures.
    pub(super) fn ack(&self, heard: &Heard<'_>, entries: &mut [Entry]) -> bool {
        let said = heard.said;
        let known = said
            .message
            .id
            .and_then(|id| self.by_number.get(&(said.to, said.from, id)))
            .and_then(|index| entries.get_mut(*index));
        if let Some(What::Private(private)) = known.map(|entry| &mut entry.what) {
            private.acks.push(heard.seen.clone());
            return true;
        }
        false
    }
}
