//! A queue that repeats one of another machine.

use super::options::ImportOptions;
use super::place::{Found, ahead, capacity, look, lose, other_shape, within};
use super::totals::{Imported, add};
use crate::about::About;
use crate::error::{BridgeError, FrameError};
use crate::frame::{Body, check_length};
use icc_queue::untyped::{Producer, Queue};
use icc_queue::{QueueSpec, Spmc};
use std::path::Path;

pub(super) struct QueueMirror {
    queue: Queue<Spmc>,
    producer: Producer<Spmc>,
    next: u64,
}

impl QueueMirror {
    pub(super) fn make(
        about: &About,
        key: &str,
        name: &Path,
        from: u64,
        options: &ImportOptions,
    ) -> Result<(Self, bool), BridgeError> {
        let capacity = capacity(about, options.capacity, about.most.saturating_mul(2).min(about.len))?;
        let files = about.options(&options.files, key)?;
        let (queue, resumed) = match look(about, name)? {
            Found::Same(found) => {
                if found.len != capacity {
                    return Err(other_shape(name, "capacity", &found.len, &capacity));
                }
                (Queue::<Spmc>::open(name, Some(&about.element()), &files)?, true)
            }
            Found::Nothing => {
                let spec = QueueSpec::new(capacity).starting_at(from).gaps().repeating(about.instance);
                let spec = if about.wakeable { spec.wakeable() } else { spec };
                let spec = if about.seen { spec.seen() } else { spec };
                (Queue::<Spmc>::create(name, &about.element(), spec, &files)?, false)
            }
        };
        let producer = within(|| queue.producer())?;
        let next = producer.next_sequence();
        Ok((Self { queue, producer, next }, resumed))
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn is_current(&self) -> bool {
        self.queue.is_current().unwrap_or(true)
    }

    pub(super) fn take(&mut self, body: &Body<'_>, totals: &mut Imported) -> Result<(), FrameError> {
        match *body {
            Body::Messages { first, count, bytes } => self.messages(first, count, bytes, totals),
            Body::Lost { first, next } => {
                self.lose(first, next, totals);
                Ok(())
            }
            Body::Beat { next } | Body::Ended { next } => {
                self.lose(next, next, totals);
                Ok(())
            }
            Body::Bytes { .. } => Err(FrameError::Other { found: "messages of any length", expected: "messages" }),
            Body::Values { .. } => Err(FrameError::Other { found: "values", expected: "messages" }),
        }
    }

    fn lose(&mut self, first: u64, next: u64, totals: &mut Imported) {
        if let Some(to) = lose(self.next, first, next, totals)
            && self.producer.skip_to(to).is_ok()
        {
            self.next = to;
        }
    }

    fn messages(&mut self, first: u64, count: u64, bytes: &[u8], totals: &mut Imported) -> Result<(), FrameError> {
        let size = self.queue.message_size();
        check_length(bytes, count, size)?;
        // Those that are there already.
        let again = ahead(first, self.next).unwrap_or(0).min(count);
        add(&mut totals.again, again);
        if again == count {
            return Ok(());
        }
        let first = first.wrapping_add(again);
        add(&mut totals.lost_on_the_way, ahead(self.next, first).unwrap_or(0));
        for n in again..count {
            let at = n as usize * size;
            // The first may leave some out; the others follow it.
            if self.producer.produce_at(first.wrapping_add(n - again), &bytes[at..at + size]).is_err() {
                break;
            }
        }
        self.next = first.wrapping_add(count - again);
        add(&mut totals.messages, count - again);
        Ok(())
    }
}
