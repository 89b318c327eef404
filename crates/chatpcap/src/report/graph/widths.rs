//! How wide the words of a flow graph are, found out or planned before they are drawn.

use unicode_width::UnicodeWidthStr;

use super::script::{Entry, Script};

/// Columns of a frame number, a run's first and last, or a time, at most: twice a number of 64 bits.
const MAX_NUMBER: usize = 41;

/// Columns that words take. What is drawn may be wider than planned; it takes more lines then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widths {
    /// Of the frame numbers, capture by capture.
    pub frames: Vec<usize>,
    /// Of the times.
    pub time: usize,
    /// Of the labels on arrows.
    pub label: usize,
    /// Of flow, numbers and delay together.
    pub detail: usize,
    /// Of the widest mark and message.
    pub said: usize,
}

impl Widths {
    /// What any graph of so many captures takes.
    pub fn new(captures: usize) -> Self {
        let frame = if captures > 1 { 3 } else { 5 };
        Self {
            frames: vec![frame; captures.max(1)],
            time: 9,
            label: 8,
            detail: 0,
            said: 0,
        }
    }

    /// What this graph takes.
    pub fn of(script: &Script) -> Self {
        let mut widths = Self::new(script.captures.len());
        for entry in &script.entries {
            widths.add(entry);
        }
        widths
    }

    /// Makes room for an entry.
    pub fn add(&mut self, entry: &Entry) {
        let (frames, time) = match entry {
            Entry::Arrow(arrow) => (&arrow.frames, &arrow.time),
            Entry::Note(note) => (&note.frames, &note.time),
            Entry::Gap(_) => return,
        };
        for (width, frame) in self.frames.iter_mut().zip(frames) {
            let frame = frame.as_ref().map_or(0, |frame| frame.width());
            *width = (*width).max(frame.min(MAX_NUMBER));
        }
        self.time = self.time.max(time.width().min(MAX_NUMBER));
        let Entry::Arrow(arrow) = entry else {
            return;
        };
        self.label = self.label.max(arrow.label.width());
        let flow = arrow.flow.as_ref().map_or(0, |flow| flow.width() + 2);
        let delay = arrow.delay.as_ref().map_or(0, |delay| delay.width() + 8);
        self.detail = self.detail.max(flow + arrow.detail.width() + delay);
        let marks = arrow.marks.iter().map(|mark| &mark.text);
        let said = marks.chain(&arrow.said).map(|text| text.width());
        self.said = said.fold(self.said, usize::max);
    }
}
