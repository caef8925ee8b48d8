//! One decoded value.

use crate::{Escaped, Number, TimeUnit};
use core::fmt;

/// A value of a payload, decoded. Nothing is copied but numbers.
///
/// Shown as one line of text, on which nothing can garble a terminal; quoting for CSV is left to
/// whoever writes it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A truth value: anything but 0 is true.
    Bool(bool),
    /// An integer without sign.
    Unsigned(u64),
    /// An integer with sign.
    Signed(i64),
    /// A number of 32 bits.
    F32(f32),
    /// A number of 64 bits.
    F64(f64),
    /// An integer times ten to the power of `exponent`.
    Decimal {
        /// The integer.
        mantissa: i128,
        /// The power, up to 38 up or down.
        exponent: i32,
    },
    /// An integer that has a name.
    Named {
        /// Its name.
        name: &'a str,
        /// The integer.
        value: i128,
    },
    /// Text, up to its first zero byte. It need not be valid UTF-8.
    Text(&'a [u8]),
    /// Bytes, shown in hexadecimal.
    Bytes(&'a [u8]),
    /// A time since 1970, UTC; none if it is NumPy's "not a time".
    Time {
        /// How many.
        count: Option<i64>,
        /// What of.
        unit: TimeUnit,
    },
    /// A span of time.
    Duration {
        /// How many.
        count: Option<i64>,
        /// What of.
        unit: TimeUnit,
    },
}

/// What a number's field says beside its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Meaning {
    pub(crate) values: Vec<(i128, String)>,
    pub(crate) exponent: i32,
}

impl<'a> Value<'a> {
    /// `bytes` is as long as the number.
    pub(crate) fn of_number(number: Number, meaning: &'a Meaning, bytes: &[u8]) -> Self {
        let raw = match number {
            Number::Bool => return Self::Bool(bytes[0] != 0),
            Number::F32 => return Self::F32(f32::from_ne_bytes(word(bytes))),
            Number::F64 => return Self::F64(f64::from_ne_bytes(word(bytes))),
            Number::U8 => Self::Unsigned(bytes[0].into()),
            Number::U16 => Self::Unsigned(u16::from_ne_bytes(word(bytes)).into()),
            Number::U32 => Self::Unsigned(u32::from_ne_bytes(word(bytes)).into()),
            Number::U64 => Self::Unsigned(u64::from_ne_bytes(word(bytes))),
            Number::I8 => Self::Signed(i8::from_ne_bytes(word(bytes)).into()),
            Number::I16 => Self::Signed(i16::from_ne_bytes(word(bytes)).into()),
            Number::I32 => Self::Signed(i32::from_ne_bytes(word(bytes)).into()),
            Number::I64 => Self::Signed(i64::from_ne_bytes(word(bytes))),
        };
        if meaning.values.is_empty() && meaning.exponent == 0 {
            return raw;
        }
        let value = match raw {
            Self::Unsigned(value) => value.into(),
            Self::Signed(value) => value.into(),
            other => return other,
        };
        match meaning.values.binary_search_by_key(&value, |(value, _)| *value) {
            Ok(found) => Self::Named { name: &meaning.values[found].1, value },
            Err(_) if meaning.exponent != 0 => Self::Decimal { mantissa: value, exponent: meaning.exponent },
            Err(_) => raw,
        }
    }

    /// `bytes` has eight.
    pub(crate) fn of_time(unit: TimeUnit, span: bool, bytes: &[u8]) -> Self {
        // NumPy's "not a time".
        let count = Some(i64::from_ne_bytes(word(bytes))).filter(|&count| count != i64::MIN);
        if span { Self::Duration { count, unit } } else { Self::Time { count, unit } }
    }

    /// Up to the first zero byte.
    pub(crate) fn of_text(bytes: &'a [u8]) -> Self {
        Self::Text(bytes.split(|&byte| byte == 0).next().unwrap_or_default())
    }

    /// Appends the value as it is shown: the quick way to write many.
    pub fn push_to(&self, out: &mut String) {
        match *self {
            Self::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            Self::Unsigned(value) => out.push_str(itoa::Buffer::new().format(value)),
            Self::Signed(value) => out.push_str(itoa::Buffer::new().format(value)),
            Self::F32(value) => out.push_str(zmij::Buffer::new().format(value)),
            Self::F64(value) => out.push_str(zmij::Buffer::new().format(value)),
            Self::Decimal { mantissa, exponent } => push_decimal(out, mantissa, exponent),
            Self::Named { name, .. } => push(out, Escaped(name)),
            Self::Text(text) => push(out, Escaped(&String::from_utf8_lossy(text))),
            Self::Bytes(bytes) => bytes.iter().for_each(|byte| push(out, format_args!("{byte:02x}"))),
            Self::Time { count, unit } => push_time(out, count, unit),
            Self::Duration { count: Some(count), unit } => push(out, format_args!("{count}{}", unit.code())),
            Self::Duration { count: None, .. } => out.push_str(NOT_A_TIME),
        }
    }

    /// Appends the value as JSON: numbers as numbers, also scaled ones; what is no number there as
    /// `null`; names, text, bytes and times as text.
    pub fn push_json_to(&self, out: &mut String) {
        match *self {
            Self::F32(value) if !value.is_finite() => out.push_str("null"),
            Self::F64(value) if !value.is_finite() => out.push_str("null"),
            Self::Time { count: None, .. } | Self::Duration { count: None, .. } => out.push_str("null"),
            Self::Duration { count: Some(count), .. } => out.push_str(itoa::Buffer::new().format(count)),
            Self::Named { name, .. } => crate::text::push_string(out, name),
            Self::Text(text) => crate::text::push_string(out, &String::from_utf8_lossy(text)),
            Self::Bytes(_) | Self::Time { .. } => {
                out.push('"');
                self.push_to(out);
                out.push('"');
            }
            _ => self.push_to(out),
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.push_to(&mut text);
        f.pad(&text)
    }
}

const NOT_A_TIME: &str = "NaT";

/// `bytes` has as many.
fn word<const SIZE: usize>(bytes: &[u8]) -> [u8; SIZE] {
    let mut word = [0; SIZE];
    word.copy_from_slice(bytes);
    word
}

fn push(out: &mut String, value: impl fmt::Display) {
    // Writing to a `String` cannot fail.
    let _ = fmt::Write::write_fmt(out, format_args!("{value}"));
}

/// All digits, none rounded away.
fn push_decimal(out: &mut String, mantissa: i128, exponent: i32) {
    if mantissa < 0 {
        out.push('-');
    }
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(mantissa.unsigned_abs());
    let Ok(point) = usize::try_from(-exponent) else {
        out.push_str(digits);
        if mantissa != 0 {
            out.extend(core::iter::repeat_n('0', exponent.unsigned_abs() as usize));
        }
        return;
    };
    match digits.len().checked_sub(point) {
        Some(whole @ 1..) => {
            out.push_str(&digits[..whole]);
            if point > 0 {
                out.push('.');
                out.push_str(&digits[whole..]);
            }
        }
        _ => {
            out.push_str("0.");
            out.extend(core::iter::repeat_n('0', point - digits.len()));
            out.push_str(digits);
        }
    }
}

/// As RFC 3339 has it; the plain number if no calendar reaches that far.
fn push_time(out: &mut String, count: Option<i64>, unit: TimeUnit) {
    let Some(count) = count else { return out.push_str(NOT_A_TIME) };
    let (per_second, digits) = match unit {
        TimeUnit::Seconds => (1, 0),
        TimeUnit::Milliseconds => (1_000, 3),
        TimeUnit::Microseconds => (1_000_000, 6),
        TimeUnit::Nanoseconds => (1_000_000_000, 9),
    };
    match jiff::Timestamp::from_nanosecond(i128::from(count) * (1_000_000_000 / per_second)) {
        Ok(time) => push(out, format_args!("{time:.digits$}")),
        Err(_) => push(out, format_args!("{count}{}", unit.code())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(mantissa: i128, exponent: i32) -> String {
        Value::Decimal { mantissa, exponent }.to_string()
    }

    #[test]
    fn decimals_keep_every_digit() {
        assert_eq!(decimal(1_012_500, -4), "101.2500");
        assert_eq!(decimal(-5, -4), "-0.0005");
        assert_eq!(decimal(12_345, -5), "0.12345");
        assert_eq!(decimal(123_456, -5), "1.23456");
        assert_eq!(decimal(0, -2), "0.00");
        assert_eq!((decimal(7, 3), decimal(0, 3), decimal(-7, 1)), ("7000".into(), "0".into(), "-70".into()));
        assert_eq!(decimal(i64::MIN.into(), -38), "-0.00000000000000000009223372036854775808");
        assert_eq!(decimal(u64::MAX.into(), -1), "1844674407370955161.5");
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        let time = |count, unit| Value::Time { count, unit }.to_string();
        assert_eq!(time(Some(0), TimeUnit::Seconds), "1970-01-01T00:00:00Z");
        assert_eq!(time(Some(1_700_000_000_123_456_789), TimeUnit::Nanoseconds), "2023-11-14T22:13:20.123456789Z");
        assert_eq!(time(Some(-1), TimeUnit::Milliseconds), "1969-12-31T23:59:59.999Z");
        assert_eq!(time(None, TimeUnit::Microseconds), "NaT");
        assert_eq!(time(Some(i64::MAX), TimeUnit::Seconds), "9223372036854775807s");
        assert_eq!(Value::Duration { count: Some(-7), unit: TimeUnit::Microseconds }.to_string(), "-7us");
    }

    fn json(value: Value<'_>) -> String {
        let mut out = String::new();
        value.push_json_to(&mut out);
        out
    }

    #[test]
    fn what_json_cannot_say_is_null() {
        assert_eq!((json(Value::F64(f64::NAN)), json(Value::F32(f32::INFINITY))), ("null".into(), "null".into()));
        assert_eq!((json(Value::F64(0.1)), json(Value::F64(3.0))), ("0.1".into(), "3.0".into()));
        assert_eq!(json(Value::Text(b"a\"\x1b\xff")), "\"a\\\"\\u001b\u{fffd}\"");
        assert_eq!(json(Value::Named { name: "Buy", value: 1 }), "\"Buy\"");
        assert_eq!(json(Value::Bytes(&[0, 255])), "\"00ff\"");
    }

    #[test]
    fn a_number_is_all_of_its_bytes() {
        let none = Meaning::default();
        let of = |number: Number, bytes: &[u8]| {
            assert_eq!(bytes.len(), number.size());
            Value::of_number(number, &none, bytes)
        };
        let large = 0xfedc_ba98_7654_3210_u64;
        assert_eq!(of(Number::U8, &[0xfe]), Value::Unsigned(0xfe));
        assert_eq!(of(Number::U16, &0xfedc_u16.to_ne_bytes()), Value::Unsigned(0xfedc));
        assert_eq!(of(Number::U32, &0xfedc_ba98_u32.to_ne_bytes()), Value::Unsigned(0xfedc_ba98));
        assert_eq!(of(Number::U64, &large.to_ne_bytes()), Value::Unsigned(large));
        assert_eq!(of(Number::I8, &(-2_i8).to_ne_bytes()), Value::Signed(-2));
        assert_eq!(of(Number::I16, &(-300_i16).to_ne_bytes()), Value::Signed(-300));
        assert_eq!(of(Number::I32, &(-70_000_i32).to_ne_bytes()), Value::Signed(-70_000));
        assert_eq!(of(Number::I64, &i64::MIN.to_ne_bytes()), Value::Signed(i64::MIN));
        assert_eq!(of(Number::F32, &1.5_f32.to_ne_bytes()), Value::F32(1.5));
        assert_eq!(of(Number::F64, &(-0.1_f64).to_ne_bytes()), Value::F64(-0.1));
        assert_eq!([0, 1, 2].map(|byte| of(Number::Bool, &[byte])), [false, true, true].map(Value::Bool));
    }

    /// A name is shown before a power of ten; others than integers have neither.
    #[test]
    fn a_meaning_is_that_of_an_integer() {
        let values = vec![(-2, "down".to_owned()), (5, "up".to_owned())];
        for exponent in [0, -4, 2] {
            let unnamed = |mantissa: i128, raw| match exponent {
                0 => raw,
                _ => Value::Decimal { mantissa, exponent },
            };
            let meaning = Meaning { values: values.clone(), exponent };
            let signed = |value: i16| Value::of_number(Number::I16, &meaning, &value.to_ne_bytes());
            assert_eq!(signed(-2), Value::Named { name: "down", value: -2 });
            assert_eq!(signed(5), Value::Named { name: "up", value: 5 });
            assert_eq!(signed(-5), unnamed(-5, Value::Signed(-5)));
            let unsigned = |value: u32| Value::of_number(Number::U32, &meaning, &value.to_ne_bytes());
            assert_eq!(unsigned(5), Value::Named { name: "up", value: 5 });
            assert_eq!(unsigned(u32::MAX), unnamed(u32::MAX.into(), Value::Unsigned(u32::MAX.into())));
            assert_eq!(Value::of_number(Number::Bool, &meaning, &[1]), Value::Bool(true));
            assert_eq!(Value::of_number(Number::F64, &meaning, &5_f64.to_ne_bytes()), Value::F64(5.0));
        }
        let scaled = Meaning { values: Vec::new(), exponent: -1 };
        assert_eq!(Value::of_number(Number::U8, &scaled, &[7]), Value::Decimal { mantissa: 7, exponent: -1 });
    }

    #[test]
    fn a_count_of_time_may_be_none() {
        let unit = TimeUnit::Seconds;
        for (count, found) in [(0, Some(0)), (-1, Some(-1)), (i64::MAX, Some(i64::MAX)), (i64::MIN, None)] {
            let bytes = count.to_ne_bytes();
            assert_eq!(Value::of_time(unit, false, &bytes), Value::Time { count: found, unit });
            assert_eq!(Value::of_time(unit, true, &bytes), Value::Duration { count: found, unit });
        }
    }

    #[test]
    fn text_ends_with_its_first_zero() {
        let texts: [(&[u8], &[u8]); 4] = [(b"", b""), (b"\0ab", b""), (b"ab\0c\0", b"ab"), (b"abc", b"abc")];
        for (bytes, text) in texts {
            assert_eq!(Value::of_text(bytes), Value::Text(text));
        }
    }

    /// Every kind of value, as text and as JSON.
    #[test]
    fn values_are_shown() {
        let (second, milli) = (TimeUnit::Seconds, TimeUnit::Milliseconds);
        for (value, text, as_json) in [
            (Value::Bool(true), "true", "true"),
            (Value::Bool(false), "false", "false"),
            (Value::Unsigned(u64::MAX), "18446744073709551615", "18446744073709551615"),
            (Value::Signed(i64::MIN), "-9223372036854775808", "-9223372036854775808"),
            (Value::F32(0.1), "0.1", "0.1"),
            (Value::F64(-2.5), "-2.5", "-2.5"),
            (Value::F32(f32::NAN), "NaN", "null"),
            (Value::F64(f64::NEG_INFINITY), "-inf", "null"),
            (Value::Decimal { mantissa: -15, exponent: -1 }, "-1.5", "-1.5"),
            (Value::Decimal { mantissa: 15, exponent: 0 }, "15", "15"),
            (Value::Named { name: "a\nb", value: 7 }, "a\\nb", "\"a\\u000ab\""),
            (Value::Text(b"x\xff"), "x\u{fffd}", "\"x\u{fffd}\""),
            (Value::Bytes(&[0, 0xab]), "00ab", "\"00ab\""),
            (Value::Time { count: Some(1), unit: second }, "1970-01-01T00:00:01Z", "\"1970-01-01T00:00:01Z\""),
            (Value::Time { count: None, unit: second }, "NaT", "null"),
            (Value::Duration { count: Some(-3), unit: milli }, "-3ms", "-3"),
            (Value::Duration { count: None, unit: milli }, "NaT", "null"),
        ] {
            assert_eq!((value.to_string(), json(value)), (text.to_owned(), as_json.to_owned()), "{value:?}");
        }
    }

    /// The same moment in each of the units, with as many digits as that has.
    #[test]
    fn times_are_counted_in_their_unit() {
        let units = [TimeUnit::Seconds, TimeUnit::Milliseconds, TimeUnit::Microseconds, TimeUnit::Nanoseconds];
        let digits = ["", ".000", ".000000", ".000000000"];
        for (unit, (power, digits)) in units.into_iter().zip([0, 3, 6, 9].into_iter().zip(digits)) {
            let time = Value::Time { count: Some(1_700_000_000 * 10_i64.pow(power)), unit };
            assert_eq!(time.to_string(), format!("2023-11-14T22:13:20{digits}Z"));
        }
    }
}
