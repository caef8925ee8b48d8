//! A consumer, and a check of everything it says.

use crate::sample::{Sample, sender_and_count};
use crate::tally::Tally;
use icc_queue::{ConsumeTimeoutError, Consumer, Lost, Park, QueueReader, QueueSpec, Recovery, TryConsumeError};
use std::collections::HashMap;
use std::time::Duration;

/// A queue of this capacity whose consumers can be woken, or not, at random.
pub(crate) fn spec(capacity: usize) -> QueueSpec {
    let spec = QueueSpec::new(capacity);
    if fastrand::bool() { spec.wakeable() } else { spec }
}

/// A consumer with an account of its own beside the consumer's.
pub(crate) struct Account<T> {
    consumer: Consumer<T>,
    started: u64,
    received: u64,
    lost: u64,
    skipped: u64,
    /// Each sender's last count.
    last: HashMap<u16, u64>,
    pub(crate) tally: Tally,
}

impl<T: Sample> Account<T> {
    pub(crate) fn new(consumer: Consumer<T>) -> Self {
        let started = consumer.next_sequence();
        let tally = Tally { attaches: 1, ..Tally::default() };
        Self { consumer, started, received: 0, lost: 0, skipped: 0, last: HashMap::new(), tally }
    }

    /// One of the ways to start, at random.
    pub(crate) fn anywhere(queue: &QueueReader<T>) -> Self {
        let consumer = match fastrand::u8(0..4) {
            0 => queue.consumer(),
            1 => queue.consumer_from_oldest(),
            _ => {
                let back = fastrand::u64(0..2 * queue.capacity() as u64);
                // It may be gone already.
                let position = queue.position(queue.produced().wrapping_sub(back));
                queue.consumer_at(position).unwrap_or_else(|_| queue.consumer())
            }
        };
        let recoveries = [Recovery::Oldest, Recovery::OldestPlus(3), Recovery::Newest, Recovery::Stop];
        let recovery = recoveries[fastrand::usize(0..recoveries.len())];
        Self::new(consumer.with_recovery(recovery))
    }

    /// Takes what is there, in one of the ways to do so. False if there was nothing.
    pub(crate) fn attempt(&mut self) -> bool {
        self.tally.operations += 1;
        match fastrand::u8(..) {
            0 => {
                self.skipped += self.consumer.skip_to_newest();
                true
            }
            1..16 => self.batch(),
            16..24 => self.drain(),
            24..28 => self.asleep(),
            _ => self.one(),
        }
    }

    fn one(&mut self) -> bool {
        let mut message = T::zeroed();
        match self.consumer.try_consume_into(&mut message) {
            Ok(_) => self.receive(&message),
            Err(TryConsumeError::SpedPast(lost)) => self.lose(lost),
            Err(TryConsumeError::Empty) => return false,
        }
        true
    }

    /// Waits for the next message, asleep if the queue allows it.
    fn asleep(&mut self) -> bool {
        let mut message = T::zeroed();
        let mut wait = Park::new(Duration::from_micros(fastrand::u64(0..3)));
        match self.consumer.consume_into_timeout(&mut message, &mut wait, Duration::from_micros(fastrand::u64(0..500)))
        {
            Ok(_) => self.receive(&message),
            Err(ConsumeTimeoutError::SpedPast(lost)) => self.lose(lost),
            Err(_) => return false,
        }
        true
    }

    fn batch(&mut self) -> bool {
        let mut messages = vec![T::zeroed(); fastrand::usize(0..9)];
        match self.consumer.try_consume_batch(&mut messages) {
            Ok(count) => messages[..count].iter().for_each(|message| self.receive(message)),
            Err(lost) => self.lose(lost),
        }
        !messages.is_empty()
    }

    fn drain(&mut self) -> bool {
        let got: Vec<_> = self.consumer.drain().take(fastrand::usize(1..100)).collect();
        for item in &got {
            match item {
                Ok(message) => self.receive(message),
                Err(lost) => self.lose(*lost),
            }
        }
        !got.is_empty()
    }

    fn receive(&mut self, message: &T) {
        self.received += 1;
        self.tally.messages += 1;
        let Some(number) = message.number() else {
            self.tally.mixed += 1;
            return;
        };
        let (sender, count) = sender_and_count(number);
        if count <= self.last.insert(sender, count).unwrap_or(0) {
            self.tally.doubled += 1;
        }
    }

    /// Counts a loss, which must begin where the consumer was. One that stopped there is resumed.
    fn lose(&mut self, lost: Lost) {
        let position = self.started.wrapping_add(self.received + self.lost + self.skipped);
        self.tally.unaccounted += u64::from(lost.first != position);
        self.lost += lost.count();
        if let Some(more) = self.consumer.resume() {
            self.lost += more.count();
        }
    }

    /// Takes all up to `produced`, which nobody adds to any more, until `give_up` says so; and
    /// checks the account.
    pub(crate) fn close(mut self, produced: u64, mut give_up: impl FnMut() -> bool) -> Tally {
        while self.consumer.next_sequence() != produced && !give_up() {
            if !self.one() {
                std::thread::yield_now();
            }
        }
        let span = self.consumer.next_sequence().wrapping_sub(self.started);
        self.tally.unaccounted += produced.wrapping_sub(self.consumer.next_sequence());
        self.tally.unaccounted += span.abs_diff(self.received + self.lost + self.skipped);
        let said = [self.consumer.received(), self.consumer.lost(), self.consumer.skipped()];
        self.tally.unaccounted += u64::from(said != [self.received, self.lost, self.skipped]);
        self.tally.lost += self.lost + self.skipped;
        self.tally
    }

    /// Ends anywhere, with a check of the account so far.
    pub(crate) fn leave(self) -> Tally {
        let here = self.consumer.next_sequence();
        self.close(here, || true)
    }
}
