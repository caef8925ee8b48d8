//! `top --hops`: the hops of two processes, and what a hostile one cannot do.

use crate::run::{output, refusal, stdout};
use crate::top::Terminal;
use icc_queue::{Options, Queue, QueueReader, SpinThenSleep};
use icc_testing::{Actor, Name, Random, wait_until};
use icc_trace::{Hop, Stamped, Trace, TraceSpec};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

fn hop(directory: &Path, name: &str) -> Hop {
    Trace::open_or_create(directory.join("desk"), &TraceSpec::new()).unwrap().hop(name).unwrap()
}

/// A feed and a model, each a process, until they are killed; the model takes 20 µs.
pub(crate) fn play(role: &str, directory: &Path) {
    let quotes = directory.join("quotes");
    if role == "traced feed" {
        let mut producer = Queue::<Stamped<u64>>::create(&quotes, 1_024, &Options::new()).unwrap().producer().unwrap();
        let mut feed = hop(directory, "feed").sampling(2);
        for n in 0.. {
            let cause = feed.enter();
            feed.pass(cause, n, |message| producer.produce(message));
            std::thread::sleep(Duration::from_micros(500));
        }
    }
    let mut consumer = QueueReader::<Stamped<u64>>::open(&quotes, &Options::new()).unwrap().consumer();
    let mut model = hop(directory, "model");
    loop {
        let quote = consumer.consume(&mut SpinThenSleep::default()).unwrap();
        let arrival = model.arrive(&quote);
        let start = Instant::now();
        while start.elapsed() < Duration::from_micros(20) {}
        model.end(arrival);
    }
}

fn start(directory: &Name) -> [Actor; 2] {
    let feed = Actor::start("traced feed", directory.path(), &[]);
    wait_until("the feed's queue", || directory.path().join("quotes").exists());
    let model = Actor::start("traced model", directory.path(), &[]);
    // Its ring comes after its names.
    wait_until("the system", || directory.path().join("desk.hops").exists());
    [feed, model]
}

/// The words of the line that begins so.
fn line<'a>(said: &'a str, name: &str) -> Vec<&'a str> {
    let line = said.lines().find(|line| line.starts_with(name));
    line.unwrap_or_else(|| panic!("no {name}: {said}")).split_whitespace().collect()
}

/// The times of a hop's line in nanoseconds, from its waiting's median to its work's maximum.
fn times(words: &[&str]) -> Vec<f64> {
    let time = |pair: &[&str]| {
        let units = [("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)];
        let (_, unit) = units.into_iter().find(|(unit, _)| *unit == pair[1])?;
        Some(pair[0].parse::<f64>().ok()? * unit)
    };
    words.windows(2).filter_map(time).collect()
}

#[test]
fn hops_of_two_processes() {
    let directory = Name::directory("hops");
    let mut actors = start(&directory);
    let desk = directory.path().join("desk");
    let top = || stdout(["top", "--hops", desk.to_str().unwrap(), "--interval", "300ms", "--count", "2"]);
    let mut said = String::new();
    wait_until("both hops", || {
        said = top();
        // Each table has a hop's line and a path's.
        said.matches("model  ").count() > 2
    });
    assert_eq!(said.matches("hops of ").count(), 2, "{said}");
    let last = &said[said.rfind("hops of ").unwrap()..];
    let (feed, model) = (line(last, "feed"), line(last, "model"));
    assert_eq!(model.last(), Some(&"feed"), "{said}");
    // The feed has no waiting. In each of the model's messages are 20 µs, in all three of its figures.
    let (feed, model) = (times(&feed), times(&model));
    assert!(feed.len() == 3 && model.len() == 6 && model[3..].iter().all(|&work| work >= 20_000.0), "{said}");
    // By its ring's name, as `icc ls` shows it.
    let ring = directory.path().join("desk.hops");
    assert!(stdout(["top", "--count=1", "--interval=50ms", "--hops", ring.to_str().unwrap()]).contains("hops of "));
    // Nobody records any more.
    actors.iter_mut().for_each(Actor::kill);
    let said = top();
    assert!(said.contains("nothing was recorded"), "{said}");
    icc_trace::remove(&desk).unwrap();
    let (code, said) = refusal(["top", "--hops", desk.to_str().unwrap()]);
    assert!(code == Some(3) && said.contains("is traced"), "{code:?} {said}");
    let (code, said) = refusal(["top", "--count=1"]);
    assert!(code == Some(2) && said.contains("--hops"), "{code:?} {said}");
}

/// In a terminal of either size: all columns, what is new, and a key that leaves.
#[test]
fn in_a_terminal() {
    for (width, height) in [(80, 24), (120, 36)] {
        let directory = Name::directory("hops-terminal");
        let mut actors = start(&directory);
        let desk = directory.path().join("desk");
        let arguments = format!("--interval 200ms --hops {}", desk.display());
        let Some(terminal) = Terminal::start(width, height, &arguments) else { return };
        let screen = terminal
            .line("model", "the model's work", |words| words.last() == Some(&"feed") && times(words).len() == 6);
        assert!(screen.contains("WHOLE PATH TO") && screen.contains("q leaves"), "{screen}");
        assert!(screen.lines().all(|line| line.chars().count() <= width as usize), "{screen}");
        actors.iter_mut().for_each(Actor::kill);
        wait_until("nothing more", || terminal.screen().contains("nothing was recorded"));
        terminal.press("q");
        wait_until("the end", || terminal.screen().contains("LEFT"));
    }
}

/// Garbage in both files, again and again, while hops record: the command ends well, and shows nothing that moves a
/// terminal.
#[test]
fn garbage() {
    let directory = Name::directory("hops-garbage");
    let _actors = start(&directory);
    let desk = directory.path().join("desk");
    let files = [".hops", ".hop-names"].map(|suffix| {
        let path = format!("{}{suffix}", desk.display());
        std::fs::File::options().write(true).open(path).unwrap()
    });
    let mut child = crate::run::Running::start(
        ["top", "--interval=100ms", "--count=10", "--hops", desk.to_str().unwrap()],
        std::process::Stdio::piped(),
    );
    // It has opened the files once it shows something.
    let mut said = vec![0];
    std::io::Read::read_exact(child.0.stdout.as_mut().unwrap(), &mut said).unwrap();
    let mut random = Random(11);
    let end = Instant::now() + Duration::from_millis(800);
    while Instant::now() < end {
        for file in &files {
            // Not the header: the command has read it.
            let at = 1_024 + random.below(file.metadata().unwrap().len() / 8 - 128) * 8;
            file.write_all_at(&random.next().to_ne_bytes(), at).unwrap();
            file.write_all_at(b"\x1b[2J\x07\xff\r\n", at).unwrap();
        }
    }
    std::io::Read::read_to_end(child.0.stdout.as_mut().unwrap(), &mut said).unwrap();
    let (code, complaint) = child.end();
    let said = String::from_utf8(said).unwrap();
    assert_eq!((code, complaint.as_str()), (Some(0), ""), "{said}");
    assert!(said.matches("hops of ").count() == 10 && !said.contains(['\x1b', '\x07', '\r']), "{said:?}");
    // One that is started afterwards says what it found, and does not hang.
    output(["top", "--interval=50ms", "--count=1", "--hops", desk.to_str().unwrap()]);
}
