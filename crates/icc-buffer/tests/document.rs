//! The layout's description holds: a live buffer is read with nothing but what it says.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{KIND, Name};
use icc_buffer::{Buffer, Kind, Options, Packed, Spec};
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::Ordering;

/// The rows of the first table under a line: name, offset and size, in order.
fn table(heading: &str) -> Vec<(String, usize, Option<usize>)> {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/shared-memory-layout.md");
    let document = fs::read_to_string(document).unwrap();
    let section = document.lines().skip_while(|line| *line != heading).skip(1);
    let lines = section.skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let rows: Vec<_> = lines
        .filter_map(|line| {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            Some((cells[3].to_owned(), cells[1].parse().ok()?, cells[2].parse().ok()))
        })
        .collect();
    assert!(!rows.is_empty(), "no table under {heading}");
    rows
}

/// Offset and size of every row of a table.
fn fields(heading: &str) -> HashMap<String, (usize, Option<usize>)> {
    table(heading).into_iter().map(|(name, offset, size)| (name, (offset, size))).collect()
}

#[test]
fn the_header_is_described_without_gaps() {
    let mut end = 0;
    for (name, offset, size) in table("## Header") {
        assert_eq!(offset, end, "{name}");
        end = offset + size.unwrap();
    }
    assert_eq!(end, 512);
}

#[test]
fn a_live_buffer_is_as_described() {
    let (header, counter, slot) = (fields("## Header"), fields("## Counters"), fields("## Slots"));
    let name = Name::new("document");
    let spec = Spec::new(Kind::new("a-kind-8"), 5).counters(3).words([11, 22, 33, 44]);
    let buffer = Buffer::<[u32; 7], Packed>::create(&name, spec, &Options::new()).unwrap();
    for index in 0..5_u32 {
        buffer.slot(index as usize).unwrap().write(&[index; 7]);
    }
    buffer.slot(2).unwrap().write(&[20, 21, 22, 23, 24, 25, 26]);
    for index in 0..3 {
        buffer.counter(index).unwrap().store(100 + index as u64, Ordering::Release);
    }

    let bytes = fs::read(&name).unwrap();
    let number = |offset: usize, size: usize| {
        let mut number = [0; 8];
        number[..size].copy_from_slice(&bytes[offset..offset + size]);
        u64::from_ne_bytes(number)
    };
    let field = |name: &str| {
        let (offset, size) = header[name];
        number(offset, size.unwrap())
    };
    assert_eq!(&bytes[header["magic"].0..][..8], b"ICCBUFFR");
    assert_eq!(field("magic"), 0x5246_4655_4243_4349);
    assert_eq!((field("layout_version"), field("ready")), (2, 1));
    assert_eq!(&bytes[header["kind"].0..][..header["kind"].1.unwrap()], b"a-kind-8");
    assert_eq!(field("instance"), buffer.instance());
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap().trim().replace('-', "");
    assert_eq!(format!("{:016x}{:016x}", number(header["boot"].0 + 8, 8), number(header["boot"].0, 8)), boot);
    for features in ["features_to_read", "features_to_write", "features_other"] {
        assert_eq!(field(features), 0, "{features}");
    }
    assert_eq!((field("element_size"), field("element_align"), field("len"), field("counters")), (28, 4, 5, 3));
    assert_eq!((field("schema_offset"), field("schema_len"), field("schema_hash")), (0, 0, 0));
    assert_eq!(field("creator"), u64::from(std::process::id()));
    assert!(field("created_at") > 1_600_000_000_000_000_000);
    assert_eq!(field("total_size"), bytes.len() as u64);
    assert_eq!(field("counters_offset"), 512);
    assert_eq!(field("slots_offset"), field("counters_offset") + 128 * field("counters"));
    assert_eq!(field("total_size"), field("slots_offset") + field("len") * field("stride"));
    let words: Vec<_> = (0..4).map(|index| number(header["words"].0 + 8 * index, 8)).collect();
    assert_eq!(words, [11, 22, 33, 44]);
    assert!(bytes[header["reserved"].0..][..header["reserved"].1.unwrap()].iter().all(|&byte| byte == 0));
    let type_name = &bytes[header["type_name"].0..][..header["type_name"].1.unwrap()];
    assert_eq!(std::str::from_utf8(type_name).unwrap().trim_end_matches('\0'), "[u32; 7]");
    let hashed = b"[u32; 7]".iter().copied().chain(28_u64.to_le_bytes()).chain(4_u64.to_le_bytes());
    let hash =
        hashed.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    assert_eq!(field("fingerprint"), hash);

    for index in 0..3 {
        let at = field("counters_offset") as usize + 128 * index + counter["count"].0;
        assert_eq!(number(at, counter["count"].1.unwrap()), 100 + index as u64);
    }
    let words_of = |index: usize| {
        let start = (field("slots_offset") + field("stride") * index as u64) as usize;
        let payload = &bytes[start + slot["payload"].0..][..field("element_size") as usize];
        let payload: Vec<_> = payload.chunks(4).map(|word| u32::from_ne_bytes(word.try_into().unwrap())).collect();
        (number(start + slot["version"].0, slot["version"].1.unwrap()), payload)
    };
    assert_eq!(words_of(2), (4, vec![20, 21, 22, 23, 24, 25, 26]));
    assert_eq!(words_of(4), (2, vec![4; 7]));
}

/// The offsets that the other tests patch are those described.
#[test]
fn the_tests_use_the_described_offsets() {
    use common::field::*;
    let header = fields("## Header");
    for (name, offset) in [
        ("layout_version", LAYOUT_VERSION),
        ("ready", READY),
        ("kind", KIND),
        ("instance", INSTANCE),
        ("boot", BOOT),
        ("features_to_read", FEATURES),
        ("features_to_write", FEATURES + 8),
        ("features_other", FEATURES + 16),
        ("element_size", ELEMENT_SIZE),
        ("fingerprint", FINGERPRINT),
        ("len", LEN),
        ("stride", STRIDE),
        ("slots_offset", SLOTS_OFFSET),
        ("counters", COUNTERS),
        ("counters_offset", COUNTERS_OFFSET),
        ("total_size", TOTAL_SIZE),
        ("schema_offset", SCHEMA_OFFSET),
        ("schema_len", SCHEMA_LEN),
        ("schema_hash", SCHEMA_HASH),
        ("type_name", TYPE_NAME),
    ] {
        assert_eq!(header[name].0 as u64, offset, "{name}");
    }
}

/// The byte that stands for an id is where the description says.
#[test]
fn locks_are_where_described() {
    let name = Name::new("locks");
    let buffer = Buffer::<u64, Packed>::create(&name, Spec::new(KIND, 1), &Options::new()).unwrap();
    let _held = buffer.take_id(3..4).unwrap().unwrap();
    let locks = fs::read_to_string("/proc/locks").unwrap();
    let held = format!("{0} {0}", (1_u64 << 62) + 3);
    assert!(locks.lines().any(|line| line.contains("OFDLCK") && line.ends_with(&held)), "no such lock in\n{locks}");
}

/// The file beside a wakeable buffer has its parts where the description says.
#[test]
fn the_readers_file_is_as_described() {
    let directory = Name::directory("document-readers");
    let path = directory.path().join("buffer");
    let buffer = Buffer::<u64, Packed>::create(&path, Spec::new(KIND, 1).wakeable(), &Options::new()).unwrap();
    let file = fs::read(directory.path().join(format!("buffer.{:016x}.readers", buffer.instance()))).unwrap();
    let mut end = 512;
    for (name, offset, size) in table("## The readers' file") {
        assert_eq!(offset, end, "{name}");
        end = offset + size.unwrap();
    }
    assert_eq!(end, file.len());
    let header = fields("## Header");
    let field = |name: &str| u64::from_ne_bytes(file[header[name].0..][..8].try_into().unwrap());
    assert_eq!(&file[header["kind"].0..][..8], b"readers\0");
    assert_eq!((field("instance"), field("len"), field("stride")), (buffer.instance(), 258, 128));
    assert_eq!((field("total_size"), field("slots_offset"), field("counters")), (end as u64, 512, 0));
    assert!(file[512..].iter().all(|&byte| byte == 0));
}

/// What readers, and those who ring, do with that file is where and what the description says.
#[test]
fn a_live_readers_file_is_as_described() {
    let directory = Name::directory("document-entries");
    let path = directory.path().join("buffer");
    let spec = Spec::new(KIND, 1).wakeable().seen().holding();
    let buffer = Buffer::<u64, Packed>::create(&path, spec, &Options::new()).unwrap();
    let path = directory.path().join(format!("buffer.{:016x}.readers", buffer.instance()));
    let file = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let lines = fields("## The readers' file");
    let of_line = fields("A line of a reader, each field a number that is read and written atomically:");
    let number = |at: usize| {
        let mut number = [0; 8];
        file.read_exact_at(&mut number, at as u64).unwrap();
        u64::from_ne_bytes(number)
    };
    // Word, cursor, received and lost of line `n` of a kind.
    let line = |kind: &str, n: usize| {
        ["word", "cursor", "received", "lost"].map(|field| number(lines[kind].0 + 128 * n + of_line[field].0))
    };

    let slow = buffer.hold("a label", Some(30), || 70).unwrap().entry;
    let quick = buffer.hold("x", None, || 70).unwrap().entry;
    assert_eq!((line("holding", 0), line("holding", 1)), ([0x103, 30, 0, 0], [0x103, 70, 0, 0]));
    assert_eq!(number(lines["holders"].0), 0b11);
    assert_eq!(number(lines["holding"].0 + of_line["process"].0), u64::from(std::process::id()));
    assert!(number(lines["holding"].0 + of_line["since"].0) > 1_600_000_000_000_000_000);
    let (at, size) = of_line["label"];
    let mut label = vec![0; size.unwrap()];
    file.read_exact_at(&mut label, (lines["holding"].0 + at) as u64).unwrap();
    assert_eq!(String::from_utf8(label).unwrap().trim_end_matches('\0'), "a label");

    let seen = [40, 50].map(|cursor| buffer.take_entry("y", cursor).unwrap());
    assert_eq!((seen[0].id(), line("seen", 0), line("seen", 1)), (64, [0x102, 40, 0, 0], [0x102, 50, 0, 0]));
    seen[1].publish(51, 6, 7);
    assert_eq!(line("seen", 1), [0x102, 51, 6, 7]);

    // Bit 0 of a bell says that somebody sleeps, and goes when it is rung.
    let arm = |bell: &str| file.write_all_at(&3_u32.to_ne_bytes(), lines[bell].0 as u64).unwrap();
    let word = |bell: &str| number(lines[bell].0) as u32;
    ["messages", "room"].into_iter().for_each(arm);
    buffer.bell().unwrap().ring();
    assert_eq!((word("messages"), word("room")), (2, 3));
    seen[1].publish(52, 6, 7);
    assert_eq!(word("room"), 3, "nobody waits for one that is only seen");
    slow.publish(71, 1, 40);
    assert_eq!((line("holding", 0), word("room")), ([0x103, 71, 1, 40], 2));
    arm("room");

    drop(seen);
    assert_eq!(word("room"), 3, "as above");
    drop(slow);
    assert_eq!((line("holding", 0)[0], line("seen", 0)[0], line("seen", 1)[0]), (0x100, 0x100, 0x100));
    assert_eq!((number(lines["holders"].0), word("room")), (0b10, 2));
    let next = buffer.hold("z", Some(72), || 72).unwrap().entry;
    assert_eq!((line("holding", 0), number(lines["holders"].0)), ([0x203, 72, 0, 0], 0b11));
    drop((next, quick));
    assert_eq!(number(lines["holders"].0), 0);
}
