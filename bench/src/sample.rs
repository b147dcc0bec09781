//! What a slice of measuring brings: times of batches, and what is said about them.

use std::time::{Duration, Instant};

/// Nanoseconds per turn, one figure for each batch of turns. A batch is timed as a whole because
/// reading the clock takes a good part of the fastest turns.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn new(batches: Vec<f64>) -> Self {
        Self(batches)
    }

    /// The median of the batches.
    pub(crate) fn p50(&self) -> Option<f64> {
        quantile(&self.0, 0.5)
    }

    /// What one batch in a hundred exceeds.
    pub(crate) fn p99(&self) -> Option<f64> {
        quantile(&self.0, 0.99)
    }
}

/// The median, the upper one of the two in the middle; `None` if there are no values.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The smallest value that at least this share of the others is below.
fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index into a vector that fits memory"
    )]
    let index = (sorted.len() as f64 * share) as usize;
    sorted.get(index.min(sorted.len().checked_sub(1)?)).copied()
}

/// By how much the values wander: the spread of all, as a share of their median.
pub(crate) fn wander(values: &[f64]) -> Option<f64> {
    let (least, most) = (quantile(values, 0.0)?, quantile(values, 1.0)?);
    Some((most - least) / median(values)?)
}

/// How long a contestant is measured at a stretch, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice {
    pub(crate) span: Duration,
    /// The CPU of the measuring side.
    pub(crate) here: usize,
    /// The CPU of the peer, another one unless there is only one.
    pub(crate) there: usize,
}

impl Slice {
    /// The part of a slice that warms caches and predictors up and isn't counted, as a divisor.
    const WARM_UP: u32 = 5;

    /// Repeats `turn` in batches of `batch` for the length of the slice.
    pub(crate) fn measure(self, batch: u32, mut turn: impl FnMut()) -> Samples {
        let run = |span: Duration, turn: &mut dyn FnMut() -> f64| {
            let start = Instant::now();
            let mut batches = Vec::new();
            while start.elapsed() < span {
                batches.push(turn());
            }
            batches
        };
        let mut timed = || {
            let start = Instant::now();
            for _ in 0..batch {
                turn();
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(batch)
        };
        run(self.span / Self::WARM_UP, &mut timed);
        Samples::new(run(self.span, &mut timed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        for (values, p50, p99) in [
            (&[][..], None, None),
            (&[7.0], Some(7.0), Some(7.0)),
            (&[3.0, 1.0, 2.0], Some(2.0), Some(3.0)),
            (&[4.0, 1.0, 3.0, 2.0], Some(3.0), Some(4.0)),
        ] {
            let samples = Samples::new(values.to_vec());
            assert_eq!((samples.p50(), samples.p99()), (p50, p99), "{values:?}");
            assert_eq!(median(values), p50);
        }
        let hundred: Vec<f64> = (0..200).map(f64::from).collect();
        assert_eq!(Samples::new(hundred).p99(), Some(198.0));
    }

    #[test]
    fn wander_is_the_spread_beside_the_median() {
        assert_eq!(wander(&[]), None);
        assert_eq!(wander(&[5.0]), Some(0.0));
        assert_eq!(wander(&[80.0, 100.0, 130.0]), Some(0.5));
    }

    #[test]
    fn a_slice_repeats_whole_batches() {
        let slice = Slice { span: Duration::from_micros(200), here: 0, there: 0 };
        let mut turns = 0;
        let samples = slice.measure(8, || turns += 1);
        assert!(turns % 8 == 0 && turns > 0);
        assert!(samples.p50().is_some_and(f64::is_finite));
    }
}
