//! What the system says.

pub(crate) mod health;
pub(crate) mod processes;
