//! Readers of bytes give what typed ones give.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use icc_vector::{
    Mode, MultiWriter, Options, OutOfRange, Packed, Padded, Payload, Placement, ReadError, SeqlockVector, SingleWriter,
    Tracked, VectorError, VectorReader, untyped,
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
