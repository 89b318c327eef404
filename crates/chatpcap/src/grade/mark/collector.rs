//! Collects the marks of a capture while it is read.

use std::collections::HashMap;

use etherparse::TcpOptionElement;

use super::text::random_pieces;
use super::{Kind, Marks, Spot};
use crate::capture::{Frame, Timestamp};
use crate::flow::{Direction, PerDirection, Sighting};
use crate::packet::{Flags, Network, Tcp, TransportPayload, Udp};

/// Sequence numbers below this are relative ones, or a generator's constants. Chance chooses one of
/// them for one connection in 65,536.
const LEAST_SEQUENCE_NUMBER: u32 = 1 << 16;

/// A TCP timestamp below this is the uptime of a host that adds nothing random: 37 hours in
/// milliseconds.
const LONGEST_UPTIME: u32 = 1 << 27;

/// Linux before 4.10 began to count five minutes before zero, in units of down to a millisecond.
const LONGEST_BEFORE_ZERO: u32 = 300_000;

/// Timestamps of two hosts nearer than this are one clock, that of the host of both containers,
/// with nothing random added: 4.7 hours.
const SAME_CLOCK: u32 = 1 << 24;

/// Identifications below this are constants, or count from zero.
const LEAST_IDENTIFICATION: u16 = 256;

/// Where Linux takes ports from to open connections (`ip_local_port_range`); other systems take a
/// part of it.
const FIRST_EPHEMERAL_PORT: u16 = 32_768;

/// The ports below this belong to services (RFC 6335 §6).
const FIRST_USER_PORT: u16 = 1024;

/// The port of DNS.
const DNS: u16 = 53;

/// Pauses that people make last at least this, in nanoseconds.
const SHORTEST_PAUSE: i64 = 100_000_000;
/// Pauses beyond this are no pauses: an hour.
const LONGEST_PAUSE: i64 = 3_600_000_000_000;
/// The unit of pauses, in nanoseconds: times that were shifted may be rounded to microseconds anew.
const PAUSE_UNIT: i64 = 8000;
/// Scripts sleep for a multiple of this, in nanoseconds, and are late by less than
/// [`LATE`]: their pauses say nothing.
const SLEEP: i64 = 50_000_000;
/// How late or early a script's pause may be, in nanoseconds.
const LATE: i64 = 5_000_000;
/// Digits of a second that a capture must keep for pauses to tell anything.
const LEAST_PRECISION: u8 = 6;

/// UDP flows are numbered from here on, TCP flows below.
const UDP_FLOWS: u32 = 1 << 31;

/// Collects the marks of a capture while it is read.
///
/// Its memory grows with flows, and with marks up to [`super::MAX_MARKS`] a kind.
#[derive(Debug, Default)]
pub struct Collector {
    marks: Marks,
    flows: HashMap<u32, Flow>,
}

/// What is known of a flow for the next packet's marks.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    /// The last identification each way.
    identification: PerDirection<Option<u16>>,
    /// When the last payload passed.
    last_payload: Option<Timestamp>,
    /// The pause before, in units, if it was one of people.
    pause: Option<u32>,
}

/// Notes marks of one packet.
struct Notes<'a> {
    marks: &'a mut Marks,
    frame: u64,
    time: Option<Timestamp>,
    flow: u32,
}

impl Collector {
    /// A collector that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes the marks of a packet.
    pub fn observe(&mut self, frame: &Frame<'_>, sighting: &Sighting<'_>) {
        let transport = &sighting.transport;
        let index = match transport.payload {
            TransportPayload::Tcp(_) => sighting.index,
            TransportPayload::Udp(_) => sighting.index | UDP_FLOWS,
        };
        let flow = self.flows.entry(index).or_default();
        let mut notes = Notes {
            marks: &mut self.marks,
            frame: frame.number,
            time: frame.timestamp,
            flow: index,
        };
        if let Network::Ipv4(ipv4) = transport.network
            && let Some(identification) = ipv4.identification()
        {
            notes.identification(flow, sighting.direction, identification);
        }
        let payload = match transport.payload {
            TransportPayload::Tcp(tcp) => {
                notes.tcp(&tcp);
                tcp.payload()
            }
            TransportPayload::Udp(udp) => {
                notes.dns(&udp);
                udp.payload()
            }
        };
        if !payload.is_empty() {
            notes.pause(flow, frame);
            for piece in random_pieces(payload) {
                notes.text(piece);
            }
        }
    }

    /// What was collected.
    pub fn into_marks(self) -> Marks {
        self.marks
    }
}

impl Notes<'_> {
    fn note(&mut self, kind: Kind, bits: u8, value: u64) {
        self.note_with(kind, bits, value, 0);
    }

    /// Notes a mark of packets with payloads of this length.
    fn note_with(&mut self, kind: Kind, bits: u8, value: u64, length: usize) {
        let spot = Spot {
            value,
            bits,
            frame: self.frame,
            time: self.time,
            flow: self.flow,
        };
        self.marks.add(kind, spot, length);
    }

    fn tcp(&mut self, tcp: &Tcp<'_>) {
        let (Some(flags), Some(seq), Some(ack)) = (
            tcp.flags(),
            tcp.sequence_number(),
            tcp.acknowledgment_number(),
        ) else {
            return;
        };
        let length = tcp.payload_length().unwrap_or(0);
        if flags.is_syn() {
            if seq >= LEAST_SEQUENCE_NUMBER {
                self.note(Kind::Sequence, 32, seq.into());
            }
        } else if flags.has(Flags::ACK) && seq.min(ack) >= LEAST_SEQUENCE_NUMBER {
            self.note_with(Kind::Sequence, 64, pair(seq, ack), length);
        }
        let mut options = tcp.options();
        let timestamps = options.find_map(|option| match option {
            TcpOptionElement::Timestamp(value, echo) => Some((value, echo)),
            _ => None,
        });
        if let Some((value, echo)) = timestamps {
            self.timestamps(value, echo, length);
        }
        if let (Some(from), Some(to)) = (tcp.source_port(), tcp.destination_port())
            && from.min(to) < FIRST_EPHEMERAL_PORT
            && from.max(to) >= FIRST_EPHEMERAL_PORT
        {
            self.note(Kind::Port, 14, from.max(to).into());
        }
    }

    fn timestamps(&mut self, value: u32, echo: u32, length: usize) {
        let is_uptime =
            |clock: u32| !(LONGEST_UPTIME..=u32::MAX - LONGEST_BEFORE_ZERO).contains(&clock);
        if is_uptime(value) {
            return;
        }
        if echo == 0 {
            self.note(Kind::Timestamps, 32, value.into());
            return;
        }
        let apart = value.wrapping_sub(echo).min(echo.wrapping_sub(value));
        if !is_uptime(echo) && apart >= SAME_CLOCK {
            self.note_with(Kind::Timestamps, 64, pair(value, echo), length);
        }
    }

    fn identification(&mut self, flow: &mut Flow, direction: Direction, identification: u16) {
        let last = flow
            .identification
            .get_mut(direction)
            .replace(identification);
        let other = *flow.identification.get(direction.reverse());
        // One that does not change is no counter.
        if last == Some(identification) || identification < LEAST_IDENTIFICATION {
            return;
        }
        if let Some(other) = other.filter(|other| *other >= LEAST_IDENTIFICATION) {
            self.note(
                Kind::Identification,
                32,
                pair(other.into(), identification.into()),
            );
        }
    }

    fn dns(&mut self, udp: &Udp<'_>) {
        let (Some(from), Some(to)) = (udp.source_port(), udp.destination_port()) else {
            return;
        };
        let port = if to == DNS { from } else { to };
        let is_dns = (from == DNS) != (to == DNS);
        if let Some(id) = udp.payload().first_chunk().filter(|_| is_dns)
            && port >= FIRST_USER_PORT
        {
            self.note(
                Kind::Dns,
                31,
                pair(u16::from_be_bytes(*id).into(), port.into()),
            );
        }
    }

    fn pause(&mut self, flow: &mut Flow, frame: &Frame<'_>) {
        let Some(now) = frame
            .timestamp
            .filter(|_| frame.precision >= LEAST_PRECISION)
        else {
            return;
        };
        let Some(last) = flow.last_payload.replace(now) else {
            return;
        };
        let pause = now.since(last);
        if (0..SHORTEST_PAUSE).contains(&pause) {
            return;
        }
        let late = pause.saturating_add(LATE).rem_euclid(SLEEP);
        let is_of_people = (SHORTEST_PAUSE..LONGEST_PAUSE).contains(&pause) && late > 2 * LATE;
        let units = u32::try_from(pause / PAUSE_UNIT)
            .ok()
            .filter(|_| is_of_people);
        let before = std::mem::replace(&mut flow.pause, units);
        if let (Some(before), Some(units)) = (before, units) {
            self.note(Kind::Pauses, 24, pair(before, units));
        }
    }

    fn text(&mut self, piece: &[u8]) {
        self.note(Kind::Text, 20, super::store::hash(piece));
    }
}

/// Two numbers as one.
fn pair(first: u32, second: u32) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}
