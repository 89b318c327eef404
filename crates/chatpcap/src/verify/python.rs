//! Python source: which names are assigned which numbers.
//!
//! Statements are told apart as Python's tokens require (comments, strings, brackets, lines that go
//! on); nothing is run.

use std::iter::Peekable;
use std::str::Chars;

use super::integer::Value;
use super::sheet::shortened;

/// One name that is assigned something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    /// The name.
    pub(super) name: String,
    /// The expression as it was typed.
    pub(super) text: String,
    /// What it is.
    pub(super) value: Value,
    /// The line, from 1.
    pub(super) line: usize,
}

/// The assignments of a cell or a file, in order.
pub(super) fn assignments(source: &str) -> Vec<Assignment> {
    let mut found = Vec::new();
    for (line, statement) in statements(source) {
        let mut sides = sides(&statement);
        let Some(right) = sides.pop().filter(|_| !sides.is_empty()) else {
            continue;
        };
        let right = Right::new(&right);
        for target in sides {
            right.assign_to(&target, line, &mut found);
        }
    }
    found
}

/// The logical lines of a source without their comments, each with the number of its first line.
fn statements(source: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let (mut line, mut first) = (1, 1);
    let mut depth = 0_usize;
    let mut current = String::new();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        if current.is_empty() {
            first = line;
        }
        let is_end = depth == 0 && matches!(c, '\n' | ';');
        line += usize::from(c == '\n');
        match c {
            _ if is_end => found.push((first, std::mem::take(&mut current))),
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            '\\' if continues(&mut chars) => line += 1,
            '\'' | '"' => line += string(c, &mut chars, &mut current),
            c if c.is_whitespace() && current.is_empty() => {}
            c if c.is_whitespace() => current.push(' '),
            c => {
                match c {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                current.push(c);
            }
        }
    }
    found.push((first, current));
    found
}

/// Whether a backslash ends its line, which then goes on.
fn continues(chars: &mut Peekable<Chars<'_>>) -> bool {
    chars.next_if_eq(&'\r');
    chars.next_if_eq(&'\n').is_some()
}

/// Reads a string to its end, or to the end of its line where it has none; says how many lines ended
/// in it.
fn string(quote: char, chars: &mut Peekable<Chars<'_>>, current: &mut String) -> usize {
    current.push(quote);
    let mut is_triple = false;
    if chars.next_if_eq(&quote).is_some() {
        current.push(quote);
        if chars.next_if_eq(&quote).is_none() {
            return 0;
        }
        is_triple = true;
    }
    let (mut lines, mut closing) = (0, 0);
    while let Some(c) = chars.next_if(|c| is_triple || *c != '\n') {
        current.push(c);
        lines += usize::from(c == '\n');
        closing = if c == quote { closing + 1 } else { 0 };
        if c == '\\'
            && let Some(escaped) = chars.next()
        {
            current.push(escaped);
            lines += usize::from(escaped == '\n');
        }
        if closing == if is_triple { 3 } else { 1 } {
            break;
        }
    }
    lines
}

/// The sides of an assignment: `a = b = 1` has three, what assigns nothing has one.
fn sides(statement: &str) -> Vec<String> {
    let mut sides = Vec::new();
    let mut side = String::new();
    let mut depth = 0_usize;
    let mut chars = statement.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                string(c, &mut chars, &mut side);
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '=' if depth == 0 => {
                let is_comparison = chars.next_if_eq(&'=').is_some();
                if is_comparison || side.ends_with(['!', '<', '>']) {
                    side.push_str("==");
                } else {
                    sides.push(std::mem::take(&mut side));
                }
                continue;
            }
            _ => {}
        }
        side.push(c);
    }
    sides.push(side);
    sides
}

/// The right side of an assignment, read once for all its left sides.
struct Right {
    /// As one expression.
    whole: (String, Value),
    /// As so many expressions between commas.
    parts: Vec<(String, Value)>,
}

impl Right {
    fn new(text: &str) -> Self {
        let read = |text: &str| (shortened(text.trim()), Value::of_python(text));
        Self {
            whole: read(text),
            parts: bare(text).split(',').map(read).collect(),
        }
    }

    /// What one left side is assigned: a name, a name with its type, or as many names as values.
    fn assign_to(&self, target: &str, line: usize, found: &mut Vec<Assignment>) {
        let names: Vec<&str> = bare(target).split(',').map(str::trim).collect();
        let is_tuple = names.len() > 1;
        for (index, name) in names.iter().enumerate() {
            let plain = name.trim_end_matches(OPERATORS).trim_end();
            let is_augmented = plain.len() < name.len();
            let plain = plain.split(':').next().unwrap_or_default().trim_end();
            if !is_identifier(plain) {
                continue;
            }
            let part = self
                .parts
                .get(index)
                .filter(|_| self.parts.len() == names.len());
            let (text, value) = match part {
                Some(part) if is_tuple && !is_augmented => part.clone(),
                _ if is_tuple || is_augmented => {
                    (self.whole.0.clone(), Value::NotInteger(COMPUTED))
                }
                _ => self.whole.clone(),
            };
            found.push(Assignment {
                name: shortened(plain),
                text,
                value,
                line,
            });
        }
    }
}

/// What is in the parentheses around a tuple, if there are any.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let inner = text
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'));
    inner.unwrap_or(text)
}

/// What `+=` and its like have before the `=`.
const OPERATORS: [char; 9] = ['+', '-', '*', '/', '%', '&', '|', '^', '@'];
const COMPUTED: &str = "computed from others: write the number itself";

fn is_identifier(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &[(&str, Value, usize)]) {
        let found: Vec<_> = assignments(source)
            .into_iter()
            .map(|found| (found.name, found.value, found.line))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, value, line)| ((*name).to_owned(), *value, *line))
            .collect();
        assert_eq!(found, expected, "{source}");
    }

    #[test]
    fn assignments_are_found() {
        use Value::{Blank, Integer};
        check("# a = 1\na = 2 # b = 3\n", &[("a", Integer(2), 2)]);
        check(
            "a =  #your answer (as an interger)\nb = 1",
            &[("a", Blank, 1), ("b", Integer(1), 2)],
        );
        check(
            "a = b = 0x11; c: int = 3",
            &[
                ("a", Integer(17), 1),
                ("b", Integer(17), 1),
                ("c", Integer(3), 1),
            ],
        );
        check(
            "a, b = 1, 2\n(c, d) = (3, 4)",
            &[
                ("a", Integer(1), 1),
                ("b", Integer(2), 1),
                ("c", Integer(3), 2),
                ("d", Integer(4), 2),
            ],
        );
        check(
            "a = (\n  17\n)\nb = \\\r\n 18",
            &[("a", Integer(17), 1), ("b", Integer(18), 4)],
        );
        check("if x:\n    a = 5", &[("a", Integer(5), 2)]);
        check(
            "a = 1\r\nb = 2\r\n",
            &[("a", Integer(1), 1), ("b", Integer(2), 2)],
        );
    }

    #[test]
    fn what_assigns_nothing_is_passed_over() {
        check(
            "a == 1\na != 1\na <= 1\nf(a=1)\nx['a'] = 1\nself.a = 1\nprint('a = 1')",
            &[],
        );
        check("'''\na = 1\n'''\nb = 2", &[("b", Value::Integer(2), 4)]);
        check(
            "s = 'it\\'s # no comment'; a = 1",
            &[
                (
                    "s",
                    Value::NotInteger("text in quotes: write the number without them"),
                    1,
                ),
                ("a", Value::Integer(1), 1),
            ],
        );
    }

    #[test]
    fn what_is_computed_is_no_number() {
        check(
            "a += 1\nb, c = f()",
            &[
                ("a", Value::NotInteger(COMPUTED), 1),
                ("b", Value::NotInteger(COMPUTED), 2),
                ("c", Value::NotInteger(COMPUTED), 2),
            ],
        );
        check(
            "a = 'unclosed\nb = 1",
            &[
                (
                    "a",
                    Value::NotInteger("text in quotes: write the number without them"),
                    1,
                ),
                ("b", Value::Integer(1), 2),
            ],
        );
    }
}
