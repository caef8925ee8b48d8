//! What runs and how long is left: a bar where stderr is a terminal, a line now and then where it is not.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::catalogue::Case;
use crate::rounds::{Event, Plan, Verdict};

/// Shows how far a run is, on stderr.
///
/// It draws only when told something, between rounds: a drawing thread would disturb the cores being measured.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    plain: bool,
    last_pass: Option<usize>,
    passes: usize,
    parts: usize,
    began: Instant,
}

impl Progress {
    /// Begins to show a run over so many cases, which are measured in so many parts, one after the other.
    #[must_use]
    pub fn begin(cases: usize, parts: usize, plan: &Plan) -> Self {
        let plain = !std::io::stderr().is_terminal();
        if plain {
            eprintln!(
                "{cases} cases, {} rounds each, about {} s if no round is dropped",
                plan.rounds,
                plan.expected_time(cases).as_secs().max(1)
            );
        }
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} rounds, {eta} left  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        Self {
            bar: ProgressBar::new((cases * plan.rounds) as u64).with_style(style),
            plain,
            last_pass: None,
            passes: plan.rounds,
            parts,
            began: Instant::now(),
        }
    }

    /// Time since the beginning.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Shows that a part begins; parts count from 0.
    pub fn begin_part(&mut self, part: usize) {
        self.last_pass = None;
        if self.plain && self.parts > 1 {
            eprintln!("{:5.1} s: part {} of {}", self.elapsed().as_secs_f64(), part + 1, self.parts);
        }
    }

    /// Shows what has just happened, in the part with these cases.
    pub fn tell(&mut self, event: Event, cases: &[Case]) {
        match event {
            Event::Begins { case, pass } => {
                self.bar.set_message(format!("{:?}", cases[case]));
                // Parts are short, so a line for each is enough.
                if self.last_pass != Some(pass) && self.plain && self.parts == 1 {
                    let seconds = self.elapsed().as_secs_f64();
                    if pass < self.passes {
                        eprintln!("{seconds:5.1} s: round {} of {}", pass + 1, self.passes);
                    } else {
                        eprintln!("{seconds:5.1} s: once more for those with dropped rounds");
                    }
                }
                self.last_pass = Some(pass);
            }
            Event::Judged { verdict: Verdict::Keep, .. } => self.bar.inc(1),
            Event::Judged { .. } => {}
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
