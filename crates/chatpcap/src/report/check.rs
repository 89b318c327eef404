//! A checked sheet of answers as text.

use std::fmt::Write as _;

use super::layout::{Layout, allowed, painted, safe, wrapped};
use super::number::hex;
use crate::ask::{Analysis, Answer, Evidence, Question};
use crate::verify::{LookFor, Outcome, Sheet, Verdict, Verification};

/// Columns of the outcome before each answer: `not shown` and two blanks.
const OUTCOME: usize = 11;

/// A checked sheet, and how much of it may be told.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    /// What the captures show.
    pub analysis: &'a Analysis,
    /// What was typed.
    pub sheet: &'a Sheet,
    /// What it comes to.
    pub verification: &'a Verification,
    /// Say what to look for, and neither what was typed nor what is right.
    pub hint: bool,
}

/// What is said of an answer that is not right: one paragraph each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// What was done.
    pub(super) diagnosis: String,
    /// The right number and why, or what to look for.
    pub(super) right: String,
    /// A display filter that shows it in Wireshark.
    pub(super) look: String,
}

impl<'a> Check<'a> {
    /// The evidence of a question's answer.
    pub(super) fn evidence(&self, question: Question) -> Option<&'a Evidence> {
        let mut answers = self.analysis.answers.iter();
        let answer = answers.find(|answer: &&Answer| answer.question == question)?;
        answer.result.as_ref().ok()
    }

    /// What the user called a capture.
    pub(super) fn name(&self, trace: usize) -> &'a str {
        let trace = self.analysis.traces.get(trace);
        trace.map_or("", |trace| trace.name.as_str())
    }

    /// What the user called the captures.
    pub(super) fn names(&self) -> Vec<&'a str> {
        let traces = self.analysis.traces.iter();
        traces.map(|trace| trace.name.as_str()).collect()
    }

    /// `KEY = 17 (cell 31, line 5)`; the key alone where what was typed is not to be told.
    pub(super) fn typed(&self, verdict: &Verdict) -> String {
        let key = verdict.question.key();
        match &verdict.typed {
            Some(typed) if !self.hint => {
                let place = if typed.place.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", typed.place)
                };
                format!("{key} = {}{place}", typed.text)
            }
            _ => key.to_owned(),
        }
    }

    /// What is said of an answer; nothing where it is right.
    pub(super) fn words(&self, verdict: &Verdict) -> Option<Words> {
        let look_for = LookFor::new(self.analysis, verdict.question);
        let diagnosis = match &verdict.outcome {
            Outcome::Right => return None,
            Outcome::Wrong(diagnosis) => {
                let hint = verdict.hint().filter(|_| self.hint);
                let text = hint.unwrap_or(&diagnosis.text);
                format!("{}: {text}", diagnosis.slip.title())
            }
            Outcome::Missing => "nothing was typed".to_owned(),
            Outcome::NotShown { .. } if self.hint => {
                "the captures do not show the answer".to_owned()
            }
            Outcome::NotShown { reason, agrees } => {
                let agrees = if *agrees {
                    "; the number agrees with the header's layout"
                } else {
                    ""
                };
                format!("{reason}{agrees}")
            }
        };
        let evidence = self.evidence(verdict.question).filter(|_| !self.hint);
        let (right, look) = match evidence {
            Some(evidence) => (
                right(evidence),
                self.look(evidence.trace, &evidence.filter()),
            ),
            None => (
                format!("look for {}", look_for.text),
                format!("in Wireshark: {}", look_for.filter),
            ),
        };
        Some(Words {
            diagnosis,
            right,
            look,
        })
    }

    /// Where to look in Wireshark; the capture is named where there are several.
    fn look(&self, trace: usize, filter: &str) -> String {
        if self.analysis.traces.len() < 2 {
            return format!("in Wireshark: {filter}");
        }
        format!("in Wireshark, {}: {filter}", self.name(trace))
    }
}

/// The checked sheet as text: one answer a paragraph.
pub fn check_text(check: &Check<'_>, layout: &Layout) -> String {
    let mut out = String::new();
    let indent = OUTCOME;
    for verdict in &check.verification.verdicts {
        let is_right = verdict.outcome == Outcome::Right;
        let style = if is_right {
            layout.paint.mark
        } else {
            layout.paint.warning
        };
        let outcome = painted(style, format!("{:<9}", verdict.outcome.id()));
        let typed = safe(&check.typed(verdict));
        let typed = wrapped(&typed, indent, layout.width());
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{outcome}  {}", typed.trim());
        if let Some(words) = check.words(verdict) {
            for text in [words.diagnosis, words.right, words.look] {
                out.push_str(&wrapped(&safe(&text), indent, layout.width()));
            }
        }
    }
    for remark in check.sheet.remarks.iter().chain(&check.analysis.notes) {
        out.push_str(&wrapped(
            &format!("note: {}", safe(remark)),
            0,
            layout.width(),
        ));
    }
    let (right, asked) = (
        check.verification.right(),
        check.verification.verdicts.len(),
    );
    let of = if asked == 1 {
        "answer is"
    } else {
        "answers are"
    };
    let _ = writeln!(out, "{right} of {asked} {of} right");
    allowed(out, layout)
}

/// The right number, why, and where it stands.
fn right(evidence: &Evidence) -> String {
    let octets = evidence.offset().map_or_else(String::new, |offset| {
        let last = offset.saturating_add(evidence.length).saturating_sub(1);
        let place = if evidence.length == 1 {
            format!("octet {offset}")
        } else {
            format!("octets {offset}-{last}")
        };
        format!(
            " (frame {}, {place}: {})",
            evidence.frame,
            hex(&evidence.bytes)
        )
    });
    format!("right is {}: {}{octets}", evidence.value, evidence.why)
}
