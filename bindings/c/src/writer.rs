//! Writing vectors.

use crate::error::{Failure, guard};
use crate::pointers::{bytes, give, handle, name, tell, value};
use crate::{Payload, Status};
use icc_vector::untyped::{AnyVector, AnyWriter};
use std::ffi::{c_char, c_void};

/// A writer of a vector. One thread at a time may use it.
pub struct Writer {
    writer: AnyWriter,
}

/// Opens a vector to write its slots `first` to `end` - 1; 0 and 0 are all. The payload is compared with
/// what the vector has; NULL takes any. Of a vector with one writer a slot, ICC_STATUS_TAKEN while another
/// has one of them; of one that many may write, any range is all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_writer_open(
    vector: *const c_char,
    payload: *const Payload,
    first: u64,
    end: u64,
    writer: *mut *mut Writer,
) -> Status {
    // SAFETY: passed on from the caller.
    guard(|| unsafe {
        let path = name(vector)?;
        let opened = match payload.as_ref() {
            Some(payload) => {
                let described = payload.for_opening(path)?;
                AnyVector::open(path, Some(&described.element), &described.options)?
            }
            None => AnyVector::open(path, None, &icc_vector::Options::new())?,
        };
        let index = |n: u64| usize::try_from(n).map_err(|_| Failure::new(Status::OutOfRange, format_args!("slot {n}")));
        let opened =
            if (first, end) == (0, 0) { opened.writer()? } else { opened.writer_of(index(first)?..index(end)?)? };
        give(writer, Writer { writer: opened })
    })
}

/// Writes a value into a slot: as many bytes as the vector's values have. `version` gets the slot's new
/// version, unless it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_writer_write(
    writer: *mut Writer,
    slot: u64,
    value: *const c_void,
    version: *mut u64,
) -> Status {
    // SAFETY: passed on from the caller.
    guard(|| unsafe {
        let writer = &mut handle(writer, "the writer")?.writer;
        let value = bytes(value.cast(), writer.value_size(), "the value")?;
        tell(version, writer.write(usize::try_from(slot).unwrap_or(usize::MAX), value)?);
        Ok(())
    })
}

/// The bytes of a value, or 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_writer_value_size(writer: *const Writer) -> u64 {
    // SAFETY: passed on from the caller.
    unsafe { value(writer, "") }.map_or(0, |writer| writer.writer.value_size() as u64)
}

/// The slots that it may write: `first` to `end` - 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_writer_slots(writer: *const Writer, first: *mut u64, end: *mut u64) -> Status {
    // SAFETY: passed on from the caller.
    guard(|| unsafe {
        let range = value(writer, "the writer")?.writer.range();
        tell(first, range.start as u64);
        tell(end, range.end as u64);
        Ok(())
    })
}

/// Lets the writer go, so that another may have its slots. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_writer_close(writer: *mut Writer) {
    if !writer.is_null() {
        // SAFETY: not null, so one that `icc_writer_open` gave, by the caller.
        let writer = unsafe { Box::from_raw(writer) };
        guard(|| {
            drop(writer);
            Ok(())
        });
    }
}
