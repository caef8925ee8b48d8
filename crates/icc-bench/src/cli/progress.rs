//! What runs and how long is left: a bar where stderr is a terminal, a line now and then where it
//! is not.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::catalogue::Case;
use crate::harness::plan::Plan;
use crate::harness::rounds::{Event, Verdict};

/// Shows how far a run is, on stderr.
///
/// It draws only between rounds: a drawing thread would disturb the cores being measured. The bar
/// is as long as the run is expected to take, so that long rounds move it further than short ones.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    plain: bool,
    began: Instant,
    scenarios: usize,
    current: Scenario,
}

/// The scenario that runs.
#[derive(Debug, Default)]
struct Scenario {
    index: usize,
    name: &'static str,
    parts: usize,
    plan: Option<Plan>,
    expected: Duration,
    last_pass: Option<usize>,
}

impl Progress {
    /// Begins to show a run over so many scenarios, which is expected to take so long.
    #[must_use]
    pub(crate) fn begin(scenarios: usize, expected: Duration) -> Self {
        let plain = !std::io::stderr().is_terminal();
        let style = ProgressStyle::with_template("{bar:24} {elapsed} gone, {eta} left  {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        Self {
            bar: ProgressBar::new(millis(expected)).with_style(style),
            plain,
            began: Instant::now(),
            scenarios,
            current: Scenario::default(),
        }
    }

    /// Shows that a scenario begins: so many cases, in so many successive parts.
    pub(crate) fn begin_scenario(&mut self, name: &'static str, cases: usize, parts: usize, plan: &Plan) {
        // What the one before took in dropped rounds, or did not, is no matter of this one.
        self.bar.set_position(self.bar.position().max(millis(self.current.expected)));
        let expected = self.current.expected + plan.expected_time(cases);
        let index = self.current.index + 1;
        self.current = Scenario { index, name, parts, plan: Some(*plan), expected, last_pass: None };
        if self.plain {
            let seconds = plan.expected_time(cases).as_secs().max(1);
            self.say(&format!(
                "{name} ({index} of {}): {cases} rows, {} rounds each, about {seconds} s",
                self.scenarios, plan.rounds
            ));
        }
    }

    /// Shows that a part of the scenario begins; parts count from 0.
    pub(crate) fn begin_part(&mut self, part: usize) {
        self.current.last_pass = None;
        if self.plain && self.current.parts > 1 {
            self.say(&format!("part {} of {}", part + 1, self.current.parts));
        }
    }

    /// Shows what has just happened, in the part with these cases.
    pub(crate) fn tell(&mut self, event: Event, cases: &[Case]) {
        let Some(plan) = self.current.plan else { return };
        match event {
            Event::Begins { case, pass } => {
                self.bar.set_message(format!(
                    "{} ({} of {}): {:?}",
                    self.current.name, self.current.index, self.scenarios, cases[case]
                ));
                // Parts are short, so a line for each is enough.
                if self.current.last_pass != Some(pass) && self.plain && self.current.parts == 1 {
                    if pass < plan.rounds {
                        self.say(&format!("round {} of {}", pass + 1, plan.rounds));
                    } else {
                        self.say("once more for those with dropped rounds");
                    }
                }
                self.current.last_pass = Some(pass);
            }
            Event::Judged { verdict: Verdict::Keep, .. } => self.bar.inc(millis(plan.round + plan.baseline)),
            Event::Judged { .. } => {}
        }
    }

    /// A line where there is no bar.
    fn say(&self, words: &str) {
        eprintln!("{:5.1} s: {words}", self.began.elapsed().as_secs_f64());
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
