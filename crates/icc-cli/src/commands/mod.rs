//! One file a command.

pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod get;
pub(crate) mod ls;
mod printer;
pub(crate) mod stat;
pub(crate) mod tail;
mod vector;
pub(crate) mod watch;

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

#[cfg(test)]
mod tests {
    use super::*;

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
