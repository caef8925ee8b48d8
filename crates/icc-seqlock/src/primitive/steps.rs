//! Lets a process die at a chosen step of a protocol. Only in builds with `--cfg icc_steps`.

extern crate std;

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::OnceLock;

/// What `ICC_DIE_AT` says: a step's name and, after a colon, how often it may pass unharmed.
fn death() -> Option<&'static (std::string::String, u64)> {
    static DEATH: OnceLock<Option<(std::string::String, u64)>> = OnceLock::new();
    DEATH
        .get_or_init(|| {
            let text = std::env::var("ICC_DIE_AT").ok()?;
            let (name, count) = text.split_once(':').expect("ICC_DIE_AT wants STEP:COUNT");
            Some((name.into(), count.parse().expect("ICC_DIE_AT wants a whole number after the colon")))
        })
        .as_ref()
}

/// Ends the process here and now if it was asked for, without any destructor or handler.
pub fn step(name: &str) {
    static PASSED: AtomicU64 = AtomicU64::new(0);
    if let Some((at, count)) = death()
        && at == name
        && PASSED.fetch_add(1, Ordering::Relaxed) == *count
    {
        std::process::abort();
    }
}
