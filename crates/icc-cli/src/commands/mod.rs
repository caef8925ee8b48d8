//! One file a command.

pub(crate) mod completions;
mod describe;
pub(crate) mod doctor;
pub(crate) mod get;
pub(crate) mod ls;
mod parts;
mod printer;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod rm;
mod source;
pub(crate) mod stat;
pub(crate) mod tail;
pub(crate) mod top;
mod vector;
mod wait;
pub(crate) mod watch;

pub(crate) use ls::trouble;
use std::time::Duration;

/// `250ms`, `1.5s`, `2m`, or a number of seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        _ => return Err("give a time such as 250ms, 1.5s, 2m or 1h".to_owned()),
    };
    let number: f64 = number.parse().map_err(|_| "give a time such as 250ms, 1.5s, 2m or 1h".to_owned())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| "that is longer than any clock goes".to_owned())
}

/// What a buffer's payloads consist of. A schema that cannot be read is no reason to show nothing.
pub(crate) fn fields(inspected: &icc_buffer::Inspected) -> crate::decode::Fields {
    let (fields, trouble) = crate::decode::Fields::of(inspected);
    if let Some(trouble) = trouble {
        eprintln!("icc: {}", crate::text::shown(&trouble));
    }
    fields
}

/// A number of bytes: `4096`, `500K`, `64M`, `2G`.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.strip_suffix(['K', 'M', 'G', 'T']) {
        Some(number) => (number, 1 << (10 * (1 + "KMGT".find(&text[number.len()..]).unwrap_or(0)))),
        None => (text, 1_u64),
    };
    let bytes = number.parse().ok().and_then(|number: u64| number.checked_mul(unit)).filter(|&bytes| bytes > 0);
    bytes.ok_or_else(|| "give a number of bytes, such as 4096, 500K, 64M or 2G".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(
            ["1", "2K", "64M", "2G", "1T"].map(|text| size(text).unwrap()),
            [1, 2 << 10, 64 << 20, 2 << 30, 1 << 40]
        );
        for bad in ["", "K", "0", "1.5G", "-1", "99999999T", "1k", "é"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations() {
        let of = |text| duration(text).ok();
        assert_eq!(of("250ms"), Some(Duration::from_millis(250)));
        assert_eq!((of("1.5s"), of("2"), of("0")), (of("1500ms"), of("2s"), Some(Duration::ZERO)));
        assert_eq!((of("1h"), of("50us")), (of("60m"), Some(Duration::from_micros(50))));
        for bad in ["", "s", "-1s", "1x", "1e9999h", "99999999999999999999h"] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
