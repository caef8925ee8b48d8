//! The smallest useful program of the vector: a table of latest values, of which a reader wants
//! what changed.
//!
//! Three venues publish their best prices for a thousand symbols each. A strategy polls whenever it
//! has time: it gets the symbols that changed, each with its newest price, however often they
//! changed in between. Nobody waits for it.
//!
//! ```sh
//! cargo run --example latest
//! ```

use bytemuck::{Pod, Zeroable};
use icc_vector::{SeqlockVector, SingleWriter, Tracked, Writer};
use std::error::Error;
use std::thread;
use std::time::Duration;

const VENUES: usize = 3;
const SYMBOLS: usize = 1000;
const UPDATES: u64 = 50_000;

/// What a slot holds: plain data without padding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
struct Best {
    bid: f64,
    ask: f64,
    /// Counts this venue's updates, from 1.
    update: u64,
}

/// Each slot has one writer, which is cheapest; and changes are tracked, so that a poll need not
/// read every slot.
type Board = SeqlockVector<Best, Tracked<SingleWriter>>;

fn main() -> Result<(), Box<dyn Error>> {
    let board = Board::new(VENUES * SYMBOLS)?;
    // Each venue owns its slots. A second writer of one of them would be refused, also if it were
    // in another process.
    let venues: Vec<_> =
        (0..VENUES).map(|venue| board.writer_of(venue * SYMBOLS..(venue + 1) * SYMBOLS)).collect::<Result<_, _>>()?;
    let mut changes = board.changes();

    thread::scope(|scope| {
        let venues: Vec<_> = venues.into_iter().map(|writer| scope.spawn(move || publish(writer))).collect();
        let (mut polls, mut seen) = (0_u64, 0_u64);
        loop {
            // Asked before the poll: what was written before this is then seen by that poll.
            let done = venues.iter().all(|venue| venue.is_finished());
            let changed = changes.poll().count() as u64;
            polls += 1;
            seen += changed;
            if done {
                break;
            }
            thread::sleep(Duration::from_micros(500)); // Busy with something else.
        }
        let made = UPDATES * VENUES as u64;
        println!(
            "{made} updates, seen as {seen} changes in {polls} polls: only the newest value of each symbol matters"
        );
    });

    // Single values, or several of them as of one moment.
    let [first, last] = board.snapshot([0, VENUES * SYMBOLS - 1])?.take()?.try_into()?;
    let (first, last): (Best, Best) = (first, last);
    println!("the first symbol's best price at the first venue: {first:?}");
    println!("the last symbol's at the last, of the same moment: {last:?}");
    Ok(())
}

/// Publishes updates of the symbols that this writer owns. Some change much more often than others,
/// as they do.
fn publish(mut writer: Writer<Best, Tracked<SingleWriter>>) {
    let slots = writer.range();
    for update in 1..=UPDATES {
        let symbol = if update % 4 == 0 { update / 4 } else { update % 16 } as usize % SYMBOLS;
        let bid = 100.0 + (update % 100) as f64 * 0.01;
        if let Err(error) = writer.write(slots.start + symbol, &Best { bid, ask: bid + 0.01, update }) {
            eprintln!("{error}");
            return;
        }
        if update % 1000 == 0 {
            thread::sleep(Duration::from_micros(200));
        }
    }
}
