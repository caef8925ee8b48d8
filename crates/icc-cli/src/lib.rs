//! What the command `icc` is made of that other programs can use too: [recordings](recording).
//!
//! The command itself is described in the repository's `docs/command.md`.

#[cfg(all(doc, not(doctest)))]
pub mod guides;
pub mod recording;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
