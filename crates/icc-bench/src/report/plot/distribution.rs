//! How a target's messages are distributed: a small curve for each, of one scale for all.

use maud::{Markup, html};

use super::frame::{Area, Canvas, Width, short, text_width};
use super::picture::Plot;
use super::rows::{MAIN_PAYLOAD, slug, title};
use super::scale::{Px, Scale};
use super::series::{Style, rounds, tooltip};
use super::text::bytes;
use crate::model::{Figures, Row};

/// Equal steps across: each is ten times as rare as the one before, but for the first and the last.
const STEPS: [&str; 5] = ["50", "90", "99", "99.9", "max"];

/// Up to so many times the slowest 99.9th percentile: one message that met the end of a time slice would flatten all.
const BEYOND: f64 = 3.0;

fn values(figures: &Figures) -> [f64; 5] {
    [figures.p50_ns, figures.p90_ns, figures.p99_ns, figures.p999_ns, figures.max_ns]
}

/// One plot with a curve for each target, at the main payload.
pub(super) fn plot(rows: &[Row]) -> Option<Plot> {
    let measured = rows.iter().filter(|row| row.figures.is_some());
    let main = measured.map(|row| row.payload_bytes).min_by_key(|payload| payload.abs_diff(MAIN_PAYLOAD))?;
    let rows: Vec<Row> = rows.iter().filter(|row| row.payload_bytes == main).cloned().collect();
    let plot = Plot::new(
        format!("{}-distributions", slug(&rows)),
        format!("{}, {} messages: the distribution of each", title(&rows), bytes(main)),
        "Percentiles across, nanoseconds up on one logarithmic scale for all; above its upper edge a curve is cut"
            .to_owned(),
        |width| draw(&rows, width),
    )?;
    Some(Plot { is_detail: true, ..plot })
}

fn draw(rows: &[Row], width: Width) -> Option<Canvas> {
    let measured: Vec<(&Row, Figures)> = rows.iter().filter_map(|row| Some((row, row.figures?))).collect();
    let (columns, cell_height) = (width.pick(4, 2), width.pick(126.0, 118.0));
    let cell_width = width.px() / f64::from(columns);
    let end = BEYOND * measured.iter().map(|(_, figures)| figures.p999_ns).fold(0.0, f64::max);
    let all = measured.iter().flat_map(|(_, figures)| values(figures)).map(|value| value.min(end));
    let scale = Scale::log(all, cell_height - 34.0, 22.0)?.at_least(4.0);
    let lines = measured.len().div_ceil(columns as usize);
    let body = html! {
        @for (index, (row, figures)) in measured.iter().enumerate() {
            @let (column, line) = (index % columns as usize, index / columns as usize);
            g transform=(format!("translate({} {})", Px(column as f64 * cell_width), Px(line as f64 * cell_height))) {
                (cell(row, figures, Style::of(row, index), &scale, cell_width, cell_height))
            }
        }
    };
    Some(Canvas { width: width.px(), height: lines as f64 * cell_height, body })
}

fn cell(row: &Row, figures: &Figures, style: Style, scale: &Scale, width: f64, height: f64) -> Markup {
    let area = Area { left: 30.0, right: width - 14.0, top: 22.0, bottom: height - 34.0 };
    let step = (area.right - area.left) / (STEPS.len() - 1) as f64;
    let places: Vec<(f64, f64)> = values(figures)
        .into_iter()
        .enumerate()
        .map(|(index, value)| (area.left + index as f64 * step, scale.at(value).max(area.top)))
        .collect();
    let curve: Vec<String> = places
        .iter()
        .enumerate()
        .map(|(index, (x, y))| format!("{}{} {}", if index == 0 { "M" } else { "L" }, Px(*x), Px(*y)))
        .collect();
    // As much of a long name as fits.
    let name = row.label();
    let letters = (width / text_width("n", 11.0) * 0.9) as usize;
    let shown = if name.chars().count() > letters {
        format!("{}…", name.chars().take(letters.saturating_sub(1)).collect::<String>())
    } else {
        name
    };
    let ticks = scale.ticks();
    html! {
        g class=(style.class) {
            title { (tooltip(row)) "; of " (rounds(row)) }
            text class="label small" x="0" y="12" { (shown) }
            @for tick in [ticks.first(), ticks.last()].into_iter().flatten() {
                @let y = scale.at(*tick);
                line class="grid" x1=(Px(area.left)) x2=(Px(area.right)) y1=(Px(y)) y2=(Px(y)) {}
                text class="tick" x=(Px(area.left - 4.0)) y=(Px(y + 4.0)) text-anchor="end" { (short(*tick)) }
            }
            (style.line(&curve.concat()))
            @for (x, y) in &places { (style.mark(*x, *y, row.has_few_rounds())) }
            @for ((x, _), name) in places.iter().zip(STEPS) {
                text class="tick" x=(Px(*x)) y=(Px(area.bottom + 14.0)) text-anchor="middle" { (name) }
            }
        }
    }
}
