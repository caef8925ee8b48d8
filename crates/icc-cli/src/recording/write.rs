//! Writing a recording.

use super::header::Header;
use super::{END, GAP, MESSAGE, RECORD, RecordingError, crc};
use icc_queue::Lost;
use std::io::{self, Write};
use std::time::Instant;

/// Bytes that are kept here before the system gets them.
const BUFFER: usize = 256 * 1024;

/// Writes a recording, in large pieces. What has been [flushed](Self::flush) stays if this process
/// is killed.
#[derive(Debug)]
pub struct Writer<W> {
    file: W,
    buffer: Vec<u8>,
    began: Instant,
    size: u64,
    written: u64,
    messages: u64,
    next: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a recording: writes the header. Times count from now.
    ///
    /// # Errors
    ///
    /// [`RecordingError::Io`].
    pub fn new(file: W, header: &Header) -> Result<Self, RecordingError> {
        Self::begun(file, header, Instant::now())
    }

    /// As [`new`](Self::new), where times count from `began`: for a file that continues another.
    ///
    /// # Errors
    ///
    /// [`RecordingError::Io`].
    pub fn begun(file: W, header: &Header, began: Instant) -> Result<Self, RecordingError> {
        let buffer = header.to_bytes();
        let (size, next) = (header.element.size, header.start.sequence);
        let mut writer = Self { file, buffer, began, size, written: 0, messages: 0, next };
        writer.flush()?;
        Ok(writer)
    }

    /// Appends a message, received now.
    ///
    /// # Errors
    ///
    /// [`RecordingError::MessageSize`] if it is no message of this recording;
    /// [`RecordingError::Io`].
    #[inline]
    pub fn message(&mut self, sequence: u64, message: &[u8]) -> Result<(), RecordingError> {
        if message.len() as u64 != self.size {
            return Err(RecordingError::MessageSize { found: message.len(), expected: self.size });
        }
        self.messages += 1;
        self.next = sequence.wrapping_add(1);
        self.record(MESSAGE, sequence, message)
    }

    /// Appends that messages were lost.
    ///
    /// # Errors
    ///
    /// [`RecordingError::Io`].
    pub fn gap(&mut self, lost: Lost) -> Result<(), RecordingError> {
        self.next = lost.next;
        self.record(GAP, lost.first, &lost.next.to_le_bytes())
    }

    /// Hands everything so far to the system, so that it stays if this process is killed.
    ///
    /// # Errors
    ///
    /// [`RecordingError::Io`]. What the system took before is in the file: some whole records, and
    /// perhaps a part of one.
    pub fn flush(&mut self) -> Result<(), RecordingError> {
        let mut rest = &self.buffer[..];
        let mut outcome = Ok(());
        while !rest.is_empty() && outcome.is_ok() {
            match self.file.write(rest) {
                Ok(0) => outcome = Err(io::ErrorKind::WriteZero.into()),
                Ok(taken) => rest = &rest[taken..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => outcome = Err(error),
            }
        }
        let taken = self.buffer.len() - rest.len();
        self.written += taken as u64;
        // Never twice: what was taken is in the file, whatever became of the rest.
        self.buffer.drain(..taken);
        outcome.and_then(|()| self.file.flush()).map_err(|source| RecordingError::Io { doing: "write", source })
    }

    /// Ends the recording and gives back what it was written to.
    ///
    /// # Errors
    ///
    /// [`RecordingError::Io`].
    pub fn finish(mut self) -> Result<W, RecordingError> {
        self.record(END, self.next, &self.messages.to_le_bytes())?;
        self.flush()?;
        Ok(self.file)
    }

    /// How many messages there are.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// How many bytes there are, those included that the system does not have yet.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    #[inline]
    fn record(&mut self, kind: u32, sequence: u64, body: &[u8]) -> Result<(), RecordingError> {
        let at = self.began.elapsed().as_nanos() as u64;
        let mut head = [0; RECORD];
        head[4..8].copy_from_slice(&kind.to_le_bytes());
        head[8..16].copy_from_slice(&sequence.to_le_bytes());
        head[16..24].copy_from_slice(&at.to_le_bytes());
        let checksum = crc(&[&head[4..], body]);
        head[..4].copy_from_slice(&checksum.to_le_bytes());
        self.buffer.extend_from_slice(&head);
        self.buffer.extend_from_slice(body);
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }
}
