//! What comes from C, checked as far as it can be.
//!
//! The caller's duties, of every function: a pointer is null or valid for what the function's text says,
//! until the function returns; a text ends with a zero; a handle is one that an `open` gave and that was
//! not closed, and no two threads use one at the same time.

use crate::error::Failure;
use std::ffi::{CStr, OsStr, c_char};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// What a pointer points to.
///
/// # Safety
///
/// As the module says.
pub(crate) unsafe fn value<'a, T>(pointer: *const T, what: &str) -> Result<&'a T, Failure> {
    // SAFETY: null, or valid by the caller.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(what))
}

/// As [`value`], to be changed.
///
/// # Safety
///
/// As the module says.
pub(crate) unsafe fn handle<'a, T>(pointer: *mut T, what: &str) -> Result<&'a mut T, Failure> {
    // SAFETY: null, or valid by the caller, and no other thread's.
    unsafe { pointer.as_mut() }.ok_or_else(|| null(what))
}

/// A name: a path, or a file in `/dev/shm`.
///
/// # Safety
///
/// As the module says.
pub(crate) unsafe fn name<'a>(pointer: *const c_char) -> Result<&'a Path, Failure> {
    if pointer.is_null() {
        return Err(null("the name"));
    }
    // SAFETY: not null, so a text by the caller.
    Ok(Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(pointer) }.to_bytes())))
}

/// A text in UTF-8, or none.
///
/// # Safety
///
/// As the module says.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, what: &str) -> Result<Option<&'a str>, Failure> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: as in `name`.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map(Some).map_err(|error| Failure::invalid(format_args!("{what} is no UTF-8: {error}")))
}

/// `size` bytes.
///
/// # Safety
///
/// As the module says; the bytes are initialised, and nobody writes them meanwhile.
pub(crate) unsafe fn bytes<'a>(pointer: *const u8, size: usize, what: &str) -> Result<&'a [u8], Failure> {
    if size == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(null(what));
    }
    // SAFETY: not null, so valid for as many bytes by the caller.
    Ok(unsafe { core::slice::from_raw_parts(pointer, size) })
}

/// Tells a result, if the caller wants it.
///
/// # Safety
///
/// As the module says.
pub(crate) unsafe fn tell<T>(pointer: *mut T, value: T) {
    if !pointer.is_null() {
        // SAFETY: not null, so valid for writes by the caller.
        unsafe { pointer.write(value) };
    }
}

/// Gives a new handle to the caller.
///
/// # Safety
///
/// As the module says.
pub(crate) unsafe fn give<T>(pointer: *mut *mut T, handle: T) -> Result<(), Failure> {
    if pointer.is_null() {
        return Err(null("where the handle goes"));
    }
    // SAFETY: not null, so valid for writes by the caller.
    unsafe { pointer.write(Box::into_raw(Box::new(handle))) };
    Ok(())
}

fn null(what: &str) -> Failure {
    Failure::invalid(format_args!("{what} is a null pointer"))
}
