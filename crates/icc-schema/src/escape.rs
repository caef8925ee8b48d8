//! Showing text that may be anything.

use core::fmt;

/// Text that may hold anything, shown so that it garbles no terminal: what is not printable is
/// escaped, on one line.
///
/// # Examples
///
/// ```
/// use icc_schema::Escaped;
///
/// assert_eq!(Escaped("price \u{1b}[2J").to_string(), "price \\u{1b}[2J");
/// assert_eq!(Escaped("größe").to_string(), "größe");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut plain = 0;
        for (at, character) in self.0.char_indices() {
            // Also what changes the direction of text, which is not printable either.
            if !matches!(character, '\'' | '"' | '\\') && character.escape_debug().len() > 1 {
                f.write_str(&self.0[plain..at])?;
                write!(f, "{}", character.escape_debug())?;
                plain = at + character.len_utf8();
            }
        }
        f.write_str(&self.0[plain..])
    }
}
