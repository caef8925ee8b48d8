//! Pictures as lines of text: one thing a line, named values, the same words each time.

use super::READ;
use super::observer::Observer;
use super::picture::{PERCENTILES, Picture, State};
use crate::model::MODELS;
use anyhow::Result;
use std::io::{self, ErrorKind, Write};
use std::thread;
use std::time::{Duration, Instant};

pub(super) fn show(observer: &mut Observer, interval: Duration, goes_on: impl Fn() -> bool) -> Result<()> {
    let mut due = Instant::now() + interval;
    let mut events = 0;
    while goes_on() {
        thread::sleep(READ);
        observer.read();
        if Instant::now() < due {
            continue;
        }
        due = Instant::now() + interval;
        let (mut text, picture) = (Vec::new(), observer.picture());
        write(&mut text, &picture)?;
        // Each event once.
        let (newest, count) = &picture.events;
        let news = newest.iter().take((count - events) as usize);
        news.rev().try_for_each(|(at, what)| writeln!(text, "{at:.1} event {what}"))?;
        events = *count;
        match io::stdout().write_all(&text).and_then(|()| io::stdout().flush()) {
            // Whoever read this has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            done => done?,
        }
    }
    println!("the session has ended");
    Ok(())
}

fn write(out: &mut impl Write, picture: &Picture) -> io::Result<()> {
    let at = format!("{:.1}", picture.at);
    for process in &picture.processes {
        let state = match process.state {
            State::Absent => "absent".into(),
            State::Live => "live".into(),
            State::Silent(seconds) => format!("silent:{seconds:.1}s"),
        };
        write!(out, "{at} process {} state={state} pid={} starts={}", process.role, process.pid, process.starts)?;
        write!(out, " received={} sent={} lost={}", process.received, process.sent, process.lost)?;
        write!(out, " received/s={:.0} sent/s={:.0}", process.received_rate, process.sent_rate)?;
        writeln!(out, " lag={}", process.lag.map_or_else(|| "-".into(), |lag| lag.to_string()))?;
    }
    for latency in &picture.hops {
        write!(out, "{at} hop {} count={}", latency.hop.name.replace(" -> ", "->").replace(' ', "_"), latency.count)?;
        for ((name, _), value) in PERCENTILES.iter().zip(latency.values) {
            write!(out, " {name}={:.1}us", value as f64 / 1e3)?;
        }
        writeln!(out)?;
    }
    for instrument in &picture.instruments {
        let (bid, ask) = instrument.market.unzip();
        write!(out, "{at} instrument {} bid={} ask={}", instrument.name, shown(bid), shown(ask))?;
        for (model, ideal) in MODELS.iter().zip(instrument.ideal) {
            write!(out, " {}={}", model.name(), shown(ideal))?;
        }
        write!(out, " live={} fills={}", shown(instrument.live), instrument.fills)?;
        writeln!(out, " profit={}", shown(instrument.profit))?;
    }
    let orders = &picture.orders;
    write!(out, "{at} orders sent={} filled={} refused={}", orders.sent, orders.filled, orders.refused)?;
    writeln!(out, " unknown={}", orders.unknown)
}

fn shown(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "?".into(), |value| value.to_string())
}
