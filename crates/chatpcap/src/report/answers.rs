//! The answers: as a table, and each explained on its octets.

use std::fmt::Write as _;

use comfy_table::Table;
use unicode_width::UnicodeWidthStr;

use super::hex_dump::hex_dump;
use super::layout::{Layout, painted, safe, wrapped};
use super::number::hex;
use super::summary::short_name;
use super::table::{empty_table, right_aligned};
use crate::ask::{Analysis, Answer, Evidence, Question};
use crate::packet::{ipv4, ipv6, tcp, udp};

/// Columns that a name of a file has in the table at least.
const MIN_FILE: usize = 8;

/// The table of answers, the reasons for what is not answered, and the notes.
pub(super) fn answers(analysis: &Analysis, layout: &Layout) -> String {
    let mut out = format!("{}\n", painted(layout.paint.heading, "Milestone 4"));
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", table(analysis, layout));
    for (keys, reason) in missing(analysis) {
        let text = format!("not answered: {}: {reason}", keys.join(", "));
        let text = wrapped(&text, 0, layout.width());
        let _ = writeln!(out, "{}", painted(layout.paint.warning, text.trim_end()));
    }
    for note in &analysis.notes {
        // A note may name a file.
        let note = safe(note);
        out.push_str(&wrapped(&format!("note: {note}"), 0, layout.width()));
    }
    out
}

/// For each answer, the header that shows it with the octets marked, and a sentence.
pub(super) fn explanations(analysis: &Analysis, layout: &Layout) -> Vec<String> {
    let answered = analysis.answers.iter().filter_map(|answer| {
        let evidence = answer.result.as_ref().ok()?;
        Some(explanation(analysis, answer, evidence, layout))
    });
    answered.collect()
}

fn explanation(
    analysis: &Analysis,
    answer: &Answer,
    evidence: &Evidence,
    layout: &Layout,
) -> String {
    let title = format!("{} = {}", answer.question.key(), evidence.value);
    let mut out = format!("{}\n", painted(layout.paint.heading, title));
    out.push_str(&wrapped(&evidence.why, 2, layout.width()));
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "  {}, in Wireshark: {}",
        short_name(analysis, evidence.trace),
        evidence.filter()
    );
    let header = header(analysis, answer.question, evidence);
    match (header, evidence.offset()) {
        (Some((start, octets)), Some(offset)) => {
            let marked = offset..offset.saturating_add(evidence.length);
            out.push_str(&hex_dump(octets, start, &marked, layout));
        }
        (None, Some(offset)) => {
            let _ = writeln!(out, "    {offset:04x}  [{}]", hex(&evidence.bytes));
        }
        (_, None) => out.push_str("    in a datagram put together from fragments\n"),
    }
    if shows_its_value(answer.question) {
        let _ = writeln!(out, "  0x{} = {}", hex(&evidence.bytes), evidence.value);
    }
    out
}

/// The header that shows an answer: octets before it in its frame, and its octets as far as they were
/// kept.
pub(super) fn header<'a>(
    analysis: &'a Analysis,
    question: Question,
    evidence: &Evidence,
) -> Option<(usize, &'a [u8])> {
    let start = evidence.header?;
    let trace = analysis.traces.get(evidence.trace)?;
    let octets = trace.exhibits.octets(evidence.frame)?.get(start..)?;
    let length = header_length(question, octets).min(octets.len());
    Some((start, octets.get(..length)?))
}

/// Reasons for answers that are missing, each with the keys that it is the reason for.
pub(super) fn missing(analysis: &Analysis) -> Vec<(Vec<&'static str>, &str)> {
    let mut missing: Vec<(Vec<&'static str>, &str)> = Vec::new();
    for answer in &analysis.answers {
        let Err(reason) = &answer.result else {
            continue;
        };
        let key = answer.question.key();
        match missing.iter_mut().find(|(_, other)| other == reason) {
            Some((keys, _)) => keys.push(key),
            None => missing.push((vec![key], reason)),
        }
    }
    missing
}

/// `38-41`: the octets of the frame that show an answer.
pub(super) fn octets(evidence: &Evidence) -> String {
    match (evidence.offset(), evidence.length) {
        (None, _) => "reassembled".to_owned(),
        (Some(offset), 0 | 1) => offset.to_string(),
        (Some(offset), length) => format!("{offset}-{}", offset + length - 1),
    }
}

fn table(analysis: &Analysis, layout: &Layout) -> Table {
    let several = analysis.traces.len() > 1;
    let mut heads = vec!["answer", "value", "frame", "octets", "bytes"];
    if several {
        heads.insert(2, "file");
    }
    let mut rows = Vec::new();
    for answer in &analysis.answers {
        let mut row = vec![answer.question.key().to_owned()];
        match &answer.result {
            Ok(evidence) => {
                row.push(evidence.value.to_string());
                if several {
                    row.push(short_name(analysis, evidence.trace));
                }
                row.push(evidence.frame.to_string());
                row.push(octets(evidence));
                row.push(hex(&evidence.bytes));
            }
            Err(_) => row.extend(heads.iter().skip(1).map(|_| "-".to_owned())),
        }
        rows.push(row);
    }
    // A narrow terminal loses the bytes first, which every other form of the report has, then the
    // beginnings of files' names, then what is right.
    if natural_width(&heads, &rows) > layout.width() {
        drop_last(&mut heads, &mut rows);
    }
    if several {
        let excess = natural_width(&heads, &rows).saturating_sub(layout.width());
        let files = || rows.iter().filter_map(|row| Some(row.get(2)?.width()));
        let room = files().max().unwrap_or(0).saturating_sub(excess);
        for row in &mut rows {
            if let Some(file) = row.get_mut(2) {
                *file = shortened(file, room.max(MIN_FILE), layout);
            }
        }
    }
    while natural_width(&heads, &rows) > layout.width() && heads.len() > 2 {
        drop_last(&mut heads, &mut rows);
    }
    let mut table = empty_table(layout, &heads);
    table.add_rows(rows);
    for right in ["value", "frame"] {
        let column = heads.iter().position(|head| *head == right);
        if let Some(column) = column {
            right_aligned(&mut table, column);
        }
    }
    table
}

/// Drops the last column.
fn drop_last(heads: &mut Vec<&str>, rows: &mut [Vec<String>]) {
    heads.pop();
    for row in rows {
        row.truncate(heads.len());
    }
}

/// A name of at most `width` columns: of a longer one its end, which tells files apart.
fn shortened(name: &str, width: usize, layout: &Layout) -> String {
    if name.width() <= width {
        return name.to_owned();
    }
    let mark = if layout.ascii { '~' } else { '…' };
    let mut rest = name.chars();
    while rest.as_str().width() >= width && rest.next().is_some() {}
    format!("{mark}{}", rest.as_str())
}

/// Columns of a table that wraps nothing: every cell has a border and two blanks.
fn natural_width(heads: &[&str], rows: &[Vec<String>]) -> usize {
    let widest = |(column, head): (usize, &&str)| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.width());
        cells.max().unwrap_or(0).max(head.len()) + 3
    };
    heads.iter().enumerate().map(widest).sum::<usize>() + 1
}

/// Octets of the header that begins with `octets` and shows the answer to `question`.
fn header_length(question: Question, octets: &[u8]) -> usize {
    let octet = |offset: usize| octets.get(offset).copied().unwrap_or(0);
    let words = |nibble: u8| usize::from(nibble & 0x0f) * 4;
    match question {
        Question::Syn | Question::SynAck | Question::SynAckAcknowledgment => {
            words(octet(tcp::DATA_OFFSET.offset) >> 4).max(tcp::MIN_HEADER)
        }
        Question::UdpProtocol => match octet(0) >> 4 {
            4 => words(octet(ipv4::VERSION_AND_LENGTH.offset)),
            6 => ipv6::HEADER,
            _ => udp::HEADER,
        },
        _ => udp::HEADER,
    }
}

/// Whether the marked octets are the answer itself, and not what it follows from.
pub(super) const fn shows_its_value(question: Question) -> bool {
    matches!(
        question,
        Question::Syn | Question::SynAck | Question::SynAckAcknowledgment | Question::UdpProtocol
    )
}
