//! The table of hops' names. A hop's id is its slot.

use crate::TraceError;
use crate::timing::NOBODY;
use bytemuck::{Pod, Zeroable};
use icc_schema::Describe;
use icc_seqlock::primitive::step;
use icc_vector::{ReadError, SeqlockVector, SingleWriter, VectorReader, WriterError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The most hops of a system.
pub(crate) const MAX_HOPS: usize = NOBODY as usize;
/// The most bytes of a name.
const MAX_BYTES: usize = 48;
/// How long a hop waits for another one that registers.
const WAIT: Duration = Duration::from_secs(2);

/// What a hop is called; all zeros if there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable, Describe)]
#[repr(C)]
pub(crate) struct HopName {
    #[describe(text)]
    name: [u8; MAX_BYTES],
}

impl HopName {
    pub(crate) fn new(name: &str) -> Result<Self, TraceError> {
        if name.is_empty() || name.len() > MAX_BYTES || name.contains(char::is_control) {
            return Err(TraceError::BadName { name: name.to_owned(), max: MAX_BYTES });
        }
        let mut bytes = [0; MAX_BYTES];
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        Ok(Self { name: bytes })
    }

    fn is_free(&self) -> bool {
        self.name == [0; MAX_BYTES]
    }

    /// As text, whatever the bytes are.
    fn text(&self) -> String {
        let end = self.name.iter().position(|&byte| byte == 0).unwrap_or(MAX_BYTES);
        String::from_utf8_lossy(&self.name[..end]).into_owned()
    }
}

/// Each slot is written once, by whoever owns it at that moment, and never again: a name that was read
/// stays what it is.
pub(crate) type Names = SeqlockVector<HopName, SingleWriter>;

/// What a slot holds.
enum Slot {
    Free,
    Named(HopName),
    /// Somebody is writing it.
    Busy,
}

fn slot(names: &VectorReader<HopName>, index: usize) -> Slot {
    match names.read(index) {
        Ok(name) if name.is_free() => Slot::Free,
        Ok(name) => Slot::Named(name),
        // Only free slots are written: whoever died there has no id.
        Err(ReadError::WriterDied(_)) => Slot::Free,
        Err(_) => Slot::Busy,
    }
}

/// The id of the hop of this name: that which it has, or a new one.
pub(crate) fn register(names: &Names, name: &HopName) -> Result<u8, TraceError> {
    let path = || names.path().unwrap_or(Path::new("")).to_owned();
    let start = Instant::now();
    loop {
        let Some(index) = place(names, name) else {
            return Err(TraceError::TooManyHops { path: path(), max: MAX_HOPS });
        };
        if matches!(slot(names, index), Slot::Named(found) if found == *name) {
            return Ok(index as u8);
        }
        step("hop placed");
        match names.writer_of(index..index + 1) {
            // From here on nobody else writes it, and what another one wrote is seen.
            Ok(mut writer) => match slot(names, index) {
                Slot::Free => {
                    writer.write(index, name)?;
                    return Ok(index as u8);
                }
                Slot::Named(_) | Slot::Busy => {}
            },
            Err(WriterError::Taken { .. } | WriterError::TooMany { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        if start.elapsed() >= WAIT {
            return Err(TraceError::Stalled { path: path() });
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Where the name is, or where it may go: the first slot that has none.
fn place(names: &VectorReader<HopName>, name: &HopName) -> Option<usize> {
    let len = names.len().min(MAX_HOPS);
    let is_it = |index: &usize| matches!(slot(names, *index), Slot::Named(found) if found == *name);
    let has_none = |index: &usize| !matches!(slot(names, *index), Slot::Named(_));
    (0..len).find(is_it).or_else(|| (0..len).find(has_none))
}

/// All names, by id; empty where there is none.
pub(crate) fn all(names: &VectorReader<HopName>) -> Vec<String> {
    let text = |index| match slot(names, index) {
        Slot::Named(name) => name.text(),
        Slot::Free | Slot::Busy => String::new(),
    };
    let mut all: Vec<_> = (0..names.len().min(MAX_HOPS)).map(text).collect();
    while all.last().is_some_and(String::is_empty) {
        all.pop();
    }
    all
}

/// The file beside a system's name.
pub(crate) fn beside(system: &Path, suffix: &str) -> PathBuf {
    let mut name = system.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(HopName::new("feed").unwrap().text(), "feed");
        let longest = "é".repeat(MAX_BYTES / 2);
        assert_eq!(HopName::new(&longest).unwrap().text(), longest);
        for bad in [String::new(), "a\nb".to_owned(), "x".repeat(MAX_BYTES + 1), "\0".to_owned()] {
            assert_eq!(HopName::new(&bad), Err(TraceError::BadName { name: bad, max: MAX_BYTES }));
        }
    }

    #[test]
    fn a_name_has_one_id() {
        let names = Names::new(3).unwrap();
        let id = |name| register(&names, &HopName::new(name).unwrap());
        assert_eq!([id("a"), id("b"), id("a"), id("c"), id("b")], [Ok(0), Ok(1), Ok(0), Ok(2), Ok(1)]);
        assert_eq!(id("d"), Err(TraceError::TooManyHops { path: PathBuf::new(), max: MAX_HOPS }));
        assert_eq!(all(&names), ["a", "b", "c"]);
    }

    /// What garbage is in a name reaches nobody as it is.
    #[test]
    fn any_bytes_are_text() {
        let name = HopName { name: [0xff; MAX_BYTES] };
        assert_eq!(name.text(), "\u{fffd}".repeat(MAX_BYTES));
    }
}
