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
///   (`alice`, `aIice`, `ALlCE` and `alice.`); a server lets only the first of them in.
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

    /// The name as a hurried reader sees it: its [`key`](Self::key), in which
    ///
    /// * `i`, `l` and `1` are one letter, and `o` and `0`: since case is ignored, `alice` is also
    ///   `ALICE`, and that is what `ALlCE` looks like;
    /// * `rn` is `m` and `vv` is `w`, as proportional type shows them;
    /// * `-`, `_` and `.` are one, several in a row are one, and at either end they are none: `bob.` at
    ///   the end of a sentence is `bob`.
    ///
    /// `cl` and `d`, `5` and `S` and the like are told apart: they look less alike, and clash in names that
    /// people have (`Clara`, `Dara`).
    ///
    /// # Source
    /// UTS #39 §4, of whose confusables these are all within ASCII letters and digits; `vv` and the
    /// separators are our own
    pub fn look(&self) -> String {
        let mut look = String::with_capacity(self.0.len());
        for character in self.0.chars() {
            let character = match character.to_ascii_lowercase() {
                'i' | '1' => 'l',
                '0' => 'o',
                '_' | '.' => '-',
                other => other,
            };
            let joined = match (look.chars().last(), character) {
                (Some('r'), 'n') => Some('m'),
                (Some('v'), 'v') => Some('w'),
                (Some('-') | None, '-') => Some('-'),
                _ => None,
            };
            if joined.is_some() {
                look.pop();
            }
            look.push(joined.unwrap_or(character));
        }
        look.trim_matches('-').to_owned()
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
        let name = |text: &str| UserName::new(text).unwrap();
        let alike = [
            ["Alice", "AIice"],
            ["alice", "a1ice"],
            ["alice", "ALlCE"],
            ["alice", "alice."],
            ["alice", "-_alice_"],
            ["root", "r00t"],
            ["morn", "mom"],
            ["VVilla", "wi1la"],
            ["ann-marie", "ann_.marie"],
            ["...", "-"],
        ];
        for [one, other] in alike {
            assert_eq!(name(one).look(), name(other).look(), "{one} {other}");
        }
        let different = [
            ["ann-marie", "annmarie"],
            ["user-1-11", "user-11-1"],
            ["Clara", "Dara"],
            ["vova", "wova"],
            ["ren", "rem"],
            ["bob", "bob2"],
        ];
        for [one, other] in different {
            assert_ne!(name(one).look(), name(other).look(), "{one} {other}");
        }
        // Whatever case a name is written in, it looks the same.
        for text in ["Alice", "aLiCe", "ALICE"] {
            assert_eq!(name(text).look(), name("alice").look());
        }
        assert!(name("Bob").is_same_user(&name("bOB")));
        assert!(!name("Alice").is_same_user(&name("AIice")));
    }

    #[test]
    fn a_look_is_its_own_look() {
        // All names of up to four of the characters that are joined.
        let letters = ['r', 'N', 'v', 'V', '-', '.', 'I', '1', 'O', '0', 'w', 'm'];
        let mut names = vec![String::new()];
        for _ in 0..4 {
            let longer: Vec<String> = names
                .iter()
                .flat_map(|name| letters.map(|letter| format!("{name}{letter}")))
                .collect();
            for text in &longer {
                let name = UserName::new(text).unwrap();
                let look = name.look();
                let again = UserName::new(&look).map_or(String::new(), |name| name.look());
                assert_eq!(again, look, "{text}");
                assert_eq!(UserName::new(&name.key()).unwrap().look(), look, "{text}");
            }
            names = longer;
        }
    }
}
