//! What a user may say: text without control characters, and how text from others is shown.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

/// The longest text of one message, in octets of UTF-8.
///
/// Even if JSON must escape each of them, the message still fits one frame.
pub const MAX_TEXT: usize = 4000;

/// A checked text: 1 to [`MAX_TEXT`] octets of UTF-8, no control characters but tab.
///
/// Bidirectional marks and other invisible characters may be in it, since some scripts need them:
/// show it through [`visible`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChatText(Box<str>);

/// Why a text cannot be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// There is nothing in it.
    #[error("text is empty")]
    Empty,
    /// It is longer than [`MAX_TEXT`].
    #[error("text is too long: at most {MAX_TEXT} octets, had {had}")]
    TooLong {
        /// How many octets it has.
        had: usize,
    },
    /// It has a control character (C0 without tab, DEL, C1, line or paragraph separator).
    #[error("text has the control character U+{code:04X}")]
    Control {
        /// The character's code point.
        code: u32,
    },
}

impl ChatText {
    /// Checks a text.
    ///
    /// # Errors
    /// [`TextError`] if it is empty, too long or has a control character.
    pub fn new(text: &str) -> Result<Self, TextError> {
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if text.len() > MAX_TEXT {
            return Err(TextError::TooLong { had: text.len() });
        }
        if let Some(character) = text.chars().find(|c| is_control(*c)) {
            return Err(TextError::Control {
                code: u32::from(character),
            });
        }
        Ok(Self(text.into()))
    }

    /// The nearest text that can be said: control characters made visible, the end cut off.
    ///
    /// For text that comes from where nothing is refused: a lab client, a pipe. `None` if nothing
    /// is left.
    pub fn lossy(text: &str) -> Option<Self> {
        let mut shown = String::new();
        for character in text.chars() {
            let before = shown.len();
            if is_control(character) {
                push_visible(&mut shown, character);
            } else {
                shown.push(character);
            }
            if shown.len() > MAX_TEXT {
                shown.truncate(before);
                break;
            }
        }
        Self::new(&shown).ok()
    }

    /// The text as it was said.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChatText {
    /// Writes the text with [`visible`] applied: safe for a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&self.0))
    }
}

impl TryFrom<String> for ChatText {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        Self::new(&text)
    }
}

impl From<ChatText> for String {
    fn from(text: ChatText) -> Self {
        text.0.into()
    }
}

/// Makes text from others safe for a terminal: what would be obeyed or hidden is shown instead.
///
/// * C0 controls and DEL become their pictures (`␛`), tab becomes a space;
/// * C1 controls, bidirectional marks, embeddings, overrides and isolates, line and paragraph
///   separators, zero-width spaces, joins of words, interlinear marks, tags and the byte order mark
///   become their code points in angle brackets (`<U+202E>`).
///
/// The zero-width joiner and non-joiner stay: emoji and Persian need them. The result has neither
/// line feed nor escape, so that one call is one line.
///
/// ```
/// assert_eq!(chat_proto::visible("a\x1b[31mb\u{202e}c"), "a␛[31mb<U+202E>c");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c == '\t' || is_hidden(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len().saturating_add(16));
    for character in text.chars() {
        if character == '\t' {
            shown.push(' ');
        } else if is_hidden(character) {
            push_visible(&mut shown, character);
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

fn is_control(character: char) -> bool {
    character != '\t' && (character.is_control() || matches!(character, '\u{2028}' | '\u{2029}'))
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn push_visible(shown: &mut String, character: char) {
    let picture = match character {
        '\0'..='\x1f' => char::from_u32(0x2400_u32.saturating_add(u32::from(character))),
        '\x7f' => Some('\u{2421}'),
        _ => None,
    };
    if let Some(picture) = picture {
        shown.push(picture);
    } else {
        // Writing to a String cannot fail.
        let _written = write!(shown, "<U+{:04X}>", u32::from(character));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_checked() {
        assert_eq!(ChatText::new(""), Err(TextError::Empty));
        assert!(ChatText::new("hei på deg\tja שלום\u{200f}").is_ok());
        assert_eq!(ChatText::new("a\nb"), Err(TextError::Control { code: 10 }));
        assert_eq!(
            ChatText::new("\u{9b}31m"),
            Err(TextError::Control { code: 0x9b })
        );
        let long = "ø".repeat(MAX_TEXT / 2 + 1);
        assert_eq!(
            ChatText::new(&long),
            Err(TextError::TooLong { had: MAX_TEXT + 2 })
        );
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        let cases = [
            ("plain text", "plain text"),
            ("\x1b]0;t\x07", "␛]0;t␇"),
            ("a\r\nb\0\x7f", "a␍␊b␀␡"),
            ("\u{9b}2J", "<U+009B>2J"),
            ("\u{2066}x\u{2069}\u{200e}", "<U+2066>x<U+2069><U+200E>"),
            ("tab\there", "tab here"),
            ("👩\u{200d}💻", "👩\u{200d}💻"),
        ];
        for (text, expected) in cases {
            assert_eq!(visible(text), expected);
        }
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in ".{0,200}") {
            let shown = visible(&text).into_owned();
            prop_assert!(!shown.chars().any(is_hidden));
        }

        #[test]
        fn lossy_text_can_always_be_said(text in any::<String>()) {
            prop_assert_eq!(ChatText::lossy(&text).is_none(), text.is_empty());
        }
    }
}
