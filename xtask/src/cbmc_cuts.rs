//! What a copy of `icc.h` has in place of loops and of functions, for those proofs of `cargo xtask cbmc` that hold for
//! any number of rounds.
//!
//! A loop that is cut begins with whatever its variables can be, within what is claimed of them; it goes round once; and
//! then what is claimed of them must be so. What is behind the loop is proved from there. A function that another proof
//! shows for any arguments is replaced by what it may give, and by a check of what it is given.
//!
//! `bindings/c/proofs/reader.c` has what these call.

use anyhow::bail;

/// What the header has once, and what the copy has instead.
const CUTS: [(&str, &str); 10] = [
    (
        "static inline const char *icc_skip_value(const char *at, const char *end) {\n",
        "static inline const char *icc_skip_value(const char *at, const char *end) {\n    if (ASSUMED) return icc_proof_somewhere(at, end);\n",
    ),
    (
        "    for (; at < end; at++) {\n        if (quoted) {",
        "    const char *start = at;\n    for (icc_proof_place(&at, start, end + 1), depth = icc_proof_depth(at - start), quoted = icc_proof_int(); at < end;\n        \
         at++, icc_proof_depth_again(depth, at - start), icc_proof_again(at, start, end + 1)) {\n        if (quoted) {",
    ),
    (
        "    while (at < end) {\n        const char *name = at",
        "    for (icc_proof_place(&at, text, end); at < end; icc_proof_again(at, text, end)) {\n        const char *name = at",
    ),
    (
        "    while (at != NULL && index-- > 0) {",
        "    const char *start = at;\n    for (at != NULL ? icc_proof_place(&at, start, end) : (void)0; at != NULL && index-- > 0;\n        \
         at != NULL ? icc_proof_again(at, start, end) : icc_proof_end()) {",
    ),
    (
        "unsigned char *out, uint64_t size) {\n    const unsigned char *from = icc_slot",
        "unsigned char *out, uint64_t size) {\n    if (1) return icc_proof_bytes_read(head, out, size);\n    const unsigned char *from = icc_slot",
    ),
    (
        "static inline uint64_t icc_after_overwritten(const struct icc_buffer *b, uint64_t n, uint64_t version) {\n",
        "static inline uint64_t icc_after_overwritten(const struct icc_buffer *b, uint64_t n, uint64_t version) {\n    return nondet_u64();\n",
    ),
    (
        "static inline uint64_t icc_produced(const struct icc_buffer *b) {\n",
        "static inline uint64_t icc_produced(const struct icc_buffer *b) {\n    return nondet_u64();\n",
    ),
    (
        "    while (left > 0 && laps > 0) {\n",
        "    for (n = nondet_u64(), left = nondet_u64(), laps = icc_proof_int(); left > 0 && laps > 0; icc_proof_end()) {\n",
    ),
    (
        "    for (part.index = 1; part.index < part.count; part.index++) {",
        "    for (part.index = (uint32_t)nondet_u64(); part.index < part.count; part.index++, icc_proof_end()) {",
    ),
    (
        "    for (head.index = 0; head.index < head.count; head.index++) {",
        "    for (head.index = (uint32_t)nondet_u64(), done = icc_proof_done(done, head.len); head.index < head.count;\n        \
         head.index++, icc_proof_done_again(done, head.len)) {",
    ),
];

/// The header with all of them.
///
/// # Errors
///
/// When it does not have each once.
pub(crate) fn cut(header: &str) -> anyhow::Result<String> {
    let mut text = header.to_owned();
    for (find, with) in CUTS {
        if header.matches(find).count() != 1 {
            bail!("icc.h does not have {find:?} once; say in xtask/src/cbmc_cuts.rs what it has instead");
        }
        text = text.replace(find, with);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_each_once() {
        let header = include_str!("../../bindings/c/include/icc.h");
        assert!(cut(header).is_ok_and(|text| text.matches("icc_proof_").count() >= CUTS.len()));
        assert!(cut(&header.replace("index-- > 0", "index-- != 0")).is_err());
    }
}
