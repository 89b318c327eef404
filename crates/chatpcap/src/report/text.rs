//! The analysis as text for people.

use std::fmt::Write as _;

use super::graph::chat_graph;
use super::layout::{Layout, allowed, painted, wrapped};
use super::{answers, handshake, summary, udp_header};
use crate::ask::Analysis;

/// The whole report: captures, roles, answers, handshakes, UDP header, flow graph.
pub fn text(analysis: &Analysis, layout: &Layout) -> String {
    let mut sections: Vec<String> = analysis
        .traces
        .iter()
        .map(|trace| summary::capture(trace, layout))
        .collect();
    if analysis.has_chat() {
        sections.push(roles(analysis, layout));
        sections.push(answers::answers(analysis, layout));
        if layout.explain {
            sections.extend(answers::explanations(analysis, layout));
        }
    } else {
        sections.push(wrapped(&summary::no_chat(analysis), 0, layout.width()));
    }
    sections.extend(handshake::handshakes(analysis, layout));
    sections.push(udp_header::udp_header(analysis, layout));
    sections.push(chat_graph(analysis, layout));
    sections.retain(|section| !section.is_empty());
    allowed(sections.join("\n"), layout)
}

fn roles(analysis: &Analysis, layout: &Layout) -> String {
    let mut out = String::new();
    for [name, who, how] in summary::roles(analysis) {
        let who = format!("{name:<8} {who:<22} ");
        let how = format!("({how})");
        let fits = who.len() + how.len() <= layout.width();
        let (who, start) = if fits {
            (who.as_str(), "")
        } else {
            (who.trim_end(), "\n         ")
        };
        let how = painted(layout.paint.dim, how);
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{who}{start}{how}");
    }
    out
}
