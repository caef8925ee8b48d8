//! `record`.

use crate::feed::{self, Message, message, with_messages};
use crate::run::{Running, icc, refusal, signal, stdout};
use icc_cli::recording::{Event, Reader, RecordingError};
use icc_queue::{Lost, Options, Queue};
use icc_testing::{Name, Random, wait_until};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

fn args<'a>(queue: &'a Path, file: &'a Path, more: &'a [&'a str]) -> Vec<&'a OsStr> {
    let mut args = vec!["record".as_ref(), queue.as_os_str(), file.as_os_str()];
    args.extend(more.iter().map(OsStr::new));
    args
}

/// What a file holds: each message is as its number says. First and next number, how many messages,
/// and what ended it.
pub(crate) fn read(path: &Path) -> (Vec<Lost>, u64, u64, Result<(), RecordingError>) {
    let mut reader = Reader::new(BufReader::new(File::open(path).unwrap())).unwrap();
    let (mut gaps, mut next, mut count) = (Vec::new(), reader.position().sequence, 0);
    loop {
        match reader.next() {
            Ok(Some(event @ Event::Message { sequence, .. })) => {
                assert_eq!((sequence, event.message::<Message>()), (next, Some(message(sequence))));
                (next, count) = (sequence + 1, count + 1);
            }
            Ok(Some(Event::Gap { lost, .. })) => {
                assert_eq!(lost.first, next);
                next = lost.next;
                gaps.push(lost);
            }
            Ok(None) => return (gaps, next, count, Ok(())),
            Err(error) => return (gaps, next, count, Err(error)),
        }
    }
}

#[test]
fn what_was_produced() {
    let directory = Name::directory("record");
    let (queue, file) = (directory.path().join("quotes"), directory.path().join("quotes.rec"));
    let _feed = with_messages(&queue, 64, 100);
    let said = stdout(args(&queue, &file, &["--from=oldest", "--count=60"]));
    assert!(said.starts_with("recorded 60 messages in ") && said.contains(", 0 lost: "), "{said}");
    assert!(said.ends_with(&format!("{} bytes in 1 file\n", fs::metadata(&file).unwrap().len())), "{said}");
    let (gaps, next, count, end) = read(&file);
    assert_eq!((gaps.len(), next, count), (0, 96, 60));
    end.unwrap();
    let header = Reader::new(File::open(&file).unwrap()).unwrap().header().clone();
    assert_eq!((header.element.name.as_str(), header.queue.capacity, header.queue.many_producers), ("[u64; 7]", 64, 0));

    let (code, said) = refusal(args(&queue, &file, &["--count=1"]));
    assert!(code == Some(4) && said.contains("exists: give another file"), "{code:?} {said}");
    let later = directory.path().join("later.rec");
    stdout(args(&queue, &later, &["--continue", file.to_str().unwrap(), "--count=4"]));
    let (_, next, count, end) = read(&later);
    assert_eq!((next, count), (100, 4));
    end.unwrap();
}

/// A recorder that is stopped for a while loses messages; the file says which.
#[test]
fn what_was_lost() {
    let directory = Name::directory("record-lost");
    let (path, file) = (directory.path().join("quotes"), directory.path().join("quotes.rec"));
    let queue = Queue::<Message>::create(&path, 64, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut n = 0;
    let mut produce = |count| (0..count).for_each(|_| n = producer.produce(&message(n)) + 1);
    produce(1);
    let recorder = Running::start(args(&path, &file, &["--from=oldest"]), Stdio::piped());
    wait_until("a header", || fs::metadata(&file).is_ok_and(|file| file.len() > 96));
    wait_until("the first message", || read(&file).2 == 1);
    signal(recorder.0.id(), rustix::process::Signal::STOP);
    produce(1_000);
    signal(recorder.0.id(), rustix::process::Signal::CONT);
    produce(1);
    wait_until("the last message", || read(&file).1 == 1_002);
    assert_eq!(recorder.interrupt(), (Some(0), String::new()));
    let (gaps, next, count, end) = read(&file);
    end.unwrap();
    let lost: u64 = gaps.iter().map(Lost::count).sum();
    assert!(lost >= 900 && lost + count == 1_002 && next == 1_002, "{gaps:?}");
}

#[test]
fn a_new_file_when_one_is_full() {
    let directory = Name::directory("record-parts");
    let (queue, file) = (directory.path().join("quotes"), directory.path().join("quotes.rec"));
    let _feed = with_messages(&queue, 1024, 1_000);
    let said = stdout(args(&queue, &file, &["--from=0", "--count=1000", "--max-size=20K", "--keep=2"]));
    assert!(said.ends_with("in 4 files\n"), "{said}");
    let part = |number| directory.path().join(format!("quotes.rec.{number}"));
    assert!(!file.exists() && !part(1).exists() && !part(4).exists());
    let ((_, next, first, end), (_, last, second, _)) = (read(&part(2)), read(&part(3)));
    end.unwrap();
    assert_eq!((last, next + second), (1_000, 1_000));
    assert!((19..21).contains(&(fs::metadata(part(2)).unwrap().len() / 1024)) && first > 200);
    let header = Reader::new(File::open(part(3)).unwrap()).unwrap().header().clone();
    assert_eq!((header.part, header.start.sequence), (3, next));
}

/// Killed at a hundred random moments, or a share of that: what is in the file is whole, without a
/// hole, up to some last message.
#[test]
fn kills() {
    let times = if icc_testing::torture().is_some() { 100 } else { 10 };
    let directory = Name::directory("record-kills");
    let (path, file) = (directory.path().join("quotes"), directory.path().join("quotes.rec"));
    let _feed = feed::start("feed", &path, &[("CAPACITY", 65_536), ("RATE", 20_000)]);
    let mut random = Random(7);
    let mut most = 0;
    for _ in 0..times {
        let mut recorder = Running::start(args(&path, &file, &["--force"]), Stdio::null());
        std::thread::sleep(Duration::from_millis(20 + random.below(300)));
        recorder.0.kill().unwrap();
        recorder.0.wait().unwrap();
        let Ok(metadata) = fs::metadata(&file) else { continue };
        if metadata.len() > 0 {
            let (gaps, _, count, end) = read(&file);
            assert!(matches!(end, Err(RecordingError::CutOff { .. })) && gaps.is_empty(), "{end:?}");
            most = most.max(count);
        }
    }
    assert!(most > 500, "no recorder lived long enough: {most}");
}

/// The system takes no more bytes, as of a full disk: an error, and a file that is read as far as it
/// goes.
#[test]
fn a_full_disk() {
    let directory = Name::directory("record-full");
    let (queue, file) = (directory.path().join("quotes"), directory.path().join("quotes.rec"));
    let _feed = with_messages(&queue, 4096, 4_000);
    let icc = icc(["record"]).get_program().to_owned();
    let script = "trap '' XFSZ; ulimit -f 100; exec \"$@\"";
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", script, "sh"]).arg(icc).args(args(&queue, &file, &["--from=0", "--count=4000"]));
    let output = limited.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && said.contains("can be read up to its last whole message"), "{said}");
    assert!(said.contains("could not write the recording"), "{said}");
    let (_, next, count, end) = read(&file);
    assert!(matches!(end, Err(RecordingError::CutOff { .. })) && next == count && count > 500, "{count}: {end:?}");
}
