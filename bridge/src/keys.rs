//! The keys under one key: what is sent, and what can be asked.

use crate::error::BridgeError;

/// That a key is a path of plain names.
pub(crate) fn check(key: &str) -> Result<(), BridgeError> {
    let refused = |reason: &str| Err(BridgeError::Key { key: key.to_owned(), reason: reason.to_owned() });
    if key.is_empty() || key.split('/').any(str::is_empty) {
        return refused("give names with one `/` between each two, as in site/quotes");
    }
    match key.chars().find(|&c| "*$?#@".contains(c) || c.is_whitespace() || c.is_control()) {
        Some(c) => refused(&format!("{c:?} means something else there, or cannot be in it")),
        None => Ok(()),
    }
}

/// Frames.
pub(crate) fn frames(key: &str) -> String {
    format!("{key}/frames")
}

/// What the source is: answered by whoever sends.
pub(crate) fn about(key: &str) -> String {
    format!("{key}/about")
}

/// All values of a vector: answered by whoever sends, in frames with numbers from 0 on, and a sign of life that says
/// how many these are.
pub(crate) fn state(key: &str) -> String {
    format!("{key}/state")
}

/// Where a mirror is: answered by whoever receives.
pub(crate) fn place(key: &str) -> String {
    format!("{key}/place")
}

/// Where a mirror is, as it is sent.
pub(crate) fn encode_place(instance: u64, next: u64) -> Vec<u8> {
    [instance.to_le_bytes(), next.to_le_bytes()].concat()
}

pub(crate) fn decode_place(bytes: &[u8]) -> Option<(u64, u64)> {
    let (instance, rest) = bytes.split_first_chunk::<8>()?;
    let next: [u8; 8] = rest.try_into().ok()?;
    Some((u64::from_le_bytes(*instance), u64::from_le_bytes(next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_plain_paths() {
        for key in ["k", "site/quotes", "a/b-c/d_e.f/7", "größe/µs"] {
            check(key).unwrap();
        }
        for key in ["", "/", "a/", "/a", "a//b", "a/*", "**", "a$*", "a b", "a?b", "a#b", "@/a", "a\n"] {
            assert!(matches!(check(key), Err(BridgeError::Key { .. })), "{key:?}");
        }
    }

    #[test]
    fn places_survive_the_network() {
        assert_eq!(decode_place(&encode_place(7, u64::MAX)), Some((7, u64::MAX)));
        assert_eq!((decode_place(&[0; 15]), decode_place(&[0; 17])), (None, None));
    }
}
