//! From constants to times: how many lines and stores a message has, and what becomes of each.

use crate::link::CAPACITY;

/// The five constants, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Constants {
    /// A full line, written on one core, until another core that polls it has read it all.
    pub hand_over: f64,
    /// Each further line there and back: written, with [`STORES_OF_A_LINE`] stores, of those that the other core has
    /// read, and read there. Transfers overlap.
    pub line: f64,
    /// Each further store while lines are on their way to the core that writes them.
    pub store: f64,
    /// A line copied to the next place, within one core's caches.
    pub copy: f64,
    /// A locked addition to a word that no other core wants.
    pub ticket: f64,
}

/// What of a core the formulas depend on, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Core {
    /// Its second cache.
    pub second_cache: usize,
    /// The widest vectors that it stores.
    pub vector: usize,
}

/// What of a queue the formulas depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ring {
    /// Slots one behind the other: short ones share a line.
    Spmc,
    /// Whole lines for each slot, and a ticket for each message.
    Mpmc,
}

const LINE: f64 = 64.0;

/// Stores to a line as vectors of sixteen bytes do them, which every x86-64 processor has.
pub(super) const STORES_OF_A_LINE: usize = 4;

/// The longest message that goes into its slot from registers, in bytes.
const IN_REGISTERS: usize = 128;
/// The longest message that is stored in sixteens, in bytes: longer ones are in the widest vectors.
const IN_SIXTEENS: usize = 256;

/// A slot's version, in bytes.
const VERSION: usize = 8;

impl Ring {
    /// Lines that a message is spread over, at least one.
    pub(super) fn lines(self, payload: usize) -> f64 {
        ((payload + VERSION) as f64 / LINE).ceil()
    }

    /// Lines that move for a message: less than one where short slots share it. A longer slot that
    /// begins within a line touches as many as one that begins it, on average.
    pub(super) fn lines_moved(self, payload: usize) -> f64 {
        match self {
            Self::Spmc => self.lines(payload) * ((payload + VERSION) as f64 / LINE).min(1.0),
            Self::Mpmc => self.lines(payload),
        }
    }

    /// Stores that go with a message into the ring: those of its copy, mark and version, and of many producers the
    /// ledger's two and the ticket.
    fn stores(self, payload: usize, core: Core) -> f64 {
        let piece = if payload > IN_SIXTEENS { core.vector } else { 16 };
        let around = match self {
            Self::Spmc => 2,
            Self::Mpmc => 5,
        };
        (payload.div_ceil(piece) + around) as f64
    }

    /// Stores that make a message, in sixteens, if it is too long to stay in registers.
    fn stores_before(payload: usize) -> f64 {
        if payload > IN_REGISTERS { payload.div_ceil(16) as f64 } else { 0.0 }
    }

    /// Bytes of a ring of [`CAPACITY`] slots.
    fn bytes(self, payload: usize) -> f64 {
        self.lines_moved(payload) * LINE * CAPACITY as f64
    }

    fn ticket(self, constants: &Constants) -> f64 {
        match self {
            Self::Spmc => 0.0,
            Self::Mpmc => constants.ticket,
        }
    }
}

impl Constants {
    /// So many lines there and back that are written with so many stores.
    fn way(&self, lines: f64, stores: f64) -> f64 {
        lines * self.line + (stores - lines * STORES_OF_A_LINE as f64) * self.store
    }

    /// One message from core to core: its first line is handed over, the others follow behind.
    pub(super) fn one_way(&self, ring: Ring, payload: usize, core: Core) -> f64 {
        let lines = ring.lines(payload);
        self.hand_over - self.line + self.way(lines, ring.stores(payload, core)) + ring.ticket(self)
    }

    /// A message at full speed.
    ///
    /// Each line goes there and, a lap later, back, and what stores there are wait with them, also those that make the
    /// message. Of a ring that the consumer's second cache cannot hold, no line need be taken back.
    pub(super) fn stream(&self, ring: Ring, payload: usize, core: Core) -> f64 {
        if ring.bytes(payload) > core.second_cache as f64 {
            return self.produce_alone(ring, payload);
        }
        let stores = ring.stores(payload, core) + Ring::stores_before(payload);
        self.way(ring.lines_moved(payload), stores) + ring.ticket(self)
    }

    /// A message whose lines nobody else wants: copied, at least once.
    pub(super) fn produce_alone(&self, ring: Ring, payload: usize) -> f64 {
        ring.lines_moved(payload) * self.copy + ring.ticket(self)
    }

    /// A message for the thread of so many consumers: each copies it out, and while the first does, the next message's
    /// lines come.
    pub(super) fn fan_out(&self, ring: Ring, payload: usize, consumers: usize) -> f64 {
        let copy = ring.lines(payload) * self.copy;
        copy.max(ring.lines_moved(payload) * self.line) + (consumers as f64 - 1.0) * copy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONSTANTS: Constants = Constants { hand_over: 70.0, line: 10.0, store: 0.5, copy: 2.0, ticket: 5.0 };

    #[test]
    fn lines_are_those_of_version_and_payload() {
        let lines = |payload| (Ring::Spmc.lines(payload), Ring::Mpmc.lines(payload));
        assert_eq!([8, 56, 57, 120, 256, 1024].map(lines), [1.0, 1.0, 2.0, 2.0, 5.0, 17.0].map(|lines| (lines, lines)));
        assert_eq!((Ring::Spmc.lines_moved(8), Ring::Mpmc.lines_moved(8)), (0.25, 1.0));
        assert_eq!((Ring::Spmc.lines_moved(256), Ring::Mpmc.lines_moved(256)), (5.0, 5.0));
    }

    const CORE: Core = Core { second_cache: 1 << 30, vector: 32 };

    #[test]
    fn one_way_is_a_hand_over_and_a_way_for_each_further_line() {
        let one_way = |ring, payload| CONSTANTS.one_way(ring, payload, CORE);
        // Three stores, six and ten, where lines have four each.
        assert_eq!(one_way(Ring::Spmc, 8), 70.0 - 0.5);
        assert_eq!(one_way(Ring::Spmc, 56), 70.0 + 2.0 * 0.5);
        assert_eq!(one_way(Ring::Spmc, 120), 80.0 + 2.0 * 0.5);
        // Thirty-two stores of thirty-two bytes, and five.
        assert_eq!(one_way(Ring::Mpmc, 1024), 70.0 + 16.0 * 10.0 - (68.0 - 37.0) * 0.5 + 5.0);
    }

    #[test]
    fn in_a_stream_all_stores_wait_with_the_lines() {
        let stream = |ring, payload| CONSTANTS.stream(ring, payload, CORE);
        // A quarter of a line and of its four stores; three stores.
        assert_eq!(stream(Ring::Spmc, 8), 2.5 + 2.0 * 0.5);
        assert_eq!(stream(Ring::Spmc, 56), 10.0 + 2.0 * 0.5);
        // Five lines, and twice sixteen stores.
        assert_eq!(stream(Ring::Spmc, 256), 50.0 + 14.0 * 0.5);
        assert_eq!(stream(Ring::Mpmc, 8), 10.0 + 2.0 * 0.5 + 5.0);
    }

    #[test]
    fn of_a_ring_larger_than_the_cache_no_line_is_taken_back() {
        let stream = |second_cache| CONSTANTS.stream(Ring::Spmc, 1024, Core { second_cache, ..CORE });
        let ring = 17 * 64 * CAPACITY;
        assert_eq!(stream(ring - 1), CONSTANTS.produce_alone(Ring::Spmc, 1024));
        assert_eq!(stream(ring), 170.0 + (32.0 + 2.0 + 64.0 - 68.0) * 0.5);
    }

    #[test]
    fn alone_a_message_costs_its_copies_and_its_ticket() {
        assert_eq!(CONSTANTS.produce_alone(Ring::Spmc, 56), 2.0);
        assert_eq!(CONSTANTS.produce_alone(Ring::Mpmc, 1024), 17.0 * 2.0 + 5.0);
    }

    #[test]
    fn consumers_of_one_thread_fetch_the_lines_once() {
        assert_eq!(CONSTANTS.fan_out(Ring::Spmc, 8, 1), 2.5);
        assert_eq!(CONSTANTS.fan_out(Ring::Spmc, 56, 1), 10.0);
        assert_eq!(CONSTANTS.fan_out(Ring::Spmc, 56, 32), 10.0 + 31.0 * 2.0);
        assert_eq!(CONSTANTS.fan_out(Ring::Mpmc, 120, 3), 2.0 * 10.0 + 2.0 * 4.0);
    }
}
