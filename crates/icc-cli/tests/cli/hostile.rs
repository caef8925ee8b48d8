//! Files that lie: whatever is in a buffer, and whatever it is called, no command hangs, dies or lets
//! it move the terminal.

use crate::feed::{self, Message, message};
use crate::run::{output, stdout};
use icc_queue::{Mpmc, Options, Queue, QueueSpec};
use icc_testing::{Name, Random, torture};
use icc_vector::{SeqlockVector, Tracked};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Output;
use std::time::Instant;

/// Buffers of every kind, as they should be: their bytes.
fn whole(directory: &Path) -> Vec<Vec<u8>> {
    let path = |name: &str| directory.join(name);
    {
        let plain = Queue::<Message>::create(path("plain"), 16, &Options::new()).unwrap();
        let mut producer = plain.producer().unwrap();
        (0..40).for_each(|n| _ = producer.produce(&message(n)));
        let many =
            Queue::<Message, Mpmc>::create(path("many"), QueueSpec::new(16).max_producers(2), &Options::new()).unwrap();
        let mut producer = many.producer().unwrap();
        (0..40).for_each(|n| _ = producer.produce(&message(n)));
        Queue::<u64>::create(path("gaps"), QueueSpec::new(16).gaps().starting_at(7), &Options::new()).unwrap();
        let vector = SeqlockVector::<[f64; 2]>::create(path("vector"), 9, &Options::new()).unwrap();
        let mut writer = vector.writer().unwrap();
        (0..9).for_each(|n| _ = writer.write(n, &[1.5, n as f64]).unwrap());
        SeqlockVector::<u32, Tracked<icc_vector::SingleWriter>>::create(path("tracked"), 9, &Options::new()).unwrap();
    }
    let described = feed::start("quotes", &path("described"), &[("CAPACITY", 16), ("COUNT", 5)]);
    feed::wait_for(&path("described"), 5);
    drop(described);
    let names = ["plain", "many", "gaps", "vector", "tracked", "described"];
    let bytes = names.map(|name| fs::read(path(name)).unwrap());
    names.iter().for_each(|name| icc_queue::remove(path(name)).unwrap());
    bytes.into()
}

/// The same with some of it changed: words of the header, the schema, counters, versions, the length.
fn changed(whole: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..1 + random.below(4) {
        let word = match random.below(4) {
            // The header, then the schema or counters, then anything.
            0 | 1 => random.below(32),
            2 => 32 + random.below(128),
            _ => random.below(bytes.len() as u64 / 8),
        };
        let at = (8 * word as usize).min(bytes.len() - 8);
        let place = bytes[at..].first_chunk_mut().unwrap();
        let was = u64::from_ne_bytes(*place);
        let now = match random.below(7) {
            0 => random.next(),
            1 => was ^ 1 << random.below(64),
            2 => (1_u64 << random.below(64)).wrapping_sub(random.below(3)),
            3 => was.wrapping_add(random.below(9)).wrapping_sub(4),
            4 => u64::from_ne_bytes(*b"\x1b[2J\x07\r\n\0"),
            5 => u64::MAX / (1 + random.below(16)),
            _ => u64::from_ne_bytes(*b"[[[[{\"\\u"),
        };
        *place = now.to_ne_bytes();
    }
    if random.below(6) == 0 {
        bytes.truncate(random.below(bytes.len() as u64) as usize);
    }
    bytes
}

/// It ended by itself, and said nothing that a terminal would obey.
fn harmless(what: &str, output: &Output) {
    let code = output.status.code();
    assert!(
        code.is_some_and(|code| code < 5),
        "{what} ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    for stream in [&output.stdout, &output.stderr] {
        let text = std::str::from_utf8(stream).unwrap_or_else(|error| panic!("{what}: {error}"));
        let bad = text.chars().find(|&character| character.is_control() && character != '\n');
        assert!(bad.is_none() && !text.contains('\u{202e}'), "{what}: {bad:?} in {text:?}");
        assert!(!text.contains("panicked"), "{what}: {text}");
    }
}

/// With `ICC_TORTURE_SECONDS=n` for as long.
#[test]
fn nothing_in_a_file_does_harm() {
    let seed = RandomState::new().hash_one(0);
    let mut random = Random(seed);
    let directory = Name::directory("hostile");
    let whole = whole(directory.path());
    let start = Instant::now();
    let mut read = 0;
    loop {
        for index in 0..60 {
            let original = &whole[random.below(whole.len() as u64) as usize];
            fs::write(directory.path().join(format!("b{index}")), changed(original, &mut random)).unwrap();
        }
        let list = output(["ls".as_ref(), directory.path().as_os_str(), "--json".as_ref(), "--interval=1ms".as_ref()]);
        harmless(&format!("seed {seed:#x}: ls"), &list);
        let list: Value = serde_json::from_slice(&list.stdout).unwrap();
        harmless("ls", &output(["ls".as_ref(), directory.path().as_os_str(), "--interval=0".as_ref()]));
        for row in list.as_array().unwrap() {
            let path = directory.path().join(row["name"].as_str().unwrap());
            let run = |args: &[&str]| {
                let all = [args[0].as_ref(), path.as_os_str()].into_iter().chain(args[1..].iter().map(OsStr::new));
                let output = output(all);
                harmless(&format!("seed {seed:#x}: {args:?} of {row:#}"), &output);
                output.status.success()
            };
            run(&["stat", "--interval=0"]);
            run(&["stat", "--interval=0", "--json"]);
            if row["kind"] == "vector" {
                read += u32::from(run(&["get", "0..3"]) || run(&["get", "0", "--json"]));
            } else {
                read += u32::from(run(&["tail", "--from=oldest", "--no-follow", "--count=20"]));
                run(&["tail", "--from=oldest", "--no-follow", "--count=3", "--json"]);
                run(&["tail", "--from=oldest", "--no-follow", "--count=3", "--csv"]);
            }
            run(&["rm", "--dry-run"]);
        }
        if torture().is_none_or(|time| start.elapsed() > time) {
            break;
        }
    }
    assert!(read > 3, "hardly anything was read: {read}");
}

#[test]
fn nothing_in_a_name_does_harm() {
    let directory = Name::directory("names");
    let bytes = whole(directory.path()).swap_remove(0);
    let names: [&[u8]; 4] = [b"clear\x1b[2J", b"two\nlines", b"\xff\xfe", "reordered\u{202e}".as_bytes()];
    for name in names {
        fs::write(directory.path().join(OsStr::from_bytes(name)), &bytes).unwrap();
    }
    for more in ["--json", "--interval=1ms"] {
        harmless("ls", &output(["ls".as_ref(), directory.path().as_os_str(), more.as_ref()]));
    }
    let text = stdout(["ls".as_ref(), directory.path().as_os_str()]);
    assert_eq!(text.lines().count(), 5);
    for shown in ["clear\\u{1b}[2J", "two\\nlines", "\\xff\\xfe", "reordered\\u{202e}"] {
        assert!(text.contains(shown), "no {shown} in {text}");
    }
    for name in names {
        let path = directory.path().join(OsStr::from_bytes(name));
        harmless("stat", &output(["stat".as_ref(), path.as_os_str()]));
        harmless("tail", &output(["tail".as_ref(), path.as_os_str(), "--from=1000".as_ref()]));
        harmless("rm", &output(["rm".as_ref(), path.as_os_str()]));
        assert!(!path.exists());
        harmless("stat", &output(["stat".as_ref(), path.as_os_str()]));
    }
}
