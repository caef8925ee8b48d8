//! A run's results as plain data: all that a report is made from, and all that its JSON holds.

mod description;
mod figures;
pub(crate) mod json;
mod machine;
mod report;
mod row;

pub(crate) use self::description::{Column, Description, Headline, Merit, Shape};
pub(crate) use self::figures::{Figures, FlowFigures, Groups, rounded};
pub(crate) use self::machine::{Clock, Machine, Offset, Source};
pub(crate) use self::report::Report;
pub use self::row::Kind;
pub(crate) use self::row::Row;

#[cfg(test)]
pub(crate) mod sample;
