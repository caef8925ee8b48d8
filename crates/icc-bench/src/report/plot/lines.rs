//! Lines: what varies goes across, a line a target, its name at its end.

use maud::{Markup, PreEscaped, html};

use super::frame::{Area, Canvas, Side, Width, grid_across, grid_down, short, text_width};
use super::picture::Plot;
use super::rows::{MAIN_PAYLOAD, kinds, moved, reference, shape, slug, title};
use super::scale::{Px, Scale, spread};
use super::series::{Style, targets, tooltip};
use super::text::bytes;
use crate::model::{Figures, Kind, Row, Shape};

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

/// What a plot by payload shows.
struct View {
    id: &'static str,
    title: String,
    caption: &'static str,
    axes: Axes,
    is_detail: bool,
}

/// Times by payload and the same in ratio to the reference; rates, where messages flow. Kinds that
/// cannot be better or worse than each other do not share a plot.
pub(super) fn by_payload(rows: &[Row]) -> Vec<Plot> {
    let (slug, all) = (slug(rows), views_of(rows));
    let kinds = kinds(rows);
    let groups: Vec<(Kind, Option<usize>)> = kinds
        .iter()
        .flat_map(|kind| consumers_of(rows, *kind).into_iter().map(move |consumers| (*kind, consumers)))
        .collect();
    let mut plots = Vec::new();
    for view in &all {
        for (kind, consumers) in &groups {
            let (suffix, heading) = names(*kind);
            // Plain copies have a direction, other references belong to all.
            let is_reference = |row: &Row| {
                row.kind == Kind::Reference
                    && (!matches!(kind, Kind::Read | Kind::Write) || row.target.contains(suffix))
            };
            let is_of_group = |row: &Row| row.kind == *kind && row.consumers == *consumers;
            let is_floor = |row: &Row| {
                row.kind == Kind::Floor
                    && row.consumers == *consumers
                    && rows.iter().any(|own| is_of_group(own) && own.floor.as_ref() == Some(&row.target))
            };
            let of_group: Vec<Row> =
                rows.iter().filter(|row| is_of_group(row) || is_floor(row) || is_reference(row)).cloned().collect();
            let (mut id, mut title) = if kinds.len() > 1 {
                (format!("{slug}{}-{suffix}", view.id), format!("{}: {heading}", view.title))
            } else {
                (format!("{slug}{}", view.id), view.title.clone())
            };
            match consumers {
                Some(0) => title.push_str(", nobody polling"),
                Some(count) => {
                    id.push_str(&format!("-{count}"));
                    title.push_str(&format!(", {count} polling"));
                }
                None => {}
            }
            let plot = Plot::new(id, title, view.caption.to_owned(), |width| draw(&of_group, view.axes, width));
            plots.extend(plot.map(|plot| Plot { is_detail: view.is_detail, ..plot }));
        }
    }
    plots
}

/// The numbers of consumers that a kind was measured with, in their order.
fn consumers_of(rows: &[Row], kind: Kind) -> Vec<Option<usize>> {
    let mut all: Vec<Option<usize>> = rows.iter().filter(|row| row.kind == kind).map(|row| row.consumers).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn views_of(rows: &[Row]) -> Vec<View> {
    let name = title(rows);
    let reference = reference(rows);
    let ratios = Axes {
        up: |figures| figures.ratio,
        range: Some(|figures| [figures.ratio_min, figures.ratio_max]),
        ..BY_PAYLOAD
    };
    let rates =
        Axes { up: |figures| figures.flow.map_or(0.0, |flow| flow.per_second / 1e6), range: None, ..BY_PAYLOAD };
    match shape(rows) {
        Some(Shape::Flow) => vec![
            View {
                id: "",
                title: "Messages received at full speed".to_owned(),
                caption: "Millions of messages a second; producer and consumer do nothing else; higher is better",
                axes: rates,
                is_detail: false,
            },
            View {
                id: "-cost",
                title: "What a message costs its producer at full speed".to_owned(),
                caption: "Nanoseconds a message, while a consumer reads along",
                axes: BY_PAYLOAD,
                is_detail: false,
            },
        ],
        Some(Shape::Latency) => {
            let has_moved = moved(rows).is_some();
            vec![
                View {
                    id: "-by-payload",
                    title: format!("{name} by payload"),
                    caption: "Median in nanoseconds; the thin bars of the project's own span all rounds",
                    axes: BY_PAYLOAD,
                    is_detail: has_moved,
                },
                View {
                    id: "-ratio",
                    title: format!("{name} by payload, in ratio to {reference}"),
                    caption: "Each round in ratio to the reference before and after it; the thin bars of the project's \
                              own span all rounds",
                    axes: ratios,
                    is_detail: !has_moved,
                },
            ]
        }
        _ => vec![View {
            id: "",
            title: name.to_owned(),
            caption: "Nanoseconds an operation, median of the rounds",
            axes: BY_PAYLOAD,
            is_detail: false,
        }],
    }
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
    let main = payloads.iter().copied().min_by_key(|payload| payload.abs_diff(MAIN_PAYLOAD));
    payloads.sort_by_key(|payload| (Some(*payload) != main, *payload));
    payloads
        .into_iter()
        .flat_map(|payload| {
            let rows: Vec<Row> = rows.iter().filter(|row| row.payload_bytes == payload).cloned().collect();
            let is_detail = Some(payload) != main;
            let (name, size) = (title(&rows), bytes(payload));
            let producer = Plot::new(
                if is_detail { format!("{slug}-{payload}") } else { slug.to_owned() },
                format!("{name}: the producer, {size} messages"),
                "What a message costs its producer, in nanoseconds; a level line: consumers cost it nothing".to_owned(),
                |width| draw(&rows, axes, width),
            );
            let thread = Plot::new(
                format!("{slug}-thread{}", if is_detail { format!("-{payload}") } else { String::new() }),
                format!("{name}: the consumers' thread, {size} messages"),
                "What a message costs the thread that polls all consumers, in nanoseconds".to_owned(),
                |width| {
                    draw(&rows, Axes { up: |figures| figures.thread_ns.unwrap_or(0.0), range: None, ..axes }, width)
                },
            );
            [producer, thread].into_iter().flatten().map(move |plot| Plot { is_detail, ..plot })
        })
        .collect()
}

/// A kind's name in files and in titles.
fn names(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Reference | Kind::Floor => ("reference", "references"),
        Kind::Queue => ("queue", "queues"),
        Kind::LatestValue => ("latest", "latest values"),
        Kind::Read => ("read", "reads"),
        Kind::Write => ("write", "writes"),
    }
}

/// A figure and its place.
struct Point<'rows> {
    x: f64,
    y: f64,
    row: &'rows Row,
    figures: Figures,
}

/// A target's points, from left to right.
struct Line<'rows> {
    style: Style,
    name: &'rows str,
    points: Vec<Point<'rows>>,
}

impl<'rows> Line<'rows> {
    fn end(&self, side: Side) -> Option<&Point<'rows>> {
        match side {
            Side::Left => self.points.first(),
            Side::Right => self.points.last(),
        }
    }
}

fn draw(rows: &[Row], axes: Axes, width: Width) -> Option<Canvas> {
    let targets = targets(rows);
    let measured: Vec<(&Row, Figures)> = rows
        .iter()
        .filter_map(|row| Some((row, row.figures?)))
        // What is not measured of a target has no place on the scale.
        .filter(|(_, figures)| (axes.up)(figures) > 0.0)
        .collect();
    let mut values: Vec<usize> = measured.iter().map(|(row, _)| (axes.across)(row)).collect();
    values.sort_unstable();
    values.dedup();
    let &[first, .., last] = values.as_slice() else { return None };

    // Names stand where the lines are further apart.
    let apart = |end: usize| {
        let at_end =
            measured.iter().filter(|(row, _)| (axes.across)(row) == end).map(|(_, figures)| (axes.up)(figures));
        let (low, high) = at_end.fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        (high / low).ln()
    };
    let side = if apart(first) > 1.5 * apart(last) { Side::Left } else { Side::Right };
    let styles = Style::of_lines(&targets);
    // On a telephone there is no room beside the lines.
    let legend = match width {
        Width::Wide => None,
        Width::Narrow => {
            let is_shown = |row: &Row| measured.iter().any(|(other, _)| other.target == row.target);
            let names = targets.iter().zip(&styles).filter(|(row, _)| is_shown(row));
            Some(Legend::of(names.map(|(row, style)| (row.target.as_str(), *style)), width))
        }
    };
    let letters = targets.iter().map(|row| row.target.chars().count()).max().unwrap_or_default();
    let size = width.pick(12.0, if letters > 22 { 10.0 } else { 11.0 });
    let longest = targets.iter().map(|row| text_width(&row.target, size)).fold(0.0, f64::max);
    // The project's own names are bold, so wider.
    let room = if legend.is_some() { 10.0 } else { (longest * 1.1 + 30.0).min(width.px() * 0.42) };
    let ticks_room = width.pick(48.0, 36.0);
    let (left, right) = match side {
        Side::Right => (ticks_room, width.px() - room),
        Side::Left => (room, width.px() - ticks_room),
    };
    let top = 12.0 + legend.as_ref().map_or(0.0, |legend| legend.height);
    let area = Area { left, right, top, bottom: top + height(targets.len(), width) };

    let up = Scale::log(measured.iter().map(|(_, figures)| (axes.up)(figures)), area.bottom, area.top)?.at_least(4.0);
    // One more than it is, so that none at all has a place as well.
    let offset = f64::from(u8::from(first == 0));
    let across = |value: usize| value as f64 + offset;
    let scale = Scale::log(values.iter().map(|value| across(*value)), area.left, area.right)?.tight(14.0);
    let ticks: Vec<(f64, String)> =
        values.iter().map(|value| (scale.at(across(*value)), (axes.name_across)(*value))).collect();

    let mut lines: Vec<Line<'_>> = targets
        .into_iter()
        .zip(styles)
        .map(|(first, style)| {
            let mut points: Vec<Point<'_>> = measured
                .iter()
                .filter(|(row, _)| row.target == first.target)
                .map(|(row, figures)| Point {
                    x: scale.at(across((axes.across)(row))),
                    y: up.at((axes.up)(figures)),
                    row,
                    figures: *figures,
                })
                .collect();
            points.sort_by(|a, b| f64::total_cmp(&a.x, &b.x));
            Line { style, name: &first.target, points }
        })
        .filter(|line| !line.points.is_empty())
        .collect();
    // The project's own are drawn last, over the others.
    lines.sort_by_key(|line| line.style.class.contains("own"));
    let mut places: Vec<f64> = lines.iter().filter_map(|line| line.end(side)).map(|point| point.y).collect();
    spread(&mut places, width.pick(15.0, 14.0), area.top + 4.0, area.bottom - 2.0);

    let body = html! {
        @if let Some(legend) = &legend { (legend.body) }
        (grid_across(area, &up, side.other(), short))
        (grid_down(area, &ticks))
        text class="tick" x=(Px((area.left + area.right) / 2.0)) y=(Px(area.bottom + 34.0)) text-anchor="middle" { (axes.title_across) }
        @for (line, place) in lines.iter().zip(&places) {
            g class=(line.style.class) {
                (draw_line(line, &up, axes, area))
                @if legend.is_none() { (draw_name(line, side, *place, area, size)) }
            }
        }
    };
    Some(Canvas { width: width.px(), height: area.bottom + 40.0, body })
}

/// High enough for the name of every line.
fn height(lines: usize, width: Width) -> f64 {
    width.pick(370.0_f64.max(lines as f64 * 15.0 + 30.0), 300.0)
}

fn draw_line(line: &Line<'_>, up: &Scale, axes: Axes, area: Area) -> Markup {
    // A point of few rounds is no step of a line.
    let mut steps = String::new();
    for [from, to] in line.points.array_windows() {
        if !from.row.has_few_rounds() && !to.row.has_few_rounds() {
            steps.push_str(&format!("M{} {}L{} {}", Px(from.x), Px(from.y), Px(to.x), Px(to.y)));
        }
    }
    let range = axes.range.filter(|_| line.style.class.contains("own"));
    html! {
        @if let Some(range) = range {
            @for point in &line.points {
                @let [low, high] = range(&point.figures).map(|value| up.at(value).clamp(area.top, area.bottom));
                line class="range" x1=(Px(point.x)) x2=(Px(point.x)) y1=(Px(low)) y2=(Px(high)) {}
            }
        }
        @if !steps.is_empty() { (line.style.line(&steps)) }
        @for point in &line.points {
            g {
                title { (tooltip(point.row)) }
                circle class="hit" cx=(Px(point.x)) cy=(Px(point.y)) r="9" {}
                (line.style.mark(point.x, point.y, point.row.has_few_rounds()))
            }
        }
    }
}

/// Which line is whose, above a plot.
struct Legend {
    height: f64,
    body: Markup,
}

impl Legend {
    /// As many names in a row as fit.
    fn of<'name>(names: impl Iterator<Item = (&'name str, Style)>, width: Width) -> Self {
        const SIZE: f64 = 11.0;
        const ROW: f64 = 18.0;
        let (mut x, mut y, mut body) = (0.0, 10.0, String::new());
        for (name, style) in names {
            let needed = 30.0 + text_width(name, SIZE) * 1.15;
            if x > 0.0 && x + needed > width.px() {
                (x, y) = (0.0, y + ROW);
            }
            let entry = html! {
                g class=(style.class) {
                    (style.line(&format!("M{} {}H{}", Px(x), Px(y), Px(x + 24.0))))
                    (style.mark(x + 12.0, y, false))
                    text class="label" x=(Px(x + 29.0)) y=(Px(y + 4.0)) font-size=(Px(SIZE)) { (name) }
                }
            };
            body.push_str(&entry.into_string());
            x += needed + 10.0;
        }
        Self { height: y + 8.0, body: PreEscaped(body) }
    }
}

/// The name at the line's end, and a thin stem to it.
fn draw_name(line: &Line<'_>, side: Side, place: f64, area: Area, size: f64) -> Markup {
    let (direction, edge, anchor) = match side {
        Side::Left => (-1.0, area.left, "end"),
        Side::Right => (1.0, area.right, "start"),
    };
    html! {
        @if let Some(end) = line.end(side) {
            @let (from, to) = (end.x + 6.0 * direction, edge + 8.0 * direction);
            path class="stem" d=(format!("M{} {}L{} {}", Px(from), Px(end.y), Px(to), Px(place))) {}
            text class="label" x=(Px(edge + 11.0 * direction)) y=(Px(place + 4.0)) text-anchor=(anchor) font-size=(Px(size)) { (line.name) }
        }
    }
}
