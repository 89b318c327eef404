//! A token bucket for each of any number of keys, in memory that never grows.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::time::Duration;

use tokio::time::Instant;

/// Cells of one table: 2 MiB. When 10,000 keys have used up their buckets, one other key in 200 finds both
/// of its cells used by them.
const CELLS: usize = 1 << 18;

/// The time at the start, in microseconds, and so a cell that nobody has taken from.
const START: u64 = 1;

/// How fast a bucket fills, and how much it holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// In this time comes one more.
    pub(crate) each: Duration,
    /// So many are there at once.
    pub(crate) burst: u32,
}

impl Rate {
    /// So many a minute, and as many at once.
    pub(crate) fn per_minute(count: u32) -> Self {
        let burst = count.max(1);
        let each = Duration::from_mins(1).checked_div(burst);
        Self {
            each: each.unwrap_or_default(),
            burst,
        }
    }
}

/// A token bucket for each key.
///
/// Keys are not kept. A key's bucket is in two cells of a table, found by a hash that nobody outside
/// can compute, and the fuller of the two counts (a count-min sketch with conservative update). So there is
/// nothing to evict, and whoever makes up keys without end cannot flush what is known of others: he only
/// makes some of them look as if they had taken more than they have.
#[derive(Debug)]
pub(crate) struct Buckets {
    // When each is full again, in microseconds: `start` is at `START`.
    cells: Vec<u64>,
    hasher: RandomState,
    start: Instant,
    each: u64,
    burst: u64,
}

impl Buckets {
    pub(crate) fn new(rate: Rate) -> Self {
        let each = micros(rate.each).max(1);
        Self {
            // Not zeroes, whose memory the kernel gives only as it is written to: whoever guesses makes the
            // server no larger.
            cells: vec![START; CELLS],
            hasher: RandomState::new(),
            start: Instant::now(),
            each,
            burst: each.saturating_mul(u64::from(rate.burst.max(1))),
        }
    }

    /// Whether a key has one left; `Err` tells when.
    pub(crate) fn check(&self, key: &impl Hash, now: Instant) -> Result<(), Instant> {
        let now_micros = self.micros(now);
        let next = self.full_at(key).max(now_micros).saturating_add(self.each);
        let over = next.saturating_sub(now_micros).saturating_sub(self.burst);
        if over == 0 {
            return Ok(());
        }
        Err(now.checked_add(Duration::from_micros(over)).unwrap_or(now))
    }

    /// Takes one for a key, whether it has one left or not; it never owes more than one.
    pub(crate) fn take(&mut self, key: &impl Hash, now: Instant) {
        let now = self.micros(now);
        let most = now.saturating_add(self.burst).saturating_add(self.each);
        let next = self.full_at(key).max(now).saturating_add(self.each);
        for place in self.places(key) {
            if let Some(cell) = self.cells.get_mut(place) {
                *cell = (*cell).max(next.min(most));
            }
        }
    }

    fn full_at(&self, key: &impl Hash) -> u64 {
        let cells = self.places(key).map(|place| self.cells.get(place).copied());
        cells.into_iter().flatten().min().unwrap_or(0)
    }

    fn places(&self, key: &impl Hash) -> [usize; 2] {
        let hash = self.hasher.hash_one(key);
        [hash, hash.rotate_left(32)].map(|hash| {
            // The low bits: there are more of them than cells.
            usize::try_from(hash & u64::from(u32::MAX)).unwrap_or(0) % CELLS
        })
    }

    fn micros(&self, at: Instant) -> u64 {
        micros(at.saturating_duration_since(self.start)).saturating_add(START)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(seconds: u64, burst: u32) -> Rate {
        Rate {
            each: Duration::from_secs(seconds),
            burst,
        }
    }

    #[test]
    fn each_key_has_a_burst_and_then_the_rate() {
        let mut buckets = Buckets::new(rate(10, 3));
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        for _ in 0..3 {
            assert_eq!(buckets.check(&"bob", start), Ok(()));
            buckets.take(&"bob", start);
        }
        let until = buckets.check(&"bob", start).unwrap_err();
        assert_eq!((until - start).as_secs(), 10);
        assert_eq!(buckets.check(&"alice", start), Ok(()));
        assert_eq!(buckets.check(&"bob", after(10)), Ok(()));
        buckets.take(&"bob", after(10));
        assert!(buckets.check(&"bob", after(19)).is_err());
        // Forgiven.
        for _ in 0..3 {
            assert_eq!(buckets.check(&"bob", after(60)), Ok(()));
            buckets.take(&"bob", after(60));
        }
        assert!(buckets.check(&"bob", after(60)).is_err());
    }

    #[test]
    fn keys_without_end_flush_nobody_and_hardly_touch_others() {
        let mut buckets = Buckets::new(rate(1000, 1));
        let now = Instant::now();
        for key in 0..10_000_u32 {
            buckets.take(&("enemy", key), now);
        }
        for key in 0..10_000_u32 {
            assert!(buckets.check(&("enemy", key), now).is_err());
        }
        let touched = (0..10_000_u32)
            .filter(|key| buckets.check(&("friend", key), now).is_err())
            .count();
        // 50 are to be expected; ten times that never happens.
        assert!(touched < 500, "{touched} of 10,000");
        assert_eq!(buckets.cells.len(), CELLS);
    }
}
