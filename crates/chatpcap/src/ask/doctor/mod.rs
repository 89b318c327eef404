//! What ails a capture, what that means for the lab's questions, and the command that captures it right.

mod chat;
mod file;
mod frames;

use std::path::Path;

use super::{Given, Roles};
use crate::capture::CaptureError;
use crate::trace::{Checkup, Trace};

/// Flows that one finding names.
const MAX_FLOWS: usize = 5;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The questions of the lab cannot be answered from this capture.
    Serious,
    /// Something is lost, or easily misread.
    Warning,
    /// It looks odd, and is no error.
    Note,
}

impl Severity {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Serious => "serious",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing that ails a capture.
#[derive(Clone, Debug)]
pub struct Finding {
    /// A short name, for programs.
    pub key: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What is seen.
    pub what: String,
    /// What it means for the lab's questions.
    pub means: &'static str,
    /// What to do, where something can be done.
    pub advice: Option<Advice>,
    /// Frames that show it: the first few.
    pub frames: Vec<u64>,
    /// How many there are, where they are counted.
    pub count: Option<u64>,
}

/// How to capture it right.
#[derive(Clone, Debug)]
pub struct Advice {
    /// What to mind.
    pub text: &'static str,
    /// The command.
    pub command: String,
}

/// All that ails one capture.
#[derive(Debug)]
pub struct Examination {
    /// The findings, the most serious first.
    pub findings: Vec<Finding>,
    /// What is well: the chat that is there.
    pub well: Vec<String>,
}

impl Examination {
    /// Examines a capture that was read to its end.
    pub fn new(trace: &Trace, checkup: &Checkup, given: &Given) -> Self {
        let traces = std::slice::from_ref(trace);
        let patient = Patient {
            trace,
            checkup,
            roles: &Roles::find(given, traces),
            file: file_name(&trace.name),
        };
        let mut findings = file::findings(&patient);
        findings.extend(frames::findings(&patient));
        findings.extend(chat::findings(&patient));
        findings.sort_by_key(|finding| finding.severity);
        Self {
            findings,
            well: chat::well(&patient),
        }
    }

    /// A file that is no capture, or cannot be read.
    pub fn unusable(name: &str, error: &CaptureError) -> Self {
        Self {
            findings: vec![file::unusable(&file_name(name), error)],
            well: Vec::new(),
        }
    }

    /// How much the worst finding matters; `None`: there is none.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).min()
    }
}

/// A capture with all that is known of it.
struct Patient<'a> {
    trace: &'a Trace,
    checkup: &'a Checkup,
    roles: &'a Roles,
    /// The file's name, as a shell takes it.
    file: String,
}

impl Finding {
    const fn new(key: &'static str, severity: Severity, what: String, means: &'static str) -> Self {
        Self {
            key,
            severity,
            what,
            means,
            advice: None,
            frames: Vec::new(),
            count: None,
        }
    }

    fn with_advice(self, text: &'static str, command: String) -> Self {
        Self {
            advice: Some(Advice { text, command }),
            ..self
        }
    }

    fn with_frames(self, frames: impl IntoIterator<Item = u64>) -> Self {
        Self {
            frames: frames.into_iter().take(MAX_FLOWS).collect(),
            ..self
        }
    }

    fn with_count(self, count: u64) -> Self {
        Self {
            count: Some(count),
            ..self
        }
    }
}

/// `tcpdump -U -i eth0 OPTIONS -w FILE`: `-U` writes each packet at once, so that nothing is lost at
/// the end.
fn tcpdump(file: &str, options: &str) -> String {
    let space = if options.is_empty() { "" } else { " " };
    format!("tcpdump -U -i eth0{space}{options} -w {file}")
}

/// The name of the file to write, if it is one that needs no quoting in a shell.
fn file_name(name: &str) -> String {
    let last = Path::new(name)
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+');
    if last.is_empty() || last.starts_with('-') || !last.chars().all(is_plain) {
        "capture.pcap".to_owned()
    } else {
        last.to_owned()
    }
}

/// `1 frame`, `2 frames`.
fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
