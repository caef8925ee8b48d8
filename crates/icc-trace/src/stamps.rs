//! What messages carry beside their payload.

use bytemuck::{Pod, Zeroable};

/// What [`On`](crate::On) adds to a message.
// Without alignment, so that it follows any payload without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C, packed)]
pub struct Stamps {
    /// When the cause entered the system; 0 if the message has no stamps.
    pub(crate) origin: u64,
    /// When the message was published.
    pub(crate) published: u64,
    /// How many messages it stands for.
    pub(crate) every: u32,
    /// Who published it.
    pub(crate) hop: u32,
}

/// What [`Off`](crate::Off) adds to a message: nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct NoStamps {}
