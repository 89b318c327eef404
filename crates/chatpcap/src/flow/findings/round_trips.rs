//! Round trips of one direction, in bounded memory.

/// Samples that are kept one by one; from more than these only a histogram is.
const MAX_SAMPLES: usize = 64;

/// Samples that every direction may keep, whatever the others do.
const OWN_SAMPLES: usize = 8;

/// Directions that may keep more, or a histogram, of all flows together: 250 MB.
const MAX_DETAILED: usize = 1 << 18;

/// Parts of an octave in the histogram.
const PARTS: u64 = 8;

/// The histogram goes from `2^FIRST_OCTAVE` nanoseconds, a microsecond, up to 2^40, 18 minutes.
const FIRST_OCTAVE: u64 = 10;
const OCTAVES: u64 = 30;

/// How far the median of more than 64 round trips is off at most: half a bucket.
pub const MAX_ERROR_PERCENT: f64 = 6.25;

/// Round trips of one direction's segments, in nanoseconds.
#[derive(Clone, Debug, Default)]
pub struct RoundTrips {
    count: u64,
    min: i64,
    max: i64,
    kept: Kept,
}

#[derive(Clone, Debug)]
enum Kept {
    Samples(Vec<i64>),
    /// A bucket is an eighth of an octave.
    Histogram(Box<[u32]>),
}

impl Default for Kept {
    fn default() -> Self {
        Self::Samples(Vec::new())
    }
}

impl RoundTrips {
    /// Adds a sample; `detailed` counts the directions of all flows that keep more than a few.
    pub(super) fn add(&mut self, sample: i64, detailed: &mut usize) {
        self.min = if self.count == 0 {
            sample
        } else {
            self.min.min(sample)
        };
        self.max = self.max.max(sample);
        self.count = self.count.saturating_add(1);
        match &mut self.kept {
            Kept::Samples(samples) if samples.len() < OWN_SAMPLES => samples.push(sample),
            Kept::Samples(samples) if samples.len() == OWN_SAMPLES => {
                if *detailed < MAX_DETAILED {
                    *detailed = detailed.saturating_add(1);
                    samples.push(sample);
                }
            }
            Kept::Samples(samples) if samples.len() < MAX_SAMPLES => samples.push(sample),
            Kept::Samples(samples) => {
                let buckets = usize::try_from(OCTAVES * PARTS).unwrap_or_default();
                let mut histogram = vec![0; buckets].into_boxed_slice();
                for sample in samples {
                    count(&mut histogram, *sample);
                }
                count(&mut histogram, sample);
                self.kept = Kept::Histogram(histogram);
            }
            Kept::Histogram(histogram) => count(histogram, sample),
        }
    }

    /// How many round trips were measured.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The shortest.
    pub fn min(&self) -> Option<i64> {
        (self.count > 0).then_some(self.min)
    }

    /// The longest.
    pub fn max(&self) -> Option<i64> {
        (self.count > 0).then_some(self.max)
    }

    /// The one in the middle, the shorter of two: exact of up to 64, else off by at most
    /// [`MAX_ERROR_PERCENT`]. Of a capture with hundreds of thousands of busy flows, the last of these tell
    /// that of their first eight.
    pub fn median(&self) -> Option<i64> {
        match &self.kept {
            Kept::Samples(samples) => {
                let mut sorted = samples.clone();
                sorted.sort_unstable();
                let last = sorted.len().checked_sub(1)?;
                sorted.get(last / 2).copied()
            }
            Kept::Histogram(histogram) => {
                let middle = self.count.saturating_sub(1) / 2;
                let mut passed = 0_u64;
                let bucket = histogram.iter().position(|count| {
                    passed = passed.saturating_add((*count).into());
                    passed > middle
                })?;
                Some(center(bucket).clamp(self.min, self.max))
            }
        }
    }
}

fn count(histogram: &mut [u32], sample: i64) {
    if let Some(bucket) = histogram.get_mut(bucket(sample)) {
        *bucket = bucket.saturating_add(1);
    }
}

/// The bucket of a sample; what is too short or too long is in the first or the last.
fn bucket(sample: i64) -> usize {
    let sample = u64::try_from(sample).unwrap_or(0);
    let sample = sample.clamp(1 << FIRST_OCTAVE, (1 << (FIRST_OCTAVE + OCTAVES)) - 1);
    let octave = u64::from(sample.ilog2());
    let part = (sample >> octave.saturating_sub(3)) & (PARTS - 1);
    let bucket = octave
        .saturating_sub(FIRST_OCTAVE)
        .saturating_mul(PARTS)
        .saturating_add(part);
    usize::try_from(bucket).unwrap_or_default()
}

/// The middle of a bucket.
fn center(bucket: usize) -> i64 {
    let bucket = u64::try_from(bucket).unwrap_or_default();
    let octave = bucket / PARTS + FIRST_OCTAVE;
    let part = bucket % PARTS;
    // (8 + part + 1/2) eighths of the octave.
    let center = (2 * (PARTS + part) + 1) << octave.saturating_sub(4);
    i64::try_from(center).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_exact() {
        let mut trips = RoundTrips::default();
        assert_eq!(
            (trips.min(), trips.median(), trips.max()),
            (None, None, None)
        );
        for sample in [5_000, 1_000, 9_000, 0] {
            trips.add(sample, &mut 0);
        }
        assert_eq!(trips.min(), Some(0));
        assert_eq!(trips.median(), Some(1_000));
        assert_eq!(trips.max(), Some(9_000));
    }

    #[test]
    fn where_too_many_keep_more_the_first_are_kept() {
        let mut trips = RoundTrips::default();
        for sample in 1..=1000 {
            trips.add(sample, &mut MAX_DETAILED.clone());
        }
        assert!(matches!(&trips.kept, Kept::Samples(samples) if samples.capacity() <= OWN_SAMPLES));
        assert_eq!((trips.count(), trips.median()), (1000, Some(4)));
        assert_eq!((trips.min(), trips.max()), (Some(1), Some(1000)));
    }

    #[test]
    fn many_are_near() {
        for scale in [1, 37, 1_000, 50_000, 1_000_000] {
            let mut trips = RoundTrips::default();
            let mut detailed = 0;
            for sample in 0..10_001_i64 {
                // All numbers from 1,000 to 11,000 in some order.
                trips.add((1_000 + sample * 7 % 10_001) * scale, &mut detailed);
            }
            assert_eq!(detailed, 1);
            let median = trips.median().unwrap();
            #[expect(clippy::cast_precision_loss, reason = "small enough")]
            let error = (median as f64 / (6_000 * scale) as f64 - 1.0).abs() * 100.0;
            assert!(
                error <= MAX_ERROR_PERCENT,
                "{scale}: {median} is off by {error} %"
            );
            assert_eq!(trips.min(), Some(1_000 * scale));
        }
    }

    #[test]
    fn any_sample_has_a_bucket_that_it_is_near() {
        for octave in 0..63 {
            for sample in [1 << octave, (1 << octave) + (1 << octave) / 3] {
                let near = center(bucket(sample));
                if (1024..1 << 40).contains(&sample) {
                    assert!((near - sample).abs() <= sample / 16, "{sample}: {near}");
                }
            }
        }
    }
}
