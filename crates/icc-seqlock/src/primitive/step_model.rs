//! The steps of a protocol under loom or shuttle: a thread can die at each, as a process that is killed does.
//!
//! A thread that dies unwinds with a private token, which [`die_at`] catches. A death is not a
//! drop: while it unwinds, [`is_dying`] tells destructors to do nothing, and what they would
//! [`release`] is kept until the model drops the [`Dead`], which is the moment at which the kernel
//! finds the process gone. Nothing that runs while it unwinds touches an atomic, so no other thread
//! of the model runs in between.

use super::os::checker;
use std::boxed::Box;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::vec::Vec;

/// What a dying thread unwinds with.
struct Token;

type Release = Box<dyn FnOnce()>;

/// What should happen to a thread.
enum Plan {
    Live,
    /// To die at this step, once it has passed it this often.
    DieAt(&'static str, u32),
    /// It dies or has died; holds what must still be released.
    Dying(Vec<Release>),
}

checker::thread_local! {
    static PLAN: RefCell<Plan> = RefCell::new(Plan::Live);
}

std::thread_local! {
    /// Whether a thread of the model that runs on this system thread unwinds with the token.
    static UNWINDS: Cell<bool> = const { Cell::new(false) };
}

/// Whether a model fails: destructors must do nothing then, for loom may be gone already.
fn fails() -> bool {
    std::thread::panicking() && !UNWINDS.get()
}

/// A step of a protocol, at which the calling thread dies if [`die_at`] says so.
pub fn step(name: &str) {
    let dies = PLAN.with(|plan| {
        let mut plan = plan.borrow_mut();
        match &mut *plan {
            Plan::DieAt(at, passes) if *at == name => match passes.checked_sub(1) {
                Some(left) => *passes = left,
                None => *plan = Plan::Dying(Vec::new()),
            },
            _ => return false,
        }
        matches!(*plan, Plan::Dying(_))
    });
    if dies {
        UNWINDS.set(true);
        resume_unwind(Box::new(Token));
    }
}

/// Gives up what the kernel would take from a process that ends: now or, if the calling thread is
/// dying, with its [`Dead`].
pub fn release(give_up: impl FnOnce() + 'static) {
    if fails() {
        return core::mem::forget(give_up);
    }
    let now = PLAN.with(|plan| match &mut *plan.borrow_mut() {
        Plan::Dying(releases) => {
            releases.push(Box::new(give_up));
            None
        }
        _ => Some(give_up),
    });
    if let Some(give_up) = now {
        give_up();
    }
}

/// Whether the calling thread is dying, so that destructors must do nothing.
#[must_use]
pub fn is_dying() -> bool {
    fails() || PLAN.with(|plan| matches!(*plan.borrow(), Plan::Dying(_)))
}

/// Runs `body` on `handle` as a process that is killed at the step `name`, after it has passed that
/// step `passes` times.
///
/// # Panics
///
/// When `body` ends without reaching the step.
pub fn die_at<H>(name: &'static str, passes: u32, handle: H, body: impl FnOnce(&mut H)) -> Dead<H> {
    let died = may_die_at(name, passes, handle, body);
    died.unwrap_or_else(|_| panic!("the step {name} was not reached {passes} + 1 times"))
}

/// As [`die_at`]; the handle if `body` ends without reaching the step.
///
/// # Errors
///
/// The handle.
pub fn may_die_at<H>(name: &'static str, passes: u32, mut handle: H, body: impl FnOnce(&mut H)) -> Result<Dead<H>, H> {
    PLAN.with(|plan| *plan.borrow_mut() = Plan::DieAt(name, passes));
    let ended = catch_unwind(AssertUnwindSafe(|| body(&mut handle)));
    UNWINDS.set(false);
    let plan = PLAN.with(|plan| core::mem::replace(&mut *plan.borrow_mut(), Plan::Live));
    match (ended, plan) {
        (Err(token), Plan::Dying(releases)) if token.is::<Token>() => Ok(Dead { handle: Some(handle), releases }),
        (Err(panic), _) => resume_unwind(panic),
        (Ok(()), _) => Err(handle),
    }
}

/// A process that was killed, and what it held. Until this is dropped, the kernel has not noticed:
/// its locks are held.
pub struct Dead<H> {
    handle: Option<H>,
    releases: Vec<Release>,
}

impl<H> Drop for Dead<H> {
    fn drop(&mut self) {
        if fails() {
            core::mem::forget(self.handle.take());
            return self.releases.drain(..).for_each(core::mem::forget);
        }
        // The handle's memory and locks are released; none of its other destructors run.
        let before = PLAN.with(|plan| core::mem::replace(&mut *plan.borrow_mut(), Plan::Dying(Vec::new())));
        drop(self.handle.take());
        let dropped = PLAN.with(|plan| core::mem::replace(&mut *plan.borrow_mut(), before));
        if let Plan::Dying(more) = dropped {
            self.releases.extend(more);
        }
        self.releases.drain(..).for_each(|release| release());
    }
}

impl<H> fmt::Debug for Dead<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dead").field("locks", &self.releases.len()).finish_non_exhaustive()
    }
}
