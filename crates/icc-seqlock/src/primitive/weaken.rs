//! Weakens one operation at run time, so that a model can be seen to fail without its ordering.
//!
//! `ICC_WEAKEN="FILE:LINE:COLUMN OPERATION CHANGE"` names the place of the call as
//! [`Location::caller`] gives it, the operation called there, and its change: another ordering,
//! `failure-` and an ordering for what a compare-exchange does when it fails, or `dropped` for a
//! fence. A function with `#[cfg_attr(icc_loom, track_caller)]` passes the place of its own call on
//! to the operations in it, which can then be weakened for one of its callers alone.

use super::Ordering;
use core::panic::Location;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::string::{String, ToString};
use std::sync::OnceLock;

/// What the environment asks for.
#[derive(Debug)]
struct Weakening {
    file: String,
    line: u32,
    column: u32,
    operation: String,
    change: Change,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Change {
    To(Ordering),
    FailureTo(Ordering),
    Dropped,
}

/// Whether an operation has been weakened in this process.
static REACHED: AtomicBool = AtomicBool::new(false);

fn weakening() -> Option<&'static Weakening> {
    static WEAKENING: OnceLock<Option<Weakening>> = OnceLock::new();
    let read = || {
        let text = std::env::var("ICC_WEAKEN").ok()?;
        Some(Weakening::parse(&text).expect("ICC_WEAKEN wants FILE:LINE:COLUMN OPERATION CHANGE"))
    };
    WEAKENING.get_or_init(read).as_ref()
}

impl Weakening {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (place, operation, change) = (words.next()?, words.next()?, words.next()?);
        let mut place = place.rsplitn(3, ':');
        let (column, line, file) = (place.next()?, place.next()?, place.next()?);
        let change = match (change, change.strip_prefix("failure-")) {
            ("dropped", _) => Change::Dropped,
            (_, Some(order)) => Change::FailureTo(ordering(order)?),
            (order, None) => Change::To(ordering(order)?),
        };
        Some(Self {
            file: file.to_string(),
            line: line.parse().ok()?,
            column: column.parse().ok()?,
            operation: operation.to_string(),
            change,
        })
    }

    fn is_at(&self, place: &Location<'_>, operation: &str) -> bool {
        self.line == place.line()
            && self.column == place.column()
            && self.file == place.file()
            && self.operation == operation
    }
}

fn ordering(name: &str) -> Option<Ordering> {
    Some(match name {
        "Relaxed" => Ordering::Relaxed,
        "Acquire" => Ordering::Acquire,
        "Release" => Ordering::Release,
        "AcqRel" => Ordering::AcqRel,
        _ => return None,
    })
}

/// The change that is asked for at the caller's place, if any.
#[track_caller]
fn change(operation: &str) -> Option<Change> {
    let asked = weakening()?;
    if !asked.is_at(Location::caller(), operation) {
        return None;
    }
    REACHED.store(true, Relaxed);
    Some(asked.change)
}

/// The ordering with which `operation` is to be done at the caller's place.
#[track_caller]
pub(super) fn order(operation: &str, order: Ordering) -> Ordering {
    match change(operation) {
        Some(Change::To(weaker)) => weaker,
        _ => order,
    }
}

/// The orderings of a compare-exchange at the caller's place, for success and for failure.
#[track_caller]
pub(super) fn orders(success: Ordering, failure: Ordering) -> (Ordering, Ordering) {
    match change("compare_exchange") {
        Some(Change::To(weaker)) => (weaker, failure),
        Some(Change::FailureTo(weaker)) => (success, weaker),
        _ => (success, failure),
    }
}

/// The ordering of a fence at the caller's place, or `None` if it is dropped.
#[track_caller]
pub(super) fn fence_order(order: Ordering) -> Option<Ordering> {
    match change("fence") {
        Some(Change::Dropped) => None,
        Some(Change::To(weaker)) => Some(weaker),
        _ => Some(order),
    }
}

/// Says whether the model came to the weakened operation at all: if not, its passing shows nothing.
pub(super) fn report() {
    if let Some(Weakening { file, line, column, operation, .. }) = weakening() {
        let reached = if REACHED.load(Relaxed) { "reached" } else { "never reached" };
        std::println!("loom-weaken: {reached} {file}:{line}:{column} {operation}");
    }
}

/// The mutants' package runs these: in a build for loom nobody does.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_read() {
        let change = |text: &str| Weakening::parse(&std::format!("crates/a/src/b.rs:12:34 {text}")).map(|w| w.change);
        assert_eq!(change("fence dropped"), Some(Change::Dropped));
        assert_eq!(change("store Relaxed"), Some(Change::To(Ordering::Relaxed)));
        assert_eq!(change("fetch_add AcqRel"), Some(Change::To(Ordering::AcqRel)));
        assert_eq!(change("compare_exchange failure-Relaxed"), Some(Change::FailureTo(Ordering::Relaxed)));
        for bad in ["store", "store Weaker", "store failure-Weaker", "store SeqCst"] {
            assert_eq!(change(bad), None, "{bad}");
        }
        for bad in ["", "b.rs:12 store Relaxed", "b.rs:12:x store Relaxed", "12:34 store Relaxed"] {
            assert!(Weakening::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn only_the_operation_that_is_named_is_changed() {
        let here = Location::caller();
        let asked = |line: u32, column: u32, operation: &str| {
            Weakening::parse(&std::format!("{}:{line}:{column} {operation} Relaxed", here.file())).unwrap()
        };
        let (line, column) = (here.line(), here.column());
        assert!(asked(line, column, "store").is_at(here, "store"));
        assert!(!asked(line, column, "store").is_at(here, "load"));
        assert!(!asked(line + 1, column, "store").is_at(here, "store"));
        assert!(!asked(line, column + 1, "store").is_at(here, "store"));
        let elsewhere = Weakening::parse(&std::format!("other.rs:{line}:{column} store Relaxed")).unwrap();
        assert!(!elsewhere.is_at(here, "store"));
    }
}
