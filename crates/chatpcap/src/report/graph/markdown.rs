//! A flow graph as Markdown, to hand in or to paste: a diagram that GitHub draws, and every packet in a
//! table.

use std::fmt::Write as _;

use super::ladder::graph_text;
use super::lines::{Tone, in_words, pieces};
use super::mermaid::graph_mermaid;
use super::script::{Entry, Script};
use crate::report::layout::{Layout, Paint, allowed};
use crate::report::markdown::escaped;

/// Characters of a diagram that Mermaid draws at most, as it is set on GitHub (`maxTextSize`).
const MAX_MERMAID: usize = 50_000;

/// The document. A graph that is too long for Mermaid is drawn in text.
pub fn graph_markdown(script: &Script, layout: &Layout) -> String {
    let mut out = String::from("## Flow graph\n\n");
    // Writing to a string cannot fail.
    out.push_str("| frames | capture | clock |\n|---|---|---|\n");
    for capture in &script.captures {
        let clock = capture.clock.as_deref().unwrap_or("");
        let (letter, name) = (escaped(&capture.letter), escaped(&capture.name));
        let _ = writeln!(out, "| {letter} | {name} | {} |", escaped(clock));
    }
    out.push_str("\n| host | names |\n|---|---|\n");
    for node in &script.nodes {
        let names: Vec<String> = node.names.iter().map(|name| escaped(name)).collect();
        let _ = writeln!(out, "| {} | {} |", escaped(&node.address), names.join(", "));
    }
    out.push('\n');
    let mermaid = graph_mermaid(script);
    if mermaid.chars().count() <= MAX_MERMAID {
        fenced(&mut out, "mermaid", &mermaid);
    } else {
        let plain = Layout {
            paint: Paint::default(),
            ..*layout
        };
        fenced(&mut out, "text", &graph_text(script, &plain));
    }
    table(&mut out, script);
    for flow in &script.flows {
        let _ = writeln!(out, "- {}", escaped(&flow.legend()));
    }
    for remark in &script.remarks {
        let _ = writeln!(out, "- {}", escaped(remark));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    allowed(out, layout)
}

/// Every entry as a row.
fn table(out: &mut String, script: &Script) {
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "| frame | {} | from | to | packet | numbers | minded | said |\n|---:|---:|---|---|---|---|---|---|\n",
        script.clock
    );
    let host = |node: usize| {
        let node = script.nodes.get(node);
        node.map_or_else(|| "?".to_owned(), |node| escaped(&node.title()))
    };
    for entry in &script.entries {
        let _ = match entry {
            Entry::Arrow(arrow) => {
                let words = |is_wanted: fn(Tone) -> bool| {
                    let pieces = pieces(arrow, false).into_iter();
                    let pieces = pieces.filter(|piece| is_wanted(piece.tone));
                    let texts = pieces.map(|piece| escaped(&piece.text));
                    texts.collect::<Vec<_>>().join("<br>")
                };
                writeln!(
                    out,
                    "| {} | {} | {} | {} | {} | {} | {} | {} |",
                    escaped(&in_words(&script.captures, &arrow.frames)),
                    escaped(&arrow.time),
                    host(arrow.from),
                    host(arrow.to),
                    escaped(&arrow.label),
                    words(|tone| tone == Tone::Detail),
                    words(|tone| matches!(tone, Tone::Mark(_))),
                    words(|tone| tone == Tone::Said),
                )
            }
            Entry::Note(note) => writeln!(
                out,
                "| {} | {} | | | {} | | | |",
                escaped(&in_words(&script.captures, &note.frames)),
                escaped(&note.time),
                escaped(&note.text),
            ),
            Entry::Gap(text) => writeln!(out, "| | | | | {} | | | |", escaped(text)),
        };
    }
    out.push('\n');
}

/// A block behind a fence that is longer than any in the text.
fn fenced(out: &mut String, language: &str, text: &str) {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat((longest + 1).max(3));
    // Writing to a string cannot fail.
    let _ = write!(out, "{fence}{language}\n{}\n{fence}\n\n", text.trim_end());
}
