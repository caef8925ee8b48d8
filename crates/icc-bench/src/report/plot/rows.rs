//! What rows of one scenario have in common.

use crate::model::{Kind, Row, Shape};

/// The payload that stands for all where only one is shown: a message that fills a cache line
/// together with its version.
pub(crate) const MAIN_PAYLOAD: usize = 56;

/// How many times its least the reference may take before only ratios can be compared.
const MOVED: f64 = 1.5;

/// How far the reference's own median went in one row, where that is so far that times of the run
/// are not to be compared with each other.
#[must_use]
pub(crate) fn moved(rows: &[Row]) -> Option<(f64, f64)> {
    rows.iter()
        .filter(|row| row.kind == Kind::Reference && row.cores.is_none())
        .filter_map(|row| row.figures)
        .map(|figures| (figures.p50_min_ns, figures.p50_max_ns))
        .filter(|(low, high)| *high > low * MOVED)
        .max_by(|a, b| f64::total_cmp(&(a.1 / a.0), &(b.1 / b.0)))
}

/// The kinds of the rows, references and floors apart, in their order.
#[must_use]
pub(crate) fn kinds(rows: &[Row]) -> Vec<Kind> {
    let mut kinds: Vec<Kind> =
        rows.iter().map(|row| row.kind).filter(|kind| !matches!(kind, Kind::Reference | Kind::Floor)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// What varies in the rows' scenario; none if there are no rows.
pub(crate) fn shape(rows: &[Row]) -> Option<Shape> {
    rows.first().map(|row| row.scenario.shape)
}

/// The id of a scenario's plots and of its section in the page.
pub(crate) fn slug(rows: &[Row]) -> &str {
    rows.first().map_or("", |row| &*row.scenario.slug)
}

/// What the scenario is called above its plots.
pub(crate) fn title(rows: &[Row]) -> &str {
    rows.first().map_or("", |row| &*row.scenario.title)
}

/// What a ratio of the rows is to.
pub(super) fn reference(rows: &[Row]) -> &str {
    rows.first().map_or("", |row| &*row.scenario.reference)
}
