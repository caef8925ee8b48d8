//! Reading a recording.

use super::{
    END, ElementType, Event, GAP, HEADER, HEADER_CHECKSUM, Header, MAGIC, MESSAGE, NAME_MAX, RECORD, RecordingError,
    VERSION, crc, half_word, word,
};
use icc_queue::{Lost, Position};
use icc_seqlock::Payload;
use std::io::{self, Read};
use std::marker::PhantomData;

/// Reads a recording: an iterator over what was recorded, in order.
///
/// It yields an error where the file was cut off or is damaged, and ends after that. Give it a
/// reader that buffers.
#[derive(Debug)]
pub struct Reader<T, R> {
    file: R,
    header: Header,
    /// Where the next record begins.
    at: u64,
    messages: u64,
    /// The sequence number after what has been read.
    next: u64,
    ended: bool,
    body: Vec<u8>,
    _message: PhantomData<T>,
}

impl Header {
    /// Reads the header of a recording of any type.
    ///
    /// # Errors
    ///
    /// [`RecordingError`] if there is none, or one that this program does not know.
    pub fn read(file: &mut impl Read) -> Result<Self, RecordingError> {
        let mut bytes = vec![0; HEADER];
        let mut have = fill(file, &mut bytes)?;
        if !MAGIC.starts_with(&bytes[..have.min(MAGIC.len())]) {
            bytes.truncate(have.min(MAGIC.len()));
            return Err(RecordingError::NotARecording { found: bytes });
        }
        let cut_off = |at: usize| RecordingError::CutOff { at: at as u64, messages: 0 };
        if have < HEADER {
            return Err(cut_off(have));
        }
        let (version, name_len) = (half_word(&bytes, 8), half_word(&bytes, 12));
        if version != VERSION {
            return Err(RecordingError::Version { found: version });
        }
        let damaged = |reason| RecordingError::Damaged { at: 0, reason };
        // Before the checksum: nothing of this size is read because a damaged file says so.
        if name_len > NAME_MAX {
            return Err(damaged("the type's name is longer than any"));
        }
        let mut name = vec![0; name_len as usize];
        have = fill(file, &mut name)?;
        if have < name.len() {
            return Err(cut_off(HEADER + have));
        }
        if crc([&bytes[..HEADER_CHECKSUM], &name]) != half_word(&bytes, HEADER_CHECKSUM) {
            return Err(damaged("the header's checksum is wrong"));
        }
        let name = String::from_utf8(name).map_err(|_| damaged("the type's name is not UTF-8"))?;
        let element =
            ElementType { name, size: word(&bytes, 16), align: word(&bytes, 24), fingerprint: word(&bytes, 32) };
        let start = Position::new(word(&bytes, 48), word(&bytes, 56));
        Ok(Self { element, began_at: word(&bytes, 40), start })
    }
}

impl<T: Payload, R: Read> Reader<T, R> {
    /// Begins to read: checks the header.
    ///
    /// # Errors
    ///
    /// [`RecordingError::OtherType`] if it holds other messages than `T`; others as they say.
    pub fn new(mut file: R) -> Result<Self, RecordingError> {
        let header = Header::read(&mut file)?;
        let expected = ElementType::of::<T>();
        if header.element != expected {
            let found = Box::new(header.element);
            return Err(RecordingError::OtherType { found, expected: Box::new(expected) });
        }
        let at = (HEADER + header.element.name.len()) as u64;
        let next = header.start.sequence;
        Ok(Self { file, header, at, messages: 0, next, ended: false, body: Vec::new(), _message: PhantomData })
    }

    /// What the recording says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Where the queue goes on after what has been read so far: after the last record, where
    /// another recording continues this one.
    pub fn position(&self) -> Position {
        Position::new(self.header.start.instance, self.next)
    }

    fn record(&mut self) -> Result<Option<Event<T>>, RecordingError> {
        let damaged = |reason| Err(RecordingError::Damaged { at: self.at, reason });
        let cut_off = || Err(RecordingError::CutOff { at: self.at, messages: self.messages });
        let mut head = [0; RECORD];
        if fill(&mut self.file, &mut head)? < RECORD {
            return cut_off();
        }
        let kind = half_word(&head, 4);
        let len = match kind {
            MESSAGE => size_of::<T>(),
            GAP | END => 8,
            _ => return damaged("there is no such kind of record"),
        };
        self.body.resize(len, 0);
        if fill(&mut self.file, &mut self.body)? < len {
            return cut_off();
        }
        if crc([&head[4..], &self.body]) != half_word(&head, 0) {
            return damaged("the checksum is wrong");
        }
        let (sequence, at) = (word(&head, 8), word(&head, 16));
        let event = match kind {
            MESSAGE => Event::Message { sequence, at, message: bytemuck::pod_read_unaligned(&self.body) },
            GAP => Event::Gap { lost: Lost { first: sequence, next: word(&self.body, 0) }, at },
            _ if word(&self.body, 0) != self.messages => return damaged("messages are missing"),
            _ if fill(&mut self.file, &mut [0])? > 0 => return damaged("something follows the end"),
            _ => return Ok(None),
        };
        self.at += (RECORD + len) as u64;
        self.messages += u64::from(kind == MESSAGE);
        self.next = match &event {
            Event::Message { sequence, .. } => sequence.wrapping_add(1),
            Event::Gap { lost, .. } => lost.next,
        };
        Ok(Some(event))
    }
}

impl<T: Payload, R: Read> Iterator for Reader<T, R> {
    type Item = Result<Event<T>, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let record = self.record();
        self.ended = !matches!(record, Ok(Some(_)));
        record.transpose()
    }
}

/// Reads as much of `bytes` as there is.
fn fill(file: &mut impl Read, bytes: &mut [u8]) -> Result<usize, RecordingError> {
    let mut have = 0;
    while have < bytes.len() {
        match file.read(&mut bytes[have..]) {
            Ok(0) => break,
            Ok(more) => have += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(RecordingError::Io { doing: "read", source }),
        }
    }
    Ok(have)
}
