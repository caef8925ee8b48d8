//! What the tests share: processes and names of their own, values that show a mixture.

#![allow(dead_code, unused_imports, reason = "no test file needs all of it")]

pub(crate) use icc_testing::{Actor, Name, PATIENCE, Random, role, wait_until};

/// All words follow from the first by a mix that no mixture of two values passes.
pub(crate) fn filled<const WORDS: usize>(seed: u64) -> [u64; WORDS] {
    let mut word = seed;
    std::array::from_fn(|_| {
        let this = word;
        word = (word ^ word >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17);
        this
    })
}

pub(crate) fn assert_whole<const WORDS: usize>(value: &[u64; WORDS]) {
    assert!(*value == filled(value[0]), "torn: {value:x?}");
}
