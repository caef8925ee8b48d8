//! Lines: what varies goes across, a line a subject, its name at its end.

use maud::{Markup, html};

use super::frame::{Area, Canvas, Width, grid_across, grid_down, short, text_width};
use super::percentiles::sentence;
use super::scale::{Px, Scale, spread};
use super::series::{Look, subjects, tooltip};
use super::{Plot, Shape, bytes, slug};
use crate::catalogue::Kind;
use crate::report::{Figures, Row};

/// Which figure goes up, and what varies across.
#[derive(Clone, Copy)]
struct Axes {
    up: fn(&Figures) -> f64,
    /// The least and the most of the rounds, if they are known.
    range: Option<fn(&Figures) -> [f64; 2]>,
    across: fn(&Row) -> usize,
    name_across: fn(usize) -> String,
    title_across: &'static str,
}

const BY_PAYLOAD: Axes = Axes {
    up: |figures| figures.p50_ns,
    range: Some(|figures| [figures.p50_min_ns, figures.p50_max_ns]),
    across: |row| row.payload_bytes,
    name_across: bytes,
    title_across: "message",
};

/// Times by payload and the same in ratio to the reference; rates, where messages flow.
pub(super) fn by_payload(rows: &[Row]) -> Vec<Plot> {
    let slug = slug(rows);
    let Some(scenario) = rows.first().map(|row| row.scenario) else { return Vec::new() };
    let reference = scenario.reference();
    let ratios = Axes {
        up: |figures| figures.ratio,
        range: Some(|figures| [figures.ratio_min, figures.ratio_max]),
        ..BY_PAYLOAD
    };
    let plot = |id: String, title: String, caption: String, axes: Axes, rows: &[Row]| {
        Plot::new(id, title, caption, |width| draw(rows, axes, width))
    };
    let mut plots = Vec::new();
    match Shape::of(rows) {
        Shape::Flow => {
            let rates = Axes {
                up: |figures| figures.flow.map_or(0.0, |flow| flow.per_second / 1e6),
                range: None,
                ..BY_PAYLOAD
            };
            plots.extend(plot(
                slug.clone(),
                "Messages received at full speed".to_owned(),
                "Millions of messages a second; producer and consumer each do nothing else".to_owned(),
                rates,
                rows,
            ));
            plots.extend(plot(
                format!("{slug}-cost"),
                "What a message costs its producer at full speed".to_owned(),
                "Nanoseconds a message, while a consumer reads along".to_owned(),
                BY_PAYLOAD,
                rows,
            ));
        }
        Shape::Latency => {
            plots.extend(plot(
                format!("{slug}-by-payload"),
                format!("{} by payload", title(&slug)),
                "Median in nanoseconds; the thin bars of the project's own span all rounds".to_owned(),
                BY_PAYLOAD,
                rows,
            ));
            plots.extend(plot(
                format!("{slug}-ratio"),
                format!("{} by payload, in ratio to {reference}", title(&slug)),
                "Each round in ratio to the reference measured before and after it, which steadies what the machine moves".to_owned(),
                ratios,
                rows,
            ));
        }
        _ => {
            // Reads and writes are not measured against each other.
            let mut kinds: Vec<Kind> = Vec::new();
            for row in rows.iter().filter(|row| row.kind != Kind::Reference) {
                if !kinds.contains(&row.kind) {
                    kinds.push(row.kind);
                }
            }
            for kind in &kinds {
                let direction = match kind {
                    Kind::Read => "read",
                    Kind::Write => "write",
                    _ => "",
                };
                let of_kind: Vec<Row> = rows
                    .iter()
                    .filter(|row| row.kind == *kind || row.kind == Kind::Reference && row.subject.contains(direction))
                    .cloned()
                    .collect();
                let id = if kinds.len() > 1 { format!("{slug}-{}", name_of(*kind)) } else { slug.clone() };
                let title = if direction.is_empty() { title(&slug) } else { format!("{}: {direction}s", title(&slug)) };
                plots.extend(plot(
                    id,
                    title,
                    "Nanoseconds an operation, median of the rounds".to_owned(),
                    BY_PAYLOAD,
                    &of_kind,
                ));
            }
        }
    }
    plots
}

/// What a producer pays as consumers are added, a plot for each payload.
pub(super) fn by_consumers(rows: &[Row]) -> Vec<Plot> {
    let slug = slug(rows);
    let axes = Axes {
        across: |row| row.consumers.unwrap_or(1),
        name_across: |count| count.to_string(),
        title_across: "consumers",
        ..BY_PAYLOAD
    };
    let mut payloads: Vec<usize> = rows.iter().map(|row| row.payload_bytes).collect();
    payloads.sort_unstable();
    payloads.dedup();
    let main = payloads.iter().copied().min_by_key(|payload| payload.abs_diff(super::MAIN_PAYLOAD));
    payloads.sort_by_key(|payload| (Some(*payload) != main, *payload));
    payloads
        .into_iter()
        .filter_map(|payload| {
            let rows: Vec<Row> = rows.iter().filter(|row| row.payload_bytes == payload).cloned().collect();
            let is_detail = Some(payload) != main;
            let plot = Plot::new(
                if is_detail { format!("{slug}-{payload}") } else { slug.clone() },
                format!("{} by consumers, {} messages", title(&slug), bytes(payload)),
                "What a message costs its producer, in nanoseconds: a flat line is one that consumers cost nothing"
                    .to_owned(),
                |width| draw(&rows, axes, width),
            )?;
            Some(Plot { is_detail, ..plot })
        })
        .collect()
}

fn title(slug: &str) -> String {
    if slug == "latency" { "One-way latency".to_owned() } else { sentence(slug) }
}

fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Reference => "reference",
        Kind::Queue => "queue",
        Kind::LatestValue => "latest-value",
        Kind::Read => "read",
        Kind::Write => "write",
    }
}

/// A subject's points, from left to right.
struct Line<'rows> {
    look: Look,
    name: &'rows str,
    points: Vec<(f64, f64, &'rows Row, Figures)>,
}

fn draw(rows: &[Row], axes: Axes, width: Width) -> Option<Canvas> {
    let subjects = subjects(rows);
    let size = width.pick(12.0, 11.0);
    let longest = subjects.iter().map(|row| text_width(&row.subject, size)).fold(0.0, f64::max);
    let room = (longest + width.pick(34.0, 20.0)).min(width.px() * 0.42);
    let top = 12.0;
    // High enough for every name at the right.
    let height = width.pick(370.0, 330.0_f64).max(subjects.len() as f64 * 15.0 + 30.0);
    let area = Area { left: width.pick(48.0, 38.0), right: width.px() - room, top, bottom: top + height };
    let measured: Vec<(&Row, Figures)> = rows.iter().filter_map(|row| Some((row, row.figures?))).collect();
    let up = Scale::log(measured.iter().map(|(_, figures)| (axes.up)(figures)), area.bottom, area.top)?;
    // One more than it is, so that none at all has a place as well.
    let offset = f64::from(u8::from(measured.iter().any(|(row, _)| (axes.across)(row) == 0)));
    let across = |value: usize| value as f64 + offset;
    let scale =
        Scale::log(measured.iter().map(|(row, _)| across((axes.across)(row))), area.left, area.right)?.tight(14.0);
    let mut values: Vec<usize> = measured.iter().map(|(row, _)| (axes.across)(row)).collect();
    values.sort_unstable();
    values.dedup();
    if values.len() < 2 {
        return None;
    }
    let ticks: Vec<(f64, String)> =
        values.iter().map(|value| (scale.at(across(*value)), (axes.name_across)(*value))).collect();

    let mut lines: Vec<Line<'_>> = subjects
        .into_iter()
        .enumerate()
        .map(|(index, first)| {
            let mut points: Vec<(f64, f64, &Row, Figures)> = measured
                .iter()
                .filter(|(row, _)| row.subject == first.subject)
                .map(|(row, figures)| (scale.at(across((axes.across)(row))), up.at((axes.up)(figures)), *row, *figures))
                .collect();
            points.sort_by(|a, b| f64::total_cmp(&a.0, &b.0));
            Line { look: Look::of(first, index), name: &first.subject, points }
        })
        .filter(|line| !line.points.is_empty())
        .collect();
    // The project's own are drawn last, over the others.
    lines.sort_by_key(|line| line.look.class.contains("own"));
    let mut places: Vec<f64> = lines.iter().filter_map(|line| line.points.last()).map(|point| point.1).collect();
    spread(&mut places, width.pick(15.0, 14.0), area.top + 4.0, area.bottom - 2.0);

    let body = html! {
        (grid_across(area, &up, short))
        (grid_down(area, &ticks))
        text class="tick" x=(Px((area.left + area.right) / 2.0)) y=(Px(area.bottom + 34.0)) text-anchor="middle" { (axes.title_across) }
        @for (line, place) in lines.iter().zip(&places) {
            (draw_line(line, *place, &up, axes, area, size))
        }
    };
    Some(Canvas { width: width.px(), height: area.bottom + 40.0, body })
}

fn draw_line(line: &Line<'_>, place: f64, up: &Scale, axes: Axes, area: Area, size: f64) -> Markup {
    let steps: Vec<String> = line
        .points
        .iter()
        .enumerate()
        .map(|(index, (x, y, ..))| format!("{}{} {}", if index == 0 { "M" } else { "L" }, Px(*x), Px(*y)))
        .collect();
    let range = axes.range.filter(|_| line.look.class.contains("own"));
    html! {
        g class=(line.look.class) {
            @if let Some(range) = range {
                @for (x, _, _, figures) in &line.points {
                    @let [low, high] = range(figures).map(|value| up.at(value).clamp(area.top, area.bottom));
                    line class="range" x1=(Px(*x)) x2=(Px(*x)) y1=(Px(low)) y2=(Px(high)) {}
                }
            }
            path class="line" d=(steps.concat()) {}
            @for (x, y, row, _) in &line.points {
                g {
                    title { (tooltip(row)) }
                    circle class="hit" cx=(Px(*x)) cy=(Px(*y)) r="9" {}
                    (line.look.mark(*x, *y))
                }
            }
            @if let Some((x, y, ..)) = line.points.last() {
                path class="stem" d=(format!("M{} {}L{} {}", Px(x + 6.0), Px(*y), Px(area.right + 10.0), Px(place))) {}
                text class="label" x=(Px(area.right + 13.0)) y=(Px(place + 4.0)) font-size=(Px(size)) { (line.name) }
            }
        }
    }
}
