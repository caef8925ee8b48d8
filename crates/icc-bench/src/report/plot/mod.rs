//! Plots of a report, as SVG.
//!
//! Each is drawn twice, wide and narrow, because letters that are scaled down to a telephone cannot be read. Colours stand
//! in one style sheet for light and dark, are told apart by people who see few of them, and are never alone in telling
//! one series from another: lines end in their names, and every mark names itself in a tooltip.

mod frame;
mod lines;
mod matrix;
mod percentiles;
mod scale;
mod series;

use maud::{Markup, PreEscaped, html};

use self::frame::Canvas;
pub use self::frame::Width;
use self::scale::Px;
use super::{Report, Row, about};
use crate::catalogue::Kind;
use crate::scenario::Scenario;

/// The style of all plots, for the page or the file that holds them.
pub const STYLE: &str = include_str!("style.css");

/// The payload that stands for all where only one is shown: a message that fills a cache line together with its version.
pub const MAIN_PAYLOAD: usize = 56;

/// How many times its least the reference may take before only ratios can be compared.
const MOVED: f64 = 1.5;

/// A plot in both widths.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Its name in files and links.
    pub id: String,
    /// What it shows, in a few words.
    pub title: String,
    /// How to read it, in a sentence.
    pub caption: String,
    /// Whether another plot of the same scenario says more at first sight.
    pub is_detail: bool,
    wide: Canvas,
    narrow: Canvas,
    /// Where the figures are from.
    source: String,
}

impl Plot {
    fn new(id: String, title: String, caption: String, draw: impl Fn(Width) -> Option<Canvas>) -> Option<Self> {
        let (wide, narrow) = (draw(Width::Wide)?, draw(Width::Narrow)?);
        Some(Self { id, title, caption, is_detail: false, wide, narrow, source: String::new() })
    }

    /// The plot for a page, in one of its widths.
    #[must_use]
    pub fn inline(&self, width: Width) -> Markup {
        let (canvas, class) = match width {
            Width::Wide => (&self.wide, "plot wide"),
            Width::Narrow => (&self.narrow, "plot narrow"),
        };
        let label = format!("{}. {}", self.title, self.caption);
        html! {
            svg class=(class) role="img" aria-label=(label) viewBox=(format!("0 0 {} {}", Px(canvas.width), Px(canvas.height))) {
                (canvas.body)
            }
        }
    }

    /// The wide plot as a file of its own, with its title, on a ground of its own that fits light and dark pages.
    #[must_use]
    pub fn standalone(&self) -> String {
        const MARGIN: f64 = 20.0;
        const TOP: f64 = 66.0;
        const BOTTOM: f64 = 30.0;
        let canvas = &self.wide;
        let (width, height) = (canvas.width + 2.0 * MARGIN, canvas.height + TOP + BOTTOM);
        let svg = html! {
            svg class="plot" xmlns="http://www.w3.org/2000/svg" role="img" aria-label=(format!("{}. {}", self.title, self.caption))
                width=(Px(width)) height=(Px(height)) viewBox=(format!("0 0 {} {}", Px(width), Px(height))) {
                style { (PreEscaped(STYLE)) }
                rect class="card" x="0.5" y="0.5" width=(Px(width - 1.0)) height=(Px(height - 1.0)) rx="10" {}
                text class="title" x=(Px(MARGIN)) y="30" { (self.title) }
                text class="muted" x=(Px(MARGIN)) y="50" { (self.caption) }
                g transform=(format!("translate({} {})", Px(MARGIN), Px(TOP))) { (canvas.body) }
                text class="muted small" x=(Px(MARGIN)) y=(Px(height - 13.0)) { (self.source) }
            }
        };
        svg.into_string() + "\n"
    }
}

/// Every plot of a report, in its order.
#[must_use]
pub fn all(report: &Report) -> Vec<Plot> {
    report.scenarios().flat_map(|rows| of(report, rows)).collect()
}

/// The plots of one scenario's rows.
#[must_use]
pub fn of(report: &Report, rows: &[Row]) -> Vec<Plot> {
    let source = source(report);
    let plots = match Shape::of(rows) {
        Shape::Cores => matrix::plots(rows),
        Shape::Consumers => lines::by_consumers(rows),
        Shape::Latency => {
            let mut plots = percentiles::plots(rows);
            plots.extend(lines::by_payload(rows));
            plots
        }
        Shape::Flow | Shape::Cost => lines::by_payload(rows),
    };
    plots.into_iter().map(|plot| Plot { source: source.clone(), ..plot }).collect()
}

/// How far the reference's own median went in one row, where that is so far that times of the run are not to be compared
/// with each other.
#[must_use]
pub fn moved(rows: &[Row]) -> Option<(f64, f64)> {
    rows.iter()
        .filter(|row| row.kind == Kind::Reference && row.cores.is_none())
        .filter_map(|row| row.figures)
        .map(|figures| (figures.p50_min_ns, figures.p50_max_ns))
        .filter(|(low, high)| *high > low * MOVED)
        .max_by(|a, b| f64::total_cmp(&(a.1 / a.0), &(b.1 / b.0)))
}

/// The kinds of the rows, references apart, in their order.
#[must_use]
pub fn kinds(rows: &[Row]) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = rows.iter().map(|row| row.kind).filter(|kind| *kind != Kind::Reference).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

fn source(report: &Report) -> String {
    let machine = &report.machine;
    let kind = if machine.virtualised == Some(true) { ", virtual machine" } else { "" };
    let date = report.began.get(..10).unwrap_or(&report.began);
    format!("{}{kind}; {}; icc-bench {}, {date}", machine.cpu, machine.kernel, report.version)
}

/// What varies in a scenario, which decides how it is drawn and laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A time from one core to another, whose slow percentiles count.
    Latency,
    /// Messages received a second.
    Flow,
    /// The mean cost of an operation.
    Cost,
    /// The number of consumers varies.
    Consumers,
    /// The pair of cores varies.
    Cores,
}

impl Shape {
    /// Looks at what the rows of a scenario have.
    #[must_use]
    pub fn of(rows: &[Row]) -> Self {
        let mut consumers: Vec<usize> = rows.iter().filter_map(|row| row.consumers).collect();
        consumers.sort_unstable();
        consumers.dedup();
        if rows.iter().any(|row| row.cores.is_some()) {
            Self::Cores
        } else if consumers.len() > 2 {
            Self::Consumers
        } else if rows.iter().any(|row| row.scenario == Scenario::Stream) {
            Self::Flow
        } else if rows.iter().any(|row| row.scenario.name().ends_with("latency")) {
            Self::Latency
        } else {
            Self::Cost
        }
    }
}

/// The id of a scenario's plots and of its section in the page.
#[must_use]
pub fn slug(rows: &[Row]) -> String {
    match rows.first().map_or("", |row| row.scenario.name()) {
        "one_way_latency" => "latency".to_owned(),
        name => name.replace('_', "-"),
    }
}

/// What the scenario is called above its plots.
fn title(rows: &[Row]) -> &'static str {
    rows.first().map_or("", |row| about::scenario(row.scenario.name()).0)
}

/// A size in bytes, in as few letters as it takes.
#[must_use]
pub fn bytes(count: usize) -> String {
    if count >= 1024 && count.is_multiple_of(1024) { format!("{} KiB", count / 1024) } else { format!("{count} B") }
}

/// A time, in as many digits as are worth reading.
#[must_use]
pub fn nanoseconds(ns: f64) -> String {
    match ns {
        ns if ns >= 1e6 => format!("{:.1} ms", ns / 1e6),
        ns if ns >= 1e4 => format!("{:.1} µs", ns / 1e3),
        ns if ns >= 100.0 => format!("{ns:.0} ns"),
        ns if ns >= 10.0 => format!("{ns:.1} ns"),
        ns => format!("{ns:.2} ns"),
    }
}

/// A rate of messages.
#[must_use]
pub fn rate(per_second: f64) -> String {
    match per_second / 1e6 {
        millions if millions >= 100.0 => format!("{millions:.0} M/s"),
        millions if millions >= 10.0 => format!("{millions:.1} M/s"),
        millions => format!("{millions:.2} M/s"),
    }
}

#[cfg(test)]
mod tests;
