//! How long to wait before dialling again.

use std::time::Duration;

/// The wait before the next try: doubled each time up to a limit, and spread by chance.
///
/// Without the chance a thousand clients of a server that restarts would all come back in the same
/// moment, again and again.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    tries: u32,
}

impl Backoff {
    /// Waits `first` at first and never more than `most`.
    pub fn new(first: Duration, most: Duration) -> Self {
        Self {
            first,
            most,
            tries: 0,
        }
    }

    /// The next wait: between half and all of what the number of tries demands. `chance` is a
    /// random number.
    pub fn next(&mut self, chance: u64) -> Duration {
        let doubled = 2_u32.checked_pow(self.tries).unwrap_or(u32::MAX);
        self.tries = self.tries.saturating_add(1);
        let whole = self.first.saturating_mul(doubled).min(self.most);
        let half = whole / 2;
        let spread = u64::try_from(half.as_micros()).unwrap_or(u64::MAX);
        let extra = chance.checked_rem(spread.saturating_add(1)).unwrap_or(0);
        half.saturating_add(Duration::from_micros(extra))
    }

    /// How many waits there were since the beginning or the last reset.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// Begins anew, after a connection that held.
    pub fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_begin_anew() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
        let waits: Vec<u128> = (0..8).map(|_| backoff.next(0).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
        backoff.reset();
        assert_eq!(backoff.next(500_000).as_millis(), 1000);
        assert_eq!(backoff.tries(), 1);
    }

    #[test]
    fn chance_never_leaves_the_range() {
        for chance in [0, 1, 499_999, 500_000, 500_001, u64::MAX] {
            let wait = Backoff::new(Duration::from_secs(1), Duration::from_secs(9)).next(chance);
            assert!((500..=1000).contains(&wait.as_millis()), "{wait:?}");
        }
        let mut backoff = Backoff::new(Duration::ZERO, Duration::ZERO);
        assert_eq!(backoff.next(u64::MAX), Duration::ZERO);
    }
}
