//! An order by hand: a second producer of the order queue, which comes and goes.

use crate::Common;
use crate::session::Session;
use anyhow::{Result, bail, ensure};
use icc_examples::clock;
use icc_examples::messages::{INSTRUMENTS, OrderRequest};
use icc_queue::{ConsumeTimeoutError, SpinThenSleep};
use icc_trace::Stamped;
use std::time::{Duration, Instant};

/// How long to wait for the report.
const WAIT: Duration = Duration::from_secs(2);

pub(crate) fn run(common: &Common, instrument: u32, quantity: i64) -> Result<()> {
    ensure!(
        (instrument as usize) < INSTRUMENTS,
        "there is no instrument {instrument}: they are 0 to {}",
        INSTRUMENTS - 1
    );
    let session = Session::new(&common.session)?;
    // Before the order, so that its report cannot be missed.
    let mut reports = session.read_reports()?.consumer();
    let mut orders = session.orders()?.producer()?;
    let id = 1 << 63 | clock::now();
    let limit = if quantity > 0 { i64::MAX / 2 } else { 0 };
    let sender = OrderRequest::OPERATOR;
    orders.produce(&Stamped::unstamped(OrderRequest { id, quantity, limit, instrument, sender }));

    let deadline = Instant::now() + WAIT;
    while Instant::now() < deadline {
        match reports.consume_timeout(&mut SpinThenSleep::default(), Duration::from_millis(50)) {
            Ok(report) if report.id == id && report.refusal == 0 => {
                println!("filled {} lots at {:.2}", report.filled, report.price as f64 / 100.0);
                return Ok(());
            }
            Ok(report) if report.id == id => bail!("the account handler refused it: {}", refusal(report.refusal)),
            Ok(_) | Err(ConsumeTimeoutError::TimedOut { .. } | ConsumeTimeoutError::SpedPast(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bail!("no report within {WAIT:?}: is the account handler running?")
}

fn refusal(code: u32) -> &'static str {
    match code {
        1 => "there is no such instrument, or nothing was ordered",
        2 => "it is larger than an order may be",
        3 => "the position would be larger than it may be",
        4 => "the market is not known yet; try again",
        5 => "the market is not at the limit",
        _ => "for a reason that this program does not know",
    }
}
