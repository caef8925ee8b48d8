//! What can go wrong.

/// Why a buffer could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BufferError {
    /// No slots were asked for.
    #[error("a buffer of 0 slots was asked for: ask for at least 1")]
    Empty,
    /// The size does not fit the address space.
    #[error("{len} slots of {stride} bytes do not fit the address space: at most {max} slots of this size do")]
    TooLarge {
        /// The slots asked for.
        len: usize,
        /// Bytes from one slot to the next.
        stride: usize,
        /// The most slots of this size that can be addressed.
        max: usize,
    },
    /// The system has no memory left for it.
    #[error("the system refused {bytes} bytes for the buffer: ask for fewer slots, or free memory")]
    OutOfMemory {
        /// The bytes asked for.
        bytes: usize,
    },
}
