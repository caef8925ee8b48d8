//! Messages of any length: Rust produces and C reads; C++ produces and Rust reads; and what nobody wrote so.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{C, CXX, Compiler, library, succeeds};
use icc_queue::bytes::{BytesProducer, BytesQueue, BytesQueueReader, WaitError};
use icc_queue::{Mode, Mpmc, Options, Park, QueueSpec, Spmc};
use icc_testing::Name;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The reader in C, built once; none where there is no compiler.
fn program() -> Option<&'static PathBuf> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    PROGRAM.get_or_init(|| Compiler::of(C)?.program("tests/bytes.c", &["-O2"])).as_ref()
}

fn reader(how: &str, name: &Name, numbers: &[u64]) -> Option<Command> {
    let mut command = Command::new(program()?);
    command.arg(how).arg(name.as_ref()).args(numbers.iter().map(u64::to_string));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(command)
}

fn lines(output: &Output) -> Vec<String> {
    succeeds(output, "the reader");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// Runs it beside `meanwhile`, which begins once it is attached: its last line.
fn beside(mut command: Command, meanwhile: impl FnOnce()) -> String {
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut String::new()).unwrap();
    meanwhile();
    let last = output.lines().map(Result::unwrap).last();
    succeeds(&child.wait_with_output().unwrap(), "the reader");
    last.unwrap()
}

/// Slots with room for eight bytes.
fn create<M: Mode>(name: &Name, capacity: usize) -> (BytesQueue<M>, BytesProducer<M>) {
    let spec = QueueSpec::new(capacity).slot_size(40).wakeable();
    let queue = BytesQueue::create(name, spec, &Options::new()).unwrap();
    let producer = queue.producer().unwrap();
    (queue, producer)
}

/// A message that says by its length what is in it.
fn message(len: usize) -> Vec<u8> {
    (0..len).map(|k| ((7 * len + k) % 251) as u8).collect()
}

#[test]
fn messages_and_losses() {
    let name = Name::new("c-bytes");
    let (queue, mut producer) = create::<Spmc>(&name, 16);
    for text in ["one", "", "two and two", "a quarter of a ring, or 32 bytes"] {
        producer.produce(text.as_bytes()).unwrap();
    }
    let run = |numbers: &[u64]| Some(lines(&reader("print", &name, numbers)?.output().unwrap()));
    let Some(found) = run(&[0, 8, 3]) else { return };
    assert_eq!(
        found,
        [
            "kind bytes slots 16 room 8 longest 32",
            "0 one",
            "1 ",
            "too small: 11",
            "2 two and two",
            "4 a quarter of a ring, or 32 bytes",
            "received 4 lost 0 slots 0"
        ]
    );
    // From the middle of a message, with the next.
    assert_eq!(run(&[3, 8]).unwrap()[1..], ["4 a quarter of a ring, or 32 bytes", "received 1 lost 0 slots 0"]);
    // 8 to 31 are two slots each: 16 to 31 are kept. Where the Rust consumer goes on, so does the one in C.
    let mut consumer = queue.consumer_from_oldest();
    for n in 0..12 {
        producer.produce(format!("message {n:4}").as_bytes()).unwrap();
    }
    let found = run(&[4, 32]).unwrap();
    assert_eq!(found[1..3], ["lost slots 4 to 16", "16 message    4"]);
    assert_eq!(found.last().unwrap(), "received 8 lost 0 slots 12");
    let lost = consumer.try_consume_into(&mut Vec::new()).unwrap_err();
    assert_eq!(lost.to_string(), "sped past: lost 8 messages (slots 0..16)");
}

/// Slots that were left out are one loss, of whatever length, and its messages are counted.
#[test]
fn slots_that_were_left_out() {
    let name = Name::new("c-bytes-gaps");
    let spec = QueueSpec::new(16).slot_size(40).gaps();
    let queue = BytesQueue::<Spmc>::create(&name, spec, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    producer.produce(b"first").unwrap();
    producer.produce_at(5, 4, b"of two slots").unwrap();
    producer.produce_at(1000, 90, b"much later").unwrap();
    producer.skip_to(1010).unwrap();
    let Some(mut command) = reader("print", &name, &[0, 1010]) else { return };
    assert_eq!(
        lines(&command.output().unwrap())[1..],
        [
            "0 first",
            "lost slots 1 to 5, 3 messages",
            "5 of two slots",
            "lost slots 7 to 1000, 85 messages",
            "1000 much later",
            "lost slots 1002 to 1010, 0 messages",
            "received 3 lost 88 slots 1005"
        ]
    );
}

fn at_full_speed<M: Mode>(how: &str, capacity: usize) {
    const COUNT: usize = 200_000;
    let name = Name::new("c-bytes-speed");
    let (queue, mut producer) = create::<M>(&name, capacity);
    // The same lengths again and again: 0 to a quarter of the ring.
    let messages: Vec<_> = (0..=queue.longest_message().min(400)).map(message).collect();
    let slots: u64 = (0..COUNT).map(|n| messages[n % messages.len()].len().div_ceil(8).max(1) as u64).sum();
    let Some(command) = reader(how, &name, &[0, slots]) else { return };
    let last = beside(command, || {
        (0..COUNT).for_each(|n| _ = producer.produce(&messages[n % messages.len()]).unwrap());
    });
    let words: Vec<_> = last.split(' ').collect();
    let ["received", received, "lost", lost, "slots", lost_slots] = words[..] else { panic!("{last}") };
    let [received, lost, lost_slots] = [received, lost, lost_slots].map(|number| number.parse::<usize>().unwrap());
    assert!(received > 0 && lost_slots as u64 <= slots, "{last}");
    if queue.max_producers() == 1 {
        assert_eq!(received + lost, COUNT, "{last}");
    }
}

#[test]
fn at_full_speed_in_a_small_ring_each_message_is_whole_and_each_loss_counted() {
    at_full_speed::<Spmc>("check", 64);
}

#[test]
fn at_full_speed_of_many_producers() {
    at_full_speed::<Mpmc>("check", 256);
}

#[test]
fn at_full_speed_asleep_between_messages() {
    at_full_speed::<Spmc>("sleep", 4096);
}

/// What a producer that was killed left of a message is told as lost once its successor's is there.
#[test]
fn a_message_that_was_cut_short() {
    let name = Name::new("c-bytes-cut");
    let (queue, mut producer) = create::<Spmc>(&name, 16);
    for text in ["first", "a message of four slots, or 32 b", "last"] {
        producer.produce(text.as_bytes()).unwrap();
    }
    let (sound, path) = (fs::read(&name).unwrap(), Name::new("c-bytes-cut-copy"));
    let (slots, stride) = slots(&sound);
    let slot = |n: usize| slots + stride * n;
    // "last" where the third slot of the message before was, and behind that nothing, or "last" once more.
    let mut alone = sound.clone();
    alone.copy_within(slot(5)..slot(6), slot(3));
    let mut twice = alone.clone();
    twice.copy_within(slot(5)..slot(6), slot(4));
    alone[slot(4)..slot(6)].fill(0);
    for copy in [alone, twice] {
        fs::write(&path, &copy).unwrap();
        let Some(mut command) = reader("print", &path, &[0, 4]) else { return };
        let found = lines(&command.output().unwrap());
        assert_eq!(found[1..], ["0 first", "lost slots 1 to 3, 1 messages", "3 last", "received 2 lost 1 slots 2"]);
        // One that sleeps is not left asleep before what will never come.
        let mut command = reader("doze", &path, &[0, 4]).unwrap();
        assert_eq!(lines(&command.output().unwrap()).last().unwrap(), "received 2 lost 1 slots 2");
        fs::remove_file(&path).unwrap();
    }
    drop(queue);
}

/// Where the slots begin, and how far apart they are.
fn slots(file: &[u8]) -> (usize, usize) {
    let word = |at: usize| u64::from_ne_bytes(file[at..at + 8].try_into().unwrap()) as usize;
    (word(112), word(104))
}

/// Headers of queues of bytes, each field by itself.
#[test]
fn damaged_queues_are_refused() {
    let name = Name::new("c-bytes-damaged");
    let (_queue, mut producer) = create::<Spmc>(&name, 16);
    // One that is not refused finds it, and ends.
    producer.produce(b"x").unwrap();
    let sound = fs::read(&name).unwrap();
    let fields: &[(usize, &str, &[u64])] = &[
        (16, "kind", &[u64::from_ne_bytes(*b"queue\0\0\0"), u64::from_ne_bytes(*b"bytesx\0\0")]),
        (48, "features_to_read", &[1, 4]),
        (72, "element_size", &[0, 8, 24, 28, 31, 33, 64, 65_536, u64::MAX - 7]),
        (80, "element_align", &[1, 16]),
        (96, "len", &[0, 7, 32]),
        (104, "stride", &[0, 32, 36, 1 << 40]),
        (192, "words[1]", &[0, 2, 3]),
        (256, "type_name", &[0, u64::from_ne_bytes(*b"[u64; 4]")]),
    ];
    for (offset, field, values) in fields {
        for value in *values {
            let mut bytes = [&sound[..], &[0; 1024]].concat();
            bytes[*offset..offset + 8].copy_from_slice(&value.to_ne_bytes());
            let damaged = Name::new("c-bytes-damage");
            fs::write(&damaged, bytes).unwrap();
            let Some(mut command) = reader("print", &damaged, &[0, 1]) else { return };
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{field} {value:#x}");
            assert!(String::from_utf8_lossy(&output.stderr).starts_with("bytes: "), "{field} {value:#x}");
        }
    }
}

/// Somebody writes anything over the slots while a producer writes messages and C reads: its buffer is never
/// overrun, and it ends.
#[test]
fn garbage_in_slots_harms_nobody() {
    const POLLS: u64 = 200_000;
    let name = Name::new("c-bytes-garbage");
    let (queue, mut producer) = create::<Spmc>(&name, 16);
    let Some(command) = reader("garbage", &name, &[POLLS]) else { return };
    let file = fs::OpenOptions::new().write(true).open(&name).unwrap();
    let (slots, stride) = slots(&fs::read(&name).unwrap());
    let is_over = AtomicBool::new(false);
    let last = std::thread::scope(|scope| {
        scope.spawn(|| {
            // Words that are almost right: an index, a count, a length; sometimes a version.
            let mut random = 0x9e37_79b9_7f4a_7c15_u64;
            while !is_over.load(Ordering::Relaxed) {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                let (slot, word) = (random % 16, random >> 8 & 3);
                let any = [1 << 32, 2 << 32, 5 << 32, 1, 8, 9, 32, 33, u64::MAX, 1 << 63, random]
                    [(random >> 16) as usize % 11];
                // A version seldom: without sound ones nothing is read.
                if word != 0 || random >> 32 & 63 == 0 {
                    file.write_all_at(&any.to_ne_bytes(), slots as u64 + stride as u64 * slot + 8 * word).unwrap();
                }
                _ = producer.produce(&message(random as usize % 33));
            }
        });
        let output = { command }.output();
        is_over.store(true, Ordering::Relaxed);
        lines(&output.unwrap()).pop().unwrap()
    });
    assert!(last.starts_with("messages ") && !last.starts_with("messages 0 "), "{last}");
    drop(queue);
}

/// A program in C++ takes messages and sends them on, each twice as long: Rust, C++, Rust.
#[test]
fn cpp_stands_between_rust_and_rust() {
    const COUNT: usize = 20_000;
    let Some(compiler) = Compiler::of(CXX) else { return };
    let library = library("libicc_c.a");
    let arguments = [library.to_str().unwrap(), "-lpthread", "-ldl", "-lm", "-lgcc_s", "-O2"];
    let program = compiler.program("tests/bytes_mirror.cpp", &arguments).unwrap();
    let name = Name::new("c-bytes-mirror");
    let spec = QueueSpec::new(1 << 15).slot_size(64).wakeable();
    let queue = BytesQueue::<Mpmc>::create(&name, spec, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let twice = Made(format!("{}-twice", name.path().display()));
    let mut command = Command::new(program);
    command.arg(name.as_ref()).arg(&twice.0).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let long = Duration::from_secs(60);
    icc_testing::wait_until("the queue of the program", || BytesQueueReader::open(&twice.0, &Options::new()).is_ok());
    let mut consumer = BytesQueueReader::open(&twice.0, &Options::new()).unwrap().consumer_from_oldest();
    let (mut found, mut lost) = (Vec::new(), 0);
    for n in 0..COUNT {
        producer.produce(&message(n % 300)).unwrap();
        if n % 32 < 31 && n + 1 < COUNT {
            continue;
        }
        // What it has taken until now: a ring is more than that.
        while consumer.received() + lost <= n as u64 {
            match consumer.consume_into_timeout(&mut found, &mut Park::default(), long) {
                Ok(_) => {
                    let len = (consumer.received() as usize - 1) % 300;
                    assert_eq!(found, [message(len), message(len)].concat());
                }
                Err(WaitError::SpedPast(missed)) => lost += missed.messages.unwrap_or(0),
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert_eq!(lost, 0);
    // One that is too long for the program's queue ends it, and it says so.
    producer.produce(&message(9_000)).unwrap();
    let output = child.wait_with_output().unwrap();
    succeeds(&output, "the mirror");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.starts_with(&format!("{COUNT} messages, then: ")) && said.contains("longer than the longest"),
        "{said}"
    );
}

/// What a program creates, removed in the end.
struct Made(String);

impl Drop for Made {
    fn drop(&mut self) {
        let _ = icc_queue::remove(&self.0);
    }
}
