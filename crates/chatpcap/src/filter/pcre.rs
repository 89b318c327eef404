//! What PCRE writes otherwise than the crate `regex`.
//!
//! Source: pcre2pattern(3). Where the two read the same text in two ways, the text is rewritten, so
//! that it means what it means in Wireshark; what `regex` cannot do is an error.

use std::fmt::Write as _;

/// An expression of PCRE as the crate `regex` writes it.
pub(super) fn to_regex(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        rest = match character {
            '\\' => escape(rest, false, &mut out)?,
            '[' => class(rest, &mut out)?,
            '(' => group(rest, &mut out)?,
            '*' | '+' | '?' | '{' => quantifier(rest, &mut out)?,
            _ => literally(rest, &mut out),
        };
    }
    Ok(out)
}

/// Copies one character, and gives what is behind it.
fn literally<'t>(text: &'t str, out: &mut String) -> &'t str {
    let mut characters = text.chars();
    out.extend(characters.next());
    characters.as_str()
}

fn octet(number: u32, out: &mut String) {
    // Writing to a string does not fail.
    let _ = write!(out, "\\x{:02x}", number & 0xff);
}

/// A backslash and what belongs to it.
fn escape<'t>(text: &'t str, in_class: bool, out: &mut String) -> Result<&'t str, String> {
    let mut characters = text.chars();
    characters.next();
    let Some(character) = characters.next() else {
        return Ok(literally(text, out));
    };
    let after = characters.as_str();
    let digits = |longest: usize, radix: u32| {
        let digits = after.chars().take(longest);
        digits.take_while(|c| c.is_digit(radix)).count()
    };
    let number = |count: usize, radix: u32| {
        let digits = after.get(..count).unwrap_or_default();
        u32::from_str_radix(digits, radix).unwrap_or(0)
    };
    let behind = |count: usize| after.get(count..).unwrap_or_default();
    match character {
        'Q' => {
            let (quoted, behind) = after.split_once("\\E").unwrap_or((after, ""));
            out.push_str(&regex_syntax::escape(quoted));
            return Ok(behind);
        }
        'E' => {}
        'e' => octet(0x1b, out),
        'b' if in_class => octet(0x08, out),
        'h' if in_class => out.push_str(r"\t \xa0"),
        'h' => out.push_str(r"[\t \xa0]"),
        'H' => out.push_str(r"[^\t \xa0]"),
        'N' => out.push_str(r"[^\n]"),
        'R' => out.push_str(r"(?:\r\n|[\n\x0b\x0c\r\x85])"),
        'v' if in_class => out.push_str(r"\n\x0b\x0c\r\x85"),
        'v' => out.push_str(r"[\n\x0b\x0c\r\x85]"),
        'V' => out.push_str(r"[^\n\x0b\x0c\r\x85]"),
        'Z' => out.push('$'),
        'u' | 'U' => {
            return Err(format!(
                "`\\{character}` is not supported: octets are \\xff"
            ));
        }
        // `regex` takes them for the edges of a word.
        '<' | '>' => octet(character.into(), out),
        'c' => {
            let mut characters = after.chars();
            if let Some(control) = characters.next() {
                octet(u32::from(control.to_ascii_uppercase()) ^ 0x40, out);
            }
            return Ok(characters.as_str());
        }
        'x' if !after.starts_with('{') => {
            let count = digits(2, 16);
            octet(number(count, 16), out);
            return Ok(behind(count));
        }
        '0' => {
            let count = digits(2, 8);
            octet(number(count, 8), out);
            return Ok(behind(count));
        }
        _ => {
            out.push('\\');
            out.push(character);
        }
    }
    Ok(after)
}

/// Names of classes, within brackets: `[[:alpha:]]`.
const NAMES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// A class in brackets: in PCRE a bracket in it is one, and `&&`, `--` and `~~` are characters.
fn class<'t>(text: &'t str, out: &mut String) -> Result<&'t str, String> {
    if text.starts_with("[:") && text.contains(":]") {
        return Err("a named class stands within brackets: [[:alpha:]]".to_owned());
    }
    let mut rest = literally(text, out);
    if rest.starts_with('^') {
        rest = literally(rest, out);
    }
    let mut is_first = true;
    // Whether the character before is a hyphen, which is then a range's.
    let mut is_range = false;
    while let Some(character) = rest.chars().next() {
        let named = rest
            .strip_prefix("[:")
            .and_then(|rest| rest.split_once(":]"));
        rest = match (character, named) {
            (']', _) if !is_first => return Ok(literally(rest, out)),
            ('\\', _) => escape(rest, true, out)?,
            (_, Some((name, behind))) => {
                if !NAMES.contains(&name.strip_prefix('^').unwrap_or(name)) {
                    let names = NAMES.join(", ");
                    return Err(format!("no class of that name; there are {names}"));
                }
                let _ = write!(out, "[:{name}:]");
                behind
            }
            (']' | '[' | '&' | '~', _) => {
                out.push('\\');
                literally(rest, out)
            }
            // `regex` skips them under `(?x)`.
            (' ' | '#', _) => {
                octet(character.into(), out);
                rest.get(1..).unwrap_or_default()
            }
            ('-', _) if is_first || is_range => {
                out.push('\\');
                literally(rest, out)
            }
            _ => literally(rest, out),
        };
        is_range = character == '-' && !is_first && !is_range;
        is_first = false;
    }
    Ok(rest)
}

/// The beginning of a group, or a comment.
fn group<'t>(text: &'t str, out: &mut String) -> Result<&'t str, String> {
    if text.starts_with("(?#") {
        return Ok(text.split_once(')').map_or("", |(_, behind)| behind));
    }
    let flags = text.strip_prefix("(?").unwrap_or_default();
    let flags = flags.split(|c: char| !c.is_ascii_alphabetic() && c != '-');
    // To `regex` they are about lines and Unicode.
    if flags.take(1).any(|flags| flags.contains(['R', 'u'])) {
        return Err("`(?R)` and `(?u)` are not supported".to_owned());
    }
    let rest = literally(text, out);
    // The question mark repeats nothing.
    Ok(if rest.starts_with('?') {
        literally(rest, out)
    } else {
        rest
    })
}

/// `*`, `+`, `?` or `{2,3}`; a brace that is no such count is a character.
fn quantifier<'t>(text: &'t str, out: &mut String) -> Result<&'t str, String> {
    let count = text.strip_prefix('{').map(|inner| {
        let (count, behind) = inner.split_once('}')?;
        let (least, most) = count.split_once(',').unwrap_or((count, ""));
        let is_digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
        let is_count = !least.is_empty() && is_digits(least) && is_digits(most);
        is_count.then_some((count, behind))
    });
    let rest = match count {
        None => literally(text, out),
        Some(Some((count, behind))) => {
            let _ = write!(out, "{{{count}}}");
            behind
        }
        Some(None) => {
            out.push('\\');
            return Ok(literally(text, out));
        }
    };
    if rest.starts_with('+') {
        return Err("repetition that gives nothing back (`++`, `*+`) is not supported".to_owned());
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::super::pattern::pattern;
    use super::*;

    #[test]
    fn what_pcre_reads_otherwise() {
        for (text, octets, is_match) in [
            (r"[a-z&&[^h]]", &b"b"[..], false),
            (r"[a-z&&[^h]]", b"&]", true),
            ("[[]", b"[", true),
            ("[a[b]", b"[", true),
            ("[^[:digit:][]", b"[7", false),
            ("[]a]", b"]", true),
            ("[^]a]", b"]a", false),
            ("[a~~b]", b"~", true),
            ("[+--]", b",", true),
            ("[--a]", b"B", true),
            (r"[\b]", b"\x08", true),
            (r"\<a\>", b"<a>", true),
            (r"\<a\>", b"a", false),
            ("^{$", b"{", true),
            ("a{1", b"a{1", true),
            ("a{,2}", b"a{,2}", true),
            ("^a{2}$", b"aa", true),
            ("^a{1,2}?$", b"aa", true),
            (r"\Qa.c\E.", b"a.cd", true),
            (r"\Qa.c\E.", b"abcd", false),
            (r"^\e\cM\0\012\x4\x$", b"\x1b\r\0\n\x04\0", true),
            (r"^a\hb\Rc\vd[\v]$", b"a\tb\r\ncc\nd\r", false),
            (r"^a\hb\Rc\vd[\v]$", b"a\tb\r\nc\nd\r", true),
            ("a(?#what)b", b"ab", true),
            (r"a\Z", b"a\n", true),
            ("(?i:A)(?<n>b)(?P<m>c)", b"abc", true),
            ("(?x) a b # and", b"ab", true),
            ("(?x) [ # ] b", b" b", true),
            ("é", "é".as_bytes(), true),
        ] {
            let found = pattern(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(found.is_match(octets), is_match, "{text}");
        }
    }

    #[test]
    fn what_regex_cannot_do_is_refused() {
        for text in [
            "a++",
            "a*+",
            "a?+",
            "a{2}+",
            "[a--b]",
            "(?R)",
            "(?iu)a",
            "(?=a)",
            r"(a)\1",
            "[",
            r"\",
            "(",
            "[[:no:]]",
            "[:alpha:]",
            r"\u0041",
        ] {
            assert!(pattern(text).is_err(), "{text}: {:?}", to_regex(text));
        }
    }
}
