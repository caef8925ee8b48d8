//! The project's guides that concern this crate. They are part of its documentation, not of its code.

#[doc = include_str!("../guides/schema.md")]
pub mod schema {}
