//! How fast something may happen: to one client, from one address, to one name.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use tokio::time::Instant;

/// Addresses or names that are remembered at most.
const REMEMBERED: usize = 10_000;

/// Lets something happen so many times a second, and some times more at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    // When the bucket will be full again: one instant holds the whole state.
    full_at: Instant,
    each: Duration,
    burst: Duration,
}

impl Bucket {
    /// `count` times in `time`, and `burst` times at once.
    pub(crate) fn new(now: Instant, count: u32, time: Duration, burst: u32) -> Self {
        let each = time.checked_div(count.max(1)).unwrap_or(time);
        Self {
            full_at: now,
            each,
            burst: each.saturating_mul(burst.max(1)),
        }
    }

    /// Takes one; `Err` tells until when it must wait, and takes nothing.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Instant> {
        let full_at = self.full_at.max(now).checked_add(self.each).unwrap_or(now);
        let debt = full_at.saturating_duration_since(now);
        match debt.checked_sub(self.burst) {
            None | Some(Duration::ZERO) => {
                self.full_at = full_at;
                Ok(())
            }
            Some(over) => Err(now.checked_add(over).unwrap_or(now)),
        }
    }

    fn is_full(&self, now: Instant) -> bool {
        self.full_at <= now
    }
}

/// A bucket for each key, as many as are not full.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    by_key: HashMap<K, Bucket>,
    count: u32,
    time: Duration,
    burst: u32,
}

impl<K: Eq + Hash> Buckets<K> {
    /// As [`Bucket::new`], for each key.
    pub(crate) fn new(count: u32, time: Duration, burst: u32) -> Self {
        Self {
            by_key: HashMap::new(),
            count,
            time,
            burst,
        }
    }

    /// Takes one for a key; false if it has none left.
    pub(crate) fn take(&mut self, key: K, now: Instant) -> bool {
        if self.by_key.len() >= REMEMBERED {
            self.by_key.retain(|_, bucket| !bucket.is_full(now));
        }
        if self.by_key.len() >= REMEMBERED {
            return false;
        }
        let fresh = Bucket::new(now, self.count, self.time, self.burst);
        self.by_key.entry(key).or_insert(fresh).take(now).is_ok()
    }
}

/// Wrong passwords of late, by address or by name.
///
/// Nobody is locked out: a wrong password is answered the later the more there were, a right one at
/// once.
#[derive(Debug)]
pub(crate) struct Failures<K> {
    recent: HashMap<K, (u32, Instant)>,
}

/// After this long a failure is forgotten.
const FORGIVEN: Duration = Duration::from_mins(1);

impl<K: Eq + Hash> Failures<K> {
    pub(crate) fn new() -> Self {
        Self {
            recent: HashMap::new(),
        }
    }

    /// Notes a failure and tells how long to wait before answering it: 0.1 s doubled with each, at
    /// most 3 s.
    pub(crate) fn note(&mut self, key: K, now: Instant) -> Duration {
        let old = |at: Instant| now.saturating_duration_since(at) > FORGIVEN;
        if self.recent.len() >= REMEMBERED {
            self.recent.retain(|_, (_, at)| !old(*at));
        }
        if self.recent.len() >= REMEMBERED {
            return Duration::from_secs(3);
        }
        let entry = self.recent.entry(key).or_insert((0, now));
        if old(entry.1) {
            entry.0 = 0;
        }
        let doubled = 100_u64.checked_shl(entry.0.min(10)).unwrap_or(3000);
        *entry = (entry.0.saturating_add(1), now);
        Duration::from_millis(doubled.min(3000))
    }
}

/// What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, since one host has
/// all of that.
pub(crate) fn origin(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
        ip @ IpAddr::V4(_) => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_a_burst_and_then_the_rate() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let mut bucket = Bucket::new(start, 10, Duration::from_secs(1), 3);
        for _ in 0..3 {
            assert_eq!(bucket.take(start), Ok(()));
        }
        assert_eq!(bucket.take(start), Err(after(100)));
        assert_eq!(bucket.take(after(100)), Ok(()));
        assert_eq!(bucket.take(after(150)), Err(after(200)));
        for _ in 0..3 {
            assert_eq!(bucket.take(after(5000)), Ok(()));
        }
        assert!(bucket.take(after(5000)).is_err());
    }

    #[test]
    fn failures_are_answered_later_and_later_and_are_forgiven() {
        let start = Instant::now();
        let mut failures = Failures::new();
        let waits: Vec<u128> = (0..7)
            .map(|_| failures.note("bob", start).as_millis())
            .collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3000, 3000]);
        let later = start + FORGIVEN + Duration::from_secs(1);
        assert_eq!(failures.note("bob", later).as_millis(), 100);
        assert_eq!(failures.note("alice", start).as_millis(), 100);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let start = Instant::now();
        let mut failures = Failures::new();
        let mut buckets = Buckets::new(1, Duration::from_mins(1), 1);
        for key in 0..REMEMBERED + 50 {
            failures.note(key, start);
            buckets.take(key, start);
        }
        assert_eq!(
            (failures.recent.len(), buckets.by_key.len()),
            (REMEMBERED, REMEMBERED)
        );
    }

    #[test]
    fn a_network_of_ipv6_is_one_origin() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(origin(ip("2001:db8::1")), origin(ip("2001:db8::ffff:2")));
        assert_ne!(origin(ip("2001:db8::1")), origin(ip("2001:db8:0:1::1")));
        assert_eq!(origin(ip("::ffff:10.0.0.1")), ip("10.0.0.1"));
    }
}
