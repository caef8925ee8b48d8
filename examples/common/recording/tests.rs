use super::*;

fn some() -> Vec<u8> {
    let mut writer = Writer::<u64, _>::new(Vec::new(), Position::new(77, 5)).unwrap();
    writer.message(5, &50).unwrap();
    writer.gap(Lost { first: 6, next: 9 }).unwrap();
    writer.message(9, &90).unwrap();
    writer.finish().unwrap()
}

fn plain(events: Vec<Event<u64>>) -> Vec<(u64, u64)> {
    let plain = |event| match event {
        Event::Message { sequence, message, .. } => (sequence, message),
        Event::Gap { lost, .. } => (lost.first, lost.next),
    };
    events.into_iter().map(plain).collect()
}

#[test]
fn what_is_written_is_read() {
    assert_eq!(plain(read_all(&some()[..]).unwrap()), [(5, 50), (6, 9), (9, 90)]);
}

/// A recording knows where it began and where it ended, also if it is empty.
#[test]
fn positions() {
    let whole = some();
    let mut reader = Reader::<u64, _>::new(&whole[..]).unwrap();
    let mut positions = vec![reader.position()];
    while let Some(event) = reader.next() {
        event.unwrap();
        positions.push(reader.position());
    }
    assert_eq!(positions, [5, 6, 9, 10].map(|n| Position::new(77, n)));
    let empty = Writer::<u64, _>::new(Vec::new(), Position::new(77, u64::MAX)).unwrap().finish().unwrap();
    let mut reader = Reader::<u64, _>::new(&empty[..]).unwrap();
    assert!(reader.next().is_none());
    assert_eq!((reader.position(), reader.header().start), (Position::new(77, u64::MAX), reader.position()));
}

#[test]
fn the_fingerprint_is_that_of_a_shared_buffer() {
    let name = format!("icc-examples-fingerprint-{}", std::process::id());
    let _queue = icc_queue::Queue::<u64>::create(&name, 2, &icc_queue::Options::new()).unwrap();
    let header = std::fs::read(format!("/dev/shm/{name}")).unwrap();
    icc_queue::remove(&name).unwrap();
    assert_eq!(word(&header, 88), ElementType::of::<u64>().fingerprint);
}

/// Wherever a file is cut off, all records before are read, and then the error says so.
#[test]
fn a_file_cut_off_anywhere() {
    let whole = some();
    let header = HEADER + "u64".len();
    for len in 0..whole.len() {
        let read: Vec<_> = match Reader::<u64, _>::new(&whole[..len]) {
            Ok(reader) => reader.collect(),
            Err(RecordingError::CutOff { at, messages: 0 }) if len < header => {
                assert_eq!(at, len as u64);
                continue;
            }
            Err(error) => panic!("cut off at {len}: {error}"),
        };
        let records = (len - header) / (RECORD + 8);
        let messages = records.div_ceil(2) as u64;
        assert_eq!(read.iter().filter(|event| event.is_ok()).count(), records.min(3), "cut off at {len}");
        let Some(Err(RecordingError::CutOff { at, messages: told })) = read.last() else {
            panic!("cut off at {len}: {read:?}")
        };
        assert_eq!((*at, *told), ((header + records * (RECORD + 8)) as u64, messages));
    }
}

/// Whichever byte is changed, nothing wrong is read.
#[test]
fn a_file_damaged_anywhere() {
    let whole = some();
    let right = plain(read_all(&whole[..]).unwrap());
    // Four bytes of the header mean nothing.
    for byte in (0..whole.len()).filter(|byte| !(68..72).contains(byte)) {
        let mut damaged = whole.clone();
        damaged[byte] ^= 0x20;
        let mut read = Vec::new();
        let Ok(reader) = Reader::<u64, _>::new(&damaged[..]) else { continue };
        assert!(byte >= HEADER, "byte {byte} of the header was changed, and nobody noticed");
        let mut failed = false;
        for event in reader {
            match event {
                Ok(event) => read.push(event),
                Err(_) => failed = true,
            }
        }
        assert!(failed, "byte {byte} was changed, and nobody noticed");
        assert!(right.starts_with(&plain(read)), "byte {byte}");
    }
    let mut longer = whole.clone();
    longer.push(0);
    assert!(matches!(
        read_all::<u64>(&longer[..]),
        Err(RecordingError::Damaged { reason: "something follows the end", .. })
    ));
}

#[test]
fn other_files_are_refused() {
    let other = read_all::<i64>(&some()[..]);
    let Err(RecordingError::OtherType { found, expected }) = other else { panic!("{other:?}") };
    assert_eq!((found.name.as_str(), expected.name.as_str()), ("u64", "i64"));
    let text = read_all::<u64>(&b"# README"[..]);
    assert!(matches!(text, Err(RecordingError::NotARecording { found }) if found == b"# README"));
    let mut newer = some();
    newer[8] = 3;
    assert!(matches!(read_all::<u64>(&newer[..]), Err(RecordingError::Version { found: 3 })));
}
