//! A self-describing buffer of seqlocked slots: a header, some counters, and `[Seqlock<T>]`, in private or shared memory.
//!
//! The layer beneath `icc-queue` (the slots as a ring) and `icc-vector` (the slots as a table). Use those, unless you build a
//! structure of your own on versioned slots.
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
//! | to read only | `ReadOnlyBuffer::open`, `from_fd`, [`Buffer::read_only`] | as above |
//!
//! Shared memory exists on Linux. A bare name is a file in `/dev/shm`; a name with a slash is a path.
//!
//! # Two kinds of handle
//!
//! [`Buffer`] reads and writes. [`ReadOnlyBuffer`] has no way to write: its slots are [`Reader`](icc_seqlock::Reader)s and its
//! counters [`Counter`]s. Opened by name or descriptor, its memory is mapped read-only, so that the processor stops what the
//! types cannot. A `Buffer` is a `ReadOnlyBuffer` that may also write, and derefs to it. A layer above builds its consumers on
//! [`ReadOnlyBuffer`] alone, whatever memory they read and however the slots are placed.
//!
//! # Creating and opening
//!
//! A buffer appears complete or not at all: it is made in a file that has no name yet, its space set aside, its slots put in
//! their first state (by `create_with`), and only then linked into place. A process killed in between leaves nothing.
//!
//! Opening trusts nothing. The file must be a regular one of an allowed owner, never reached through a symbolic link. The
//! header is copied once; every field of the copy must be what the handle's types, the expectation and the file's size make
//! it. Nothing that comes from shared memory is used as a length, an index or an offset after that. Whoever may write to
//! the memory can garble the values, and nothing else:
//!
//! - reading returns some valid `T`, or that a write was under way; methods beginning with `try` return at once, the others
//!   wait as long as the memory says that a writer is at work;
//! - nobody can make a read go outside of the memory, or panic;
//! - a process that may write to a *named* file may also cut it off, which ends its readers by a `SIGBUS`: that is what the
//!   check of the owner is for. A buffer without a name is sealed against it.
//!
//! Two types are taken for the same if name, size and alignment are. A change of fields that keeps all three is not noticed.
//!
//! # Who is alive
//!
//! Writers that must be one at a time, or that others must know to be dead before they take over, each take an id with
//! [`Buffer::take_id`]. In shared memory an id is a lock that the kernel drops when its process ends, in whatever way.
//! [`Buffer::holder_lives`] asks, also through a read-only handle. Process ids are never used: they are given out again, and
//! mean different things in different containers. See [`IdLock`] for what `fork` does.
//!
//! # Latency
//!
//! All pages are mapped when a buffer is created or opened, so that no later access takes a page fault. `Options` also
//! locks memory and asks for huge pages, each tried or required. For a buffer of one process with such options, take
//! `Buffer::anonymous`.
//!
//! # Further reading
//!
//! The repository's `docs/shared-memory.md` tells operators how to size, place, inspect and clean up buffers, in containers
//! too. `docs/shared-memory-layout.md` describes every byte, for programs in other languages.

#![cfg_attr(any(not(target_os = "linux"), icc_loom), allow(dead_code, reason = "much serves shared memory alone"))]

mod buffer;
mod counter;
mod error;
mod header;
#[cfg_attr(icc_loom, path = "heap_loom.rs")]
mod heap;
mod ids;
mod instance;
mod layout;
mod memory;
mod placement;
mod read_only;
#[cfg_attr(any(not(target_os = "linux"), icc_loom), path = "shared_none.rs")]
mod shared;
mod spec;
mod wait;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use buffer::Buffer;
pub use counter::Counter;
pub use error::{BufferError, ElementType, ElementTypes};
pub use icc_seqlock::Payload;
pub use ids::{IdLock, MAX_IDS};
pub use placement::{Packed, Padded, Placement};
pub use read_only::ReadOnlyBuffer;
#[cfg(all(target_os = "linux", not(icc_loom)))]
pub use shared::{Demand, HugePages, Options, Origin, Owner, remove};
pub use spec::{Expected, Kind, Spec};
pub use wait::{BusySpin, SpinThenSleep, SpinThenYield, WaitStrategy, Waited};
