//! Numbers and names as people read them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

/// The text with everything escaped that is no ordinary character: control characters, which a
/// terminal would obey, and those that hide or reorder others.
pub(crate) fn shown(text: &str) -> String {
    icc_schema::Escaped(text).to_string()
}

/// A file's name, the same way; bytes that are no text as `\xNN`.
pub(crate) fn shown_name(name: impl AsRef<OsStr>) -> String {
    let mut text = String::new();
    for chunk in name.as_ref().as_bytes().utf8_chunks() {
        text.push_str(&shown(chunk.valid()));
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

/// JSON of which a terminal obeys nothing either: what is not printable is escaped, also where JSON
/// does not ask for it.
pub(crate) fn json(value: &serde_json::Value) -> String {
    let mut text = String::new();
    for character in format!("{value:#}").chars() {
        if character.is_ascii() || character.escape_debug().len() == 1 {
            text.push(character);
        } else {
            character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
        }
    }
    text
}

/// No longer than `most` characters: what is more is replaced by `…`, at the end.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// A type's name without the crates and modules in it.
pub(crate) fn short_type(name: &str) -> String {
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    let mut short = String::new();
    let mut parts = name.split("::").peekable();
    while let Some(part) = parts.next() {
        short.push_str(if parts.peek().is_some() { part.trim_end_matches(is_name) } else { part });
    }
    short
}

/// A number with its thousands set apart.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of something.
pub(crate) fn count(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { more })
}

/// Messages or changes a second.
pub(crate) fn rate(per_second: f64) -> String {
    if per_second > 0.0 && per_second < 9.95 {
        format!("{per_second:.1}")
    } else {
        thousands(per_second.round() as u64)
    }
}

/// Bytes in the unit that suits.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut number, mut unit) = (bytes as f64 / 1024.0, 0);
    while number >= 1024.0 && unit + 1 < UNITS.len() {
        number /= 1024.0;
        unit += 1;
    }
    if number < 10.0 { format!("{number:.1} {}", UNITS[unit]) } else { format!("{number:.0} {}", UNITS[unit]) }
}

/// A time span, to one unit.
pub(crate) fn span(span: Duration) -> String {
    match span.as_secs() {
        0 if span.as_millis() == 0 => format!("{} µs", span.as_micros()),
        0..10 => format!("{:.1} s", span.as_secs_f64()),
        seconds @ 10..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// A moment, in UTC; as a bare number if it is none that calendars know.
pub(crate) fn moment(nanoseconds_since_1970: u64) -> String {
    i64::try_from(nanoseconds_since_1970)
        .ok()
        .and_then(|nanoseconds| jiff::Timestamp::from_nanosecond(nanoseconds.into()).ok())
        .map_or_else(|| nanoseconds_since_1970.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shown_moves_a_terminal() {
        assert_eq!(shown("quotes\x1b[2J\r\n\u{202e}"), "quotes\\u{1b}[2J\\r\\n\\u{202e}");
        assert_eq!(shown("it's \"fine\" \\ é"), "it's \"fine\" \\ é");
        assert_eq!(shown_name(OsStr::from_bytes(b"a\xff\x07b")), "a\\xff\\u{7}b");
    }

    #[test]
    fn numbers() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.0, 0.24, 9.9, 1_999.6].map(rate), ["0", "0.2", "9.9", "2,000"]);
        assert_eq!([0, 1_023, 1_024, 15_000, 1 << 40].map(bytes), ["0 B", "1023 B", "1.0 KiB", "15 KiB", "1.0 TiB"]);
        assert_eq!(
            [0.0005, 1.25, 64.0, 600.0, 9e4].map(|s| span(Duration::from_secs_f64(s))),
            ["500 µs", "1.2 s", "64 s", "10 min", "25 h"]
        );
        assert_eq!(moment(1_700_000_000_500_000_000), "2023-11-14T22:13:20.5Z");
        assert_eq!(moment(u64::MAX), u64::MAX.to_string());
    }

    #[test]
    fn json_that_moves_no_terminal() {
        let value = serde_json::json!({ "name": "é\u{202e}\u{e0001}\x1b" });
        assert_eq!(json(&value), "{\n  \"name\": \"é\\u202e\\udb40\\udc01\\u001b\"\n}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json(&value)).unwrap(), value);
    }

    #[test]
    fn counts() {
        assert_eq!([0, 1, 2_000].map(|number| count(number, "ox", "oxen")), ["0 oxen", "1 ox", "2,000 oxen"]);
    }

    #[test]
    fn names_are_short() {
        assert_eq!(short_type("a::b::Tick<c::Side, [d::e::F; 3]>"), "Tick<Side, [F; 3]>");
        assert_eq!((cut("quotes", 6), cut("quotes", 5)), ("quotes".to_owned(), "quot…".to_owned()));
    }
}
