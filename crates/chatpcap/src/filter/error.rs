//! What is wrong with the text of a filter, and where.

use std::fmt;
use std::ops::Range;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What is wrong with the text of a filter, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// What is wrong, in lower case.
    pub message: String,
    /// What to write instead, where it can be told.
    pub hint: Option<String>,
    /// Octets of the text that are wrong.
    pub span: Range<usize>,
    text: String,
}

/// The same, before the text is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub message: String,
    pub hint: Option<String>,
    pub span: Range<usize>,
}

impl Fault {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            span,
        }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    pub(super) fn in_text(self, text: &str) -> FilterError {
        let end = self.span.end.min(text.len());
        FilterError {
            message: self.message,
            hint: self.hint,
            span: self.span.start.min(end)..end,
            text: text.to_owned(),
        }
    }
}

impl FilterError {
    /// The column of the first wrong character, from 1.
    pub fn column(&self) -> usize {
        let before = self.text.get(..self.span.start).unwrap_or_default();
        before.chars().count() + 1
    }

    /// The text, and below it a line that underlines what is wrong. Characters without a width of
    /// their own, such as those that control a terminal or turn the direction of writing, are shown
    /// as a replacement character.
    pub fn excerpt(&self) -> [String; 2] {
        let visible = |character: char| match character.width() {
            None | Some(0) => char::REPLACEMENT_CHARACTER,
            Some(_) => character,
        };
        let shown = |text: &str| text.chars().map(visible).collect::<String>();
        let columns = |range| shown(self.text.get(range).unwrap_or_default()).width();
        let before = " ".repeat(columns(0..self.span.start));
        let tail = "~".repeat(columns(self.span.clone()).saturating_sub(1));
        [shown(&self.text), format!("{before}^{tail}")]
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filter, column {}: {}", self.column(), self.message)
    }
}

impl std::error::Error for FilterError {}
