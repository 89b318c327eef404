//! How fast something may happen, and what counts as one address.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use tokio::time::Instant;

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
}

/// What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, since one host has
/// all of that.
pub(crate) fn origin(ip: IpAddr) -> IpAddr {
    network(ip, 64)
}

/// What counts as one place: an IPv4 address, or an IPv6 network of 48 bits, which is the most that a
/// customer is given (RFC 6177 §2, RIPE-690): otherwise one attacker had 65,536 addresses.
pub(crate) fn site(ip: IpAddr) -> IpAddr {
    network(ip, 48)
}

fn network(ip: IpAddr, bits: u32) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let host = u128::MAX.checked_shr(bits).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !host))
        }
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
    fn networks_of_ipv6_are_one_origin_and_one_site() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(origin(ip("2001:db8::1")), origin(ip("2001:db8::ffff:2")));
        assert_ne!(origin(ip("2001:db8::1")), origin(ip("2001:db8:0:1::1")));
        assert_eq!(origin(ip("::ffff:10.0.0.1")), ip("10.0.0.1"));
        assert_eq!(site(ip("2001:db8:7:1::1")), ip("2001:db8:7::"));
        assert_ne!(site(ip("2001:db8:7::1")), site(ip("2001:db8:8::1")));
        assert_eq!(site(ip("10.0.0.1")), ip("10.0.0.1"));
    }
}
