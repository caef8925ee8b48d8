//! From constants to times: how many lines a message has, and what becomes of each.

/// The five constants, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Constants {
    /// A full line, written on one core, until another core that polls it has read it all.
    pub hand_over: f64,
    /// Each further line that is read, of those that the other core wrote: transfers overlap.
    pub read: f64,
    /// Each further line that is written, of those that the other core has read: likewise.
    pub own: f64,
    /// A line copied to the next place, within one core's caches.
    pub copy: f64,
    /// A locked addition to a word that no other core wants.
    pub ticket: f64,
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

    fn ticket(self, constants: &Constants) -> f64 {
        match self {
            Self::Spmc => 0.0,
            Self::Mpmc => constants.ticket,
        }
    }
}

impl Constants {
    /// A line that goes to the other core and, a lap later, back.
    fn crossing(&self) -> f64 {
        self.read + self.own
    }

    /// One message from core to core: its first line is handed over, the others follow behind.
    pub(super) fn one_way(&self, ring: Ring, payload: usize) -> f64 {
        self.hand_over + (ring.lines(payload) - 1.0) * self.crossing() + ring.ticket(self)
    }

    /// A message at full speed, with a consumer at the producer's heels.
    ///
    /// Each line crosses, and the one that is polled crosses once more: the consumer takes it before the message is in
    /// it. If the message has more lines, it does so a third time, since the mark that a write has begun is seen before
    /// the message is complete.
    pub(super) fn stream(&self, ring: Ring, payload: usize) -> f64 {
        let moved = ring.lines_moved(payload);
        let again = if ring.lines(payload) > 1.0 { 2.0 } else { moved };
        (moved + again) * self.crossing() + ring.ticket(self)
    }

    /// A message whose lines nobody else wants: copied, at least once.
    pub(super) fn produce_alone(&self, ring: Ring, payload: usize) -> f64 {
        ring.lines_moved(payload) * self.copy + ring.ticket(self)
    }

    /// A message for the thread of so many consumers: each copies it out, and while the first does,
    /// the next message's lines come.
    pub(super) fn fan_out(&self, ring: Ring, payload: usize, consumers: usize) -> f64 {
        let copy = ring.lines(payload) * self.copy;
        copy.max(ring.lines_moved(payload) * self.read) + (consumers as f64 - 1.0) * copy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONSTANTS: Constants = Constants { hand_over: 70.0, read: 4.0, own: 6.0, copy: 2.0, ticket: 5.0 };

    #[test]
    fn lines_are_those_of_version_and_payload() {
        let lines = |payload| (Ring::Spmc.lines(payload), Ring::Mpmc.lines(payload));
        assert_eq!([8, 56, 57, 120, 256, 1024].map(lines), [1.0, 1.0, 2.0, 2.0, 5.0, 17.0].map(|lines| (lines, lines)));
        assert_eq!((Ring::Spmc.lines_moved(8), Ring::Mpmc.lines_moved(8)), (0.25, 1.0));
        assert_eq!((Ring::Spmc.lines_moved(256), Ring::Mpmc.lines_moved(256)), (5.0, 5.0));
    }

    #[test]
    fn one_way_is_a_hand_over_and_a_crossing_for_each_further_line() {
        assert_eq!(CONSTANTS.one_way(Ring::Spmc, 8), 70.0);
        assert_eq!(CONSTANTS.one_way(Ring::Spmc, 56), 70.0);
        assert_eq!(CONSTANTS.one_way(Ring::Spmc, 120), 80.0);
        assert_eq!(CONSTANTS.one_way(Ring::Mpmc, 1024), 70.0 + 16.0 * 10.0 + 5.0);
    }

    #[test]
    fn in_a_stream_the_polled_line_crosses_again() {
        assert_eq!(CONSTANTS.stream(Ring::Spmc, 8), 5.0);
        assert_eq!(CONSTANTS.stream(Ring::Spmc, 56), 20.0);
        assert_eq!(CONSTANTS.stream(Ring::Spmc, 120), 40.0);
        assert_eq!(CONSTANTS.stream(Ring::Mpmc, 256), 7.0 * 10.0 + 5.0);
        assert_eq!(CONSTANTS.stream(Ring::Mpmc, 8), 20.0 + 5.0);
    }

    #[test]
    fn alone_a_message_costs_its_copies_and_its_ticket() {
        assert_eq!(CONSTANTS.produce_alone(Ring::Spmc, 56), 2.0);
        assert_eq!(CONSTANTS.produce_alone(Ring::Mpmc, 1024), 17.0 * 2.0 + 5.0);
    }

    #[test]
    fn consumers_of_one_thread_fetch_the_lines_once() {
        assert_eq!(CONSTANTS.fan_out(Ring::Spmc, 8, 1), 2.0);
        assert_eq!(CONSTANTS.fan_out(Ring::Spmc, 56, 1), 4.0);
        assert_eq!(CONSTANTS.fan_out(Ring::Spmc, 56, 32), 4.0 + 31.0 * 2.0);
        assert_eq!(CONSTANTS.fan_out(Ring::Mpmc, 120, 3), 2.0 * 4.0 + 2.0 * 4.0);
    }
}
