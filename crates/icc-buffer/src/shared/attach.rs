//! Believing a header, after looking at all of it once.

use super::Mapping;
use crate::header::{Header, LAYOUT_VERSION, MAGIC};
use crate::layout::Layout;
use crate::{BufferError, ElementTypes, Expected, Placement, Spec};
use core::mem::offset_of;
use icc_seqlock::Payload;
use icc_seqlock::primitive::{AtomicU64, Ordering, fence};
use std::path::Path;

const WORDS: usize = size_of::<Header>() / 8;

/// A private copy of the header, which no other process can change any more. `mapping` has at least its size.
pub(super) fn copy_header(mapping: &Mapping) -> Header {
    assert!(mapping.len() >= size_of::<Header>(), "the caller checked the file's size");
    let words = mapping.start().cast::<[AtomicU64; WORDS]>();
    // SAFETY: the mapping is long enough, starts at a page, stays until after the copy, and holds words that other
    // processes may change but this one accesses through atomics only.
    let words = unsafe { words.as_ref() };
    let copy: [u64; WORDS] = core::array::from_fn(|index| words[index].load(Ordering::Relaxed));
    // Acquire: with the load of the ready flag, pairs with the Release store in `publish_header`. Relaxed loads and a fence,
    // because the memory may be read-only.
    fence(Ordering::Acquire);
    bytemuck::cast(copy)
}

/// Writes the header of a mapping that nobody else knows of.
pub(super) fn write_header(mapping: &Mapping, header: &Header) {
    let words: [u64; WORDS] = bytemuck::cast(*header);
    for (index, word) in words.into_iter().enumerate() {
        // Atomic only for one way of access: nobody else knows of it.
        word_at(mapping, index).store(word, Ordering::Relaxed);
    }
}

/// Marks the header as ready, after all else.
pub(super) fn publish_header(mapping: &Mapping, header: &Header) {
    const INDEX: usize = offset_of!(Header, ready) / 8;
    let mut words: [u64; WORDS] = bytemuck::cast(Header { ready: 1, ..*header });
    // Release: pairs with the Acquire fence in `copy_header`.
    word_at(mapping, INDEX).store(core::mem::take(&mut words[INDEX]), Ordering::Release);
}

fn word_at(mapping: &Mapping, index: usize) -> &AtomicU64 {
    assert!(index < WORDS && mapping.len() >= size_of::<Header>(), "within the header");
    // SAFETY: the mapping is long enough, starts at a page and lives as long as the reference. Only `create` calls this, so
    // it is mapped for writing, and this process accesses these words through atomics only.
    unsafe { mapping.start().cast::<AtomicU64>().add(index).as_ref() }
}

/// Checks every field of a header against the handle's types, what is expected, and the file's size.
///
/// What comes back is safe to lay a view over a mapping of `size` bytes.
pub(super) fn check<T: Payload, P: Placement>(
    header: &Header,
    expected: Expected,
    size: u64,
    granule: u64,
    path: &Path,
) -> Result<(Layout, Spec), BufferError> {
    let path = || path.to_owned();
    if header.magic != MAGIC {
        return Err(BufferError::WrongMagic { path: path(), found: header.magic, expected: MAGIC });
    }
    if header.layout_version != LAYOUT_VERSION {
        let found = header.layout_version;
        return Err(BufferError::LayoutVersion { path: path(), found, expected: LAYOUT_VERSION });
    }
    if header.ready != 1 {
        return Err(BufferError::NotReady { path: path(), found: header.ready });
    }
    if header.kind != expected.kind as u32 {
        return Err(BufferError::OtherKind { path: path(), found: header.kind, expected: expected.kind });
    }
    let (found, wanted) = (header.element(), Header::element_of::<T>());
    if (found.size, found.align, found.fingerprint) != (wanted.size, wanted.align, wanted.fingerprint) {
        let types = Box::new(ElementTypes { found, expected: wanted });
        return Err(BufferError::OtherElement { path: path(), types });
    }
    if let Some(len) = expected.len.filter(|&len| len as u64 != header.len) {
        return Err(BufferError::OtherLen { path: path(), found: header.len, expected: len });
    }
    let other = |field, found, expected| Err(BufferError::OtherLayout { path: path(), field, found, expected });
    if header.lines != expected.lines as u64 {
        return other("lines", header.lines, expected.lines as u64);
    }
    let spec = Spec {
        kind: expected.kind,
        len: usize::try_from(header.len).unwrap_or(usize::MAX),
        lines: expected.lines,
        words: header.words,
    };
    let Ok(layout) = Layout::new::<T, P>(&spec) else {
        return other("len", header.len, size / header.stride.max(1));
    };
    for (field, found, expected) in [
        ("stride", header.stride, layout.stride),
        ("lines_offset", header.lines_offset, layout.lines_offset),
        ("slots_offset", header.slots_offset, layout.slots_offset),
        ("total_size", header.total_size, layout.total_size),
    ] {
        if found != expected as u64 {
            return other(field, found, expected as u64);
        }
    }
    let expected = layout.total_size as u64;
    if size < expected {
        return Err(BufferError::TooSmall { path: path(), found: size, expected });
    }
    match expected.checked_next_multiple_of(granule) {
        Some(expected) if expected == size => Ok((layout, spec)),
        _ => Err(BufferError::TooLong { path: path(), found: size, expected }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Packed};
    use std::hash::{BuildHasher as _, RandomState};
    use std::time::{Duration, Instant};

    const EXPECTED: Expected = Expected { kind: Kind::Vector, len: None, lines: 2 };

    fn header(len: usize) -> (Header, u64) {
        let spec = Spec { kind: Kind::Vector, len, lines: 2, words: [0; 4] };
        let layout = Layout::new::<u64, Packed>(&spec).unwrap();
        (Header { ready: 1, ..Header::new::<u64>(&spec, &layout) }, layout.total_size as u64)
    }

    /// Any header that is believed describes parts that lie within the file, in their order, aligned, and not overlapping.
    ///
    /// A million headers; with `ICC_TORTURE_SECONDS=n` in the environment, ten million and then as many as `n` seconds take.
    #[test]
    fn no_header_leads_outside_of_the_file() {
        let torture = std::env::var("ICC_TORTURE_SECONDS").ok().map(|seconds| seconds.parse().unwrap());
        let end = Instant::now() + Duration::from_secs(torture.unwrap_or(0));
        let (seed, mut count, mut believed) = (RandomState::new().hash_one(0), 0_u64, 0_u64);
        let mut state = seed;
        // xorshift64*
        let mut random = move || {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            state.wrapping_mul(0x2545_f491_4f6c_dd1d)
        };
        let at_least = match torture {
            Some(_) => 10_000_000,
            None if cfg!(miri) => 1_000,
            None => 1_000_000,
        };
        while count < at_least || Instant::now() < end {
            count += 1;
            let len = 1 + random() % 9;
            let (valid, size) = header(len as usize);
            let mut words: [u64; WORDS] = bytemuck::cast(valid);
            for _ in 0..random() % 4 {
                // Up to the words of the layer above: what follows is not checked.
                let word = &mut words[(random() % 14) as usize];
                *word = match random() % 5 {
                    0 => random(),
                    1 => *word ^ 1 << (random() % 64),
                    2 => (1_u64 << (random() % 64)).wrapping_sub(random() % 3),
                    3 => word.wrapping_add(random() % 257).wrapping_sub(128),
                    _ => u64::MAX / (1 + random() % 16),
                };
            }
            let found: Header = bytemuck::cast(words);
            let size = if random() % 4 == 0 { random() % (2 * size) } else { size };
            let Ok((layout, spec)) = check::<u64, Packed>(&found, EXPECTED, size, 1, Path::new("fuzz")) else {
                continue;
            };
            believed += 1;
            let lines_end = layout.lines_offset as u128 + 128 * spec.lines as u128;
            let slots_end = layout.slots_offset as u128 + layout.stride as u128 * spec.len as u128;
            let sound = layout.lines_offset >= 512
                && layout.lines_offset % 128 == 0
                && lines_end <= layout.slots_offset as u128
                && layout.slots_offset % 8 == 0
                && layout.stride >= 16
                && layout.stride % 8 == 0
                && slots_end <= u128::from(size)
                && spec.lines == 2
                && spec.len > 0;
            assert!(sound, "seed {seed:#x}, header {count}: {words:x?} in {size} bytes");
        }
        println!("{count} headers, {believed} believed");
        assert!(believed > count / 100 && believed < count, "one of the two was never tried: {believed} of {count}");
    }

    #[test]
    fn files_on_hugetlbfs_end_with_a_page() {
        let (header, _) = header(3);
        let fits = |size| check::<u64, Packed>(&header, EXPECTED, size, 1 << 21, Path::new("huge")).is_ok();
        assert!(fits(1 << 21));
        assert!(!fits(1 << 22));
    }
}
