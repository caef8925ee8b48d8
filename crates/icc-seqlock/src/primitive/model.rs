//! Runs one loom model and says how much of it was explored.

use super::traced::trace_loads;
use super::weaken;
use loom::model::Builder;
use std::format;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64 as Counter, Ordering};
use std::time::Instant;

/// Explores every execution of `body` that loom can tell apart, with at most `bound` preemptions
/// when one is given.
///
/// Prints one line when done: `loom-model: CRATE NAME executions=N seconds=S bound=exhaustive|N`.
/// The environment may override the bound (`ICC_LOOM_PREEMPTIONS`), trace the loads of every model
/// (`ICC_LOOM_TRACE=1`), turn on loom's own log (`ICC_LOOM_LOG=1`) and weaken one operation
/// (`ICC_WEAKEN`, see `weaken.rs`).
///
/// # Panics
///
/// When an execution of `body` panics, which is how a model fails.
pub fn model(name: &str, bound: Option<usize>, body: impl Fn() + Sync + Send + 'static) {
    trace_loads(std::env::var_os("ICC_LOOM_TRACE").is_some_and(|set| set == "1"));
    explore(name, bound, body);
}

/// As [`model`], for bodies in which a thread loads an atomic and then writes it: see `traced.rs`.
/// Explores more.
pub fn model_with_traced_loads(name: &str, bound: Option<usize>, body: impl Fn() + Sync + Send + 'static) {
    trace_loads(true);
    explore(name, bound, body);
}

fn explore(name: &str, bound: Option<usize>, body: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = match std::env::var("ICC_LOOM_PREEMPTIONS") {
        Ok(text) => Some(text.parse().expect("ICC_LOOM_PREEMPTIONS wants a whole number")),
        Err(_) => bound,
    };
    builder.max_branches = 100_000;
    builder.log = std::env::var_os("ICC_LOOM_LOG").is_some_and(|set| set == "1");
    builder.location = builder.log;

    let executions = Arc::new(Counter::new(0));
    let counted = Arc::clone(&executions);
    let start = Instant::now();
    let explored = builder.preemption_bound;
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        body();
    });

    let bound = explored.map_or_else(|| "exhaustive".into(), |n| format!("{n}"));
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_else(|_| "unknown".into());
    std::println!(
        "loom-model: {package} {name} executions={} seconds={:.2} bound={bound}",
        executions.load(Ordering::Relaxed),
        start.elapsed().as_secs_f64(),
    );
    weaken::report();
}
