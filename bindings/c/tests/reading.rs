//! A C program attaches to queues and vectors by their described layout alone, and reads what Rust
//! writes.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{C, Compiler};
use icc_queue::{Mpmc, Options, Queue, QueueSpec};
use icc_schema::{Describe, DescribeOptions as _};
use icc_testing::Name;
use icc_vector::SeqlockVector;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// The C program, built once; none where there is no compiler.
fn program() -> Option<&'static PathBuf> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    PROGRAM.get_or_init(|| Compiler::of(C)?.program("tests/attach.c", &["-O2"])).as_ref()
}

/// A run of it.
struct Attach(Command);

impl Attach {
    fn to(what: &str, name: &Name, numbers: &[u64]) -> Option<Self> {
        let mut command = Command::new(program()?);
        command.arg(what).arg(name.as_ref()).args(numbers.iter().map(u64::to_string));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Some(Self(command))
    }

    fn run(mut self) -> Output {
        self.0.output().unwrap()
    }

    /// What it prints, if all is well.
    fn lines(self) -> Vec<String> {
        lines(&self.run())
    }

    /// Runs it beside `meanwhile`, which begins once it is attached.
    fn beside(mut self, meanwhile: impl FnOnce()) -> Vec<String> {
        let mut child = self.0.spawn().unwrap();
        let mut header = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut header).unwrap();
        meanwhile();
        let rest = output.lines().map(Result::unwrap);
        let lines = std::iter::once(header.trim_end().to_owned()).chain(rest).collect();
        let ended = child.wait_with_output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        lines
    }
}

fn lines(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// What message `n`, or the value of version `n`, is made of.
fn words<const N: usize>(n: u64) -> [u64; N] {
    std::array::from_fn(|k| n * 1_000_003 + k as u64)
}

/// The totals at the end: received and lost.
fn totals(lines: &[String]) -> (u64, u64) {
    let last: Vec<_> = lines.last().unwrap().split(' ').collect();
    let ["received", received, "lost", lost] = last[..] else { panic!("{lines:?}") };
    (received.parse().unwrap(), lost.parse().unwrap())
}

#[test]
fn header_messages_and_losses_of_a_queue() {
    let name = Name::new("c");
    let queue = Queue::<[u64; 3]>::create(&name, 8, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    (0..5).for_each(|n| _ = producer.produce(&[n, 10 * n, 100 * n]));
    let Some(attach) = Attach::to("queue", &name, &[0, 5]) else { return };
    let lines = attach.lines();
    assert!(lines[0].starts_with("kind queue mode 1 len 8 size 24 type [u64; 3] "), "{lines:?}");
    assert_eq!(lines[1..], ["0 0 0 0", "1 1 10 100", "2 2 20 200", "3 3 30 300", "4 4 40 400", "received 5 lost 0"]);

    // 12 to 19 are kept. Where the Rust consumer goes on, so does the one in C.
    (5..20).for_each(|n| _ = producer.produce(&[n, 0, 0]));
    let mut consumer = queue.consumer_from_oldest();
    let lines = Attach::to("queue", &name, &[3, 17]).unwrap().lines();
    assert_eq!(lines[1..3], ["lost 3 to 12", "12 12 0 0"]);
    assert_eq!(consumer.try_consume(), Ok([12, 0, 0]));
    assert_eq!(totals(&lines), (8, 9));
}

#[test]
fn a_queue_at_full_speed() {
    const COUNT: u64 = 1_000_000;
    let name = Name::new("c-speed");
    let queue = Queue::<[u64; 13]>::create(&name, 4, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let Some(attach) = Attach::to("check", &name, &[0, COUNT]) else { return };
    let lines = attach.beside(|| (0..COUNT).for_each(|n| _ = producer.produce(&words(n))));
    let (received, lost) = totals(&lines);
    assert!(received > 0 && received + lost == COUNT, "{lines:?}");
}

/// Numbers that were left out are one loss, of whatever length.
#[test]
fn a_queue_with_gaps() {
    let name = Name::new("c-gaps");
    let queue = Queue::<[u64; 1]>::create(&name, QueueSpec::new(8).gaps(), &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    for n in [0, 1, 4, 5, 1000, 1001] {
        producer.produce_at(n, &[7 * n]).unwrap();
    }
    // 1000 and 1001 took the places of 0 and 1.
    let Some(attach) = Attach::to("queue", &name, &[2, 1000]) else { return };
    let lines = attach.lines();
    assert_eq!(
        lines[1..],
        ["lost 2 to 4", "4 28", "5 35", "lost 6 to 1000", "1000 7000", "1001 7007", "received 4 lost 996"]
    );
}

#[test]
fn a_queue_with_gaps_at_full_speed() {
    const COUNT: u64 = 300_000;
    let name = Name::new("c-gaps-speed");
    let queue = Queue::<[u64; 13]>::create(&name, QueueSpec::new(64).gaps(), &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    // Three of a hundred are left out, and now and then more than the ring keeps.
    let number = |k: u64| k + k / 97 * 3 + k / 10_000 * 200;
    let end = number(COUNT - 1) + 1;
    let Some(attach) = Attach::to("check", &name, &[0, end]) else { return };
    let lines = attach.beside(|| (0..COUNT).for_each(|k| producer.produce_at(number(k), &words(number(k))).unwrap()));
    let (received, lost) = totals(&lines);
    assert!(received > 0 && received <= COUNT && received + lost == end, "{lines:?}");
}

#[test]
fn a_queue_of_two_producers() {
    const EACH: u64 = 100_000;
    let name = Name::new("c-many");
    let queue = Queue::<[u64; 1], Mpmc>::create(&name, 1 << 18, &Options::new()).unwrap();
    let Some(attach) = Attach::to("queue", &name, &[0, 2 * EACH]) else { return };
    let lines = attach.beside(|| {
        std::thread::scope(|scope| {
            for from in [0, EACH] {
                let mut producer = queue.producer().unwrap();
                scope.spawn(move || (from..from + EACH).for_each(|n| _ = producer.produce(&[n])));
            }
        });
    });
    assert!(lines[0].starts_with("kind queue mode 2 len 262144 size 8 type [u64; 1] "), "{}", lines[0]);
    assert_eq!(totals(&lines), (2 * EACH, 0));
    let mut messages: Vec<u64> =
        lines[1..lines.len() - 1].iter().map(|line| line.split(' ').nth(1).unwrap().parse().unwrap()).collect();
    messages.sort_unstable();
    assert!(messages.into_iter().eq(0..2 * EACH));
}

#[test]
fn the_slots_of_a_vector() {
    let name = Name::new("c-vector");
    let table = SeqlockVector::<[u64; 2]>::create(&name, 3, &Options::new()).unwrap();
    let mut writer = table.writer().unwrap();
    writer.write(0, &[5, 6]).unwrap();
    writer.write(2, &[1, 2]).unwrap();
    writer.write(2, &[7, 8]).unwrap();
    let Some(attach) = Attach::to("vector", &name, &[]) else { return };
    let lines = attach.lines();
    assert!(lines[0].starts_with("kind vector mode 1 len 3 size 16 type [u64; 2] "), "{lines:?}");
    assert_eq!(lines[1..], ["0 at 2 5 6", "1 at 0 0 0", "2 at 4 7 8"]);
}

#[test]
fn a_slot_of_a_vector_at_full_speed() {
    const WRITES: u64 = 300_000;
    let name = Name::new("c-watch");
    let table = SeqlockVector::<[u64; 13]>::create(&name, 4, &Options::new()).unwrap();
    let mut writer = table.writer().unwrap();
    let Some(attach) = Attach::to("watch", &name, &[3, 2 * WRITES]) else { return };
    let lines = attach.beside(|| (1..=WRITES).for_each(|n| _ = writer.write(3, &words(2 * n)).unwrap()));
    assert_eq!(lines[1..], [format!("last {}", 2 * WRITES)]);
}

/// A reader that sleeps at the bell between messages is woken for each, and then the bell rings for nobody.
#[test]
fn a_sleeping_reader_is_woken() {
    const COUNT: u64 = 200;
    let name = Name::new("c-sleep");
    let queue = Queue::<[u64; 2]>::create(&name, QueueSpec::new(1024).wakeable(), &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let Some(attach) = Attach::to("sleep", &name, &[0, COUNT]) else { return };
    let lines = attach.beside(|| {
        for n in 0..COUNT {
            std::thread::sleep(std::time::Duration::from_millis(3));
            producer.produce(&words(n));
        }
    });
    assert_eq!(lines[1..], ["wakes 1".to_owned(), format!("received {COUNT} lost 0")]);
}

/// Without a bell it looks in slices.
#[test]
fn a_reader_sleeps_without_a_bell() {
    let name = Name::new("c-slices");
    let queue = Queue::<[u64; 2]>::create(&name, 1024, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let Some(attach) = Attach::to("sleep", &name, &[0, 10]) else { return };
    let lines = attach.beside(|| {
        for n in 0..10 {
            std::thread::sleep(std::time::Duration::from_millis(20));
            producer.produce(&words(n));
        }
    });
    assert_eq!(lines[1..], ["wakes 0", "received 10 lost 0"]);
}

#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable, Describe)]
#[repr(C)]
struct Quote {
    bid: f64,
    sizes: [u32; 4],
    ask: f64,
}

#[test]
fn fields_are_found_by_name() {
    let name = Name::new("c-schema");
    Queue::<Quote>::create(&name, 8, &Options::new().describe::<Quote>()).unwrap();
    for (field, found) in
        [("bid", "at 0 format \"<f8\""), ("sizes", "at 8 format [\"<u4\",[4]]"), ("ask", "at 24 format \"<f8\"")]
    {
        let Some(mut attach) = Attach::to("schema", &name, &[]) else { return };
        attach.0.arg(field);
        assert_eq!(attach.lines()[1..], [found]);
    }
    let mut attach = Attach::to("schema", &name, &[]).unwrap();
    attach.0.arg("as");
    assert_eq!(attach.run().status.code(), Some(1));
}

/// Each field by itself: what a hostile or an older creator may have left there ends in a message,
/// not in a fault.
#[test]
fn damaged_buffers_are_refused() {
    let name = Name::new("c-damaged");
    let queue = Queue::<[u64; 3]>::create(&name, 8, &Options::new()).unwrap();
    queue.producer().unwrap().produce(&[1, 2, 3]);
    let sound = fs::read(&name).unwrap();
    let refused = |bytes: &[u8], what: &str| {
        let damaged = Name::new("c-damage");
        fs::write(&damaged, bytes).unwrap();
        let Some(attach) = Attach::to("queue", &damaged, &[0, 1]) else { return };
        let output = attach.run();
        let says = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{what}: {says}");
        assert!(says.starts_with("attach: "), "{what}: {says}");
    };
    if let Some(attach) = Attach::to("queue", &name, &[0, 1]) {
        assert_eq!(totals(&attach.lines()), (1, 0));
    }
    refused(&[], "an empty file");
    refused(&sound[..511], "half a header");
    refused(&sound[..sound.len() - 1], "cut off");
    let fields: &[(usize, &str, &[u64])] = &[
        (0, "magic", &[0]),
        (8, "layout_version", &[1 | 1 << 32, 3 | 1 << 32]),
        (8, "ready", &[2, 2 | 2 << 32]),
        (16, "kind", &[0, u64::from_ne_bytes(*b"vector\0\0"), u64::from_ne_bytes(*b"queue\0\0x")]),
        (24, "instance", &[0]),
        (48, "features_to_read", &[1, 1 << 63]),
        (72, "element_size", &[1 << 40, u64::MAX]),
        (80, "element_align", &[0, 3, 64, 1 << 63]),
        (96, "len", &[0, 4, 7, 256, 1 << 62]),
        (104, "stride", &[0, 16, 36, 40, 1 << 63]),
        (112, "slots_offset", &[0, 644, 768, 1 << 40, u64::MAX - 7]),
        (120, "counters", &[0, 2, 1 << 57, u64::MAX]),
        (128, "counters_offset", &[8, 640, u64::MAX - 127]),
        (136, "total_size", &[0, 640, u64::MAX]),
        (144, "schema_offset", &[512]),
        (152, "schema_len", &[1, 128, 16_385, u64::MAX]),
        (216, "keys_offset", &[512]),
        (224, "keys_len", &[1, 128, 4_194_305, u64::MAX]),
        (192, "words[1]", &[0, 2, 3]),
        (200, "words[2]", &[0, 2]),
    ];
    for (offset, field, values) in fields {
        for value in *values {
            // Longer than it need be, so that no field is refused for the file's size only.
            let mut bytes = [&sound[..], &[0; 1024]].concat();
            bytes[*offset..offset + 8].copy_from_slice(&value.to_ne_bytes());
            refused(&bytes, &format!("{field} {value:#x}"));
        }
    }
}

/// What the guides show in C compiles.
#[test]
fn the_programs_in_the_guides() {
    let mut guides = 0;
    for guide in ["docs/reading-from-c.md", "docs/shared-memory-layout.md", "docs/languages.md", "bindings/c/README.md"]
    {
        let text = fs::read_to_string(format!("{}/../../{guide}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        for (fence, language) in [("```c\n", C), ("```cpp\n", common::CXX)] {
            for program in text.split(fence).skip(1).map(|rest| rest.split("```").next().unwrap()) {
                let Some(compiler) = Compiler::of(language) else { return };
                let standard = if language == C { "-std=c11" } else { "-std=c++17" };
                compiler.check(guide, program, &[standard, "-Wno-unused-function"]);
                guides += 1;
            }
        }
    }
    assert!(guides > 3, "the guides have programs");
}
