//! Messages and values as lines: for people, as comma-separated values, as JSON.

use crate::decode::Fields;
use crate::output::Paint;
use icc_queue::Lost;
use std::io::{self, Write as _};

/// How lines are written.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Form {
    /// One JSON object a line.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Comma-separated values, with a line of names first. A line that is no message begins with #.
    #[arg(long)]
    csv: bool,
}

/// Bytes that are gathered before they are written.
const BUFFER: usize = 64 * 1024;

/// Writes lines to standard output, in large pieces.
pub(crate) struct Printer {
    fields: Fields,
    form: Form,
    paint: Paint,
    /// What messages are numbered by.
    number: &'static str,
    out: Vec<u8>,
}

impl Printer {
    pub(crate) fn new(fields: Fields, form: Form, number: &'static str) -> Self {
        Self { fields, form, paint: Paint::for_stdout(), number, out: Vec::with_capacity(2 * BUFFER) }
    }

    /// The line of names, where there is one.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        if self.form.csv {
            self.out.extend_from_slice(self.number.as_bytes());
            self.fields.write_csv_names(&mut self.out);
            self.out.push(b'\n');
        }
        self.flush()
    }

    /// A message or value, and its number.
    #[inline]
    pub(crate) fn message(&mut self, number: u64, payload: &[u8]) -> io::Result<()> {
        self.named(&[], number, payload)
    }

    /// A value that has a name as well, or none if that is empty.
    pub(crate) fn named(&mut self, name: &[u8], number: u64, payload: &[u8]) -> io::Result<()> {
        let out = &mut self.out;
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(number).as_bytes();
        if self.form.csv {
            out.extend_from_slice(digits);
            self.fields.write_csv(payload, out);
        } else if self.form.json {
            out.extend_from_slice(b"{\"");
            out.extend_from_slice(self.number.as_bytes());
            out.extend_from_slice(b"\":");
            out.extend_from_slice(digits);
            if !name.is_empty() {
                out.extend_from_slice(b",\"name\":");
                serde_json::to_writer(&mut *out, &String::from_utf8_lossy(name))?;
            }
            out.extend_from_slice(b",\"message\":");
            self.fields.write_json(payload, out);
            out.push(b'}');
        } else {
            out.extend_from_slice(digits);
            out.extend_from_slice(b"  ");
            if !name.is_empty() {
                out.extend_from_slice(crate::text::shown(&String::from_utf8_lossy(name)).as_bytes());
                out.extend_from_slice(b"  ");
            }
            self.fields.write_text(payload, out);
        }
        out.push(b'\n');
        if out.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// Messages that are lost.
    pub(crate) fn lost(&mut self, lost: Lost) -> io::Result<()> {
        let Lost { first, next } = lost;
        let line = if self.form.json {
            format!("{{\"lost\":{},\"first\":{first},\"next\":{next}}}", lost.count())
        } else if self.form.csv {
            format!("# {lost}")
        } else {
            self.paint.yellow(format!("-- {lost}"))
        };
        self.line(&line)
    }

    /// What is to be said about a slot instead of its value.
    pub(crate) fn trouble(&mut self, number: u64, what: &str) -> io::Result<()> {
        let line = if self.form.json {
            serde_json::json!({ self.number: number, "trouble": what }).to_string()
        } else if self.form.csv {
            format!("# {} {number}: {}", self.number, crate::text::shown(what))
        } else {
            self.paint.yellow(format!("-- {} {number}: {}", self.number, crate::text::shown(what)))
        };
        self.line(&line)
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        self.out.extend_from_slice(line.as_bytes());
        self.out.push(b'\n');
        if self.out.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// Writes what was gathered.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if !self.out.is_empty() {
            let mut stdout = io::stdout().lock();
            stdout.write_all(&self.out).and_then(|()| stdout.flush())?;
            self.out.clear();
        }
        Ok(())
    }
}
