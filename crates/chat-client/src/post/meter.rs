//! A limit on how often something is done.

use std::time::Duration;

use tokio::time::Instant;

/// A bucket of tokens: a burst at once, then one each `every`.
#[derive(Debug, Clone)]
pub(super) struct Meter {
    burst: u32,
    every: Duration,
    tokens: u32,
    // When the last token was added.
    filled: Instant,
}

impl Meter {
    pub(super) fn new(burst: u32, every: Duration, now: Instant) -> Self {
        Self {
            burst,
            every,
            tokens: burst,
            filled: now,
        }
    }

    /// Takes a token; false if there is none.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        let left = self.tokens.checked_sub(1);
        self.tokens = left.unwrap_or(0);
        left.is_some()
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_nanos();
        let every = self.every.as_nanos().max(1);
        let earned = u32::try_from(passed / every).unwrap_or(u32::MAX);
        if earned >= self.burst.saturating_sub(self.tokens) {
            self.tokens = self.burst;
            self.filled = now;
        } else if earned > 0 {
            self.tokens = self.tokens.saturating_add(earned);
            self.filled += self.every.saturating_mul(earned);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_one_each_time() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut meter = Meter::new(2, second, start);
        let taken: Vec<bool> = [0, 0, 0, 500, 1000, 1001, 1900, 2000, 9000, 9000, 9000]
            .into_iter()
            .map(|at| meter.take(start + Duration::from_millis(at)))
            .collect();
        assert_eq!(
            taken,
            [
                true, true, false, false, true, false, false, true, true, true, false
            ]
        );
    }
}
