//! A checked sheet of answers as JSON: `chatpcap/verify/1`.

use serde::Serialize;

use super::check::Check;
use super::json::{EvidenceEntry, pretty};
use crate::verify::{LookFor, Outcome, Value, Verdict};

/// The checked sheet as JSON text, ended by a newline.
///
/// # Errors
/// None that these types can raise; what `serde_json` would say is passed on.
pub fn check_json(check: &Check<'_>) -> Result<String, serde_json::Error> {
    pretty(&Document::new(check))
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    captures: Vec<&'a str>,
    hint: bool,
    asked: usize,
    right: usize,
    verdicts: Vec<VerdictEntry<'a>>,
    notices: Vec<&'a str>,
}

#[derive(Serialize)]
struct VerdictEntry<'a> {
    key: &'static str,
    outcome: &'static str,
    typed: Option<&'a str>,
    value: Option<i64>,
    place: Option<&'a str>,
    expected: Option<u64>,
    diagnosis: Option<DiagnosisEntry<'a>>,
    reason: Option<&'a str>,
    evidence: Option<EvidenceEntry<'a>>,
    look_for: Option<LookForEntry>,
}

#[derive(Serialize)]
struct DiagnosisEntry<'a> {
    id: &'static str,
    title: &'static str,
    hint: &'static str,
    text: Option<&'a str>,
    shown: Option<ShownEntry<'a>>,
}

#[derive(Serialize)]
struct ShownEntry<'a> {
    file: &'a str,
    frame: u64,
    filter: String,
}

#[derive(Serialize)]
struct LookForEntry {
    text: &'static str,
    filter: String,
}

impl<'a> Document<'a> {
    fn new(check: &Check<'a>) -> Self {
        let verification = check.verification;
        let notices = check.sheet.remarks.iter().chain(&check.analysis.notes);
        Self {
            schema: "chatpcap/verify/1",
            captures: check.names(),
            hint: check.hint,
            asked: verification.verdicts.len(),
            right: verification.right(),
            verdicts: verification
                .verdicts
                .iter()
                .map(|verdict| VerdictEntry::new(check, verdict))
                .collect(),
            notices: notices.map(String::as_str).collect(),
        }
    }
}

impl<'a> VerdictEntry<'a> {
    fn new(check: &Check<'a>, verdict: &'a Verdict) -> Self {
        let typed = verdict.typed.as_ref().filter(|_| !check.hint);
        let evidence = check.evidence(verdict.question).filter(|_| !check.hint);
        let diagnosis = match &verdict.outcome {
            Outcome::Wrong(diagnosis) => Some(DiagnosisEntry {
                id: diagnosis.slip.id(),
                title: diagnosis.slip.title(),
                hint: verdict.hint().unwrap_or_default(),
                text: (!check.hint).then_some(diagnosis.text.as_str()),
                shown: diagnosis
                    .shown
                    .filter(|_| !check.hint)
                    .map(|shown| ShownEntry {
                        file: check.name(shown.trace),
                        frame: shown.frame,
                        filter: shown.filter(),
                    }),
            }),
            _ => None,
        };
        let reason = match &verdict.outcome {
            Outcome::NotShown { reason, .. } if !check.hint => Some(reason.as_str()),
            _ => None,
        };
        let look_for = (verdict.outcome != Outcome::Right).then(|| {
            let LookFor { text, filter } = LookFor::new(check.analysis, verdict.question);
            LookForEntry { text, filter }
        });
        Self {
            key: verdict.question.key(),
            outcome: verdict.outcome.id(),
            typed: typed.map(|typed| typed.text.as_str()),
            value: typed.and_then(|typed| match typed.value {
                Value::Integer(value) => i64::try_from(value).ok(),
                _ => None,
            }),
            place: typed.map(|typed| typed.place.as_str()),
            expected: evidence.map(|evidence| evidence.value),
            diagnosis,
            reason,
            evidence: evidence
                .map(|evidence| EvidenceEntry::new(check.name(evidence.trace), evidence)),
            look_for,
        }
    }
}
