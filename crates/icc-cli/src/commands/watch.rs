//! `icc watch`: a vector's changes as they come.

use super::printer::{Content, Form, Printer};
use super::vector::{open, read, slots};
use super::wait::soon;
use crate::machine::signals::Interrupted;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Prints a vector's values as they change, each whole.
///
/// Of several writes to a slot between two looks the last is printed: a vector keeps only that. Ends
/// at Ctrl-C, when whoever reads the output closes it, or when the vector is removed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  icc watch positions\n  icc watch positions 3 5 --all --fields quantity --json")]
pub(crate) struct Args {
    /// The vector: a file in /dev/shm, or a path.
    name: PathBuf,
    /// Slots: numbers, ranges such as `0..8`, or names where the creator gave some. All unless
    /// given.
    keys: Vec<String>,
    /// Print all values that were ever written first.
    #[arg(long)]
    all: bool,
    /// Only these fields, in this order.
    #[arg(long, value_delimiter = ',', value_name = "FIELD,…")]
    fields: Vec<String>,
    #[command(flatten)]
    form: Form,
    /// From one look to the next; where the vector is wakeable, longer if nothing changes.
    #[arg(long, value_name = "TIME", default_value = "10ms", value_parser = super::duration)]
    interval: Duration,
    /// End after so many lines.
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

/// How often a vector is asked whether it still has its name.
const ASK: Duration = Duration::from_millis(500);

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let vector = open(&args.name)?;
    let fields = super::fields(vector.buffer().inspected()).select(&args.fields)?;
    let mut wanted = vec![false; vector.len()];
    slots(vector.buffer().keys(), &args.keys, vector.len())?.into_iter().for_each(|index| wanted[index] = true);
    let mut changes = if args.all { vector.changes() } else { vector.changes_from_now() };
    let interrupted = Interrupted::new()?;
    let mut printer = Printer::new(Content::Fields(fields), args.form, "slot", vector.buffer().keys().is_some());
    printer.begin()?;
    let mut value = vec![0; vector.value_size()];
    let (mut left, mut asked) = (args.count.unwrap_or(u64::MAX), Instant::now());
    while left > 0 && !interrupted.is_set() {
        for change in changes.poll() {
            if left == 0 || !wanted[change.index] {
                continue;
            }
            left -= 1;
            match read(&vector, change.index, &mut value)? {
                Ok(_) => printer.named(vector.key(change.index).unwrap_or_default(), change.index as u64, &value)?,
                Err(trouble) => printer.trouble(change.index as u64, &trouble)?,
            }
        }
        printer.flush()?;
        if asked.elapsed() > ASK {
            asked = Instant::now();
            if !vector.buffer().is_current()? {
                eprintln!("icc: the vector was removed; if it was made anew, run this again");
                return Ok(());
            }
        }
        if left > 0 {
            std::thread::sleep(args.interval);
            // Without a bell, the next look tells as well.
            if let Some(bell) = vector.bell() {
                bell.wait(|| changes.is_ready(), soon());
            }
        }
    }
    Ok(())
}
