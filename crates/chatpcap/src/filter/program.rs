//! A compiled filter, and its evaluation on one frame.

use std::borrow::Cow;
use std::cmp::Ordering;

use regex::bytes::Regex;

use super::arithmetic::{calculated, negative};
use super::syntax::{Operator, Relation};
use super::token::Part;
use crate::field::{Dissection, Field, Kind, Value};

/// Pairs of values that one calculation takes of a frame. Fields that a frame holds many times, over
/// and over in one calculation, would make a number of pairs without end.
const MAX_PAIRS: usize = 4096;

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
    /// One value is among these or between two of them, or all are the same one of these or between
    /// the same two: so Wireshark has it.
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
            } => compares(frame, left, *relation, right, *all),
            Self::Contains { left, right, all } => {
                let right = right.collected(frame);
                left.holds(frame, *all, &mut |left| {
                    some_or_all(&right, *all, |right| contains(left, right))
                })
            }
            Self::Matches { left, pattern, all } => left.holds(frame, *all, &mut |value| {
                value
                    .searched()
                    .is_some_and(|octets| pattern.is_match(&octets))
            }),
            Self::Within { left, members, all } => {
                let left = left.collected(frame);
                members.iter().any(|(from, to)| {
                    let from = from.collected(frame);
                    let to = to.as_ref().map(|to| to.collected(frame));
                    some_or_all(&left, *all, |value| is_between(value, &from, to.as_deref()))
                })
            }
        }
    }
}

/// Whether one value of each side stands so to the other, or all do and each side has one.
fn compares(
    frame: &Dissection<'_>,
    left: &Operand,
    relation: Relation,
    right: &Operand,
    all: bool,
) -> bool {
    // As in Wireshark these are what is not equal: also of a slice of octets that are not there.
    if matches!(relation, Relation::Unequal | Relation::AnyUnequal) {
        return !compares(frame, left, Relation::Equal, right, !all)
            && left.is_there(frame)
            && right.is_there(frame);
    }
    let right = right.collected(frame);
    left.holds(frame, all, &mut |left| {
        some_or_all(&right, all, |right| stands(left, relation, right))
    })
}

/// Whether one of the values, or each of them and there are some, passes `test`.
fn some_or_all<'a>(
    values: &[Value<'a>],
    all: bool,
    mut test: impl FnMut(&Value<'a>) -> bool,
) -> bool {
    if all {
        !values.is_empty() && values.iter().all(test)
    } else {
        values.iter().any(&mut test)
    }
}

/// Whether a value is one of `from`, or not below one of them and not above one of `to`.
fn is_between(value: &Value<'_>, from: &[Value<'_>], to: Option<&[Value<'_>]>) -> bool {
    let stands =
        |relation, others: &[Value<'_>]| others.iter().any(|other| stands(value, relation, other));
    match to {
        None => stands(Relation::Equal, from),
        Some(to) => stands(Relation::AtLeast, from) && stands(Relation::AtMost, to),
    }
}

impl Operand {
    /// Whether one of the values, or each of them and there are some, passes `test`.
    fn holds<'a>(
        &self,
        frame: &Dissection<'a>,
        all: bool,
        test: &mut dyn FnMut(&Value<'a>) -> bool,
    ) -> bool {
        let mut some = false;
        let mut every = true;
        self.values(frame, &mut |value| {
            let is_decided = if all { !every } else { some };
            if is_decided {
                return;
            }
            if test(value) {
                some = true;
            } else {
                every = false;
            }
        });
        some && (every || !all)
    }

    /// Whether the fields have values, be it that what is taken of them has none.
    fn is_there(&self, frame: &Dissection<'_>) -> bool {
        let mut is_there = false;
        match self {
            Self::Constant(_) => is_there = true,
            Self::Field {
                field, ordinals, ..
            } => selected(field, ordinals.as_deref(), frame, &mut |_| is_there = true),
            Self::Negative(of, _) => is_there = of.is_there(frame),
            Self::Calculation { left, right, .. } => {
                is_there = left.is_there(frame) && right.is_there(frame);
            }
            Self::Call(..) => self.values(frame, &mut |_| is_there = true),
        }
        is_there
    }

    /// The values, read once: what is compared with many others.
    fn collected<'s, 'a: 's>(&'s self, frame: &Dissection<'a>) -> Cow<'s, [Value<'a>]> {
        if let Self::Constant(value) = self {
            return Cow::Borrowed(std::slice::from_ref(value));
        }
        let mut values = Vec::new();
        self.values(frame, &mut |value| values.push(value.clone()));
        Cow::Owned(values)
    }

    /// Gives the values.
    fn values<'a>(&self, frame: &Dissection<'a>, give: &mut dyn FnMut(&Value<'a>)) {
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
            } => {
                let right = right.collected(frame);
                let mut pairs = MAX_PAIRS;
                left.values(frame, &mut |left| {
                    for right in right.iter().take(pairs) {
                        pairs -= 1;
                        if let Some(value) = calculated(*operator, left, right, *kind) {
                            give(&value);
                        }
                    }
                });
            }
            Self::Call(function, operands) => called(*function, operands, frame, give),
        }
    }
}

/// The values of a field in the headers with these ordinals.
fn selected<'a>(
    field: &Field,
    ordinals: Option<&[Part]>,
    frame: &Dissection<'a>,
    give: &mut dyn FnMut(&Value<'a>),
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

/// Whether the octets of `right` stand somewhere in those of `left`. As in Wireshark, octets contain
/// nothing; text and headers do not.
fn contains(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left.searched(), right.searched()) {
        (Some(_), Some(part)) if part.is_empty() => matches!(left, Value::Bytes(_)),
        (Some(octets), Some(part)) => memchr::memmem::find(&octets, &part).is_some(),
        _ => false,
    }
}

fn called<'a>(
    function: Function,
    operands: &[Operand],
    frame: &Dissection<'a>,
    give: &mut dyn FnMut(&Value<'a>),
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
}
