//! Tables of the page: a short one that compares, and one with every figure.

use maud::{Markup, html};

use crate::model::{Figures, Kind, Merit, Row, Shape};
use crate::report::baseline::Comparison;
use crate::report::best::{Standing, is_own};
use crate::report::plot::{bytes, kinds, nanoseconds, rate, rounds, shape};

/// A heading, and which figure stands below it.
type Percentile = (&'static str, fn(&Figures) -> f64);

/// A column of the comparing table: what the rows in it have in common.
type Point = (usize, Option<usize>);

fn point(row: &Row) -> Point {
    (row.payload_bytes, row.consumers)
}

/// Targets down, sizes or consumers across, the best of each kind marked in every column; where
/// consumers vary, a table for each size.
pub(super) fn comparison(rows: &[Row]) -> Markup {
    if shape(rows) != Some(Shape::Consumers) {
        return one_comparison(rows, false);
    }
    let mut payloads: Vec<usize> = rows.iter().map(|row| row.payload_bytes).collect();
    payloads.sort_unstable();
    payloads.dedup();
    html! {
        @for payload in payloads {
            @let rows: Vec<Row> = rows.iter().filter(|row| row.payload_bytes == payload).cloned().collect();
            h3 class="above" { (bytes(payload)) " messages" }
            (one_comparison(&rows, true))
        }
    }
}

fn one_comparison(rows: &[Row], is_by_consumers: bool) -> Markup {
    let mut points: Vec<Point> = Vec::new();
    let mut targets: Vec<&Row> = Vec::new();
    for row in rows {
        if !points.contains(&point(row)) {
            points.push(point(row));
        }
        if !targets.iter().any(|other| other.target == row.target) {
            targets.push(row);
        }
    }
    points.sort_unstable();
    let name = |(payload, consumers): &Point| match consumers {
        Some(count) if is_by_consumers => count.to_string(),
        Some(count) => format!("{}, {count} polling", bytes(*payload)),
        None => bytes(*payload),
    };
    let corner = if is_by_consumers { "consumers" } else { "message" };
    html! {
        div class="scroll" tabindex="0" role="region" aria-label="comparison" {
            table class="comparison" {
                thead { tr { th { (corner) } @for point in &points { th class="number" { (name(point)) } } } }
                @for kind in [Kind::Reference, Kind::Floor].into_iter().chain(kinds(rows)) {
                    tbody {
                        @for target in targets.iter().filter(|target| target.kind == kind) {
                            tr class=(class_of(target)) {
                                th scope="row" { (target.target) }
                                @for wanted in &points {
                                    @match rows.iter().find(|row| row.target == target.target && point(row) == *wanted) {
                                        Some(row) => (cell(row, rows)),
                                        None => td {},
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn class_of(row: &Row) -> &'static str {
    match row.kind {
        Kind::Reference | Kind::Floor => "reference",
        _ if is_own(&row.target) => "own",
        _ => "",
    }
}

fn cell(row: &Row, rows: &[Row]) -> Markup {
    let Some(figures) = row.figures else {
        return html! { td class="number missing" title="no steady round" { "–" } };
    };
    let (class, mark, title) = match Standing::of(row, rows) {
        Standing::Best => ("number best", "★ ", "best of its kind; "),
        Standing::Level => ("number level", "≈ ", "within the range of the best; "),
        Standing::None => ("number", "", ""),
    };
    let (large, small) = match figures.flow.filter(|_| row.scenario.merit == Merit::Rate) {
        Some(flow) => (rate(flow.per_second), format!("{:.0} % of sent", flow.share_received * 100.0)),
        // What the marks go by stands first.
        None if row.scenario.merit == Merit::Time => {
            (nanoseconds(row.counting(&figures)), format!("{:.2} ×", figures.ratio))
        }
        None => (format!("{:.2} ×", figures.ratio), nanoseconds(figures.p50_ns)),
    };
    let mut title = format!("{title}ratio to {} {}", row.scenario.reference, figures.ratio_and_range());
    if let Some(groups) = figures.groups {
        title.push_str(&format!("; two groups of rounds: {}", groups.in_words()));
    }
    html! {
        td class=(class) title=(title) {
            span class="large" { (mark) (large) }
            " " span class="small" { (small) @if let Some(floor) = row.ratio_to_floor(rows) { (format!(" · {floor:.2} f")) } }
            @if let Some(groups) = figures.groups {
                " " span class="small groups" { (format!("{:.2} | {:.2}", groups.low, groups.high)) }
            }
            @if row.has_few_rounds() { " " span class="small groups" { (rounds(row)) } }
        }
    }
}

/// Every row with every figure.
pub(super) fn all_figures(rows: &[Row]) -> Markup {
    let has_thread = rows.iter().any(|row| row.figures.is_some_and(|figures| figures.thread_ns.is_some()));
    let has_floor = rows.iter().any(|row| row.ratio_to_floor(rows).is_some());
    let has_groups = rows.iter().any(|row| row.figures.is_some_and(|figures| figures.groups.is_some()));
    let has_flow = rows.iter().any(|row| row.figures.is_some_and(|figures| figures.flow.is_some()));
    let percentiles: [Percentile; 5] = [
        ("p50", |figures| figures.p50_ns),
        ("p90", |figures| figures.p90_ns),
        ("p99", |figures| figures.p99_ns),
        ("p99.9", |figures| figures.p999_ns),
        ("max", |figures| figures.max_ns),
    ];
    let reference = rows.first().map_or("", |row| &*row.scenario.reference);
    html! {
        details {
            summary { "All figures (" (rows.len()) " rows)" }
            div class="scroll" tabindex="0" role="region" aria-label="all figures" {
                table class="full" {
                    thead { tr {
                        th class="number" { "message" } th { "target" }
                        @for (name, _) in percentiles { th class="number" { (name) } }
                        @if has_thread { th class="number" { "consumers' thread" } }
                        @if has_flow { th class="number" { "received" } th class="number" { "of sent" } th class="number" { "of lost told" } }
                        th class="number" { "ratio to " (reference) } th class="number" { "range" } @if has_floor { th class="number" { "× floor" } } @if has_groups { th { "two groups" } } th class="number" { "rounds" } th class="number" { "dropped" }
                    } }
                    tbody {
                        @for row in rows {
                            tr class=(class_of(row)) data-row="" {
                                td class="number" { (bytes(row.payload_bytes)) }
                                th scope="row" { (row.label()) }
                                @match row.figures {
                                    Some(figures) => {
                                        @for (_, pick) in percentiles { td class="number" { (nanoseconds(pick(&figures))) } }
                                        @if has_thread { td class="number" { (figures.thread_ns.map(nanoseconds).unwrap_or_default()) } }
                                        @if has_flow { (flow_cells(&figures)) }
                                        td class="number" { (format!("{:.2}", figures.ratio)) }
                                        td class="number" { (format!("{:.2}–{:.2}", figures.ratio_min, figures.ratio_max)) }
                                        @if has_floor { td class="number" { (row.ratio_to_floor(rows).map(|ratio| format!("{ratio:.2}")).unwrap_or_default()) } }
                                        @if has_groups { td { (figures.groups.map(|groups| groups.in_words()).unwrap_or_default()) } }
                                    },
                                    None => td colspan=(7 + if has_flow { 3 } else { 0 } + usize::from(has_thread) + usize::from(has_floor) + usize::from(has_groups)) class="missing" { "no steady round: the reference moved during each" },
                                }
                                td class="number" { (row.rounds) }
                                td class="number" { (row.dropped) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn flow_cells(figures: &Figures) -> Markup {
    let cells = figures.flow.map_or_else(
        || [const { String::new() }; 3],
        |flow| {
            [
                rate(flow.per_second),
                format!("{:.1} %", flow.share_received * 100.0),
                format!("{:.1} %", flow.share_told * 100.0),
            ]
        },
    );
    html! { @for cell in cells { td class="number" { (cell) } } }
}

/// What became of each ratio since an earlier run.
pub(super) fn change(comparison: &Comparison<'_>) -> Markup {
    let (worse, all) = (comparison.worse(), comparison.pairs.len());
    html! {
        section id="change" {
            h2 { "Change against the run of " (comparison.began.get(..16).unwrap_or(&comparison.began).replace('T', " ")) }
            p class="lead" {
                (worse) " of " (all) " ratios got worse: they rose by more than " (comparison.threshold.percent())
                " % and left the ranges of both runs."
                @if comparison.unpaired > 0 { " " (comparison.unpaired) " rows are in one run only." }
            }
            @for pairs in comparison.pairs.chunk_by(|a, b| a.row.scenario.name == b.row.scenario.name) {
                h3 class="above" { (pairs[0].row.scenario.title) ", in ratio to " (pairs[0].row.scenario.reference) }
                div class="scroll" tabindex="0" role="region" aria-label="change" {
                    table class="changes" {
                        thead { tr {
                            th { "target" } th class="number" { "message" } th class="number" { "change" } th {}
                            th class="number" { "before" } th class="number" { "now" }
                        } }
                        tbody {
                            @for pair in pairs {
                                @let percent = (pair.now.ratio / pair.before.ratio - 1.0) * 100.0;
                                tr class=(class_of(pair.row)) {
                                    th scope="row" { (pair.row.label()) }
                                    td class="number" { (bytes(pair.row.payload_bytes)) }
                                    td class="number" { (format!("{percent:+.1} %")) }
                                    td class=(format!("change {}", pair.change.word())) { (pair.change.word()) }
                                    td class="number" { (pair.before.ratio_and_range()) }
                                    td class="number" { (pair.now.ratio_and_range()) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
