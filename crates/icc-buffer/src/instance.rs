//! What tells one buffer of a name from the next, and one run of the machine from the next.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, UNIX_EPOCH};

/// A number that no other buffer has, never 0. Random, so that the next buffer of the same name has
/// another.
pub(crate) fn new() -> u64 {
    // The standard library's random keys, which differ each time; and the clock, in case the system
    // has no randomness.
    RandomState::new().hash_one((now(), std::process::id())).max(1)
}

/// The time since 1970. Miri, which isolates programs, has no such clock.
pub(crate) fn now() -> Duration {
    if cfg!(miri) { Duration::ZERO } else { UNIX_EPOCH.elapsed().unwrap_or_default() }
}

/// The kernel's id of this run of the machine; 0 if it cannot be read.
pub(crate) fn boot() -> u128 {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    u128::from_str_radix(&text.trim().replace('-', ""), 16).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn instances_differ() {
        let (one, other) = (super::new(), super::new());
        assert!(one != other && one != 0 && other != 0);
    }

    #[test]
    #[cfg(all(target_os = "linux", not(miri)))]
    fn a_boot_has_one_name() {
        assert_ne!(super::boot(), 0);
        assert_eq!(super::boot(), super::boot());
    }
}
