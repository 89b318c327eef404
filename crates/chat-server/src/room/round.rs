//! What is said in one round of the room, and how it is written to all.

use bytes::Bytes;
use chat_proto::{ChatText, Event, lab};

use super::member::{Member, SessionId};

/// Octets after which a round ends early.
const LARGE: usize = 64 * 1024;

/// What is being said in this round.
#[derive(Debug, Default)]
pub(super) struct Round {
    octets: Vec<u8>,
    // What lab clients are told; empty if there are none.
    lab_octets: Vec<u8>,
    said: Vec<Said>,
}

/// One message of a round: where it is, and whose it was.
#[derive(Debug)]
struct Said {
    by: SessionId,
    end: usize,
    lab_end: usize,
    receipt: Option<Vec<u8>>,
}

/// What was said in a round.
pub(super) struct Spoken {
    shared: Bytes,
    lab_shared: Bytes,
    said: Vec<Said>,
}

impl Round {
    /// Adds a message.
    pub(super) fn say(
        &mut self,
        member: &mut Member,
        seq: u64,
        text: &ChatText,
        receipt: Option<u64>,
        labs: bool,
    ) {
        let from = member.user.name.clone();
        if labs {
            self.lab_octets
                .extend_from_slice(&lab::message(&from, text));
        }
        match (Event::Message {
            seq,
            from,
            text: text.clone(),
        })
        .encode()
        {
            Ok(frame) => self.octets.extend_from_slice(&frame),
            // A checked text always fits.
            Err(error) => tracing::error!(%error, "a message does not fit a frame"),
        }
        let receipt = receipt.and_then(|id| Event::Said { id, seq }.encode().ok());
        member.spoke = true;
        self.said.push(Said {
            by: member.id,
            end: self.octets.len(),
            lab_end: self.lab_octets.len(),
            receipt,
        });
    }

    pub(super) fn is_large(&self) -> bool {
        self.octets.len() >= LARGE
    }

    /// Ends the round; `None` if nothing was said.
    pub(super) fn end(&mut self) -> Option<Spoken> {
        if self.said.is_empty() {
            return None;
        }
        Some(Spoken {
            shared: std::mem::take(&mut self.octets).into(),
            lab_shared: std::mem::take(&mut self.lab_octets).into(),
            said: std::mem::take(&mut self.said),
        })
    }
}

impl Spoken {
    /// Writes everybody's messages to everybody else, one write for each; gives those who are too
    /// slow.
    pub(super) fn write(&self, members: &mut [Member]) -> Vec<SessionId> {
        let frames = self.said.len();
        let mut slow = Vec::new();
        for member in members {
            let octets = match (member.spoke, member.is_lab()) {
                (false, false) => self.shared.clone(),
                (false, true) => self.lab_shared.clone(),
                (true, _) => self.without_own(member),
            };
            member.spoke = false;
            if !octets.is_empty() && member.outbox.push(octets, frames).is_err() {
                slow.push(member.id);
            }
        }
        slow
    }

    /// What one who spoke is told: receipts in place of the own messages.
    fn without_own(&self, member: &Member) -> Bytes {
        let mut octets = Vec::new();
        let (mut begin, mut lab_begin) = (0, 0);
        for said in &self.said {
            if said.by != member.id {
                let heard = if member.is_lab() {
                    self.lab_shared.get(lab_begin..said.lab_end)
                } else {
                    self.shared.get(begin..said.end)
                };
                octets.extend_from_slice(heard.unwrap_or_default());
            } else if let Some(receipt) = &said.receipt {
                octets.extend_from_slice(receipt);
            }
            (begin, lab_begin) = (said.end, said.lab_end);
        }
        octets.into()
    }
}
