//! Readers of bytes give what typed ones give.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use icc_vector::{
    Mode, MultiWriter, Options, OutOfRange, Packed, Padded, Payload, Placement, ReadError, SeqlockVector, SingleWriter,
    SnapshotError, Tracked, VectorError, VectorReader, untyped,
};

fn alike<T: Payload, M: Mode, P: Placement>(test: &str, write: impl Fn(&SeqlockVector<T, M, P>, usize, u64)) {
    let name = common::Name::new(test);
    let vector = SeqlockVector::<T, M, P>::create(&name, 9, &Options::new()).unwrap();
    let bytes = untyped::VectorReader::open(&name, &Options::new()).unwrap();
    let typed = VectorReader::<T>::open(&name, &Options::new()).unwrap();
    assert_eq!((bytes.len(), bytes.value_size(), bytes.is_tracked()), (9, size_of::<T>(), typed.is_tracked()));
    let (mut changes, mut untyped_changes) = (typed.changes(), bytes.changes());
    for round in 1..5 {
        for index in [0, 3, 8] {
            write(&vector, index, round + index as u64);
        }
        let found: Vec<_> = changes.poll().map(|change| (change.index, change.version)).collect();
        let same: Vec<_> = untyped_changes.poll().map(|change| (change.index, change.version)).collect();
        assert_eq!((found.len(), &found), (3, &same));
        for index in 0..9 {
            let (mut value, mut out) = (T::zeroed(), vec![0xee; size_of::<T>()]);
            let version = typed.read_into(index, &mut value).unwrap();
            assert_eq!(bytes.read_into(index, &mut out), Ok(version));
            assert_eq!(bytemuck::bytes_of(&value), out);
            assert_eq!(bytes.try_read_into(index, &mut out), Ok(version));
            assert_eq!(bytes.version(index), Ok(version));
        }
    }
    let (mut all, mut out) = (vec![T::zeroed(); 9], vec![0xee; 9 * size_of::<T>()]);
    typed.read_all_into(&mut all).unwrap();
    bytes.read_all_into(&mut out).unwrap();
    assert_eq!(bytemuck::cast_slice::<T, u8>(&all), out);
    let past = bytes.read_into(9, &mut vec![0; size_of::<T>()]);
    assert!(matches!(past, Err(ReadError::OutOfRange(OutOfRange { index: 9, len: 9, .. }))), "{past:?}");
}

#[test]
fn untyped_readers_see_what_typed_ones_see() {
    alike::<u32, MultiWriter, Padded>("value", |vector, index, n| {
        vector.writer().unwrap().write(index, &(n as u32)).map(drop).unwrap()
    });
    alike::<[u64; 7], Tracked<MultiWriter>, Packed>("tracked", |vector, index, n| {
        vector.writer().unwrap().write(index, &[n; 7]).unwrap();
    });
    alike::<[u16; 95], SingleWriter, Padded>("odd-stride", |vector, index, n| {
        vector.writer().unwrap().write(index, &[n as u16; 95]).unwrap();
    });
}

#[test]
fn what_is_no_vector_is_refused() {
    use icc_buffer::{Buffer, BufferError, Kind, Packed, Spec};
    let name = common::Name::new("no-vector");
    Buffer::<u64, Packed>::create(&name, Spec::new(Kind::new("journal"), 8), &Options::new()).unwrap();
    let refused = untyped::VectorReader::open(&name, &Options::new()).unwrap_err();
    assert!(matches!(refused, VectorError::Buffer(BufferError::OtherKind { .. })), "{refused}");
    icc_vector::remove(&name).unwrap();
    Buffer::<u64, Packed>::create(&name, Spec::new(Kind::new("vector"), 8), &Options::new()).unwrap();
    let refused = untyped::VectorReader::open(&name, &Options::new()).unwrap_err();
    assert!(matches!(refused, VectorError::UnknownMode { found: 0, .. }), "{refused}");
}

/// Writers of bytes and of values are writers of one vector: each value whole, each version counted
/// once, each change seen.
fn written_together<M: Mode, P: Placement>(test: &str) {
    const WRITES: u64 = 20_000;
    let name = common::Name::new(test);
    let described = icc_buffer::ElementType::new("[u64; 7]", 56, 8);
    let made = untyped::SeqlockVector::<M, P>::create(&name, &described, 5, &Options::new()).unwrap();
    let typed = SeqlockVector::<[u64; 7], M, P>::open(&name, &Options::new()).unwrap();
    let bytes = untyped::SeqlockVector::<M, P>::open(&name, Some(&described), &Options::new()).unwrap();
    assert_eq!((bytes.len(), bytes.value_size(), bytes.is_tracked()), (5, 56, typed.is_tracked()));
    assert_eq!(made.reader().unwrap().value_size(), 56);
    let mut changes = typed.changes();
    let mut both = vec![bytes.writer().unwrap()];
    both.extend(bytes.writer());
    let writers = both.len() as u64;
    std::thread::scope(|scope| {
        for mut writer in both {
            assert!(!writer.is_forked() && writer.range() == (0..5));
            scope.spawn(move || {
                for n in 1..=WRITES {
                    while writer.write(3, bytemuck::bytes_of(&[n; 7])).is_err() {}
                }
            });
        }
        scope.spawn(|| {
            let mut value = [0; 7];
            loop {
                match typed.read_into(3, &mut value) {
                    Ok(version) if version >= 2 * WRITES * writers => return,
                    Ok(_) => assert_eq!(value, [value[0]; 7]),
                    // The writers were at it at each attempt, as under a sanitizer, where a write takes long.
                    Err(ReadError::Busy(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
    });
    assert_eq!((typed.version(3), typed.read(3)), (Ok(2 * WRITES * writers), Ok([WRITES; 7])));
    assert_eq!(changes.poll().map(|change| change.index).collect::<Vec<_>>(), [3]);
}

#[test]
fn bytes_are_written_beside_values() {
    written_together::<MultiWriter, Padded>("together");
    written_together::<Tracked<MultiWriter>, Packed>("together-tracked");
    written_together::<SingleWriter, Packed>("together-single");
    written_together::<Tracked<SingleWriter>, Padded>("together-tracked-single");
}

#[test]
fn a_writer_of_bytes_has_its_range() {
    let name = common::Name::new("range");
    let vector = SeqlockVector::<[u64; 7], SingleWriter>::create(&name, 5, &Options::new()).unwrap();
    let bytes = untyped::SeqlockVector::<SingleWriter>::open(&name, None, &Options::new()).unwrap();
    let mut writer = bytes.writer_of(1..3).unwrap();
    assert!(vector.writer_of(2..4).is_err(), "taken");
    writer.write(2, &[1; 56]).unwrap();
    assert!(writer.write(3, &[1; 56]).is_err());
    assert_eq!(vector.version(3), Ok(0));
    let other = untyped::SeqlockVector::<MultiWriter>::open(&name, None, &Options::new());
    assert!(matches!(other, Err(VectorError::OtherMode { .. })), "{other:?}");
}

/// One writer writes two slots in turn, the first of them first: at any moment the first is as far as the
/// second or one further.
#[test]
fn a_snapshot_of_bytes_is_of_one_moment() {
    const WRITES: u64 = 30_000;
    let name = common::Name::new("moment");
    let vector = SeqlockVector::<[u64; 7]>::create(&name, 3, &Options::new()).unwrap();
    let bytes = untyped::VectorReader::open(&name, &Options::new()).unwrap();
    let mut writer = vector.writer().unwrap();
    std::thread::scope(|scope| {
        let writing = scope.spawn(move || {
            for n in 1..=WRITES {
                writer.write(2, &[n; 7]).unwrap();
                writer.write(0, &[n; 7]).unwrap();
            }
        });
        let (mut taken, mut values, mut versions) = (0, [[0_u64; 7]; 2], [0; 2]);
        while !writing.is_finished() {
            // At full speed, writes may cross every attempt.
            if bytes.snapshot_into(&[0, 2], bytemuck::bytes_of_mut(&mut values), &mut versions).is_err() {
                continue;
            }
            let [[second, ..], [first, ..]] = values;
            assert_eq!(values, [[second; 7], [first; 7]]);
            assert!(first == second || first == second + 1, "{first} and {second}");
            assert_eq!(versions, [2 * second, 2 * first]);
            taken += 1;
        }
        assert!(taken > 0);
    });
    let past = bytes.snapshot_into(&[0, 3], &mut [0; 112], &mut [0; 2]);
    assert!(matches!(past, Err(SnapshotError::OutOfRange(OutOfRange { index: 3, len: 3, .. }))), "{past:?}");
}
