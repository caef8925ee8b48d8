//! What a test's end and output say.

use std::process::ExitStatus;

use anyhow::bail;

use crate::check::Check;

/// How a test ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    Passed,
    /// It passed, and never came to the operation that was weakened.
    NeverReached,
    /// With the first line that says why.
    Failed(String),
    /// It did not end in time.
    Late,
}

/// Judges a test that ended. A test that ran none or was ignored proves nothing, so that is an
/// error.
pub(crate) fn judge(check: &Check, status: ExitStatus, printed: &str, weakened: bool) -> anyhow::Result<Verdict> {
    if status.success() {
        if !printed.contains("test result: ok. 1 passed") {
            bail!("`{check}` ran no test: it does not exist or is ignored");
        }
        // Of several models in one test, the last one speaks for all.
        let said = printed.lines().rev().find_map(|line| line.split_once("loom-weaken: ")).map(|(_, said)| said);
        return match said {
            _ if !weakened => Ok(Verdict::Passed),
            Some(said) if said.starts_with("never reached ") => Ok(Verdict::NeverReached),
            Some(_) => Ok(Verdict::Passed),
            None => bail!("`{check}` does not say whether it came to what was weakened: it ran no model"),
        };
    }
    if status.code() == Some(101) && !printed.contains("test result: FAILED") && !printed.contains("panicked at") {
        bail!("`{check}` did not come to its test:\n{printed}");
    }
    // The line after the place, which is the message.
    let mut lines = printed.lines().skip_while(|line| !line.contains("panicked at")).skip(1);
    let why = lines.next().map_or_else(|| status.to_string(), |line| line.trim().to_owned());
    if why.contains("ICC_WEAKEN") {
        bail!("the shim does not understand what it is to weaken: {why}");
    }
    Ok(Verdict::Failed(why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    fn verdict(code: i32, printed: &str, weakened: bool) -> anyhow::Result<Verdict> {
        judge(&"loom icc-queue loom a".parse().unwrap(), ExitStatus::from_raw(code << 8), printed, weakened)
    }

    const PASSED: &str = "test a ... ok\ntest result: ok. 1 passed; 0 failed";

    #[test]
    fn only_a_test_that_ran_says_anything() {
        assert_eq!(verdict(0, PASSED, false).unwrap(), Verdict::Passed);
        assert!(verdict(0, "test result: ok. 0 passed; 0 failed", false).is_err());
        assert!(verdict(101, "error: could not compile", false).is_err());
        let panicked =
            "thread 'a' panicked at tests/loom.rs:3:5:\nmixed\ntest a ... FAILED\ntest result: FAILED. 0 passed";
        assert_eq!(verdict(101, panicked, true).unwrap(), Verdict::Failed("mixed".into()));
    }

    #[test]
    fn a_model_must_say_that_it_came_to_the_place() {
        let said = |reached| format!("test a ... loom-weaken: {reached} crates/f.rs:1:2 load\n{PASSED}");
        assert_eq!(verdict(0, &said("reached"), true).unwrap(), Verdict::Passed);
        assert_eq!(verdict(0, &said("never reached"), true).unwrap(), Verdict::NeverReached);
        assert!(verdict(0, PASSED, true).is_err());
    }
}
