//! Getting a writer: an id that the kernel keeps, and slots that nobody else has.

use crate::lines::{self, TURN, WRITERS};
use crate::{Exclusive, Mode, SeqlockVector, Writer, WriterError};
use core::ops::Range;
use icc_buffer::{IdLock, Placement};
use icc_seqlock::primitive::{Ordering, thread};
use icc_seqlock::{Payload, Tag, primitive::Backoff};

impl<T: Payload, M: Mode, P: Placement> SeqlockVector<T, M, P> {
    /// A writer of all slots, for one thread. Up to 64 at a time, in all processes.
    ///
    /// In [`MultiWriter`](crate::MultiWriter) mode each may write every slot; in [`SingleWriter`](crate::SingleWriter) mode there is
    /// only this one until it is dropped or its process has ended.
    ///
    /// # Errors
    ///
    /// [`WriterError`] if another has the slots, 64 live, or the system refuses the lock that tells.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_vector::{SeqlockVector, SingleWriter, WriterError};
    ///
    /// let clock = SeqlockVector::<u64, SingleWriter>::new(3)?;
    /// let mut writer = clock.writer()?;
    /// writer.write(0, &7)?;
    /// assert_eq!(clock.read(0)?, 7);
    /// assert_eq!(clock.writer().err(), Some(WriterError::Taken { range: 0..3 }));
    /// drop(writer);
    /// assert!(clock.writer().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn writer(&self) -> Result<Writer<T, M, P>, WriterError> {
        self.seat(0..self.len())
    }

    fn seat(&self, range: Range<usize>) -> Result<Writer<T, M, P>, WriterError> {
        let turn = self.turn()?;
        if M::SINGLE {
            self.check_free(&range)?;
        }
        let lock = self.buffer.take_id(0..WRITERS)?.ok_or(WriterError::TooMany { max: WRITERS })?;
        let id = lock.id();
        let ledger = self.counter(lines::ledger(id));
        // Relaxed: what the holder before did happens before this, by the lock.
        let left = ledger.load(Ordering::Relaxed);
        if left != lines::FREE {
            self.bury(id, left);
        }
        // Release: pairs with the Acquire in `Look`. Whoever sees this sees the count that is due to the dead.
        ledger.store(lines::HELD, Ordering::Release);
        let [start, end] = lines::range(id);
        // Relaxed, both: others look at them in their turn only, and this turn happens before theirs.
        self.counter(start).store(range.start as u64, Ordering::Relaxed);
        self.counter(end).store(range.end as u64, Ordering::Relaxed);
        if self.seats() <= id {
            // Release: pairs with the Acquire in `seats`. Whoever sees it sees the ledger held, or later.
            self.counter(lines::SEATS).store(u64::from(id) + 1, Ordering::Release);
        }
        drop(turn);
        Ok(Writer::new(self.clone(), lock, range))
    }

    /// Settles what the dead holder of `id` left, before another has that id. In one's turn only.
    ///
    /// The slots that it left half-written name this id, which is about to live again: from now on they say that their writer is
    /// dead. And it may have completed a write and not counted it: cursors found that by its ledger, and now must by the count.
    fn bury(&self, id: u32, left: u64) {
        let [start, end] = lines::range(id).map(|line| self.line(line).load_relaxed() as usize);
        for index in start..end.min(self.len()) {
            // SAFETY: less than the length.
            let slot = unsafe { self.cell(index) };
            let found = slot.version();
            if Tag::of(found) == lines::tag(id) {
                // Fails only if another, who found the death too, has taken the slot over.
                _ = slot.retag(found, lines::DEAD);
            }
        }
        if let Some(index) = lines::slot_of(left, self.len()) {
            self.count_change(index);
        }
    }

    /// One gets a writer at a time. Held for a few instructions and system calls, also by whom the kernel ends in between.
    fn turn(&self) -> Result<IdLock, WriterError> {
        const ROUNDS: u32 = if cfg!(icc_loom) { 3 } else { 100_000 };
        let mut backoff = Backoff::new();
        for _ in 0..ROUNDS {
            if let Some(turn) = self.buffer.take_id(TURN..TURN + 1)? {
                return Ok(turn);
            }
            backoff.spin();
            thread::yield_now();
        }
        Err(WriterError::Stalled)
    }

    /// Sees that no living writer has a slot of `range`. In one's turn only.
    fn check_free(&self, range: &Range<usize>) -> Result<(), WriterError> {
        for id in 0..self.seats() {
            let [start, end] = lines::range(id).map(|line| self.line(line).load_relaxed() as usize);
            if start < range.end && range.start < end && self.buffer.holder_lives(id)? {
                return Err(WriterError::Taken { range: start..end });
            }
        }
        Ok(())
    }
}

impl<T: Payload, M: Exclusive, P: Placement> SeqlockVector<T, M, P> {
    /// A writer of the slots in `range` alone. Others can be had for other ranges, in any process.
    ///
    /// # Errors
    ///
    /// [`WriterError::Taken`] if a living writer has one of them; [`WriterError::BadRange`] if there are none or they do not exist;
    /// others as [`writer`](Self::writer).
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_vector::{SeqlockVector, SingleWriter, WriteError, WriterError};
    ///
    /// let ideal = SeqlockVector::<f64, SingleWriter>::new(10)?;
    /// let mut trend = ideal.writer_of(0..4)?;
    /// let mut carry = ideal.writer_of(4..10)?;
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| trend.write(3, &1.0).unwrap());
    ///     scope.spawn(|| carry.write(4, &-2.0).unwrap());
    /// });
    /// assert_eq!(trend.write(4, &1.0), Err(WriteError::NotOwned { index: 4, range: 0..4 }));
    /// assert_eq!(ideal.writer_of(3..5).err(), Some(WriterError::Taken { range: 0..4 }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn writer_of(&self, range: Range<usize>) -> Result<Writer<T, M, P>, WriterError> {
        if range.is_empty() || range.end > self.len() {
            return Err(WriterError::BadRange { range, len: self.len() });
        }
        self.seat(range)
    }
}
