//! The three-way handshakes, segment by segment.

use std::fmt::Write as _;

use super::layout::{Layout, painted, wrapped};
use super::number::{counted, seconds};
use super::summary::{of_file, short_name};
use crate::ask::Analysis;
use crate::flow::{Mark, TcpFlow};

/// Handshakes that a text report shows.
const MAX_SHOWN: usize = 10;

/// The handshakes with the chat server, or all where there is no chat; nothing where there is none.
///
/// A handshake that several captures hold is shown once, as the first of them has it.
pub(super) fn handshakes(analysis: &Analysis, layout: &Layout) -> Vec<String> {
    let mut shown: Vec<(usize, &TcpFlow, String)> = Vec::new();
    let mut more = 0;
    for (index, flow) in analysis.handshakes() {
        let known = shown
            .iter_mut()
            .find(|(other, known, _)| *other != index && is_same(known, flow));
        if let Some((.., also)) = known {
            let start = if also.is_empty() { "  also in " } else { ", " };
            also.push_str(start);
            also.push_str(&short_name(analysis, index));
        } else if shown.len() < MAX_SHOWN {
            shown.push((index, flow, String::new()));
        } else {
            more += 1;
        }
    }
    let sections = shown.into_iter().map(|(index, flow, also)| {
        let precision = analysis
            .traces
            .get(index)
            .map_or(6, |trace| trace.precision);
        let text = handshake(flow, &of_file(analysis, index), precision, layout);
        if also.is_empty() {
            text
        } else {
            format!("{text}{also}\n")
        }
    });
    let more = (more > 0).then(|| {
        format!(
            "{} more: `--format json` has them\n",
            counted(more, "handshake")
        )
    });
    sections.chain(more).collect()
}

/// Whether two captures show one handshake.
fn is_same(a: &TcpFlow, b: &TcpFlow) -> bool {
    let ends = |flow: &TcpFlow| (flow.initiator(), flow.responder());
    let numbers = |flow: &TcpFlow| {
        let handshake = &flow.handshake();
        (
            handshake.syn.map(|syn| syn.seq),
            handshake.syn_ack.map(|syn_ack| (syn_ack.seq, syn_ack.ack)),
        )
    };
    ends(a) == ends(b) && numbers(a) == numbers(b)
}

fn handshake(flow: &TcpFlow, of_file: &str, precision: u8, layout: &Layout) -> String {
    let mut out = String::new();
    let (Some(initiator), Some(responder)) = (flow.initiator(), flow.responder()) else {
        return out;
    };
    let handshake = &flow.handshake();
    let index = flow.flow.index;
    let title = format!("Handshake of tcp.stream {index}{of_file}: {initiator} to {responder}");
    let title = wrapped(&title, 0, layout.width());
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", painted(layout.paint.heading, title.trim_end()));

    let client = handshake.syn.map(|syn| syn.seq);
    let client = client.or_else(|| Some(handshake.syn_ack?.ack.wrapping_sub(1)));
    let server = handshake.syn_ack.map(|syn_ack| syn_ack.seq);
    let base = |number: u32, isn: Option<u32>| match isn {
        Some(isn) if layout.relative => number.wrapping_sub(isn),
        _ => number,
    };
    let line = |name: &str, mark: Mark, seq: u32, rest: &str| {
        format!("  frame {:<6} {name:<9} seq {seq:<10}  {rest}", mark.frame)
            .trim_end()
            .to_owned()
            + "\n"
    };
    match handshake.syn {
        Some(syn) => out.push_str(&line("SYN", syn, base(syn.seq, client), "")),
        None => out.push_str("  SYN not captured\n"),
    }
    match handshake.syn_ack {
        Some(mark) => {
            let ack = format!("ack {}", base(mark.ack, client));
            out.push_str(&line("SYN, ACK", mark, base(mark.seq, server), &ack));
        }
        None if flow.is_refused() => {
            let frame = flow.first_rst_frame().unwrap_or(0);
            let _ = writeln!(
                out,
                "  frame {frame:<6} RST       the connection is refused"
            );
        }
        None => out.push_str("  SYN-ACK not captured\n"),
    }
    match handshake.ack {
        Some(mark) => {
            let ack = format!("ack {}", base(mark.ack, server));
            let ack = line("ACK", mark, base(mark.seq, client), &ack);
            out.push_str(ack.trim_end());
            if let Some(rtt) = handshake.initial_rtt {
                let rtt = format!("initial RTT {} s", seconds(rtt, precision));
                let fits = ack.trim_end().len() + 3 + rtt.len() <= layout.width();
                out.push_str(if fits { "   " } else { "\n  " });
                out.push_str(&rtt);
            }
            out.push('\n');
        }
        None if handshake.syn_ack.is_some() => out.push_str("  ACK not captured\n"),
        None => {}
    }
    out
}
