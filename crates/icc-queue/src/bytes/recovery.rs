//! Losses of a consumer of bytes: from one beginning to another, told in slots and in messages.

use super::consumer::Missed;
use super::head::Head;
use super::{BytesConsumer, BytesLost, BytesQueueReader, TryConsumeError};
use crate::{Lost, Recovery};

impl BytesQueueReader {
    /// The first slot from `n` on at which a message begins, or that is not there yet; and, with one producer,
    /// the number of that message, if it can be found out.
    ///
    /// Looks at no more slots than the ring has.
    pub(super) fn beginning_from(&self, n: u64) -> (u64, Option<u64>) {
        /// Each further one means that producers went round the ring meanwhile.
        const LAPS: u32 = 16;
        let (ring, mut m, mut number) = (self.ring.geometry, n, None);
        let (mut laps, mut left) = (0, ring.capacity());
        while left > 0 && laps < LAPS {
            match self.head_at(m) {
                Ok(head) if self.shape.begins(head).is_some() => return (m, Some(head.number)),
                Ok(head) => {
                    number = Some(head.number.wrapping_add(1));
                    m = m.wrapping_add(1);
                    left -= 1;
                }
                Err(..=-1) => break,
                // Sped past in here: a quarter of the ring after the oldest, as a consumer recovers.
                Err(_) => {
                    let oldest = self.ring.produced().wrapping_sub(ring.capacity());
                    let next = oldest.wrapping_add((ring.capacity() / 4).max(1));
                    let is_further = next.wrapping_sub(m).cast_signed() > 0;
                    (m, number) = (if is_further { next } else { m.wrapping_add(1) }, None);
                    laps += 1;
                }
            }
        }
        if m == self.ring.first() {
            return (m, Some(0));
        }
        let before = || self.head_at(m.wrapping_sub(1)).ok().map(|head| head.number.wrapping_add(1));
        (m, number.or_else(before))
    }

    /// How far the message at slot `n` is, whose first slot says this.
    fn rest_of(&self, n: u64, head: Head) -> Rest {
        for index in 1..head.count {
            let m = n.wrapping_add(index.into());
            match self.head_at(m) {
                Ok(found) if found == head.at(index as usize) => {}
                Ok(_) => return Rest::Ends(m),
                Err(ahead @ 1..) => return Rest::Overwritten(ahead),
                Err(_) => return Rest::Missing(m),
            }
        }
        Rest::Whole
    }

    /// What slot `n` says, if a message begins there that it can be.
    pub(super) fn begins_at(&self, n: u64) -> Option<Head> {
        self.head_at(n).ok().filter(|&head| self.shape.begins(head).is_some())
    }

    /// Whether the message at slot `n` is a partial one whose place a successor's message has taken: with one
    /// producer. Not for each poll.
    pub(super) fn is_cut_short(&self, n: u64) -> bool {
        self.begins_at(n).is_some_and(|head| matches!(self.rest_of(n, head), Rest::Ends(_) | Rest::Overwritten(_)))
    }

    /// The slot to wait for: `n`, or the last of the message that begins there once that is known.
    pub(crate) fn awaited(&self, n: u64) -> u64 {
        self.begins_at(n).map_or(n, |head| n.wrapping_add(u64::from(head.count) - 1))
    }

    /// Where the newest message begins that has begun, and its number; none if none of those that are kept
    /// does.
    pub(super) fn newest_beginning(&self) -> Option<(u64, u64)> {
        let produced = self.ring.produced();
        let kept = produced.wrapping_sub(self.ring.first()).min(self.ring.geometry.capacity());
        (1..=kept).find_map(|back| {
            let m = produced.wrapping_sub(back);
            let head = self.head_at(m).ok()?;
            self.shape.begins(head).map(|_| (m, head.number))
        })
    }
}

impl BytesConsumer {
    /// Why there is no message; none if it began in the middle of one and is at a beginning now.
    pub(super) fn explain(&mut self, missed: Missed) -> Option<TryConsumeError> {
        if let Missed::TooSmall(needed) = missed {
            return Some(TryConsumeError::TooSmall { needed });
        }
        if let Some(lost) = self.stopped() {
            return Some(TryConsumeError::SpedPast(lost));
        }
        let lost = match missed {
            Missed::Ahead(ahead @ 1..) => Some(self.sped_past(ahead)),
            // Of many producers, one may have died. The one may have left some out.
            Missed::Ahead(ahead) => self.cursor.miss(ahead).map(|slots| {
                let number = self.queue.head_at(slots.next).ok().filter(|_| self.counts()).map(|head| head.number);
                let messages = number.map(|number| self.count_until(number));
                self.told(slots, messages)
            }),
            Missed::Partial(head) => self.partial(head),
            Missed::Ends(m) => Some(self.lose(m, Some(1))),
            Missed::Middle | Missed::TooSmall(_) => {
                let n = self.cursor.next;
                let (next, number) = self.queue.beginning_from(n.wrapping_add(1));
                if self.cursor.restart(next) {
                    self.expected = number.unwrap_or(self.expected);
                    return None;
                }
                Some(self.lose(next, None))
            }
        };
        Some(lost.map_or(TryConsumeError::Empty, TryConsumeError::SpedPast))
    }

    /// Counts what was lost, knowing that a slot of the next message is `ahead` of it, and goes on as the
    /// policy says.
    #[cold]
    fn sped_past(&mut self, ahead: i64) -> BytesLost {
        let next = self.cursor.recover_at(ahead);
        let newest = match self.recovery() {
            Recovery::Newest => self.queue.newest_beginning().map(|(m, _)| m),
            _ => None,
        };
        let is_further = |m: &u64| m.wrapping_sub(self.cursor.next).cast_signed() > 0;
        self.lose(newest.filter(is_further).unwrap_or(next), None)
    }

    /// After an empty poll of a message whose first slot is there: what was lost, if the rest will never be.
    #[cold]
    fn partial(&mut self, head: Head) -> Option<BytesLost> {
        if !self.cursor.polled_in_vain() {
            return None;
        }
        match self.queue.rest_of(self.cursor.next, head) {
            Rest::Overwritten(ahead) => Some(self.sped_past(ahead)),
            Rest::Ends(m) => Some(self.lose(m, Some(1))),
            Rest::Missing(m) if self.cursor.queue.ledgers() != 0 && self.cursor.is_silent(m) => {
                let is_dead = self.cursor.queue.abandoned_from(m).is_some();
                self.cursor.asked(is_dead);
                // All its slots are one producer's.
                is_dead.then(|| self.lose(self.cursor.next.wrapping_add(head.count.into()), Some(1)))
            }
            // Its producer died, and the next one left out the rest.
            Rest::Missing(m) if self.cursor.queue.is_left_out(m) => Some(self.lose(m, Some(1))),
            Rest::Missing(_) | Rest::Whole => None,
        }
    }

    /// What was lost, if the message that began at slot `n` before it was found that no producer lives is still the
    /// next one, and a partial one.
    pub(super) fn lose_partial(&mut self, n: u64, head: Head) -> Option<BytesLost> {
        if self.cursor.next != n {
            return None;
        }
        match self.queue.rest_of(n, head) {
            Rest::Missing(m) => Some(self.lose(m, Some(1))),
            _ => None,
        }
    }

    /// Counts what lies between and goes on at the first beginning from `next` on, or stays and stops if that is
    /// the policy. `known` is how many messages that is, where no numbers tell.
    fn lose(&mut self, next: u64, known: Option<u64>) -> BytesLost {
        let (next, number) = self.queue.beginning_from(next);
        let slots = self.cursor.lose(next);
        let messages = if self.counts() { Some(number.map_or(0, |number| self.count_until(number))) } else { known };
        self.told(slots, messages)
    }

    fn told(&mut self, slots: Lost, messages: Option<u64>) -> BytesLost {
        self.stopped_messages = messages;
        BytesLost { slots, messages }
    }

    /// Counts the messages until this one as lost.
    fn count_until(&mut self, number: u64) -> u64 {
        let lost = self.between(number);
        self.lost_messages = self.lost_messages.wrapping_add(lost);
        lost
    }

    /// How many messages there are from the expected one until this one, which is the next then. No more than
    /// there were slots: whatever memory says.
    fn between(&mut self, number: u64) -> u64 {
        let count = number.wrapping_sub(self.expected).cast_signed().max(0).cast_unsigned();
        self.expected = number;
        let told = self.lost_messages.wrapping_add(self.skipped_messages);
        count.min(self.lost_slots().wrapping_add(self.skipped_slots()).saturating_sub(told))
    }

    /// Counts messages whose loss was told in slots alone, since their numbers could not be read then.
    #[cold]
    pub(super) fn settle(&mut self, number: u64) {
        if self.counts() {
            self.count_until(number);
        }
    }

    /// Whether the numbers of messages count them: one producer's do.
    pub(super) fn counts(&self) -> bool {
        self.cursor.queue.ledgers() == 0
    }

    /// Whether it was sped past under [`Recovery::Stop`] and has not been resumed: see
    /// [`Consumer::stopped`](crate::Consumer::stopped).
    #[must_use]
    pub fn stopped(&self) -> Option<BytesLost> {
        let messages = self.stopped_messages;
        self.cursor.stopped().map(|slots| BytesLost { slots, messages })
    }

    /// Lets a consumer that stopped go on after what it lost, and returns what it loses in addition: see
    /// [`Consumer::resume`](crate::Consumer::resume).
    pub fn resume(&mut self) -> Option<BytesLost> {
        let slots = self.cursor.resume()?;
        let (_, number) = self.queue.beginning_from(slots.next);
        let messages = number.filter(|_| self.counts()).map(|number| self.count_until(number));
        Some(BytesLost { slots, messages })
    }

    /// Leaves out what is between: the next message read is the newest that has begun. Returns how many slots
    /// it left out; 0, and nothing happens, if the next one is the newest or is not there yet. See
    /// [`Consumer::skip_to_newest`](crate::Consumer::skip_to_newest).
    pub fn skip_to_newest(&mut self) -> u64 {
        let Some((newest, number)) = self.queue.newest_beginning() else { return 0 };
        let slots = self.cursor.skip_to(newest);
        if slots != 0 && self.counts() {
            let count = self.between(number);
            self.skipped_messages = self.skipped_messages.wrapping_add(count);
        }
        slots
    }
}

/// What there is of a message whose first slot is complete.
enum Rest {
    /// All.
    Whole,
    /// The slot with this number is the first that is not there.
    Missing(u64),
    /// It ends before the slot with this number, at which there is another one.
    Ends(u64),
    /// A slot is so far ahead.
    Overwritten(i64),
}
