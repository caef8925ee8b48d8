//! Runs one model under shuttle: many executions, each with an order of the threads' steps taken at random.

pub use shuttle::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use shuttle::rand::Rng as _;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner};
use std::sync::Arc;
use std::time::Instant;

/// So many times a thread is interrupted in the runs that do that seldom.
const INTERRUPTIONS: usize = 4;
const ITERATIONS: u64 = 1_000;

/// Runs `body` in random orders of its threads' steps: in half of the executions any thread takes each
/// step, in the other half threads run on but for a few interruptions, which finds what takes a long pause.
/// The bound is loom's and means nothing here.
///
/// Prints one line when done: `shuttle-model: CRATE NAME executions=N seconds=S seed=S`. The environment says
/// how many executions (`ICC_SHUTTLE_ITERATIONS`) and which (`ICC_SHUTTLE_SEED`): the same again for the same
/// seed.
///
/// # Panics
///
/// When an execution of `body` panics, or all its threads wait, or one never ends.
pub fn model(name: &str, _bound: Option<usize>, body: impl Fn() + Sync + Send + 'static) {
    let (iterations, seed) = (number("ICC_SHUTTLE_ITERATIONS", ITERATIONS), number("ICC_SHUTTLE_SEED", 1));
    let half = (usize::try_from(iterations).expect("a number of executions") / 2).max(1);
    let (body, start) = (Arc::new(body), Instant::now());
    let executions = run(RandomScheduler::new_from_seed(seed, half), &body)
        + run(PctScheduler::new_from_seed(seed, INTERRUPTIONS, half), &body);
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_else(|_| "unknown".into());
    std::println!(
        "shuttle-model: {package} {name} executions={executions} seconds={:.2} seed={seed}",
        start.elapsed().as_secs_f64(),
    );
}

/// As [`model`]: shuttle takes each load for a step of its own, always.
pub fn model_with_traced_loads(name: &str, bound: Option<usize>, body: impl Fn() + Sync + Send + 'static) {
    model(name, bound, body);
}

/// One of `0..below` at random, as the seed says: for a model that lets a thread die anywhere.
#[must_use]
pub fn chance(below: usize) -> usize {
    shuttle::rand::thread_rng().gen_range(0..below)
}

fn run(scheduler: impl Scheduler + 'static, body: &Arc<impl Fn() + Sync + Send + 'static>) -> usize {
    let mut config = Config::new();
    // It warns of every ordering that is not sequentially consistent.
    config.silence_warnings = true;
    let body = Arc::clone(body);
    Runner::new(scheduler, config).run(move || body())
}

fn number(variable: &str, otherwise: u64) -> u64 {
    let parse = |text: std::string::String| text.parse().expect("a whole number");
    std::env::var(variable).map_or(otherwise, parse)
}

/// What the producer of a pair pays a load for in shipped builds.
#[must_use]
pub fn load_behind_stores(word: &AtomicU32) -> u32 {
    word.load(Ordering::SeqCst)
}
