//! The orderings of the standard library, and what is one degree weaker than each.

use std::fmt;
use std::str::FromStr;

/// An ordering.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Order {
    Relaxed,
    Acquire,
    Release,
    AcqRel,
    SeqCst,
}

impl Order {
    const ALL: [Self; 5] = [Self::Relaxed, Self::Acquire, Self::Release, Self::AcqRel, Self::SeqCst];

    /// What is one degree weaker in an operation of this name.
    pub(crate) fn weaker(self, operation: &str) -> &'static [Self] {
        match (operation, self) {
            // A relaxed fence does not exist: it is dropped instead.
            ("fence", Self::Acquire | Self::Release) | (_, Self::Relaxed) => &[],
            (_, Self::Acquire | Self::Release) => &[Self::Relaxed],
            (_, Self::AcqRel) => &[Self::Acquire, Self::Release],
            ("load", Self::SeqCst) => &[Self::Acquire],
            ("store", Self::SeqCst) => &[Self::Release],
            (_, Self::SeqCst) => &[Self::AcqRel],
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl FromStr for Order {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|order| order.to_string() == name).ok_or(())
    }
}
