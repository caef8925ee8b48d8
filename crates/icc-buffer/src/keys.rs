//! Names of slots.

use core::fmt;

/// The longest text of keys, in bytes. It comes from another process.
pub(crate) const MAX_KEYS: usize = 4 * 1024 * 1024;

/// The names of a buffer's slots: what each is the key of. A name is text on one line, and may be
/// empty.
///
/// From another process a name may hold anything else: escape it before you show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// The names, each but the last with a line feed after it.
    text: Box<str>,
    /// Where each ends. [`MAX_KEYS`] fits.
    ends: Box<[u32]>,
}

impl Keys {
    /// The most bytes that the names may have together, with one between two of them.
    pub const MAX: usize = MAX_KEYS;

    /// Of one name a line, of which there are `len`. Else says what is wrong.
    pub(crate) fn parse(text: String, len: usize) -> Result<Self, String> {
        if text.len() > MAX_KEYS {
            return Err(format!("{} bytes are more than {MAX_KEYS}", text.len()));
        }
        let line_feeds = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32);
        let ends: Box<[u32]> = line_feeds.chain([text.len() as u32]).collect();
        if ends.len() != len {
            return Err(format!("there are {} names for {len} slots", ends.len()));
        }
        Ok(Self { text: text.into(), ends })
    }

    /// One for each slot.
    #[expect(clippy::len_without_is_empty, reason = "a buffer is never empty")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The name of slot `index`, or `None` past the end.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize + 1);
        self.text.get(start..end)
    }

    /// The first slot of that name. Looks at one after the other: ask once, and keep the answer.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.iter().position(|key| key == name)
    }

    /// The names in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.text.split('\n')
    }

    /// As it is behind the header.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().take(10)).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lines() {
        let keys = Keys::parse("one\n\nthree".to_owned(), 3).unwrap();
        assert_eq!([0, 1, 2, 3].map(|index| keys.get(index)), [Some("one"), Some(""), Some("three"), None]);
        assert_eq!((keys.find("three"), keys.find("four"), keys.len()), (Some(2), None, 3));
        assert!(Keys::parse("one\ntwo".to_owned(), 3).unwrap_err().contains("2 names for 3 slots"));
        assert!(Keys::parse("x".repeat(MAX_KEYS + 1), 1).is_err());
        assert_eq!(Keys::parse(String::new(), 1).unwrap().get(0), Some(""));
    }
}
