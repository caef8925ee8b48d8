//! The keys under one key: what is sent, and what can be asked.

/// Frames.
pub(crate) fn frames(key: &str) -> String {
    format!("{key}/frames")
}

/// What the source is: answered by whoever sends.
pub(crate) fn about(key: &str) -> String {
    format!("{key}/about")
}

/// All values of a vector: answered by whoever sends.
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
