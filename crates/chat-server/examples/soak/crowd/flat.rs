//! Whether memory is flat.

/// What may be more at the end than at the beginning: what waits for those who do not read comes
/// and goes.
const NOISE: f64 = 0.10;

/// And as much in any case, in kibibytes.
const LEAST: f64 = 1024.0;

/// Measurements of memory over time, and what they show.
#[derive(Debug)]
pub(super) struct Trend {
    /// By how much the line of least squares climbs in an hour, in kibibytes.
    pub(super) slope: f64,
    /// The most in the first quarter of the time, and in the last.
    pub(super) first: f64,
    pub(super) last: f64,
    pub(super) flat: bool,
}

impl Trend {
    /// Judges measurements: seconds and kibibytes. Flat is what climbs by no more than [`NOISE`] of its
    /// mean over the whole time, and whose last quarter tops the first by no more than that.
    pub(super) fn of(points: &[(f64, f64)]) -> Self {
        let count = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
        let (time, memory) = (mean(|point| point.0), mean(|point| point.1));
        let sum = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>();
        let spread = sum(&|point| (point.0 - time).powi(2));
        let slope = sum(&|point| (point.0 - time) * (point.1 - memory)) / spread.max(1.0);
        let quarter = points.len().div_ceil(4);
        let most = |points: &[(f64, f64)]| points.iter().map(|point| point.1).fold(0.0, f64::max);
        let first = most(&points[..quarter]);
        let last = most(&points[points.len() - quarter..]);
        let span = points[points.len() - 1].0 - points[0].0;
        let allowed = (memory * NOISE).max(LEAST);
        Self {
            slope: slope * 3600.0,
            first,
            last,
            flat: slope * span <= allowed && last - first <= allowed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An hour of measurements, one in half a minute.
    fn hour(memory: impl Fn(f64) -> f64) -> Trend {
        let points: Vec<(f64, f64)> = (0..120)
            .map(|number| f64::from(number) * 30.0)
            .map(|time| (time, memory(time)))
            .collect();
        Trend::of(&points)
    }

    #[test]
    fn noise_is_flat_and_a_leak_or_a_late_step_is_not() {
        let noise = |time: f64| 10_000.0 + (time / 30.0 % 7.0) * 100.0;
        let trend = hour(noise);
        assert!(trend.flat && trend.slope.abs() < 50.0, "{trend:?}");
        let leak = hour(|time| noise(time) + time / 3600.0 * 2000.0);
        assert!(!leak.flat && (leak.slope - 2000.0).abs() < 50.0, "{leak:?}");
        let step = hour(|time| noise(time) + if time > 3000.0 { 2000.0 } else { 0.0 });
        assert!(!step.flat, "{step:?}");
    }
}
