//! How the clocks of two captures stand to each other, as packets tell that both hold.

use crate::flow::PerDirection;

/// Nanoseconds that clocks which agree may seem to differ: captures keep microseconds.
const AGREEMENT: u64 = 1000;

/// How far the clock of a capture is ahead of the first capture's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Nanoseconds that its times are later; negative where they are earlier.
    pub offset: i64,
    /// How that is known.
    pub basis: Basis,
}

/// How the offset of a clock is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// From packets of both directions: the fastest one way is taken to be as fast as the fastest the
    /// other way (RFC 5905 §8 does the same with four times).
    BothWays {
        /// Packets one way and the other.
        packets: PerDirection<usize>,
        /// Nanoseconds that the fastest needed.
        delay: i64,
    },
    /// Packets of one direction only: they are taken to need no time.
    OneWay {
        /// How many.
        packets: usize,
    },
    /// No packet is in both: the clocks are taken to agree.
    Unknown,
}

impl Clock {
    /// A clock of which nothing is known.
    pub(super) const UNKNOWN: Self = Self {
        offset: 0,
        basis: Basis::Unknown,
    };

    /// Estimates from how much later packets of either direction have been captured, in nanoseconds.
    pub(super) fn estimate(later: &mut PerDirection<Vec<i64>>) -> Self {
        let PerDirection { forward, backward } = later;
        forward.sort_unstable();
        backward.sort_unstable();
        let packets = PerDirection {
            forward: forward.len(),
            backward: backward.len(),
        };
        let median = |sorted: &[i64]| sorted.get(sorted.len() / 2).copied();
        match (median(forward), median(backward)) {
            (Some(one), Some(other)) => {
                // The direction whose packets come later goes towards this capture.
                let (towards, away) = if one >= other {
                    (forward, backward)
                } else {
                    (backward, forward)
                };
                let low = towards.first().copied().unwrap_or(one);
                let high = away.last().copied().unwrap_or(other);
                let offset = i64::midpoint(low, high);
                let offset = if offset.unsigned_abs() < AGREEMENT {
                    0
                } else {
                    offset
                };
                let delay = low.saturating_sub(offset).max(0);
                Self {
                    offset,
                    basis: Basis::BothWays { packets, delay },
                }
            }
            (Some(one), None) | (None, Some(one)) => Self {
                offset: one,
                basis: Basis::OneWay {
                    packets: packets.forward.saturating_add(packets.backward),
                },
            },
            (None, None) => Self::UNKNOWN,
        }
    }

    /// Whether times of this clock can be compared with the first capture's.
    pub const fn is_known(&self) -> bool {
        matches!(self.basis, Basis::BothWays { .. })
    }

    /// How sure it is: packets of the direction that has fewer, then of both.
    pub(super) fn weight(&self) -> (usize, usize) {
        match self.basis {
            Basis::BothWays { packets, .. } => (
                packets.forward.min(packets.backward),
                packets.forward.saturating_add(packets.backward),
            ),
            Basis::OneWay { packets } => (0, packets),
            Basis::Unknown => (0, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(forward: &[i64], backward: &[i64]) -> Clock {
        Clock::estimate(&mut PerDirection {
            forward: forward.to_vec(),
            backward: backward.to_vec(),
        })
    }

    #[test]
    fn the_fastest_packets_both_ways_tell_the_offset() {
        // The clock is 5,000 ahead; the way takes 30 at least, once 80 and once 500.
        let clock = estimate(&[5_080, 5_030, 5_500], &[4_970, 4_900]);
        assert_eq!(clock.offset, 5_000);
        let Basis::BothWays { delay, .. } = clock.basis else {
            panic!("{clock:?}");
        };
        assert_eq!(delay, 30);
        // The same, seen from the other end.
        assert_eq!(
            estimate(&[-4_970, -4_900], &[-5_080, -5_030]).offset,
            -5_000
        );
        // Less than a capture can tell.
        assert_eq!(estimate(&[300, 900], &[200]).offset, 0);
    }

    #[test]
    fn one_direction_tells_little() {
        assert_eq!(estimate(&[7, 9, 8], &[]).offset, 8);
        assert!(!estimate(&[7, 9, 8], &[]).is_known());
        assert_eq!(estimate(&[], &[]), Clock::UNKNOWN);
    }
}
