//! From the network to shared memory.

mod bytes;
mod inbox;
mod options;
mod place;
mod queue;
mod totals;
mod vector;

pub use options::ImportOptions;
pub use totals::Imported;

use crate::about::About;
use crate::error::BridgeError;
use crate::event::{Event, OnEvent};
use crate::keys;
use crate::stop::Stop;
use crate::wire::Wire;
use inbox::{Inbox, Mirror};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Between two checks for work other than taking frames.
const TICK: Duration = Duration::from_millis(50);
/// For how long an answer is waited for.
const ANSWER: Duration = Duration::from_millis(500);
/// And for all values of a vector, which may be many.
const STATE: Duration = Duration::from_secs(5);
/// Between two questions that were answered by nobody.
const AGAIN: Duration = Duration::from_millis(100);
/// Between two checks that the name still leads to the mirror.
const CHECK: Duration = Duration::from_secs(1);

/// Repeats what comes under `key` in a queue or a vector of this name, until `stop` is set: see the crate's
/// front page.
///
/// It is created when the first frame has come, or taken up if an earlier bridge has made it for the same
/// source. One for an earlier source is removed first.
///
/// # Errors
///
/// [`BridgeError`] if something else has this name or the source cannot be repeated here; if what it begins with
/// cannot be used, or is two sources. Once it repeats one, what others send under the key is told and ignored.
pub fn import(
    wire: &dyn Wire,
    key: &str,
    name: &Path,
    options: &ImportOptions,
    stop: &Stop,
    on_event: &mut OnEvent<'_>,
) -> Result<Imported, BridgeError> {
    keys::check(key)?;
    let (ring, attention) = crossbeam_channel::bounded(1);
    let inbox = Arc::new(Mutex::new(Inbox::new(name, ring)));
    let taking = Arc::clone(&inbox);
    let listening = wire.listen(&keys::frames(key), Box::new(move |frame| lock(&taking).take(frame)))?;
    let told = Arc::clone(&inbox);
    let answering = wire.answer(&keys::place(key), Box::new(move |_| lock(&told).place().into_iter().collect()))?;
    let (mut asked_at, mut check_at, mut ignored) = (None::<Instant>, Instant::now() + CHECK, None);
    while !stop.is_set() {
        // What rings is only that it is worth a look.
        let _ = attention.recv_timeout(TICK);
        let now = Instant::now();
        let wishes = lock(&inbox).wishes(now >= check_at);
        if now >= check_at {
            check_at = now + CHECK;
        }
        wishes.events.into_iter().for_each(&mut *on_event);
        if asked_at.is_some_and(|at| now < at + AGAIN) {
            continue;
        }
        if wishes.about {
            asked_at = Some(now);
            let about = match ask_about(wire, key, on_event) {
                Ok(Some(about)) => about,
                Ok(None) => continue,
                // What is repeated already goes on: nobody else ends that.
                Err(error) if lock(&inbox).ignores_others() => {
                    asked_at = Some(now + CHECK);
                    let told = error.to_string();
                    if ignored.as_ref() != Some(&told) {
                        ignored = Some(told);
                        on_event(Event::Ignores(Box::new(error)));
                    }
                    continue;
                }
                Err(error) => return Err(error),
            };
            let expected = lock(&inbox).expects(&about)?;
            if let Some(from) = expected {
                // Frames come meanwhile: whoever brings them must not wait.
                let (mirror, resumed) = Mirror::make(&about, key, name, from, options)?;
                lock(&inbox).adopt(&about, mirror, resumed);
                asked_at = None;
            }
        } else if wishes.state {
            asked_at = Some(now);
            lock(&inbox).asks_state();
            let answers = ask(wire, &keys::state(key), STATE, on_event);
            lock(&inbox).take_state(&answers);
        }
    }
    drop((listening, answering));
    let inbox = lock(&inbox);
    Ok(inbox.totals())
}

fn lock<'a>(inbox: &'a Mutex<Inbox>) -> MutexGuard<'a, Inbox> {
    inbox.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ask(wire: &dyn Wire, key: &str, timeout: Duration, on_event: &mut OnEvent<'_>) -> Vec<Vec<u8>> {
    wire.ask(key, &[], timeout).unwrap_or_else(|error| {
        on_event(Event::Trouble(error));
        Vec::new()
    })
}

/// What the source is, if anybody says.
fn ask_about(wire: &dyn Wire, key: &str, on_event: &mut OnEvent<'_>) -> Result<Option<About>, BridgeError> {
    let mut found: Option<About> = None;
    for answer in ask(wire, &keys::about(key), ANSWER, on_event) {
        let about = About::decode(&answer, key)?;
        match &found {
            Some(other) if other.instance != about.instance => {
                return Err(BridgeError::TwoSources {
                    key: key.to_owned(),
                    one: other.instance,
                    other: about.instance,
                });
            }
            _ => found = Some(about),
        }
    }
    Ok(found)
}
