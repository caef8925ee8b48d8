use super::header::FIXED;
use super::*;
use icc_queue::{Lost, Position, Queue};
use proptest::prelude::*;

/// What a file is expected to hold: number and message, or first lost and next.
type Plain = Vec<(u64, u64)>;

fn header() -> Header {
    let queue = Queue::<u64>::new(4).unwrap();
    Header { schema: Some("{}".to_owned()), part: 2, ..Header::of(&queue, Position::new(77, 5)) }
}

fn some() -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &header()).unwrap();
    writer.message(5, &50_u64.to_le_bytes()).unwrap();
    writer.gap(Lost { first: 6, next: 9 }).unwrap();
    writer.message(9, &90_u64.to_le_bytes()).unwrap();
    writer.finish().unwrap()
}

/// What can be read, and what ends it.
fn read(bytes: &[u8]) -> (Plain, Result<(), RecordingError>) {
    let mut plain = Vec::new();
    let mut reader = match Reader::new(bytes) {
        Ok(reader) => reader,
        Err(error) => return (plain, Err(error)),
    };
    loop {
        match reader.next() {
            Ok(Some(Event::Gap { lost, .. })) => plain.push((lost.first, lost.next)),
            Ok(Some(Event::Message { sequence, bytes, .. })) => {
                plain.push((sequence, word(&[bytes, &[0; 8]].concat(), 0)))
            }
            Ok(None) => return (plain, Ok(())),
            Err(error) => {
                assert!(matches!(reader.next(), Ok(None)), "something came after {error}");
                return (plain, Err(error));
            }
        }
    }
}

#[test]
fn what_is_written_is_read() {
    let whole = some();
    let (plain, end) = read(&whole);
    assert_eq!(plain, [(5, 50), (6, 9), (9, 90)]);
    end.unwrap();
    assert_eq!(*Reader::new(&whole[..]).unwrap().header(), Header { began_at: word(&whole, 56), ..header() });
}

/// A recording knows where it began and where it ended, also if it is empty.
#[test]
fn positions() {
    let whole = some();
    let mut reader = Reader::new(&whole[..]).unwrap();
    let mut positions = vec![reader.position()];
    while reader.next().unwrap().is_some() {
        positions.push(reader.position());
    }
    assert_eq!(positions, [5, 6, 9, 10].map(|n| Position::new(77, n)));
    let at_the_end = Header { start: Position::new(77, u64::MAX), ..header() };
    let empty = Writer::new(Vec::new(), &at_the_end).unwrap().finish().unwrap();
    let mut reader = Reader::new(&empty[..]).unwrap();
    assert!(reader.next().unwrap().is_none());
    assert_eq!(reader.position(), at_the_end.start);
}

#[test]
fn the_fingerprint_is_that_of_a_shared_buffer() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue");
    let queue = Queue::<u64>::create(&path, 2, &icc_queue::Options::new()).unwrap();
    let found = Header::of(&queue, queue.position(0)).element.fingerprint;
    assert_eq!(word(&std::fs::read(&path).unwrap(), 88), found);
}

/// Wherever a file is cut off, all records before are read, and then the error says so.
#[test]
fn a_file_cut_off_anywhere() {
    let whole = some();
    let header = header().len();
    for len in 1..whole.len() {
        let (plain, end) = read(&whole[..len]);
        let Err(RecordingError::CutOff { at, messages }) = end else { panic!("cut off at {len}: {end:?}") };
        let records = len.saturating_sub(header) / (RECORD + 8);
        assert_eq!((plain.len(), messages), (records, records.div_ceil(2) as u64), "cut off at {len}");
        assert_eq!(at, if len < header { len } else { header + records * (RECORD + 8) } as u64);
    }
}

/// Whichever byte is changed, nothing wrong is read.
#[test]
fn a_file_damaged_anywhere() {
    let whole = some();
    let (right, _) = read(&whole);
    for byte in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[byte] ^= 0x20;
        let (plain, end) = read(&damaged);
        assert!(end.is_err(), "byte {byte} was changed, and nobody noticed");
        assert!(right.starts_with(&plain) && (byte >= FIXED || plain.is_empty()), "byte {byte}");
    }
    let mut longer = whole.clone();
    longer.push(0);
    assert!(matches!(read(&longer).1, Err(RecordingError::Damaged { reason: "something follows the end", .. })));
}

#[test]
fn other_files_are_refused() {
    assert!(matches!(read(b"# README").1, Err(RecordingError::NotARecording { found }) if found == b"# README"));
    assert!(matches!(read(b"").1, Err(RecordingError::NotARecording { found }) if found.is_empty()));
    let mut newer = some();
    newer[8] = 4;
    assert!(matches!(read(&newer).1, Err(RecordingError::Version { found: 4 })));
    let mut writer = Writer::new(Vec::new(), &header()).unwrap();
    header().check::<u64>().unwrap();
    let Err(RecordingError::OtherType { found, expected }) = header().check::<i64>() else { panic!("it is another") };
    assert_eq!((found.name.as_str(), expected.name.as_str()), ("u64", "i64"));
    assert!(matches!(writer.message(5, &[0; 7]), Err(RecordingError::MessageSize { found: 7, expected: 8 })));
}

/// Takes some bytes, and then no more, as a full disk does.
struct Full(Vec<u8>, usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = bytes.len().min(self.1 - self.0.len());
        if taken == 0 {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// However much fits, what is in the file is read, and trying again writes nothing twice.
#[test]
fn a_full_disk() {
    let room = header().len();
    for more in 0..3 * (RECORD + 8) {
        let mut file = Full(Vec::new(), room + more);
        let mut writer = Writer::new(&mut file, &header()).unwrap();
        (5..15_u64).for_each(|n| writer.message(n, &(10 * n).to_le_bytes()).unwrap());
        for _ in 0..2 {
            assert!(matches!(writer.flush(), Err(RecordingError::Io { doing: "write", .. })));
        }
        let (plain, end) = read(&file.0);
        let whole = more / (RECORD + 8);
        assert_eq!(plain, (5..5 + whole as u64).map(|n| (n, 10 * n)).collect::<Vec<_>>());
        assert!(matches!(end, Err(RecordingError::CutOff { .. })));
    }
}

/// A recording from `first` on, of messages and of gaps that are so long, and what must be read of it.
fn recorded(first: u64, parts: &[(bool, u64)]) -> (Vec<u8>, Plain) {
    let header = Header { start: Position::new(77, first), ..header() };
    let (mut writer, mut plain, mut next) = (Writer::new(Vec::new(), &header).unwrap(), Vec::new(), first);
    for &(is_gap, what) in parts {
        if is_gap {
            let lost = Lost { first: next, next: next.wrapping_add(what % 1_000 + 1) };
            writer.gap(lost).unwrap();
            plain.push((lost.first, lost.next));
            next = lost.next;
        } else {
            writer.message(next, &what.to_le_bytes()).unwrap();
            plain.push((next, what));
            next = next.wrapping_add(1);
        }
    }
    (writer.finish().unwrap(), plain)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    /// Whatever was recorded is read, across the wrap of the numbers, too.
    #[test]
    fn any_recording_is_read(
        first in prop_oneof![any::<u64>(), u64::MAX - 20..=u64::MAX],
        parts in prop::collection::vec(any::<(bool, u64)>(), 0..40),
    ) {
        let (whole, right) = recorded(first, &parts);
        let (plain, end) = read(&whole);
        prop_assert_eq!(plain, right);
        prop_assert!(end.is_ok(), "{:?}", end);
    }

    /// Whatever is done to a file, what is read of it is the beginning of what was recorded, and then there is an error.
    #[test]
    fn any_damage_is_an_error(
        parts in prop::collection::vec(any::<(bool, u64)>(), 0..20),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 0..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (whole, right) = recorded(5, &parts);
        let mut damaged = whole.clone();
        damage.iter().for_each(|(at, by)| damaged[at.index(whole.len())] ^= by);
        damaged.truncate(cut.map_or(whole.len(), |at| at.index(whole.len())));
        let (plain, end) = read(&damaged);
        prop_assert!(right.starts_with(&plain), "{:?} of {:?}", plain, right);
        prop_assert_eq!(end.is_ok(), damaged == whole);
    }

    /// No bytes whatever are more than an error, also with checksums that are right.
    #[test]
    fn any_bytes_are_survived(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        lengths in prop::option::of((0..8_u32, 0..8_u32)),
        size in prop_oneof![0..40_u64, any::<u64>()],
    ) {
        let mut bytes = bytes;
        if let (Some((name, schema)), 160..) = (lengths, bytes.len()) {
            bytes[..12].copy_from_slice(&[&MAGIC[..], &VERSION.to_le_bytes()].concat());
            bytes[16..24].copy_from_slice(&size.to_le_bytes());
            bytes[84..92].copy_from_slice(&[name.to_le_bytes(), schema.to_le_bytes()].concat());
            let texts = 96..96 + (name + schema) as usize;
            bytes[texts.clone()].fill(b'x');
            let right = crc(&[&bytes[..92], &bytes[texts.clone()]]);
            bytes[92..96].copy_from_slice(&right.to_le_bytes());
            // And a record of each kind, as long as the file says that it is.
            let (at, kind) = (texts.end, 1 + u32::from(bytes[texts.end]) % 3);
            bytes[at + 4..at + 8].copy_from_slice(&kind.to_le_bytes());
            let end = (at + RECORD + if kind == MESSAGE { size.min(300) as usize } else { 8 }).min(bytes.len());
            let right = crc(&[&bytes[at + 4..end]]);
            bytes[at..at + 4].copy_from_slice(&right.to_le_bytes());
        }
        // What was made up has no end that is right.
        prop_assert!(read(&bytes).1.is_err());
    }
}
