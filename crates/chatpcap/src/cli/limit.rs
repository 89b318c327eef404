//! How much is shown.

use std::str::FromStr;

/// The most that is shown: a number, or `all`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit(pub(super) usize);

impl FromStr for Limit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "all" {
            return Ok(Self(usize::MAX));
        }
        let number = text.parse().map_err(|_| "needs a number or `all`")?;
        Ok(Self(number))
    }
}
