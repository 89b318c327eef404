//! What was typed: answers from JSON, from the lab's notebook, from Python, or from a command line.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::integer::Value;
use super::{notebook, python};
use crate::ask::Question;

/// Octets of a file of answers: a notebook with pictures in its outputs takes some millions.
pub const MAX_SHEET_OCTETS: u64 = 64 << 20;

/// Characters of what was typed that are kept: enough for any number and for the start of anything else.
const MAX_TEXT: usize = 60;
/// Remarks on names that are no keys: more help nobody.
const MAX_UNKNOWN: usize = 8;
/// Names that are compared with the keys: a notebook assigns some hundreds.
const MAX_COMPARED: usize = 1000;
/// Letters by which a name may differ from a key that it is taken for.
const MAX_DISTANCE: usize = 4;

/// Typed answers, and what is odd about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    answers: BTreeMap<Question, Typed>,
    /// What the reader should know: keys that nobody asks for, answers that stand there twice.
    pub remarks: Vec<String>,
    /// Whether all questions are asked, also those that the sheet does not answer.
    pub is_whole: bool,
    unknown: usize,
    compared: usize,
}

/// One typed answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// As it was typed, the first 60 characters of it.
    pub text: String,
    /// What it is.
    pub value: Value,
    /// Where it stands: `cell 31, line 5`; empty where the key says it all.
    pub place: String,
}

/// Why a file of answers cannot be used. The path is not part of the text: the caller knows it.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// There is nothing in it.
    #[error("empty file")]
    Empty,
    /// It is longer than any sheet of answers.
    #[error("more than {MAX_SHEET_OCTETS} octets, which is no sheet of answers")]
    TooLong,
    /// It is no text.
    #[error("not UTF-8 text: octet {offset} is no part of a character")]
    NotText {
        /// Octets before it.
        offset: usize,
    },
    /// It is not the JSON that it should be.
    #[error("neither a notebook nor JSON answers")]
    Json {
        /// What is wrong and where.
        source: serde_json::Error,
    },
    /// It is a notebook of before 2015.
    #[error(
        "notebook format {format} keeps its cells elsewhere: needs format 4, which Jupyter saves"
    )]
    OldNotebook {
        /// Its `nbformat`.
        format: u64,
    },
}

/// Why `KEY=VALUE` is no answer.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// There is no `=`.
    #[error("`{0}` has no `=`: needs KEY=VALUE")]
    NoValue(String),
    /// There is no such question.
    #[error("no question has the key `{key}`{}", .near.map_or_else(String::new, |near| format!("; did you mean `{near}`?")))]
    Unknown {
        /// What was typed.
        key: String,
        /// The key that is most like it.
        near: Option<&'static str>,
    },
}

impl Sheet {
    /// Reads a file of answers: Python where its name ends in `.py`, else a notebook where it is one,
    /// else a JSON object of keys and numbers, by itself or as `answers` of another object.
    ///
    /// # Errors
    /// Where nothing can be read from it.
    pub fn read(name: &str, octets: &[u8]) -> Result<Self, SheetError> {
        if u64::try_from(octets.len()).is_ok_and(|length| length > MAX_SHEET_OCTETS) {
            return Err(SheetError::TooLong);
        }
        let text = str::from_utf8(octets).map_err(|error| SheetError::NotText {
            offset: error.valid_up_to(),
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut sheet = Self {
            is_whole: true,
            ..Self::default()
        };
        if text.trim().is_empty() {
            return Err(SheetError::Empty);
        }
        if name.to_ascii_lowercase().ends_with(".py") {
            sheet.add_source(text, "");
        } else if let Some(cells) = notebook::cells(text)? {
            for cell in cells {
                sheet.add_source(&cell.source, &cell.name);
            }
        } else {
            sheet.add_json(text)?;
        }
        Ok(sheet)
    }

    /// Adds `KEY=VALUE`, which replaces what was there.
    ///
    /// # Errors
    /// Where it is no pair, or there is no such key.
    pub fn add_pair(&mut self, pair: &str) -> Result<(), PairError> {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(PairError::NoValue(shortened(pair)));
        };
        let key = key.trim();
        let question = Question::of_key(key).ok_or_else(|| PairError::Unknown {
            key: shortened(key),
            near: nearest(key).map(Question::key),
        })?;
        self.answers.insert(
            question,
            Typed::new(value, Value::of_python(value), String::new()),
        );
        Ok(())
    }

    /// What was typed for a question.
    pub fn typed(&self, question: Question) -> Option<&Typed> {
        self.answers.get(&question)
    }

    /// What was typed for a question, if it is a number.
    pub fn number(&self, question: Question) -> Option<i128> {
        match self.answers.get(&question)?.value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }

    /// The numbers that Python source assigns to the keys; the last one counts.
    fn add_source(&mut self, source: &str, cell: &str) {
        for found in python::assignments(source) {
            let separator = if cell.is_empty() { "" } else { ", " };
            let place = format!("{cell}{separator}line {}", found.line);
            let Some(question) = Question::of_key(&found.name) else {
                self.mind_unknown(&found.name, &place, false);
                continue;
            };
            let typed = Typed::new(&found.text, found.value, place);
            // The cell as it was handed out has no number: filling it in further down is no change.
            if typed.value == Value::Blank && self.answers.contains_key(&question) {
                continue;
            }
            if let Some(before) = self.answers.insert(question, typed.clone())
                && before.value != Value::Blank
                && before.value != typed.value
            {
                self.remarks.push(format!(
                    "`{}` is assigned in {} and again in {}: the last one counts",
                    question.key(),
                    before.place,
                    typed.place
                ));
            }
        }
    }

    fn add_json(&mut self, text: &str) -> Result<(), SheetError> {
        let json = |source| SheetError::Json { source };
        let object: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(json)?;
        let object = match object.get("answers") {
            Some(inner) => serde_json::from_str(inner.get()).map_err(json)?,
            None => object,
        };
        for (key, value) in object {
            let Some(question) = Question::of_key(&key) else {
                self.mind_unknown(&key, "the answers", true);
                continue;
            };
            let raw = value.get();
            let string: Option<String> = serde_json::from_str(raw).ok();
            // A number in quotes is a number; null is Python's None.
            let text = match (&string, raw) {
                (Some(string), _) => string,
                (None, "null") => "",
                (None, raw) => raw,
            };
            let typed = Typed::new(text, Value::of_python(text), String::new());
            self.answers.insert(question, typed);
        }
        Ok(())
    }

    /// A name that is no key. In a program there are many; those that look like a key are told.
    fn mind_unknown(&mut self, name: &str, place: &str, always: bool) {
        if self.unknown == MAX_UNKNOWN || self.compared == MAX_COMPARED {
            return;
        }
        self.compared += 1;
        let near = nearest(name);
        if near.is_none() && !always {
            return;
        }
        self.unknown += 1;
        let hint = near.map_or_else(String::new, |near| {
            format!("; did you mean `{}`?", near.key())
        });
        self.remarks.push(format!(
            "no question has the key `{}`, which stands in {place}{hint}",
            shortened(name)
        ));
    }
}

impl Typed {
    fn new(text: &str, value: Value, place: String) -> Self {
        Self {
            text: shortened(text.trim()),
            value,
            place,
        }
    }
}

/// The first characters of a text, with a sign where there are more.
pub(super) fn shortened(text: &str) -> String {
    let mut chars = text.chars();
    let mut short: String = chars.by_ref().take(MAX_TEXT).collect();
    if chars.next().is_some() {
        short.push_str("...");
    }
    short
}

/// The key that a name was meant for, if it is nearly one.
fn nearest(name: &str) -> Option<Question> {
    // Longer names are none, and cost the square of their length.
    if name.len() > 2 * MAX_TEXT {
        return None;
    }
    let bare = |text: &str| text.to_lowercase().replace('_', "");
    let name = bare(name);
    let distances = Question::ALL.map(|question| {
        (
            strsim::damerau_levenshtein(&name, &bare(question.key())),
            question,
        )
    });
    let nearest = distances.into_iter().min()?;
    (nearest.0 <= MAX_DISTANCE).then_some(nearest.1)
}
