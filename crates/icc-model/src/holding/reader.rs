//! What a reader does: how it begins to hold, reads, and lets go.

use super::{Holding, Is, MISSED, Mistake, NOT_MEANT, Slot, State, Word};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reads {
    Out,
    Gone,
    Dead,
    Lock,
    Fill,
    Cursor,
    Bit,
    Holds,
    Head,
    Publish,
    Check,
    Look,
    Copy,
    Clear,
    Free,
    Unlock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Reader {
    pub(super) at: Reads,
    pub(super) entry: u8,
    pub(super) generation: u8,
    /// Whether it begins half a ring behind.
    pub(super) goes_back: bool,
    pub(super) next: i8,
    pub(super) shown: i8,
}

pub(super) const OUT: Reader = Reader { at: Reads::Out, entry: 0, generation: 0, goes_back: false, next: 0, shown: 0 };

impl<const P: usize, const R: usize, const C: usize> Holding<P, R, C> {
    /// One step of a reader. False if it has nothing to do.
    pub(super) fn read(&self, id: usize, state: &mut State<P, R, C>, publishes: bool) -> bool {
        let mut reader = state.readers[id];
        let (entry, own) = (reader.entry as usize, Word { generation: reader.generation, is: Is::Holds });
        let slot = state.slots[Self::slot(reader.next)];
        let is_whole = slot == Slot { n: reader.next, is_complete: true };
        reader.at = match reader.at {
            Reads::Out | Reads::Gone | Reads::Dead => return false,
            Reads::Lock => match (0..self.entries).find(|&entry| state.lines[entry as usize].lock.is_none()) {
                Some(entry) => {
                    state.lines[entry as usize].lock = Some(id as u8);
                    reader.entry = entry;
                    Reads::Fill
                }
                None => Reads::Gone,
            },
            Reads::Fill => {
                reader.generation = state.lines[entry].word.generation + 1;
                state.lines[entry].word = Word { generation: reader.generation, is: Is::Filling };
                Reads::Cursor
            }
            Reads::Cursor => {
                (state.lines[entry].cursor, reader.shown) = (reader.next, reader.next);
                Reads::Bit
            }
            Reads::Bit => {
                state.bits |= 1 << entry;
                Reads::Holds
            }
            Reads::Holds => {
                state.lines[entry].word = own;
                Reads::Head
            }
            Reads::Head if self.does(Mistake::NoSecondLook) => Reads::Check,
            Reads::Head if reader.goes_back => {
                let is_too_old = state.head - reader.next > C as i8 / 2;
                if is_too_old { Reads::Clear } else { Reads::Check }
            }
            Reads::Head => {
                reader.next = reader.next.max(state.head);
                if reader.next == reader.shown { Reads::Check } else { Reads::Publish }
            }
            Reads::Publish => {
                (state.lines[entry].cursor, reader.shown) = (reader.next, reader.next);
                Reads::Check
            }
            Reads::Check if state.lines[entry].word == own => Reads::Look,
            Reads::Check => Reads::Clear,
            Reads::Look if publishes => {
                if reader.shown == reader.next || self.does(Mistake::NotPublished) {
                    return false;
                }
                (state.lines[entry].cursor, reader.shown) = (reader.next, reader.next);
                Reads::Look
            }
            Reads::Look | Reads::Copy if slot.n > reader.next => {
                if state.lines[entry].word == own {
                    state.fault = Some(MISSED);
                }
                Reads::Clear
            }
            Reads::Look if is_whole => {
                if self.does(Mistake::PublishesFirst) {
                    (state.lines[entry].cursor, reader.shown) = (reader.next + 1, reader.next + 1);
                }
                Reads::Copy
            }
            Reads::Look if Self::is_left(state, reader.next) => {
                reader.next += 1;
                Reads::Look
            }
            Reads::Look => return false,
            Reads::Copy => {
                reader.next += 1;
                Reads::Look
            }
            Reads::Clear => {
                state.bits &= !(1 << entry);
                if self.does(Mistake::UnlocksFirst) { Reads::Unlock } else { Reads::Free }
            }
            Reads::Free => {
                if state.lines[entry].word.generation != reader.generation {
                    state.fault = Some(NOT_MEANT);
                }
                state.lines[entry].word = Word { is: Is::Free, ..own };
                if self.does(Mistake::UnlocksFirst) { Reads::Gone } else { Reads::Unlock }
            }
            Reads::Unlock => {
                state.lines[entry].lock = None;
                if self.does(Mistake::UnlocksFirst) { Reads::Free } else { Reads::Gone }
            }
        };
        if reader.at == Reads::Gone {
            reader = Reader { at: Reads::Gone, ..OUT };
        }
        state.readers[id] = reader;
        true
    }
}

/// Whether it is the tenant of an entry.
pub(super) fn has_entry(reader: &Reader) -> bool {
    !matches!(reader.at, Reads::Out | Reads::Gone | Reads::Dead | Reads::Lock | Reads::Fill)
}
