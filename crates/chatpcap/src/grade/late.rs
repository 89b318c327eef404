//! What a late hand-in loses.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use toml::value::{Datetime, Offset};

use super::points::{Percent, Points};
use crate::capture::Timestamp;

const DAY: i64 = 86_400;

/// When a hand-in is late, and what that costs.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LateRule {
    deadline: Moment,
    #[serde(default)]
    grace_minutes: u16,
    a_day: Percent,
    #[serde(default = "all")]
    at_most: Percent,
}

/// A hand-in that came late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    /// Days that had begun since the deadline.
    pub days: u64,
    /// What that costs of the points.
    pub share: Percent,
    /// The same in points.
    pub lost: Points,
}

/// A point in time in whole seconds of the Unix epoch; written with its distance from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "Datetime")]
pub struct Moment(i64);

/// When each hand-in came, by its name, where that is known better than from its files.
#[derive(Clone, Debug, Default)]
pub struct Times(BTreeMap<String, Moment>);

/// Why a list of times cannot be used.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum TimesError {
    /// It is no CSV.
    #[error("not a list of names and times")]
    Csv {
        /// What is wrong and where.
        source: csv::Error,
    },
    /// A row has no time.
    #[error("row {row}: {reason}")]
    Time {
        /// The row, from 1.
        row: usize,
        /// What is wrong with it.
        reason: String,
    },
}

const fn all() -> Percent {
    Percent::ALL
}

impl Moment {
    /// As captures keep times.
    pub(super) const fn timestamp(self) -> Timestamp {
        Timestamp::new(self.0, 0)
    }
}

impl LateRule {
    /// What a hand-in that came at this time loses of its points; `None` if it was in time.
    pub(super) fn apply(&self, came: Moment, points: Points) -> Option<Late> {
        let grace = i64::from(self.grace_minutes) * 60;
        let over = came.0.saturating_sub(self.deadline.0);
        if over <= grace {
            return None;
        }
        let days = u64::try_from(over.saturating_add(DAY - 1) / DAY).unwrap_or(0);
        let share = self.a_day.times(days, self.at_most);
        Some(Late {
            days,
            share,
            lost: points.share(share),
        })
    }
}

impl Times {
    /// Reads CSV (RFC 4180) with rows of a hand-in's name and a time as `2026-11-30T23:59:59+01:00`.
    /// A first row whose second column is no time is taken for the header.
    ///
    /// # Errors
    /// Where a row has no time.
    pub fn read(octets: &[u8]) -> Result<Self, TimesError> {
        let mut times = BTreeMap::new();
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.has_headers(false).flexible(true).from_reader(octets);
        for (index, record) in reader.records().enumerate() {
            let record = record.map_err(|source| TimesError::Csv { source })?;
            let name = record.get(0).unwrap_or_default().trim();
            let time = record.get(1).unwrap_or_default().trim();
            match time
                .parse::<Datetime>()
                .map_err(|error| error.to_string())
                .and_then(Moment::try_from)
            {
                Ok(moment) => {
                    times.insert(name.to_owned(), moment);
                }
                Err(_) if index == 0 => {}
                Err(reason) => {
                    return Err(TimesError::Time {
                        row: index + 1,
                        reason,
                    });
                }
            }
        }
        Ok(Self(times))
    }

    pub(super) fn of(&self, name: &str) -> Option<Moment> {
        self.0.get(name).copied()
    }
}

impl From<SystemTime> for Moment {
    fn from(time: SystemTime) -> Self {
        let seconds = time.duration_since(UNIX_EPOCH).map(|time| time.as_secs());
        Self(i64::try_from(seconds.unwrap_or(0)).unwrap_or(i64::MAX))
    }
}

impl TryFrom<Datetime> for Moment {
    type Error = String;

    fn try_from(datetime: Datetime) -> Result<Self, String> {
        let (Some(date), Some(time), Some(offset)) =
            (datetime.date, datetime.time, datetime.offset)
        else {
            return Err(format!(
                "`{datetime}` is no point in time: needs date, time and distance from UTC, as 2026-11-30T23:59:59+01:00"
            ));
        };
        let minutes = match offset {
            Offset::Z => 0,
            Offset::Custom { minutes } => minutes,
        };
        let day = days(date.year.into(), date.month.into(), date.day.into());
        let clock = i64::from(time.hour) * 3600 + i64::from(time.minute) * 60;
        let seconds = clock + i64::from(time.second.unwrap_or(0));
        Ok(Self(day * DAY + seconds - i64::from(minutes) * 60))
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    // The year begins in March, so that the leap day is its last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        Moment::try_from(text.parse::<Datetime>().unwrap()).unwrap()
    }

    #[test]
    fn moments() {
        // As `date -u -d ... +%s` says.
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-30T23:59:59Z", 1_796_083_199),
            ("2026-11-30T23:59:59+01:00", 1_796_079_599),
            ("2024-02-29T12:00:00-05:30", 1_709_227_800),
            ("2000-03-01T00:00:00Z", 951_868_800),
        ] {
            assert_eq!(moment(text), Moment(seconds), "{text}");
        }
        let local: Datetime = "2026-11-30T23:59:59".parse().unwrap();
        assert!(
            Moment::try_from(local)
                .unwrap_err()
                .contains("distance from UTC")
        );
    }

    #[test]
    fn late_by_days() {
        let rule: LateRule = toml::from_str(
            "deadline = 2026-11-30T12:00:00Z\ngrace_minutes = 10\na_day = 20\nat_most = 50",
        )
        .unwrap();
        let ten = Points::try_from(10.0).unwrap();
        for (came, days, lost) in [
            ("2026-11-29T00:00:00Z", 0, "0"),
            ("2026-11-30T12:10:00Z", 0, "0"),
            ("2026-11-30T12:10:01Z", 1, "2"),
            ("2026-12-01T12:00:01Z", 2, "4"),
            ("2027-12-01T12:00:01Z", 367, "5"),
        ] {
            let late = rule.apply(moment(came), ten);
            assert_eq!(late.map_or(0, |late| late.days), days, "{came}");
            assert_eq!(
                late.map_or(Points::ZERO, |late| late.lost).to_string(),
                lost,
                "{came}"
            );
        }
    }

    #[test]
    fn times_of_hand_ins() {
        let times = Times::read(b"name,handed in\nalice,2026-11-30T12:00:00Z\n").unwrap();
        assert_eq!(times.of("alice"), Some(moment("2026-11-30T12:00:00Z")));
        assert_eq!(times.of("bob"), None);
        let error = Times::read(b"alice,2026-11-30T12:00:00Z\nbob,yesterday\n").unwrap_err();
        assert!(error.to_string().starts_with("row 2"), "{error}");
    }
}
