//! A compiled filter, and its evaluation on one frame.

use std::borrow::Cow;
use std::cmp::Ordering;

use regex::bytes::Regex;

use super::syntax::{Operator, Relation};
use super::token::Part;
use crate::field::{Dissection, Field, Kind, Value};

/// What a frame must be like.
#[derive(Debug)]
pub(super) enum Test {
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
    /// There is at least one value.
    Exists(Operand),
    /// There is a value that is not nought.
    NotZero(Operand),
    /// One value of each side stands so to the other, or all do and each side has one.
    Compare {
        left: Operand,
        relation: Relation,
        right: Operand,
        all: bool,
    },
    Contains {
        left: Operand,
        right: Operand,
        all: bool,
    },
    Matches {
        left: Operand,
        pattern: Regex,
        all: bool,
    },
    /// A value, or all values, are among these or between two of them.
    Within {
        left: Operand,
        members: Vec<(Operand, Option<Operand>)>,
        all: bool,
    },
}

/// What gives values.
#[derive(Debug)]
pub(super) enum Operand {
    Field {
        field: &'static Field,
        ordinals: Option<Vec<Part>>,
        slice: Option<Vec<Part>>,
    },
    Constant(Value<'static>),
    Negative(Box<Self>, Kind),
    Calculation {
        operator: Operator,
        left: Box<Self>,
        right: Box<Self>,
        kind: Kind,
    },
    Call(Function, Vec<Self>),
}

/// A function of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Upper,
    Lower,
    Length,
    Count,
    Text,
    Maximum,
    Minimum,
    Absolute,
}

impl Function {
    pub(super) const NAMES: [(&'static str, Self); 8] = [
        ("upper", Self::Upper),
        ("lower", Self::Lower),
        ("len", Self::Length),
        ("count", Self::Count),
        ("string", Self::Text),
        ("max", Self::Maximum),
        ("min", Self::Minimum),
        ("abs", Self::Absolute),
    ];

    pub(super) fn find(name: &str) -> Option<Self> {
        let mut names = Self::NAMES.iter();
        let found = names.find(|(other, _)| *other == name);
        found.map(|(_, function)| *function)
    }

    pub(super) const fn takes_many(self) -> bool {
        matches!(self, Self::Maximum | Self::Minimum)
    }
}

impl Test {
    /// Whether a frame is so.
    pub(super) fn holds(&self, frame: &Dissection<'_>) -> bool {
        match self {
            Self::Any(tests) => tests.iter().any(|test| test.holds(frame)),
            Self::All(tests) => tests.iter().all(|test| test.holds(frame)),
            Self::Not(test) => !test.holds(frame),
            Self::Exists(operand) => operand.holds(frame, false, &mut |_| true),
            Self::NotZero(operand) => operand.holds(frame, false, &mut |value| !value.is_zero()),
            Self::Compare {
                left,
                relation,
                right,
                all,
            } => left.holds(frame, *all, &mut |left| {
                right.holds(frame, *all, &mut |right| stands(left, *relation, right))
            }),
            Self::Contains { left, right, all } => left.holds(frame, *all, &mut |left| {
                right.holds(frame, *all, &mut |right| contains(left, right))
            }),
            Self::Matches { left, pattern, all } => left.holds(frame, *all, &mut |value| {
                value
                    .searched()
                    .is_some_and(|octets| pattern.is_match(&octets))
            }),
            Self::Within { left, members, all } => left.holds(frame, *all, &mut |value| {
                members.iter().any(|(from, to)| match to {
                    None => from.holds(frame, false, &mut |from| {
                        stands(value, Relation::Equal, from)
                    }),
                    Some(to) => {
                        from.holds(frame, false, &mut |from| {
                            stands(value, Relation::AtLeast, from)
                        }) && to.holds(frame, false, &mut |to| stands(value, Relation::AtMost, to))
                    }
                })
            }),
        }
    }
}

impl Operand {
    /// Whether one of the values, or each of them and there are some, passes `test`.
    fn holds(
        &self,
        frame: &Dissection<'_>,
        all: bool,
        test: &mut dyn FnMut(&Value<'_>) -> bool,
    ) -> bool {
        let mut some = false;
        let mut every = true;
        self.values(frame, &mut |value| {
            if test(value) {
                some = true;
            } else {
                every = false;
            }
        });
        some && (every || !all)
    }

    /// Gives the values.
    fn values(&self, frame: &Dissection<'_>, give: &mut dyn FnMut(&Value<'_>)) {
        match self {
            Self::Constant(value) => give(value),
            Self::Field {
                field,
                ordinals: None,
                slice: None,
            } => field.read(frame, &mut |_, value| give(&value)),
            Self::Field {
                field,
                ordinals,
                slice,
            } => selected(
                field,
                ordinals.as_deref(),
                frame,
                &mut |value| match slice {
                    None => give(value),
                    Some(parts) => {
                        if let Some(octets) =
                            value.octets().and_then(|octets| sliced(&octets, parts))
                        {
                            give(&Value::Bytes(Cow::Owned(octets)));
                        }
                    }
                },
            ),
            Self::Negative(of, kind) => of.values(frame, &mut |value| {
                if let Some(value) = negative(value, *kind) {
                    give(&value);
                }
            }),
            Self::Calculation {
                operator,
                left,
                right,
                kind,
            } => left.values(frame, &mut |left| {
                right.values(frame, &mut |right| {
                    if let Some(value) = calculated(*operator, left, right, *kind) {
                        give(&value);
                    }
                });
            }),
            Self::Call(function, operands) => called(*function, operands, frame, give),
        }
    }
}

/// The values of a field in the headers with these ordinals.
fn selected(
    field: &Field,
    ordinals: Option<&[Part]>,
    frame: &Dissection<'_>,
    give: &mut dyn FnMut(&Value<'_>),
) {
    let Some(parts) = ordinals else {
        return field.read(frame, &mut |_, value| give(&value));
    };
    let mut last = 0;
    field.read(frame, &mut |ordinal, _| last = last.max(ordinal));
    field.read(frame, &mut |ordinal, value| {
        if parts.iter().any(|part| has_ordinal(*part, ordinal, last)) {
            give(&value);
        }
    });
}

/// Whether a part of `1..=last` has this ordinal.
fn has_ordinal(part: Part, ordinal: usize, last: usize) -> bool {
    let number = |ordinal: usize| i64::try_from(ordinal).unwrap_or(i64::MAX);
    let (ordinal, last) = (number(ordinal), number(last));
    let from_start = |at: i64| {
        if at < 0 {
            last.saturating_add(at).saturating_add(1)
        } else {
            at
        }
    };
    match part {
        Part::Length(start, length) => {
            let start = from_start(start);
            let end = length.map_or(i64::MAX, |length| start.saturating_add(length));
            (start..end).contains(&ordinal)
        }
        Part::Through(first, last) => (from_start(first)..=from_start(last)).contains(&ordinal),
    }
}

/// These parts of the octets, in a row; `None` where a part is not all there.
fn sliced(octets: &[u8], parts: &[Part]) -> Option<Vec<u8>> {
    let mut slice = Vec::new();
    let at = |place: i64| -> Option<usize> {
        if place < 0 {
            octets
                .len()
                .checked_sub(usize::try_from(place.unsigned_abs()).ok()?)
        } else {
            usize::try_from(place).ok()
        }
    };
    for part in parts {
        let range = match part {
            Part::Length(start, length) => {
                let start = at(*start)?;
                let end = match length {
                    Some(length) => start.checked_add(usize::try_from(*length).ok()?)?,
                    None => octets.len(),
                };
                start..end
            }
            Part::Through(first, last) => at(*first)?..at(*last)?.checked_add(1)?,
        };
        slice.extend_from_slice(octets.get(range)?);
    }
    (!slice.is_empty()).then_some(slice)
}

fn stands(left: &Value<'_>, relation: Relation, right: &Value<'_>) -> bool {
    let Some(order) = left.compare(right) else {
        return false;
    };
    match relation {
        Relation::Equal | Relation::AllEqual => order == Ordering::Equal,
        Relation::Unequal | Relation::AnyUnequal => order != Ordering::Equal,
        Relation::Greater => order == Ordering::Greater,
        Relation::Less => order == Ordering::Less,
        Relation::AtLeast => order != Ordering::Less,
        Relation::AtMost => order != Ordering::Greater,
        Relation::Contains | Relation::Matches => false,
    }
}

/// Whether the octets of `right` stand somewhere in those of `left`. Nothing contains nothing.
fn contains(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left.searched(), right.searched()) {
        (Some(octets), Some(part)) if !part.is_empty() => {
            memchr::memmem::find(&octets, &part).is_some()
        }
        _ => false,
    }
}

/// The largest number of an integer kind: integers of up to 32 bits are calculated in 32 bits.
const fn largest(kind: Kind) -> u64 {
    match kind {
        Kind::Unsigned(64) => u64::MAX,
        _ => u32::MAX as u64,
    }
}

/// Of an unsigned number what two's complement makes of it.
fn negative(value: &Value<'_>, kind: Kind) -> Option<Value<'static>> {
    Some(match value {
        Value::Unsigned(number) => Value::Unsigned(number.wrapping_neg() & largest(kind)),
        Value::Signed(number) => Value::Signed(number.checked_neg()?),
        Value::Nanoseconds(number) => Value::Nanoseconds(number.checked_neg()?),
        _ => return None,
    })
}

/// A calculation that overflows or divides by nought has no result.
fn calculated(
    operator: Operator,
    left: &Value<'_>,
    right: &Value<'_>,
    kind: Kind,
) -> Option<Value<'static>> {
    Some(match (left, right) {
        (Value::Unsigned(a), Value::Unsigned(b)) => {
            let result = match operator {
                Operator::Bits => Some(a & b),
                Operator::Plus => a.checked_add(*b),
                Operator::Minus => a.checked_sub(*b),
                Operator::Times => a.checked_mul(*b),
                Operator::Over => a.checked_div(*b),
                Operator::Modulo => a.checked_rem(*b),
            };
            Value::Unsigned(result.filter(|result| *result <= largest(kind))?)
        }
        (Value::Signed(a), Value::Signed(b)) => Value::Signed(match operator {
            Operator::Bits => a & b,
            Operator::Plus => a.checked_add(*b)?,
            Operator::Minus => a.checked_sub(*b)?,
            Operator::Times => a.checked_mul(*b)?,
            Operator::Over => a.checked_div(*b)?,
            Operator::Modulo => a.checked_rem(*b)?,
        }),
        (Value::Nanoseconds(a), Value::Nanoseconds(b)) => Value::Nanoseconds(match operator {
            Operator::Plus => a.checked_add(*b)?,
            Operator::Minus => a.checked_sub(*b)?,
            _ => return None,
        }),
        (Value::Ipv4(a, _), Value::Ipv4(b, _)) if operator == Operator::Bits => Value::ipv4(a & b),
        (Value::Ipv6(a, _), Value::Ipv6(b, _)) if operator == Operator::Bits => Value::ipv6(a & b),
        _ if operator == Operator::Bits => {
            let (a, b) = (left.octets()?, right.octets()?);
            let bits = a.iter().zip(b.iter()).map(|(a, b)| a & b);
            Value::Bytes(Cow::Owned(bits.collect()))
        }
        _ => return None,
    })
}

fn called(
    function: Function,
    operands: &[Operand],
    frame: &Dissection<'_>,
    give: &mut dyn FnMut(&Value<'_>),
) {
    let mut count: u64 = 0;
    let mut best: Option<Value<'static>> = None;
    for operand in operands {
        operand.values(frame, &mut |value| {
            count += 1;
            match (function, value) {
                (Function::Upper, Value::Text(text)) => {
                    give(&Value::Text(Cow::Owned(text.to_ascii_uppercase())));
                }
                (Function::Lower, Value::Text(text)) => {
                    give(&Value::Text(Cow::Owned(text.to_ascii_lowercase())));
                }
                (Function::Length, value) => give(&Value::Unsigned(length(value))),
                (Function::Text, value) => {
                    if let Operand::Field { field, .. } = operand {
                        give(&Value::Text(Cow::Owned(field.print(value))));
                    }
                }
                (Function::Absolute, Value::Signed(number)) => {
                    give(&Value::Signed(number.saturating_abs()));
                }
                (Function::Absolute, Value::Nanoseconds(number)) => {
                    give(&Value::Nanoseconds(number.saturating_abs()));
                }
                (Function::Absolute, value) => give(value),
                (Function::Maximum | Function::Minimum, value) => {
                    let wanted = if function == Function::Maximum {
                        Ordering::Greater
                    } else {
                        Ordering::Less
                    };
                    let is_better = best
                        .as_ref()
                        .is_none_or(|best| value.compare(best) == Some(wanted));
                    if is_better {
                        best = Some(value.clone().into_owned());
                    }
                }
                _ => {}
            }
        });
    }
    if let Some(best) = best {
        give(&best);
    }
    // Of a field that is not there nothing is counted.
    if function == Function::Count && count > 0 {
        give(&Value::Unsigned(count));
    }
}

/// Octets of a value; of a number those of its type.
fn length(value: &Value<'_>) -> u64 {
    let octets = match value {
        Value::Unsigned(_) | Value::Signed(_) => Some(4),
        Value::Nanoseconds(_) => Some(16),
        Value::Boolean(_) => Some(8),
        Value::Present => Some(0),
        _ => value.octets().map(|octets| octets.len()),
    };
    octets
        .and_then(|octets| u64::try_from(octets).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices() {
        let octets = [1, 2, 3, 4];
        for (part, expected) in [
            (Part::Length(0, Some(2)), Some(vec![1, 2])),
            (Part::Length(2, None), Some(vec![3, 4])),
            (Part::Length(-1, Some(1)), Some(vec![4])),
            (Part::Length(-4, Some(4)), Some(vec![1, 2, 3, 4])),
            (Part::Through(1, 2), Some(vec![2, 3])),
            (Part::Through(-2, -1), Some(vec![3, 4])),
            (Part::Length(3, Some(2)), None),
            (Part::Length(4, None), None),
            (Part::Length(-5, Some(1)), None),
            (Part::Length(i64::MAX, Some(i64::MAX)), None),
            (Part::Length(i64::MIN, Some(1)), None),
            (Part::Through(2, 1), None),
        ] {
            assert_eq!(sliced(&octets, &[part]), expected, "{part:?}");
        }
    }

    #[test]
    fn calculations_that_have_no_result() {
        let number = Value::Unsigned;
        let kind = Kind::Unsigned(32);
        let calculate = |operator, a, b| calculated(operator, &number(a), &number(b), kind);
        assert!(calculate(Operator::Minus, 1, 2).is_none());
        assert!(calculate(Operator::Over, 1, 0).is_none());
        assert!(calculate(Operator::Modulo, 1, 0).is_none());
        assert!(calculate(Operator::Plus, u32::MAX.into(), 1).is_none());
        assert!(matches!(
            negative(&number(1), kind),
            Some(Value::Unsigned(0xffff_ffff))
        ));
    }
}
