//! What ails captures, as text or JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::json::pretty;
use super::layout::{Layout, allowed, painted, safe, wrapped};
use super::summary;
use crate::ask::{Examination, Finding, Given, Severity};
use crate::capture::CaptureError;
use crate::trace::{Checkup, Trace};

/// A capture that was examined.
#[derive(Debug)]
pub struct Examined {
    /// What the user calls it.
    pub name: String,
    /// The capture; `None` where it could not be read at all.
    pub trace: Option<Trace>,
    /// What ails it.
    pub examination: Examination,
}

impl Examined {
    /// A capture that was read, and what ails it.
    pub fn new(trace: Trace, checkup: &Checkup, given: &Given) -> Self {
        Self {
            examination: Examination::new(&trace, checkup, given),
            name: trace.name.clone(),
            trace: Some(trace),
        }
    }

    /// A capture that could not be read at all, and why.
    pub fn unusable(name: &str, error: &CaptureError) -> Self {
        Self {
            examination: Examination::unusable(name, error),
            name: name.to_owned(),
            trace: None,
        }
    }

    /// The verdict in one word.
    fn verdict(&self) -> &'static str {
        match (&self.trace, self.examination.worst()) {
            (None, _) => "unusable",
            (_, Some(Severity::Serious)) => "ill",
            (_, Some(Severity::Warning)) => "usable",
            _ => "healthy",
        }
    }

    /// The verdict in one sentence.
    fn sentence(&self) -> &'static str {
        match self.verdict() {
            "unusable" => "unusable: nothing could be read",
            "ill" => "ill: it does not show what the questions ask for",
            "usable" => "usable, with care",
            _ => "healthy",
        }
    }
}

/// The findings for people.
pub fn doctor(captures: &[Examined], layout: &Layout) -> String {
    let sections: Vec<String> = captures
        .iter()
        .map(|capture| section(capture, layout))
        .collect();
    allowed(sections.join("\n"), layout)
}

fn section(capture: &Examined, layout: &Layout) -> String {
    let paint = layout.paint;
    let mut out = format!("{}\n", painted(paint.heading, safe(&capture.name)));
    for line in capture.trace.iter().flat_map(summary::facts) {
        out.push_str(&wrapped(&line, 2, layout.width()));
    }
    let style = match capture.examination.worst() {
        Some(Severity::Serious | Severity::Warning) => paint.warning,
        _ => paint.mark,
    };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "  {}", painted(style, capture.sentence()));
    for well in &capture.examination.well {
        out.push_str(&wrapped(&format!("well: {well}"), 2, layout.width()));
    }
    for finding in &capture.examination.findings {
        out.push('\n');
        out.push_str(&entry(finding, layout));
    }
    out
}

fn entry(finding: &Finding, layout: &Layout) -> String {
    let style = match finding.severity {
        Severity::Serious | Severity::Warning => layout.paint.warning,
        Severity::Note => layout.paint.heading,
    };
    let what = format!("{}: {}", finding.severity.name(), safe(&finding.what));
    let what = wrapped(&what, 2, layout.width());
    let mut out = format!("{}\n", painted(style, what.trim_end()));
    out.push_str(&wrapped(
        &format!("means: {}", finding.means),
        4,
        layout.width(),
    ));
    if let Some(advice) = &finding.advice {
        out.push_str(&wrapped(&format!("do: {}", advice.text), 4, layout.width()));
        let command = painted(layout.paint.mark, safe(&advice.command));
        let _ = writeln!(out, "      {command}");
    }
    if !finding.frames.is_empty() {
        let frames: Vec<String> = finding.frames.iter().map(u64::to_string).collect();
        let look = format!("frame.number in {{{}}}", frames.join(", "));
        let _ = writeln!(
            out,
            "    {}",
            painted(layout.paint.dim, format!("in Wireshark: {look}"))
        );
    }
    out
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    captures: Vec<CaptureEntry<'a>>,
}

#[derive(Serialize)]
struct CaptureEntry<'a> {
    path: &'a str,
    verdict: &'static str,
    packets: Option<u64>,
    well: &'a [String],
    findings: Vec<FindingEntry<'a>>,
}

#[derive(Serialize)]
struct FindingEntry<'a> {
    key: &'static str,
    severity: &'static str,
    what: &'a str,
    means: &'static str,
    advice: Option<&'static str>,
    command: Option<&'a str>,
    frames: &'a [u64],
    count: Option<u64>,
}

/// The findings for programs: `chatpcap/doctor/1`.
///
/// # Errors
/// None that these types can raise; what `serde_json` would say is passed on.
pub fn doctor_json(captures: &[Examined]) -> Result<String, serde_json::Error> {
    let captures = captures.iter().map(|capture| CaptureEntry {
        path: &capture.name,
        verdict: capture.verdict(),
        packets: capture.trace.as_ref().map(|trace| trace.packets),
        well: &capture.examination.well,
        findings: capture
            .examination
            .findings
            .iter()
            .map(FindingEntry::new)
            .collect(),
    });
    let document = Document {
        schema: "chatpcap/doctor/1",
        captures: captures.collect(),
    };
    pretty(&document)
}

impl<'a> FindingEntry<'a> {
    fn new(finding: &'a Finding) -> Self {
        let advice = finding.advice.as_ref();
        Self {
            key: finding.key,
            severity: finding.severity.name(),
            what: &finding.what,
            means: finding.means,
            advice: advice.map(|advice| advice.text),
            command: advice.map(|advice| advice.command.as_str()),
            frames: &finding.frames,
            count: finding.count,
        }
    }
}
