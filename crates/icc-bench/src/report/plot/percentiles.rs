//! The percentiles of each target at one payload: where half the messages are, and how far the slow
//! ones reach.

use maud::{Markup, html};

use super::frame::{Area, Canvas, Width, grid_down, short};
use super::picture::Plot;
use super::rows::{MAIN_PAYLOAD, reference, slug, title};
use super::scale::{Px, Scale};
use super::series::{Style, tooltip};
use super::text::{bytes, nanoseconds};
use crate::model::{Figures, Kind, Row};
use crate::report::best::Standing;

/// A plot for each payload, the main one first.
pub(super) fn plots(rows: &[Row]) -> Vec<Plot> {
    let mut payloads: Vec<usize> = Vec::new();
    for row in rows.iter().filter(|row| row.figures.is_some()) {
        if !payloads.contains(&row.payload_bytes) {
            payloads.push(row.payload_bytes);
        }
    }
    let Some(main) = payloads.iter().copied().min_by_key(|payload| payload.abs_diff(MAIN_PAYLOAD)) else {
        return Vec::new();
    };
    payloads.sort_by_key(|payload| (*payload != main, *payload));
    payloads
        .into_iter()
        .filter_map(|payload| {
            let rows: Vec<Row> = rows.iter().filter(|row| row.payload_bytes == payload).cloned().collect();
            let slug = slug(&rows);
            let plot = Plot::new(
                if payload == main { slug.to_owned() } else { format!("{slug}-{payload}") },
                format!("{}, {} messages", title(&rows), bytes(payload)),
                "In the order of the ratio, which the stars go by. Nanoseconds on a logarithmic scale; half the messages took no longer than the large dot; an arrow goes on beyond the edge".to_owned(),
                |width| draw(&rows, width),
            )?;
            Some(Plot { is_detail: payload != main, ..plot })
        })
        .collect()
}

/// What a kind of target is called above its rows.
fn heading(kind: Kind) -> &'static str {
    match kind {
        Kind::Reference => "Reference",
        Kind::Floor => "Floors: hand-written best cases",
        Kind::Queue => "Queues: every message counts",
        Kind::LatestValue => "Latest value: only the newest counts",
        Kind::Read => "Reads",
        Kind::Write => "Writes",
    }
}

/// The plot reaches at most so many times as far as the slowest target's 99th percentile.
const BEYOND: f64 = 1.6;

/// Targets of one kind, each with its place among all.
type Group<'rows> = (Kind, Vec<(usize, &'rows Row, Figures)>);

fn draw(rows: &[Row], width: Width) -> Option<Canvas> {
    let measured: Vec<(&Row, Figures)> = rows.iter().filter_map(|row| Some((row, row.figures?))).collect();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (index, (row, figures)) in measured.iter().enumerate() {
        match groups.iter_mut().find(|(kind, _)| *kind == row.kind) {
            Some((_, group)) => group.push((index, row, *figures)),
            None => groups.push((row.kind, vec![(index, row, *figures)])),
        }
    }
    groups.sort_by_key(|(kind, _)| *kind);
    for (_, group) in &mut groups {
        // By what counts, which the stars go by and the bold figures show.
        group.sort_by(|(_, a, before), (_, b, after)| f64::total_cmp(&a.counting(before), &b.counting(after)));
    }
    let (row_height, head_height) = (width.pick(25.0, 40.0), width.pick(26.0, 28.0));
    let top = 26.0;
    let height = groups.iter().map(|(_, group)| head_height + group.len() as f64 * row_height).sum::<f64>();
    let area = Area {
        left: width.pick(190.0, 8.0),
        right: width.px() - width.pick(152.0, 8.0),
        top,
        bottom: top + height + 6.0,
    };
    // One target that once lost its core would press all others into a corner: what is far beyond
    // is shown as an arrow.
    let end = BEYOND * measured.iter().map(|(_, figures)| figures.p99_ns).fold(0.0, f64::max);
    let all = measured.iter().flat_map(|(_, figures)| [figures.p50_ns, figures.p999_ns.min(end)]);
    let scale = Scale::log(all, area.left, area.right)?;
    let ticks: Vec<(f64, String)> = scale.ticks().into_iter().map(|tick| (scale.at(tick), short(tick))).collect();
    let floor = measured.iter().find(|(row, _)| row.kind == Kind::Reference).map(|(_, figures)| figures.p50_ns);

    let reference = reference(rows);
    let mut y = top;
    let body = html! {
        (legend(area.left, 9.0))
        @if width == Width::Wide {
            text class="tick" x=(Px(area.right + 76.0)) y="13" text-anchor="end" { "to " (reference) }
            text class="tick" x=(Px(area.right + 150.0)) y="13" text-anchor="end" { "p50" }
        }
        (grid_down(area, &ticks))
        text class="tick" x=(Px(area.right)) y=(Px(area.bottom + 33.0)) text-anchor="end" { "nanoseconds" }
        @if let Some(floor) = floor {
            line class="floor" x1=(Px(scale.at(floor))) x2=(Px(scale.at(floor))) y1=(Px(area.top)) y2=(Px(area.bottom)) {}
        }
        @for (kind, group) in &groups {
            text class="head halo" x="0" y=(Px(y + 18.0)) { (heading(*kind)) }
            ({ y += head_height; "" })
            @for (index, row, figures) in group {
                (line(rows, row, figures, Style::of(row, *index), &scale, area, width, y))
                ({ y += row_height; "" })
            }
        }
    };
    Some(Canvas { width: width.px(), height: area.bottom + 38.0, body })
}

/// What the marks mean.
fn legend(x: f64, y: f64) -> Markup {
    html! {
        g class="series" {
            line class="bar" x1=(Px(x + 6.0)) x2=(Px(x + 180.0)) y1=(Px(y)) y2=(Px(y)) {}
            (marks(x + 6.0, x + 64.0, x + 122.0, x + 180.0, y, false, false))
        }
        @for (place, name) in [(x + 16.0, "p50"), (x + 72.0, "p90"), (x + 129.0, "p99"), (x + 189.0, "p99.9")] {
            text class="tick halo" x=(Px(place)) y=(Px(y + 4.0))  { (name) }
        }
    }
}

fn marks(p50: f64, p90: f64, p99: f64, p999: f64, y: f64, is_beyond: bool, is_hollow: bool) -> Markup {
    let mark = if is_hollow { "mark open" } else { "mark" };
    html! {
        line class="bar" x1=(Px(p99)) x2=(Px(p99)) y1=(Px(y - 4.5)) y2=(Px(y + 4.5)) style="opacity:1" {}
        @if is_beyond {
            path class="open" d=(format!("M{} {}l7 4l-7 4", Px(p999 - 3.0), Px(y - 4.0))) {}
        } @else {
            circle class="open" cx=(Px(p999)) cy=(Px(y)) r="3.2" {}
        }
        circle class=(mark) cx=(Px(p90)) cy=(Px(y)) r="3.4" {}
        circle class=(mark) cx=(Px(p50)) cy=(Px(y)) r="5.6" {}
    }
}

#[expect(clippy::too_many_arguments, reason = "a place, a scale and a row are what a line needs")]
fn line(
    rows: &[Row],
    row: &Row,
    figures: &Figures,
    style: Style,
    scale: &Scale,
    area: Area,
    width: Width,
    top: f64,
) -> Markup {
    let standing = Standing::of(row, rows);
    let (name_y, y) = match width {
        Width::Wide => (top + 16.0, top + 12.0),
        Width::Narrow => (top + 13.0, top + 26.0),
    };
    let [p50, p90, p99, p999] =
        [figures.p50_ns, figures.p90_ns, figures.p99_ns, figures.p999_ns].map(|ns| scale.at(ns).min(area.right));
    let is_beyond = scale.at(figures.p999_ns) > area.right;
    let full = format!(
        "{}; p90 {}, p99 {}, p99.9 {}",
        tooltip(row),
        nanoseconds(figures.p90_ns),
        nanoseconds(figures.p99_ns),
        nanoseconds(figures.p999_ns)
    );
    let class = if standing == Standing::Best { "best" } else { "" };
    html! {
        g class=(style.class) {
            title { (full) }
            rect class="hit" x="0" y=(Px(top)) width=(Px(width.px())) height=(Px(width.pick(25.0, 40.0))) {}
            text class="label halo" x="0" y=(Px(name_y)) { (row.label()) }
            line class="bar" x1=(Px(p50)) x2=(Px(p999)) y1=(Px(y)) y2=(Px(y)) {}
            (marks(p50, p90, p99, p999, y, is_beyond, row.has_few_rounds()))
            @match width {
                Width::Wide => {
                    @match standing {
                        Standing::Best => text class="star" x=(Px(area.right + 8.0)) y=(Px(name_y)) { "★" title { "best of its kind" } },
                        Standing::Level => text class="star" x=(Px(area.right + 8.0)) y=(Px(name_y)) { "≈" title { "within the range of the best" } },
                        Standing::None => {},
                    }
                    text class=(class) x=(Px(area.right + 76.0)) y=(Px(name_y)) text-anchor="end" { (format!("{:.2} ×", figures.ratio)) }
                    text class="muted" x=(Px(area.right + 150.0)) y=(Px(name_y)) text-anchor="end" { (nanoseconds(figures.p50_ns)) }
                },
                Width::Narrow => {
                    text class=(class) x=(Px(width.px())) y=(Px(name_y)) text-anchor="end" {
                        @match standing {
                            Standing::Best => tspan class="star" { "★ " },
                            Standing::Level => tspan class="star" { "≈ " },
                            Standing::None => {},
                        }
                        (format!("{:.2} ×", figures.ratio)) " · " (nanoseconds(figures.p50_ns))
                    }
                },
            }
        }
    }
}
