//! What the examples share: message types and the like.
