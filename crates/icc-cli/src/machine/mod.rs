//! What is on this machine: buffers, processes, and what the system says.

pub(crate) mod directory;
pub(crate) mod health;
pub(crate) mod processes;
pub(crate) mod signals;
pub(crate) mod view;
