//! The files of one recording.

use crate::exit::Failure;
use crate::text;
use anyhow::Context as _;
use icc_cli::recording::{Header, RecordingError, Writer};
use icc_queue::{Lost, Position};
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Writes a recording, in one file or in several of a limited size.
pub(super) struct Parts {
    writer: Option<Writer<File>>,
    /// Of the file that is being written.
    header: Header,
    base: PathBuf,
    path: PathBuf,
    began: Instant,
    next: u64,
    max_size: u64,
    keep: u32,
    overwrite: bool,
    /// Bytes of the files that are complete.
    bytes: u64,
}

/// `quotes.rec`, `quotes.rec.1`, and so on.
pub(super) fn path(base: &Path, part: u32) -> PathBuf {
    if part == 0 {
        return base.to_owned();
    }
    let mut name = base.as_os_str().to_owned();
    name.push(format!(".{part}"));
    name.into()
}

impl Parts {
    pub(super) fn create(
        base: &Path,
        header: Header,
        overwrite: bool,
        max_size: Option<u64>,
        keep: Option<u32>,
    ) -> anyhow::Result<Self> {
        let (began, next) = (Instant::now(), header.start.sequence);
        let mut parts = Self {
            writer: None,
            header,
            base: base.to_owned(),
            path: base.to_owned(),
            began,
            next,
            max_size: max_size.unwrap_or(u64::MAX),
            keep: keep.unwrap_or(u32::MAX),
            overwrite,
            bytes: 0,
        };
        parts.open()?;
        Ok(parts)
    }

    /// Begins the file that `header` describes.
    fn open(&mut self) -> anyhow::Result<()> {
        self.path = path(&self.base, self.header.part);
        let mut options = OpenOptions::new();
        options.write(true).truncate(true).create(self.overwrite).create_new(!self.overwrite);
        let file = options.open(&self.path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => anyhow::Error::new(Failure::Refused(format!(
                "{} exists: give another file, or --force",
                self.path.display()
            ))),
            _ => anyhow::anyhow!("could not create {}: {error}", self.path.display()),
        })?;
        self.writer = Some(Writer::begun(file, &self.header, self.began)?);
        Ok(())
    }

    /// The file that is being written.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn writer(&mut self) -> &mut Writer<File> {
        self.writer.as_mut().expect("a file is open until the end")
    }

    #[inline]
    pub(super) fn message(&mut self, sequence: u64, message: &[u8]) -> anyhow::Result<()> {
        self.writer().message(sequence, message)?;
        self.next = sequence.wrapping_add(1);
        if self.writer().bytes() >= self.max_size { self.rotate() } else { Ok(()) }
    }

    pub(super) fn gap(&mut self, lost: Lost) -> anyhow::Result<()> {
        self.next = lost.next;
        Ok(self.writer().gap(lost)?)
    }

    pub(super) fn flush(&mut self) -> Result<(), RecordingError> {
        self.writer().flush()
    }

    /// Ends this file and begins the next.
    fn rotate(&mut self) -> anyhow::Result<()> {
        self.close()?;
        self.header.part += 1;
        self.header.start = Position::new(self.header.start.instance, self.next);
        self.open()?;
        if let Some(oldest) = self.header.part.checked_sub(self.keep) {
            let oldest = path(&self.base, oldest);
            fs::remove_file(&oldest).with_context(|| format!("could not remove {}", text::shown_name(&oldest)))?;
        }
        Ok(())
    }

    fn close(&mut self) -> anyhow::Result<()> {
        if let Some(writer) = self.writer.take() {
            // The end record is yet to come: 32 bytes.
            let bytes = writer.bytes() + 32;
            writer.finish()?.sync_all().with_context(|| format!("could not write {}", text::shown_name(&self.path)))?;
            self.bytes += bytes;
        }
        Ok(())
    }

    /// Ends the recording: how many bytes in how many files there are.
    pub(super) fn finish(mut self) -> anyhow::Result<(u64, u32)> {
        self.close()?;
        Ok((self.bytes, self.header.part + 1))
    }
}
