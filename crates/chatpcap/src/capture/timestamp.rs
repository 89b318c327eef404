//! Points in time, as captures keep them.

use std::fmt;
use std::num::NonZeroU32;

const NANOSECONDS: u32 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// A point in time: seconds and nanoseconds since the Unix epoch, without leap seconds.
///
/// Twelve octets, also as an `Option`: a flow keeps five of them, and captures have millions of flows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// The upper and the lower half of the seconds: whole they would be aligned to eight octets.
    upper: i32,
    lower: u32,
    /// One more than the nanoseconds: nought is left for no time at all.
    after_nanoseconds: NonZeroU32,
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanoseconds) = (self.seconds(), self.nanoseconds());
        f.debug_struct("Timestamp")
            .field("seconds", &seconds)
            .field("nanoseconds", &nanoseconds)
            .finish()
    }
}

impl Timestamp {
    /// A point in time; `nanoseconds` of a second and more are carried into the seconds, which saturate.
    pub const fn new(seconds: i64, nanoseconds: u32) -> Self {
        if nanoseconds < NANOSECONDS {
            return Self::packed(seconds, nanoseconds);
        }
        // At most 4: the cast cannot change the value, and `From` is not const.
        let carry = (nanoseconds / NANOSECONDS) as i64;
        match seconds.checked_add(carry) {
            Some(seconds) => Self::packed(seconds, nanoseconds % NANOSECONDS),
            None => Self::packed(i64::MAX, NANOSECONDS - 1),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "each half is cut out of the whole"
    )]
    const fn packed(seconds: i64, nanoseconds: u32) -> Self {
        Self {
            upper: (seconds >> 32) as i32,
            lower: seconds as u32,
            after_nanoseconds: NonZeroU32::MIN.saturating_add(nanoseconds),
        }
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        (self.upper as i64) << 32 | self.lower as i64
    }

    /// Nanoseconds after [`seconds`](Self::seconds), 0 to 999,999,999.
    pub const fn nanoseconds(self) -> u32 {
        self.after_nanoseconds.get() - 1
    }

    /// Nanoseconds from `earlier` to this point; negative if `earlier` is the later one. Saturates.
    pub fn since(self, earlier: Self) -> i64 {
        // The hot case first: 128-bit arithmetic only for times that are centuries apart.
        let fraction = i64::from(self.nanoseconds()) - i64::from(earlier.nanoseconds());
        self.seconds()
            .checked_sub(earlier.seconds())
            .and_then(|seconds| seconds.checked_mul(i64::from(NANOSECONDS)))
            .and_then(|whole| whole.checked_add(fraction))
            .unwrap_or_else(|| {
                let whole = (i128::from(self.seconds()) - i128::from(earlier.seconds()))
                    * i128::from(NANOSECONDS);
                let difference = whole + i128::from(fraction);
                i64::try_from(difference).unwrap_or(if difference < 0 {
                    i64::MIN
                } else {
                    i64::MAX
                })
            })
    }

    /// The point so many nanoseconds later, earlier where they are negative. Saturates.
    #[must_use]
    pub fn plus(self, nanoseconds: i64) -> Self {
        let whole = nanoseconds.div_euclid(i64::from(NANOSECONDS));
        let rest = nanoseconds.rem_euclid(i64::from(NANOSECONDS));
        // Both are less than a second: together less than two.
        let fraction = self
            .nanoseconds()
            .saturating_add(u32::try_from(rest).unwrap_or(0));
        Self::new(self.seconds().saturating_add(whole), fraction)
    }

    /// The time in UTC with `precision` decimal digits (at most 9, cut, not rounded):
    /// `2026-11-22T18:33:13.682971Z`.
    ///
    /// Years outside of 0 to 9999, which only damaged captures hold, get a sign and as many digits as they need.
    ///
    /// # Source
    /// RFC 3339 §5.6, ISO 8601 §5.2.2.3 for the signed years
    pub fn to_utc(self, precision: u8) -> String {
        let (year, month, day) = date(self.seconds().div_euclid(SECONDS_PER_DAY));
        let second = self.seconds().rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let year = if (0..=9999).contains(&year) {
            format!("{year:04}")
        } else {
            format!("{year:+05}")
        };
        let time = format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        match u32::from(precision.min(9)) {
            0 => format!("{time}Z"),
            digits => {
                let fraction = self.nanoseconds() / 10_u32.pow(9 - digits);
                let width = usize::try_from(digits).unwrap_or(9);
                format!("{time}.{fraction:0width$}Z")
            }
        }
    }
}

/// Year, month and day of the proleptic Gregorian calendar, from days since 1970-01-01.
///
/// Years are counted from March, so that the leap day comes last and months follow one formula.
fn date(days: i64) -> (i64, i64, i64) {
    const DAYS_OF_400_YEARS: i64 = 146_097;
    /// From 0000-03-01 to 1970-01-01.
    const DAYS_TO_EPOCH: i64 = 719_468;
    let days = days + DAYS_TO_EPOCH;
    let era = days.div_euclid(DAYS_OF_400_YEARS);
    let day = days.rem_euclid(DAYS_OF_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, after_december) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + after_december, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc() {
        let check = |seconds, nanoseconds, precision, expected: &str| {
            assert_eq!(
                Timestamp::new(seconds, nanoseconds).to_utc(precision),
                expected
            );
        };
        check(0, 0, 0, "1970-01-01T00:00:00Z");
        check(1_795_372_393, 682_971_999, 6, "2026-11-22T18:33:13.682971Z");
        check(951_782_400, 5, 9, "2000-02-29T00:00:00.000000005Z");
        check(951_868_800, 0, 3, "2000-03-01T00:00:00.000Z");
        check(-1, 0, 1, "1969-12-31T23:59:59.0Z");
        check(-62_167_219_200, 0, 0, "0000-01-01T00:00:00Z");
        check(-62_167_219_201, 0, 0, "-0001-12-31T23:59:59Z");
        check(
            253_402_300_799,
            999_999_999,
            200,
            "9999-12-31T23:59:59.999999999Z",
        );
        check(253_402_300_800, 0, 0, "+10000-01-01T00:00:00Z");
        check(i64::MAX, 0, 0, "+292277026596-12-04T15:30:07Z");
        check(i64::MIN, 0, 0, "-292277022657-01-27T08:29:52Z");
    }

    #[test]
    fn nanoseconds_are_carried() {
        assert_eq!(
            Timestamp::new(5, 1_999_999_999),
            Timestamp::new(6, 999_999_999)
        );
        assert_eq!(
            Timestamp::new(i64::MAX, u32::MAX),
            Timestamp::new(i64::MAX, 999_999_999)
        );
    }

    #[test]
    fn is_small_and_ordered() {
        assert_eq!(size_of::<Option<Timestamp>>(), 12);
        let in_order = [
            Timestamp::new(i64::MIN, 0),
            Timestamp::new(-1, 999_999_999),
            Timestamp::new(0, 0),
            Timestamp::new(0, 1),
            Timestamp::new(1 << 31, 0),
            Timestamp::new(1 << 32, 0),
            Timestamp::new(i64::MAX, 999_999_999),
        ];
        assert!(in_order.is_sorted());
        for (seconds, nanoseconds) in [(i64::MIN, 1), (-1, 999_999_999), (i64::MAX, 0)] {
            let time = Timestamp::new(seconds, nanoseconds);
            assert_eq!((time.seconds(), time.nanoseconds()), (seconds, nanoseconds));
        }
    }

    #[test]
    fn differences() {
        let check = |later: (i64, u32), earlier: (i64, u32), expected| {
            let [later, earlier] =
                [later, earlier].map(|(seconds, nanoseconds)| Timestamp::new(seconds, nanoseconds));
            assert_eq!(later.since(earlier), expected);
        };
        check((5, 1), (4, 999_999_999), 2);
        check((4, 999_999_999), (5, 1), -2);
        check((i64::MAX, 0), (i64::MIN, 0), i64::MAX);
        check((i64::MIN, 0), (i64::MAX, 0), i64::MIN);
        check((9_223_372_037, 0), (0, 145_224_193), i64::MAX);
    }
}
