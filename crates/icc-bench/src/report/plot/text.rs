//! Figures as text.

/// A size in bytes, in as few letters as it takes.
#[must_use]
pub(crate) fn bytes(count: usize) -> String {
    if count >= 1024 && count.is_multiple_of(1024) { format!("{} KiB", count / 1024) } else { format!("{count} B") }
}

/// A time, in as many digits as are worth reading.
#[must_use]
pub(crate) fn nanoseconds(ns: f64) -> String {
    match ns {
        ns if ns >= 1e6 => format!("{:.1} ms", ns / 1e6),
        ns if ns >= 1e4 => format!("{:.1} µs", ns / 1e3),
        ns if ns >= 100.0 => format!("{ns:.0} ns"),
        ns if ns >= 10.0 => format!("{ns:.1} ns"),
        ns => format!("{ns:.2} ns"),
    }
}

/// A rate of messages.
#[must_use]
pub(crate) fn rate(per_second: f64) -> String {
    match per_second / 1e6 {
        millions if millions >= 100.0 => format!("{millions:.0} M/s"),
        millions if millions >= 10.0 => format!("{millions:.1} M/s"),
        millions => format!("{millions:.2} M/s"),
    }
}
