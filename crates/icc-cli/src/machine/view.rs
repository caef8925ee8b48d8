//! A buffer as it is watched: its counts now and then, who is alive, what the dead left.

use super::processes::FileId;
use crate::text;
use icc_buffer::{Boot, BufferError, Inspected, Kind, MAX_IDS, Options, Owner, UntypedBuffer};
use icc_queue::bytes::BytesQueueReader;
use icc_queue::untyped::QueueReader;
use icc_queue::{GroupStatus, ReaderStatus};
use icc_vector::untyped::VectorReader;
use std::fs;
use std::time::Instant;

/// Slots of a vector whose versions are added up to learn how much is written. Of larger ones
/// without counters of changes, the rate is not known.
const SLOTS_READ: usize = 16_384;
/// Of a vector: the first counter of changes, and how many there are.
const CHANGES: (usize, usize) = (193, 1_024);
/// Ids of a vector's writers.
const WRITERS: u32 = 64;
/// Messages of one dead producer that are looked at.
const LONGEST_RUN: u64 = 4_096;

/// A buffer, mapped read-only.
#[derive(Debug)]
pub(crate) struct View {
    shape: Shape,
    file: FileId,
    size: u64,
}

/// What the slots are used as.
#[derive(Debug)]
pub(crate) enum Shape {
    Queue(QueueReader),
    /// A queue of bytes, and its buffer.
    Bytes(BytesQueueReader, UntypedBuffer),
    Vector(VectorReader),
    /// A kind that this program does not know.
    Other(UntypedBuffer),
}

/// A queue without its messages.
pub(crate) type Ring = icc_queue::QueueReader<()>;

/// What was seen of a buffer at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) at: Instant,
    /// Messages produced, or values written; none where that takes too long to find out.
    pub(crate) count: Option<u64>,
    /// Producers or writers that live, by their locks.
    pub(crate) living: u32,
    /// Messages or values that a dead process left unfinished.
    pub(crate) unfinished: u64,
}

/// What watching a buffer found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seen {
    /// It is there.
    There(Sample),
    /// Its name leads elsewhere now, or it was made shorter, so that nobody can read it safely.
    Gone,
}

/// How this program opens buffers: of anybody, also old ones, and touching no page that it does not
/// need.
pub(crate) fn reading() -> Options {
    Options::new().owner(Owner::Anyone).prefault(None).previous_boot(true)
}

impl View {
    /// Opens what was inspected.
    pub(crate) fn open(inspected: &Inspected) -> anyhow::Result<Self> {
        let buffer = UntypedBuffer::open(&inspected.path, &reading()).map_err(super::directory::failure)?;
        let metadata = fs::symlink_metadata(&inspected.path)?;
        let (file, size) = (FileId::of(&metadata), metadata.len());
        let shape = match buffer.inspected().kind.to_string().as_str() {
            "queue" => Shape::Queue(QueueReader::over(buffer)?),
            "bytes" => Shape::Bytes(BytesQueueReader::over(&buffer)?, buffer),
            "vector" => Shape::Vector(VectorReader::over(buffer)?),
            _ => Shape::Other(buffer),
        };
        Ok(Self { shape, file, size })
    }

    /// The queue, whatever its messages are.
    pub(crate) fn queue(&self) -> Option<&Ring> {
        match &self.shape {
            Shape::Queue(queue) => Some(queue),
            Shape::Bytes(queue, _) => Some(queue),
            Shape::Vector(_) | Shape::Other(_) => None,
        }
    }

    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    pub(crate) fn buffer(&self) -> &UntypedBuffer {
        match &self.shape {
            Shape::Queue(queue) => queue.buffer(),
            Shape::Bytes(_, buffer) => buffer,
            Shape::Vector(vector) => vector.buffer(),
            Shape::Other(buffer) => buffer,
        }
    }

    /// The consumers of a queue that are seen or hold; none if its creator did not ask for that, or this user may
    /// not read their file.
    pub(crate) fn readers(&self) -> Option<Vec<ReaderStatus>> {
        let queue = self.queue()?;
        if !queue.is_seen() && queue.evicts().is_none() {
            return None;
        }
        let mut readers = queue.readers().ok()?;
        // Those that lose messages, or are about to, first.
        readers.sort_by(|one, other| (other.lag, &one.label).cmp(&(one.lag, &other.label)));
        Some(readers)
    }

    /// The groups of a queue; none if it has none, or this user may not read their files.
    pub(crate) fn groups(&self) -> Vec<GroupStatus> {
        let Shape::Queue(queue) = &self.shape else { return Vec::new() };
        queue.group_statuses().unwrap_or_default()
    }

    /// Looks at it once: a few counters, and a lock for each producer that there may be.
    pub(crate) fn look(&self) -> Result<Seen, BufferError> {
        // A file that was made shorter must not be touched: that would end this process.
        let there = fs::symlink_metadata(&self.buffer().inspected().path)
            .is_ok_and(|found| FileId::of(&found) == self.file && found.len() >= self.size);
        if !there {
            return Ok(Seen::Gone);
        }
        let at = Instant::now();
        let (count, living, unfinished) = match &self.shape {
            Shape::Queue(queue) => in_queue(queue, queue.buffer())?,
            Shape::Bytes(queue, buffer) => in_queue(queue, buffer)?,
            Shape::Vector(vector) => {
                let (written, unfinished) = written(vector)?;
                (written, vector.buffer().holders(0..WRITERS)?, unfinished)
            }
            Shape::Other(buffer) => (None, buffer.holders(0..MAX_IDS)?, 0),
        };
        Ok(Seen::There(Sample { at, count, living, unfinished }))
    }
}

impl Sample {
    /// Messages or values a second since an earlier sample.
    pub(crate) fn rate_since(&self, before: &Self) -> Option<f64> {
        let seconds = self.at.duration_since(before.at).as_secs_f64();
        let more = self.count?.wrapping_sub(before.count?).cast_signed().max(0);
        (seconds > 0.0).then(|| more as f64 / seconds)
    }
}

/// How many messages or slots were produced, how many producers live, and what the dead left unfinished.
fn in_queue(queue: &Ring, buffer: &UntypedBuffer) -> Result<(Option<u64>, u32, u64), BufferError> {
    let living = queue.living_producers()?;
    Ok((Some(queue.produced()), living, unfinished_messages(queue, buffer, living)?))
}

/// Messages in the ring that will never come, because their producers died.
fn unfinished_messages(queue: &Ring, buffer: &UntypedBuffer, living: u32) -> Result<u64, BufferError> {
    let (capacity, head) = (queue.capacity() as u64, queue.produced());
    let shift = capacity.trailing_zeros();
    let version = |n: u64| buffer.slot((n & (capacity - 1)) as usize).map_or(0, |slot| slot.version());
    if queue.max_producers() == 1 && buffer.counter_count() == 1 {
        // The one message that it was writing.
        return Ok(u64::from(living == 0 && version(head) & 1 == 1));
    }
    let mut unfinished = 0;
    for id in 0..queue.max_producers() {
        let counter = |index| buffer.counter(index).map_or(0, |counter| counter.load_acquire());
        let (ledger, several) = (counter(1 + 2 * id as usize), counter(2 + 2 * id as usize));
        // 0 nothing yet, 1 claiming: nobody knows which.
        if ledger & 3 < 2 || buffer.holder_lives(id)? {
            continue;
        }
        let tickets = if ledger & 3 == 2 { 1 } else { several.min(LONGEST_RUN) };
        // How far before the head, in the 62 bits that a ledger has.
        let before = head.wrapping_sub(ledger >> 2) << 2 >> 2;
        for behind in (0..tickets).map_while(|ticket| before.checked_sub(ticket)) {
            let n = head.wrapping_sub(behind);
            let complete = ((n >> shift) << 1).wrapping_add(2);
            let ahead = (version(n).wrapping_sub(complete) << (shift - 1)).cast_signed() >> (shift - 1);
            unfinished += u64::from((1..=capacity).contains(&behind) && ahead < 0);
        }
    }
    Ok(unfinished)
}

/// How many values were written, as far as versions tell, and how many slots a dead writer left
/// unfinished.
fn written(vector: &VectorReader) -> Result<(Option<u64>, u64), BufferError> {
    let buffer = vector.buffer();
    let tracked = buffer.counter_count() >= CHANGES.0 + CHANGES.1;
    let counted = || {
        let counters = (CHANGES.0..CHANGES.0 + CHANGES.1).filter_map(|index| buffer.counter(index));
        counters.fold(0_u64, |sum, counter| sum.wrapping_add(counter.load_acquire()))
    };
    if buffer.len() > SLOTS_READ {
        return Ok((tracked.then(counted), 0));
    }
    let (mut sum, mut unfinished) = (0_u64, 0);
    for index in 0..buffer.len() {
        let version = vector.version(index).unwrap_or(0);
        sum = sum.wrapping_add(version / 2);
        unfinished += u64::from(version & 1 == 1 && vector.writer_died(index).unwrap_or(false));
    }
    Ok((Some(sum), unfinished))
}

/// What is particular about a buffer: of another boot, or with features of a newer version.
pub(crate) fn marks(inspected: &Inspected) -> Vec<String> {
    let mut marks = Vec::new();
    match inspected.boot {
        Boot::Previous => marks.push("from before the machine started".to_owned()),
        Boot::Unknown => marks.push("boot not known".to_owned()),
        Boot::This => {}
    }
    if inspected.unknown_to_read() != 0 {
        marks.push(format!("needs features {:#x}, not known here", inspected.unknown_to_read()));
    }
    marks
}

/// Whether the slots hold messages of any length.
pub(crate) fn is_of_bytes(kind: Kind) -> bool {
    kind.to_string() == "bytes"
}

/// The bytes of a slot of a queue of bytes; none of another buffer.
pub(crate) fn slot_size(inspected: &Inspected) -> Option<u64> {
    // Behind the version.
    is_of_bytes(inspected.kind).then(|| inspected.element.size.saturating_add(8))
}

/// What the slots hold, in a few words.
pub(crate) fn held(inspected: &Inspected) -> String {
    match slot_size(inspected) {
        Some(size) => format!("slots of {size}"),
        None => text::cut(&text::shown(&text::short_type(&inspected.element.name)), 32),
    }
}

/// What a group is at, on one line.
pub(crate) fn group_line(group: &GroupStatus) -> String {
    let living = group.workers.iter().filter(|worker| worker.is_alive).count();
    let dead = group.workers.len() - living;
    let mut line = format!(
        "{}: {}, {} waiting, {} handled, {} lost, {} set aside",
        text::shown(&group.name),
        text::count(living as u64, "worker", "workers"),
        text::thousands(group.waiting),
        text::thousands(group.handled),
        text::thousands(group.lost),
        text::thousands(group.set_aside),
    );
    if dead > 0 {
        line += &format!(", {dead} DEAD");
    }
    line
}

pub(crate) fn group_json(group: &GroupStatus) -> serde_json::Value {
    let worker = |worker: &icc_queue::WorkerStatus| {
        serde_json::json!({
            "id": worker.id, "alive": worker.is_alive, "at": worker.at, "handled": worker.handled, "process": worker.process,
        })
    };
    serde_json::json!({
        "name": group.name, "start": group.start, "waiting": group.waiting, "handled": group.handled, "lost": group.lost,
        "set_aside": group.set_aside, "workers": group.workers.iter().map(worker).collect::<serde_json::Value>(),
    })
}

/// A reader as JSON.
pub(crate) fn reader_json(reader: &ReaderStatus) -> serde_json::Value {
    serde_json::json!({
        "label": reader.label, "kind": reader.kind.to_string(), "alive": reader.is_alive, "lag": reader.lag, "cursor": reader.cursor,
        "received": reader.received, "lost": reader.lost, "process": reader.process,
    })
}
