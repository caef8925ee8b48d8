//! Programs in C and C++ that produce, and Rust beside them, in both directions.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use bytemuck::{Pod, Zeroable};
use common::{C, CXX, Compiler, library, succeeds};
use icc_queue::{ConsumeTimeoutError, Options, Park, Queue, QueueReader, QueueSpec};
use icc_schema::{Describe, DescribeOptions as _};
use icc_testing::Name;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

/// A program, linked with the library.
fn program(language: common::Language, source: &str, shared: bool) -> Option<PathBuf> {
    let compiler = Compiler::of(language)?;
    if !shared {
        let library = library("libicc_c.a");
        return compiler.program(source, &[library.to_str()?, "-lpthread", "-ldl", "-lm", "-lgcc_s", "-O2"]);
    }
    let library = library("libicc_c.so");
    let directory = library.parent()?.to_str()?;
    compiler.program(source, &["-O2", &format!("-L{directory}"), "-licc_c", &format!("-Wl,-rpath,{directory}")])
}

fn start(program: &PathBuf, arguments: &[&str]) -> Child {
    Command::new(program).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What it printed, if all is well.
fn end(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    succeeds(&output, "the program");
    String::from_utf8(output.stdout).unwrap()
}

/// A name in /dev/shm that takes the place of what a program creates, to remove it in the end.
struct Made(String);

impl Drop for Made {
    fn drop(&mut self) {
        let _ = icc_queue::remove(&self.0);
    }
}

fn made(name: &str) -> Made {
    Made(format!("icc-c-{name}-{}", std::process::id()))
}

#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable, Describe)]
#[repr(C)]
struct Quote {
    bid: f64,
    ask: f64,
    at: u64,
}

/// The example in C sends, Rust reads by its own type, which matches by its fields, and answers.
#[test]
fn c_sends_and_rust_answers() {
    const COUNT: u64 = 50_000;
    let Some(program) = program(C, "examples/produce.c", true) else { return };
    let name = made("quotes");
    let answers = Made(format!("{}-answers", name.0));
    let child = start(&program, &[&name.0, &COUNT.to_string()]);
    let options = Options::new().describe::<Quote>();
    let quotes = QueueReader::<Quote>::open_within(&name.0, LONG, &options).unwrap();
    let mut consumer = quotes.consumer_from_oldest();
    let back = Queue::<u64>::create(&answers.0, QueueSpec::new(1024).wakeable(), &Options::new()).unwrap();
    let mut producer = back.producer().unwrap();
    for n in 0..COUNT {
        let quote = consumer.consume_timeout(&mut Park::default(), LONG).unwrap();
        assert_eq!(quote, Quote { bid: 100.0 + n as f64, ask: 100.5 + n as f64, at: n });
        if n % 100 == 99 {
            producer.produce(&n);
        }
    }
    assert_eq!(end(child), format!("{COUNT} quotes, {} answers\n", COUNT / 100));
    // It let its place go, and the queue goes on where it was.
    let queue = Queue::<Quote>::open(&name.0, &options).unwrap();
    assert_eq!(queue.producer().unwrap().produce(&Quote::zeroed()), COUNT);
}

/// The example in C++ between two queues, under a producer at full speed: what it received comes out
/// doubled and in order, and it tells exactly how many it lost.
#[test]
fn cpp_stands_between_rust_and_rust() {
    const COUNT: u64 = 1_000_000;
    let Some(program) = program(CXX, "examples/mirror.cpp", false) else { return };
    let name = Name::new("c-mirror");
    let numbers = Queue::<u64>::create(&name, QueueSpec::new(256).wakeable(), &Options::new()).unwrap();
    let mut producer = numbers.producer().unwrap();
    let path = name.path().to_str().unwrap();
    let doubled = Made(format!("{path}-doubled"));
    let child = start(&program, &[path, &(COUNT - 1).to_string()]);
    let reader = QueueReader::<u64>::open_within(&doubled.0, LONG, &Options::new()).unwrap();
    let mut consumer = reader.consumer_from_oldest();
    std::thread::scope(|scope| {
        scope.spawn(|| (0..COUNT).for_each(|n| _ = producer.produce(&n)));
        let (mut next, mut received, mut lost) = (0, 0, 0);
        // Until the last message, or the program ends because it lost that one.
        let mut child = Some(child);
        let mut told = String::new();
        while next < 2 * COUNT {
            match consumer.consume_timeout(&mut Park::default(), Duration::from_millis(100)) {
                Ok(number) => {
                    assert!(number % 2 == 0 && number >= next, "{number} after {next}");
                    (next, received) = (number + 2, received + 1);
                }
                Err(ConsumeTimeoutError::SpedPast(missed)) => lost += missed.count(),
                Err(_) if child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_some()) => {
                    told = end(child.take().unwrap());
                    if consumer.lag() == 0 {
                        break;
                    }
                }
                Err(_) if child.is_none() => break,
                Err(_) => {}
            }
        }
        if let Some(child) = child {
            told = end(child);
        }
        let sent = received + lost;
        assert_eq!(told, format!("{sent} received, {} lost\n", COUNT - sent));
        assert!(received > 0);
    });
}
