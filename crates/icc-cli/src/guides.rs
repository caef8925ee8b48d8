//! The project's guides that concern this crate. They are part of its documentation, not of its code.

#[doc = include_str!("../guides/command.md")]
pub mod command {}
#[doc = include_str!("../guides/recording.md")]
pub mod recording {}
