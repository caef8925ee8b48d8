//! Memory that several processes map. Linux.

mod attach;
mod draft;
mod file;
mod handles;
mod liveness;
mod mapping;
mod name;
mod options;

pub use handles::{Origin, remove};
pub(crate) use liveness::{holder_lives, take_id};
pub(crate) use mapping::Mapping;
pub use options::{Demand, HugePages, Options, Owner};
