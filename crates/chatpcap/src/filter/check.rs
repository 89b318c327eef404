//! What was written to what it means: names become fields, literals values of their kinds.

use super::error::Fault;
use super::literal::{Names, literal};
use super::pattern::pattern;
use super::program::{Function, Operand, Test};
use super::syntax::{Operator, Quantifier, Relation, Syntax, Term, TermKind};
use super::token::Part;
use crate::field::{self, Field, Kind, Needs};

/// Regular expressions that a filter may have: each takes memory, see `pattern.rs`.
const MAX_PATTERNS: usize = 64;

/// What a compiled filter is, and what it needs to know of a frame.
pub(super) struct Checked {
    pub test: Test,
    pub needs: Needs,
}

/// Finds what a filter means.
pub(super) fn check(syntax: &Syntax) -> Result<Checked, Fault> {
    let mut checker = Checker {
        needs: Needs::Frame,
        patterns: 0,
    };
    let test = checker.test(syntax)?;
    Ok(Checked {
        test,
        needs: checker.needs,
    })
}

struct Checker {
    needs: Needs,
    patterns: usize,
}

/// An operand with what its values are.
struct Typed {
    operand: Operand,
    kind: Kind,
    names: Names,
}

impl Checker {
    fn test(&mut self, syntax: &Syntax) -> Result<Test, Fault> {
        Ok(match syntax {
            Syntax::Or(list) => Test::Any(self.tests(list)?),
            Syntax::And(list) => Test::All(self.tests(list)?),
            Syntax::Not(of) => Test::Not(Box::new(self.test(of)?)),
            Syntax::Alone(term) => self.alone(term)?,
            Syntax::Relations {
                quantifier,
                first,
                rest,
            } => {
                let mut left = first;
                let mut tests = Vec::new();
                for (relation, right) in rest {
                    tests.push(self.relation(*quantifier, left, *relation, right)?);
                    left = right;
                }
                match tests.len() {
                    1 => tests.remove(0),
                    _ => Test::All(tests),
                }
            }
            Syntax::Set {
                quantifier,
                term,
                negated,
                members,
            } => {
                let left = self.typed(term)?;
                let members = members.iter().map(|(from, to)| {
                    if let TermKind::Calculation(Operator::Minus, ..) = from.kind
                        && is_constant(from)
                    {
                        let fault =
                            Fault::new(from.span.clone(), "needs a value, not a calculation");
                        return Err(fault.hint("a range is 1..3"));
                    }
                    let from = self.comparable(from, &left)?;
                    let to = to.as_ref().map(|to| self.comparable(to, &left));
                    Ok((from, to.transpose()?))
                });
                let within = Test::Within {
                    members: members.collect::<Result<_, Fault>>()?,
                    left: left.operand,
                    // As in Wireshark no value may be in the set where it says `not in`.
                    all: *quantifier == Some(Quantifier::All) && !negated,
                };
                if *negated {
                    Test::Not(Box::new(within))
                } else {
                    within
                }
            }
        })
    }

    fn tests(&mut self, list: &[Syntax]) -> Result<Vec<Test>, Fault> {
        list.iter().map(|syntax| self.test(syntax)).collect()
    }

    /// A field for itself is there or not; a calculation is nought or not.
    fn alone(&mut self, term: &Term) -> Result<Test, Fault> {
        match &term.kind {
            TermKind::Word { .. } => Ok(Test::Exists(self.typed(term)?.operand)),
            TermKind::Calculation(..) | TermKind::Negative(_) => {
                Ok(Test::NotZero(self.typed(term)?.operand))
            }
            TermKind::Call(name, _) => Err(Fault::new(
                term.span.clone(),
                format!("needs a comparison behind {name}(...)"),
            )),
            TermKind::Quoted(_) | TermKind::Character(_) => {
                Err(Fault::new(term.span.clone(), "needs a field, not a value"))
            }
        }
    }

    fn relation(
        &mut self,
        quantifier: Option<Quantifier>,
        left: &Term,
        relation: Relation,
        right: &Term,
    ) -> Result<Test, Fault> {
        let typed = self.typed(left)?;
        let all = match (quantifier, relation) {
            (Some(quantifier), _) => quantifier == Quantifier::All,
            (None, Relation::Unequal | Relation::AllEqual) => true,
            (None, _) => false,
        };
        let cannot = |what: &str| {
            let message = format!(
                "{what} needs text or octets on its left, not {}",
                typed.kind.name()
            );
            Fault::new(left.span.clone(), message)
        };
        let is_searchable = typed.kind.is_octets() || typed.kind == Kind::Text;
        match relation {
            Relation::Matches => {
                if !is_searchable {
                    return Err(cannot("`matches`"));
                }
                let TermKind::Quoted(text) = &right.kind else {
                    let message = "`matches` needs a regular expression in double quotes";
                    return Err(Fault::new(right.span.clone(), message));
                };
                let wrong = |why: String| {
                    Fault::new(right.span.clone(), format!("regular expression: {why}"))
                };
                self.patterns += 1;
                if self.patterns > MAX_PATTERNS {
                    let message = format!("has more than {MAX_PATTERNS} regular expressions");
                    return Err(Fault::new(right.span.clone(), message)
                        .hint("one can look for several: \"alice|bob\""));
                }
                let text = str::from_utf8(text).map_err(|error| {
                    wrong(format!("{error}: write octets as \\\\xff or in r\"...\""))
                })?;
                Ok(Test::Matches {
                    left: typed.operand,
                    pattern: pattern(text).map_err(wrong)?,
                    all,
                })
            }
            Relation::Contains => {
                if !is_searchable {
                    return Err(cannot("`contains`"));
                }
                // What is searched for in an address may be shorter than one.
                let of = Typed {
                    kind: if typed.kind == Kind::Text {
                        Kind::Text
                    } else {
                        Kind::Bytes
                    },
                    ..typed
                };
                let right = self.comparable(right, &of)?;
                Ok(Test::Contains {
                    left: of.operand,
                    right,
                    all,
                })
            }
            _ => {
                if typed.kind == Kind::Label {
                    let message = "is there or not: it has no value to compare";
                    return Err(Fault::new(left.span.clone(), message));
                }
                let right = self.comparable(right, &typed)?;
                Ok(Test::Compare {
                    left: typed.operand,
                    relation,
                    right,
                    all,
                })
            }
        }
    }

    /// A term whose kind is known by itself: a field, a function of one, a calculation with one.
    fn typed(&mut self, term: &Term) -> Result<Typed, Fault> {
        match &term.kind {
            TermKind::Word {
                text,
                ordinals,
                slice,
            } => {
                let Some(field) = find(text) else {
                    return Err(unknown(term, text));
                };
                self.field(term, field, ordinals.as_ref(), slice.as_ref())
            }
            TermKind::Call(name, arguments) => self.call(term, name, arguments),
            TermKind::Negative(of) => {
                let of = self.typed(of)?;
                let can = of.kind.is_number() || of.kind == Kind::Duration;
                if !can {
                    let message = format!("needs a number behind `-`, not {}", of.kind.name());
                    return Err(Fault::new(term.span.clone(), message));
                }
                Ok(Typed {
                    operand: Operand::Negative(Box::new(of.operand), of.kind),
                    ..of
                })
            }
            TermKind::Calculation(operator, left, right) => {
                self.calculation(*operator, left, right)
            }
            TermKind::Quoted(_) | TermKind::Character(_) => Err(Fault::new(
                term.span.clone(),
                "needs a field on this side, not a value",
            )),
        }
    }

    fn field(
        &mut self,
        term: &Term,
        field: &'static Field,
        ordinals: Option<&Vec<Part>>,
        slice: Option<&Vec<Part>>,
    ) -> Result<Typed, Fault> {
        self.needs = self.needs.max(field.needs);
        if slice.is_some() && !field.kind.can_be_sliced() {
            let message = format!("needs octets to take a slice of, not {}", field.kind.name());
            return Err(Fault::new(term.span.clone(), message));
        }
        for part in ordinals.into_iter().chain(slice).flatten() {
            let is_empty = match part {
                Part::Length(_, Some(length)) => *length <= 0,
                Part::Length(_, None) => false,
                Part::Through(first, last) => (*first < 0) == (*last < 0) && last < first,
            };
            if is_empty {
                return Err(Fault::new(
                    term.span.clone(),
                    "needs at least one octet in a slice",
                ));
            }
        }
        Ok(Typed {
            kind: if slice.is_some() {
                Kind::Bytes
            } else {
                field.kind
            },
            names: if slice.is_some() { &[] } else { field.names },
            operand: Operand::Field {
                field,
                ordinals: ordinals.cloned(),
                slice: slice.cloned(),
            },
        })
    }

    /// A term on the right side: a literal of the left side's kind, or a field of a like kind.
    fn comparable(&mut self, term: &Term, left: &Typed) -> Result<Operand, Fault> {
        let is_literal = match &term.kind {
            TermKind::Word {
                text,
                slice,
                ordinals,
            } => slice.is_none() && ordinals.is_none() && find(text).is_none(),
            TermKind::Quoted(_) | TermKind::Character(_) => true,
            TermKind::Negative(of) => is_constant(of),
            TermKind::Calculation(_, a, b) => is_constant(a) && is_constant(b),
            TermKind::Call(..) => false,
        };
        if is_literal {
            return constant(term, left);
        }
        let right = self.typed(term)?;
        if right.kind.is_comparable_with(left.kind) {
            return Ok(right.operand);
        }
        let message = format!(
            "needs {} to compare with, not {}",
            left.kind.name(),
            right.kind.name()
        );
        Err(Fault::new(term.span.clone(), message))
    }

    fn calculation(
        &mut self,
        operator: Operator,
        left: &Term,
        right: &Term,
    ) -> Result<Typed, Fault> {
        let typed = self.typed(left)?;
        can_calculate(operator, typed.kind, left)?;
        let kind = typed.kind;
        // Names stand for values of a field, not for parts of a calculation.
        let of = Typed {
            names: &[],
            ..typed
        };
        let right = self.comparable(right, &of)?;
        Ok(Typed {
            operand: Operand::Calculation {
                operator,
                left: Box::new(of.operand),
                right: Box::new(right),
                kind,
            },
            kind,
            names: &[],
        })
    }

    fn call(&mut self, term: &Term, name: &str, arguments: &[Term]) -> Result<Typed, Fault> {
        let Some(function) = Function::find(name) else {
            let message = format!("no function {name}");
            let names = Function::NAMES.map(|(name, _)| name).join(", ");
            return Err(Fault::new(term.span.clone(), message).hint(format!("functions: {names}")));
        };
        let most = if function.takes_many() { usize::MAX } else { 1 };
        if arguments.is_empty() || arguments.len() > most {
            let message = format!(
                "{name} needs {} argument, has {}",
                if most == 1 { "one" } else { "at least one" },
                arguments.len()
            );
            return Err(Fault::new(term.span.clone(), message));
        }
        let [first, rest @ ..] = arguments else {
            return Err(Fault::new(
                term.span.clone(),
                format!("{name} needs an argument"),
            ));
        };
        let of = self.typed(first)?;
        let fits = match function {
            Function::Upper | Function::Lower => of.kind == Kind::Text,
            Function::Length | Function::Count => matches!(first.kind, TermKind::Word { .. }),
            Function::Maximum | Function::Minimum => of.kind != Kind::Label,
            Function::Absolute => of.kind.is_number() || of.kind == Kind::Duration,
            Function::Text => {
                let is_plain = !matches!(
                    of.kind,
                    Kind::Label
                        | Kind::Protocol
                        | Kind::Bytes
                        | Kind::Boolean
                        | Kind::Duration
                        | Kind::Time
                        | Kind::Text
                );
                is_plain && matches!(first.kind, TermKind::Word { .. })
            }
        };
        if !fits {
            let message = format!("{name} does not take {}", of.kind.name());
            return Err(Fault::new(first.span.clone(), message));
        }
        let kind = match function {
            Function::Length | Function::Count => Kind::Unsigned(32),
            Function::Text => Kind::Text,
            _ => of.kind,
        };
        let names = if function.takes_many() { of.names } else { &[] };
        let mut operands = Vec::new();
        for argument in rest {
            operands.push(self.comparable(argument, &of)?);
        }
        operands.insert(0, of.operand);
        Ok(Typed {
            operand: Operand::Call(function, operands),
            kind,
            names,
        })
    }
}

/// A literal, or what is calculated of literals.
fn constant(term: &Term, left: &Typed) -> Result<Operand, Fault> {
    match &term.kind {
        TermKind::Negative(of) => {
            if !left.kind.is_number() && left.kind != Kind::Duration {
                let message = format!("needs {}, not a sign", left.kind.name());
                return Err(Fault::new(term.span.clone(), message));
            }
            let of = constant(of, left)?;
            Ok(Operand::Negative(Box::new(of), left.kind))
        }
        TermKind::Calculation(operator, a, b) => {
            can_calculate(*operator, left.kind, term)?;
            Ok(Operand::Calculation {
                operator: *operator,
                left: Box::new(constant(a, left)?),
                right: Box::new(constant(b, left)?),
                kind: left.kind,
            })
        }
        _ => literal(term, left.kind, left.names).map(Operand::Constant),
    }
}

/// A field by its name; a dot before it says that it is one.
fn find(text: &str) -> Option<&'static Field> {
    field::find(text.strip_prefix('.').unwrap_or(text))
}

fn is_constant(term: &Term) -> bool {
    match &term.kind {
        TermKind::Word { text, .. } => find(text).is_none(),
        TermKind::Quoted(_) | TermKind::Character(_) => true,
        TermKind::Negative(of) => is_constant(of),
        TermKind::Calculation(_, a, b) => is_constant(a) && is_constant(b),
        TermKind::Call(..) => false,
    }
}

fn can_calculate(operator: Operator, kind: Kind, term: &Term) -> Result<(), Fault> {
    let can = match operator {
        Operator::Bits => {
            kind.is_number() || kind.is_octets() || matches!(kind, Kind::Ipv4 | Kind::Ipv6)
        }
        Operator::Plus | Operator::Minus => kind.is_number() || kind == Kind::Duration,
        Operator::Times | Operator::Over | Operator::Modulo => kind.is_number(),
    };
    if can {
        return Ok(());
    }
    let message = format!("cannot be calculated with: {}", kind.name());
    Err(Fault::new(term.span.clone(), message))
}

fn unknown(term: &Term, text: &str) -> Fault {
    let begins_as_field = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if !begins_as_field || text.parse::<std::net::IpAddr>().is_ok() {
        let message = format!("needs a field on this side, not `{text}`");
        return Fault::new(term.span.clone(), message);
    }
    let fault = Fault::new(term.span.clone(), format!("no field {text}"));
    match field::nearest(text) {
        Some(name) => fault.hint(format!("did you mean {name}?")),
        None => fault.hint("`chatpcap fields` lists them"),
    }
}

/// The filter that selects every frame.
pub(super) fn everything() -> Checked {
    Checked {
        test: Test::All(Vec::new()),
        needs: Needs::Frame,
    }
}
