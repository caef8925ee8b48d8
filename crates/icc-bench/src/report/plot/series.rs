//! How a target looks: the same in every plot.

use maud::{Markup, html};

use super::scale::Px;
use super::text::{bytes, nanoseconds, rate};
use crate::model::Row;
use crate::report::best::is_own;

/// Colour and mark of a target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Classes of the style sheet.
    pub(super) class: &'static str,
    mark: usize,
}

/// Forms of marks, as paths around the origin.
const MARKS: [&str; 6] = [
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "M-3.6 -3.6h7.2v7.2h-7.2z",
    "M0 -4.6L4.4 3.4H-4.4z",
    "M0 -4.9L4.9 0L0 4.9L-4.9 0z",
    "M0 4.6L4.4 -3.4H-4.4z",
    "M-1.5 -4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",
];

impl Style {
    /// The look of a row's target, which is the `index`th of its plot.
    ///
    /// The project's own stand out by colour; others are grey, and told apart by their marks and
    /// names.
    pub(super) fn of(row: &Row, index: usize) -> Self {
        let name = row.target.as_str();
        let class = if row.is_yardstick() {
            "series reference"
        } else if !is_own(name) {
            "series"
        } else if name.contains("mpmc") || name.contains("update") {
            "series own violet"
        } else if name.contains("spmc, shared") || name.contains("(shared)") {
            "series own gold"
        } else if name.contains("queue") || name.contains("write") {
            "series own red"
        } else if name.contains("vector") {
            "series own green"
        } else if name.contains("seqlock") {
            "series own blue"
        } else {
            "series own sky"
        };
        Self { class, mark: index % MARKS.len() }
    }

    pub(super) fn mark(self, x: f64, y: f64) -> Markup {
        html! { path class="mark" d=(MARKS[self.mark]) transform=(format!("translate({} {})", Px(x), Px(y))) {} }
    }
}

/// The targets of rows, in the order in which they come.
pub(super) fn targets(rows: &[Row]) -> Vec<&Row> {
    let mut firsts: Vec<&Row> = Vec::new();
    for row in rows {
        if !firsts.iter().any(|first| first.target == row.target) {
            firsts.push(row);
        }
    }
    firsts
}

/// All that is known of a row, for a tooltip.
pub(super) fn tooltip(row: &Row) -> String {
    let Some(figures) = row.figures else { return row.label() };
    let mut text = format!(
        "{} at {}: p50 {}, {} × {} ({}–{})",
        row.label(),
        bytes(row.payload_bytes),
        nanoseconds(figures.p50_ns),
        figures.ratio,
        row.scenario.reference,
        figures.ratio_min,
        figures.ratio_max
    );
    if let Some(flow) = figures.flow {
        text.push_str(&format!(
            "; {} received, {:.1} % of what was sent",
            rate(flow.per_second),
            flow.share_received * 100.0
        ));
    }
    text
}
