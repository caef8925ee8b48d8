//! `icc get`: a vector's values.

use super::printer::{Content, Form, Printer};
use super::vector::{open, read, slots};
use std::path::PathBuf;

/// Prints a vector's value, or several, each whole.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  icc get positions 3\n  icc get positions 0..8 --fields quantity --csv\n  icc get positions"
)]
pub(crate) struct Args {
    /// The vector: a file in /dev/shm, or a path.
    name: PathBuf,
    /// Slots: numbers, ranges such as `0..8`, or names where the creator gave some. All unless
    /// given.
    keys: Vec<String>,
    /// Only these fields, in this order.
    #[arg(long, value_delimiter = ',', value_name = "FIELD,…")]
    fields: Vec<String>,
    #[command(flatten)]
    form: Form,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let vector = open(&args.name)?;
    let fields = super::fields(vector.buffer().inspected()).select(&args.fields)?;
    let slots = slots(vector.buffer().keys(), &args.keys, vector.len())?;
    let mut printer = Printer::new(Content::Fields(fields), args.form, "slot", vector.buffer().keys().is_some());
    printer.begin()?;
    let mut value = vec![0; vector.value_size()];
    for index in slots {
        match read(&vector, index, &mut value)? {
            Ok(_) => printer.named(vector.key(index).unwrap_or_default(), index as u64, &value)?,
            Err(trouble) => printer.trouble(index as u64, &trouble)?,
        }
    }
    Ok(printer.flush()?)
}
