//! The line in which the filter is typed: editing, completion, what is wrong with it.

use super::Key;
use crate::field;
use crate::filter::FilterError;

/// Characters of a filter; more are no filter that anyone types.
const MAX_CHARACTERS: usize = 2000;

/// A filter that is being typed.
#[derive(Clone, Debug, Default)]
pub(super) struct FilterLine {
    characters: Vec<char>,
    /// Characters left of the cursor.
    cursor: usize,
    /// What was wrong with it when it was last tried.
    pub(super) error: Option<FilterError>,
    /// Names that were tried in turn for the word at the cursor.
    turn: Option<Turn>,
}

/// Names of fields for one word, one of which was put in its place.
#[derive(Clone, Debug)]
struct Turn {
    /// Characters left of the word.
    start: usize,
    names: Vec<&'static str>,
    place: usize,
}

impl FilterLine {
    /// A line with this text, the cursor behind it.
    pub(super) fn new(text: &str) -> Self {
        let characters: Vec<char> = text.chars().take(MAX_CHARACTERS).collect();
        Self {
            cursor: characters.len(),
            characters,
            ..Self::default()
        }
    }

    pub(super) fn text(&self) -> String {
        self.characters.iter().collect()
    }

    /// The text left of the cursor.
    pub(super) fn before_cursor(&self) -> String {
        self.characters.iter().take(self.cursor).collect()
    }

    /// The names that the word at the cursor can become, and which of them stands there.
    pub(super) fn candidates(&self) -> (Vec<&'static str>, Option<usize>) {
        match &self.turn {
            Some(turn) => (turn.names.clone(), Some(turn.place)),
            None => (names(&self.word().1), None),
        }
    }

    /// Changes the line; other keys than those of editing do nothing.
    pub(super) fn key(&mut self, key: Key) {
        match key {
            Key::Tab => return self.complete(true),
            Key::BackTab => return self.complete(false),
            Key::Char(character)
                if !character.is_control() && self.characters.len() < MAX_CHARACTERS =>
            {
                let at = self.cursor.min(self.characters.len());
                self.characters.insert(at, character);
                self.cursor = at + 1;
            }
            Key::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.characters.remove(self.cursor);
            }
            Key::Delete if self.cursor < self.characters.len() => {
                self.characters.remove(self.cursor);
            }
            Key::DeleteLine => {
                self.characters.drain(..self.cursor);
                self.cursor = 0;
            }
            Key::Left => self.cursor = self.cursor.saturating_sub(1),
            Key::Right => self.cursor = self.characters.len().min(self.cursor + 1),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = self.characters.len(),
            _ => return,
        }
        self.turn = None;
        self.error = None;
    }

    /// Where the word left of the cursor begins, and the word.
    fn word(&self) -> (usize, String) {
        let is_of_name =
            |character: &&char| character.is_ascii_alphanumeric() || "._-".contains(**character);
        let before = self.characters.iter().take(self.cursor);
        let length = before.rev().take_while(is_of_name).count();
        let start = self.cursor - length;
        let word = self.characters.iter().skip(start).take(length);
        (start, word.collect::<String>().to_ascii_lowercase())
    }

    /// Lengthens the word at the cursor as far as all names agree; after that tries one name after
    /// the other.
    fn complete(&mut self, forward: bool) {
        self.error = None;
        if let Some(turn) = &mut self.turn {
            let count = turn.names.len();
            let step = if forward { 1 } else { count.saturating_sub(1) };
            turn.place = (turn.place + step).checked_rem(count).unwrap_or(0);
            let name = turn.names.get(turn.place).copied().unwrap_or_default();
            let start = turn.start;
            return self.replace(start, name);
        }
        let (start, word) = self.word();
        let names = names(&word);
        let common = common(&names);
        if common.len() > word.len() {
            return self.replace(start, common);
        }
        if let (Some(first), true) = (names.first().copied(), names.len() > 1) {
            self.replace(start, first);
            self.turn = Some(Turn {
                start,
                names,
                place: 0,
            });
        }
    }

    /// Puts a name where a word stood that begins at `start` and ends at the cursor.
    fn replace(&mut self, start: usize, name: &str) {
        self.characters
            .splice(start.min(self.cursor)..self.cursor, name.chars());
        self.cursor = start + name.chars().count();
    }
}

/// The names of fields that begin so; none where nothing is typed.
fn names(word: &str) -> Vec<&'static str> {
    if word.is_empty() {
        return Vec::new();
    }
    let names = field::all().map(|field| field.name);
    names.filter(|name| name.starts_with(word)).collect()
}

/// What all names begin with.
fn common(names: &[&'static str]) -> &'static str {
    let Some(first) = names.first() else {
        return "";
    };
    let length = names.iter().map(|name| {
        let pairs = first.bytes().zip(name.bytes());
        pairs.take_while(|(a, b)| a == b).count()
    });
    // Names are ASCII.
    first.get(..length.min().unwrap_or(0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the line holds after these keys, with `|` where the cursor is.
    fn after(text: &str, keys: &[Key]) -> String {
        let mut line = FilterLine::new(text);
        for key in keys {
            line.key(*key);
        }
        let before = line.before_cursor();
        line.text().replacen(&before, &format!("{before}|"), 1)
    }

    #[test]
    fn editing() {
        use Key::{BackTab, Backspace, Delete, DeleteLine, End, Home, Left, Right, Tab};
        for (text, keys, expected) in [
            ("ip", &[Key::Char('é'), Key::Char('\u{1b}')][..], "ipé|"),
            (
                "ip",
                &[Left, Key::Char('x'), Right, Right, Key::Char('y')],
                "ixpy|",
            ),
            ("tcp", &[Home, Delete, Backspace, Left], "|cp"),
            ("tcp", &[Left, DeleteLine, End], "p|"),
            (
                "",
                &[Backspace, Delete, Left, Right, DeleteLine, Tab, BackTab],
                "|",
            ),
            // One name, several that agree on more, several that do not.
            ("ip.tt", &[Tab], "ip.ttl|"),
            (
                "(ip.src == 1) && UDP.STR",
                &[Tab],
                "(ip.src == 1) && udp.stream|",
            ),
            ("tcp.window", &[Tab], "tcp.window_size|"),
            (
                "udp.l || x",
                &[Home, Right, Right, Right, Right, Right, Tab],
                "udp.length| || x",
            ),
            ("no.such", &[Tab, BackTab], "no.such|"),
        ] {
            assert_eq!(after(text, keys), expected, "{text} {keys:?}");
        }
        let mut line = FilterLine::new(&"x".repeat(3000));
        line.key(Key::Char('y'));
        assert_eq!(line.text().len(), MAX_CHARACTERS);
    }

    #[test]
    fn names_come_in_turn() {
        let mut line = FilterLine::new("ip.s");
        let (names, tried) = line.candidates();
        assert!(names.len() > 1 && tried.is_none(), "{names:?}");
        // Both `ip.src` and `ip.src_host`: as far as they agree, then one after the other, and round.
        assert_eq!(names, ["ip.src", "ip.src_host"]);
        for (key, expected) in [
            (Key::Tab, "ip.src"),
            (Key::Tab, "ip.src"),
            (Key::Tab, "ip.src_host"),
            (Key::Tab, "ip.src"),
            (Key::BackTab, "ip.src_host"),
        ] {
            line.key(key);
            assert_eq!(line.text(), expected);
        }
    }
}
