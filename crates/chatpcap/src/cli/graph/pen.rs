//! A flow graph that is drawn row by row.

use std::io::{self, BufWriter, StdoutLock, Write};

use chatpcap::graph::{Composer, Entry, Nodes, Row, Tally};
use chatpcap::report::{Ladder, Layout, Script, Widths, Words, node_text};
use chatpcap::trace::Address;

use super::MORE;

/// What draws one row after another.
pub(super) struct Pen<'o> {
    pub(super) stdout: BufWriter<StdoutLock<'o>>,
    /// Whether each row is seen at once.
    pub(super) flush: bool,
    pub(super) layout: Layout,
    pub(super) nodes: Nodes,
    pub(super) words: Words,
    /// Captures, flows and clock; its hosts are those of `nodes`.
    pub(super) script: Script,
    pub(super) widths: Widths,
    /// How many rows there are at most.
    pub(super) limit: usize,
    /// Frames of rows that find no place.
    pub(super) left_out: u64,
    /// The drawing for the hosts of now; none before the first row and when one was added.
    pub(super) ladder: Option<Ladder>,
}

impl Pen<'_> {
    pub(super) fn rows(&mut self, composer: &mut Composer, row: Row) -> io::Result<()> {
        let mut entries = Vec::new();
        composer.push(row, &mut |entry| entries.push(entry));
        self.entries(&entries)
    }

    pub(super) fn end(mut self, composer: &mut Composer, tally: &Tally) -> io::Result<()> {
        let mut entries = Vec::new();
        composer.finish(&mut |entry| entries.push(entry));
        self.entries(&entries)?;
        let tally = Tally {
            left_out: self.left_out,
            ..*tally
        };
        self.script.remarks = self.words.remarks(&tally, MORE);
        if !self.script.remarks.is_empty() {
            let ladder = Ladder::new(&self.script, &self.widths, &self.layout);
            write!(self.stdout, "\n{}", ladder.remarks(&self.script))?;
        }
        self.stdout.flush()
    }

    fn entries(&mut self, entries: &[Entry]) -> io::Result<()> {
        for entry in entries {
            if self.limit == 0 {
                if let Entry::Row(row) = entry {
                    self.left_out = self.left_out.saturating_add(row.frames());
                }
                continue;
            }
            self.limit = self.limit.saturating_sub(1);
            let Self { nodes, ladder, .. } = self;
            let adds = self.flush && deserves_columns(entry, nodes);
            let told = self.words.entry(entry, |place| {
                if !adds {
                    return nodes.column(place);
                }
                let (column, is_new) = nodes.column_or_new(place)?;
                if is_new {
                    *ladder = None;
                }
                Some(column)
            });
            if self.flush {
                self.widths.add(&told);
            }
            if self.ladder.is_none() {
                self.script.nodes = self.nodes.list().iter().map(node_text).collect();
                let ladder = Ladder::new(&self.script, &self.widths, &self.layout);
                let legend = ladder.legend(&self.script);
                if !self.flush && !legend.is_empty() {
                    writeln!(self.stdout, "{legend}")?;
                }
                self.stdout.write_all(ladder.head().as_bytes())?;
                self.ladder = Some(ladder);
            }
            if let Some(ladder) = &self.ladder {
                self.stdout.write_all(ladder.entry(&told).as_bytes())?;
            }
            if self.flush {
                self.stdout.flush()?;
            }
        }
        Ok(())
    }
}

/// Who only sends to groups gets no column: on most links hosts do so that have nothing to say.
fn deserves_columns(entry: &Entry, nodes: &Nodes) -> bool {
    let Entry::Row(row) = entry else {
        return false;
    };
    let ends = row.arrow.ends;
    ends.is_some_and(|(from, to)| to.address != Address::Group || nodes.column(&from).is_some())
}
