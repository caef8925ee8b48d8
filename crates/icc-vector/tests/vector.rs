//! The vector on private memory.
#![cfg(not(icc_loom))]

use icc_vector::{
    BufferError, BusySpin, Change, Changes, Mode, MultiWriter, OutOfRange, Packed, Padded, Placement, ReadAllError,
    SeqlockVector, SingleWriter, SpinThenSleep, SpinThenYield, Tracked, TryReadError, WaitError, WaitStrategy,
    WriteError, WriterError,
};
use std::thread;
use std::time::{Duration, Instant};

type Single<T> = SeqlockVector<T, SingleWriter>;

#[test]
fn lengths() {
    assert_eq!(SeqlockVector::<u64>::new(0).err(), Some(BufferError::Empty));
    assert!(matches!(SeqlockVector::<u64>::new(usize::MAX), Err(BufferError::TooLarge { len: usize::MAX, .. })));
    for len in [1, 3, 1000] {
        let vector = SeqlockVector::<u16>::new(len).unwrap();
        assert_eq!((vector.len(), vector.iter().len(), vector.iter().count()), (len, len, len));
    }
}

#[test]
fn out_of_range_is_an_error_and_touches_nothing() {
    let vector = SeqlockVector::<u32>::new(2).unwrap();
    let missing = vector.version(2).unwrap_err();
    assert_eq!((missing.index, missing.len), (2, 2));
    let far = vector.version(usize::MAX).unwrap_err();
    assert_eq!((far.index, far.len), (usize::MAX, 2));
    let mut out = 5;
    assert_eq!(vector.read(2), Err(missing.into()));
    assert_eq!(vector.read_if_written(2), Err(missing.into()));
    assert_eq!(vector.read_into(2, &mut out), Err(missing.into()));
    assert_eq!(vector.try_read_into(2, &mut out), Err(TryReadError::OutOfRange(missing)));
    assert_eq!(vector.read_into_if_newer(2, 0, &mut out), Err(missing.into()));
    let wait = vector.wait_for_change(2, 0, &mut out, Duration::MAX, &mut BusySpin);
    assert_eq!(wait, Err(WaitError::Read(missing.into())));
    assert_eq!(vector.write(2, &1), Err(missing.into()));
    assert_eq!(vector.update(2, |_| panic!("called")), Err(missing.into()));
    let mut writer = vector.writer().unwrap();
    assert_eq!(writer.write(2, &1), Err(missing.into()));
    assert_eq!(writer.update(2, |_| panic!("called")), Err(missing.into()));
    assert_eq!(vector.snapshot([0, 2]).err(), Some(missing));
    let mut two = [5; 2];
    assert_eq!(vector.read_range_into(1, &mut two), Err(ReadAllError::Read(missing.into())));
    assert_eq!(vector.read_range_into(usize::MAX, &mut two), Err(ReadAllError::Read(far.into())));
    assert_eq!(vector.writer_died(2), Err(missing));
    assert_eq!(vector.read_range_into(9, &mut []), Ok(()), "nothing was asked for");
    assert_eq!(vector.read_all_into(&mut two[..1]), Err(ReadAllError::WrongLen { given: 1, len: 2 }));
    assert_eq!((out, two), (5, [5; 2]));
    assert_eq!(vector.iter().collect::<Result<Vec<_>, _>>(), Ok(vec![0, 0]));
}

/// From the first moment on, in each mode, as a first write of each slot.
#[test]
fn initial_values() {
    fn check<M: Mode, P: Placement>() {
        let vector = SeqlockVector::<u32, M, P>::new_with(1_000, |slot| slot as u32 + 7).unwrap();
        for index in [0, 1, 500, 999] {
            assert_eq!(vector.read_if_written(index), Ok(Some(index as u32 + 7)));
            assert_eq!(vector.version(index), Ok(2));
        }
        assert_eq!(vector.changes().poll().count(), 1_000);
        let mut now = vector.changes_from_now();
        assert_eq!(now.poll().count(), 0);
    }
    check::<MultiWriter, Padded>();
    check::<SingleWriter, Packed>();
    check::<Tracked<MultiWriter>, Packed>();
    check::<Tracked<SingleWriter>, Padded>();
    // Writers go on after it.
    let vector = SeqlockVector::<u32, Tracked<SingleWriter>>::new_with(100, |_| 7).unwrap();
    let (mut changes, mut writer) = (vector.changes_from_now(), vector.writer().unwrap());
    assert_eq!(writer.write(3, &8), Ok(4));
    writer.update(4, |value| *value += 1).unwrap();
    assert_eq!(changes.poll().map(|change| (change.index, change.value)).collect::<Vec<_>>(), [(3, 8), (4, 8)]);
}

#[test]
fn versions_tell_what_was_written() {
    let vector = SeqlockVector::<u64>::new(2).unwrap();
    let mut out = 0;
    assert_eq!(vector.read_into(0, &mut out), Ok(0), "version 0: never written");
    assert_eq!(vector.read_if_written(0), Ok(None));
    assert_eq!(vector.read_into_if_newer(0, 0, &mut out), Ok(None));
    assert_eq!(vector.write(0, &3), Ok(2));
    assert_eq!(vector.read_if_written(0), Ok(Some(3)));
    assert_eq!(vector.read_into_if_newer(0, 0, &mut out), Ok(Some(2)));
    assert_eq!(vector.update(0, |value| *value += 1), Ok(4));
    assert_eq!((out, vector.read(0), vector.version(0)), (3, Ok(4), Ok(4)));
}

/// Everything that both placements and all modes have in common.
fn each<M: Mode, P: Placement>() {
    let vector = SeqlockVector::<[u8; 57], M, P>::new(5).unwrap();
    let mut changes = vector.changes();
    let mut writer = vector.writer().unwrap();
    for index in 0..5 {
        assert_eq!(writer.write(index, &[index as u8; 57]), Ok(2));
        assert_eq!(writer.update(index, |value| value[56] += 1), Ok(4));
    }
    let expected: Vec<_> = (0..5_u8).map(|n| std::array::from_fn(|i| n + u8::from(i == 56))).collect();
    let mut all = [[9; 57]; 5];
    vector.read_all_into(&mut all).unwrap();
    assert_eq!(all[..], expected);
    assert_eq!(vector.iter().collect::<Result<Vec<_>, _>>().unwrap(), expected);
    vector.read_range_into(3, &mut all[..2]).unwrap();
    assert_eq!(all[..2], expected[3..]);
    let mut snapshot = vector.snapshot([4, 0, 4]).unwrap();
    assert_eq!(snapshot.take().unwrap(), [expected[4], expected[0], expected[4]]);
    assert_eq!(snapshot.versions(), [4; 3]);
    let changed: Vec<_> = changes.poll().map(|change| (change.index, change.version, change.value)).collect();
    assert_eq!(changed, expected.iter().enumerate().map(|(index, &value)| (index, 4, value)).collect::<Vec<_>>());
    assert_eq!(changes.poll().count(), 0);
}

#[test]
fn all_modes_and_placements() {
    each::<MultiWriter, Padded>();
    each::<SingleWriter, Padded>();
    each::<Tracked<MultiWriter>, Padded>();
    each::<Tracked<SingleWriter>, Packed>();
    each::<MultiWriter, Packed>();
}

#[test]
fn many_threads_update_and_none_is_lost() {
    let vector = SeqlockVector::<[u64; 3]>::new(2).unwrap();
    let change = |value: &mut [u64; 3]| {
        assert!(value.iter().all(|&word| word == value[0]), "torn: {value:?}");
        value.iter_mut().for_each(|word| *word += 1);
    };
    thread::scope(|scope| {
        for worker in 0..4 {
            let vector = &vector;
            scope.spawn(move || {
                // Half of them by a writer, half without.
                let mut writer = vector.writer().unwrap();
                for _ in 0..5_000 {
                    if worker < 2 {
                        vector.update(worker % 2, change).unwrap();
                    } else {
                        writer.update(worker % 2, change).unwrap();
                    }
                }
            });
        }
    });
    assert_eq!(vector.iter().collect::<Result<Vec<_>, _>>(), Ok(vec![[10_000; 3]; 2]));
    assert_eq!(vector.version(0), Ok(20_000));
}

#[test]
fn an_update_that_panics_holds_nobody_up() {
    let vector = SeqlockVector::<u64>::new(1).unwrap();
    let mut writer = vector.writer().unwrap();
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| writer.update(0, |_| panic!("on purpose"))));
    assert!(panics.is_err());
    assert_eq!(vector.version(0), Ok(0));
    assert_eq!(vector.writer().unwrap().write(0, &1), Ok(2));
}

#[test]
fn ranges_are_disjoint_and_exact() {
    let vector = Single::<u64>::new(10).unwrap();
    let mut low = vector.writer_of(0..4).unwrap();
    let mut high = vector.writer_of(7..10).unwrap();
    assert_eq!(vector.writer().err(), Some(WriterError::Taken { range: 0..4 }));
    assert_eq!(vector.writer_of(3..4).err(), Some(WriterError::Taken { range: 0..4 }));
    assert_eq!(vector.writer_of(4..8).err(), Some(WriterError::Taken { range: 7..10 }));
    let mut middle = vector.writer_of(4..7).unwrap();
    for (writer, own) in [(&mut low, 0..4), (&mut middle, 4..7), (&mut high, 7..10)] {
        assert_eq!(writer.range(), own);
        for index in 0..10 {
            let written = writer.write(index, &(index as u64));
            let expected =
                if own.contains(&index) { Ok(2) } else { Err(WriteError::NotOwned { index, range: own.clone() }) };
            assert_eq!(written, expected);
            assert_eq!(writer.update(index, |_| {}).is_ok(), own.contains(&index));
        }
        assert!(matches!(writer.write(10, &0), Err(WriteError::OutOfRange(OutOfRange { index: 10, len: 10, .. }))));
    }
    drop(middle);
    assert_eq!(vector.writer_of(5..8).err(), Some(WriterError::Taken { range: 7..10 }));
    drop(high);
    assert_eq!(vector.writer_of(5..10).unwrap().range(), 5..10);
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
    for range in [3..3, 5..2, 9..11, 0..usize::MAX] {
        assert_eq!(vector.writer_of(range.clone()).err(), Some(WriterError::BadRange { range, len: 10 }));
    }
}

#[test]
fn as_many_writers_as_promised() {
    let vector = SeqlockVector::<u64>::new(1).unwrap();
    let writers: Vec<_> = (0..64).map(|_| vector.writer().unwrap()).collect();
    assert_eq!(vector.writer().err(), Some(WriterError::TooMany { max: 64 }));
    drop(writers);
    assert!(vector.writer().is_ok());
}

/// What a change says.
fn told(change: Change<u64>) -> (usize, u64, u64) {
    (change.index, change.version, change.value)
}

/// Against the plain truth, with slots, blocks and polls at random.
fn cursor_finds<M: Mode>(len: usize) {
    let vector = SeqlockVector::<u64, M>::new(len).unwrap();
    let mut writer = vector.writer().unwrap();
    let (mut changes, mut from_now) = (vector.changes(), None);
    let mut random = 1_u64;
    let mut step = move |bound: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % bound
    };
    for round in 0..50 {
        let mut expected = std::collections::BTreeMap::new();
        for n in 0..step(20) {
            let index = if step(4) == 0 { len - 1 } else { step(len) };
            let version = writer.write(index, &(n as u64)).unwrap();
            expected.insert(index, (index, version, n as u64));
        }
        let expected: Vec<_> = expected.into_values().collect();
        // Sometimes left half-way; the rest comes with the next poll.
        let mut found: Vec<_> = changes.poll().take(step(10)).map(told).collect();
        found.extend(changes.poll().map(told));
        assert_eq!(found, expected, "{len} slots, round {round}");
        if let Some(from_now) = &mut from_now {
            let other: &mut Changes<u64> = from_now;
            assert_eq!(other.poll().map(told).collect::<Vec<_>>(), expected);
        }
        if round == 10 {
            from_now = Some(vector.changes_from_now());
        }
    }
}

#[test]
fn cursors_find_what_changed_and_nothing_else() {
    for len in [1, 2, 7, 64, 1000, 5000] {
        cursor_finds::<MultiWriter>(len);
        cursor_finds::<SingleWriter>(len);
        cursor_finds::<Tracked<MultiWriter>>(len);
        cursor_finds::<Tracked<SingleWriter>>(len);
    }
}

#[test]
fn writers_of_parts_of_blocks_are_all_counted() {
    // 1000 slots are in blocks of 8: 3..20 has two half blocks and one whole, between others'
    // slots.
    let vector = SeqlockVector::<u64, Tracked<SingleWriter>>::new(1000).unwrap();
    let mut changes = vector.changes();
    let mut writers = [0..3, 3..20, 20..1000].map(|range| vector.writer_of(range).unwrap());
    for index in [0, 2, 3, 7, 8, 15, 16, 19, 20, 23, 24, 999] {
        let writer = writers.iter_mut().find(|writer| writer.range().contains(&index)).unwrap();
        writer.write(index, &1).unwrap();
        assert_eq!(changes.poll().map(|change| change.index).collect::<Vec<_>>(), [index]);
    }
}

/// Two writers whose ranges meet at a cut, anywhere in a vector of any length: each change is found
/// by the next poll.
#[test]
fn changes_on_both_sides_of_any_cut_are_found() {
    let lens = (2..=140).chain([255, 256, 300]);
    let cuts = lens.flat_map(|len| (1..len).map(move |cut| (len, cut)));
    let large = [(1000, 995), (1000, 999), (1025, 1024), (5000, 4999), (100_000, 99_999)];
    let mut vector: Option<SeqlockVector<u64, Tracked<SingleWriter>>> = None;
    for (len, cut) in cuts.chain(large) {
        if vector.as_ref().is_none_or(|vector| vector.len() != len) {
            vector = Some(SeqlockVector::new(len).unwrap());
        }
        let Some(vector) = &vector else { unreachable!("just made") };
        let mut changes = vector.changes_from_now();
        let (mut low, mut high) = (vector.writer_of(0..cut).unwrap(), vector.writer_of(cut..len).unwrap());
        // Alternating, so that one's count could hide the other's.
        for round in 0..2 {
            let slots = [cut - 1, cut, 0, len - 1, cut, cut - 1];
            for index in slots {
                let writer = if index < cut { &mut low } else { &mut high };
                writer.write(index, &round).unwrap();
                let found: Vec<_> = changes.poll().map(|change| change.index).collect();
                assert_eq!(found, [index], "{len} slots, cut at {cut}");
            }
        }
    }
}

#[test]
fn waiting() {
    let vector = Single::<u64>::new(2).unwrap();
    let mut writer = vector.writer().unwrap();
    let mut out = 0;
    let start = Instant::now();
    let timeout = Duration::from_millis(20);
    assert_eq!(
        vector.wait_for_change(1, 0, &mut out, timeout, &mut SpinThenYield::new(0)),
        Err(WaitError::Timeout { index: 1 })
    );
    assert!(start.elapsed() >= timeout, "gave up early");
    writer.write(1, &5).unwrap();
    assert_eq!(vector.wait_for_change(1, 0, &mut out, Duration::ZERO, &mut BusySpin), Ok(2), "it was there");
    thread::scope(|scope| {
        let reader = vector.reader();
        let waits = [
            scope.spawn(move || reader.wait_for_change(1, 2, &mut 0, Duration::from_secs(60), &mut BusySpin)),
            scope.spawn(move || {
                reader.wait_for_change(1, 2, &mut 0, Duration::from_secs(60), &mut SpinThenYield::new(0))
            }),
            scope.spawn(move || {
                reader.wait_for_change(
                    1,
                    2,
                    &mut 0,
                    Duration::from_secs(60),
                    &mut SpinThenSleep::new(0, Duration::from_millis(1)),
                )
            }),
        ];
        thread::sleep(Duration::from_millis(5));
        writer.write(1, &6).unwrap();
        for wait in waits {
            assert_eq!(wait.join().unwrap(), Ok(4));
        }
    });
}

#[test]
fn errors_say_what_to_do() {
    let vector = Single::<u64>::new(3).unwrap();
    let mut writer = vector.writer_of(0..2).unwrap();
    assert_eq!(vector.read(3).unwrap_err().to_string(), "slot 3 does not exist: the vector has 3 slots, 0..3");
    let not_owned = writer.write(2, &1).unwrap_err().to_string();
    assert_eq!(not_owned, "slot 2 is outside this writer's range 0..2; use the writer that owns it");
    let short = vector.read_all_into(&mut [0; 2]).unwrap_err().to_string();
    assert_eq!(short, "the output slice has 2 elements, but the vector has 3 slots");
    let full = WriterError::TooMany { max: 64 }.to_string();
    assert_eq!(full, "the vector already has its maximum of 64 writers; drop one first");
}

/// A `dyn WaitStrategy` will do.
#[test]
fn waiting_by_a_strategy_chosen_at_run_time() {
    let vector = SeqlockVector::<u64>::new(1).unwrap();
    let strategies: [Box<dyn WaitStrategy>; 2] = [Box::new(BusySpin), Box::new(SpinThenYield::new(0))];
    for mut strategy in strategies {
        let strategy: &mut dyn WaitStrategy = &mut *strategy;
        let waited = vector.wait_for_change(0, 0, &mut 0, Duration::ZERO, strategy);
        assert_eq!(waited, Err(WaitError::Timeout { index: 0 }));
    }
}

/// A panic in one thread leaves every handle usable by those that catch it, and the handles may go
/// to other threads.
#[test]
fn handles_cross_panics_and_threads() {
    use std::panic::{RefUnwindSafe, UnwindSafe};
    fn all<T: UnwindSafe + RefUnwindSafe + Send + Sync>() {}
    all::<icc_vector::VectorReader<u64>>();
    all::<SeqlockVector<u64, Tracked<SingleWriter>, Packed>>();
    all::<icc_vector::Writer<u64>>();
    all::<Changes<u64>>();
    all::<icc_vector::Snapshot<u64>>();
    all::<icc_vector::Iter<'static, u64>>();
}

/// What a writing handle has beyond a reading one is in its type alone.
#[test]
fn handles_are_small() {
    assert_eq!(size_of::<SeqlockVector<u64>>(), size_of::<icc_vector::VectorReader<u64>>());
    assert!(size_of::<icc_vector::VectorReader<u64>>() <= 64, "more than a cache line");
}
