//! What a call tells.

/// What a call tells. Of all but ICC_STATUS_OK, icc_error_text has the text, and nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum Status {
    /// It is done.
    Ok,
    /// An argument cannot be: a null pointer, a text that is no UTF-8, a capacity that is no power of two.
    Invalid,
    /// There is no buffer of this name.
    NotFound,
    /// There is one already.
    AlreadyExists,
    /// What is there is another thing than asked for: another kind, mode or type.
    Other,
    /// Others have all the places: the one producer lives, or the slots have a writer.
    Taken,
    /// Another producer or writer is just there, and waiting was not asked for, or was too long.
    Busy,
    /// This is a child process made by fork, and the handle its parent's.
    Forked,
    /// There is no such slot, or it is not this writer's.
    OutOfRange,
    /// The system refuses: permissions, memory, space.
    System,
    /// A mistake in the library itself.
    Panicked,
}
