//! Messages of any length: as text where they are some, else as bytes.

use super::push_csv as push_csv_text;
use crate::text::{json, shown};
use std::fmt::Write as _;

/// The columns of comma-separated values: a message is in one of them.
pub(crate) const CSV_NAMES: &str = ",message,hex";

/// The text that a message is; none if it is no UTF-8, or holds control characters other than tabs and line ends.
fn text(message: &[u8]) -> Option<&str> {
    let is_none = |character: char| character.is_control() && !matches!(character, '\t' | '\n' | '\r');
    str::from_utf8(message).ok().filter(|text| !text.contains(is_none))
}

fn push_hex(message: &[u8], out: &mut String) {
    // A `String` takes all that is written.
    message.iter().for_each(|byte| _ = write!(out, "{byte:02x}"));
}

/// Appends the text with all escaped that a terminal would obey, or `0x` and the bytes.
pub(crate) fn push_text(message: &[u8], out: &mut String) {
    match text(message) {
        Some(text) => out.push_str(&shown(text)),
        None => {
            out.push_str("0x");
            push_hex(message, out);
        }
    }
}

/// Appends `,text,` or `,,00ff`.
pub(crate) fn push_csv(message: &[u8], out: &mut String) {
    out.push(',');
    match text(message) {
        Some(text) => {
            push_csv_text(text, out);
            out.push(',');
        }
        None => {
            out.push(',');
            push_hex(message, out);
        }
    }
}

/// Appends `"message":"text"` or `"hex":"00ff"`.
pub(crate) fn push_json(message: &[u8], out: &mut String) {
    match text(message) {
        Some(text) => {
            out.push_str("\"message\":");
            out.push_str(&json(&text.into()));
        }
        None => {
            out.push_str("\"hex\":\"");
            push_hex(message, out);
            out.push('"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_text_or_bytes_and_never_moves_a_terminal() {
        let pushed = |push: fn(&[u8], &mut String), message: &[u8]| {
            let mut out = String::new();
            push(message, &mut out);
            out
        };
        for (message, text, csv, json) in [
            (&b"bid 1,2"[..], "bid 1,2", ",\"bid 1,2\",", "\"message\":\"bid 1,2\""),
            (b"", "", ",,", "\"message\":\"\""),
            ("é \"x\"\n".as_bytes(), "é \"x\"\\n", ",\"é \"\"x\"\"\\n\",", "\"message\":\"é \\\"x\\\"\\n\""),
            ("\u{202e}".as_bytes(), "\\u{202e}", ",\\u{202e},", "\"message\":\"\\u202e\""),
            (b"\x1b[2J", "0x1b5b324a", ",,1b5b324a", "\"hex\":\"1b5b324a\""),
            (b"\xff\0", "0xff00", ",,ff00", "\"hex\":\"ff00\""),
            (b"a\xc3", "0x61c3", ",,61c3", "\"hex\":\"61c3\""),
        ] {
            assert_eq!(
                [pushed(push_text, message), pushed(push_csv, message), pushed(push_json, message)],
                [text, csv, json]
            );
        }
    }
}
