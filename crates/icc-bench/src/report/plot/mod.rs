//! Plots of a report, as SVG.
//!
//! Each is drawn twice, wide and narrow, because letters that are scaled down to a telephone cannot
//! be read. Colours stand in one style sheet for light and dark, are told apart by people who see
//! few of them, and are never alone in telling one series from another: lines end in their names,
//! and every mark names itself in a tooltip.

mod distribution;
mod frame;
mod lines;
mod matrix;
mod percentiles;
mod picture;
mod rows;
mod scale;
mod series;
mod text;

pub(crate) use self::frame::Width;
pub(crate) use self::picture::{Plot, STYLE};
pub(crate) use self::rows::{MAIN_PAYLOAD, kinds, moved, shape, slug, title};
pub(crate) use self::series::rounds;
pub(crate) use self::text::{bytes, nanoseconds, rate};
use crate::model::{Report, Row, Shape};

/// Every plot of a report, in its order.
#[must_use]
pub(crate) fn all(report: &Report) -> Vec<Plot> {
    report.scenarios().flat_map(|rows| of(report, rows)).collect()
}

/// The plots of one scenario's rows.
#[must_use]
pub(crate) fn of(report: &Report, rows: &[Row]) -> Vec<Plot> {
    let source = source(report);
    let Some(shape) = shape(rows) else { return Vec::new() };
    let plots = match shape {
        Shape::Cores => matrix::plots(rows),
        Shape::Consumers => lines::by_consumers(rows),
        Shape::Latency => {
            let mut plots = percentiles::plots(rows);
            plots.extend(lines::by_payload(rows));
            plots
        }
        Shape::Flow | Shape::Cost => lines::by_payload(rows),
    };
    let distribution = matches!(shape, Shape::Latency | Shape::Flow | Shape::Cost).then(|| distribution::plot(rows));
    let plots = plots.into_iter().chain(distribution.flatten());
    plots.map(|plot| Plot { source: source.clone(), ..plot }).collect()
}

fn source(report: &Report) -> String {
    let machine = &report.machine;
    let kind = if machine.virtualised == Some(true) { ", virtual machine" } else { "" };
    let date = report.began.get(..10).unwrap_or(&report.began);
    format!("{}{kind}; {}; icc-bench {}, {date}", machine.cpu, machine.kernel, report.version)
}

#[cfg(test)]
mod tests;
