//! The last octets of a stream, and which frames brought them.

use std::collections::VecDeque;

/// The tail of a stream, without gaps.
#[derive(Debug)]
pub(super) struct History {
    limit: usize,
    /// Where the first octet that is kept stands in the stream.
    start: u64,
    octets: VecDeque<u8>,
    /// Where the octets of each frame end, and the frame.
    frames: VecDeque<(u64, u64)>,
}

/// Octets that differ from those that were kept.
#[derive(Debug)]
pub(super) struct Difference<'a> {
    /// Where the first of them stands in the stream.
    pub offset: u64,
    /// Which frame brought the one that was kept.
    pub frame: u64,
    /// What was kept, from the first to the last that differs.
    pub kept: Vec<u8>,
    /// The other reading.
    pub other: &'a [u8],
}

impl History {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            limit,
            start: 0,
            octets: VecDeque::new(),
            frames: VecDeque::new(),
        }
    }

    /// Forgets everything: what follows is behind a gap.
    pub(super) fn clear(&mut self) {
        self.octets.clear();
        self.frames.clear();
    }

    /// Keeps octets of a frame, which stand at `offset` right behind those before them.
    pub(super) fn push(&mut self, offset: u64, frame: u64, octets: &[u8]) {
        if self.octets.is_empty() {
            self.start = offset;
        }
        let end = offset.saturating_add(super::wide(octets.len()));
        self.octets.extend(octets);
        self.frames.push_back((end, frame));
        let excess = self.octets.len().saturating_sub(self.limit);
        self.octets.drain(..excess);
        self.start = self.start.saturating_add(super::wide(excess));
        while self
            .frames
            .front()
            .is_some_and(|(end, _)| *end <= self.start)
        {
            self.frames.pop_front();
        }
    }

    /// Where octets that stand at `start` differ from what is kept of the same place.
    pub(super) fn difference<'a>(&self, start: u64, octets: &'a [u8]) -> Option<Difference<'a>> {
        let skipped = super::narrow(self.start.saturating_sub(start));
        let other = octets.get(skipped..)?;
        let begin = super::narrow(start.saturating_sub(self.start));
        let kept = self.octets.iter().skip(begin);
        let differs = |(kept, other): (&u8, &u8)| kept != other;
        let first = kept.clone().zip(other).position(differs)?;
        let shared = kept.len().min(other.len());
        let last = kept.clone().zip(other).take(shared).rposition(differs)?;
        let offset = start.max(self.start).saturating_add(super::wide(first));
        let length = last.saturating_sub(first).saturating_add(1);
        let frames = self.frames.partition_point(|(end, _)| *end <= offset);
        Some(Difference {
            offset,
            frame: self.frames.get(frames)?.1,
            kept: kept.skip(first).take(length).copied().collect(),
            other: other.get(first..=last)?,
        })
    }
}
