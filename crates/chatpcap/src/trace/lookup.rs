//! Names that were looked up: DNS questions, and what was answered.
//!
//! Multicast DNS and LLMNR are left out: they ask neighbours and no name server.
//!
//! Source: RFC 1035 §4.1, §7.3.

use crate::capture::{Frame, Timestamp};
use crate::flow::{Endpoint, Sighting, Sightings, are_close};
use crate::packet::Packet;
use crate::packet::dns::{COUNTS, Dns, PORT, Record};

/// Lookups that are kept: a lab's run has two a client.
const MAX_LOOKUPS: usize = 2048;
/// Records that are kept of one answer: more addresses than people compare.
const MAX_RECORDS: usize = 16;
/// Lookups back to which a question or an answer is compared: nobody waits for more at once.
const LOOK_BACK: usize = 256;

/// One question, and what was answered to it.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The name that was asked for.
    pub name: String,
    /// The type of records that was asked for: 1 for A, 28 for AAAA.
    pub kind: u16,
    /// Who asked.
    pub client: Endpoint,
    /// Who was asked.
    pub server: Endpoint,
    /// Whether it went over TCP.
    pub is_tcp: bool,
    /// The identifier that question and answer share.
    pub id: u16,
    /// Where the question is; `None` where only the answer was captured.
    pub query: Option<Sent>,
    /// How often the same question was sent again.
    pub repeats: u32,
    /// What was answered first; `None` where the capture holds no answer.
    pub reply: Option<Reply>,
}

/// A message in the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The frame.
    pub frame: u64,
    /// When it was captured.
    pub time: Option<Timestamp>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Where it is.
    pub sent: Sent,
    /// The response code: 0 no error, 3 no such name (RFC 1035 §4.1.1).
    pub code: u8,
    /// Whether the server is an authority for the name.
    pub is_authoritative: bool,
    /// The records of the answer section, at most sixteen.
    pub records: Vec<Record>,
    /// Records of that section that were not kept.
    pub left_out: u16,
}

/// The lookups of one capture, in the order of their first messages.
#[derive(Clone, Debug, Default)]
pub struct Lookups {
    /// The lookups.
    pub list: Vec<Lookup>,
    /// Messages that were not kept.
    pub left_out: u64,
}

impl Lookups {
    /// Takes the next frame of the capture.
    pub(super) fn observe(
        &mut self,
        frame: &Frame<'_>,
        packet: &Packet<'_>,
        sightings: &Sightings<'_>,
    ) {
        // What an ICMP error quotes was seen before.
        let ends = sightings
            .innermost()
            .and_then(Sighting::sender_and_receiver);
        let Some((from, to)) = ends else { return };
        if from.port != PORT && to.port != PORT {
            return;
        }
        Dns::messages(packet, &[PORT], &mut |message| {
            self.hear(frame, from, to, &message);
        });
    }

    fn hear(&mut self, frame: &Frame<'_>, from: Endpoint, to: Endpoint, message: &Dns<'_>) {
        let question = message.questions().into_iter().next();
        let (Some(question), Some(id)) = (question, message.id()) else {
            return;
        };
        let sent = Sent {
            frame: frame.number,
            time: frame.timestamp,
        };
        let is_response = message.is_response();
        let (client, server) = if is_response { (to, from) } else { (from, to) };
        // A name server may write the name's letters in another case.
        let is_it = |lookup: &Lookup| {
            (lookup.client, lookup.server, lookup.id) == (client, server, id)
                && lookup.kind == question.kind
                && lookup.name.eq_ignore_ascii_case(&question.name)
        };
        let mut latest = self.list.iter_mut().rev().take(LOOK_BACK);
        if let Some(known) = latest.find(|lookup| is_it(lookup)) {
            match &mut known.reply {
                // A second answer, or the same frame on another interface, changes nothing.
                Some(_) if is_response => return,
                reply @ None if is_response => {
                    *reply = Some(Reply::new(sent, message));
                    return;
                }
                None => {
                    let before = known.query.and_then(|query| query.time).zip(sent.time);
                    let is_copy = before.is_some_and(|(one, other)| are_close(false, one, other));
                    known.repeats = known.repeats.saturating_add((!is_copy).into());
                    return;
                }
                // An answered identifier that is used again.
                Some(_) => {}
            }
        }
        if self.list.len() >= MAX_LOOKUPS {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        self.list.push(Lookup {
            name: question.name,
            kind: question.kind,
            client,
            server,
            is_tcp: message.tcp_length.is_some(),
            id,
            query: Some(sent).filter(|_| !is_response),
            repeats: 0,
            reply: is_response.then(|| Reply::new(sent, message)),
        });
    }
}

impl Reply {
    fn new(sent: Sent, message: &Dns<'_>) -> Self {
        let flags = message.flags().unwrap_or(0);
        let [_, answers, ..] = COUNTS;
        let answers = message.header.u16(answers).unwrap_or(0);
        let records = message.records().into_iter().take(answers.into());
        let records: Vec<_> = records.take(MAX_RECORDS).collect();
        let kept = u16::try_from(records.len()).unwrap_or(u16::MAX);
        Self {
            sent,
            code: u8::try_from(flags & 0x000f).unwrap_or(0),
            is_authoritative: flags & 0x0400 != 0,
            left_out: answers.saturating_sub(kept),
            records,
        }
    }
}
