//! Memory that several processes map: on Linux, on 64-bit little-endian machines.

mod attach;
mod beside;
mod check;
mod create;
mod descriptor;
mod descriptors;
mod draft;
mod errno;
mod file;
mod groups;
mod handles;
mod inspect;
mod keys;
mod liveness;
mod mapping;
mod memfd;
mod name;
mod options;
mod pieces;
mod prefault;
mod readers;
mod reserve;
mod schema;
mod untyped;
mod untyped_write;

pub use descriptors::Descriptors;
pub(crate) use groups::{names_of_groups, open_group};
pub use handles::{Origin, remove};
pub use inspect::{Boot, Inspected, inspect};
pub(crate) use liveness::{FileLock, holder_lives, take_id};
pub(crate) use mapping::Mapping;
use nix::fcntl::SealFlag;
pub use options::{Demand, HugePages, Options, Owner};
pub use schema::{CompareSchemas, SchemaText};
pub use untyped::UntypedBuffer;
pub use untyped_write::UntypedBufferMut;

/// What stands for the path of a buffer without a name.
const ANONYMOUS: &str = "memfd:icc";
/// Without these, whoever has the descriptor could take the memory away and end its readers by a
/// signal.
const RESIZING: SealFlag = SealFlag::F_SEAL_SHRINK.union(SealFlag::F_SEAL_GROW);
