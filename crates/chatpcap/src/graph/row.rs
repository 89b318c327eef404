//! One row of a flow graph: a packet, or a run of like packets.

use super::fold::Fold;
use crate::capture::Timestamp;
use crate::trace::Arrow;

/// A packet, or a run of like packets.
#[derive(Clone, Debug)]
pub struct Row {
    /// The packet as the first capture that holds it has it; of a run the one that stands for it.
    pub arrow: Arrow,
    /// The capture that the packet is described from, counted from 0.
    pub described_by: usize,
    /// When it was seen first, on the first capture's clock.
    pub time: Option<Timestamp>,
    /// Where each capture holds it, in the order of the captures.
    pub sights: Vec<Option<Sight>>,
    /// Who else should have seen it.
    pub presence: Presence,
    /// Nanoseconds from the first capture that saw it to the last; `None` where only one did, or where
    /// the captures' clocks cannot be compared.
    pub delay: Option<i64>,
    /// The run that it stands for.
    pub fold: Option<Fold>,
}

/// A packet in one capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The frame's number; of a run the first one's.
    pub frame: u64,
    /// The last frame of a run; else the same.
    pub last_frame: u64,
    /// When it was captured, on the capture's own clock.
    pub time: Option<Timestamp>,
}

/// Whether all captures hold a packet that should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    /// All that see its flow at that time.
    #[default]
    Everywhere,
    /// Only the captures on the sender's side: the capture of this number, which is nearer to the
    /// receiver, lacks it.
    Lost(usize),
    /// The capture of this number, which is nearer to the sender or as near, lacks it: it was not
    /// recorded there.
    Missed(usize),
}

impl Row {
    /// A packet that one of so many captures holds.
    pub fn new(arrow: Arrow, capture: usize, captures: usize) -> Self {
        let sight = Sight {
            frame: arrow.frame,
            last_frame: arrow.frame,
            time: arrow.time,
        };
        let mut sights = vec![None; captures];
        if let Some(place) = sights.get_mut(capture) {
            *place = Some(sight);
        }
        Self {
            time: arrow.time,
            arrow,
            described_by: capture,
            sights,
            presence: Presence::Everywhere,
            delay: None,
            fold: None,
        }
    }

    /// How many packets it stands for.
    pub fn packets(&self) -> u64 {
        self.fold.as_ref().map_or(1, Fold::packets)
    }

    /// How many frames of the captures it stands for, packets that one of them holds twice included.
    pub fn frames(&self) -> u64 {
        if let Some(fold) = &self.fold {
            return fold.frames;
        }
        let sights = u64::try_from(self.sights.iter().flatten().count()).unwrap_or(1);
        sights.saturating_add(self.arrow.copies.into())
    }
}
