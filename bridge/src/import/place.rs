//! What there is of a mirror's name already, and how far a mirror is.

use super::totals::{Imported, add};
use crate::about::About;
use crate::error::BridgeError;
use icc_buffer::{Boot, BufferError, Inspected, Options, UntypedBuffer, inspect, remove};
use std::path::Path;
use std::time::{Duration, Instant};

/// What is of this name.
pub(super) enum Found {
    /// Nothing, any more.
    Nothing,
    /// What an earlier bridge made for the same source.
    Same(Box<Inspected>),
}

/// Finds what has this name, and removes what an earlier bridge made for another source.
pub(super) fn look(about: &About, name: &Path) -> Result<Found, BridgeError> {
    let found = match inspect(name) {
        Ok(found) => found,
        Err(BufferError::NotFound { .. }) => return Ok(Found::Nothing),
        Err(error) => return Err(error.into()),
    };
    if found.source == 0 {
        return Err(BridgeError::NotAMirror { path: found.path, found: Box::new(found.element) });
    }
    // After a start of the machine nothing is whole.
    if found.source != about.instance || found.boot == Boot::Previous {
        if found.boot != Boot::Previous {
            within(|| free(name))?;
        }
        remove(name)?;
        return Ok(Found::Nothing);
    }
    if found.element != about.element() && about.kind != crate::about::Kind::Bytes {
        return Err(other_shape(name, "type", &found.element, &about.element()));
    }
    Ok(Found::Same(Box::new(found)))
}

/// That nobody writes it.
fn free(name: &Path) -> Result<(), BridgeError> {
    match UntypedBuffer::open(name, &Options::new()).map(|mirror| mirror.holders(0..1)) {
        Ok(Ok(1..)) => Err(BridgeError::Taken { path: name.to_owned() }),
        _ => Ok(()),
    }
}

pub(super) fn other_shape(
    name: &Path,
    what: &'static str,
    found: &impl ToString,
    expected: &impl ToString,
) -> BridgeError {
    let (path, found, expected) = (name.to_owned(), found.to_string(), expected.to_string());
    BridgeError::OtherShape { path, what, found, expected }
}

/// A capacity that holds the stream: what was asked for, or that of the source.
pub(super) fn capacity(about: &About, asked: Option<usize>, least: u64) -> Result<usize, BridgeError> {
    let asked = asked.unwrap_or(usize::try_from(about.len).unwrap_or(usize::MAX));
    let least = usize::try_from(least).unwrap_or(usize::MAX).checked_next_power_of_two().unwrap_or(usize::MAX);
    if asked < least {
        return Err(BridgeError::Capacity { asked, most: usize::try_from(about.most).unwrap_or(usize::MAX), least });
    }
    Ok(asked)
}

/// How far it is from one number to another, if that is not behind it. Numbers wrap.
pub(super) fn ahead(from: u64, to: u64) -> Option<u64> {
    let distance = to.wrapping_sub(from);
    (distance.cast_signed() >= 0).then_some(distance)
}

/// Where a mirror goes to when it is told that `first..next` was lost at the source, being at `at`; and counts
/// that and what did not arrive before.
pub(super) fn lose(at: u64, first: u64, next: u64, totals: &mut Imported) -> Option<u64> {
    let all = ahead(at, next).filter(|&all| all > 0)?;
    let on_the_way = ahead(at, first).unwrap_or(0).min(all);
    add(&mut totals.lost_on_the_way, on_the_way);
    add(&mut totals.lost_at_the_source, all - on_the_way);
    Some(next)
}

/// For so long a name is waited for that a bridge holds which was just killed.
const HOLDS: Duration = Duration::from_secs(2);

/// Tries again and again for a while.
pub(super) fn within<T, E>(mut attempt: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    let end = Instant::now() + HOLDS;
    loop {
        match attempt() {
            Err(_) if Instant::now() < end => std::thread::sleep(Duration::from_millis(2)),
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_loss_is_counted_once_and_where_it_happened() {
        let lost = |at, first, next| {
            let mut totals = Imported::default();
            let to = lose(at, first, next, &mut totals);
            (to, totals.lost_on_the_way, totals.lost_at_the_source)
        };
        assert_eq!(lost(10, 10, 15), (Some(15), 0, 5));
        assert_eq!(lost(10, 13, 15), (Some(15), 3, 2));
        assert_eq!(lost(10, 8, 15), (Some(15), 0, 5));
        assert_eq!(lost(10, 5, 10), (None, 0, 0));
        assert_eq!(lost(10, 2, 7), (None, 0, 0));
        // What cannot be: an end before the beginning.
        assert_eq!(lost(10, 20, 15), (Some(15), 5, 0));
        assert_eq!(lost(u64::MAX - 1, 1, 3), (Some(3), 3, 2));
    }
}
