//! What was done, and what was found.

use std::fmt;
use std::ops::AddAssign;
use std::str::FromStr;

/// Every figure, in the order in which it is shown.
const NAMES: [&str; 13] = [
    "operations",
    "messages",
    "attaches",
    "kills",
    "stops",
    "lost",
    "torn",
    "mixed",
    "doubled",
    "unaccounted",
    "missed",
    "crashed",
    "hung",
];

/// The first figure that must be zero.
const FIRST_FAULT: usize = 6;

/// Figures of one scenario or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Calls of the libraries that write or read, also those that found nothing.
    pub(crate) operations: u64,
    /// Messages and values received and checked.
    pub(crate) messages: u64,
    /// Handles to shared memory opened, consumers attached, and refusals of garbage.
    pub(crate) attaches: u64,
    /// Processes killed in the middle of their work.
    pub(crate) kills: u64,
    /// Processes stopped for a while.
    pub(crate) stops: u64,
    /// Messages that a consumer was told it had lost, and those it skipped: what a slow consumer
    /// must expect.
    pub(crate) lost: u64,
    /// Values of a cell or vector that are no value ever written.
    pub(crate) torn: u64,
    /// Messages of a queue that are no message ever sent.
    pub(crate) mixed: u64,
    /// Messages that came twice, or before an earlier one of the same producer; versions that went
    /// back.
    pub(crate) doubled: u64,
    /// Messages that were neither received nor reported lost, and changes that no cursor saw.
    pub(crate) unaccounted: u64,
    /// Sleepers that nobody woke for what was published as they went to sleep.
    pub(crate) missed: u64,
    /// Threads that panicked and processes that ended by themselves.
    pub(crate) crashed: u64,
    /// Scenarios that did not end.
    pub(crate) hung: u64,
}

impl Tally {
    fn figures(&mut self) -> [&mut u64; 13] {
        [
            &mut self.operations,
            &mut self.messages,
            &mut self.attaches,
            &mut self.kills,
            &mut self.stops,
            &mut self.lost,
            &mut self.torn,
            &mut self.mixed,
            &mut self.doubled,
            &mut self.unaccounted,
            &mut self.missed,
            &mut self.crashed,
            &mut self.hung,
        ]
    }

    /// Each figure with its name.
    pub(crate) fn named(mut self) -> Vec<(&'static str, u64)> {
        NAMES.into_iter().zip(self.figures().map(|figure| *figure)).collect()
    }

    /// How much was wrong.
    pub(crate) fn faults(self) -> u64 {
        self.named()[FIRST_FAULT..].iter().map(|(_, figure)| figure).sum()
    }

    /// One that says that a thread or process crashed.
    pub(crate) fn crash() -> Self {
        Self { crashed: 1, ..Self::default() }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, mut other: Self) {
        for (mine, more) in self.figures().into_iter().zip(other.figures()) {
            *mine += *more;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.named().into_iter().map(|(name, figure)| format!("{name}={figure}")).collect();
        f.write_str(&words.join(" "))
    }
}

impl FromStr for Tally {
    type Err = anyhow::Error;

    /// Reads what `Display` writes; figures that are not named are zero.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        let mut tally = Self::default();
        for word in text.split_whitespace() {
            let (name, figure) = word.split_once('=').ok_or_else(|| anyhow::anyhow!("no figure: {word}"))?;
            let index = NAMES.iter().position(|known| *known == name);
            let index = index.ok_or_else(|| anyhow::anyhow!("no figure is called {name}"))?;
            *tally.figures()[index] = figure.parse()?;
        }
        Ok(tally)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_adds() {
        let one = Tally { operations: 5, torn: 1, hung: 2, ..Tally::default() };
        assert_eq!(one.to_string().parse::<Tally>().unwrap(), one);
        let mut sum = one;
        sum += one;
        assert_eq!((sum.operations, sum.torn, sum.hung), (10, 2, 4));
        assert!("operations=5 colour=2".parse::<Tally>().is_err());
    }

    #[test]
    fn only_what_must_not_be_is_a_fault() {
        let fine = Tally { operations: 1, messages: 1, attaches: 1, kills: 1, stops: 1, lost: 1, ..Tally::default() };
        assert_eq!(fine.faults(), 0);
        for name in &NAMES[FIRST_FAULT..] {
            assert_eq!(format!("{name}=3").parse::<Tally>().unwrap().faults(), 3, "{name}");
        }
    }
}
