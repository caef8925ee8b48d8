//! The Rust side of the tests in other languages: sends and checks rows at full speed.
//!
//! ```text
//! peer feed NAME CAPACITY COUNT PRODUCERS   creates a queue; for each line of its input, sends COUNT rows
//! peer check NAME COUNT                     takes COUNT rows, received or lost, from the oldest on
//! peer table NAME LEN WRITES                creates a vector; for each line of its input, writes WRITES rows
//! peer slots NAME                           checks every slot of a vector, until it has row 0 in slot 0 again
//! peer figures NAME                         how long it takes to read all slots of a vector, in nanoseconds
//! ```
//!
//! Says `ready` when it has what it needs, and what it did on a line for each line of input. Fails if a row is
//! torn.

use bytemuck::{Pod, Zeroable};
use icc_queue::{ConsumeTimeoutError, Mode, Mpmc, Park, Queue, QueueReader, QueueSpec, Spmc};
use icc_schema::{Describe, DescribeOptions as _};
use icc_vector::{Options, SeqlockVector, VectorReader, VectorSpec};
use std::error::Error;
use std::io::BufRead as _;
use std::time::{Duration, Instant};

/// A number, words that follow from it, and the sum of all.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable, Describe)]
#[repr(C)]
struct Row {
    n: u64,
    words: [u64; 5],
    sum: u64,
}

impl Row {
    fn new(n: u64) -> Self {
        let words = std::array::from_fn(|k| n.wrapping_mul(1_000_003).wrapping_add(k as u64));
        Self { n, words, sum: words.iter().fold(n, |sum, word| sum.wrapping_add(*word)) }
    }

    fn check(&self) -> Result<(), String> {
        if *self == Self::new(self.n) { Ok(()) } else { Err(format!("torn: {self:?}")) }
    }
}

type Done = Result<(), Box<dyn Error>>;

fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["feed", name, capacity, count, "1"] => feed::<Spmc>(name, capacity.parse()?, count.parse()?, 1),
        ["feed", name, capacity, count, producers] => {
            feed::<Mpmc>(name, capacity.parse()?, count.parse()?, producers.parse()?)
        }
        ["check", name, count] => check(name, count.parse()?),
        ["table", name, len, writes] => table(name, len.parse()?, writes.parse()?),
        ["slots", name] => slots(name),
        ["figures", name] => figures(name),
        _ => Err("feed, check, table, slots or figures".into()),
    }
}

/// Acts for each line of the input.
fn each_line(mut act: impl FnMut() -> String) -> Done {
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        line?;
        println!("{}", act());
    }
    Ok(())
}

fn feed<M: Mode>(name: &str, capacity: usize, count: u64, producers: u64) -> Done {
    let spec = QueueSpec::new(capacity).wakeable();
    let queue = Queue::<Row, M>::create(name, spec, &Options::new().describe::<Row>())?;
    let mut producers: Vec<_> = (0..producers).map(|_| queue.producer()).collect::<Result<_, _>>()?;
    let (mut first, each) = (0, count / producers.len() as u64);
    each_line(|| {
        std::thread::scope(|scope| {
            for (id, producer) in producers.iter_mut().enumerate() {
                let from = first + id as u64 * each;
                scope.spawn(move || (from..from + each).for_each(|n| _ = producer.produce(&Row::new(n))));
            }
        });
        first += count;
        format!("sent {count}")
    })
}

fn check(name: &str, count: u64) -> Done {
    let options = Options::new().describe::<Row>();
    let mut consumer = QueueReader::<Row>::open(name, &options)?.consumer_from_oldest();
    println!("ready");
    while consumer.received() + consumer.lost() < count {
        match consumer.consume_timeout(&mut Park::default(), Duration::from_secs(60)) {
            Ok(row) => row.check()?,
            Err(ConsumeTimeoutError::SpedPast(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    println!("received {} lost {}", consumer.received(), consumer.lost());
    Ok(())
}

fn table(name: &str, len: usize, writes: u64) -> Done {
    let options = Options::new().describe::<Row>();
    let vector = SeqlockVector::<Row>::create(name, VectorSpec::new(len).wakeable(), &options)?;
    let mut writer = vector.writer()?;
    for slot in 0..len {
        writer.write(slot, &Row::new(0))?;
    }
    let mut n = 0;
    each_line(|| {
        for _ in 0..writes {
            n += 1;
            // The slot exists, and nobody else writes.
            let _ = writer.write(n as usize % len, &Row::new(n));
        }
        format!("wrote {writes}")
    })
}

fn slots(name: &str) -> Done {
    let vector = VectorReader::<Row>::open(name, &Options::new().describe::<Row>())?;
    println!("ready");
    let (mut looks, mut began, end) = (0_u64, false, Instant::now() + Duration::from_secs(60));
    loop {
        for slot in 0..vector.len() {
            vector.read(slot)?.check()?;
            looks += 1;
        }
        let first = vector.read(0)?.n;
        began |= first != 0;
        if began && first == 0 {
            println!("looked {looks}");
            return Ok(());
        }
        if Instant::now() > end {
            return Err("it did not end within a minute".into());
        }
    }
}

fn figures(name: &str) -> Done {
    let vector = VectorReader::<Row>::open(name, &Options::new().describe::<Row>())?;
    let mut all = vec![Row::new(0); vector.len()];
    let mut best = Duration::MAX;
    for _ in 0..2_000 {
        let begin = Instant::now();
        vector.read_all_into(&mut all)?;
        best = best.min(begin.elapsed());
    }
    println!("{}", best.as_nanos());
    Ok(())
}
