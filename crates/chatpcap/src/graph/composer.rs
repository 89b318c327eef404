//! Rows to what is drawn: folded, with a break where nothing happened for long.

use super::fold::Folder;
use super::row::Row;
use crate::capture::Timestamp;

/// Nanoseconds without a packet that are told.
const LONG_SILENCE: i64 = 10_000_000_000;

/// One thing from top to bottom.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A packet, or a run of like packets.
    Row(Box<Row>),
    /// So many nanoseconds without a packet.
    Gap(i64),
}

/// Makes entries of rows, one after another.
#[derive(Debug)]
pub struct Composer {
    folder: Option<Folder>,
    latest: Option<Timestamp>,
}

impl Composer {
    /// A composer that folds runs of like packets unless it is told to draw each.
    pub fn new(unfold: bool) -> Self {
        Self {
            folder: (!unfold).then(Folder::default),
            latest: None,
        }
    }

    /// Takes the next row, and gives what is complete to `sink`.
    pub fn push(&mut self, row: Row, sink: &mut dyn FnMut(Entry)) {
        let silence = row.time.zip(self.latest);
        let silence = silence.map(|(now, before)| now.since(before));
        self.latest = row.time.max(self.latest);
        let is_long = silence.filter(|silence| *silence >= LONG_SILENCE);
        // A run does not go on behind a silence.
        if let Some(silence) = is_long {
            self.finish(sink);
            sink(Entry::Gap(silence));
        }
        let give = &mut |row| sink(Entry::Row(Box::new(row)));
        match &mut self.folder {
            Some(folder) => folder.push(row, give),
            None => give(row),
        }
    }

    /// Gives what is held back.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Entry)) {
        if let Some(folder) = &mut self.folder {
            folder.flush(&mut |row| sink(Entry::Row(Box::new(row))));
        }
    }
}
