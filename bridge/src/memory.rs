//! A network within one process, which loses, reorders and cuts off as it is told: for tests of what is built
//! on a bridge, without a real one.

use crate::error::WireError;
use crate::wire::{Answer, Congestion, Guard, OnFrame, Sender, Wire};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What becomes of frames, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// So many of a thousand are lost.
    pub lost: u32,
    /// So many of a thousand come twice.
    pub doubled: u32,
    /// So many of a thousand come after the one that follows.
    pub late: u32,
    /// Nothing comes through, and nobody is heard who asks.
    pub cut: bool,
}

/// A network within this process. Clones are the same one.
///
/// # Examples
///
/// ```
/// use icc_bridge::memory::{Faults, Memory};
/// use icc_bridge::wire::{Congestion, Wire};
/// use std::sync::mpsc;
///
/// let network = Memory::new(7);
/// let (arrived, frames) = mpsc::channel();
/// let listening = network.listen("site/quotes", Box::new(move |frame| arrived.send(frame.to_vec()).unwrap()))?;
/// let mut sender = network.sender("site/quotes", Congestion::Drop)?;
/// sender.send(b"one".to_vec())?;
/// network.set(Faults { lost: 1000, ..Faults::default() });
/// sender.send(b"two".to_vec())?;
/// drop(listening);
/// assert_eq!(frames.iter().collect::<Vec<_>>(), [b"one"]);
/// # Ok::<(), icc_bridge::error::WireError>(())
/// ```
#[derive(Clone)]
pub struct Memory {
    shared: Arc<Mutex<Shared>>,
}

type Listener = Arc<Mutex<OnFrame>>;

struct Shared {
    listeners: Vec<(u64, String, Listener)>,
    answerers: Vec<(u64, String, Arc<Answer>)>,
    next_id: u64,
    faults: Faults,
    random: u64,
    late: VecDeque<(String, Vec<u8>)>,
    /// Frames sent and frames lost.
    counts: (u64, u64),
}

impl Memory {
    /// A network without faults, whose later ones follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let shared = Shared {
            listeners: Vec::new(),
            answerers: Vec::new(),
            next_id: 0,
            faults: Faults::default(),
            random: seed | 1,
            late: VecDeque::new(),
            counts: (0, 0),
        };
        Self { shared: Arc::new(Mutex::new(shared)) }
    }

    /// From now on.
    pub fn set(&self, faults: Faults) {
        self.lock().faults = faults;
    }

    /// How many frames were sent, and how many of them lost.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        self.lock().counts
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn happens(&mut self, thousandths: u32) -> bool {
        // xorshift64*
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % 1000 < u64::from(thousandths)
    }

    /// What is to be delivered now that this was sent.
    fn pass(&mut self, key: &str, frame: Vec<u8>) -> Vec<(Listener, Vec<u8>)> {
        self.counts.0 += 1;
        let faults = self.faults;
        if faults.cut || self.happens(faults.lost) {
            self.counts.1 += 1;
            return Vec::new();
        }
        if self.happens(faults.late) {
            self.late.push_back((key.to_owned(), frame));
            return Vec::new();
        }
        let copies = if self.happens(faults.doubled) { 2 } else { 1 };
        let mut frames = vec![(key.to_owned(), frame); copies];
        frames.extend(self.late.drain(..));
        let listeners = &self.listeners;
        let to = |(key, frame): &(String, Vec<u8>)| -> Vec<_> {
            let listening = listeners.iter().filter(|(_, own, _)| own == key);
            listening.map(|(_, _, to)| (Arc::clone(to), frame.clone())).collect()
        };
        frames.iter().flat_map(to).collect()
    }
}

struct Leaving(Memory, u64);

impl Drop for Leaving {
    fn drop(&mut self) {
        let mut shared = self.0.lock();
        shared.listeners.retain(|(id, ..)| *id != self.1);
        shared.answerers.retain(|(id, ..)| *id != self.1);
    }
}

struct MemorySender(Memory, String);

impl Sender for MemorySender {
    fn send(&mut self, frame: Vec<u8>) -> Result<(), WireError> {
        let deliveries = self.0.lock().pass(&self.1, frame);
        for (to, frame) in deliveries {
            (to.lock().unwrap_or_else(PoisonError::into_inner))(&frame);
        }
        Ok(())
    }
}

impl Wire for Memory {
    fn sender(&self, key: &str, _congestion: Congestion) -> Result<Box<dyn Sender>, WireError> {
        Ok(Box::new(MemorySender(self.clone(), key.to_owned())))
    }

    fn listen(&self, key: &str, on_frame: OnFrame) -> Result<Guard, WireError> {
        let mut shared = self.lock();
        shared.next_id += 1;
        let id = shared.next_id;
        shared.listeners.push((id, key.to_owned(), Arc::new(Mutex::new(on_frame))));
        drop(shared);
        Ok(Box::new(Leaving(self.clone(), id)))
    }

    fn answer(&self, key: &str, answer: Answer) -> Result<Guard, WireError> {
        let mut shared = self.lock();
        shared.next_id += 1;
        let id = shared.next_id;
        shared.answerers.push((id, key.to_owned(), Arc::new(answer)));
        drop(shared);
        Ok(Box::new(Leaving(self.clone(), id)))
    }

    fn ask(&self, key: &str, question: &[u8], _timeout: Duration) -> Result<Vec<Vec<u8>>, WireError> {
        let shared = self.lock();
        if shared.faults.cut {
            return Ok(Vec::new());
        }
        let asked: Vec<_> =
            shared.answerers.iter().filter(|(_, own, _)| own == key).map(|(.., answer)| Arc::clone(answer)).collect();
        drop(shared);
        Ok(asked.iter().flat_map(|answer| answer(question)).collect())
    }
}
