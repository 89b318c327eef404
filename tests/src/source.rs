//! Rust source as the layering rules look at it: code without comments, literals and unit tests.

/// The code of a source file on the lines where it stands: comments and the insides of string and
/// character literals become blanks.
pub fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, is_code) = match first {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
            '/' if rest.starts_with("/*") => (block_comment(rest), false),
            '"' => (string(rest), false),
            'r' if raw_string(rest).is_some() => (raw_string(rest).unwrap(), false),
            '\'' => match character(rest) {
                Some(length) => (length, false),
                None => (1, true),
            },
            _ if is_word(first) => (word(rest), true),
            _ => (first.len_utf8(), true),
        };
        let (piece, after) = rest.split_at(length);
        if is_code {
            code.push_str(piece);
        } else {
            code.extend(piece.chars().map(|c| if c == '\n' { c } else { ' ' }));
        }
        rest = after;
    }
    code
}

/// `code` without the items behind `#[cfg(test)]`, lines included.
pub fn without_tests(code: &str) -> String {
    const ATTRIBUTE: &str = "#[cfg(test)]";
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(start) = rest.find(ATTRIBUTE) {
        kept.push_str(&rest[..start]);
        rest = &rest[start + ATTRIBUTE.len()..];
        let mut depth = 0_usize;
        let end = rest.find(|c: char| {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && matches!(c, '}' | ';')
        });
        rest = end.map_or("", |end| &rest[end + 1..]);
    }
    kept + rest
}

/// Words, `::` and single signs.
pub fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("::") {
            2
        } else if is_word(first) {
            word(rest)
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

/// A path as it stands in the code, groups taken apart: `use a::{b, c::d}` has `a::b` and `a::c::d`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<'a> {
    /// The words between the colons; `*` is a word.
    pub words: Vec<&'a str>,
    /// How many `mod name { ... }` of the file stand around it.
    pub depth: usize,
}

/// Every path of more than one word.
pub fn paths<'a>(tokens: &[&'a str]) -> Vec<Path<'a>> {
    let mut paths = Vec::new();
    // The brace depths at which an inline module was opened.
    let mut modules = Vec::new();
    let mut braces = 0_usize;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match *token {
            "{" => {
                braces += 1;
                if at >= 2 && tokens[at - 2] == "mod" {
                    modules.push(braces);
                }
            }
            "}" => {
                if modules.last() == Some(&braces) {
                    modules.pop();
                }
                braces = braces.saturating_sub(1);
            }
            token if token.starts_with(is_word) && tokens.get(at + 1) == Some(&"::") => {
                let mut found = Vec::new();
                at = tree(tokens, at, &mut Vec::new(), &mut found);
                let depth = modules.len();
                paths.extend(found.into_iter().map(|words| Path { words, depth }));
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    paths
}

/// Reads one path with its groups from `at` on; says where it ends.
fn tree<'a>(
    tokens: &[&'a str],
    mut at: usize,
    prefix: &mut Vec<&'a str>,
    found: &mut Vec<Vec<&'a str>>,
) -> usize {
    let length = prefix.len();
    loop {
        match tokens.get(at) {
            Some(&"{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| *token != "}") {
                    let before = at;
                    at = tree(tokens, at, prefix, found);
                    // `as name`, a comma, or something that is no path at all.
                    while at == before || !matches!(tokens.get(at), None | Some(&("," | "}"))) {
                        at += 1;
                        if at >= tokens.len() {
                            break;
                        }
                    }
                    at += usize::from(tokens.get(at) == Some(&","));
                }
                at += 1;
                break;
            }
            Some(word) if *word == "*" || word.starts_with(is_word) => {
                prefix.push(word);
                at += 1;
                if tokens.get(at) == Some(&"::")
                    && tokens
                        .get(at + 1)
                        .is_some_and(|next| matches!(*next, "{" | "*") || next.starts_with(is_word))
                {
                    at += 1;
                } else {
                    found.push(prefix.clone());
                    break;
                }
            }
            _ => break,
        }
    }
    prefix.truncate(length);
    at
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn word(text: &str) -> usize {
    text.find(|c| !is_word(c)).unwrap_or(text.len())
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, _) in text.char_indices() {
        if text[at..].starts_with("/*") {
            depth += 1;
        } else if at >= 3 && text[..at].ends_with("*/") {
            depth -= 1;
            if depth == 0 {
                return at;
            }
        }
    }
    text.len()
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// `r"..."` or `r#"..."#`; `r#name` is none.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text[1..].find(|c| c != '#')?;
    let inside = text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = 2 + hashes;
    Some(
        inside
            .find(&end)
            .map_or(text.len(), |at| start + at + end.len()),
    )
}

/// A character literal; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().skip(1);
    let (_, first) = characters.next()?;
    if first == '\\' {
        characters.next();
        return characters.find(|(_, c)| *c == '\'').map(|(at, _)| at + 1);
    }
    let (at, second) = characters.next()?;
    (second == '\'').then_some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        let check = |text: &str, expected: &[&str]| assert_eq!(tokens(&code(text)), expected);
        check("a // b\nc", &["a", "c"]);
        check("a /* b /* c */ d */ e", &["a", "e"]);
        check(r#"a("b \" c", d)"#, &["a", "(", ",", "d", ")"]);
        check(
            r##"a(r#"b " c"#, r"d", br"e")"##,
            &["a", "(", ",", ",", "br", ")"],
        );
        check(
            r"let 'a' '\'' '\n' <'a> r#type",
            &["let", "<", "'", "a", ">", "r", "#", "type"],
        );
        assert_eq!(code("a\n/* b\n c */ d").lines().count(), 3);
    }

    #[test]
    fn unit_tests_are_left_out() {
        let text =
            "a;\n#[cfg(test)]\nmod tests {\n use b; fn c() { d }\n}\ne\n#[cfg(test)]\nmod f;\n";
        assert_eq!(tokens(&without_tests(text)), ["a", ";", "e"]);
    }

    #[test]
    fn paths_are_taken_apart() {
        let all = |text| -> Vec<String> {
            let tokens = tokens(text);
            let paths = paths(&tokens).into_iter();
            paths
                .map(|path| format!("{} {}", path.depth, path.words.join("::")))
                .collect()
        };
        assert_eq!(
            all(
                "use crate::{a::{b, c as d}, e::*, f}; mod m { use super::super::g; h::<crate::i::J>(k) }"
            ),
            [
                "0 crate::a::b",
                "0 crate::a::c",
                "0 crate::e::*",
                "0 crate::f",
                "1 super::super::g",
                "1 h",
                "1 crate::i::J",
            ]
        );
    }
}
