//! What the command `icc` is made of that other programs can use too: [recordings](recording).
//!
//! The command itself is described in the repository's `docs/command.md`.
//!
//! # Beside this crate
//!
//! What it looks at: [`icc-queue`](https://docs.rs/icc-queue), [`icc-vector`](https://docs.rs/icc-vector). The guides to
//! the command and to the format of recordings are in the module `guides`.

#[cfg(all(doc, not(doctest)))]
pub mod guides;
pub mod recording;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
