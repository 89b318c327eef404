//! Regular expressions of `matches`.
//!
//! Wireshark uses PCRE: letters match in either case, on octets, and `$` also matches before a line
//! feed at the very end. The crate `regex` takes time linear in the searched octets and bounded
//! memory; what it cannot do in that (backreferences, looking around) is an error.

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind, Look};

use super::pcre::to_regex;

/// Octets that a compiled expression may take.
const MAX_SIZE: usize = 1 << 20;
/// How deep groups may nest.
const MAX_NESTING: u32 = 64;

/// Compiles an expression. The error is for people, in one line.
pub(super) fn pattern(text: &str) -> Result<Regex, String> {
    let text = to_regex(text)?;
    let hir = ParserBuilder::new()
        .case_insensitive(true)
        .unicode(false)
        .utf8(false)
        .nest_limit(MAX_NESTING)
        .build()
        .parse(&text)
        .map_err(|error| reason(&error.to_string()))?;
    let hir = with_final_line_feed(&hir)?;
    RegexBuilder::new(&hir.to_string())
        .unicode(false)
        .size_limit(MAX_SIZE)
        .dfa_size_limit(MAX_SIZE)
        .build()
        .map_err(|error| reason(&error.to_string()))
}

/// The last line of a message that draws a picture above it.
fn reason(message: &str) -> String {
    let last = message.lines().last().unwrap_or(message);
    last.trim_start_matches("error: ").to_owned()
}

/// The same expression, whose `$` matches before a final line feed too.
fn with_final_line_feed(hir: &Hir) -> Result<Hir, String> {
    let all = |list: &[Hir]| {
        list.iter()
            .map(with_final_line_feed)
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(match hir.kind() {
        HirKind::Look(Look::End) => ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build()
            .parse(r"\n?\z")
            .map_err(|error| error.to_string())?,
        HirKind::Concat(list) => Hir::concat(all(list)?),
        HirKind::Alternation(list) => Hir::alternation(all(list)?),
        HirKind::Repetition(repetition) => {
            let mut repetition = repetition.clone();
            repetition.sub = Box::new(with_final_line_feed(&repetition.sub)?);
            Hir::repetition(repetition)
        }
        HirKind::Capture(capture) => {
            let mut capture = capture.clone();
            capture.sub = Box::new(with_final_line_feed(&capture.sub)?);
            Hir::capture(capture)
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => hir.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_match_in_either_case_and_octets_match_themselves() {
        for (text, octets, is_match) in [
            ("^alice$", &b"ALICE"[..], true),
            ("^alice$", b"ALICE\n", true),
            ("^alice$", b"ALICE\n\n", false),
            ("(?-i)^alice$", b"ALICE", false),
            (r"\xff\x00", b"\x01\xff\x00", true),
            (r"a.c", b"a\nc", false),
            (r"\.com", b"www.COM", true),
            ("b|$", b"a", true),
        ] {
            assert_eq!(pattern(text).unwrap().is_match(octets), is_match, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_bounded_is_refused() {
        for text in ["(", "(?=a)", r"(a)\1", &"(".repeat(5000), "(a{1000}){1000}"] {
            let error = pattern(text).unwrap_err();
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
