//! Points, counted in hundredths so that sums are exact.

use std::fmt;
use std::iter::Sum;

use serde::Deserialize;

/// Hundredths of a point.
const WHOLE: u32 = 100;
/// The most that one thing is worth: more is a typing error.
const MOST: f64 = 10_000.0;

/// Points, exact to a hundredth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "f64")]
pub struct Points {
    hundredths: u32,
}

impl Points {
    /// No points.
    pub const ZERO: Self = Self { hundredths: 0 };

    /// In hundredths.
    pub const fn hundredths(self) -> u32 {
        self.hundredths
    }

    /// A share of these points, rounded to the nearest hundredth.
    #[must_use]
    pub fn share(self, percent: Percent) -> Self {
        let product = u64::from(self.hundredths) * u64::from(percent.0) + 50;
        Self {
            hundredths: u32::try_from(product / 100).unwrap_or(u32::MAX),
        }
    }

    /// These points without others; none where there are not so many.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self {
            hundredths: self.hundredths.saturating_sub(other.hundredths),
        }
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Self>>(points: I) -> Self {
        let add = |sum: u32, points: Self| sum.saturating_add(points.hundredths);
        Self {
            hundredths: points.fold(0, add),
        }
    }
}

impl TryFrom<f64> for Points {
    type Error = String;

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked before"
    )]
    fn try_from(points: f64) -> Result<Self, String> {
        let hundredths = points * f64::from(WHOLE);
        let is_exact = (hundredths - hundredths.round()).abs() < 1e-6;
        if !(0.0..=MOST).contains(&points) || !is_exact {
            return Err(format!(
                "{points} are no points: needs 0 to {MOST} in hundredths"
            ));
        }
        Ok(Self {
            hundredths: hundredths.round() as u32,
        })
    }
}

impl fmt::Display for Points {
    /// `2`, `0.5`, `1.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.hundredths / WHOLE, self.hundredths % WHOLE);
        let text = match rest {
            0 => whole.to_string(),
            rest if rest % 10 == 0 => format!("{whole}.{}", rest / 10),
            rest => format!("{whole}.{rest:02}"),
        };
        f.pad(&text)
    }
}

/// A part in a hundred, 0 to 100.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "u8")]
pub struct Percent(u8);

impl Percent {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// All.
    pub const ALL: Self = Self(100);

    /// So many times this part, at most the other one.
    #[must_use]
    pub fn times(self, count: u64, most: Self) -> Self {
        let product = u64::from(self.0).saturating_mul(count);
        Self(u8::try_from(product).unwrap_or(u8::MAX).min(most.0))
    }
}

impl TryFrom<u8> for Percent {
    type Error = String;

    fn try_from(percent: u8) -> Result<Self, String> {
        if percent > 100 {
            return Err(format!("{percent} is no percentage: needs 0 to 100"));
        }
        Ok(Self(percent))
    }
}

impl fmt::Display for Percent {
    /// `50 %`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_exact() {
        for (points, text) in [
            (2.0, "2"),
            (0.5, "0.5"),
            (1.25, "1.25"),
            (0.1, "0.1"),
            (3.05, "3.05"),
        ] {
            assert_eq!(Points::try_from(points).unwrap().to_string(), text);
        }
        for points in [-1.0, 0.001, f64::NAN, f64::INFINITY, 1e9] {
            Points::try_from(points).unwrap_err();
        }
        let tenth = Points::try_from(0.1).unwrap();
        assert_eq!((0..10).map(|_| tenth).sum::<Points>().to_string(), "1");
        let third = Points::try_from(1.0).unwrap().share(Percent(33));
        assert_eq!(third.to_string(), "0.33");
        assert_eq!(tenth.minus(third), Points::ZERO);
        assert_eq!(Percent(30).times(4, Percent(50)), Percent(50));
        assert_eq!(Percent(10).times(u64::MAX, Percent::ALL), Percent::ALL);
    }
}
