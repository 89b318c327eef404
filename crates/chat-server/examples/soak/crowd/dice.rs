//! Chance that can be repeated: each client has its own, from the run's seed.

use std::time::Duration;

/// A source of numbers that only look random (`SplitMix64`).
pub(super) struct Dice(u64);

impl Dice {
    /// The dice of one client.
    pub(super) fn new(seed: u64, client: usize) -> Self {
        let client = u64::try_from(client).unwrap();
        Self(seed ^ client.wrapping_mul(0xd134_2543_de82_ef95))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap();
        usize::try_from(self.next() % end).unwrap()
    }

    /// True so many times in a hundred.
    pub(super) fn percent(&mut self, times: usize) -> bool {
        self.below(100) < times
    }

    /// Between nothing and twice the mean.
    pub(super) fn wait(&mut self, mean: Duration) -> Duration {
        mean.mul_f64(f64::from(u32::try_from(self.below(2001)).unwrap()) / 1000.0)
    }

    /// Octets.
    pub(super) fn octets<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_le_bytes()[0])
    }
}
