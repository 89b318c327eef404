//! What one message of the chat costs on the wire.

use std::collections::HashMap;

use super::Citation;
use crate::ask::{Entry, Roles, Sight, Story, What};
use crate::packet::chat::Dialect;
use crate::trace::{FlowNumber, LoggedPacket, Octets, PacketLog, Survey};

/// Messages among which one is chosen: the first of the story.
const MAX_CANDIDATES: usize = 500;
/// Packets back to which the beginning of a long message is looked for.
const LOOK_BACK: usize = 64;

/// What a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The message, from who says it.
    Said,
    /// The same message once more, from who says it.
    Repeats,
    /// The server's receipt.
    Receipt,
    /// The server's copies to the others.
    Copies,
    /// The chat's acknowledgement of a datagram.
    Acknowledgement,
    /// TCP segments that acknowledge and do nothing else.
    TcpAcknowledgements,
}

/// The packets of one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What they are for.
    pub part: Part,
    /// Their octets.
    pub octets: Octets,
    /// Their frames, in order.
    pub frames: Vec<u64>,
}

/// What one message costs, as one capture shows it.
#[derive(Clone, Debug)]
pub struct Cost {
    /// Which event of the story it is.
    pub entry: usize,
    /// Which of the traces shows it.
    pub trace: usize,
    /// Who says it.
    pub from: Option<String>,
    /// The text.
    pub text: String,
    /// The language.
    pub dialect: Dialect,
    /// The packets.
    pub pieces: Vec<Piece>,
    /// Whether a packet carries something of another message too.
    pub is_shared: bool,
}

impl Cost {
    /// That of a room message: the first that one capture shows with its copies, of client1 if there is
    /// one.
    pub(super) fn room(roles: &Roles, story: &Story, surveys: &[Survey]) -> Option<Self> {
        choose(story, surveys, |what| match what {
            What::Room {
                from,
                client: Some(client),
                text,
                segments: 1,
                told,
                ..
            } => Some(Message {
                from: from.clone(),
                text,
                answers: told.len().min(2),
                is_client1: roles.is_client1(client.address),
            }),
            _ => None,
        })
    }

    /// That of a private message: the first that one capture shows with its acknowledgement, of client1
    /// if there is one.
    pub(super) fn private(roles: &Roles, story: &Story, surveys: &[Survey]) -> Option<Self> {
        choose(story, surveys, |what| match what {
            What::Private(private) => Some(Message {
                from: private.from.clone(),
                text: &private.text,
                answers: usize::from(!private.acks.is_empty()),
                is_client1: roles.is_client1(private.sender.address),
            }),
            _ => None,
        })
    }

    /// Octets of the text.
    pub fn text_octets(&self) -> u64 {
        u64::try_from(self.text.len()).unwrap_or(u64::MAX)
    }

    /// Packets of all pieces.
    pub fn packets(&self) -> u64 {
        let packets = self.pieces.iter().map(Piece::packets);
        packets.fold(0, u64::saturating_add)
    }

    /// Octets of all pieces.
    pub fn octets(&self) -> Octets {
        let octets = self.pieces.iter().map(|piece| piece.octets);
        octets.fold(Octets::default(), Octets::plus)
    }

    /// How often the text is on the wire: said, said again, and in each copy.
    pub fn times(&self) -> u64 {
        let has_text = |part| matches!(part, Part::Said | Part::Repeats | Part::Copies);
        let with_text = self.pieces.iter().filter(|piece| has_text(piece.part));
        with_text.fold(0, |sum, piece| sum.saturating_add(piece.packets()))
    }

    /// Octets beside the text.
    pub fn overhead(&self) -> u64 {
        let text = self.text_octets().saturating_mul(self.times());
        self.octets().total().saturating_sub(text)
    }

    /// Octets on the wire if the text had so many octets and still fitted into each packet.
    pub fn with_text_of(&self, octets: u64) -> u64 {
        let text = octets.saturating_mul(self.times());
        self.overhead().saturating_add(text)
    }

    /// Where the packets are.
    pub fn citation(&self) -> Citation {
        let frames = self.pieces.iter().flat_map(|piece| piece.frames.clone());
        Citation::new(self.trace, frames)
    }
}

impl Piece {
    /// Where they are.
    pub fn citation(&self, trace: usize) -> Citation {
        Citation::new(trace, self.frames.iter().copied())
    }

    /// How many packets.
    pub fn packets(&self) -> u64 {
        u64::try_from(self.frames.len()).unwrap_or(u64::MAX)
    }
}

/// A message that may be chosen.
struct Message<'a> {
    from: Option<String>,
    text: &'a String,
    /// Copies or acknowledgements that count.
    answers: usize,
    is_client1: bool,
}

/// Of the messages that `read` knows the one whose capture shows most of it; packets of its own count
/// more.
fn choose(
    story: &Story,
    surveys: &[Survey],
    read: impl Fn(&What) -> Option<Message<'_>>,
) -> Option<Cost> {
    let uses = uses(story);
    let messages = story.entries.iter().enumerate();
    let messages = messages.filter(|(_, entry)| read(&entry.what).is_some());
    let mut best: Option<((bool, usize, bool), Cost)> = None;
    for (number, entry) in messages.take(MAX_CANDIDATES) {
        let Some(message) = read(&entry.what) else {
            continue;
        };
        for sight in &entry.seen {
            let Some(survey) = surveys.get(sight.trace) else {
                continue;
            };
            let pieces = pieces(entry, sight.trace, &survey.packets);
            if pieces.first().is_none_or(|piece| piece.part != Part::Said) {
                continue;
            }
            let answers = [Part::Copies, Part::Acknowledgement];
            let answers = pieces.iter().filter(|piece| answers.contains(&piece.part));
            let shown = answers.map(|piece| piece.frames.len()).sum::<usize>();
            let frames = pieces.iter().flat_map(|piece| &piece.frames);
            let is_shared = frames
                .filter_map(|frame| uses.get(&(sight.trace, *frame)))
                .any(|uses| *uses > 1);
            let shown = shown.min(message.answers);
            let rank = (!is_shared, shown, message.is_client1);
            if best.as_ref().is_none_or(|(other, _)| rank > *other) {
                let cost = Cost {
                    entry: number,
                    trace: sight.trace,
                    from: message.from.clone(),
                    text: message.text.clone(),
                    dialect: entry.dialect,
                    pieces,
                    is_shared,
                };
                best = Some((rank, cost));
            }
        }
    }
    best.map(|(_, cost)| cost)
}

/// How many messages each frame completes. Only looked up, never listed.
fn uses(story: &Story) -> HashMap<(usize, u64), u32> {
    let mut uses = HashMap::new();
    for entry in &story.entries {
        for sight in sights(entry) {
            let uses = uses.entry((sight.trace, sight.frame)).or_insert(0_u32);
            *uses = uses.saturating_add(1);
        }
    }
    uses
}

/// Every place where a message of an event is.
fn sights(entry: &Entry) -> impl Iterator<Item = &Sight> {
    let (receipt, others): (&[Sight], &[Vec<Sight>]) = match &entry.what {
        What::Room { receipt, .. } => (receipt, &[]),
        What::Private(private) => (&[], &private.acks),
        _ => (&[], &[]),
    };
    let told = entry.what.told().iter().flat_map(|told| &told.seen);
    let others = others.iter().flatten();
    entry.seen.iter().chain(receipt).chain(told).chain(others)
}

/// The packets of a message that one capture holds, part by part.
pub(super) fn pieces(entry: &Entry, trace: usize, log: &PacketLog) -> Vec<Piece> {
    let here = |sights: &[Sight]| -> Vec<u64> {
        let here = sights.iter().filter(|sight| sight.trace == trace);
        here.map(|sight| sight.frame).collect()
    };
    let mut parts: Vec<(Part, Vec<u64>)> = Vec::new();
    match &entry.what {
        What::Room {
            text,
            receipt,
            told,
            ..
        } => {
            let said = here(&entry.seen);
            let said = said.iter().flat_map(|frame| whole(*frame, text, log));
            let copies = told.iter().flat_map(|told| here(&told.seen));
            let copies = copies.flat_map(|frame| whole(frame, text, log));
            parts.push((Part::Said, said.collect()));
            parts.push((Part::Receipt, here(receipt)));
            parts.push((Part::Copies, copies.collect()));
        }
        What::Private(private) => {
            let all = |sights: &[Vec<Sight>]| sights.iter().flat_map(|it| here(it)).collect();
            parts.push((Part::Said, here(&entry.seen)));
            parts.push((Part::Repeats, all(&private.repeats)));
            parts.push((Part::Acknowledgement, all(&private.acks)));
        }
        _ => {}
    }
    let data = parts.iter().flat_map(|(_, frames)| frames);
    let acks = data.filter_map(|frame| bare_ack(log.get(*frame)?, log));
    let acks: Vec<u64> = acks.collect();
    parts.push((Part::TcpAcknowledgements, acks));
    let pieces = parts.into_iter().map(|(part, frames)| {
        let frames = Citation::new(trace, frames).frames;
        let packets = frames.iter().filter_map(|frame| log.get(*frame));
        let octets = packets.map(|packet| packet.octets);
        Piece {
            part,
            octets: octets.fold(Octets::default(), Octets::plus),
            frames,
        }
    });
    pieces.filter(|piece| !piece.frames.is_empty()).collect()
}

/// The segments that carry a message which `frame` completes: that one, and those before it as far as
/// the text does not fit into it.
fn whole(frame: u64, text: &str, log: &PacketLog) -> Vec<u64> {
    let mut frames = vec![frame];
    let Some(last) = log.get(frame) else {
        return frames;
    };
    let text = u64::try_from(text.len()).unwrap_or(u64::MAX);
    let mut held = last.octets.payload;
    let before = log.before(frame).iter().rev();
    let same = before.filter(|it| it.flow == last.flow && it.direction == last.direction);
    for segment in same.take(LOOK_BACK).filter(|it| it.octets.payload > 0) {
        if held >= text {
            break;
        }
        held = held.saturating_add(segment.octets.payload);
        frames.push(segment.frame);
    }
    frames
}

/// The first segment that acknowledges all of `data`, if it does nothing else: what goes back with data
/// costs nothing more.
pub(super) fn bare_ack(data: &LoggedPacket, log: &PacketLog) -> Option<u64> {
    if !matches!(data.flow, FlowNumber::Tcp(_)) {
        return None;
    }
    let mut back = log
        .after(data.frame)
        .iter()
        .filter(|packet| packet.flow == data.flow && packet.direction == data.direction.reverse());
    // As two's complement: not before the end of the data.
    let covers = |packet: &&LoggedPacket| {
        packet
            .ack
            .is_some_and(|ack| ack.wrapping_sub(data.next_seq).cast_signed() >= 0)
    };
    let ack = back.find(covers)?;
    ack.is_bare_ack().then_some(ack.frame)
}
