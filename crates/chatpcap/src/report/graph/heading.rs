//! What stands above a flow graph: captures with their clocks, and hosts.

use super::script::{CaptureText, NodeText};
use crate::graph::{Basis, Clock, Node, Vantage};
use crate::report::layout::safe;
use crate::report::number::{count, counted, seconds, short_time};

/// The words of a host.
pub fn node_text(node: &Node) -> NodeText {
    let mut names: Vec<String> = Vec::new();
    let own = node.given.as_deref().or(node.role);
    names.extend(own.map(safe));
    names.extend(node.dns.as_deref().map(safe));
    if !node.users.is_empty() {
        names.push(safe(&node.users.join(", ")));
    }
    NodeText {
        names,
        address: node.end(),
    }
}

/// What captures are called where their frames are listed: `a` to `z`, then `a2` and so on.
fn letters() -> impl Iterator<Item = String> {
    let rounds = (1..).map(|round: usize| match round {
        1 => String::new(),
        round => round.to_string(),
    });
    rounds.flat_map(|round| ('a'..='z').map(move |letter| format!("{letter}{round}")))
}

pub(super) fn captures(
    vantages: &[Vantage],
    names: &[String],
    precision: Option<u8>,
) -> Vec<CaptureText> {
    let named = letters().zip(vantages.iter().zip(names));
    named
        .map(|(letter, (vantage, name))| CaptureText {
            letter,
            name: name.clone(),
            clock: vantage
                .clock
                .as_ref()
                .zip(precision)
                .map(|(clock, precision)| clock_text(clock, precision)),
        })
        .collect()
}

fn clock_text(clock: &Clock, precision: u8) -> String {
    let time = |nanoseconds: i64| seconds(nanoseconds.saturating_abs(), precision.max(6));
    let offset = if clock.offset == 0 {
        "its clock agrees with a".to_owned()
    } else {
        let side = if clock.offset < 0 {
            "behind"
        } else {
            "ahead of"
        };
        format!("its clock is {} s {side} a", time(clock.offset))
    };
    match clock.basis {
        Basis::BothWays { packets, delay } => format!(
            "{offset}, by {} packets one way and {} the other; the fastest took {}",
            packets.forward,
            packets.backward,
            short_time(delay)
        ),
        Basis::OneWay { packets } => format!(
            "{offset} at most, by {} one way only",
            counted(count(packets), "packet")
        ),
        Basis::Unknown => "no packet tells how its clock stands".to_owned(),
    }
}
