//! From shared memory to the network.

mod bytes;
mod options;
mod queue;
mod source;
mod start;
mod vector;

pub use options::{ExportOptions, Start};

use crate::about::About;
use crate::error::BridgeError;
use crate::event::{Event, OnEvent};
use crate::frame::{Body, Frame};
use crate::keys;
use crate::stop::Stop;
use crate::wire::{Congestion, Sender, Wire};
use icc_buffer::{BufferError, Inspected, inspect};
use icc_queue::{Park, SpinThenSleep, SpinThenYield, WaitStrategy};
use options::LONGEST;
use source::Source;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// Messages or values.
    pub messages: u64,
    /// Frames, signs of life included.
    pub frames: u64,
    /// Messages (or slots, of messages of any length) that the bridge lost at its source.
    pub lost: u64,
    /// How many sources of the name there were.
    pub instances: u64,
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { messages, frames, lost, instances } = self;
        write!(f, "sent {messages} messages of {instances} sources in {frames} frames, {lost} lost at the source")
    }
}

/// Between two attempts to open a source that is not there.
const LOOK: Duration = Duration::from_millis(20);
/// Between two checks that the name still leads to the source.
const CHECK: Duration = Duration::from_millis(200);

/// Sends the queue or the vector of this name under `key`, until `stop` is set: see the crate's front page.
///
/// It waits for one that is not there yet, and goes on with the next of its name when it is removed.
///
/// # Errors
///
/// [`BridgeError`] if it is neither, cannot be read, or cannot be held.
pub fn export(
    wire: &dyn Wire,
    name: &Path,
    key: &str,
    options: &ExportOptions,
    stop: &Stop,
    on_event: &mut OnEvent<'_>,
) -> Result<Exported, BridgeError> {
    keys::check(key)?;
    let congestion = if options.hold { Congestion::Wait } else { Congestion::Drop };
    let mut sender = wire.sender(&keys::frames(key), congestion)?;
    let answers = Arc::new(Mutex::new(Answers::default()));
    let told = Arc::clone(&answers);
    let _about = wire.answer(&keys::about(key), Box::new(move |_| lock(&told).about.iter().cloned().collect()))?;
    let told = Arc::clone(&answers);
    let _state = wire
        .answer(&keys::state(key), Box::new(move |_| lock(&told).state.as_ref().map_or_else(Vec::new, |all| all())))?;
    let (mut totals, mut waits) = (Exported::default(), false);
    while !stop.is_set() {
        let Some(found) = look(name, &mut waits, on_event)? else {
            std::thread::sleep(LOOK);
            continue;
        };
        // What comes after one that was sent is sent as a whole.
        let start = if totals.instances == 0 { options.start } else { Start::Oldest };
        let Some(mut source) = open(wire, &found, key, start, options)? else {
            std::thread::sleep(LOOK);
            continue;
        };
        totals.instances += 1;
        let about = source.about();
        on_event(Event::Sends { path: found.path.clone(), instance: about.instance, from: about.start });
        *lock(&answers) = Answers { about: Some(about.encode()), state: source.state() };
        let ended = send(source.as_mut(), &about, sender.as_mut(), options, stop, &mut totals, on_event);
        if ended {
            let next = source.next();
            // After it, since whoever hears it asks what comes next.
            *lock(&answers) = Answers::default();
            give(sender.as_mut(), about.instance, Body::Ended { next }, &mut totals, on_event);
            on_event(Event::Ended { instance: about.instance, next });
        }
    }
    Ok(totals)
}

#[derive(Default)]
struct Answers {
    about: Option<Vec<u8>>,
    state: Option<Box<dyn Fn() -> Vec<Vec<u8>> + Send>>,
}

fn lock(answers: &Mutex<Answers>) -> MutexGuard<'_, Answers> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What there is of this name, if it is ready.
fn look(name: &Path, waits: &mut bool, on_event: &mut OnEvent<'_>) -> Result<Option<Inspected>, BridgeError> {
    match inspect(name) {
        Ok(found) => {
            *waits = false;
            Ok(Some(found))
        }
        Err(BufferError::NotFound { path, .. }) => {
            if !std::mem::replace(waits, true) {
                on_event(Event::WaitsFor { path });
            }
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The source, unless it was removed meanwhile.
fn open(
    wire: &dyn Wire,
    found: &Inspected,
    key: &str,
    start: Start,
    options: &ExportOptions,
) -> Result<Option<Box<dyn Source>>, BridgeError> {
    let opened: Result<Box<dyn Source>, _> = match found.kind.to_string().as_str() {
        "queue" => queue::QueueSource::open(wire, found, key, start, options).map(|one| Box::new(one) as _),
        "bytes" => bytes::BytesSource::open(wire, found, key, start, options).map(|one| Box::new(one) as _),
        "vector" => vector::VectorSource::open(found, options).map(|one| Box::new(one) as _),
        other => Err(BridgeError::Kind { path: found.path.clone(), found: format!("a {other}") }),
    };
    match opened {
        Ok(source) => Ok(Some(source)),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a source was removed, or made anew, while it was opened.
fn is_gone(error: &BridgeError) -> bool {
    let buffer = match error {
        BridgeError::Buffer(error)
        | BridgeError::Queue(icc_queue::QueueError::Buffer(error))
        | BridgeError::Vector(icc_vector::VectorError::Buffer(error)) => error,
        _ => return false,
    };
    matches!(buffer, BufferError::NotFound { .. } | BufferError::NoReadersFile { .. })
}

/// Sends until the source ends or `stop` is set; whether it ended.
fn send(
    source: &mut dyn Source,
    about: &About,
    sender: &mut dyn Sender,
    options: &ExportOptions,
    stop: &Stop,
    totals: &mut Exported,
    on_event: &mut OnEvent<'_>,
) -> bool {
    let instance = about.instance;
    let heartbeat = options.heartbeat.clamp(Duration::from_millis(1), LONGEST);
    let mut wait = strategy(options, about.wakeable);
    let (mut beat_at, mut check_at, mut round) = (Instant::now(), Instant::now() + CHECK, 0);
    loop {
        if let Some((frame, messages, lost)) = source.fill() {
            totals.messages += messages;
            totals.lost += lost;
            give_frame(sender, frame, totals, on_event);
            round = 0;
            // Not each time: reading the clock costs as much as a small frame.
            if !totals.frames.is_multiple_of(64) {
                continue;
            }
        }
        let now = Instant::now();
        if stop.is_set() {
            break;
        }
        if now >= beat_at {
            beat_at = now + heartbeat;
            give(sender, instance, Body::Beat { next: source.next() }, totals, on_event);
        }
        if now >= check_at {
            check_at = now + CHECK;
            if !source.is_current() {
                // What its producer wrote before it was removed; it may go on and on.
                while Instant::now() < check_at
                    && let Some((frame, messages, lost)) = source.fill()
                {
                    totals.messages += messages;
                    totals.lost += lost;
                    give_frame(sender, frame, totals, on_event);
                }
                return true;
            }
        }
        source.wait(wait.as_mut(), round, beat_at.min(check_at));
        round += 1;
    }
    give(sender, instance, Body::Beat { next: source.next() }, totals, on_event);
    false
}

fn strategy(options: &ExportOptions, wakeable: bool) -> Box<dyn WaitStrategy> {
    match (options.spin, wakeable) {
        (true, _) => Box::new(SpinThenYield::default()),
        (false, true) => Box::new(Park::default()),
        (false, false) => Box::new(SpinThenSleep::default()),
    }
}

fn give(sender: &mut dyn Sender, instance: u64, body: Body<'_>, totals: &mut Exported, on_event: &mut OnEvent<'_>) {
    give_frame(sender, Frame { instance, body }.encode(), totals, on_event);
}

/// One that the network refuses is lost, and the next one tells.
fn give_frame(sender: &mut dyn Sender, frame: Vec<u8>, totals: &mut Exported, on_event: &mut OnEvent<'_>) {
    totals.frames += 1;
    if let Err(error) = sender.send(frame) {
        on_event(Event::Trouble(error));
    }
}
