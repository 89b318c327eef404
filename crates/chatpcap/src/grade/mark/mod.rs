//! Marks: numbers in a capture that chance chose when its traffic ran, and that whoever copies the
//! capture does not change.
//!
//! Two captures of one run have marks in common, however the file was renamed, cut, merged, filtered,
//! saved anew or shifted in time, and whatever its addresses were rewritten to. Captures of two runs
//! have them in common by chance only; [`Kind`] says how often that is, in bits.
//!
//! Numbers that no chance chose are no marks: initial sequence numbers below 2^16 (relative numbers,
//! constants of generators), timestamps that are an uptime, identification 0 and what does not
//! change from packet to packet, the chat's port, pauses of a script.

mod collector;
mod store;
mod text;

use std::fmt;

pub use self::collector::Collector;
pub(in crate::grade) use self::store::Key;
pub use self::store::{MAX_MARKS, Marks, Spot};

/// What a mark is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A SYN's initial sequence number; of other segments sequence and acknowledgment number. Each
    /// side chooses 32 bits (RFC 6528).
    Sequence,
    /// TCP timestamps, value and echo. Linux adds 32 random bits a connection to its clock.
    Timestamps,
    /// The identifications of a packet and of the last one the other way: each counter starts
    /// anywhere within 16 bits.
    Identification,
    /// A DNS question's id (16 bits) and the port it came from (15 bits, RFC 5452).
    Dns,
    /// The port from which a TCP connection was opened: one of 14 bits on Linux.
    Port,
    /// Two pauses of people in a row, in units of 8 microseconds: 12 bits each, of which a tenth of
    /// a second is the spread that is counted on.
    Pauses,
    /// A piece of payload that reads like a random number: a nonce, a key.
    Text,
}

/// One mark: what is the same in two captures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What it is made of.
    pub kind: Kind,
    /// The number; of two, the first is in the upper half.
    pub value: u64,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = (self.value >> 32, self.value & u64::from(u32::MAX));
        match self.kind {
            Kind::Sequence if first == 0 => write!(f, "seq {second}"),
            Kind::Sequence => write!(f, "seq {first} ack {second}"),
            Kind::Timestamps if first == 0 => write!(f, "TSval {second}"),
            Kind::Timestamps => write!(f, "TSval {first} TSecr {second}"),
            Kind::Identification => write!(f, "IP id {second} after {first}"),
            Kind::Dns => write!(f, "DNS id {first:#06x} port {second}"),
            Kind::Port => write!(f, "port {second}"),
            Kind::Pauses => {
                // In units of 8 microseconds.
                let [first, second] = [first, second].map(|pause| {
                    let micros = pause.saturating_mul(8);
                    format!("{}.{:06} s", micros / 1_000_000, micros % 1_000_000)
                });
                write!(f, "pauses {first}, {second}")
            }
            Kind::Text => f.write_str("random text"),
        }
    }
}

impl Kind {
    /// All of them, in their order.
    pub const ALL: [Self; 7] = [
        Self::Sequence,
        Self::Timestamps,
        Self::Identification,
        Self::Dns,
        Self::Port,
        Self::Pauses,
        Self::Text,
    ];

    const fn index(self) -> usize {
        self as usize
    }

    /// A stable name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sequence => "sequence-numbers",
            Self::Timestamps => "tcp-timestamps",
            Self::Identification => "ip-identifications",
            Self::Dns => "dns-ids",
            Self::Port => "ephemeral-ports",
            Self::Pauses => "pauses",
            Self::Text => "random-text",
        }
    }
}

impl fmt::Display for Kind {
    /// As it stands in a sentence: "they share sequence numbers".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sequence => "sequence numbers",
            Self::Timestamps => "TCP timestamps",
            Self::Identification => "IP identifications",
            Self::Dns => "DNS ids and ports",
            Self::Port => "ephemeral ports",
            Self::Pauses => "pauses between messages",
            Self::Text => "random text in payloads",
        })
    }
}
