//! The first bytes of every shared buffer: what it holds, for programs that know nothing else of
//! it.

use crate::counter::CounterLine;
use crate::layout::{HEADER_BYTES, Layout};
use crate::{ElementType, Kind, Spec, instance};
use bytemuck::{Pod, Zeroable};

/// `ICCBUFFR`, read as a little-endian number.
pub(crate) const MAGIC: u64 = u64::from_le_bytes(*b"ICCBUFFR");
/// The layout described in `docs/shared-memory-layout.md`.
pub(crate) const LAYOUT_VERSION: u32 = 2;
/// The longest schema. It comes from another process.
pub(crate) const MAX_SCHEMA: u64 = 16 * 1024;
/// A feature that writers must know: readers sleep on a bell, which lies in a file of theirs.
pub(crate) const READERS: u64 = 1;
/// A feature that writers must know: readers hold, so that writers wait before they overwrite.
pub(crate) const HOLDING: u64 = 4;
/// A feature that nobody needs to know: readers take entries in that file to be seen.
pub(crate) const SEEN: u64 = 1;
/// A feature that readers and writers must know: what the layer above numbers may have gaps.
pub(crate) const GAPS: u64 = 2;
/// Room for the type's name, cut at the end if it is longer.
const NAME_BYTES: usize = 256;

/// The header of a buffer. All numbers in the machine's byte order; offsets and sizes in bytes,
/// from the buffer's start.
///
/// Written once, before anyone else can see the buffer, and never changed. What changes is in the
/// counters and the slots.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Header {
    /// [`MAGIC`].
    pub(crate) magic: u64,
    /// [`LAYOUT_VERSION`].
    pub(crate) layout_version: u32,
    /// 1 once everything else is in place, stored with `Release`.
    pub(crate) ready: u32,
    /// A [`Kind`](crate::Kind): up to eight characters, the rest zero.
    pub(crate) kind: [u8; 8],
    /// Random, never 0: tells this buffer from every other, also of its name.
    pub(crate) instance: u64,
    /// The run of the machine in which it was created, low half first; 0 where that could not be
    /// read.
    pub(crate) boot: [u64; 2],
    /// Features that a program must know to read the buffer, that it must know to write it, and
    /// that it need not know.
    pub(crate) features: [u64; 3],
    /// Of the payload, without the version.
    pub(crate) element_size: u64,
    /// Of the payload.
    pub(crate) element_align: u64,
    /// A hash of name, size and alignment, to tell types of the same size apart.
    pub(crate) fingerprint: u64,
    /// The number of slots.
    pub(crate) len: u64,
    /// From one slot to the next.
    pub(crate) stride: u64,
    /// Of the first slot.
    pub(crate) slots_offset: u64,
    /// The number of counters.
    pub(crate) counters: u64,
    /// Of the first counter.
    pub(crate) counters_offset: u64,
    /// Of the whole buffer.
    pub(crate) total_size: u64,
    /// Of the schema, right behind the header; 0 if there is none.
    pub(crate) schema_offset: u64,
    /// The schema's bytes; 0 if there is none.
    pub(crate) schema_len: u64,
    /// The schema's hash; 0 if there is none.
    pub(crate) schema_hash: u64,
    /// Nanoseconds since 1970.
    pub(crate) created_at: u64,
    /// The process id of the creator, in its own pid namespace: for people to read, never to decide
    /// by.
    pub(crate) creator: u64,
    /// Of the layer above.
    pub(crate) words: [u64; 4],
    /// Of the names of slots, right behind the schema; 0 if there are none.
    pub(crate) keys_offset: u64,
    /// The bytes of those names; 0 if there are none.
    pub(crate) keys_len: u64,
    /// The instance of the buffer that this one repeats; 0 if it repeats none.
    pub(crate) source: u64,
    /// For later; zero.
    pub(crate) reserved: [u64; 2],
    /// The payload's type name in UTF-8, the rest zero.
    // Not `NAME_BYTES`: rustc 1.95 breaks down on a struct update of that in a closure.
    pub(crate) type_name: [u8; 256],
}

const _: () = {
    assert!(size_of::<Header>() == HEADER_BYTES);
    assert!(core::mem::offset_of!(Header, kind) == 16);
    assert!(core::mem::offset_of!(Header, features) == 48);
    assert!(core::mem::offset_of!(Header, element_size) == 72);
    assert!(core::mem::offset_of!(Header, total_size) == 136);
    assert!(core::mem::offset_of!(Header, words) == 184);
    assert!(core::mem::offset_of!(Header, type_name) == 256);
};

impl Header {
    /// Not `ready` yet: that is set last, when the buffer is complete.
    pub(crate) fn new<T: 'static>(spec: &Spec, layout: &Layout, instance: u64, boot: u128) -> Self {
        Self::of(&Self::element_of::<T>(), spec, layout, instance, boot)
    }

    /// As [`new`](Self::new), for payloads of a type that is known by what was said of it.
    pub(crate) fn of(element: &ElementType, spec: &Spec, layout: &Layout, instance: u64, boot: u128) -> Self {
        let name = &element.name;
        let cut = name.floor_char_boundary(NAME_BYTES);
        let mut type_name = [0; NAME_BYTES];
        type_name[..cut].copy_from_slice(&name.as_bytes()[..cut]);
        Self {
            magic: MAGIC,
            layout_version: LAYOUT_VERSION,
            ready: 0,
            kind: spec.kind.0,
            instance,
            boot: [boot as u64, (boot >> 64) as u64],
            features: features(spec),
            element_size: element.size,
            element_align: element.align,
            fingerprint: element.fingerprint,
            len: spec.len as u64,
            stride: layout.stride as u64,
            slots_offset: layout.slots_offset as u64,
            counters: spec.counters as u64,
            counters_offset: layout.counters_offset as u64,
            total_size: layout.total_size as u64,
            schema_offset: 0,
            schema_len: 0,
            schema_hash: 0,
            created_at: u64::try_from(instance::now().as_nanos()).unwrap_or(u64::MAX),
            creator: std::process::id().into(),
            words: spec.words,
            keys_offset: 0,
            keys_len: 0,
            source: spec.source,
            reserved: [0; 2],
            type_name,
        }
    }

    /// That of a file of `bytes` bytes of lines for readers.
    pub(crate) fn of_lines(kind: Kind, instance: u64, bytes: usize) -> Self {
        const LINE: usize = size_of::<CounterLine>();
        let layout = Layout {
            counters_offset: HEADER_BYTES,
            slots_offset: HEADER_BYTES,
            stride: LINE,
            total_size: HEADER_BYTES + bytes,
            align: LINE,
        };
        let (element_size, element_align) = (LINE as u64, LINE as u64);
        let header = Self::new::<()>(&Spec::new(kind, bytes / LINE), &layout, instance, instance::boot());
        Self { element_size, element_align, fingerprint: 0, type_name: [0; 256], ..header }
    }

    /// The run of the machine that it names.
    pub(crate) fn boot(&self) -> u128 {
        let [low, high] = self.boot.map(u128::from);
        high << 64 | low
    }

    /// What the header of a buffer of `T` says about the type.
    pub(crate) fn element_of<T: 'static>() -> ElementType {
        ElementType::new(std::any::type_name::<T>(), size_of::<T>() as u64, align_of::<T>() as u64)
    }

    /// What this header says about the payload's type.
    pub(crate) fn element(&self) -> ElementType {
        let end = self.type_name.iter().position(|&byte| byte == 0).unwrap_or(NAME_BYTES);
        let part_of_a_name = |c: char| c.is_alphanumeric() || " :<>_&*[](){};,'=+-.#!?".contains(c);
        let name = String::from_utf8_lossy(&self.type_name[..end]);
        ElementType {
            name: name.chars().map(|c| if part_of_a_name(c) { c } else { '?' }).collect(),
            size: self.element_size,
            align: self.element_align,
            fingerprint: self.fingerprint,
        }
    }
}

/// To read, to write, and others.
fn features(spec: &Spec) -> [u64; 3] {
    let bit = |asked: bool, feature| if asked { feature } else { 0 };
    let gaps = bit(spec.gaps, GAPS);
    [gaps, gaps | bit(spec.wakeable, READERS) | bit(spec.holding, HOLDING), bit(spec.seen, SEEN)]
}

/// FNV-1a over the name's bytes and the two numbers.
pub(crate) fn fingerprint(name: &str, size: u64, align: u64) -> u64 {
    let numbers = [size.to_le_bytes(), align.to_le_bytes()];
    let bytes = name.bytes().chain(numbers.into_iter().flatten());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_tell_types_apart() {
        let quote = fingerprint("feed::Quote", 16, 8);
        assert_eq!(quote, fingerprint("feed::Quote", 16, 8));
        assert_ne!(quote, fingerprint("feed::Trade", 16, 8));
        assert_ne!(quote, fingerprint("feed::Quote", 24, 8));
        assert_ne!(quote, fingerprint("feed::Quote", 16, 16));
    }

    /// Programs that know nothing but the description of the layout read these.
    #[test]
    fn what_the_description_fixes_stays() {
        assert_eq!(fingerprint("feed::Quote", 16, 8), 0x2597_5c05_b25b_bc1f);
        assert_eq!(MAX_SCHEMA, 16_384);
        let spec = || Spec::new(Kind::new("test"), 3);
        assert_eq!(features(&spec()), [0, 0, 0]);
        assert_eq!(features(&spec().wakeable()), [0, 1, 0]);
        assert_eq!(features(&spec().holding()), [0, 4, 0]);
        assert_eq!(features(&spec().seen()), [0, 0, 1]);
        assert_eq!(features(&spec().gaps()), [2, 2, 0]);
        assert_eq!(features(&spec().gaps().wakeable().holding().seen()), [2, 7, 1]);
    }

    fn header(name: &str, boot: u128) -> Header {
        let layout = Layout::new::<u64>(3, 16, 0, 0).unwrap();
        Header::of(&ElementType::new(name, 8, 4), &Spec::new(Kind::new("test"), 3), &layout, 7, boot)
    }

    #[test]
    fn a_run_of_the_machine_is_kept_in_two_halves() {
        let boot = 0x8123_4567_89ab_cdef_8edc_ba98_7654_3211;
        let header = header("u64", boot);
        assert_eq!((header.boot, header.boot()), ([0x8edc_ba98_7654_3211, 0x8123_4567_89ab_cdef], boot));
    }

    #[test]
    fn names_of_types_are_cut_at_the_end_and_shown_without_what_could_harm() {
        let name = |name: &str| header(name, 0).element().name;
        let long = "a".repeat(NAME_BYTES);
        assert_eq!([name(""), name("[u8; 3]"), name(&long)], ["", "[u8; 3]", &long]);
        assert_eq!(name(&(long.clone() + "b")), long);
        assert_eq!(name(&("a".repeat(NAME_BYTES - 1) + "é")), "a".repeat(NAME_BYTES - 1));
        assert_eq!(name("a_b\u{1b}[2J\u{202e}\0c"), "a_b?[2J?");
        let element = header("u64", 0).element();
        assert_eq!(element, ElementType::new("u64", 8, 4));
    }

    #[test]
    fn a_file_of_lines_has_no_type() {
        let header = Header::of_lines(Kind::new("test"), 7, 3 * size_of::<CounterLine>());
        assert_eq!((header.len, header.stride, header.counters, header.slots_offset), (3, 128, 0, 512));
        assert_eq!((header.total_size, header.instance, header.ready), (512 + 3 * 128, 7, 0));
        assert_eq!((header.element_size, header.element_align, header.fingerprint), (128, 128, 0));
        assert_eq!((header.type_name, header.boot()), ([0; 256], instance::boot()));
    }
}
