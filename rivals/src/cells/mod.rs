//! One value that is overwritten: only the newest counts.
//!
//! Those without a version are polled by reading the value, whose first word is the message's
//! number, and comparing that.

use icc_bench::catalogue::Catalogue;
use icc_bench::link::Message;

mod arc_swap;
mod atomic_cell;
mod blackboard;
mod blackboard_table;
mod nexus_slot;
mod seqlock;
mod triple_buffer;

/// Adds them all.
pub(crate) fn add(catalogue: Catalogue) -> Catalogue {
    catalogue
        .with::<seqlock::SeqlockCrate>()
        .with::<atomic_cell::CrossbeamCell>()
        .with::<triple_buffer::TripleBuffer>()
        .with::<arc_swap::ArcSwapped>()
        .with::<blackboard::Blackboard>()
        .with_table::<blackboard_table::BlackboardTable>()
        .with::<nexus_slot::NexusSlot>()
        .with_cell_fan_out::<nexus_slot::NexusSlot>()
        .with_operation::<seqlock::Read>()
        .with_operation::<seqlock::Write>()
        .with_operation::<atomic_cell::Load>()
        .with_operation::<atomic_cell::Store>()
        .with_operation::<blackboard::Read>()
        .with_operation::<blackboard::Write>()
}

/// The number of the last message seen, for cells that do not say whether they have changed.
///
/// Zero is no message's number, and what all cells start with.
#[derive(Default)]
struct Seen(u64);

impl Seen {
    /// Whether a value is another one than the last.
    #[inline(always)]
    fn is_news<T: Message>(&mut self, value: &T) -> bool {
        // Every message is words, and its first one is its number.
        let number = bytemuck::bytes_of(value).first_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes));
        let is_news = number != self.0;
        self.0 = number;
        is_news
    }
}
