//! From figures to places on paper.

use std::fmt;

/// A logarithmic scale: equal ratios are equal distances, as fits times from one nanosecond to many
/// microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// Maps the span of `values`, and a share of it beyond, to the places from `from` to `to`. None
    /// without a positive value.
    pub(super) fn log(values: impl IntoIterator<Item = f64>, from: f64, to: f64) -> Option<Self> {
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for value in values.into_iter().filter(|value| value.is_finite() && *value > 0.0) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            return None;
        }
        // A single value still gets a span.
        let beyond = (high / low).powf(0.05).max(1.06);
        Some(Self { low: low / beyond, high: high * beyond, from, to })
    }

    /// The same with nothing beyond the values: for an axis whose ends are marks.
    pub(super) fn tight(self, inset: f64) -> Self {
        let beyond = (self.high / self.low).ln();
        let span = (self.to - self.from).abs();
        let share = beyond / (span - 2.0 * inset).max(1.0) * inset;
        Self { low: self.low * (-share).exp(), high: self.high * share.exp(), ..self }
    }

    /// The same over a span of at least so many times its low end: a small difference is not to
    /// look like a large one.
    pub(super) fn at_least(self, ratio: f64) -> Self {
        let missing = (ratio / (self.high / self.low)).max(1.0).sqrt();
        Self { low: self.low / missing, high: self.high * missing, ..self }
    }

    /// The place of a value. What is not positive is put at the low end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = (value.max(self.low) / self.low).ln() / (self.high / self.low).ln();
        self.from + (self.to - self.from) * share
    }

    /// Round values across the span, about five of them.
    pub(super) fn ticks(&self) -> Vec<f64> {
        if self.high / self.low < 6.0 {
            let rough = (self.high - self.low) / 5.0;
            let power = 10_f64.powf(rough.log10().floor());
            let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough);
            let step = step.unwrap_or(power);
            let first = (self.low / step).ceil() as u64;
            let last = (self.high / step).floor() as u64;
            return (first..=last).map(|count| count as f64 * step).filter(|tick| *tick > 0.0).collect();
        }
        // Where there are many powers of ten, 2 and 5 between them would be too much.
        let factors: &[f64] = match self.high / self.low {
            ratio if ratio > 3_000.0 => &[1.0],
            ratio if ratio > 30.0 => &[1.0, 2.0, 5.0],
            _ => &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0],
        };
        let (first, last) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        (first..=last)
            .flat_map(|power| factors.iter().map(move |factor| factor * 10_f64.powi(power)))
            .filter(|tick| (self.low..=self.high).contains(tick))
            .collect()
    }
}

/// A coordinate: a tenth of a pixel is enough, and shorter files are quicker to load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Px(pub(super) f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 * 10.0).round() / 10.0;
        // Not "-0".
        write!(f, "{}", if tenths == 0.0 { 0.0 } else { tenths })
    }
}

/// Moves places apart until each is at least `gap` from the next, within `low` and `high` as far as
/// they fit, and keeps their order. Used for labels beside the ends of lines.
pub(super) fn spread(places: &mut [f64], gap: f64, low: f64, high: f64) {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| f64::total_cmp(&places[*a], &places[*b]));
    let mut least = low;
    for &index in &order {
        places[index] = places[index].max(least);
        least = places[index] + gap;
    }
    let mut most = high;
    for &index in order.iter().rev() {
        places[index] = places[index].min(most);
        most = places[index] - gap;
    }
    // More than fit: even steps from the top are the least bad.
    if order.first().is_some_and(|first| places[*first] < low) {
        for (step, &index) in order.iter().enumerate() {
            places[index] = low + step as f64 * (high - low) / (order.len() - 1).max(1) as f64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ratios_are_equal_distances() {
        let scale = Scale::log([10.0, 1000.0], 0.0, 100.0).unwrap();
        let (a, b, c) = (scale.at(10.0), scale.at(100.0), scale.at(1000.0));
        assert!((b - a - (c - b)).abs() < 1e-9 && a > 0.0 && c < 100.0);
        assert_eq!(scale.at(0.0), 0.0);
        assert!(Scale::log([0.0, f64::NAN], 0.0, 1.0).is_none());
        let tight = scale.tight(20.0);
        assert!(tight.at(10.0) > 15.0 && tight.at(1000.0) < 85.0);
    }

    #[test]
    fn ticks_are_round_within_the_span_and_few() {
        for (low, high) in [(58.0, 60.0), (50.0, 250.0), (1.0, 6000.0), (0.5, 5.0), (0.01, 9e6), (7.0, 7.0)] {
            let ticks = Scale::log([low, high], 0.0, 1.0).unwrap().ticks();
            assert!((2..=13).contains(&ticks.len()), "{low} to {high}: {ticks:?}");
            assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(ticks.iter().all(|tick| *tick >= low * 0.4 && *tick <= high * 2.5), "{low} to {high}: {ticks:?}");
        }
    }

    #[test]
    fn labels_keep_their_distance_and_their_order() {
        let mut places = [50.0, 51.0, 10.0, 52.0];
        spread(&mut places, 12.0, 0.0, 80.0);
        assert_eq!(places, [50.0, 62.0, 10.0, 74.0]);
        spread(&mut places, 12.0, 0.0, 70.0);
        assert_eq!(places, [46.0, 58.0, 10.0, 70.0]);
    }

    #[test]
    fn more_labels_than_fit_are_spread_evenly() {
        let mut places = [5.0; 5];
        spread(&mut places, 12.0, 0.0, 40.0);
        assert_eq!(places, [0.0, 10.0, 20.0, 30.0, 40.0]);
    }

    #[test]
    fn coordinates_are_short() {
        assert_eq!([1.0, 1.26, -0.01].map(|value| Px(value).to_string()), ["1", "1.3", "0"]);
    }
}
