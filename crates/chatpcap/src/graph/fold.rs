//! Runs of like packets, folded into one row.

use super::row::Row;
use crate::capture::Timestamp;
use crate::packet::Flags;
use crate::trace::{Address, FlowNumber, Message, Numbers};

/// Packets of a run at least: fewer are as easily read one by one.
const MIN_RUN: usize = 4;
/// Runs that go on at the same time at most: flows that talk at once.
const MAX_RUNS: usize = 32;

/// What a row stands for beside its own packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// Packets in the row's own direction.
    pub forward: Pile,
    /// Packets in the other direction.
    pub backward: Pile,
    /// Frames of the captures that hold them.
    pub frames: u64,
    /// When the last of them was seen, on the first capture's clock.
    pub last: Option<Timestamp>,
}

/// Packets of one direction of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pile {
    /// How many.
    pub packets: u64,
    /// Octets of their payloads on the wire.
    pub payload: u64,
}

impl Fold {
    /// How many packets there are.
    pub const fn packets(&self) -> u64 {
        self.forward.packets.saturating_add(self.backward.packets)
    }

    fn reverse(&mut self) {
        std::mem::swap(&mut self.forward, &mut self.backward);
    }
}

/// Folds runs: packets of one flow, or of one kind between two hosts, that come one after another with
/// none between them that says more than that.
#[derive(Debug, Default)]
pub(super) struct Folder {
    runs: Vec<Run>,
    /// Rows so far: their order.
    count: u64,
}

/// What makes packets alike.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Likeness {
    /// Plain segments or datagrams of a flow.
    Flow(FlowNumber),
    /// Packets of another protocol between two hosts.
    Pair([Address; 2], String),
}

#[derive(Debug)]
struct Run {
    likeness: Likeness,
    /// The first rows, as long as they may have to be shown one by one.
    rows: Vec<(u64, Row)>,
    /// Once there are enough of them: the row that stands for all.
    folded: Option<(u64, Row)>,
}

impl Folder {
    /// Takes the next row, and gives those that are complete to `sink`, in order.
    pub(super) fn push(&mut self, row: Row, sink: &mut dyn FnMut(Row)) {
        let order = self.count;
        self.count = self.count.saturating_add(1);
        let Some(likeness) = Likeness::of(&row) else {
            self.flush(sink);
            sink(row);
            return;
        };
        let known = self.runs.iter_mut().find(|run| run.likeness == likeness);
        if let Some(run) = known {
            run.push(order, row);
            return;
        }
        if self.runs.len() >= MAX_RUNS {
            self.flush(sink);
        }
        self.runs.push(Run {
            likeness,
            rows: vec![(order, row)],
            folded: None,
        });
    }

    /// Ends all runs.
    pub(super) fn flush(&mut self, sink: &mut dyn FnMut(Row)) {
        let mut rows: Vec<(u64, Row)> = Vec::new();
        for run in self.runs.drain(..) {
            match run.folded {
                Some(folded) => rows.push(folded),
                None => rows.extend(run.rows),
            }
        }
        rows.sort_by_key(|(order, _)| *order);
        for (_, row) in rows {
            sink(row);
        }
    }
}

impl Run {
    fn push(&mut self, order: u64, row: Row) {
        if let Some((_, folded)) = &mut self.folded {
            add(folded, &row);
            return;
        }
        self.rows.push((order, row));
        if self.rows.len() < MIN_RUN {
            return;
        }
        let mut rows = self.rows.drain(..);
        let Some((order, mut folded)) = rows.next() else {
            return;
        };
        folded.fold = Some(alone(&folded));
        for (_, row) in rows {
            add(&mut folded, &row);
        }
        self.folded = Some((order, folded));
    }
}

/// The fold of one row alone.
fn alone(row: &Row) -> Fold {
    Fold {
        forward: Pile {
            packets: 1,
            payload: payload(row),
        },
        backward: Pile::default(),
        frames: row.frames(),
        last: row.time,
    }
}

fn add(folded: &mut Row, row: &Row) {
    let from = |row: &Row| row.arrow.ends.map(|(from, _)| (from.address, from.port));
    let Some(mut fold) = folded.fold else {
        return;
    };
    let is_forward = from(folded) == from(row);
    let pile = if is_forward {
        &mut fold.forward
    } else {
        &mut fold.backward
    };
    pile.packets = pile.packets.saturating_add(1);
    pile.payload = pile.payload.saturating_add(payload(row));
    fold.frames = fold.frames.saturating_add(row.frames());
    fold.last = row.time.or(fold.last);
    for (sight, other) in folded.sights.iter_mut().zip(&row.sights) {
        match (sight, other) {
            (Some(sight), Some(other)) => sight.last_frame = other.frame,
            (sight, other) => *sight = sight.or(*other),
        }
    }
    // The arrow goes the way of what is carried.
    if fold.backward.payload > fold.forward.payload {
        fold.reverse();
        let ends = folded.arrow.ends.map(|(from, to)| (to, from));
        folded.arrow.ends = ends;
        folded.arrow.direction = folded.arrow.direction.reverse();
    }
    folded.fold = Some(fold);
}

fn payload(row: &Row) -> u64 {
    let payload = match &row.arrow.message {
        Message::Tcp { payload, .. } | Message::Udp { payload } | Message::Dns { payload, .. } => {
            payload.unwrap_or(0)
        }
        Message::Other { .. } => 0,
    };
    u64::try_from(payload).unwrap_or(0)
}

impl Likeness {
    /// `None` where a packet says something of its own.
    fn of(row: &Row) -> Option<Self> {
        let arrow = &row.arrow;
        let is_plain = arrow.said.is_empty()
            && arrow.marks.is_empty()
            && row.presence == super::Presence::Everywhere;
        let (from, to) = arrow.ends.filter(|_| is_plain)?;
        match &arrow.message {
            Message::Tcp {
                flags,
                relative,
                payload,
                ..
            } => {
                let special = Flags::SYN | Flags::FIN | Flags::RST;
                let is_plain = flags.is_some_and(|flags| flags.0 & special == 0);
                // The last segment of a handshake is a part of that.
                let first = Numbers {
                    seq: Some(1),
                    ack: Some(1),
                };
                let is_last = *relative == first && *payload == Some(0);
                arrow.flow.filter(|_| is_plain && !is_last).map(Self::Flow)
            }
            Message::Udp { .. } => arrow.flow.map(Self::Flow),
            Message::Dns { .. } => None,
            Message::Other { protocol, .. } => {
                let mut pair = [from.address, to.address];
                pair.sort_unstable();
                Some(Self::Pair(pair, protocol.clone()))
            }
        }
    }
}
