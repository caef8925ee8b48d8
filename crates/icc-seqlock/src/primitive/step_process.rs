//! The steps of a protocol in builds with `--cfg icc_steps`: a process can die or stop at each.

extern crate std;

use core::sync::atomic::{AtomicU64, Ordering};
use std::process::{Command, abort, id};
use std::string::{String, ToString};
use std::sync::OnceLock;

/// What should happen. `ICC_DIE_AT` or `ICC_STOP_AT` says where: a step's name and, after a colon,
/// how often the process passes it before.
struct Plan {
    step: String,
    passes: u64,
    stop: bool,
}

fn plan() -> Option<&'static Plan> {
    static PLAN: OnceLock<Option<Plan>> = OnceLock::new();
    let read = |variable: &str, stop| {
        let text = std::env::var(variable).ok()?;
        let (step, passes) = text.split_once(':').expect("a step and how often it may pass: STEP:COUNT");
        Some(Plan { step: step.into(), passes: passes.parse().expect("a whole number after the colon"), stop })
    };
    PLAN.get_or_init(|| read("ICC_DIE_AT", false).or_else(|| read("ICC_STOP_AT", true))).as_ref()
}

/// Aborts the process at once, without any destructor or handler, or stops it until it is told to
/// continue, if the environment says so.
pub fn step(name: &str) {
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let Some(plan) = plan().filter(|plan| plan.step == name) else { return };
    if PASSED.fetch_add(1, Ordering::Relaxed) != plan.passes {
        return;
    }
    if !plan.stop {
        abort();
    }
    let stopped = Command::new("kill").args(["-STOP", &id().to_string()]).status();
    assert!(stopped.is_ok_and(|status| status.success()), "cannot stop itself");
    // The system delivers the signal to any thread, and this one may continue until that thread has
    // seen it: on a busy machine, long enough to end the protocol. In a sleep it stops with the
    // others.
    std::thread::sleep(std::time::Duration::from_millis(200));
}

/// Gives up what the kernel would take from a process that ends. The kernel does it for those that
/// die here.
pub fn release(give_up: impl FnOnce() + 'static) {
    give_up();
}

/// A process that dies here runs nothing more.
#[must_use]
pub const fn is_dying() -> bool {
    false
}
