//! Numbers as Python writes them, and why something is none.

/// What stands where a number is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A whole number.
    Integer(i128),
    /// Nothing yet.
    Blank,
    /// Something else, and what to do about it.
    NotInteger(&'static str),
}

const EXPRESSION: &str = "an expression: write the number that it comes to";
const HEXADECIMAL: &str = "hexadecimal digits, which need `0x` before them";
/// Octets of an expression that is looked into: no number is longer, and nested parentheses cost the
/// square of it.
const MAX_EXPRESSION: usize = 1024;
const TOO_LONG: &str = "a number that no field of a header holds";

impl Value {
    /// Reads an expression as Python does where it is a plain number: `1488523287`, `0x58b9_1017`,
    /// `(-1)`. Nothing is computed.
    pub(super) fn of_python(expression: &str) -> Self {
        let mut text = expression.trim();
        if text.len() > MAX_EXPRESSION {
            return Self::NotInteger(EXPRESSION);
        }
        while let Some(inner) = parenthesised(text) {
            text = inner.trim();
        }
        if matches!(text, "" | "None" | "..." | "pass") {
            return Self::Blank;
        }
        let mut is_negative = false;
        let mut digits = text;
        while let Some(rest) = digits.strip_prefix(['+', '-']) {
            is_negative ^= digits.starts_with('-');
            digits = rest.trim_start();
        }
        match literal(digits) {
            Some(Self::Integer(value)) if is_negative => Self::Integer(value.saturating_neg()),
            Some(value) => value,
            None => Self::NotInteger(reason(text)),
        }
    }
}

/// What is between the parentheses that enclose all of `text`.
fn parenthesised(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?;
    let mut depth = 0_i64;
    for c in inner.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            // A tuple is no number in parentheses.
            ',' if depth == 0 => return None,
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    Some(inner)
}

/// An integer literal (The Python Language Reference §2.4.5): its value, or what is wrong with what
/// looks like one. `None` where it does not look like one.
fn literal(text: &str) -> Option<Value> {
    let lower = text.to_ascii_lowercase();
    let prefixes = [("0x", 16), ("0o", 8), ("0b", 2)];
    let based = prefixes
        .iter()
        .find_map(|(prefix, radix)| Some((lower.strip_prefix(prefix)?, *radix)));
    let (digits, radix) = based.unwrap_or((&lower, 10));
    // An underscore stands between digits, or between the prefix and a digit.
    let digits = match based {
        Some(_) => digits.strip_prefix('_').unwrap_or(digits),
        None => digits,
    };
    let is_grouped = digits
        .split('_')
        .all(|group| !group.is_empty() && group.chars().all(|c| c.is_digit(radix)));
    if !is_grouped {
        return None;
    }
    let digits = digits.replace('_', "");
    if based.is_none() && digits.starts_with('0') && digits.chars().any(|c| c != '0') {
        return Some(Value::NotInteger(
            "a number with zeros before it, which Python refuses",
        ));
    }
    let value = i128::from_str_radix(&digits, radix);
    Some(value.map_or(Value::NotInteger(TOO_LONG), Value::Integer))
}

/// Why an expression is no plain number, and what to write instead.
fn reason(text: &str) -> &'static str {
    let is_digit = |c: char| c.is_ascii_digit();
    let only = |more: &str| text.chars().all(|c| is_digit(c) || more.contains(c));
    if text.contains(['"', '\'']) {
        "text in quotes: write the number without them"
    } else if only("(), ") && text.contains(',') {
        "several numbers for Python, for it has commas: write the digits without separators"
    } else if only(" ") {
        "digits with blanks between them: write the number in one piece"
    } else if text.starts_with(is_digit) && text.chars().all(|c| c.is_ascii_hexdigit()) {
        HEXADECIMAL
    } else if text.parse::<f64>().is_ok() && text.contains(is_digit) {
        "a number with a point or an exponent: write a whole number"
    } else if !text.chars().all(|c| c.is_alphanumeric() || c == '_') {
        EXPRESSION
    } else if text.chars().all(|c| c.is_ascii_hexdigit()) {
        HEXADECIMAL
    } else if text.starts_with(char::is_numeric) {
        "no number that Python reads: write its digits alone"
    } else {
        "a name: write the number itself"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_python_writes_them() {
        for (text, value) in [
            ("1488523287", 1_488_523_287),
            (" 1_488_523_287 ", 1_488_523_287),
            ("0x58b91017", 0x58b9_1017),
            ("0X_58B9_1017", 0x58b9_1017),
            ("0b1_0001", 17),
            ("0o21", 17),
            ("0", 0),
            ("000", 0),
            ("-17", -17),
            ("- -17", 17),
            ("+17", 17),
            ("((17))", 17),
        ] {
            assert_eq!(Value::of_python(text), Value::Integer(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_says_why() {
        for (text, why) in [
            ("\"17\"", "quotes"),
            ("1,488,523", "separators"),
            ("(1, 2)", "separators"),
            ("-(17)", "expression"),
            ("1 488", "blanks"),
            ("17.0", "point"),
            ("1e3", "hexadecimal"),
            ("1.5e3", "point"),
            ("58b91017", "0x"),
            ("fff7", "0x"),
            ("017", "zeros"),
            ("1__7", "Python reads"),
            ("answer", "a name"),
            ("65535 - 8", "expression"),
            ("2**16", "expression"),
            ("int('17')", "quotes"),
            ("nan", "a name"),
            ("١٧", "Python reads"),
            (&"9".repeat(60), "no field"),
            ("0x", "Python reads"),
            (&"(".repeat(1 << 20), "expression"),
        ] {
            match Value::of_python(text) {
                Value::NotInteger(reason) => assert!(reason.contains(why), "{text}: {reason}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        for text in ["", "  ", "None", "...", "()"] {
            assert_eq!(Value::of_python(text), Value::Blank, "{text}");
        }
    }
}
