//! User names: what may be one, and when two are the same.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest user name, in characters, which are octets here.
pub const MAX_NAME: usize = 32;

/// A checked user name: 1 to [`MAX_NAME`] of `A-Z a-z 0-9 - _ .`, spelled as its owner spelled it.
///
/// Names are ASCII, so no letter of another script can stand in for one of these: the confusable
/// letters of Unicode cannot exist in a name. Control characters, spaces, `!`, `:`, `@`, `#` and `{`
/// cannot either, so a name is no roster, no command and no JSON in the lab dialect.
///
/// Two comparisons, neither of them `==` (which compares spelling):
/// * [`key`](Self::key): the same key is the same user (`Bob` and `bob`);
/// * [`look`](Self::look): the same look is a name that a reader takes for the other
///   (`alice`, `aIice` and `a1ice`); a server lets only the first of them in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(Box<str>);

/// Why a text is no user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// There is no character in it.
    #[error("user name is empty: needs 1 to {MAX_NAME} of A-Z a-z 0-9 - _ .")]
    Empty,
    /// It is longer than [`MAX_NAME`].
    #[error("user name is too long: at most {MAX_NAME} characters, had {had}")]
    TooLong {
        /// How many characters it has.
        had: usize,
    },
    /// A character in it is none of those that a name may have.
    #[error("user name may only have A-Z a-z 0-9 - _ . but character {position} is {character:?}")]
    Character {
        /// The offending character.
        character: char,
        /// Its place, counted in characters from 1.
        position: usize,
    },
}

impl UserName {
    /// Checks a text.
    ///
    /// # Errors
    /// [`NameError`] if it is empty, too long or has a character that names do not have.
    pub fn new(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if let Some((index, character)) = text.chars().enumerate().find(|(_, c)| !allowed(c)) {
            return Err(NameError::Character {
                character,
                position: index.saturating_add(1),
            });
        }
        if text.len() > MAX_NAME {
            return Err(NameError::TooLong { had: text.len() });
        }
        Ok(Self(text.into()))
    }

    /// The name as its owner spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in lower case: names with one key are one user.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The name as a hurried reader sees it: `I`, `l` and `1` are one letter, `O` and `0` are one.
    ///
    /// It is taken from the spelling before the case is dropped: `AIice` looks like `Alice`, which
    /// its key `aiice` does not.
    pub fn look(&self) -> String {
        self.0
            .chars()
            .map(|character| match character {
                'I' | '1' => 'l',
                '0' => 'o',
                other => other.to_ascii_lowercase(),
            })
            .collect()
    }

    /// Whether both are names of one user.
    pub fn is_same_user(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for UserName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text)
    }
}

impl TryFrom<String> for UserName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::new(&text)
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> Self {
        name.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        let long = "x".repeat(33);
        let cases: [(&str, Result<(), NameError>); 12] = [
            ("bob", Ok(())),
            ("a", Ok(())),
            ("Ada-1_x.y", Ok(())),
            (&"x".repeat(32), Ok(())),
            ("", Err(NameError::Empty)),
            (&long, Err(NameError::TooLong { had: 33 })),
            (
                "!bob",
                Err(NameError::Character {
                    character: '!',
                    position: 1,
                }),
            ),
            (
                "bob:",
                Err(NameError::Character {
                    character: ':',
                    position: 4,
                }),
            ),
            (
                "b b",
                Err(NameError::Character {
                    character: ' ',
                    position: 2,
                }),
            ),
            (
                "аlice",
                Err(NameError::Character {
                    character: 'а',
                    position: 1,
                }),
            ),
            (
                "b\x1b[2J",
                Err(NameError::Character {
                    character: '\x1b',
                    position: 2,
                }),
            ),
            (
                "b\u{202e}",
                Err(NameError::Character {
                    character: '\u{202e}',
                    position: 2,
                }),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(UserName::new(text).map(|_| ()), expected, "{text:?}");
        }
    }

    #[test]
    fn key_and_look_say_which_names_clash() {
        let look = |text: &str| UserName::new(text).unwrap().look();
        assert_eq!(look("Alice"), look("AIice"));
        assert_eq!(look("alice"), look("a1ice"));
        assert_eq!(look("root"), look("r00t"));
        assert_ne!(look("Ali"), look("All"));
        let same = |a: &str, b: &str| {
            UserName::new(a)
                .unwrap()
                .is_same_user(&UserName::new(b).unwrap())
        };
        assert!(same("Bob", "bOB"));
        assert!(!same("Alice", "AIice"));
    }
}
