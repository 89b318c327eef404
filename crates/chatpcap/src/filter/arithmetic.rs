//! Arithmetic of values.

use std::borrow::Cow;

use super::syntax::Operator;
use crate::field::{Kind, Value};

/// The largest number of an integer kind: integers of up to 32 bits are calculated in 32 bits.
const fn largest(kind: Kind) -> u64 {
    match kind {
        Kind::Unsigned(64) => u64::MAX,
        _ => u32::MAX as u64,
    }
}

/// Of an unsigned number what two's complement makes of it.
pub(super) fn negative(value: &Value<'_>, kind: Kind) -> Option<Value<'static>> {
    Some(match value {
        Value::Unsigned(number) => Value::Unsigned(number.wrapping_neg() & largest(kind)),
        Value::Signed(number) => Value::Signed(number.checked_neg()?),
        Value::Nanoseconds(number) => Value::Nanoseconds(number.checked_neg()?),
        _ => return None,
    })
}

/// A calculation that overflows or divides by nought has no result.
pub(super) fn calculated(
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

#[cfg(test)]
mod tests {
    use super::*;

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
