//! The conversations of a capture: as tables, for programs and for spreadsheets.

mod column;
mod rows;
mod table;

use std::cmp::Ordering;

pub use self::column::{COLUMNS, Column};
pub use self::rows::{ConversationRows, RowForm};
pub use self::table::{conversations_markdown, conversations_text};

use self::column::Cell;
use crate::trace::{Conversation, Conversations, Layer};

/// Which conversations to show, in which order, and what of them.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The column that orders them: numbers from the largest down, words and flows from the first up.
    pub sort: &'static Column,
    /// The other way round.
    pub reverse: bool,
    /// How many of each layer are shown at most.
    pub top: usize,
    /// The columns of tables; empty: what fits.
    pub columns: Vec<&'static Column>,
}

impl Choice {
    /// Whether a table of this choice shows, or is sorted by, what TCP's analysis finds out. A table
    /// whose columns are to be those that fit may.
    pub fn needs_findings(&self) -> bool {
        let mut columns = self.columns.iter().chain([&self.sort]);
        self.columns.is_empty() || columns.any(|column| column.needs_findings())
    }

    /// Whether a column is shown; where none is asked for, any may be.
    fn has(&self, column: &Column) -> bool {
        let mut columns = self.columns.iter();
        self.columns.is_empty() || columns.any(|other| other.name == column.name)
    }
}

/// The conversations of one layer in order, as far as they are shown.
struct Selected<'a> {
    found: &'a Conversations<'a>,
    layer: Layer,
    /// Numbers of those that are shown.
    shown: Vec<usize>,
    /// How many there are.
    all: usize,
}

/// What a conversation is sorted by, and its number.
type Keyed = (Option<Cell>, usize);

/// Conversations that are sorted as they are, without a look at how many are shown.
const FEW: usize = 1 << 10;

impl<'a> Selected<'a> {
    fn new(found: &'a Conversations<'a>, layer: Layer, choice: &Choice) -> Self {
        let falls = choice.sort.is_number() != choice.reverse;
        // What has no value is last either way, and equal values stand in the order of the capture.
        let order = |(one, number): &Keyed, (other, other_number): &Keyed| {
            let values = match (one, other) {
                (Some(one), Some(other)) if falls => other.cmp(one),
                (Some(one), Some(other)) => one.cmp(other),
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
            };
            values.then(number.cmp(other_number))
        };
        let mut keyed: Vec<Keyed> = Vec::new();
        let mut all = 0_usize;
        for number in 0..found.len(layer) {
            let Some(conversation) = found.get(layer, number) else {
                continue;
            };
            all += 1;
            keyed.push((choice.sort.read(&conversation, found.first), number));
            // Of millions only those stay that may be shown.
            if keyed.len() / 2 > choice.top.max(FEW) {
                keyed.select_nth_unstable_by(choice.top, order);
                keyed.truncate(choice.top);
            }
        }
        keyed.sort_unstable_by(order);
        let shown = keyed.into_iter().take(choice.top);
        Self {
            found,
            layer,
            shown: shown.map(|(_, number)| number).collect(),
            all,
        }
    }

    fn conversations(&self) -> impl Iterator<Item = Conversation<'a>> {
        let get = |number: &usize| self.found.get(self.layer, *number);
        self.shown.iter().filter_map(get)
    }

    /// The sums of all conversations of the layer, shown or not: column and sum.
    fn totals(&self) -> Vec<(&'static Column, u64)> {
        let summed = COLUMNS
            .iter()
            .filter(|column| column.is_of(self.layer) && column.has_total());
        let mut totals: Vec<_> = summed.map(|column| (column, 0_u64)).collect();
        for number in 0..self.found.len(self.layer) {
            let Some(conversation) = self.found.get(self.layer, number) else {
                continue;
            };
            for (column, total) in &mut totals {
                if let Some(Cell::Count(count)) = column.read(&conversation, None) {
                    *total = total.saturating_add(count);
                }
            }
        }
        totals
    }
}
