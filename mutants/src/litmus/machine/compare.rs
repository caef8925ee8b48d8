//! Compares the ways through a function with the threads of litmus tests.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;

use super::path::{Event, Place};

/// A thread of a test: its accesses and barriers, in order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Pattern {
    pub(super) events: Vec<Wanted>,
}

impl Pattern {
    /// Whether an object is not easily taken for another, as one or two plain accesses are.
    fn is_certain(&self, object: &str) -> bool {
        let of_it = |wanted: &&Wanted| wanted.place.as_ref().is_some_and(|(name, _)| name == object);
        let accesses: Vec<&Wanted> = self.events.iter().filter(of_it).collect();
        accesses.len() > 2 || accesses.iter().any(|wanted| !is_plain(&wanted.kind))
    }
}

/// Whether an access orders nothing.
fn is_plain(kind: &str) -> bool {
    ["load", "store", "change"].contains(&kind)
}

/// An event of a thread.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Wanted {
    pub(super) kind: String,
    /// The object, and the distance from its start; none for a barrier.
    pub(super) place: Option<(String, i64)>,
}

/// Where each object of a test is in a function.
type Found = BTreeMap<String, Place>;

/// Requires that each thread is a whole way through the function; and that each way through the function is one of the
/// threads, or ends early as it.
///
/// Which registers point to a thread's objects is found out: some choice must make the way and the thread the same. On
/// a way, barriers and accesses that order must all be the thread's. Plain accesses may be others, of what no thread
/// accesses: the handle, the value that is copied.
pub(super) fn compare(paths: &[Vec<Event>], patterns: &[(String, Pattern)]) -> anyhow::Result<()> {
    let mut shared = BTreeSet::new();
    for (name, pattern) in patterns {
        let whole: Vec<Found> = paths.iter().filter_map(|path| whole(path, pattern)).collect();
        if whole.is_empty() {
            bail!("no way through it is {name}:\n    {}\n  it has\n    {}", show_pattern(pattern), show_paths(paths));
        }
        let certain = |(object, _): &(String, Place)| pattern.is_certain(object);
        shared.extend(whole.into_iter().flatten().filter(certain).map(|(_, place)| place.base));
    }
    for path in paths {
        let known =
            |(_, pattern): &&(String, Pattern)| search(path, &pattern.events, Found::new(), &shared, false).is_some();
        if !patterns.iter().any(|pattern| known(&pattern)) {
            bail!("a way through it is in no test: {}", show(path));
        }
    }
    Ok(())
}

/// Where the objects are, if the way is all of the thread.
fn whole(path: &[Event], pattern: &Pattern) -> Option<Found> {
    search(path, &pattern.events, Found::new(), &BTreeSet::new(), true)
}

/// The thread's objects, if the way can be the thread: all of it, or how it begins. `shared` are bases whose accesses
/// are not passed over.
fn search(path: &[Event], wanted: &[Wanted], found: Found, shared: &BTreeSet<String>, whole: bool) -> Option<Found> {
    let Some((event, rest)) = path.split_first() else {
        return (wanted.is_empty() || !whole).then_some(found);
    };
    let of_object = |place: &Place| found.values().any(|object| object.base == place.base);
    // Passed over, if it is of none of the objects. That is tried first: what comes before an access, to find its address, is
    // often of the same kind.
    let passes = |place: &Place| is_plain(&event.kind) && !of_object(place) && !shared.contains(&place.base);
    if event.place.as_ref().is_some_and(passes)
        && let Some(found) = search(rest, wanted, found.clone(), shared, whole)
    {
        return Some(found);
    }
    let (next, others) = wanted.split_first().filter(|(next, _)| next.kind == event.kind)?;
    let (Some((object, distance)), Some(place)) = (&next.place, &event.place) else {
        return if next.place.is_none() && event.place.is_none() {
            search(rest, others, found, shared, whole)
        } else {
            None
        };
    };
    let start = Place { base: place.base.clone(), offset: place.offset - distance };
    let fits = found.get(object).map_or(!of_object(place), |known| *known == start);
    let mut found = found;
    found.insert(object.clone(), start);
    if fits { search(rest, others, found, shared, whole) } else { None }
}

fn show(path: &[Event]) -> String {
    let event = |Event { kind, place }: &Event| match place {
        Some(Place { base, offset }) => format!("{kind} {base}+{offset}"),
        None => kind.clone(),
    };
    path.iter().map(event).collect::<Vec<_>>().join("; ")
}

fn show_paths(paths: &[Vec<Event>]) -> String {
    const SHOWN: usize = 3;
    let mut shown: Vec<String> = paths.iter().take(SHOWN).map(|path| show(path)).collect();
    if paths.len() > SHOWN {
        shown.push(format!("and {} more", paths.len() - SHOWN));
    }
    shown.join("\n    ")
}

fn show_pattern(pattern: &Pattern) -> String {
    let wanted = |Wanted { kind, place }: &Wanted| match place {
        Some((object, distance)) => format!("{kind} {object}+{distance}"),
        None => kind.clone(),
    };
    pattern.events.iter().map(wanted).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> (String, Option<(String, i64)>) {
        let Some((kind, place)) = text.split_once(' ').filter(|(kind, _)| *kind != "dmb") else {
            return (text.into(), None);
        };
        let (base, offset) = place.split_once('+').unwrap();
        (kind.into(), Some((base.into(), offset.parse().unwrap())))
    }

    fn path(text: &str) -> Vec<Event> {
        let read = |text| {
            let (kind, place) = event(text);
            Event { kind, place: place.map(|(base, offset)| Place { base, offset }) }
        };
        text.split("; ").map(read).collect()
    }

    fn pattern(text: &str) -> (String, Pattern) {
        let wanted = |text| {
            let (kind, place) = event(text);
            Wanted { kind, place }
        };
        (text.into(), Pattern { events: text.split("; ").map(wanted).collect() })
    }

    const READ: &str = "load cell+0; dmb ishld; load cell+8; dmb ishld; load cell+0";

    fn compared(paths: &[&str], patterns: &[&str]) -> Result<(), String> {
        let paths: Vec<_> = paths.iter().map(|text| path(text)).collect();
        let patterns: Vec<_> = patterns.iter().map(|text| pattern(text)).collect();
        compare(&paths, &patterns).map_err(|error| error.to_string())
    }

    #[test]
    fn a_way_is_the_thread_whatever_the_registers_are() {
        let way = "load h+8; load x9+32; dmb ishld; load x9+40; store out+0; dmb ishld; load x9+32";
        assert_eq!(compared(&[way], &[READ]), Ok(()));
        assert_eq!(compared(&[way, "load h+8; load x9+32"], &[READ]), Ok(()), "it may end early");
    }

    #[test]
    fn another_order_is_found() {
        for wrong in [
            "load x+0; load x+8; dmb ishld; dmb ishld; load x+0",
            "load x+0; dmb ishld; load x+8; load x+0",
            "load x+0; dmb ishld; load x+8; dmb ish; load x+0",
            "load x+0; dmb ishld; load y+8; dmb ishld; load x+0",
            "load x+0; dmb ishld; load x+16; dmb ishld; load x+0",
            "load x+0; dmb ishld; load x+8; dmb ishld; load x+0; dmb ish",
            "ldar x+0; dmb ishld; load x+8; dmb ishld; load x+0",
        ] {
            assert!(compared(&[wrong], &[READ]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_way_is_compared() {
        let right = "load x+0; dmb ishld; load x+8; dmb ishld; load x+0";
        for wrong in ["load x+0; load x+8; dmb ishld; load x+0", "dmb ish; store y+0", "load x+8; load x+0"] {
            let found = compared(&[right, wrong], &[READ]);
            assert!(found.as_ref().is_err_and(|found| found.contains("in no test")), "{wrong}: {found:?}");
        }
        let two = ["stlr head+0; store cell+0", "store cell+0"];
        assert_eq!(compared(&["stlr x+0; store y+8", "store y+8"], &two), Ok(()));
        assert!(compared(&["store y+8"], &two).is_err(), "the other thread is nowhere");
    }
}
