//! Shows that `Off` leaves nothing behind: two functions whose assembly is to be compared.
//!
//! ```sh
//! cargo build -p icc-trace --release --example off
//! objdump -d --no-show-raw-insn target/release/examples/off > off.dis
//! for f in plain off; do
//!     # Without addresses, which differ.
//!     awk "/^[0-9a-f]+ <$f>:/{p=1;next} p&&/^\$/{exit} p" off.dis | grep -v int3 |
//!         sed 's/^ *[0-9a-f]*:\t//; s/[0-9a-f]\{4,\} <[^>]*>/X/g; s/# .*//; s/0x[0-9a-f]*(%rip)/(rip)/' > $f.s
//! done
//! wc -l plain.s off.s && diff plain.s off.s && echo the same
//! ```

use icc_queue::{Consumer, Producer, Queue, TryConsumeError};
use icc_trace::{Hop, Off, Stamped, Trace, TraceSpec};

type Quote = [u64; 7];

/// A consumer that answers, as one writes it without this crate.
// SAFETY: no other symbol is called so.
#[unsafe(no_mangle)]
#[inline(never)]
fn plain(consumer: &mut Consumer<Quote>, producer: &mut Producer<Quote>) -> Result<u64, TryConsumeError> {
    let quote = consumer.try_consume()?;
    Ok(producer.produce(&[quote[0] + quote[6]; 7]))
}

/// The same, through a hop that is off.
// SAFETY: no other symbol is called so.
#[unsafe(no_mangle)]
#[inline(never)]
fn off(
    consumer: &mut Consumer<Stamped<Quote, Off>>,
    producer: &mut Producer<Stamped<Quote, Off>>,
    hop: &mut Hop<Off>,
) -> Result<u64, TryConsumeError> {
    let quote = consumer.try_consume()?;
    let arrival = hop.arrive(&quote);
    Ok(hop.pass(arrival, [quote.payload[0] + quote.payload[6]; 7], |answer| producer.produce(answer)))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (there, back) = (Queue::<Quote>::new(8)?, Queue::<Quote>::new(8)?);
    let (mut consumer, mut producer) = (there.consumer(), back.producer()?);
    there.producer()?.produce(&[7; 7]);
    println!("{:?}", plain(&mut consumer, &mut producer));
    let (there, back) = (Queue::<Stamped<Quote, Off>>::new(8)?, Queue::<Stamped<Quote, Off>>::new(8)?);
    let (mut consumer, mut producer) = (there.consumer(), back.producer()?);
    there.producer()?.produce(&Stamped::unstamped([7; 7]));
    let mut hop = Trace::<Off>::open_or_create("", &TraceSpec::new())?.hop("")?;
    println!("{:?}", off(&mut consumer, &mut producer, &mut hop));
    Ok(())
}
