//! Writing a recording.

use super::{END, ElementType, GAP, MAGIC, MESSAGE, RecordingError, VERSION, crc};
use icc_queue::{Lost, Position};
use icc_seqlock::Payload;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Writes a recording. Give it a writer that buffers: it writes record by record.
#[derive(Debug)]
pub struct Writer<T, W> {
    file: W,
    began: Instant,
    messages: u64,
    next: u64,
    _message: PhantomData<T>,
}

impl<T: Payload, W: Write> Writer<T, W> {
    /// Begins a recording at this place of a queue: writes the header.
    ///
    /// # Errors
    ///
    /// [`RecordingError::Io`].
    pub fn new(mut file: W, start: Position) -> Result<Self, RecordingError> {
        let ElementType { name, size, align, fingerprint } = ElementType::of::<T>();
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64);
        let mut header = Vec::from(MAGIC);
        header.extend(VERSION.to_le_bytes());
        header.extend((name.len() as u32).to_le_bytes());
        let words = [size, align, fingerprint, since_1970, start.instance, start.sequence];
        words.iter().for_each(|word| header.extend(word.to_le_bytes()));
        let checksum = crc([&header, name.as_bytes()]);
        header.extend(checksum.to_le_bytes());
        header.extend([0; 4]);
        header.extend(name.as_bytes());
        file.write_all(&header).map_err(failed)?;
        Ok(Self { file, began: Instant::now(), messages: 0, next: start.sequence, _message: PhantomData })
    }

    /// Appends a message, received now.
    ///
    /// # Errors
    ///
    /// [`RecordingError::Io`].
    pub fn message(&mut self, sequence: u64, message: &T) -> Result<(), RecordingError> {
        self.messages += 1;
        self.next = sequence.wrapping_add(1);
        self.record(MESSAGE, sequence, bytemuck::bytes_of(message))
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
    /// [`RecordingError::Io`].
    pub fn flush(&mut self) -> Result<(), RecordingError> {
        self.file.flush().map_err(failed)
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

    fn record(&mut self, kind: u32, sequence: u64, body: &[u8]) -> Result<(), RecordingError> {
        let at = self.began.elapsed().as_nanos() as u64;
        let mut head = [0; super::RECORD];
        head[4..8].copy_from_slice(&kind.to_le_bytes());
        head[8..16].copy_from_slice(&sequence.to_le_bytes());
        head[16..24].copy_from_slice(&at.to_le_bytes());
        let checksum = crc([&head[4..], body]);
        head[..4].copy_from_slice(&checksum.to_le_bytes());
        self.file.write_all(&head).and_then(|()| self.file.write_all(body)).map_err(failed)
    }
}

fn failed(source: io::Error) -> RecordingError {
    RecordingError::Io { doing: "write", source }
}
