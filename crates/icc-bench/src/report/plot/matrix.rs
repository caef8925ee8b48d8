//! The latency of every pair of cores, darker where it is longer.

use maud::{Markup, html};

use super::frame::{Canvas, Width};
use super::picture::Plot;
use super::rows::{slug, title};
use super::scale::{Px, Scale};
use super::series::{targets, tooltip};
use super::text::nanoseconds;
use crate::model::Row;

/// From so many cores on, a cell has no room for its figure.
const MAX_WITH_FIGURES: usize = 20;

/// A heat map for each target that was measured between pairs of cores.
pub(super) fn plots(rows: &[Row]) -> Vec<Plot> {
    let slug = slug(rows);
    let targets = targets(rows);
    let many = targets.len() > 1;
    targets
        .into_iter()
        .enumerate()
        .filter_map(|(index, first)| {
            let cells: Vec<Row> = rows.iter().filter(|row| row.target == first.target).cloned().collect();
            let id = if index == 0 { slug.to_owned() } else { format!("{slug}-{index}") };
            let of = if many { format!(": {}", first.target) } else { String::new() };
            Plot::new(
                id,
                format!("{}{of}", title(rows)),
                "Median one-way latency of each pair of cores in nanoseconds; stronger is slower".to_owned(),
                |width| draw(&cells, width),
            )
        })
        .collect()
}

fn draw(rows: &[Row], width: Width) -> Option<Canvas> {
    let mut cores: Vec<usize> = rows.iter().filter_map(|row| row.cores).flatten().collect();
    cores.sort_unstable();
    cores.dedup();
    let medians = || rows.iter().filter_map(|row| row.figures).map(|figures| figures.p50_ns);
    let scale = Scale::log(medians(), 0.08, 0.95)?;
    let (low, high) = medians().fold((f64::INFINITY, 0.0_f64), |(low, high), ns| (low.min(ns), high.max(ns)));
    let (left, top) = (34.0, 40.0);
    let count = cores.len() as f64;
    let cell = ((width.px() - left - 4.0) / count).min(width.pick(58.0, 58.0)).min(width.pick(720.0, 400.0) / count);
    let has_figures = cores.len() <= MAX_WITH_FIGURES && cell >= 26.0;
    let at = |core: usize| cores.iter().position(|other| *other == core).map_or(0.0, |index| index as f64 * cell);
    // Names only so often that they do not touch.
    let every = (18.0 / cell).ceil().max(1.0) as usize;
    let body = html! {
        (legend(&scale, low, high, left))
        @for (index, core) in cores.iter().enumerate().filter(|(index, _)| index % every == 0) {
            @let middle = (index as f64 + 0.5) * cell;
            text class="tick" x=(Px(left + middle)) y=(Px(top - 5.0)) text-anchor="middle" { (core) }
            text class="tick" x=(Px(left - 6.0)) y=(Px(top + middle + 4.0)) text-anchor="end" { (core) }
        }
        @for row in rows {
            @if let (Some([first, second]), Some(figures)) = (row.cores, row.figures) {
                @let pairs = if rows.iter().any(|other| other.cores == Some([second, first])) {
                    vec![(first, second)]
                } else {
                    // Measured once, the same both ways.
                    vec![(first, second), (second, first)]
                };
                @for (down, across) in pairs {
                    (draw_cell(row, figures.p50_ns, &scale, left + at(across), top + at(down), cell, has_figures))
                }
            }
        }
    };
    Some(Canvas { width: width.px(), height: top + count * cell + 8.0, body })
}

fn draw_cell(row: &Row, ns: f64, scale: &Scale, x: f64, y: f64, cell: f64, has_figure: bool) -> Markup {
    let opacity = scale.at(ns);
    html! {
        g {
            title { (tooltip(row)) }
            rect class="cell heat" x=(Px(x)) y=(Px(y)) width=(Px(cell)) height=(Px(cell)) fill-opacity=(format!("{opacity:.3}")) {}
            @if has_figure {
                @let class = if opacity > 0.55 { "small strong" } else { "small" };
                text class=(class) x=(Px(x + cell / 2.0)) y=(Px(y + cell / 2.0 + 4.0)) text-anchor="middle" { (format!("{ns:.0}")) }
            }
        }
    }
}

/// From the fastest pair to the slowest.
fn legend(scale: &Scale, low: f64, high: f64, left: f64) -> Markup {
    let steps = if high > low { 9 } else { 1 };
    html! {
        @for step in 0..steps {
            @let ns = low * (high / low).powf(f64::from(step) / f64::from((steps - 1).max(1)));
            rect class="heat" x=(Px(left + 60.0 + f64::from(step) * 12.0)) y="2" width="12" height="11" fill-opacity=(format!("{:.3}", scale.at(ns))) {}
        }
        text class="tick" x=(Px(left)) y="12" { (nanoseconds(low)) }
        text class="tick" x=(Px(left + 66.0 + f64::from(steps) * 12.0)) y="12" { (nanoseconds(high)) }
    }
}
