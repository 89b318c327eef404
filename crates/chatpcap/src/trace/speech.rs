//! What was said in the chat, message by message, as one capture holds it.

use std::collections::{BTreeMap, VecDeque};

use super::{FlowNumber, Watch};
use crate::capture::{Frame, Timestamp};
use crate::flow::reassembly::{Arrival, Limits, Piece, Stream};
use crate::flow::{Direction, Endpoint, PerDirection, Sighting, Sightings, are_close, identity};
use crate::packet::TransportPayload;
use crate::packet::chat::{ChatMessage, ChatReader, Dialect, Speaker, datagram};

/// Messages that are kept at most: who reads a story reads less.
const MAX_UTTERANCES: usize = 100_000;
/// Octets of text that are kept at most.
const MAX_TEXT: usize = 64 << 20;
/// Connections that are read at the same time at most: each may hold 64 KiB of half a message. The oldest
/// is given up for a new one.
const MAX_CONNECTIONS: usize = 2048;
/// Octets of early segments of all connections together: then the one that adds to them gives up its
/// gap.
const MAX_WAITING: usize = 64 << 20;
/// Octets of early segments of one connection's side: a person types less.
const WAITING: usize = 1 << 20;
/// Datagrams back to which one is compared, to know what is captured twice.
const LOOK_BACK: usize = 8;

/// One thing said, and where the capture has it.
#[derive(Clone, Debug)]
pub struct Utterance {
    /// The frame that completes it.
    pub frame: u64,
    /// When that was captured.
    pub time: Option<Timestamp>,
    /// Who sent it.
    pub from: Endpoint,
    /// Who is to receive it.
    pub to: Endpoint,
    /// Its flow.
    pub flow: FlowNumber,
    /// Over TCP, who of the two speaks.
    pub speaker: Option<Speaker>,
    /// What tells it from the others between its two ends, in every capture alike: over TCP the sequence
    /// number behind it, over UDP a digest of the datagram.
    pub place: u64,
    /// What is said.
    pub message: ChatMessage,
}

/// What was said in one capture, in the order in which it was complete.
#[derive(Debug, Default)]
pub struct Speech {
    /// The messages.
    pub list: Vec<Utterance>,
    /// Messages that were not kept.
    pub left_out: u64,
    /// Segments that were not read: their connections were given up for newer ones.
    pub unread: u64,
    /// Octets of the chat's connections that the capture does not hold.
    pub missing: u64,
    text: usize,
}

/// Listens to the chat while a capture is read.
#[derive(Debug)]
pub struct Listener {
    watch: Watch,
    speech: Speech,
    connections: BTreeMap<u32, Connection>,
    /// Flows below this number were given up.
    given_up: u32,
    waiting: usize,
    datagrams: VecDeque<(u64, Option<Timestamp>)>,
}

/// Both directions of a connection.
#[derive(Debug, Default)]
struct Connection {
    sides: PerDirection<Option<Side>>,
}

/// One direction of a connection while it is read.
#[derive(Debug)]
struct Side {
    from: Endpoint,
    to: Endpoint,
    flow: FlowNumber,
    speaker: Speaker,
    stream: Stream,
    /// Made with the first octets, when it is known whether the stream's beginning is there.
    reader: Option<ChatReader>,
    begins: bool,
}

impl Listener {
    /// A listener that has heard nothing.
    pub fn new(watch: &Watch) -> Self {
        Self {
            watch: watch.clone(),
            speech: Speech::default(),
            connections: BTreeMap::new(),
            given_up: 0,
            waiting: 0,
            datagrams: VecDeque::new(),
        }
    }

    /// Takes the next frame of the capture, with its packet's flows.
    pub fn observe(&mut self, frame: &Frame<'_>, sightings: &Sightings<'_>) {
        let Some(sighting) = sightings.innermost().filter(|it| self.watch.is_chat(it)) else {
            return;
        };
        match sighting.transport.payload {
            TransportPayload::Tcp(_) => self.observe_segment(frame, sighting),
            TransportPayload::Udp(udp) => self.observe_datagram(frame, sighting, udp.payload()),
        }
    }

    /// The capture ends.
    pub fn finish(mut self) -> Speech {
        for side in self
            .connections
            .values_mut()
            .flat_map(Connection::sides_mut)
        {
            side.finish(&mut self.speech);
        }
        self.speech
    }

    fn observe_segment(&mut self, frame: &Frame<'_>, sighting: &Sighting<'_>) {
        let TransportPayload::Tcp(tcp) = sighting.transport.payload else {
            return;
        };
        let (Some(ends), Some(arrival)) =
            (sighting.sender_and_receiver(), Arrival::new(frame, &tcp))
        else {
            return;
        };
        if !self.connections.contains_key(&sighting.index) {
            if sighting.index < self.given_up {
                let is_text = u64::from(!arrival.octets.is_empty());
                self.speech.unread = self.speech.unread.saturating_add(is_text);
                return;
            }
            if self.connections.len() >= MAX_CONNECTIONS {
                self.give_up_oldest();
            }
        }
        let connection = self.connections.entry(sighting.index).or_default();
        let speech = &mut self.speech;
        if let Some(ack) = tcp.acknowledges()
            && let Some(side) = connection.sides.get_mut(sighting.direction.reverse())
        {
            let before = side.stream.cost();
            side.run(speech, |stream, sink| stream.acknowledge(ack, sink));
            self.waiting = self
                .waiting
                .saturating_sub(before)
                .saturating_add(side.stream.cost());
        }
        let watch = &self.watch;
        let side = connection
            .sides
            .get_mut(sighting.direction)
            .get_or_insert_with(|| Side::new(ends, sighting, watch));
        side.begins |= arrival.syn;
        let before = side.stream.cost();
        side.run(speech, |stream, sink| stream.push(&arrival, sink));
        let others = self.waiting.saturating_sub(before);
        if others.saturating_add(side.stream.cost()) > MAX_WAITING {
            side.run(speech, |stream, sink| stream.finish(sink));
        }
        self.waiting = others.saturating_add(side.stream.cost());
    }

    fn give_up_oldest(&mut self) {
        if let Some((oldest, mut connection)) = self.connections.pop_first() {
            for side in connection.sides_mut() {
                self.waiting = self.waiting.saturating_sub(side.stream.cost());
                side.finish(&mut self.speech);
            }
            self.given_up = oldest.saturating_add(1);
        }
    }

    fn observe_datagram(&mut self, frame: &Frame<'_>, sighting: &Sighting<'_>, octets: &[u8]) {
        let (Some(message), Some((from, to))) = (datagram(octets), sighting.sender_and_receiver())
        else {
            return;
        };
        let place = identity(&sighting.transport);
        let is_copy = self.datagrams.iter().any(|(other, time)| {
            let times = time.zip(frame.timestamp);
            *other == place && times.is_some_and(|(time, now)| are_close(false, time, now))
        });
        if is_copy {
            return;
        }
        if self.datagrams.len() == LOOK_BACK {
            self.datagrams.pop_front();
        }
        self.datagrams.push_back((place, frame.timestamp));
        self.speech.add(Utterance {
            frame: frame.number,
            time: frame.timestamp,
            from,
            to,
            flow: FlowNumber::Udp(sighting.index),
            speaker: None,
            place,
            message,
        });
    }
}

impl Connection {
    fn sides_mut(&mut self) -> impl Iterator<Item = &mut Side> {
        [&mut self.sides.forward, &mut self.sides.backward]
            .into_iter()
            .flatten()
    }
}

impl Side {
    fn new((from, to): (Endpoint, Endpoint), sighting: &Sighting<'_>, watch: &Watch) -> Self {
        let is_server = match (from.port == watch.port, to.port == watch.port) {
            (true, false) => true,
            (false, true) => false,
            // Both have the port, or a server's address tells: else who was connected to.
            _ => match watch.server {
                Some(server) => from.address == server && to.address != server,
                None => sighting.direction == Direction::Backward,
            },
        };
        Self {
            from,
            to,
            flow: FlowNumber::Tcp(sighting.index),
            speaker: if is_server {
                Speaker::Server
            } else {
                Speaker::Client
            },
            stream: Stream::new(Limits {
                waiting: WAITING,
                history: 0,
            }),
            reader: None,
            begins: false,
        }
    }

    /// Lets the stream do something, and hears what comes of it.
    fn run(
        &mut self,
        speech: &mut Speech,
        work: impl FnOnce(&mut Stream, &mut dyn FnMut(Piece<'_>)),
    ) {
        let Self {
            from,
            to,
            flow,
            speaker,
            stream,
            reader,
            begins,
        } = self;
        let mut heard = Vec::new();
        work(stream, &mut |piece| match piece {
            Piece::Octets {
                offset,
                frame,
                time,
                octets,
            } => {
                let reader = reader.get_or_insert_with(|| {
                    if *begins {
                        ChatReader::new(*speaker)
                    } else {
                        ChatReader::joining(*speaker)
                    }
                });
                let mut end = offset;
                for part in parts(reader, octets) {
                    end = end.saturating_add(u64::try_from(part.len()).unwrap_or(0));
                    for message in reader.push(part) {
                        heard.push((end, frame, time, message));
                    }
                }
            }
            Piece::Gap { length, .. } => {
                speech.missing = speech.missing.saturating_add(length);
                if let Some(reader) = reader {
                    reader.gap();
                }
            }
            Piece::Differs { .. } | Piece::Late { .. } => {}
        });
        let first = stream.first_seq().unwrap_or(0);
        for (end, frame, time, message) in heard {
            // Sequence numbers are 32 bits of the octets' count.
            let low = u32::try_from(end & u64::from(u32::MAX)).unwrap_or(0);
            speech.add(Utterance {
                frame,
                time,
                from: *from,
                to: *to,
                flow: *flow,
                speaker: Some(*speaker),
                place: first.wrapping_add(low).into(),
                message,
            });
        }
    }

    fn finish(&mut self, speech: &mut Speech) {
        self.run(speech, |stream, sink| stream.finish(sink));
    }
}

/// Native lines one by one, so that each has its own place; what came in one segment of the lab dialect
/// stays together, since nothing else bounds it.
fn parts<'a>(reader: &ChatReader, octets: &'a [u8]) -> Vec<&'a [u8]> {
    let dialect = reader.dialect().or_else(|| Dialect::of(octets));
    if dialect == Some(Dialect::Native) {
        octets.split_inclusive(|octet| *octet == b'\n').collect()
    } else {
        vec![octets]
    }
}

impl Speech {
    fn add(&mut self, utterance: Utterance) {
        let text = utterance.message.text.as_ref().map_or(0, String::len);
        let users = utterance.message.users.len().saturating_mul(64);
        let text = self.text.saturating_add(text).saturating_add(users);
        if self.list.len() >= MAX_UTTERANCES || text > MAX_TEXT {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        self.text = text;
        self.list.push(utterance);
    }
}
