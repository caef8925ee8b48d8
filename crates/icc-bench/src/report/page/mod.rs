//! The report as a page: one file without scripts that needs nothing from anywhere else.
//!
//! It is made of the [`Report`] alone, so a page of an earlier run comes from its JSON.

mod tables;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::baseline::Comparison;
use super::best::{Ahead, ahead, is_own};
use super::method::METHOD;
use super::plot::{self, Plot, Width, bytes, nanoseconds, rate, shape, slug, title};
use crate::model::{Headline, Kind, Merit, Report, Row, Shape, json};

/// The most pairs of cores that are listed row by row.
const MAX_PAIRS_AS_ROWS: usize = 600;

/// The page as text.
#[must_use]
pub(crate) fn render(report: &Report, change: Option<&Comparison<'_>>) -> String {
    let sections: Vec<(&[Row], Vec<Plot>)> = report.scenarios().map(|rows| (rows, plot::of(report, rows))).collect();
    let date = report.began.get(..16).unwrap_or(&report.began).replace('T', " ");
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "icc-bench: " (report.machine.cpu) ", " (date) }
                // A page without an icon would make browsers ask a server for one.
                link rel="icon" href="data:,";
                style { (PreEscaped(plot::STYLE)) (PreEscaped(include_str!("style.css"))) }
            }
            body {
                header {
                    h1 { "What a message costs between cores" }
                    p class="lead" {
                        (report.machine.cpu)
                        @if report.machine.virtualised == Some(true) { " (virtual machine)" }
                        ", cores " (report.machine.cores_used[0]) " and " (report.machine.cores_used[1])
                        " · " (date) " UTC · icc-bench " (report.version)
                    }
                }
                main {
                    @if report.interrupted {
                        p class="note stop" { "This run was interrupted: what follows are the rounds until then." }
                    }
                    (tiles(report))
                    nav aria-label="sections" {
                        @for (rows, _) in &sections { a href=(format!("#{}-section", slug(rows))) { (title(rows)) } }
                        @if change.is_some() { a href="#change" { "Change" } }
                        a href="#others" { "Where others are ahead" }
                        a href="#machine" { "Machine and method" }
                    }
                    @for warning in report.machine.warnings() { p class="note" { (sentence(&warning)) } }
                    @for (rows, plots) in &sections { (section(rows, plots)) }
                    @if let Some(change) = change { (tables::change(change)) }
                    (others(report))
                    (machine(report))
                }
                footer {
                    p { "Made by icc-bench " (report.version) " from its JSON results, schema " (json::SCHEMA) ". No part of this page is loaded from elsewhere." }
                }
            }
        }
    }
    .into_string()
}

/// The figures that people ask for first.
fn tiles(report: &Report) -> Markup {
    let rows =
        |headline| report.scenarios().find(|rows| rows[0].scenario.headline == Some(headline)).unwrap_or_default();
    let latency = rows(Headline::Latency);
    let main = latency.iter().map(|row| row.payload_bytes).min_by_key(|bytes| bytes.abs_diff(plot::MAIN_PAYLOAD));
    let mut tiles: Vec<(String, String)> = Vec::new();
    let at_main = || latency.iter().filter(|row| Some(row.payload_bytes) == main);
    if let Some(figures) = at_main().find(|row| row.kind == Kind::Reference).and_then(|row| row.figures) {
        tiles.push((nanoseconds(figures.p50_ns), "two bare atomics, one way: what others are in ratio to".to_owned()));
    }
    let best_own = |kind| {
        at_main()
            .filter(|row| row.kind == kind && is_own(&row.target))
            .filter_map(|row| Some((row, row.figures?)))
            .min_by(|a, b| f64::total_cmp(&a.1.ratio, &b.1.ratio))
    };
    for kind in [Kind::Queue, Kind::LatestValue] {
        if let Some((row, figures)) = best_own(kind) {
            let size = bytes(row.payload_bytes);
            let text = format!(
                "{}, {size}, one way, in ratio to {}: {}",
                row.target,
                row.scenario.reference,
                nanoseconds(figures.p50_ns)
            );
            tiles.push((format!("{:.2} ×", figures.ratio), text));
        }
    }
    let stream = rows(Headline::Rate)
        .iter()
        .filter(|row| is_own(&row.target))
        .filter_map(|row| Some((row, row.figures?.flow?)))
        .max_by(|a, b| f64::total_cmp(&a.1.per_second, &b.1.per_second));
    if let Some((row, flow)) = stream {
        let text = format!("{} received by one consumer, {}", row.target, bytes(row.payload_bytes));
        tiles.push((rate(flow.per_second), text));
    }
    html! {
        @if !tiles.is_empty() {
            div class="tiles" { @for (figure, text) in tiles { div class="tile" { b { (figure) } span { (text) } } } }
        }
    }
}

/// A sentence that can stand alone.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map_or_else(String::new, |first| first.to_uppercase().collect());
    format!("{first}{}.", letters.as_str())
}

fn section(rows: &[Row], plots: &[Plot]) -> Markup {
    let text = &rows[0].scenario.summary;
    let (details, main): (Vec<&Plot>, Vec<&Plot>) = plots.iter().partition(|plot| plot.is_detail);
    let is_matrix = shape(rows) == Some(Shape::Cores);
    html! {
        section id=(format!("{}-section", slug(rows))) {
            h2 { (title(rows)) }
            @if !text.is_empty() { p class="lead" { (text) } }
            @if let Some((low, high)) = plot::moved(rows) {
                p class="note" {
                    "The reference itself took from " (nanoseconds(low)) " to " (nanoseconds(high))
                    " while this was measured: compare ratios here, not times."
                }
            }
            @if rows.iter().any(|row| row.figures.is_some() && row.has_few_rounds()) {
                p class="note" { "Hollow marks are of fewer than three rounds, and no line goes through them; the tables say of how many." }
            }
            @for plot in main { (figure(plot)) }
            @if !details.is_empty() {
                details {
                    summary { "More plots (" (details.len()) ")" }
                    @for plot in details { (figure(plot)) }
                }
            }
            @if !is_matrix { (tables::comparison(rows)) }
            @if rows.len() <= MAX_PAIRS_AS_ROWS { (tables::all_figures(rows)) }
        }
    }
}

fn figure(plot: &Plot) -> Markup {
    html! {
        figure id=(plot.id) {
            h3 { (plot.title) }
            figcaption { (plot.caption) }
            (plot.inline(Width::Wide))
            (plot.inline(Width::Narrow))
        }
    }
}

/// Every place where another library is better: said outright, so that nobody has to find it in a
/// table.
fn others(report: &Report) -> Markup {
    let found: Vec<Ahead<'_>> = report.scenarios().flat_map(ahead).collect();
    let has_rivals = report.rows.iter().any(|row| !row.is_yardstick() && !is_own(&row.target));
    html! {
        section id="others" {
            h2 { "Where others are ahead" }
            @if !has_rivals {
                p class="lead" { "No other library was measured in this run." }
            } @else if found.is_empty() {
                p class="lead" { "Nowhere in this run." }
            } @else {
                p class="lead" { "Every size at which another library is the best of its kind, beside the best of this project's." }
                div class="scroll" tabindex="0" role="region" aria-label="where others are ahead" {
                    table {
                        thead { tr { th { "scenario" } th class="number" { "message" } th { "ahead" } th class="number" {} th { "best of icc" } th class="number" {} } }
                        tbody {
                            @for Ahead { row, own, is_level } in &found {
                                tr {
                                    td { (row.scenario.title) }
                                    td class="number" { (bytes(row.payload_bytes)) }
                                    td { (row.label()) }
                                    td class="number" { (short(row)) }
                                    td { (own.label()) }
                                    td class="number" { @if *is_level { "≈ " } (short(own)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn short(row: &Row) -> String {
    match row.figures {
        Some(figures) => match figures.flow.filter(|_| row.scenario.merit == Merit::Rate) {
            Some(flow) => rate(flow.per_second),
            None => format!("{:.2} × ({})", figures.ratio, nanoseconds(figures.p50_ns)),
        },
        None => "–".to_owned(),
    }
}

fn machine(report: &Report) -> Markup {
    html! {
        section id="machine" {
            h2 { "Machine and method" }
            div class="scroll" { table class="facts" { tbody {
                @for (name, value) in super::table::facts(&report.machine) {
                    tr { th scope="row" { (name) } td { (value) } }
                }
                tr { th scope="row" { "measured" } td { (report.began) } }
            } } }
            h3 { "To repeat it" }
            pre { code { (report.command) } }
            h3 { "How it is measured" }
            ul { @for paragraph in METHOD { li { (paragraph) } } }
        }
    }
}

#[cfg(test)]
mod tests;
