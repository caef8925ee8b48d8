//! Reading a recording.

use super::fill::fill;
use super::header::Header;
use super::{END, GAP, MESSAGE, RECORD, RecordingError, crc, half_word, word};
use icc_queue::{Lost, Position};
use icc_seqlock::Payload;
use std::io::Read;

/// Something that was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A message.
    Message {
        /// Its number in the queue.
        sequence: u64,
        /// When the recorder got it, in nanoseconds since the recording began.
        at: u64,
        /// The message, as it was in memory.
        bytes: &'a [u8],
    },
    /// Messages that the recorder lost.
    Gap {
        /// Which.
        lost: Lost,
        /// When the recorder was told, in nanoseconds since the recording began.
        at: u64,
    },
}

impl Event<'_> {
    /// When the recorder got it, in nanoseconds since the recording began.
    #[must_use]
    pub fn at(&self) -> u64 {
        let (Self::Message { at, .. } | Self::Gap { at, .. }) = *self;
        at
    }

    /// The message as a `T`; none if it is a gap, or the message has another size.
    ///
    /// Whether it *is* a `T` is what the header's element type tells.
    #[must_use]
    pub fn message<T: Payload>(&self) -> Option<T> {
        match self {
            Self::Message { bytes, .. } => bytemuck::try_pod_read_unaligned(bytes).ok(),
            Self::Gap { .. } => None,
        }
    }
}

/// Reads a recording, event by event. Give it a reader that buffers.
#[derive(Debug)]
pub struct Reader<R> {
    file: R,
    header: Header,
    /// Where the next record begins.
    at: u64,
    messages: u64,
    /// The sequence number after what has been read.
    next: u64,
    ended: bool,
    body: Vec<u8>,
}

impl<R: Read> Reader<R> {
    /// Begins to read: checks the header.
    ///
    /// # Errors
    ///
    /// [`RecordingError`] if it is no recording, or one that this program does not know.
    pub fn new(mut file: R) -> Result<Self, RecordingError> {
        let header = Header::read(&mut file)?;
        let (at, next) = (header.len() as u64, header.start.sequence);
        Ok(Self { file, header, at, messages: 0, next, ended: false, body: Vec::new() })
    }

    /// What the recording says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How many messages have been read.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// Where the queue goes on after what has been read so far: after the last record, where
    /// another recording continues this one.
    pub fn position(&self) -> Position {
        Position::new(self.header.start.instance, self.next)
    }

    /// The next event; none at the end.
    ///
    /// # Errors
    ///
    /// [`RecordingError::CutOff`] or [`RecordingError::Damaged`] where no whole record follows.
    /// After an error there is nothing more.
    #[expect(clippy::should_implement_trait, reason = "an event borrows from the reader")]
    pub fn next(&mut self) -> Result<Option<Event<'_>>, RecordingError> {
        if self.ended {
            return Ok(None);
        }
        self.ended = true;
        let damaged = |reason| Err(RecordingError::Damaged { at: self.at, reason });
        let cut_off = || Err(RecordingError::CutOff { at: self.at, messages: self.messages });
        let mut head = [0; RECORD];
        if fill(&mut self.file, &mut head)? < RECORD {
            return cut_off();
        }
        let kind = half_word(&head, 4);
        let len = match kind {
            // Checked with the header to be no more than a message can have.
            MESSAGE => self.header.element.size as usize,
            GAP | END => 8,
            _ => return damaged("there is no such kind of record"),
        };
        self.body.resize(len, 0);
        if fill(&mut self.file, &mut self.body)? < len {
            return cut_off();
        }
        if crc(&[&head[4..], &self.body]) != half_word(&head, 0) {
            return damaged("the checksum is wrong");
        }
        let (sequence, at) = (word(&head, 8), word(&head, 16));
        if kind == END {
            return match () {
                () if word(&self.body, 0) != self.messages => damaged("messages are missing"),
                () if fill(&mut self.file, &mut [0])? > 0 => damaged("something follows the end"),
                () => Ok(None),
            };
        }
        self.at += (RECORD + len) as u64;
        self.ended = false;
        if kind == GAP {
            let lost = Lost { first: sequence, next: word(&self.body, 0) };
            self.next = lost.next;
            return Ok(Some(Event::Gap { lost, at }));
        }
        self.messages += 1;
        self.next = sequence.wrapping_add(1);
        Ok(Some(Event::Message { sequence, at, bytes: &self.body }))
    }
}
