//! One value: where it is, and how it is written.

use crate::text;

/// A value in a payload.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scalar {
    /// From the payload's start, in bytes.
    pub(crate) offset: usize,
    pub(crate) format: Format,
}

/// What the bytes of a value are. Numbers are in the machine's byte order.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(not(test), allow(dead_code, reason = "some are for schemas"))]
pub(crate) enum Format {
    U8,
    U16,
    U32,
    U64,
    U128,
    I8,
    I16,
    I32,
    I64,
    I128,
    F32,
    F64,
    Bool,
    /// UTF-8, of which zeros at the end are no part.
    Text(usize),
    /// Not known.
    Bytes(usize),
    /// Nanoseconds since 1970 once multiplied by this. Stored as an `i64`.
    Time(u64),
    /// A number that has names.
    Enum(Box<Format>, Vec<(i128, String)>),
    /// A number to be divided by a power of ten: so many digits after the point.
    Decimal(Box<Format>, u32),
}

/// For whom a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// For people: moments as dates.
    Text,
    /// A field of comma-separated values.
    Csv,
    /// A JSON value.
    Json,
}

impl Format {
    /// Bytes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 | Self::Time(_) => 8,
            Self::U128 | Self::I128 => 16,
            Self::Text(size) | Self::Bytes(size) => *size,
            Self::Enum(stored, _) | Self::Decimal(stored, _) => stored.size(),
        }
    }
}

impl Scalar {
    /// Whether it lies within a payload of `size` bytes.
    pub(super) fn fits(&self, size: usize) -> bool {
        self.offset.checked_add(self.format.size()).is_some_and(|end| end <= size)
    }

    /// Appends the value as text. `payload` is as long as the fields' payload.
    #[inline]
    pub(super) fn write(&self, payload: &[u8], style: Style, out: &mut Vec<u8>) {
        write(&self.format, &payload[self.offset..], style, out);
    }
}

/// The first bytes as an array; there are enough, as `Fields::new` checked.
#[inline(always)]
fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    *bytes.first_chunk().expect("the value lies within the payload")
}

macro_rules! integer {
    ($type:ty, $bytes:ident, $out:ident) => {
        $out.extend_from_slice(itoa::Buffer::new().format(<$type>::from_ne_bytes(first($bytes))).as_bytes())
    };
}

#[inline]
fn write(format: &Format, bytes: &[u8], style: Style, out: &mut Vec<u8>) {
    match format {
        Format::U8 => integer!(u8, bytes, out),
        Format::U16 => integer!(u16, bytes, out),
        Format::U32 => integer!(u32, bytes, out),
        Format::U64 => integer!(u64, bytes, out),
        Format::U128 => integer!(u128, bytes, out),
        Format::I8 => integer!(i8, bytes, out),
        Format::I16 => integer!(i16, bytes, out),
        Format::I32 => integer!(i32, bytes, out),
        Format::I64 => integer!(i64, bytes, out),
        Format::I128 => integer!(i128, bytes, out),
        Format::F32 => {
            let number = f32::from_ne_bytes(first(bytes));
            match number.is_finite() {
                true => out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes()),
                false => not_finite(f64::from(number), style, out),
            }
        }
        Format::F64 => {
            let number = f64::from_ne_bytes(first(bytes));
            match number.is_finite() {
                true => out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes()),
                false => not_finite(number, style, out),
            }
        }
        Format::Bool => match bytes[0] {
            0 => out.extend_from_slice(b"false"),
            1 => out.extend_from_slice(b"true"),
            // Not a `bool` at all, but memory may hold anything.
            _ => integer!(u8, bytes, out),
        },
        Format::Text(size) => {
            let bytes = &bytes[..*size];
            let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            string(&String::from_utf8_lossy(&bytes[..end]), style, out);
        }
        Format::Bytes(size) => {
            let quote: &[u8] = if style == Style::Json { b"\"" } else { b"" };
            out.extend_from_slice(quote);
            for byte in &bytes[..*size] {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                out.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
            }
            out.extend_from_slice(quote);
        }
        Format::Time(unit) => time(i64::from_ne_bytes(first(bytes)), *unit, style, out),
        Format::Enum(stored, names) => {
            let number = integer(stored, bytes);
            match names.iter().find(|(value, _)| *value == number) {
                Some((_, name)) => string(name, style, out),
                None => write(stored, bytes, style, out),
            }
        }
        Format::Decimal(stored, digits) => decimal(integer(stored, bytes), *digits, out),
    }
}

fn not_finite(number: f64, style: Style, out: &mut Vec<u8>) {
    let text = match style {
        Style::Json => "null",
        _ if number.is_nan() => "NaN",
        _ if number > 0.0 => "inf",
        _ => "-inf",
    };
    out.extend_from_slice(text.as_bytes());
}

/// The value of an integer format; 0 of any other.
fn integer(format: &Format, bytes: &[u8]) -> i128 {
    match format {
        Format::U8 | Format::Bool => bytes[0].into(),
        Format::U16 => u16::from_ne_bytes(first(bytes)).into(),
        Format::U32 => u32::from_ne_bytes(first(bytes)).into(),
        Format::U64 => u64::from_ne_bytes(first(bytes)).into(),
        Format::U128 => u128::from_ne_bytes(first(bytes)).cast_signed(),
        Format::I8 => i8::from_ne_bytes(first(bytes)).into(),
        Format::I16 => i16::from_ne_bytes(first(bytes)).into(),
        Format::I32 => i32::from_ne_bytes(first(bytes)).into(),
        Format::I64 | Format::Time(_) => i64::from_ne_bytes(first(bytes)).into(),
        Format::I128 => i128::from_ne_bytes(first(bytes)),
        _ => 0,
    }
}

/// `-12345` with two digits is `-123.45`.
fn decimal(number: i128, digits: u32, out: &mut Vec<u8>) {
    let Some(unit) = 10_u128.checked_pow(digits).filter(|_| digits > 0) else {
        out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        return;
    };
    if number < 0 {
        out.push(b'-');
    }
    let (whole, mut rest) = (number.unsigned_abs() / unit, number.unsigned_abs() % unit);
    out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
    out.push(b'.');
    let mut place = unit / 10;
    while place > 0 {
        out.push(b'0' + (rest / place) as u8);
        rest %= place;
        place /= 10;
    }
}

fn time(number: i64, unit: u64, style: Style, out: &mut Vec<u8>) {
    let nanoseconds = i128::from(number) * i128::from(unit);
    match jiff::Timestamp::from_nanosecond(nanoseconds) {
        Ok(moment) if style == Style::Text => out.extend_from_slice(moment.to_string().as_bytes()),
        _ => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
    }
}

/// A text from shared memory: nothing in it may end the field, or move a terminal.
pub(super) fn string(value: &str, style: Style, out: &mut Vec<u8>) {
    match style {
        Style::Text => out.extend_from_slice(text::shown(value).as_bytes()),
        Style::Json => serde_json::to_writer(&mut *out, &value).expect("a string is JSON"),
        Style::Csv => {
            let value = text::shown(value);
            if !value.contains([',', '"', '#']) {
                return out.extend_from_slice(value.as_bytes());
            }
            out.push(b'"');
            out.extend_from_slice(value.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::U8 => f.write_str("u8"),
            Self::U16 => f.write_str("u16"),
            Self::U32 => f.write_str("u32"),
            Self::U64 => f.write_str("u64"),
            Self::U128 => f.write_str("u128"),
            Self::I8 => f.write_str("i8"),
            Self::I16 => f.write_str("i16"),
            Self::I32 => f.write_str("i32"),
            Self::I64 => f.write_str("i64"),
            Self::I128 => f.write_str("i128"),
            Self::F32 => f.write_str("f32"),
            Self::F64 => f.write_str("f64"),
            Self::Bool => f.write_str("bool"),
            Self::Text(_) => f.write_str("text"),
            Self::Bytes(_) => f.write_str("bytes, of which nothing is known"),
            Self::Time(1) => f.write_str("time in ns"),
            Self::Time(1_000) => f.write_str("time in µs"),
            Self::Time(1_000_000) => f.write_str("time in ms"),
            Self::Time(_) => f.write_str("time in s"),
            Self::Enum(stored, names) => {
                write!(f, "{stored}:")?;
                names.iter().try_for_each(|(value, name)| write!(f, " {value} {name}"))
            }
            Self::Decimal(stored, digits) => write!(f, "{stored} with {digits} decimals"),
        }
    }
}
