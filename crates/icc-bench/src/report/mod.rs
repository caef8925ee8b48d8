//! The shapes that results are put out in: a table, a page, pictures, tables for documents, a
//! comparison of two runs.
//!
//! Each is made from a [`Report`](crate::model::Report) alone, which [`json`](crate::model::json)
//! also reads back: those of an earlier run are made just as those of the run that has just ended.

pub(crate) mod agree;
pub(crate) mod baseline;
mod best;
mod column;
pub(crate) mod file;
pub(crate) mod markdown;
mod matrix;
mod method;
pub(crate) mod page;
pub(crate) mod plot;
mod style;
pub(crate) mod table;

pub(crate) use self::style::text_table;
