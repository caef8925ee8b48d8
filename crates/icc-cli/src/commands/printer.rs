//! Messages and values as lines: for people, as comma-separated values, as JSON.

use crate::decode::{Fields, bytes, push_csv};
use crate::output::Paint;
use icc_queue::Lost;
use icc_queue::bytes::BytesLost;
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

/// What a message consists of.
pub(crate) enum Content {
    Fields(Fields),
    /// Of any length, a text or not.
    Bytes,
}

/// What was lost.
pub(crate) struct Loss {
    /// The numbers: of messages, or of the slots they were in.
    numbers: Lost,
    /// How many messages; none if that cannot be known.
    messages: Option<u64>,
    text: String,
}

impl From<Lost> for Loss {
    fn from(lost: Lost) -> Self {
        Self { numbers: lost, messages: Some(lost.count()), text: lost.to_string() }
    }
}

impl From<BytesLost> for Loss {
    fn from(lost: BytesLost) -> Self {
        Self { numbers: lost.slots, messages: lost.messages, text: lost.to_string() }
    }
}

/// Writes lines to standard output, in large pieces.
pub(crate) struct Printer {
    content: Content,
    form: Form,
    paint: Paint,
    /// What messages are numbered by.
    number: &'static str,
    /// Whether they have names as well.
    has_names: bool,
    out: String,
}

impl Printer {
    pub(crate) fn new(content: Content, form: Form, number: &'static str, has_names: bool) -> Self {
        Self { content, form, paint: Paint::for_stdout(), number, has_names, out: String::with_capacity(2 * BUFFER) }
    }

    /// The line of names, where there is one.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        if self.form.csv {
            self.out.push_str(self.number);
            self.out.push_str(if self.has_names { ",key" } else { "" });
            match &self.content {
                Content::Fields(fields) => fields.push_csv_names(&mut self.out),
                Content::Bytes => self.out.push_str(bytes::CSV_NAMES),
            }
            self.out.push('\n');
        }
        self.flush()
    }

    /// A message or value, and its number.
    #[inline]
    pub(crate) fn message(&mut self, number: u64, payload: &[u8]) -> io::Result<()> {
        self.named("", number, payload)
    }

    /// A value that has a name as well, or none if that is empty.
    pub(crate) fn named(&mut self, name: &str, number: u64, payload: &[u8]) -> io::Result<()> {
        let out = &mut self.out;
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(number);
        if self.form.csv {
            out.push_str(digits);
            if self.has_names {
                out.push(',');
                push_csv(name, out);
            }
            match &self.content {
                Content::Fields(fields) => fields.push_csv(payload, out),
                Content::Bytes => bytes::push_csv(payload, out),
            }
        } else if self.form.json {
            out.push_str("{\"");
            out.push_str(self.number);
            out.push_str("\":");
            out.push_str(digits);
            if !name.is_empty() {
                out.push_str(",\"key\":");
                out.push_str(&crate::text::json(&name.into()));
            }
            out.push(',');
            match &self.content {
                Content::Fields(fields) => {
                    out.push_str("\"message\":");
                    fields.push_json(payload, out);
                }
                Content::Bytes => bytes::push_json(payload, out),
            }
            out.push('}');
        } else {
            out.push_str(digits);
            out.push_str("  ");
            if !name.is_empty() {
                out.push_str(&crate::text::shown(name));
                out.push_str("  ");
            }
            match &self.content {
                Content::Fields(fields) => fields.push_text(payload, out),
                Content::Bytes => bytes::push_text(payload, out),
            }
        }
        out.push('\n');
        if out.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// Messages that are lost.
    pub(crate) fn lost(&mut self, lost: impl Into<Loss>) -> io::Result<()> {
        let Loss { numbers: Lost { first, next }, messages, text } = lost.into();
        let line = if self.form.json {
            let count = messages.map_or_else(|| "null".to_owned(), |count| count.to_string());
            format!("{{\"lost\":{count},\"first\":{first},\"next\":{next}}}")
        } else if self.form.csv {
            format!("# {text}")
        } else {
            self.paint.yellow(format!("-- {text}"))
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
        self.out.push_str(line);
        self.out.push('\n');
        if self.out.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// Writes what was gathered.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if !self.out.is_empty() {
            let mut stdout = io::stdout().lock();
            stdout.write_all(self.out.as_bytes()).and_then(|()| stdout.flush())?;
            self.out.clear();
        }
        Ok(())
    }
}
