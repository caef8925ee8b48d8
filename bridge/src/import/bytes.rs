//! A queue of messages of any length that repeats one of another machine.

use super::options::ImportOptions;
use super::place::{Found, ahead, capacity, look, lose, other_shape, within};
use super::totals::{Imported, add};
use crate::about::About;
use crate::error::{BridgeError, FrameError};
use crate::frame::{Body, lengths};
use icc_queue::bytes::{BytesProducer, BytesQueue};
use icc_queue::{QueueSpec, Spmc};
use std::path::Path;

/// The bytes of a slot that are no message's.
const SLOT_HEAD: usize = 32;

pub(super) struct BytesMirror {
    queue: BytesQueue<Spmc>,
    producer: BytesProducer<Spmc>,
    next: u64,
}

impl BytesMirror {
    pub(super) fn make(
        about: &About,
        key: &str,
        name: &Path,
        from: u64,
        options: &ImportOptions,
    ) -> Result<(Self, bool), BridgeError> {
        // A message may take a quarter of the source's ring, and of this one.
        let capacity = capacity(about, options.capacity, about.len)?;
        let files = about.options(&options.files, key)?;
        let slot_size = usize::try_from(about.size).unwrap_or(usize::MAX);
        let (queue, resumed) = match look(about, name)? {
            Found::Same(found) => {
                if found.len != capacity {
                    return Err(other_shape(name, "number of slots", &found.len, &capacity));
                }
                let queue = BytesQueue::<Spmc>::open(name, &files)?;
                if queue.slot_size() != slot_size {
                    return Err(other_shape(name, "size of slots", &queue.slot_size(), &slot_size));
                }
                (queue, true)
            }
            Found::Nothing => {
                let spec = QueueSpec::new(capacity).slot_size(slot_size).starting_at(from).gaps();
                let spec = spec.repeating(about.instance);
                let spec = if about.wakeable { spec.wakeable() } else { spec };
                let spec = if about.seen { spec.seen() } else { spec };
                (BytesQueue::<Spmc>::create(name, spec, &files)?, false)
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
            Body::Bytes { first, count, number, bytes } => self.messages(first, count, number, bytes, totals),
            Body::Lost { first, next } => {
                self.lose(first, next, totals);
                Ok(())
            }
            Body::Beat { next } | Body::Ended { next } => {
                self.lose(next, next, totals);
                Ok(())
            }
            Body::Messages { .. } => {
                Err(FrameError::Other { found: "messages of one length", expected: "messages of any length" })
            }
            Body::Values { .. } => Err(FrameError::Other { found: "values", expected: "messages of any length" }),
        }
    }

    fn lose(&mut self, first: u64, next: u64, totals: &mut Imported) {
        if let Some(to) = lose(self.next, first, next, totals)
            && self.producer.skip_to(to).is_ok()
        {
            self.next = to;
        }
    }

    fn messages(
        &mut self,
        first: u64,
        count: u64,
        number: u64,
        bytes: &[u8],
        totals: &mut Imported,
    ) -> Result<(), FrameError> {
        let (longest, room) = (self.queue.longest_message(), self.queue.slot_size() - SLOT_HEAD);
        if let Some(long) = lengths(bytes, count)?.find(|message| message.len() > longest) {
            return Err(FrameError::TooLong { found: long.len(), longest });
        }
        let (mut slot, mut number) = (first, number);
        for message in lengths(bytes, count)? {
            let follows = slot.wrapping_add(message.len().div_ceil(room).max(1) as u64);
            match ahead(self.next, slot) {
                // It is there already, or a part of it is, from before this bridge died.
                None => add(&mut totals.again, 1),
                Some(lost) => {
                    add(&mut totals.lost_on_the_way, lost);
                    if self.producer.produce_at(slot, number, message).is_ok() {
                        add(&mut totals.messages, 1);
                        self.next = follows;
                    }
                }
            }
            (slot, number) = (follows, number.wrapping_add(1));
        }
        Ok(())
    }
}
