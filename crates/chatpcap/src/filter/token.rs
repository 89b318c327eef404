//! The text of a filter to tokens.

use std::fmt;
use std::ops::Range;

use winnow::ascii::{digit1, multispace0};
use winnow::combinator::{
    alt, cut_err, delimited, eof, fail, not, opt, preceded, repeat, separated, terminated,
};
use winnow::error::{StrContext, StrContextValue};
use winnow::prelude::*;
use winnow::stream::LocatingSlice;
use winnow::token::{any, none_of, one_of, take, take_while};

use super::error::Fault;

/// Octets that the text of a filter may have: more than any list of addresses that is typed.
pub(super) const MAX_TEXT: usize = 64 << 10;
/// How deep parentheses, braces and signs may nest: the stack has an end.
pub(super) const MAX_DEPTH: usize = 64;
/// Arithmetic operators that a filter may have: each nests the ones before it.
pub(super) const MAX_ARITHMETIC: usize = 256;

/// A token and where it stands in the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub span: Range<usize>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// A field, a keyword, a number, an address: the context tells.
    Word(String),
    /// Text in double quotes, its escapes resolved.
    Quoted(Vec<u8>),
    /// One character in single quotes.
    Character(u8),
    /// Octets of a value: `[0:3]`.
    Slice(Vec<Part>),
    /// Headers of a frame by their ordinals: `#2`, `#[1-2]`.
    Ordinal(Vec<Part>),
    /// Anything else.
    Symbol(Symbol),
}

/// Part of something that is counted; negative numbers count from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// `start:length`, or `start:` to the end.
    Length(i64, Option<i64>),
    /// `first-last`.
    Through(i64, i64),
}

/// What is written without letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    AllEqual,
    AnyUnequal,
    Equal,
    Unequal,
    AtLeast,
    AtMost,
    And,
    Or,
    Range,
    Greater,
    Less,
    Not,
    Bits,
    Plus,
    Minus,
    Times,
    Over,
    Modulo,
    Matches,
    Open,
    Close,
    OpenBrace,
    CloseBrace,
    Comma,
}

/// How symbols are written, longer ones before those that they begin with.
const SYMBOLS: &[(&str, Symbol)] = &[
    ("===", Symbol::AllEqual),
    ("!==", Symbol::AnyUnequal),
    ("~=", Symbol::AnyUnequal),
    ("==", Symbol::Equal),
    ("!=", Symbol::Unequal),
    (">=", Symbol::AtLeast),
    ("<=", Symbol::AtMost),
    ("&&", Symbol::And),
    ("||", Symbol::Or),
    ("..", Symbol::Range),
    (">", Symbol::Greater),
    ("<", Symbol::Less),
    ("!", Symbol::Not),
    ("&", Symbol::Bits),
    ("+", Symbol::Plus),
    ("-", Symbol::Minus),
    ("*", Symbol::Times),
    ("/", Symbol::Over),
    ("%", Symbol::Modulo),
    ("~", Symbol::Matches),
    ("(", Symbol::Open),
    (")", Symbol::Close),
    ("{", Symbol::OpenBrace),
    ("}", Symbol::CloseBrace),
    (",", Symbol::Comma),
];

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "`{word}`"),
            Self::Quoted(_) => f.write_str("quoted text"),
            Self::Character(_) => f.write_str("a character"),
            Self::Slice(_) => f.write_str("a slice"),
            Self::Ordinal(_) => f.write_str("an ordinal"),
            Self::Symbol(symbol) => {
                let mut symbols = SYMBOLS.iter();
                let text = symbols.find(|(_, other)| other == symbol);
                write!(f, "`{}`", text.map_or("", |(text, _)| text))
            }
        }
    }
}

type Input<'t> = LocatingSlice<&'t str>;

/// Splits the text of a filter into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    if text.len() > MAX_TEXT {
        let message = format!("needs at most {MAX_TEXT} octets, has {}", text.len());
        return Err(Fault::new(0..0, message));
    }
    let mut all = delimited(
        multispace0,
        repeat(0.., terminated(token, multispace0)),
        eof,
    );
    let tokens: Vec<Token> = all.parse(LocatingSlice::new(text)).map_err(|error| {
        let at = error.offset();
        let character = text.get(at..).and_then(|rest| rest.chars().next());
        let end = at + character.map_or(0, char::len_utf8);
        let mut expected = error.inner().context().filter_map(|context| match context {
            StrContext::Expected(StrContextValue::Description(what)) => Some(*what),
            _ => None,
        });
        let message = match (expected.next(), character) {
            (Some(what), Some(_)) => format!("needs {what} here"),
            (Some(what), None) => format!("needs {what} before the end"),
            (None, Some(character)) => format!("unexpected character {character:?}"),
            (None, None) => "unexpected end".to_owned(),
        };
        let fault = Fault::new(at..end, message);
        match character {
            Some('=') => fault.hint("equal is `==`"),
            Some('|') => fault.hint("or is `||`"),
            _ => fault,
        }
    })?;
    limited(&tokens)?;
    Ok(tokens)
}

/// Refuses what would nest too deep.
fn limited(tokens: &[Token]) -> Result<(), Fault> {
    // For each open parenthesis and for the token at hand: how many signs stand before it.
    let mut signs = vec![0_usize];
    let mut operators = 0;
    for Token { kind, span } in tokens {
        let is_sign = match kind {
            TokenKind::Symbol(Symbol::Not | Symbol::Minus | Symbol::Plus) => true,
            TokenKind::Word(word) => word == "not",
            _ => false,
        };
        match kind {
            TokenKind::Symbol(Symbol::Open | Symbol::OpenBrace) => signs.push(0),
            TokenKind::Symbol(Symbol::Close | Symbol::CloseBrace) if signs.len() > 1 => {
                signs.pop();
                set_last(&mut signs, |_| 0);
            }
            _ if is_sign => set_last(&mut signs, |last| last + 1),
            _ => set_last(&mut signs, |_| 0),
        }
        if signs.len() + signs.iter().sum::<usize>() > MAX_DEPTH + 1 {
            let message = format!("nests deeper than {MAX_DEPTH} levels");
            return Err(Fault::new(span.clone(), message));
        }
        operators += usize::from(matches!(
            kind,
            TokenKind::Symbol(
                Symbol::Plus
                    | Symbol::Minus
                    | Symbol::Times
                    | Symbol::Over
                    | Symbol::Modulo
                    | Symbol::Bits
            )
        ));
        if operators > MAX_ARITHMETIC {
            let message = format!("has more than {MAX_ARITHMETIC} arithmetic operators");
            return Err(Fault::new(span.clone(), message));
        }
    }
    Ok(())
}

fn set_last(signs: &mut [usize], to: fn(usize) -> usize) {
    if let Some(last) = signs.last_mut() {
        *last = to(*last);
    }
}

fn token(input: &mut Input<'_>) -> ModalResult<Token> {
    let slice = delimited('[', cut_err(parts), cut_err(']').context(expected("`]`")));
    let kind = alt((
        raw.map(TokenKind::Quoted),
        quoted.map(TokenKind::Quoted),
        character.map(TokenKind::Character),
        slice.map(TokenKind::Slice),
        preceded('#', cut_err(ordinal)).map(TokenKind::Ordinal),
        // `..` before words, which may begin with a dot.
        "..".value(TokenKind::Symbol(Symbol::Range)),
        word.map(TokenKind::Word),
        symbol.map(TokenKind::Symbol),
    ));
    kind.with_span()
        .map(|(kind, span)| Token { kind, span })
        .parse_next(input)
}

const fn expected(what: &'static str) -> StrContext {
    StrContext::Expected(StrContextValue::Description(what))
}

fn symbol(input: &mut Input<'_>) -> ModalResult<Symbol> {
    for (text, symbol) in SYMBOLS {
        if input.starts_with(text) {
            return text.value(*symbol).parse_next(input);
        }
    }
    fail.parse_next(input)
}

/// Letters, digits, `_`, `.`, `:` and `-`: but `..` ends a word, and `/8` belongs to it where it is an
/// address.
fn word(input: &mut Input<'_>) -> ModalResult<String> {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-');
    let text: &str = input.as_ref();
    if text.starts_with('-') {
        return fail.parse_next(input);
    }
    let mut characters = text.char_indices().peekable();
    let mut end = text.len();
    // No further than the word: a run of `1..` is as many words as it has ranges.
    while let Some((at, c)) = characters.next() {
        let is_range = c == '.' && characters.peek().is_some_and(|(_, next)| *next == '.');
        if is_range || !is_inner(c) {
            end = at;
            break;
        }
    }
    if end == 0 {
        return fail.parse_next(input);
    }
    let word = take(end).parse_next(input)?;
    let prefix = if word.parse::<std::net::IpAddr>().is_ok() {
        opt(preceded('/', digit1)).parse_next(input)?
    } else {
        None
    };
    Ok(match prefix {
        Some(prefix) => format!("{word}/{prefix}"),
        None => word.to_owned(),
    })
}

/// Text in quotes after an `r`: a backslash stays one, also before a quote, which does not end the
/// text.
fn raw(input: &mut Input<'_>) -> ModalResult<Vec<u8>> {
    let piece = alt((('\\', '"').take(), none_of('"').take()));
    let body = repeat::<_, _, (), _, _>(0.., piece).take();
    let close = cut_err('"').context(expected("a closing `\"`"));
    delimited((one_of(['r', 'R']), '"'), body, close)
        .map(|text: &str| text.as_bytes().to_vec())
        .parse_next(input)
}

/// Text in quotes.
fn quoted(input: &mut Input<'_>) -> ModalResult<Vec<u8>> {
    let plain = take_while(1.., |c| c != '\\' && c != '"');
    let piece = alt((
        preceded('\\', cut_err(escape)).map(|octet| vec![octet]),
        plain.map(|text: &str| text.as_bytes().to_vec()),
    ));
    let body = repeat(0.., piece).fold(Vec::new, |mut text: Vec<u8>, piece: Vec<u8>| {
        text.extend(piece);
        text
    });
    let close = cut_err('"').context(expected("a closing `\"`"));
    delimited('"', body, close).parse_next(input)
}

fn character(input: &mut Input<'_>) -> ModalResult<u8> {
    let plain = one_of(|c: char| c.is_ascii() && c != '\'' && c != '\\');
    let one = alt((
        preceded('\\', escape),
        plain.verify_map(|c: char| u8::try_from(c).ok()),
    ));
    let one = cut_err(one).context(expected("one ASCII character or an escape"));
    let close = cut_err('\'').context(expected("a closing `'`"));
    delimited('\'', one, close).parse_next(input)
}

/// What stands behind a backslash.
fn escape(input: &mut Input<'_>) -> ModalResult<u8> {
    let hexadecimal = preceded('x', take_while(1..=2, |c: char| c.is_ascii_hexdigit()))
        .verify_map(|digits| u8::from_str_radix(digits, 16).ok());
    let octal = take_while(1..=3, |c| ('0'..='7').contains(&c))
        .verify_map(|digits| u8::from_str_radix(digits, 8).ok());
    let single = any.verify_map(|c| {
        Some(match c {
            'a' => 0x07,
            'b' => 0x08,
            'f' => 0x0c,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 0x0b,
            '"' | '\'' | '\\' => u8::try_from(c).ok()?,
            _ => return None,
        })
    });
    let what = "an escape (\\n \\t \\\" \\\\ \\x41 \\101), or raw text r\"...\",";
    alt((hexadecimal, octal, single))
        .context(expected(what))
        .parse_next(input)
}

fn ordinal(input: &mut Input<'_>) -> ModalResult<Vec<Part>> {
    let single = digit1
        .parse_to()
        .map(|at: i64| vec![Part::Length(at, Some(1))]);
    alt((delimited('[', parts, ']'), single))
        .context(expected("an ordinal like #1 or #[1-2]"))
        .parse_next(input)
}

fn number(input: &mut Input<'_>) -> ModalResult<i64> {
    (opt('-'), digit1).take().parse_to().parse_next(input)
}

fn parts(input: &mut Input<'_>) -> ModalResult<Vec<Part>> {
    let with_length = (number, preceded(':', opt(number)));
    let to_length = preceded(':', number);
    let through = (number, preceded('-', number));
    let single = terminated(number, not(one_of(['-', ':'])));
    let part = alt((
        with_length.map(|(start, length)| Part::Length(start, length)),
        to_length.map(|length| Part::Length(0, Some(length))),
        through.map(|(first, last)| Part::Through(first, last)),
        single.map(|at| Part::Length(at, Some(1))),
    ));
    separated(1.., delimited(multispace0, part, multispace0), ',')
        .context(expected("octets like [3], [0:4], [4:], [:4] or [1-2]"))
        .parse_next(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TokenKind> {
        let tokens = tokens(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        tokens.into_iter().map(|token| token.kind).collect()
    }

    fn word(text: &str) -> TokenKind {
        TokenKind::Word(text.to_owned())
    }

    #[test]
    fn words_hold_dots_colons_and_prefixes() {
        let range = TokenKind::Symbol(Symbol::Range);
        assert_eq!(kinds(" tcp.port "), [word("tcp.port")]);
        assert_eq!(kinds("1..3"), [word("1"), range.clone(), word("3")]);
        assert_eq!(
            kinds("10.0.0.0..10.0.0.9"),
            [word("10.0.0.0"), range, word("10.0.0.9")]
        );
        assert_eq!(kinds("10.0.0.0/8"), [word("10.0.0.0/8")]);
        assert_eq!(kinds("fe80::/10"), [word("fe80::/10")]);
        assert_eq!(
            kinds("tcp.len/2"),
            [word("tcp.len"), TokenKind::Symbol(Symbol::Over), word("2")]
        );
        assert_eq!(kinds("-1"), [TokenKind::Symbol(Symbol::Minus), word("1")]);
        assert_eq!(
            kinds("a~=1"),
            [word("a"), TokenKind::Symbol(Symbol::AnyUnequal), word("1")]
        );
    }

    #[test]
    fn quoted_text_resolves_escapes_and_raw_text_does_not() {
        assert_eq!(
            kinds(r#""a\"\x41\101\n""#),
            [TokenKind::Quoted(b"a\"AA\n".to_vec())]
        );
        assert_eq!(kinds(r#"r"a\.b""#), [TokenKind::Quoted(br"a\.b".to_vec())]);
        assert_eq!(kinds("'a'"), [TokenKind::Character(b'a')]);
        for wrong in [r#""\.""#, r#""open"#, "''", "'ab'", "\"\u{e9}\\q\""] {
            assert!(tokens(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn slices_and_ordinals() {
        let slice = |parts: &[Part]| TokenKind::Slice(parts.to_vec());
        assert_eq!(kinds("[0:3]"), [slice(&[Part::Length(0, Some(3))])]);
        assert_eq!(kinds("[-4:]"), [slice(&[Part::Length(-4, None)])]);
        assert_eq!(kinds("[:2]"), [slice(&[Part::Length(0, Some(2))])]);
        assert_eq!(
            kinds("[1-2, 5]"),
            [slice(&[Part::Through(1, 2), Part::Length(5, Some(1))])]
        );
        assert_eq!(
            kinds("#2"),
            [TokenKind::Ordinal(vec![Part::Length(2, Some(1))])]
        );
        for wrong in [
            "[]",
            "[a]",
            "[1",
            "#",
            "#x",
            "[1-]",
            "[99999999999999999999]",
        ] {
            assert!(tokens(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn faults_say_where() {
        let fault = tokens("tcp == \u{fc}").unwrap_err();
        assert_eq!(
            (fault.span.start, fault.message.as_str()),
            (7, "unexpected character 'ü'")
        );
        for wrong in [
            "(".repeat(MAX_DEPTH + 1),
            "!".repeat(MAX_DEPTH + 1),
            "!(!".repeat(MAX_DEPTH),
            "a+".repeat(MAX_ARITHMETIC + 1),
            "a".repeat(MAX_TEXT + 1),
        ] {
            assert!(tokens(&wrong).is_err(), "{wrong}");
        }
        for right in ["not a and ", "(a) and ", "!(a) and "] {
            assert!(tokens(&right.repeat(1000)).is_ok(), "{right}");
        }
    }
}
