//! A flow graph as the statements of a sequence diagram that another program draws: what the languages
//! of such programs have in common.

use super::lines::{Tone, broken, in_words, pieces, set};
use super::script::{ArrowText, CaptureText, Entry, Script};
use crate::report::layout::safe;

/// Columns of the words at an arrow.
const MESSAGE: usize = 44;
/// Columns of words across all hosts.
const NOTE: usize = 72;

/// A diagram without a language.
#[derive(Debug)]
pub(super) struct Diagram {
    /// What it is a graph of, and what the numbers in brackets are.
    pub(super) title: String,
    /// The lines of each host; there is one at least.
    pub(super) hosts: Vec<Vec<String>>,
    pub(super) steps: Vec<Step>,
}

/// A statement.
#[derive(Debug)]
pub(super) enum Step {
    /// An arrow with its words: `SYN (frame 12, 0.037035)`, then all but what is said.
    Message(ArrowText, Vec<String>),
    /// Words over these hosts, the first and the last, and all between them.
    Note([usize; 2], Vec<String>),
    /// A long time without packets.
    Pause(Vec<String>),
}

impl Diagram {
    /// A script's statements, its texts safe for a terminal.
    pub(super) fn new(script: &Script) -> Self {
        let script = script.mapped(&safe);
        let all = [0, script.nodes.len().saturating_sub(1)];
        let mut steps = Vec::new();
        let prose = |text: String| broken(&text, NOTE);
        let legend: Vec<_> = script.legend().flat_map(prose).collect();
        if !legend.is_empty() {
            steps.push(Step::Note(all, legend));
        }
        for entry in &script.entries {
            match entry {
                Entry::Arrow(arrow) => {
                    let [low, high] = [arrow.from.min(arrow.to), arrow.from.max(arrow.to)];
                    let message = message(arrow, &script.captures);
                    steps.push(Step::Message(arrow.clone(), message));
                    let said = arrow.said.iter().filter(|said| !said.is_empty());
                    let said: Vec<_> = said.flat_map(|said| broken(said, MESSAGE)).collect();
                    if !said.is_empty() {
                        steps.push(Step::Note([low, high], said));
                    }
                }
                Entry::Note(note) => {
                    let frames = in_words(&script.captures, &note.frames);
                    let text = format!("{} (frame {frames}, {})", note.text, note.time);
                    steps.push(Step::Note(all, prose(text)));
                }
                Entry::Gap(text) => steps.push(Step::Pause(prose(text.clone()))),
            }
        }
        let remarks = script.remarks.iter().filter(|remark| !remark.is_empty());
        let remarks: Vec<_> = remarks.cloned().flat_map(prose).collect();
        if !remarks.is_empty() {
            steps.push(Step::Note(all, remarks));
        }
        let hosts = script.nodes.iter();
        let mut hosts: Vec<Vec<String>> = hosts
            .map(|node| node.lines().map(str::to_owned).collect())
            .collect();
        if hosts.is_empty() {
            // Notes stand over a host.
            hosts.push(vec!["no host".to_owned()]);
        }
        Self {
            title: title(&script),
            hosts,
            steps,
        }
    }
}

fn message(arrow: &ArrowText, captures: &[CaptureText]) -> Vec<String> {
    let frames = in_words(captures, &arrow.frames);
    let mut pieces = pieces(arrow, false);
    pieces.retain(|piece| piece.tone != Tone::Said);
    let first = format!("{} (frame {frames}, {})", arrow.label, arrow.time);
    let lines = set(&pieces, MESSAGE).into_iter();
    let lines = lines.map(|line| {
        let texts = line.iter().map(|piece| piece.text.as_str());
        texts.collect::<Vec<_>>().join("  ")
    });
    broken(&first, MESSAGE).into_iter().chain(lines).collect()
}

fn title(script: &Script) -> String {
    let names = script.captures.iter().map(|capture| capture.name.as_str());
    let names: Vec<&str> = names.collect();
    let unit = match script.clock {
        "UTC" => "time in UTC",
        "delta" => "seconds since the packet before",
        clock => clock,
    };
    format!("{} (frame, {unit})", names.join(", "))
}
