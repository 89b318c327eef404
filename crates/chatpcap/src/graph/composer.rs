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
        let Self { folder, latest } = self;
        let silence = row.time.zip(*latest).map(|(now, before)| now.since(before));
        *latest = row.time.max(*latest);
        let is_long = silence.filter(|silence| *silence >= LONG_SILENCE);
        let give = &mut |row| sink(Entry::Row(Box::new(row)));
        let Some(folder) = folder else {
            if let Some(silence) = is_long {
                sink(Entry::Gap(silence));
            }
            sink(Entry::Row(Box::new(row)));
            return;
        };
        // A run does not go on behind a silence.
        if let Some(silence) = is_long {
            folder.flush(give);
            sink(Entry::Gap(silence));
        }
        folder.push(row, &mut |row| sink(Entry::Row(Box::new(row))));
    }

    /// Gives what is left.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Entry)) {
        if let Some(folder) = &mut self.folder {
            folder.flush(&mut |row| sink(Entry::Row(Box::new(row))));
        }
    }
}
