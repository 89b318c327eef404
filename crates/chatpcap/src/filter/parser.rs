//! Tokens to a tree that says what was written.
//!
//! From loose to tight: `or`, `and`, `not`, relations, `&`, `+ -`, `* / %`, signs.

use std::ops::Range;

use winnow::combinator::{
    Infix, Prefix, alt, cut_err, delimited, expression, fail, opt, preceded, repeat, separated,
};
use winnow::error::{ErrMode, ParserError};
use winnow::prelude::*;
use winnow::stream::TokenSlice;
use winnow::token::any;

use super::error::Fault;
use super::syntax::{Operator, Quantifier, Relation, Syntax, Term, TermKind};
use super::token::{Symbol, Token, TokenKind};

/// Words that are operators and so stand for no value.
const KEYWORDS: &[&str] = &[
    "and",
    "or",
    "not",
    "in",
    "contains",
    "matches",
    "eq",
    "ne",
    "gt",
    "lt",
    "ge",
    "le",
    "any_eq",
    "all_eq",
    "any_ne",
    "all_ne",
    "any",
    "all",
    "bitwise_and",
];

/// Words of tcpdump's capture filters, which are another language.
const CAPTURE_FILTER: &[&str] = &["host", "net", "port", "portrange", "src", "dst"];

type Input<'t> = TokenSlice<'t, Token>;
type Parsed<T> = Result<T, ErrMode<Wrong>>;

/// What the parser did not find, and the token that stands in its place.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    found: Option<Token>,
    expected: Option<&'static str>,
}

impl ParserError<Input<'_>> for Wrong {
    type Inner = Self;

    fn from_input(input: &Input<'_>) -> Self {
        Self {
            found: input.peek_token().cloned(),
            expected: None,
        }
    }

    fn into_inner(self) -> winnow::Result<Self::Inner, Self> {
        Ok(self)
    }
}

/// Parses a whole filter. Without any token there is none: every frame is meant.
pub(super) fn parse(tokens: &[Token], end: usize) -> Result<Option<Syntax>, Fault> {
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut input = TokenSlice::new(tokens);
    let parsed = filter(&mut input);
    let wrong = match parsed {
        Ok(syntax) => match input.peek_token() {
            None => return Ok(Some(syntax)),
            Some(found) => Wrong {
                found: Some(found.clone()),
                expected: Some("`and`, `or` or the end"),
            },
        },
        Err(ErrMode::Backtrack(wrong) | ErrMode::Cut(wrong)) => wrong,
        // All tokens are there: nothing is incomplete.
        Err(ErrMode::Incomplete(_)) => Wrong::from_input(&input),
    };
    let fault = wrong.fault(end);
    let is_capture_filter = |token: &Token| matches!(&token.kind, TokenKind::Word(word) if CAPTURE_FILTER.contains(&word.as_str()));
    Err(match fault.hint {
        None if tokens.iter().any(is_capture_filter) => {
            fault.hint("not tcpdump's language: ip.addr == 10.0.0.1, tcp.port == 80")
        }
        _ => fault,
    })
}

impl Wrong {
    fn fault(self, end: usize) -> Fault {
        let expected = self.expected.unwrap_or("a field");
        let Some(Token { kind, span }) = self.found else {
            return Fault::new(end..end, format!("needs {expected} before the end"));
        };
        let fault = Fault::new(span, format!("needs {expected} here, not {kind}"));
        let TokenKind::Word(word) = &kind else {
            return fault;
        };
        let lower = word.to_ascii_lowercase();
        if *word != lower && KEYWORDS.contains(&lower.as_str()) {
            return fault.hint(format!("operators are in lower case: `{lower}`"));
        }
        if lower == "xor" {
            return fault.hint("there is no `xor`: (a and not b) or (b and not a)");
        }
        fault
    }
}

/// Commits to `parser`: where it fails, `expected` is what was needed.
fn need<'t, T>(
    expected: &'static str,
    parser: impl Parser<Input<'t>, T, ErrMode<Wrong>>,
) -> impl Parser<Input<'t>, T, ErrMode<Wrong>> {
    cut_err(named(expected, parser))
}

/// Where `parser` fails, `expected` is what was needed.
fn named<'t, T>(
    expected: &'static str,
    mut parser: impl Parser<Input<'t>, T, ErrMode<Wrong>>,
) -> impl Parser<Input<'t>, T, ErrMode<Wrong>> {
    move |input: &mut Input<'t>| {
        parser.parse_next(input).map_err(|error| {
            error.map(|wrong: Wrong| Wrong {
                expected: wrong.expected.or(Some(expected)),
                ..wrong
            })
        })
    }
}

/// The next token, if `take` makes something of it.
fn accept<'t, T>(take: impl Fn(&Token) -> Option<T>) -> impl Parser<Input<'t>, T, ErrMode<Wrong>> {
    any.verify_map(move |token: &'t Token| take(token))
}

fn symbol<'t>(symbol: Symbol) -> impl Parser<Input<'t>, Range<usize>, ErrMode<Wrong>> {
    accept(move |token| (token.kind == TokenKind::Symbol(symbol)).then(|| token.span.clone()))
}

fn keyword<'t>(word: &'static str) -> impl Parser<Input<'t>, Range<usize>, ErrMode<Wrong>> {
    accept(move |token| {
        let is_it = matches!(&token.kind, TokenKind::Word(text) if text == word);
        is_it.then(|| token.span.clone())
    })
}

fn filter(input: &mut Input<'_>) -> Parsed<Syntax> {
    let not = alt((symbol(Symbol::Not), keyword("not")));
    let or = alt((symbol(Symbol::Or), keyword("or")));
    let and = alt((symbol(Symbol::And), keyword("and")));
    let whole = expression(operand)
        .prefix(not.map(|_| Prefix(3, |_: &mut _, of| Ok(Syntax::Not(Box::new(of))))))
        .infix(alt((
            and.map(|_| Infix::Left(2, |_: &mut _, a, b| Ok(joined(a, b, true)))),
            or.map(|_| Infix::Left(1, |_: &mut _, a, b| Ok(joined(a, b, false)))),
        )));
    named("a field, `not` or `(`", whole).parse_next(input)
}

/// One list for a row of `and` or of `or`: a tree of them could be as deep as the filter is long.
fn joined(a: Syntax, b: Syntax, all: bool) -> Syntax {
    match (a, all) {
        (Syntax::And(mut list), true) => {
            list.push(b);
            Syntax::And(list)
        }
        (Syntax::Or(mut list), false) => {
            list.push(b);
            Syntax::Or(list)
        }
        (a, true) => Syntax::And(vec![a, b]),
        (a, false) => Syntax::Or(vec![a, b]),
    }
}

fn operand(input: &mut Input<'_>) -> Parsed<Syntax> {
    let close = need("`)`", symbol(Symbol::Close));
    alt((
        delimited(symbol(Symbol::Open), cut_err(filter), close),
        test,
    ))
    .parse_next(input)
}

fn test(input: &mut Input<'_>) -> Parsed<Syntax> {
    let quantifier = opt(alt((
        keyword("any").value(Quantifier::Any),
        keyword("all").value(Quantifier::All),
    )))
    .parse_next(input)?;
    let first = term(input)?;
    let set = (opt(keyword("not")), keyword("in"));
    if let Some((not, _)) = opt(set).parse_next(input)? {
        need("`{`", symbol(Symbol::OpenBrace)).parse_next(input)?;
        let range = preceded(symbol(Symbol::Range), need("the range's end", term));
        let member = need("a value", (term, opt(range)));
        let members = separated(1.., member, symbol(Symbol::Comma)).parse_next(input)?;
        need("`,` or `}`", symbol(Symbol::CloseBrace)).parse_next(input)?;
        return Ok(Syntax::Set {
            quantifier,
            term: first,
            negated: not.is_some(),
            members,
        });
    }
    let rest: Vec<_> = repeat(0.., (relation, need("a value", term))).parse_next(input)?;
    if quantifier.is_none() && rest.is_empty() {
        return Ok(Syntax::Alone(first));
    }
    if rest.is_empty() {
        return need("a comparison", fail).parse_next(input);
    }
    Ok(Syntax::Relations {
        quantifier,
        first,
        rest,
    })
}

fn relation(input: &mut Input<'_>) -> Parsed<Relation> {
    let relation = |token: &Token| {
        Some(match &token.kind {
            TokenKind::Symbol(symbol) => match *symbol {
                Symbol::Equal => Relation::Equal,
                Symbol::Unequal => Relation::Unequal,
                Symbol::AllEqual => Relation::AllEqual,
                Symbol::AnyUnequal => Relation::AnyUnequal,
                Symbol::Greater => Relation::Greater,
                Symbol::Less => Relation::Less,
                Symbol::AtLeast => Relation::AtLeast,
                Symbol::AtMost => Relation::AtMost,
                Symbol::Matches => Relation::Matches,
                _ => return None,
            },
            TokenKind::Word(word) => match word.as_str() {
                "eq" | "any_eq" => Relation::Equal,
                "ne" | "all_ne" => Relation::Unequal,
                "all_eq" => Relation::AllEqual,
                "any_ne" => Relation::AnyUnequal,
                "gt" => Relation::Greater,
                "lt" => Relation::Less,
                "ge" => Relation::AtLeast,
                "le" => Relation::AtMost,
                "contains" => Relation::Contains,
                "matches" => Relation::Matches,
                _ => return None,
            },
            _ => return None,
        })
    };
    accept(relation).parse_next(input)
}

fn term(input: &mut Input<'_>) -> Parsed<Term> {
    let minus = symbol(Symbol::Minus).value(Prefix(4, (|_, of| Ok(negative(of))) as Fold1));
    let plus = symbol(Symbol::Plus).value(Prefix(4, (|_, of| Ok(of)) as Fold1));
    expression(atom)
        .prefix(alt((minus, plus)))
        .infix(operator)
        .parse_next(input)
}

type Fold1 = fn(&mut Input<'_>, Term) -> Parsed<Term>;
type Fold2 = fn(&mut Input<'_>, Term, Term) -> Parsed<Term>;

/// An arithmetic operator, how tight it binds, and what it makes of its two sides.
fn operator<'t>(input: &mut Input<'t>) -> Parsed<Infix<Input<'t>, Term, ErrMode<Wrong>>> {
    let bits: Fold2 = |_, a, b| Ok(calculated(Operator::Bits, a, b));
    let plus: Fold2 = |_, a, b| Ok(calculated(Operator::Plus, a, b));
    let minus: Fold2 = |_, a, b| Ok(calculated(Operator::Minus, a, b));
    let times: Fold2 = |_, a, b| Ok(calculated(Operator::Times, a, b));
    let over: Fold2 = |_, a, b| Ok(calculated(Operator::Over, a, b));
    let modulo: Fold2 = |_, a, b| Ok(calculated(Operator::Modulo, a, b));
    let (power, fold) = alt((
        symbol(Symbol::Bits).value((1, bits)),
        keyword("bitwise_and").value((1, bits)),
        symbol(Symbol::Plus).value((2, plus)),
        symbol(Symbol::Minus).value((2, minus)),
        symbol(Symbol::Times).value((3, times)),
        symbol(Symbol::Over).value((3, over)),
        symbol(Symbol::Modulo).value((3, modulo)),
    ))
    .parse_next(input)?;
    Ok(Infix::Left(power, fold))
}

fn negative(of: Term) -> Term {
    let span = of.span.start.saturating_sub(1)..of.span.end;
    Term {
        kind: TermKind::Negative(Box::new(of)),
        span,
    }
}

fn calculated(operator: Operator, a: Term, b: Term) -> Term {
    let span = a.span.start..b.span.end;
    Term {
        kind: TermKind::Calculation(operator, Box::new(a), Box::new(b)),
        span,
    }
}

fn atom(input: &mut Input<'_>) -> Parsed<Term> {
    let close = need("`}`", symbol(Symbol::CloseBrace));
    let group = delimited(symbol(Symbol::OpenBrace), need("a value", term), close);
    alt((group, call, literal, word)).parse_next(input)
}

fn literal(input: &mut Input<'_>) -> Parsed<Term> {
    accept(|token| {
        let kind = match &token.kind {
            TokenKind::Quoted(text) => TermKind::Quoted(text.clone()),
            TokenKind::Character(octet) => TermKind::Character(*octet),
            _ => return None,
        };
        Some(Term {
            kind,
            span: token.span.clone(),
        })
    })
    .parse_next(input)
}

fn plain_word(input: &mut Input<'_>) -> Parsed<(String, Range<usize>)> {
    accept(|token| match &token.kind {
        TokenKind::Word(word) if !KEYWORDS.contains(&word.as_str()) => {
            Some((word.clone(), token.span.clone()))
        }
        _ => None,
    })
    .parse_next(input)
}

fn call(input: &mut Input<'_>) -> Parsed<Term> {
    let (name, span) = plain_word(input)?;
    symbol(Symbol::Open).parse_next(input)?;
    let arguments = separated(0.., term, symbol(Symbol::Comma)).parse_next(input)?;
    let close = need("`,` or `)`", symbol(Symbol::Close)).parse_next(input)?;
    Ok(Term {
        kind: TermKind::Call(name, arguments),
        span: span.start..close.end,
    })
}

fn word(input: &mut Input<'_>) -> Parsed<Term> {
    let (text, span) = plain_word(input)?;
    let ordinals = opt(accept(|token| match &token.kind {
        TokenKind::Ordinal(parts) => Some((parts.clone(), token.span.end)),
        _ => None,
    }))
    .parse_next(input)?;
    let slice = opt(accept(|token| match &token.kind {
        TokenKind::Slice(parts) => Some((parts.clone(), token.span.end)),
        _ => None,
    }))
    .parse_next(input)?;
    let end = slice
        .as_ref()
        .or(ordinals.as_ref())
        .map_or(span.end, |(_, end)| *end);
    Ok(Term {
        kind: TermKind::Word {
            text,
            ordinals: ordinals.map(|(parts, _)| parts),
            slice: slice.map(|(parts, _)| parts),
        },
        span: span.start..end,
    })
}

#[cfg(test)]
mod tests {
    use super::super::token::tokens;
    use super::*;

    /// The tree with parentheses around everything.
    fn shown(text: &str) -> String {
        let tokens = tokens(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        let tree = parse(&tokens, text.len()).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        show(&tree.expect("a filter"))
    }

    fn show(syntax: &Syntax) -> String {
        let list = |list: &[Syntax], by: &str| {
            let parts: Vec<_> = list.iter().map(show).collect();
            format!("({})", parts.join(by))
        };
        match syntax {
            Syntax::Or(of) => list(of, " or "),
            Syntax::And(of) => list(of, " and "),
            Syntax::Not(of) => format!("(not {})", show(of)),
            Syntax::Alone(term) => show_term(term),
            Syntax::Relations { first, rest, .. } => {
                let rest: Vec<_> = rest
                    .iter()
                    .map(|(relation, term)| format!(" {relation:?} {}", show_term(term)))
                    .collect();
                format!("({}{})", show_term(first), rest.concat())
            }
            Syntax::Set { term, members, .. } => {
                format!("({} in {})", show_term(term), members.len())
            }
        }
    }

    fn show_term(term: &Term) -> String {
        match &term.kind {
            TermKind::Word { text, .. } => text.clone(),
            TermKind::Quoted(text) => format!("{:?}", String::from_utf8_lossy(text)),
            TermKind::Character(octet) => format!("'{octet}'"),
            TermKind::Call(name, arguments) => {
                let arguments: Vec<_> = arguments.iter().map(show_term).collect();
                format!("{name}({})", arguments.join(","))
            }
            TermKind::Negative(of) => format!("(-{})", show_term(of)),
            TermKind::Calculation(operator, a, b) => {
                format!("({} {operator:?} {})", show_term(a), show_term(b))
            }
        }
    }

    #[test]
    fn operators_bind_as_in_wireshark() {
        for (text, tree) in [
            ("a or b and not c", "(a or (b and (not c)))"),
            ("!a && b || c", "(((not a) and b) or c)"),
            ("!(a)and(b)or(c)", "(((not a) and b) or c)"),
            ("not not a", "(not (not a))"),
            ("not a == b", "(not (a Equal b))"),
            ("a == b == c", "(a Equal b Equal c)"),
            (
                "a + b * c - d == 1",
                "(((a Plus (b Times c)) Minus d) Equal 1)",
            ),
            ("a & b + 1", "(a Bits (b Plus 1))"),
            ("{a + b} * -c > 0", "(((a Plus b) Times (-c)) Greater 0)"),
            ("a in {1, 2..3} and b", "((a in 2) and b)"),
            (
                "a not in {1} or f(a, b) > 1",
                "((not-in) or (f(a,b) Greater 1))",
            ),
            (
                "a matches \"x\" and b contains y",
                "((a Matches \"x\") and (b Contains y))",
            ),
            (
                "a ~= b or c ~ \"x\"",
                "((a AnyUnequal b) or (c Matches \"x\"))",
            ),
        ] {
            let tree = tree.replace("(not-in)", "(a in 1)");
            assert_eq!(shown(text), tree, "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_named_where_it_is_missing() {
        for (text, at, message) in [
            ("tcp and", 7, "needs a field, `not` or `(` before the end"),
            ("and tcp", 0, "needs a field, `not` or `(` here, not `and`"),
            ("tcp udp", 4, "needs `and`, `or` or the end here, not `udp`"),
            ("(tcp", 4, "needs `)` before the end"),
            ("tcp)", 3, "needs `and`, `or` or the end here, not `)`"),
            ("()", 1, "needs a field, `not` or `(` here, not `)`"),
            ("a == ", 5, "needs a value before the end"),
            ("a in 5", 5, "needs `{` here, not `5`"),
            ("a in {}", 6, "needs a value here, not `}`"),
            ("a in {1,}", 8, "needs a value here, not `}`"),
            ("a in {1 2}", 8, "needs `,` or `}` here, not `2`"),
            ("a in {1..}", 9, "needs the range's end here, not `}`"),
            ("a in {1..3..4}", 10, "needs `,` or `}` here, not `..`"),
            ("all a", 5, "needs a comparison before the end"),
            ("a AND b", 2, "needs `and`, `or` or the end here, not `AND`"),
            (
                "a == b xor c",
                7,
                "needs `and`, `or` or the end here, not `xor`",
            ),
            ("f(a b)", 4, "needs `,` or `)` here, not `b`"),
        ] {
            let tokens = tokens(text).unwrap();
            let fault = parse(&tokens, text.len()).unwrap_err();
            assert_eq!(
                (fault.span.start, fault.message.as_str()),
                (at, message),
                "{text}"
            );
        }
    }
}
