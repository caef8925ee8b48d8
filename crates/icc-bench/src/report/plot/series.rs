//! How a target looks: the same in every plot.

use maud::{Markup, html};

use super::scale::Px;
use super::text::{bytes, nanoseconds, rate};
use crate::model::Row;
use crate::report::best::is_own;

/// Colour and mark of a target, and the dashes of its line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Classes of the style sheet.
    pub(super) class: &'static str,
    mark: usize,
    dashes: &'static str,
}

/// Classes of other libraries: colours that do not stand out.
const OTHERS: [&str; 6] = ["series r0", "series r1", "series r2", "series r3", "series r4", "series r5"];

/// What tells lines of one colour apart; the first is drawn through.
const DASHES: [&str; 5] = ["none", "7 4", "2 3", "9 3 2 3", "14 3"];

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
    /// The project's own stand out by colour.
    pub(super) fn of(row: &Row, index: usize) -> Self {
        let name = row.target.as_str();
        let class = if row.is_yardstick() {
            "series reference"
        } else if !is_own(name) {
            OTHERS[index % OTHERS.len()]
        } else if name.contains("mpmc") || name.contains("update") {
            "series own violet"
        } else if name.contains("spmc, shared") || name.contains("(shared)") {
            "series own gold"
        } else if name.contains("vector") && !name.contains("vector write") {
            "series own green"
        } else if name.contains("queue") || name.contains("write") {
            "series own red"
        } else if name.contains("seqlock") {
            "series own blue"
        } else {
            "series own sky"
        };
        Self { class, mark: index % MARKS.len(), dashes: DASHES[0] }
    }

    /// The looks of a plot's lines, no two of which are the same in colour and dashes, as far as these go.
    pub(super) fn of_lines(targets: &[&Row]) -> Vec<Self> {
        let mut styles: Vec<Self> = Vec::new();
        for (index, row) in targets.iter().enumerate() {
            let style = Self::of(row, index);
            let before = styles.iter().filter(|other| other.class == style.class).count();
            styles.push(Self { dashes: DASHES[before % DASHES.len()], ..style });
        }
        styles
    }

    /// A line of these steps.
    pub(super) fn line(self, steps: &str) -> Markup {
        html! { path class="line" d=(steps) stroke-dasharray=(self.dashes) {} }
    }

    /// A mark, hollow if it stands for few rounds.
    pub(super) fn mark(self, x: f64, y: f64, is_hollow: bool) -> Markup {
        let class = if is_hollow { "mark open" } else { "mark" };
        html! { path class=(class) d=(MARKS[self.mark]) transform=(format!("translate({} {})", Px(x), Px(y))) {} }
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
    if row.has_few_rounds() {
        text.push_str(&format!("; of {} only", rounds(row)));
    }
    if let Some(flow) = figures.flow {
        text.push_str(&format!(
            "; {} received, {:.1} % of what was sent",
            rate(flow.per_second),
            flow.share_received * 100.0
        ));
    }
    text
}

/// How many rounds count, in words.
pub(crate) fn rounds(row: &Row) -> String {
    match row.rounds {
        1 => "1 round".to_owned(),
        count => format!("{count} rounds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;
    use crate::model::sample::sample;

    #[test]
    fn no_two_lines_look_the_same() {
        let named = |name: &str| Row { target: name.to_owned(), kind: Kind::Queue, ..sample().rows.remove(0) };
        let own = ["icc-vector", "icc-vector, one writer", "icc-vector, shared", "icc-queue spmc", "icc-queue mpmc"];
        let others = (0..14).map(|number| format!("other {number}"));
        let rows: Vec<Row> = own.map(str::to_owned).into_iter().chain(others).map(|name| named(&name)).collect();
        let targets: Vec<&Row> = rows.iter().collect();
        let mut looks: Vec<_> = Style::of_lines(&targets).iter().map(|style| (style.class, style.dashes)).collect();
        looks.sort_unstable();
        let count = looks.len();
        looks.dedup();
        assert_eq!(looks.len(), count);
    }
}
