//! The project's guides that concern this crate. They are part of its documentation, not of its code.

#[doc = include_str!("../guides/bytes.md")]
pub mod bytes {}
#[doc = include_str!("../guides/capacity.md")]
pub mod capacity {}
#[doc = include_str!("../guides/comparison.md")]
pub mod comparison {}
#[doc = include_str!("../guides/compatibility.md")]
pub mod compatibility {}
#[doc = include_str!("../guides/death.md")]
pub mod death {}
#[doc = include_str!("../guides/groups.md")]
pub mod groups {}
#[doc = include_str!("../guides/languages.md")]
pub mod languages {}
#[doc = include_str!("../guides/lossless-seen-shared.md")]
pub mod lossless_seen_shared {}
#[doc = include_str!("../guides/payloads.md")]
pub mod payloads {}
#[doc = include_str!("../guides/performance.md")]
pub mod performance {}
#[doc = include_str!("../guides/reading-from-c.md")]
pub mod reading_from_c {}
#[doc = include_str!("../guides/shared-memory.md")]
pub mod shared_memory {}
#[doc = include_str!("../guides/shared-memory-layout.md")]
pub mod shared_memory_layout {}
#[doc = include_str!("../guides/tuning.md")]
pub mod tuning {}
#[doc = include_str!("../guides/waiting.md")]
pub mod waiting {}
