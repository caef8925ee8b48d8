//! Requesting cache lines before they are needed.

const LINE: usize = 64;

/// Lines after the first that every empty poll requests. With more, polls take them away from a
/// writer that is storing them, again and again.
const FEW: usize = 4;
/// The same on Zen 3.
const FEWEST: usize = 1;

/// Requests the cache lines after the first of `size` bytes at `start`, and does not wait for them.
/// `being_written` says whether a writer has begun to store them.
///
/// A poller that loads only a version finds out that it changed when the version's line arrives,
/// and only then requests the rest of the payload: two transfers, one after the other. If every
/// empty poll requests the rest, both are under way at the same time. One-way latency through a
/// ring, in ratio to bare atomics, without / with: 1.33 / 1.16 at 120 bytes, 1.82 / 1.61 at 256
/// (Zen 4); 1.33 / 1.15 at 120 bytes (Sapphire Rapids).
///
/// How many it pays to request, and when, depends on the processor: see [`policy`].
///
/// A prefetch is no access: it returns nothing and cannot fault, whatever the address.
#[inline(always)]
pub(crate) fn prefetch(start: *const u8, size: usize, being_written: bool) {
    let lines = size.div_ceil(LINE) - 1;
    if lines <= FEWEST
        || (lines <= FEW && policy::polls_for_few())
        || (lines <= policy::MOST_READ && policy::reads_ahead(being_written))
    {
        for line in 1..=lines {
            prefetch_line(start.wrapping_add(line * LINE));
        }
    }
}

/// Whether this processor is faster if lines are asked for some messages before they are needed: by a
/// reader that is behind, and by a writer.
///
/// Sapphire Rapids is: see [`prefetch_cell`] and [`prefetch_cell_for_write`]. On Zen 4 a ring's reader is at
/// its writer's heels, and nothing changes; on Zen 3 it is not settled. Elsewhere it was not measured.
#[inline(always)]
pub fn asks_ahead() -> bool {
    policy::asks_ahead()
}

/// Whether what different cores write one after the other should be a pair of cache lines apart, and not one.
///
/// On Zen 3 a ring whose slots have a line each carries two thirds more of 8 bytes than one whose slots have two, from
/// one of many producers alone, and a third more of 56 bytes: 41 / 68 and 41 / 55 million messages a second; two
/// producers at once, and latencies, are the same. Other processors may fetch a line's neighbour with it, and were not
/// measured.
#[inline(always)]
pub fn pairs_lines() -> bool {
    policy::pairs_lines()
}

/// Requests the lines of `size` bytes at `start`, where a cell begins, unless they are very many. Does not
/// wait for them.
///
/// For a reader that [asks ahead](asks_ahead). Messages a second through a ring, without / with, when it is
/// behind (Sapphire Rapids): 92 to 121 / 223 to 243 million of 8 bytes, 56 to 66 / 68 to 87 of 56 bytes.
#[inline(always)]
pub fn prefetch_cell(start: *const u8, size: usize) {
    let lines = size.div_ceil(LINE);
    if policy::requests_ahead(lines) {
        for line in 0..lines {
            prefetch_line(start.wrapping_add(line * LINE));
        }
    }
}

/// Requests the lines of `size` bytes at `start`, where a cell begins, for writing, if they are few: the
/// write of a longer cell does so itself. Does not wait for them.
///
/// For writers that wait for something else before they store, such as for a locked addition: the transfers
/// of the lines go on meanwhile. One of many producers alone, without / with requests for the slots that it
/// writes next (Sapphire Rapids): 16 / 51 to 58 million messages of 56 bytes a second, 7 / 26 to 40 of 256.
#[inline(always)]
pub fn prefetch_cell_for_write(start: *const u8, size: usize) {
    let lines = size.div_ceil(LINE);
    if lines <= FEW + 2 {
        for line in 0..lines {
            prefetch_for_write(start.wrapping_add(line * LINE));
        }
    }
}

/// Requests the cache lines of `size` bytes at `start` for writing, if they are many and this
/// processor is faster with it. Does not wait for them.
#[inline(always)]
pub(crate) fn prefetch_many_for_write(start: *const u8, size: usize) {
    let lines = size.div_ceil(LINE);
    if policy::requests_to_write(lines) {
        for line in 0..lines {
            prefetch_for_write(start.wrapping_add(line * LINE));
        }
    }
}

/// What long payloads gain from. One-way latency through a ring, in ratio to bare atomics:
///
/// | | Sapphire Rapids, 1 KiB | 4 KiB | Zen 4, 1 KiB | 4 KiB |
/// |---|---|---|---|---|
/// | every empty poll requests all lines | 5.4 to 6.5 | 25 to 28 | 4.2 | 12.7 |
/// | none does | 3.5 | 6.5 | 4.4 | 10.9 |
/// | none does, and the writer requests all lines before it begins | 2.1 to 2.8 | 5.5 to 7.3 | 4.4 | 11.0 |
/// | those do that find the payload being written | | | 3.7 | 11.9 |
///
/// At 256 bytes, of five lines, Sapphire Rapids has two states, each for hours: if every empty poll requests the
/// four, it takes 1.4 in the one and 2.1 in the other; if none does, 1.55 and 1.8.
///
/// Zen 3, nanoseconds one way from one producer and from one of many, medians of six interleaved runs:
///
/// | | 120 B | 256 B | 1 KiB |
/// |---|---|---|---|
/// | every empty poll requests up to four lines, those that find the payload being written more | 99, 93 | 155, 143 | 181, 195 |
/// | one line, those that find it being written more | 89, 96 | 114, 129 | |
/// | only those that find it being written | 94, 96 | 116, 127 | 182, 195 |
/// | none | 87, 94 | 114, 134 | 236, 217 |
///
/// With a pause between messages 120 B take 96 and 116 if every empty poll requests the one line, 116 and 130 if none does.
#[cfg(all(
    all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
    not(any(miri, icc_portable_copy))
))]
mod policy {
    use crate::primitive::{AtomicU8, Ordering::Relaxed};
    use core::arch::x86_64::__cpuid;

    pub(super) const MOST_READ: usize = 16;
    const MOST_WRITTEN: usize = 65;
    const MOST_AHEAD: usize = 17;

    /// Which processor it is, or is taken for: 0 until asked, then one of the constants below. All that are not AMD's are
    /// taken for Sapphire Rapids, all of AMD's but Zen 3 for Zen 4.
    static FOUND: AtomicU8 = AtomicU8::new(0);
    const SAPPHIRE_RAPIDS: u8 = 1;
    const ZEN_3: u8 = 2;
    const ZEN_4: u8 = 3;

    #[inline(always)]
    fn found() -> u8 {
        // Relaxed: every thread finds the same, and it publishes nothing else.
        match FOUND.load(Relaxed) {
            0 => find(),
            known => known,
        }
    }

    #[cold]
    #[inline(never)]
    fn find() -> u8 {
        let maker = __cpuid(0);
        let is_amd = [maker.ebx, maker.edx, maker.ecx].map(u32::to_le_bytes).as_flattened() == b"AuthenticAMD";
        let found = if is_amd { of_amd(__cpuid(1).eax) } else { SAPPHIRE_RAPIDS };
        FOUND.store(found, Relaxed);
        found
    }

    /// By family and model, each in two parts.
    pub(super) fn of_amd(signature: u32) -> u8 {
        let family = (signature >> 8 & 0xf) + (signature >> 20 & 0xff);
        let model = (signature >> 4 & 0xf) | (signature >> 12 & 0xf0);
        if family == 0x19 && matches!(model, 0x00..=0x0f | 0x20..=0x5f) { ZEN_3 } else { ZEN_4 }
    }

    /// Whether every empty poll requests a few lines.
    #[inline(always)]
    pub(super) fn polls_for_few() -> bool {
        found() != ZEN_3
    }

    #[inline(always)]
    pub(super) fn reads_ahead(being_written: bool) -> bool {
        being_written && found() != SAPPHIRE_RAPIDS
    }

    #[inline(always)]
    pub(super) fn asks_ahead() -> bool {
        found() == SAPPHIRE_RAPIDS
    }

    /// Whether so many lines of a cell are requested by one that asks ahead.
    #[inline(always)]
    pub(super) fn requests_ahead(lines: usize) -> bool {
        lines <= MOST_AHEAD
    }

    /// Whether so many lines are requested for writing at once, before the first is stored.
    #[inline(always)]
    pub(super) fn requests_to_write(lines: usize) -> bool {
        lines > super::FEW + 1 && lines <= MOST_WRITTEN && asks_ahead()
    }

    #[inline(always)]
    pub(super) fn pairs_lines() -> bool {
        found() != ZEN_3
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_processor_is_asked_once_and_right() {
            let Ok(told) = std::fs::read_to_string("/proc/cpuinfo") else { return };
            let number = |name: &str| -> u32 {
                let line = told.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name));
                line.and_then(|line| line.split(':').nth(1)?.trim().parse().ok()).unwrap()
            };
            let expected = match (told.contains("AuthenticAMD"), number("cpu family"), number("model")) {
                (false, ..) => SAPPHIRE_RAPIDS,
                (true, 0x19, 0x00..=0x0f | 0x20..=0x5f) => ZEN_3,
                (true, ..) => ZEN_4,
            };
            assert_eq!((find(), FOUND.load(Relaxed), found()), (expected, expected, expected));
            let is_amd = expected != SAPPHIRE_RAPIDS;
            assert_eq!((reads_ahead(true), reads_ahead(false), polls_for_few()), (is_amd, false, expected != ZEN_3));
            assert_eq!((asks_ahead(), pairs_lines()), (!is_amd, expected != ZEN_3));
        }

        /// Milan, Vermeer, Cezanne; Genoa, Raphael, Rome.
        #[test]
        fn zen_3_is_known_by_its_models() {
            assert_eq!([0x00a0_0f11, 0x00a2_0f12, 0x00a5_0f00].map(of_amd), [ZEN_3; 3]);
            assert_eq!([0x00a1_0f11, 0x00a6_0f12, 0x0083_0f10].map(of_amd), [ZEN_4; 3]);
        }
    }
}

/// Where it was not measured: every empty poll requests up to 4 KiB.
#[cfg(not(all(
    all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
    not(any(miri, icc_portable_copy))
)))]
mod policy {
    pub(super) const MOST_READ: usize = 64;

    #[inline(always)]
    pub(super) fn polls_for_few() -> bool {
        true
    }

    #[inline(always)]
    pub(super) fn reads_ahead(_being_written: bool) -> bool {
        true
    }

    #[inline(always)]
    pub(super) fn asks_ahead() -> bool {
        false
    }

    #[inline(always)]
    pub(super) fn requests_ahead(_lines: usize) -> bool {
        false
    }

    #[inline(always)]
    pub(super) fn requests_to_write(_lines: usize) -> bool {
        false
    }

    #[inline(always)]
    pub(super) fn pairs_lines() -> bool {
        true
    }
}

#[cfg(all(
    all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
    not(any(miri, icc_portable_copy))
))]
#[inline(always)]
/// Requests the cache line at `address`, and does not wait for it.
pub fn prefetch_line(address: *const u8) {
    use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a hint to the processor, valid for any address. SSE, which it needs, is part of
    // x86-64.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
}

/// Requests the cache line at `address` for writing, and does not wait for it.
#[cfg(all(
    all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
    not(any(miri, icc_portable_copy))
))]
#[inline(always)]
pub fn prefetch_for_write(address: *const u8) {
    // SAFETY: a hint to the processor, valid for any address, and no operation where it is not
    // known. It accesses no memory that the program could tell.
    unsafe {
        core::arch::asm!("prefetchw [{}]", in(reg) address.addr(), options(nomem, nostack, preserves_flags));
    }
}

#[cfg(all(
    all(target_arch = "aarch64", target_feature = "neon", target_pointer_width = "64"),
    not(any(miri, icc_portable_copy))
))]
/// Requests the cache line at `address`, and does not wait for it.
#[inline(always)]
pub fn prefetch_line(address: *const u8) {
    // SAFETY: a hint to the processor, valid for any address. It accesses no memory that the
    // program could tell.
    unsafe {
        core::arch::asm!("prfm pldl1keep, [{}]", in(reg) address.addr(), options(nomem, nostack, preserves_flags));
    }
}

#[cfg(all(
    all(target_arch = "aarch64", target_feature = "neon", target_pointer_width = "64"),
    not(any(miri, icc_portable_copy))
))]
/// Requests the cache line at `address` for writing, and does not wait for it.
#[inline(always)]
pub fn prefetch_for_write(address: *const u8) {
    // SAFETY: as in `prefetch_line`.
    unsafe {
        core::arch::asm!("prfm pstl1keep, [{}]", in(reg) address.addr(), options(nomem, nostack, preserves_flags));
    }
}

#[cfg(not(all(
    any(
        all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
        all(target_arch = "aarch64", target_feature = "neon", target_pointer_width = "64")
    ),
    not(any(miri, icc_portable_copy))
)))]
/// Requests the cache line at `address`, and does not wait for it.
#[inline(always)]
pub fn prefetch_line(_address: *const u8) {}

#[cfg(not(all(
    any(
        all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
        all(target_arch = "aarch64", target_feature = "neon", target_pointer_width = "64")
    ),
    not(any(miri, icc_portable_copy))
)))]
/// Requests the cache line at `address` for writing, and does not wait for it.
#[inline(always)]
pub fn prefetch_for_write(_address: *const u8) {}
