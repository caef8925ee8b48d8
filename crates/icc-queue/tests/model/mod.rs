//! A model of a lossy broadcast ring, and what a queue must say beside it.
//!
//! The model knows no slots and no versions: messages have numbers, the last `capacity` are kept,
//! and a consumer is a position and a tally of what it was given and told.

use icc_queue::{Consumer, Lost, Mode, Queue, Recovery, StartError, TryConsumeError};

/// What message `n` carries: not itself, so that a stale or zeroed slot shows.
pub(crate) fn message(n: u64) -> [u64; 3] {
    [n, !n, n.wrapping_mul(0x9e37_79b9_7f4a_7c15)]
}

/// What is done to a queue, or by one of its consumers.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Produce(u64),
    Consume,
    Batch(usize),
    Drain(usize),
    Skip,
    Resume,
    Recover(Recovery),
    Clone,
    Attach,
    FromOldest,
    /// At so many before the next one.
    At(i64),
}

/// The ring.
#[derive(Clone, Copy)]
struct Ring {
    first: u64,
    capacity: u64,
    count: u64,
}

impl Ring {
    fn next(self) -> u64 {
        self.first.wrapping_add(self.count)
    }

    fn kept(self) -> u64 {
        self.count.min(self.capacity)
    }

    /// How many are left to a consumer that leaves a margin behind the oldest.
    fn behind_a_margin(self) -> u64 {
        self.capacity - (self.capacity / 4).max(1)
    }
}

/// A consumer, and what it should say.
struct Account {
    consumer: Consumer<[u64; 3]>,
    /// How many messages it is behind.
    lag: u64,
    stopped: Option<Lost>,
    /// Where the last loss ended.
    recovered_at: Option<u64>,
    received: u64,
    lost: u64,
    skipped: u64,
}

impl Account {
    fn new(consumer: Consumer<[u64; 3]>, lag: u64) -> Self {
        Self { consumer, lag, stopped: None, recovered_at: None, received: 0, lost: 0, skipped: 0 }
    }

    fn position(&self, ring: Ring) -> u64 {
        ring.next().wrapping_sub(self.lag)
    }

    /// What the next attempt must give: a message, a loss, or nothing.
    fn expect(&mut self, ring: Ring) -> Result<u64, TryConsumeError> {
        if let Some(lost) = self.stopped {
            return Err(TryConsumeError::SpedPast(lost));
        }
        let first = self.position(ring);
        if self.lag == 0 {
            return Err(TryConsumeError::Empty);
        }
        if self.lag <= ring.capacity {
            self.lag -= 1;
            self.received += 1;
            return Ok(first);
        }
        let left = match self.consumer.recovery() {
            Recovery::Oldest if self.recovered_at == Some(first) => ring.behind_a_margin(),
            Recovery::Newest => 1,
            Recovery::OldestPlus(margin) => ring.capacity - margin.min(ring.capacity),
            _ => ring.capacity,
        };
        let lost = self.lose(ring, left);
        if self.consumer.recovery() == Recovery::Stop {
            self.stopped = Some(lost);
        }
        Err(TryConsumeError::SpedPast(lost))
    }

    /// Loses all but `left`.
    fn lose(&mut self, ring: Ring, left: u64) -> Lost {
        let first = self.position(ring);
        self.lost += self.lag - left;
        self.lag = left;
        self.recovered_at = Some(self.position(ring));
        Lost { first, next: self.position(ring) }
    }

    fn consume(&mut self, ring: Ring) {
        let expected = self.expect(ring).map(message);
        assert_eq!(self.consumer.try_consume(), expected);
    }

    /// A loss in the middle is not reported yet, and the next call reports it.
    fn batch(&mut self, ring: Ring, len: usize) {
        let mut out = vec![[7; 3]; len];
        if len > 0 && (self.stopped.is_some() || self.lag > ring.capacity) {
            let expected = self.expect(ring).unwrap_err();
            let lost = self.consumer.try_consume_batch(&mut out).unwrap_err();
            assert_eq!(TryConsumeError::SpedPast(lost), expected);
            return;
        }
        let count = len.min(self.lag as usize);
        assert_eq!(self.consumer.try_consume_batch(&mut out), Ok(count));
        for got in &out[..count] {
            assert_eq!(Ok(*got), self.expect(ring).map(message));
        }
    }

    fn drain(&mut self, ring: Ring, take: usize) {
        let got: Vec<_> = self.consumer.drain().take(take).collect();
        assert!(got.len() as u64 <= ring.capacity + 1, "a drain without end");
        for (index, item) in got.iter().enumerate() {
            match self.expect(ring) {
                Ok(n) => assert_eq!(*item, Ok(message(n))),
                Err(TryConsumeError::SpedPast(lost)) => assert_eq!(*item, Err(lost)),
                Err(TryConsumeError::Empty) => panic!("item {index} from an empty queue: {item:?}"),
            }
            if self.stopped.is_some() {
                assert_eq!(index + 1, got.len(), "it went on after it stopped");
            }
        }
        assert!(got.len() == take || self.lag == 0 || self.stopped.is_some(), "something was left");
    }

    fn skip(&mut self) {
        self.stopped = None;
        let skipped = self.lag.saturating_sub(1);
        assert_eq!(self.consumer.skip_to_newest(), skipped);
        self.skipped += skipped;
        self.lag -= skipped;
    }

    fn resume(&mut self, ring: Ring) {
        let more = (self.stopped.take().is_some() && self.lag > ring.capacity).then(|| self.lose(ring, ring.capacity));
        assert_eq!(self.consumer.resume(), more);
    }

    fn check(&self, ring: Ring) {
        let consumer = &self.consumer;
        assert_eq!(consumer.next_sequence(), self.position(ring));
        assert_eq!(consumer.stopped(), self.stopped);
        assert_eq!((consumer.lag(), consumer.headroom()), (self.lag, ring.capacity.saturating_sub(self.lag)));
        assert_eq!(
            (consumer.received(), consumer.lost(), consumer.skipped()),
            (self.received, self.lost, self.skipped)
        );
    }
}

/// Runs the operations on a queue and on the model. The number beside an operation says which of
/// the consumers does it.
pub(crate) fn run<M: Mode>(queue: &Queue<[u64; 3], M>, first: u64, ops: &[(Op, usize)], mut produce: impl FnMut(u64)) {
    let mut ring = Ring { first, capacity: queue.capacity() as u64, count: 0 };
    let mut all = vec![Account::new(queue.consumer(), 0)];
    for (op, who) in ops {
        let who = who % all.len();
        let account = &mut all[who];
        match *op {
            Op::Produce(count) => {
                for _ in 0..count {
                    produce(ring.next());
                    ring.count += 1;
                }
                all.iter_mut().for_each(|account| account.lag += count);
            }
            Op::Consume => account.consume(ring),
            Op::Batch(len) => account.batch(ring, len),
            Op::Drain(take) => account.drain(ring, take),
            Op::Skip => account.skip(),
            Op::Resume => account.resume(ring),
            Op::Recover(recovery) => account.consumer = another(&mut account.consumer, queue).with_recovery(recovery),
            Op::Clone => {
                let clone = Account::new(account.consumer.clone(), account.lag);
                assert_eq!(clone.consumer.recovery(), account.consumer.recovery());
                all.push(clone);
            }
            Op::Attach => all.push(Account::new(queue.consumer(), 0)),
            Op::FromOldest => all.push(Account::new(queue.consumer_from_oldest(), ring.kept())),
            Op::At(back) => {
                let (asked, next) = (ring.next().wrapping_add_signed(-back), ring.next());
                let oldest = next.wrapping_sub(ring.kept());
                match queue.consumer_at(queue.position(asked)) {
                    Ok(consumer) => {
                        assert!((0..=ring.kept() as i64).contains(&back), "{back} back");
                        all.push(Account::new(consumer, back as u64));
                    }
                    Err(error) if back < 0 => assert_eq!(error, StartError::NotYet { asked, oldest, next }),
                    Err(error) => {
                        assert!(back as u64 > ring.kept(), "{back} back");
                        assert_eq!(error, StartError::Gone { asked, oldest, next });
                    }
                }
            }
        }
        all.iter().for_each(|account| account.check(ring));
    }
    for mut account in all {
        account.resume(ring);
        while account.lag > 0 {
            account.consume(ring);
            account.resume(ring);
        }
        account.check(ring);
    }
}

/// Takes the consumer out, to be put back changed.
fn another<M: Mode>(consumer: &mut Consumer<[u64; 3]>, queue: &Queue<[u64; 3], M>) -> Consumer<[u64; 3]> {
    std::mem::replace(consumer, queue.consumer())
}
