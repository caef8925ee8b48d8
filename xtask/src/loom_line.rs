//! The line that a loom model prints when it has explored everything.

use std::str::FromStr;

/// What comes before the fields of a model's line.
const MARK: &str = "loom-model: ";

/// One finished model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LoomLine {
    /// The crate whose types it ran on.
    pub(crate) package: String,
    /// Its name.
    pub(crate) model: String,
    /// How many executions loom explored.
    pub(crate) executions: u64,
    /// How long that took.
    pub(crate) seconds: f64,
    /// `exhaustive`, or the number of preemptions that bounded the search.
    pub(crate) bound: Bound,
}

/// How far a model was explored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Bound {
    /// Every execution that loom's memory model allows.
    Exhaustive,
    /// Every execution with at most so many preemptions.
    Preemptions(u64),
}

impl LoomLine {
    /// Reads `loom-model: <crate> <name> executions=<N> seconds=<S.SS> bound=<exhaustive|N>`.
    ///
    /// `None` for a line without the mark. The mark may stand anywhere in the line: the test runner
    /// writes the test's name first, without a line end, when it runs one test at a time.
    ///
    /// # Errors
    ///
    /// The line as it stands, if it has the mark and then something else than the above.
    pub(crate) fn find(line: &str) -> Option<Result<Self, String>> {
        let (_, fields) = line.split_once(MARK)?;
        Some(Self::parse(fields).ok_or_else(|| line.to_owned()))
    }

    fn parse(fields: &str) -> Option<Self> {
        let mut words = fields.split_whitespace();
        let package = words.next()?.to_owned();
        let model = words.next()?.to_owned();
        let (mut executions, mut seconds, mut bound) = (None, None, None);
        for word in words {
            // An unknown field is left alone, so that models may say more in time.
            match word.split_once('=')? {
                ("executions", value) => executions = Some(value.parse().ok()?),
                ("seconds", value) => seconds = Some(value.parse::<f64>().ok().filter(|s| s.is_finite())?),
                ("bound", value) => bound = Some(value.parse().ok()?),
                _ => {}
            }
        }
        Some(Self { package, model, executions: executions?, seconds: seconds?, bound: bound? })
    }
}

impl FromStr for Bound {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "exhaustive" => Ok(Self::Exhaustive),
            number => number.parse().map(Self::Preemptions),
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exhaustive => f.pad("exhaustive"),
            Self::Preemptions(number) => f.pad(&format!("{number} preemptions")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(bound: Bound) -> LoomLine {
        LoomLine {
            package: "icc-queue".into(),
            model: "one_producer_two_consumers".into(),
            executions: 120_345,
            seconds: 3.25,
            bound,
        }
    }

    #[test]
    fn reads_a_line() {
        let line = "loom-model: icc-queue one_producer_two_consumers executions=120345 seconds=3.25 bound=exhaustive";
        assert_eq!(LoomLine::find(line), Some(Ok(expected(Bound::Exhaustive))));
        let line = "loom-model: icc-queue one_producer_two_consumers executions=120345 seconds=3.25 bound=3";
        assert_eq!(LoomLine::find(line), Some(Ok(expected(Bound::Preemptions(3)))));
    }

    #[test]
    fn reads_a_line_after_the_name_of_its_test() {
        let line = "test fan_out ... loom-model: icc-queue one_producer_two_consumers bound=3 executions=120345 seconds=3.25 threads=3";
        assert_eq!(LoomLine::find(line), Some(Ok(expected(Bound::Preemptions(3)))));
    }

    #[test]
    fn other_lines_are_no_models() {
        for line in ["", "running 1 test", "test a ... ok", "loom-model"] {
            assert_eq!(LoomLine::find(line), None, "{line}");
        }
    }

    #[test]
    fn a_garbled_line_is_an_error_that_shows_it() {
        for line in [
            "loom-model: icc-queue",
            "loom-model: icc-queue a executions=1 seconds=0.1",
            "loom-model: icc-queue a executions=-1 seconds=0.1 bound=3",
            "loom-model: icc-queue a executions=1 seconds=NaN bound=3",
            "loom-model: icc-queue a executions=1 seconds=0.1 bound=all",
            "loom-model: icc-queue a two words executions=1 seconds=0.1 bound=3",
        ] {
            assert_eq!(LoomLine::find(line), Some(Err(line.to_owned())), "{line}");
        }
    }
}
