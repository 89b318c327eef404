//! The analysis as Markdown, to paste into a report.

use std::fmt::Write as _;

use super::answers::{missing, octets};
use super::graph::chat_graph;
use super::layout::{Layout, Paint, allowed, safe};
use super::number::hex;
use super::{handshake, summary, udp_header};
use crate::ask::Analysis;

/// The whole report as Markdown: tables for what is a table, code blocks for what is drawn.
pub fn markdown(analysis: &Analysis, layout: &Layout) -> String {
    let plain = Layout {
        paint: Paint::default(),
        ..*layout
    };
    let mut out = String::new();
    // Writing to a string cannot fail.
    for trace in &analysis.traces {
        let _ = writeln!(out, "## {}\n", escaped(&trace.name));
        for line in summary::facts(trace) {
            let _ = writeln!(out, "- {}", escaped(&line));
        }
        for notice in &trace.notices {
            let _ = writeln!(out, "- notice: {}", escaped(&notice.to_string()));
        }
        out.push('\n');
    }
    if analysis.has_chat() {
        out.push_str(&answers(analysis));
    } else {
        let _ = writeln!(out, "{}\n", escaped(&summary::no_chat(analysis)));
    }
    block(
        &mut out,
        "Handshakes",
        &handshake::handshakes(analysis, &plain).join("\n"),
    );
    block(
        &mut out,
        "UDP header",
        &udp_header::udp_header(analysis, &plain),
    );
    block(&mut out, "Flow graph", &chat_graph(analysis, &plain));
    out.truncate(out.trim_end().len());
    out.push('\n');
    allowed(out, layout)
}

fn answers(analysis: &Analysis) -> String {
    let mut out =
        String::from("## Milestone 4\n\n| who | address | how that is known |\n|---|---|---|\n");
    // Writing to a string cannot fail.
    for [name, who, how] in summary::roles(analysis) {
        let _ = writeln!(out, "| {name} | {who} | {how} |");
    }
    out.push_str("\n| answer | value | file | frame | octets | bytes | why |\n");
    out.push_str("|---|---:|---|---:|---|---|---|\n");
    for answer in &analysis.answers {
        let key = answer.question.key();
        let _ = match &answer.result {
            Ok(evidence) => {
                let file = analysis
                    .traces
                    .get(evidence.trace)
                    .map_or("", |trace| &trace.name);
                writeln!(
                    out,
                    "| `{key}` | {} | {} | {} | {} | `{}` | {} |",
                    evidence.value,
                    escaped(file),
                    evidence.frame,
                    octets(evidence),
                    hex(&evidence.bytes),
                    escaped(&evidence.why)
                )
            }
            Err(_) => writeln!(out, "| `{key}` | - | | | | | |"),
        };
    }
    out.push('\n');
    for (keys, reason) in missing(analysis) {
        let _ = writeln!(
            out,
            "- not answered: `{}`: {}",
            keys.join("`, `"),
            escaped(reason)
        );
    }
    for note in &analysis.notes {
        let _ = writeln!(out, "- note: {}", escaped(note));
    }
    out.truncate(out.trim_end().len());
    out.push_str("\n\n");
    out
}

fn block(out: &mut String, title: &str, text: &str) {
    if !text.is_empty() {
        // A name of a file may hold a fence; no line of ours begins with one.
        let _ = write!(out, "## {title}\n\n````text\n{}\n````\n\n", text.trim_end());
    }
}

/// Text that Markdown and a table cell leave as it is.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in safe(text).chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '|' | '<' | '>' | '[' | ']' | '#' | '&' | '~' | '$'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
