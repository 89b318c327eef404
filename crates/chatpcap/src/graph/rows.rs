//! The rows that are drawn, and how many are not.

use super::Options;
use super::composer::{Composer, Entry};
use super::row::Row;

/// The first rows, composed; the frames of the others are counted.
#[derive(Debug)]
pub(super) struct Rows {
    composer: Composer,
    limit: usize,
    pub(super) entries: Vec<Entry>,
    /// Frames of rows that find no place.
    pub(super) left_out: u64,
}

impl Rows {
    pub(super) fn new(options: Options) -> Self {
        Self {
            composer: Composer::new(options.unfold),
            limit: options.rows,
            entries: Vec::new(),
            left_out: 0,
        }
    }

    pub(super) fn push(&mut self, row: Row) {
        self.compose(|composer, keep| composer.push(row, keep));
    }

    /// Takes what is left.
    pub(super) fn finish(&mut self) {
        self.compose(Composer::finish);
    }

    fn compose(&mut self, work: impl FnOnce(&mut Composer, &mut dyn FnMut(Entry))) {
        let Self {
            composer,
            limit,
            entries,
            left_out,
        } = self;
        work(composer, &mut |entry| {
            if entries.len() < *limit {
                entries.push(entry);
            } else if let Entry::Row(row) = &entry {
                *left_out = left_out.saturating_add(row.frames());
            }
        });
    }
}
