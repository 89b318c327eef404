//! Conversations for programs and spreadsheets, row by row: there may be millions.

use serde::Serialize;

use super::column::Cell;
use super::{COLUMNS, Choice, Column, Selected};
use crate::trace::{Conversation, Conversations, Layer, Notice};

/// A form for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowForm {
    /// `chatpcap/conversations/1`.
    Json,
    /// A row a conversation, all layers together.
    Csv,
}

/// Writes the conversations of one capture after another in pieces.
#[derive(Debug)]
pub struct ConversationRows {
    form: RowForm,
    captures: usize,
}

/// What writes a piece of text; what it returns otherwise than `Ok` ends the writing.
type Sink<'s, E> = dyn FnMut(&str) -> Result<(), E> + 's;

impl ConversationRows {
    /// Nothing written yet.
    pub const fn new(form: RowForm) -> Self {
        Self { form, captures: 0 }
    }

    /// Writes one capture.
    ///
    /// # Errors
    /// What the sink says.
    pub fn capture<E>(
        &mut self,
        name: &str,
        found: &Conversations<'_>,
        notices: &[Notice],
        choice: &Choice,
        sink: &mut Sink<'_, E>,
    ) -> Result<(), E> {
        let is_first = self.captures == 0;
        self.captures = self.captures.saturating_add(1);
        match self.form {
            RowForm::Json => {
                let before = if is_first { BEGIN } else { "," };
                sink(before)?;
                json(name, found, notices, choice, sink)
            }
            RowForm::Csv => {
                if is_first {
                    let names = COLUMNS.iter().map(|column| column.name.to_owned());
                    let heads = ["file", "type"].map(str::to_owned).into_iter();
                    sink(&record(heads.chain(names)))?;
                }
                csv(name, found, choice, sink)
            }
        }
    }

    /// What closes the whole, where no capture or several were written.
    pub const fn end(&self) -> &'static str {
        match self.form {
            RowForm::Csv => "",
            RowForm::Json if self.captures == 0 => {
                "{\"schema\":\"chatpcap/conversations/1\",\"captures\":[]}\n"
            }
            RowForm::Json => "\n]}\n",
        }
    }
}

const BEGIN: &str = "{\"schema\":\"chatpcap/conversations/1\",\"captures\":[";

#[derive(Serialize)]
struct Head<'a> {
    path: &'a str,
    frames: u64,
    packets: u64,
    octets: u64,
    first: Option<String>,
    last: Option<String>,
    notices: Vec<String>,
}

fn json<E>(
    name: &str,
    found: &Conversations<'_>,
    notices: &[Notice],
    choice: &Choice,
    sink: &mut Sink<'_, E>,
) -> Result<(), E> {
    let utc = |time: crate::capture::Timestamp| time.to_utc(found.precision);
    let head = to_json(&Head {
        path: name,
        frames: found.frames(),
        packets: found.packets,
        octets: found.octets,
        first: found.first.map(utc),
        last: found.last.map(utc),
        notices: notices.iter().map(ToString::to_string).collect(),
    });
    // The object goes on after the head's fields.
    sink("\n")?;
    sink(head.trim_end_matches('}'))?;
    for layer in found.layers() {
        let selected = Selected::new(found, *layer, choice);
        let totals = selected.totals();
        let totals = Keyed(
            totals
                .iter()
                .map(|(column, sum)| (column.name, Value::Count(*sum))),
        );
        sink(&format!(
            ",\n\"{}\":{{\"conversations\":{},\"totals\":{},\"list\":[",
            layer.name(),
            selected.all,
            to_json(&totals)
        ))?;
        let mut separator = "\n";
        for conversation in selected.conversations() {
            let columns = COLUMNS.iter().filter(|column| column.is_of(*layer));
            let row = Keyed(columns.map(|column| {
                let cell = column.read(&conversation, found.first);
                (column.name, Value::of(cell))
            }));
            sink(separator)?;
            sink(&to_json(&row))?;
            separator = ",\n";
        }
        sink("\n]}")?;
    }
    sink("}")
}

fn csv<E>(
    name: &str,
    found: &Conversations<'_>,
    choice: &Choice,
    sink: &mut Sink<'_, E>,
) -> Result<(), E> {
    for layer in found.layers() {
        for conversation in Selected::new(found, *layer, choice).conversations() {
            let fields = [name, layer.name()].map(str::to_owned);
            let values = COLUMNS
                .iter()
                .map(|column| csv_value(column, *layer, &conversation, found));
            sink(&record(fields.into_iter().chain(values)))?;
        }
    }
    Ok(())
}

fn csv_value(
    column: &Column,
    layer: Layer,
    conversation: &Conversation<'_>,
    found: &Conversations<'_>,
) -> String {
    let cell = if column.is_of(layer) {
        column.read(conversation, found.first)
    } else {
        None
    };
    match cell {
        None => String::new(),
        Some(Cell::Count(count)) => count.to_string(),
        Some(Cell::Nanoseconds(time) | Cell::Start(time)) => {
            crate::report::number::seconds(time, 9)
        }
        Some(Cell::End(end)) => end.to_string(),
        Some(Cell::Text(text)) => text,
    }
}

/// One record of a CSV file, ended.
fn record(fields: impl Iterator<Item = String>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    drop(writer.write_record(fields));
    let octets = writer.into_inner().unwrap_or_default();
    String::from_utf8(octets).unwrap_or_default()
}

/// An object whose keys stand in the columns' order.
struct Keyed<I>(I);

impl<I: Iterator<Item = (&'static str, Value)> + Clone> Serialize for Keyed<I> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.clone())
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Value {
    Count(u64),
    Seconds(f64),
    Text(String),
    Nothing(()),
}

impl Value {
    #[expect(
        clippy::cast_precision_loss,
        reason = "an interval of 104 days and more loses nanoseconds, which is no loss"
    )]
    fn of(cell: Option<Cell>) -> Self {
        match cell {
            None => Self::Nothing(()),
            Some(Cell::Count(count)) => Self::Count(count),
            Some(Cell::Nanoseconds(time) | Cell::Start(time)) => Self::Seconds(time as f64 / 1e9),
            Some(Cell::End(end)) => Self::Text(end.to_string()),
            Some(Cell::Text(text)) => Self::Text(text),
        }
    }
}

/// JSON text; these types have nothing that could not be written.
fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
