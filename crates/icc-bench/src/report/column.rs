//! The columns of the table beside the ratio.

use crate::model::{Column, Figures};

/// What stands where there is no figure.
pub(super) const NONE: &str = "-";

/// A column's heading.
pub(super) fn heading(column: Column) -> &'static str {
    match column {
        Column::P50 => "p50",
        Column::P90 => "p90",
        Column::P99 => "p99",
        Column::P999 => "p99.9",
        Column::Rate => "M/s",
        Column::Received => "share",
        Column::Told => "told",
        Column::Thread => "thread",
    }
}

/// A figure as its column shows it, a time with so many digits.
pub(super) fn cell(column: Column, figures: &Figures, digits: usize) -> String {
    let time = |ns: f64| Some(format!("{ns:.digits$}"));
    let percent = |share: f64| format!("{:.1}%", share * 100.0);
    let text = match column {
        Column::P50 => time(figures.p50_ns),
        Column::P90 => time(figures.p90_ns),
        Column::P99 => time(figures.p99_ns),
        Column::P999 => time(figures.p999_ns),
        Column::Rate => figures.flow.map(|flow| format!("{:.1}", flow.per_second / 1e6)),
        Column::Received => figures.flow.map(|flow| percent(flow.share_received)),
        Column::Told => figures.flow.map(|flow| percent(flow.share_told)),
        Column::Thread => figures.thread_ns.map(|ns| format!("{ns:.2}")),
    };
    text.unwrap_or_else(|| NONE.to_owned())
}
