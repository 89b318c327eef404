//! A list of packets as text, JSON, CSV or Markdown, written as the packets come.

use serde::Serialize;

use super::PacketRow;
use crate::report::Layout;
use crate::report::layout::{allowed, safe};
use crate::report::markdown::escaped;

/// What a list of packets looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketForm {
    /// For people.
    Text,
    /// One document, for programs.
    Json,
    /// For a spreadsheet.
    Csv,
    /// For a report.
    Markdown,
}

/// A list of packets: what stands before the first, each, and behind the last.
#[derive(Debug)]
pub struct PacketList {
    form: PacketForm,
    layout: Layout,
    /// Columns that addresses have taken so far, so that columns stay where they are.
    address: usize,
    is_first: bool,
}

/// Columns that addresses take at most; longer ones push their own line aside.
const MAX_ADDRESS: usize = 25;

const HEADER: [&str; 7] = [
    "number",
    "time",
    "source",
    "destination",
    "protocol",
    "length",
    "info",
];

#[derive(Serialize)]
struct JsonRow<'a> {
    file: &'a str,
    number: u64,
    time: Option<String>,
    source: &'a str,
    destination: &'a str,
    protocol: &'a str,
    length: u32,
    info: &'a str,
}

impl PacketList {
    /// A list in this form.
    pub const fn new(form: PacketForm, layout: Layout) -> Self {
        Self {
            form,
            layout,
            // Most IPv4 addresses fit.
            address: 13,
            is_first: true,
        }
    }

    /// What stands before the packets.
    pub fn begin(&self) -> String {
        match self.form {
            PacketForm::Text => String::new(),
            PacketForm::Json => {
                "{\n  \"schema\": \"chatpcap/packets/1\",\n  \"packets\": [".to_owned()
            }
            PacketForm::Csv => format!("file,{}\r\n", HEADER.join(",")),
            PacketForm::Markdown => {
                let rule = "---|".repeat(HEADER.len());
                format!("| {} |\n|{rule}\n", HEADER.join(" | "))
            }
        }
    }

    /// One packet of a file whose interfaces keep so many digits of a second.
    pub fn row(&mut self, file: &str, row: &PacketRow, precision: u8) -> String {
        let is_first = std::mem::replace(&mut self.is_first, false);
        match self.form {
            PacketForm::Text => {
                let address = row.source.len().max(row.destination.len());
                self.address = self.address.max(address.min(MAX_ADDRESS));
                let time = seconds(row.relative);
                let line = format!(
                    "{:>5} {time:>11} {:>width$} → {:<width$} {:<6} {:>5} {}",
                    row.number,
                    row.source,
                    row.destination,
                    row.protocol,
                    row.length,
                    safe(&row.info),
                    width = self.address,
                );
                let line = if self.layout.ascii {
                    line.replace('→', "->")
                } else {
                    line
                };
                allowed(format!("{}\n", line.trim_end()), &self.layout)
            }
            PacketForm::Json => {
                let json = JsonRow {
                    file,
                    number: row.number,
                    time: row.timestamp.map(|time| time.to_utc(precision)),
                    source: &row.source,
                    destination: &row.destination,
                    protocol: &row.protocol,
                    length: row.length,
                    info: &row.info,
                };
                let comma = if is_first { "" } else { "," };
                // A row of text and numbers always has a form.
                let json = serde_json::to_string(&json).unwrap_or_default();
                format!("{comma}\n    {json}")
            }
            PacketForm::Csv => csv_line(&[
                file,
                &row.number.to_string(),
                &seconds(row.relative),
                &row.source,
                &row.destination,
                &row.protocol,
                &row.length.to_string(),
                &row.info,
            ]),
            PacketForm::Markdown => {
                format!(
                    "| {} | {} | {} | {} | {} | {} | {} |\n",
                    row.number,
                    seconds(row.relative),
                    row.source,
                    row.destination,
                    row.protocol,
                    row.length,
                    escaped(&row.info),
                )
            }
        }
    }

    /// What stands behind the packets.
    pub fn end(&self) -> String {
        match (self.form, self.is_first) {
            (PacketForm::Json, true) => "]\n}\n".to_owned(),
            (PacketForm::Json, false) => "\n  ]\n}\n".to_owned(),
            _ => String::new(),
        }
    }
}

/// Seconds with six decimals, cut.
fn seconds(nanoseconds: Option<i64>) -> String {
    let Some(nanoseconds) = nanoseconds else {
        return "-".to_owned();
    };
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let microseconds = nanoseconds.unsigned_abs() / 1000;
    format!(
        "{sign}{}.{:06}",
        microseconds / 1_000_000,
        microseconds % 1_000_000
    )
}

/// One line of a CSV file (RFC 4180).
fn csv_line(cells: &[&str]) -> String {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    // Writing to memory cannot fail.
    drop(writer.write_record(cells));
    let line = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&line).into_owned()
}
