//! The shim's side of weakening, whose tests run here: in the library crates only models are built
//! with it.

use std::sync::atomic::Ordering;

#[path = "../../crates/icc-seqlock/src/primitive/weaken.rs"]
#[allow(dead_code, unreachable_pub, reason = "only its tests are used here")]
mod weaken;
