//! The hops of a system as a trace file for <https://ui.perfetto.dev>: each hop a row, an arrow from each to the next.
//!
//! ```sh
//! cargo run --release --example hops &
//! cargo run --release --example perfetto -- icc-hops-example trace.json --seconds 1
//! ```
//!
//! The file is in the JSON format that Perfetto, `chrome://tracing` and others read.

use anyhow::{Context as _, Result};
use clap::Parser;
use icc_trace::{Options, Reader, Timing};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[derive(Parser)]
struct Args {
    /// The system, as its programs name it.
    system: PathBuf,
    /// The file to write.
    file: PathBuf,
    /// How long to look.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// The most timings to write.
    #[arg(long, default_value_t = 100_000)]
    most: usize,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let mut reader = Reader::open(&args.system, &Options::new())?;
    let mut timings = Vec::new();
    let end = Instant::now() + Duration::from_secs_f64(args.seconds);
    while Instant::now() < end && timings.len() < args.most {
        reader.read(|timing| timings.push(timing));
        std::thread::sleep(Duration::from_millis(1));
    }
    timings.truncate(args.most);
    let file = File::create(&args.file).with_context(|| format!("could not create {}", args.file.display()))?;
    let mut out = BufWriter::new(file);
    write(&mut out, reader.names(), &timings)?;
    out.flush()?;
    println!("{} timings, {} lost, in {}", timings.len(), reader.lost(), args.file.display());
    Ok(())
}

fn write(out: &mut impl Write, names: &[String], timings: &[Timing]) -> Result<()> {
    write!(out, "{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[")?;
    let mut comma = "";
    let mut event = |text: String| -> Result<()> {
        write!(out, "{comma}\n{{\"pid\":1,{text}}}")?;
        comma = ",";
        Ok(())
    };
    for (id, name) in names.iter().enumerate() {
        let name = json(name);
        event(format!("\"ph\":\"M\",\"name\":\"thread_name\",\"tid\":{},\"args\":{{\"name\":{name}}}", id + 1))?;
    }
    // Small numbers, from the first on.
    let first = timings.iter().map(Timing::origin).min().unwrap_or(0);
    let micros = |ns: u64| ns.saturating_sub(first) as f64 / 1e3;
    for timing in timings {
        let (row, start) = (timing.hop() + 1, micros(timing.arrived()));
        let name = json(names.get(timing.hop()).map_or("?", |name| name));
        let (took, waited) = (timing.worked().as_nanos() as f64 / 1e3, timing.waited().as_nanos());
        event(format!(
            "\"ph\":\"X\",\"name\":{name},\"tid\":{row},\"ts\":{start:.3},\"dur\":{took:.3},\
             \"args\":{{\"origin\":{},\"waited ns\":{waited}}}",
            timing.origin()
        ))?;
        // The arrows of a cause: from where it entered, through each hop.
        let step = if timing.from().is_none() { "s" } else { "t" };
        event(format!(
            "\"ph\":\"{step}\",\"cat\":\"cause\",\"name\":\"cause\",\"id\":{},\"tid\":{row},\"ts\":{start:.3}",
            timing.origin()
        ))?;
    }
    writeln!(out, "\n]}}")?;
    Ok(())
}

/// Text as JSON writes it: a name comes from another process and may hold anything.
fn json(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            ' '..='~' => quoted.push(character),
            _ => quoted.extend(character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
        }
    }
    quoted + "\""
}
