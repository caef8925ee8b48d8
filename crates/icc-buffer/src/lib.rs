//! A self-describing buffer of seqlocked slots: a header, some counters, and `[Seqlock<T>]`, in
//! private or shared memory.
//!
//! The layer beneath `icc-queue` (the slots as a ring) and `icc-vector` (the slots as a table). Use
//! those, unless you build your own structure on versioned slots.
//!
//! # Examples
//!
//! ```
//! use icc_buffer::{Buffer, Kind, Padded, Spec};
//!
//! let buffer = Buffer::<[f64; 2], Padded>::private(Spec::new(Kind::new("example"), 3))?;
//! let slot = buffer.slot(2).expect("there are three");
//! slot.write(&[99.5, 100.5]);
//! assert_eq!(slot.read(), [99.5, 100.5]);
//! assert!(buffer.slot(3).is_none());
//! # Ok::<(), icc_buffer::BufferError>(())
//! ```
//!
//! # Where the memory is
//!
//! | you want | call | it lives |
//! |---|---|---|
//! | threads of one process | [`Buffer::private`] | until the last handle is dropped |
//! | processes that find each other by a name | `Buffer::create`, `open`, `open_or_create` | until it is removed |
//! | processes that pass a descriptor on | `Buffer::anonymous`, `from_fd` | until the last process has closed it |
//! | to see what one is, of any type | `inspect`, `UntypedBuffer::open` | as above |
//! | to read only | `ReadOnlyBuffer::open`, `from_fd`, [`Buffer::read_only`] | as above |
//!
//! Shared memory exists on Linux, for 64-bit little-endian machines; this crate does not build for
//! others there. A bare name is a file in `/dev/shm`; a name with a slash is a
//! path.
//!
//! # Two kinds of handle
//!
//! [`Buffer`] reads and writes. [`ReadOnlyBuffer`] has no way to write: its slots are
//! [`Reader`](icc_seqlock::Reader)s and its counters [`Counter`]s. If it was opened by name or
//! descriptor, its memory is mapped read-only, so the processor stops what the types cannot. A
//! `Buffer` is a `ReadOnlyBuffer` that may also write, and derefs to it. A layer above builds its
//! consumers on [`ReadOnlyBuffer`] alone, whatever memory they read and however the slots are
//! placed.
//!
//! # Creating and opening
//!
//! A buffer appears complete or not at all. It is made in a file that has no name yet: its space is
//! reserved, its slots get their first state (by `create_with`), and only then is it linked into
//! place. A process killed before that leaves nothing.
//!
//! Opening trusts nothing. The file must be a regular file of an allowed owner, and is never
//! reached through a symbolic link. The header is copied once, and the whole copy is checked
//! against the handle's types, what is expected and the file's size. After that, nothing from
//! shared memory is used as a length, an index or an offset. A process that may write to the memory
//! can garble the values, and nothing else:
//!
//! - reading returns a valid `T`, or the error that a write was under way; methods whose names
//!   begin with `try` return at once, the others wait as long as the memory says that a write is
//!   under way;
//! - no read can go outside of the memory, or panic;
//! - a process that may write to a *named* file may also truncate it, which ends its readers with a
//!   `SIGBUS`: that is why the owner is checked. A buffer without a name is sealed against it.
//!
//! Two types count as the same if their names, sizes and alignments are equal. A change of fields
//! that keeps all three is not noticed. With a [schema](SchemaText) in the header and in the options
//! of whoever opens it, they count as the same if their fields are, whatever they are called.
//!
//! # Who is alive
//!
//! Writers that exclude each other, or that others must know to be dead before they take over, each
//! take an id with [`Buffer::take_id`]. In shared memory an id is a lock that the kernel drops when
//! its process ends, however it ends. [`ReadOnlyBuffer::holder_lives`] checks whether an id is
//! held, also through a read-only handle. Process ids are never used: the system reuses them, and
//! they mean different things in different containers. See [`IdLock`] for what `fork` does.
//!
//! # Latency
//!
//! All pages are mapped when a buffer is created or opened, so that no later access takes a page
//! fault. `Options` can also lock the memory and ask for huge pages, each tried or required. For a
//! buffer of one process with such options, use `Buffer::anonymous`.
//!
//! # Further reading
//!
//! The repository's `docs/shared-memory.md` tells operators how to size, place, inspect and clean
//! up buffers, in containers too. `docs/shared-memory-layout.md` describes every byte, for programs
//! in other languages.
//!
//! # Beside this crate
//!
//! What is built on it: [`icc-queue`](https://docs.rs/icc-queue), [`icc-vector`](https://docs.rs/icc-vector).

#![cfg_attr(any(not(target_os = "linux"), icc_loom), allow(dead_code, reason = "much serves shared memory alone"))]

// Not another library with less in it: what is missing would be found out by errors that do not
// say why.
#[cfg(all(target_os = "linux", not(target_pointer_width = "64")))]
compile_error!(
    "icc has shared memory on 64-bit targets alone: ids are locks at offsets that need 64 bits, and buffers may be \
     larger than a 32-bit process can map. On Linux it builds for 64-bit targets only."
);
#[cfg(all(target_os = "linux", not(target_endian = "little")))]
compile_error!(
    "icc has shared memory on little-endian targets alone: its layout is documented, and read from other \
     languages, in that byte order. On Linux it builds for little-endian targets only."
);

mod bell;
mod buffer;
mod counter;
mod element;
mod entries;
mod error;
#[cfg_attr(any(not(target_os = "linux"), icc_loom), path = "fork_none.rs")]
mod fork;
#[cfg_attr(icc_loom, path = "futex_loom.rs")]
#[cfg_attr(all(not(target_os = "linux"), not(icc_loom)), path = "futex_none.rs")]
mod futex;
mod groups;
mod header;
#[cfg_attr(icc_loom, path = "heap_loom.rs")]
mod heap;
mod holding;
mod ids;
mod instance;
mod keys;
mod layout;
mod memory;
mod notifier;
#[cfg(not(icc_loom))]
mod pieces;
mod placement;
mod read_only;
mod readers;
#[cfg(all(target_os = "linux", not(icc_loom)))]
mod room;
#[cfg_attr(
    any(not(all(target_os = "linux", target_pointer_width = "64", target_endian = "little")), icc_loom),
    path = "shared_none.rs"
)]
mod shared;
mod sleep;
mod spec;
mod wait;
mod wait_set;
mod waiter;
mod woken;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use bell::Bell;
pub use buffer::Buffer;
pub use counter::Counter;
pub use element::{ElementType, ElementTypes};
pub use entries::{EntryStatus, ReaderEntry, ReaderKind};
pub use error::{BufferError, EntryError};
pub use fork::ForkGuard;
pub use groups::{GroupNames, GroupWords};
pub use holding::{Held, Holder, Holders};
pub use icc_seqlock::Payload;
pub use ids::{IdLock, MAX_IDS};
pub use keys::Keys;
pub use notifier::Notifier;
#[cfg(not(icc_loom))]
pub use pieces::{PieceBuffer, PieceBufferMut};
pub use placement::{OwnLines, Packed, Padded, Placement};
pub use read_only::ReadOnlyBuffer;
#[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little", not(icc_loom)))]
pub use shared::{
    Boot, CompareSchemas, Demand, Descriptors, HugePages, Inspected, Options, Origin, Owner, SchemaText, UntypedBuffer,
    UntypedBufferMut, inspect, remove,
};
#[doc(hidden)]
pub use sleep::Found;
pub use spec::{Expected, Kind, Spec};
pub use wait::{BusySpin, Park, SpinThenSleep, SpinThenYield, WaitStrategy};
pub use wait_set::{Ready, WaitSet, WaitSetError, Waitable};
pub use waiter::{Waited, Waiter};
