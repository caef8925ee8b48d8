//! Headers and slots that somebody garbled: a typed error or a sound buffer, whatever the bytes
//! are.
//!
//! With `ICC_TORTURE_SECONDS=n` in the environment, the tests that have no natural end run for `n`
//! seconds each.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{Actor, KIND, Name, Random, field, role, spec, torture, wait_until};
use icc_buffer::{Buffer, BufferError, Expected, Options, Packed, ReadOnlyBuffer, UntypedBuffer, inspect};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

type Payload = [u64; 4];
type Shared = Buffer<Payload, Packed>;
type Seen = ReadOnlyBuffer<Payload>;

const LEN: usize = 8;
const HEADER: usize = 512;
const ANY_LEN: Expected = Expected::new(KIND);

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    match role.as_str() {
        "scribble" => scribble(&OpenOptions::new().read(true).write(true).open(name).unwrap()),
        other => panic!("no role {other}"),
    }
}

/// A buffer, its file to write anything into, and its bytes.
fn victim(test: &str) -> (Name, File, Vec<u8>) {
    let name = Name::new(test);
    Shared::create(&name, spec(LEN), &Options::new()).unwrap();
    let file = OpenOptions::new().read(true).write(true).open(&name).unwrap();
    let bytes = std::fs::read(&name).unwrap();
    (name, file, bytes)
}

/// Attaches both ways and touches all that the handles give access to: what the reader and what the
/// writer was told.
fn attach(name: &Name) -> [Result<(), BufferError>; 2] {
    let reader = Seen::open(name, ANY_LEN, &Options::new());
    let writer = Shared::open(name, ANY_LEN, &Options::new());
    let reading = reader.map(|reader| {
        // A reader takes stride and counters from the header. All must lie within the file: so many
        // cells of 40 bytes have room.
        assert!(reader.len() <= LEN * 64 / 40 && reader.counter_count() <= 2 + LEN / 2, "{reader:?}");
        use_all(&reader);
    });
    let writing = writer.map(|writer| {
        assert!(writer.len() * 64 + writer.counter_count() * 128 <= LEN * 64 + 256, "{writer:?}");
        use_all(&writer);
        writer.slot(writer.len() - 1).unwrap().try_write(&[1; 4]).ok();
    });
    [reading, writing]
}

/// As [`attach`], without a type: whatever the header says, nothing leads outside of the file.
fn look(name: &Name) -> [Result<(), BufferError>; 2] {
    let inspected = inspect(name).map(|found| {
        let slot = found.element.size as usize + found.element.align.max(8) as usize;
        assert!(found.stride >= slot && found.len * found.stride <= found.total_size as usize, "{found:?}");
        assert!(found.schema.is_none_or(|schema| schema.len() <= 16 << 10));
        assert!(!found.element.name.contains(char::is_control) && !found.kind.to_string().contains(char::is_control));
    });
    let opened = UntypedBuffer::open(name, &Options::new()).map(|buffer| {
        let mut bytes = vec![0; buffer.element_size()];
        for index in [0, buffer.len() / 2, buffer.len() - 1] {
            let slot = buffer.bytes(index).unwrap();
            let _ = (slot.try_read_into(&mut bytes), slot.try_read_at(slot.version(), &mut bytes));
            let _ = buffer.slot(index).unwrap().try_read();
        }
        assert!(buffer.bytes(buffer.len()).is_none());
        let last = buffer.counter_count().checked_sub(1);
        let _ = last.map(|last| buffer.counter(last).unwrap().load_acquire());
        assert_eq!((buffer.holder_lives(0), buffer.is_current()), (Ok(false), Ok(true)));
    });
    [inspected, opened]
}

fn use_all(reader: &Seen) {
    let mut value = [0; 4];
    for index in 0..reader.len() {
        let slot = reader.slot(index).unwrap();
        let version = slot.version();
        let _ = slot.try_read_at(version, &mut value);
        let _ = slot.try_read_into(&mut value);
        let _ = slot.try_read();
    }
    assert!(reader.slot(reader.len()).is_none());
    for index in 0..reader.counter_count() {
        let _ = reader.counter(index).unwrap().load_acquire();
    }
    assert!(reader.counter(reader.counter_count()).is_none());
    assert_ne!(reader.instance(), 0);
    let _ = reader.words();
    assert_eq!(reader.holder_lives(0), Ok(false));
}

/// What is for people to read, or for the layer above, may be anything; all else is checked.
#[test]
fn every_flipped_bit_is_refused_or_harmless() {
    let (name, file, bytes) = victim("flips");
    assert_eq!(attach(&name), [Ok(()), Ok(())]);
    let words = || Seen::open(&name, ANY_LEN, &Options::new()).map(|reader| (reader.words(), reader.instance()));
    let (sound, mut told) = (words().unwrap(), 0);
    // Instance, features that nobody needs to know, the schema's hash, when and by whom it was
    // created, words, what it repeats, what is reserved, and the type's name.
    let harmless = |byte: usize| matches!(byte, 24..32 | 64..72 | 160..216 | 232..HEADER);
    let refused_to_writers = 56..64;
    for bit in 0..HEADER * 8 {
        let byte = bit / 8;
        file.write_all_at(&[bytes[byte] ^ 1 << (bit % 8)], byte as u64).unwrap();
        let attached = attach(&name);
        // A feature that this crate knows and leaves to the layer above: gaps.
        let known = matches!(bit, 385 | 449);
        let may = [known || harmless(byte) || refused_to_writers.contains(&byte), known || harmless(byte)];
        assert_eq!(attached.each_ref().map(Result::is_ok), may, "bit {bit} of byte {byte}: {attached:?}");
        for error in attached.into_iter().filter_map(Result::err) {
            assert!(error.to_string().contains(name.path().to_str().unwrap()), "{error}");
        }
        told += usize::from(words().is_ok_and(|words| words != sound));
        // The kind and the fingerprint are anything to it.
        let [inspected, opened] = look(&name);
        if harmless(byte) || matches!(byte, 16..24 | 56..64 | 88..96) {
            assert_eq!((inspected, opened), (Ok(()), Ok(())), "bit {bit} of byte {byte}");
        } else if matches!(byte, 0..16 | 144..160 | 216..232) {
            assert!(inspected.is_err() && opened.is_err(), "bit {bit} of byte {byte}");
        }
        file.write_all_at(&bytes[byte..=byte], byte as u64).unwrap();
    }
    assert_eq!(attach(&name), [Ok(()), Ok(())]);
    assert_eq!(told, (8 + 32) * 8, "what is accepted is handed on: the instance and the words");
}

/// A header that is consistent, and fits the file's size, is accepted even if its creator wrote
/// another one. It never leads outside of the file.
#[test]
fn other_headers_that_fit_the_file() {
    let (name, file, bytes) = victim("others");
    let put = |offset: u64, value: u64| file.write_all_at(&value.to_ne_bytes(), offset).unwrap();
    // Half the slots, twice as far apart: another placement, as far as a reader can tell.
    put(field::LEN, LEN as u64 / 2);
    put(field::STRIDE, 128);
    assert!(matches!(
        attach(&name),
        [Ok(()), Err(BufferError::OtherLayout { field: "stride", found: 128, expected: 64, .. })]
    ));
    assert_eq!(Seen::open(&name, ANY_LEN, &Options::new()).unwrap().len(), LEN / 2);
    file.write_all_at(&bytes, 0).unwrap();

    // Two slots of 64 bytes given up for a counter, whose lines end where the slots then begin.
    put(field::LEN, LEN as u64 - 2);
    put(field::COUNTERS, 3);
    assert!(matches!(attach(&name)[0], Err(BufferError::OtherLayout { field: "slots_offset", .. })));
    put(field::SLOTS_OFFSET, 512 + 3 * 128);
    assert_eq!(attach(&name), [Ok(()), Ok(())]);
    assert_eq!(Seen::open(&name, ANY_LEN, &Options::new()).unwrap().counter_count(), 3);

    // Counters that leave the file, or wrap.
    for counters in [7, 1 << 57, u64::MAX / 128, u64::MAX] {
        put(field::COUNTERS, counters);
        put(field::SLOTS_OFFSET, counters.wrapping_mul(128).wrapping_add(512));
        assert!(attach(&name).iter().all(Result::is_err), "{counters} counters");
    }
    for stride in [0, 8, 39, 44, u64::MAX, u64::MAX - 7] {
        file.write_all_at(&bytes, 0).unwrap();
        put(field::STRIDE, stride);
        assert!(attach(&name).iter().all(Result::is_err), "stride {stride}");
    }
}

#[test]
fn every_truncation_is_refused() {
    let (name, file, bytes) = victim("truncations");
    for len in (0..bytes.len()).rev() {
        file.set_len(len as u64).unwrap();
        let expected = if len < HEADER { HEADER } else { bytes.len() };
        let path = name.path().to_owned();
        let refused = BufferError::TooSmall { path, found: len as u64, expected: expected as u64 };
        assert_eq!(Seen::open(&name, ANY_LEN, &Options::new()).err(), Some(refused.clone()));
        assert_eq!(look(&name), [Err(refused.clone()), Err(refused)]);
    }
    for len in [bytes.len() + 1, bytes.len() + 4096, 1 << 40, i64::MAX as usize] {
        // The last is more than the file system takes.
        if file.set_len(len as u64).is_ok() {
            // The header is gone with the truncation.
            file.write_all_at(&bytes, 0).unwrap();
            let refused = Seen::open(&name, ANY_LEN, &Options::new()).err().unwrap();
            assert!(matches!(refused, BufferError::TooLong { .. } | BufferError::NotMappable { .. }), "{refused}");
        }
    }
}

#[test]
fn random_headers_are_refused_or_harmless() {
    let (name, file, bytes) = victim("random");
    let seed = 0x1cc;
    let mut random = Random(seed);
    let (end, at_least) = (torture().map(|time| Instant::now() + time), 100_000);
    let (mut count, mut attached, mut seen) = (0_u64, 0_u64, 0_u64);
    while count < at_least || end.is_some_and(|end| Instant::now() < end) {
        let mut header = bytes[..HEADER].to_vec();
        garble(&mut header, &mut random);
        file.write_all_at(&header, 0).unwrap();
        attached += u64::from(attach(&name)[0].is_ok());
        seen += u64::from(look(&name)[1].is_ok());
        count += 1;
    }
    println!("{count} headers, {attached} of them harmless, {seen} without a type");
    assert!(seen > attached, "without a type, more is harmless: {seen}");
    assert!(attached > 0 && attached < count, "one of the two was never tried: {attached} of {count}");
}

/// From a few bytes changed to all of them; fields get the values that arithmetic goes wrong with.
fn garble(header: &mut [u8], random: &mut Random) {
    if random.below(16) == 0 {
        header.chunks_mut(8).for_each(|word| word.copy_from_slice(&random.next().to_le_bytes()));
        // Past the first checks, sometimes.
        let keep = random.below(64) as usize;
        if keep > 24 {
            header[..8].copy_from_slice(b"ICCBUFFR");
            header[8..24].copy_from_slice(b"\x02\0\0\0\x01\0\0\0test\0\0\0\0");
        }
        return;
    }
    for _ in 0..=random.below(4) {
        let words = if random.below(4) == 0 { 64 } else { 21 };
        let word = random.below(words) as usize * 8;
        let near = [0, 1, 8, 128, 512, 1 << 31, 1 << 32, 1 << 62, 1 << 63, u64::MAX][random.below(10) as usize];
        let value = match random.below(4) {
            0 => random.next(),
            1 => near,
            2 => near.wrapping_add(random.below(64)).wrapping_sub(32),
            _ => u64::from_le_bytes(header[word..word + 8].try_into().unwrap()) ^ 1 << random.below(64),
        };
        header[word..word + 8].copy_from_slice(&value.to_le_bytes());
    }
}

/// A process writes random bytes over everything while this one attaches and reads.
#[test]
fn a_scribbling_process_harms_nobody() {
    let (name, ..) = victim("scribbler");
    let steady = Seen::open(&name, ANY_LEN, &Options::new()).unwrap();
    let mut scribbler = Actor::start("scribble", name.path(), &[]);
    wait_until("the scribbler has begun", || steady.slot(0).unwrap().version() != 0);
    let end = Instant::now() + torture().unwrap_or(Duration::from_millis(1500));
    let (mut attached, mut refused, mut crossed) = (0_u64, 0_u64, 0_u64);
    while Instant::now() < end {
        match Seen::open(&name, ANY_LEN, &Options::new()) {
            Ok(reader) => {
                assert!(reader.len() <= LEN * 64 / 40, "{reader:?}");
                use_all(&reader);
                attached += 1;
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                refused += 1;
            }
        }
        use_all(&steady);
        look(&name).into_iter().filter_map(Result::err).for_each(|error| assert!(!error.to_string().is_empty()));
        crossed += u64::from(steady.slot(1).unwrap().try_read().is_err());
    }
    scribbler.kill();
    println!("{attached} attached, {refused} refused, {crossed} reads crossed");
    assert!(attached > 0 && refused > 0 && crossed > 0, "{attached} attached, {refused} refused, {crossed} crossed");
}

fn scribble(file: &File) {
    let mut bytes = vec![0; file.metadata().unwrap().len() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    let header = bytes[..HEADER].to_vec();
    let mut random = Random(u64::from(std::process::id()));
    // Until it is killed, or its parent is gone.
    let parent = std::os::unix::process::parent_id();
    while std::os::unix::process::parent_id() == parent {
        for _ in 0..64 {
            let offset = random.below(bytes.len() as u64 - 64);
            let burst: Vec<_> = (0..8).flat_map(|_| random.next().to_le_bytes()).collect();
            file.write_all_at(&burst[..1 + random.below(64) as usize], offset).unwrap();
            // Half of the time the header is whole, so that attaching gets past it.
            if random.below(2) == 0 {
                file.write_all_at(&header, 0).unwrap();
            }
        }
    }
}
