//! Which row is best beside those it can be compared with.

use crate::model::{Figures, Merit, Row};

/// How a row stands among those of its kind, at the same size, consumers and cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is the best of them.
    Best,
    /// It is at most a tenth behind, and its median lies within the range of the best one's rounds:
    /// run again, it might be the best.
    Level,
    /// Another is better, or there is no other.
    None,
}

impl Standing {
    /// How `row` stands among `rows`.
    ///
    /// What counts is the ratio, since rows are interleaved with its reference. At full speed it is
    /// the rate of messages received, and where the reference is the target itself with one
    /// consumer it is the time, of the consumers' thread if that is known.
    #[must_use]
    pub(crate) fn of(row: &Row, rows: &[Row]) -> Self {
        if row.is_yardstick() {
            return Self::None;
        }
        let rivals =
            || rows.iter().filter(|other| other.kind == row.kind && other.is_beside(row) && merit(other).is_some());
        let best = rivals().min_by(|a, b| f64::total_cmp(&rank(a), &rank(b)));
        let (Some(best), true) = (best, rivals().count() > 1) else { return Self::None };
        match (row.figures, best.figures) {
            _ if std::ptr::eq(row, best) || best.target == row.target => Self::Best,
            (Some(own), Some(other)) if reaches(row.scenario.merit, &own, &other) => Self::Level,
            _ => Self::None,
        }
    }

    /// The mark in a terminal.
    #[must_use]
    pub(crate) fn mark(self) -> &'static str {
        match self {
            Self::Best => "*",
            Self::Level => "=",
            Self::None => "",
        }
    }
}

/// Less is better.
fn merit(row: &Row) -> Option<f64> {
    let figures = row.figures?;
    match row.scenario.merit {
        Merit::Rate => figures.flow.map(|flow| -flow.per_second),
        Merit::Time => Some(time(&figures)),
        Merit::Ratio => Some(figures.ratio),
    }
}

/// What is further behind is not level, however far the best one's rounds went apart.
const LEVEL: f64 = 1.1;

/// Whether a row lies within the range of the best one's rounds.
fn reaches(merit: Merit, own: &Figures, best: &Figures) -> bool {
    match merit {
        Merit::Rate => false,
        // Of the consumers' thread there is one figure and no range.
        Merit::Time if best.thread_ns.is_some() => time(own) <= LEVEL * time(best),
        Merit::Time => own.p50_ns <= best.p50_max_ns.min(LEVEL * best.p50_ns),
        Merit::Ratio => own.ratio <= best.ratio_max.min(LEVEL * best.ratio),
    }
}

/// That of the consumers' thread where it is known, else the producer's.
fn time(figures: &Figures) -> f64 {
    figures.thread_ns.unwrap_or(figures.p50_ns)
}

fn rank(row: &Row) -> f64 {
    merit(row).unwrap_or(f64::INFINITY)
}

/// Whether a target is one of this project's.
#[must_use]
pub(crate) fn is_own(target: &str) -> bool {
    target.starts_with("icc-")
}

/// A place where another library is ahead of everything of this project's.
#[derive(Clone, Debug)]
pub(crate) struct Ahead<'report> {
    /// The other library's row.
    pub row: &'report Row,
    /// The best of this project's rows beside it.
    pub own: &'report Row,
    /// Whether the own median lies within the range of the other's rounds.
    pub is_level: bool,
}

/// Every place where another library is ahead, in the order of the run.
#[must_use]
pub(crate) fn ahead(rows: &[Row]) -> Vec<Ahead<'_>> {
    rows.iter()
        .filter(|row| !is_own(&row.target) && Standing::of(row, rows) == Standing::Best)
        .filter_map(|row| {
            let own = rows
                .iter()
                .filter(|own| is_own(&own.target) && own.kind == row.kind && own.is_beside(row) && merit(own).is_some())
                .min_by(|a, b| f64::total_cmp(&rank(a), &rank(b)))?;
            Some(Ahead { row, own, is_level: Standing::of(own, rows) == Standing::Level })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::sample::{SCENARIO, sample};
    use crate::model::{Description, FlowFigures, Kind};

    fn row(target: &str, kind: Kind, [ratio_min, ratio, ratio_max]: [f64; 3]) -> Row {
        let row = sample().rows.remove(0);
        let figures = row.figures.map(|figures| Figures { ratio_min, ratio, ratio_max, ..figures });
        Row { target: target.to_owned(), kind, figures, ..row }
    }

    #[test]
    fn the_lowest_ratio_of_a_kind_is_best_and_what_is_in_its_range_level() {
        let rows = [
            row("raw atomics", Kind::Reference, [0.9, 1.0, 1.1]),
            row("a", Kind::Queue, [1.3, 1.4, 1.5]),
            row("icc-b", Kind::Queue, [1.4, 1.5, 1.6]),
            row("c", Kind::Queue, [1.4, 1.6, 1.7]),
            row("icc-d", Kind::LatestValue, [1.0, 1.1, 1.2]),
        ];
        let standings: Vec<Standing> = rows.iter().map(|row| Standing::of(row, &rows)).collect();
        use Standing::{Best, Level, None};
        assert_eq!(standings, [None, Best, Level, None, None]);
        let ahead = ahead(&rows);
        assert_eq!(ahead.len(), 1);
        assert_eq!(
            (ahead[0].row.target.as_str(), ahead[0].own.target.as_str(), ahead[0].is_level),
            ("a", "icc-b", true)
        );
    }

    #[test]
    fn where_the_reference_is_the_target_itself_the_time_counts() {
        let mut rows = [row("a", Kind::Queue, [0.9, 1.0, 1.1]), row("icc-b", Kind::Queue, [1.1, 1.2, 1.3])];
        for (row, p50_ns) in rows.iter_mut().zip([20.0, 10.0]) {
            row.scenario = Arc::new(Description { merit: Merit::Time, ..SCENARIO });
            let figures = row.figures.as_mut().unwrap();
            (figures.p50_ns, figures.p50_max_ns) = (p50_ns, p50_ns * 1.1);
        }
        assert_eq!(rows.each_ref().map(|row| Standing::of(row, &rows)), [Standing::None, Standing::Best]);
    }

    #[test]
    fn a_stream_is_judged_by_what_arrives() {
        let flow = |target, per_second, ratio| {
            let mut row = row(target, Kind::Queue, [ratio; 3]);
            let flow = FlowFigures { per_second, share_received: 1.0, share_told: 1.0 };
            row.figures.as_mut().unwrap().flow = Some(flow);
            row.scenario = Arc::new(Description { merit: Merit::Rate, ..SCENARIO });
            row
        };
        let rows = [flow("lossy", 1e6, 0.1), flow("icc-lossless", 2e6, 0.4)];
        assert_eq!(Standing::of(&rows[0], &rows), Standing::None);
        assert_eq!(Standing::of(&rows[1], &rows), Standing::Best);
        assert!(ahead(&rows).is_empty());
    }
}
