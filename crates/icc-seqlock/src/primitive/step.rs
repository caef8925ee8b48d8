//! The steps of a protocol, as they are shipped: nothing.

/// A step of a protocol, at which tests let a process or a model's thread die. Nothing in shipped
/// builds.
#[inline(always)]
pub fn step(_name: &str) {}

/// Gives up what the kernel would take from a process that ends, such as a lock, by calling
/// `give_up`.
///
/// In a model, a thread that dies runs no destructor, and its locks are released later, as an event
/// of its own.
#[inline(always)]
pub fn release(give_up: impl FnOnce() + 'static) {
    give_up();
}

/// Whether the calling thread of a model is dying, so that destructors must do nothing. Never in
/// shipped builds.
#[inline(always)]
#[must_use]
pub const fn is_dying() -> bool {
    false
}
