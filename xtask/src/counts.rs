//! Counting tests from what the test runner prints.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    /// Reads the closing line of one test binary: `test result: ok. 3 passed; 0 failed; 1 ignored;
    /// 0 measured; 0 filtered out; finished in 0.00s`. `None` for any other line. Tests that a
    /// filter left out were not asked for and do not count as skipped.
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let line = without_colour(line);
        let (_, fields) = line.trim_start().strip_prefix("test result: ")?.split_once(". ")?;
        let mut counts = Self::default();
        let mut seen = 0;
        for field in fields.split("; ") {
            let Some((number, what)) = field.trim().split_once(' ') else { continue };
            let place = match what {
                "passed" => &mut counts.passed,
                "failed" => &mut counts.failed,
                "ignored" => &mut counts.skipped,
                _ => continue,
            };
            *place = number.parse().ok()?;
            seen += 1;
        }
        (seen == 3).then_some(counts)
    }

    /// Reads what [`fmt::Display`] writes, the last line of `cargo xtask test`. `None` for any other line.
    pub(crate) fn from_total(line: &str) -> Option<Self> {
        let mut fields = line.split(", ");
        let mut number = |what: &str| fields.next()?.strip_suffix(what)?.parse().ok();
        let counts = Self { passed: number(" passed")?, failed: number(" failed")?, skipped: number(" skipped")? };
        fields.next().is_none().then_some(counts)
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// The line without terminal escapes: the runner colours its output where colour is forced on.
fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        rest = after.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |(_, tail)| tail);
    }
    plain.push_str(rest);
    // The reset that some terminals are given: ESC ( B.
    plain.replace("\x1b(B", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64, skipped: u64) -> Option<Counts> {
        Some(Counts { passed, failed, skipped })
    }

    #[test]
    fn reads_closing_lines() {
        let ok = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.53s";
        assert_eq!(Counts::from_line(ok), counts(12, 0, 1));
        let failed =
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s";
        assert_eq!(Counts::from_line(failed), counts(3, 2, 0));
    }

    #[test]
    fn reads_coloured_lines() {
        let line = "test result: \x1b[32mok\x1b(B\x1b[m. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0s";
        assert_eq!(Counts::from_line(line), counts(4, 0, 0));
    }

    #[test]
    fn ignores_other_lines() {
        for line in [
            "",
            "running 3 tests",
            "test result_is_ok ... ok",
            "test a ... FAILED",
            "the last test result: ok. 1 passed; 0 failed; 0 ignored",
            "test result: ok. 1 passed",
            "test result: ok. many passed; 0 failed; 0 ignored",
        ] {
            assert_eq!(Counts::from_line(line), None, "{line}");
        }
    }

    #[test]
    fn adds_up_and_prints() {
        let mut sum = Counts::default();
        sum += Counts { passed: 2, failed: 1, skipped: 0 };
        sum += Counts { passed: 3, failed: 0, skipped: 4 };
        assert_eq!(sum.to_string(), "5 passed, 1 failed, 4 skipped");
    }

    #[test]
    fn a_total_is_read_as_it_is_written() {
        let total = Counts { passed: 312, failed: 0, skipped: 2 };
        assert_eq!(Counts::from_total(&total.to_string()), Some(total));
        for other in
            ["312 passed, 0 failed", "in all, 3 passed, 0 failed, 0 skipped", "1 passed, 0 failed, 0 skipped, 2", ""]
        {
            assert_eq!(Counts::from_total(other), None, "{other}");
        }
    }
}
