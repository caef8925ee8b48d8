//! What the figures were measured on, and what about it may spoil them.

use serde::{Deserialize, Serialize};

/// A load average from which other work on the machine is worth a warning.
const BUSY_LOAD: f64 = 0.5;

/// A step of the counter from which percentiles are not to be trusted to a nanosecond.
const COARSE_STEP_NS: f64 = 15.0;

/// A description of the machine, as it goes into reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// The processor's architecture.
    pub arch: String,
    /// The cores this process may use.
    pub cores_available: Vec<usize>,
    /// The cores of the run: the one that takes the time, then the one that answers.
    pub cores_used: [usize; 2],
    /// Whether those two are hyper-threads of one core; `null` if the system does not say.
    pub smt_siblings: Option<bool>,
    /// The clock.
    pub clock: Clock,
    /// Hyper-threads that share a core with one of those used, and are not used themselves.
    pub idle_siblings: Vec<usize>,
    /// The real-time priority of the measuring threads; `null` if they are ordinary ones.
    pub priority: Option<u8>,
    /// Whether the system takes real-time threads off their cores for a share of each second;
    /// `null` if it does not say.
    pub real_time_throttled: Option<bool>,
    /// The kernel's name and release.
    pub kernel: String,
    /// Whether this is a virtual machine; `null` if the system does not say.
    pub virtualised: Option<bool>,
    /// The frequency governor of the cores used, the worse one if they differ; `null` if the system
    /// has none, as in most virtual machines.
    pub governor: Option<String>,
    /// The load average of the last minute when the run began; `null` if the system does not say.
    pub load: Option<f64>,
    /// Threads that were running or waiting for a core when the run began, beside its own; `null`
    /// if the system does not say.
    pub runnable: Option<usize>,
}

/// The clock of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Clock {
    /// Where stamps come from.
    pub source: Source,
    /// The length of a tick, in nanoseconds.
    pub tick_ns: f64,
    /// The clock's step, in nanoseconds.
    pub step_ns: f64,
    /// What a pair of stamps costs, already taken off the figures, in nanoseconds.
    pub cost_ns: f64,
    /// By how much the second core's clock is ahead of the first one's: at least and at most this.
    pub offset: Offset,
    /// Whether stamps of the two cores are compared; else a latency is half a round trip, in
    /// `spaced_latency` too.
    pub stamps_compared: bool,
}

/// The clock that stamps are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Source {
    /// The time stamp counter of an x86-64 processor, invariant over frequency and sleep.
    #[serde(rename = "invariant TSC")]
    Tsc,
    /// The system counter of an aarch64 processor.
    #[serde(rename = "system counter")]
    SystemCounter,
    /// The operating system's monotonic clock: the processor's counter is not fit to be used.
    #[serde(rename = "monotonic clock")]
    Monotonic,
}

impl Source {
    /// The name in tables; JSON has the same.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tsc => "invariant TSC",
            Self::SystemCounter => "system counter",
            Self::Monotonic => "monotonic clock",
        }
    }
}

/// The share of the fastest round trip by which its two ways may seem to differ before the clocks
/// are to blame.
const LOPSIDED: f64 = 0.2;

/// By how much the clock of a run's second core is ahead of the first one's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Offset {
    /// At least by this much, in nanoseconds.
    pub low_ns: f64,
    /// At most by this much, in nanoseconds.
    pub high_ns: f64,
}

impl Offset {
    /// Clocks that are one and the same.
    pub(crate) const NONE: Self = Self { low_ns: 0.0, high_ns: 0.0 };

    /// Whether stamps of the two may be compared: no offset is possible, and the way there and the
    /// way back seem alike.
    #[must_use]
    pub(crate) fn agree(&self) -> bool {
        let (width, middle) = (self.high_ns - self.low_ns, f64::midpoint(self.low_ns, self.high_ns));
        self.low_ns <= 0.0 && 0.0 <= self.high_ns && middle.abs() <= width * LOPSIDED
    }
}

impl Machine {
    /// What about the machine may spoil the figures, a sentence each.
    #[must_use]
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.virtualised == Some(true) {
            warnings.push(
                "this is a virtual machine: the host may take a core away at any time, which shows in p99.9".to_owned(),
            );
        }
        if let Some(governor) = self.governor.as_deref().filter(|&name| name != "performance") {
            warnings
                .push(format!("the frequency governor is `{governor}`: set it to `performance` for steady figures"));
        }
        if self.smt_siblings == Some(true) {
            warnings.push(
                "the two cores are hyper-threads of one: they share caches, so this is not latency between cores"
                    .to_owned(),
            );
        }
        if !self.idle_siblings.is_empty() {
            let siblings: Vec<String> = self.idle_siblings.iter().map(ToString::to_string).collect();
            warnings.push(format!(
                "hyper-thread {} shares a core with one that measures: leave it idle, or switch SMT off",
                siblings.join(", ")
            ));
        }
        let load = self.load.filter(|&load| load >= BUSY_LOAD);
        match (self.runnable.filter(|&count| count > 0), load) {
            (Some(count), _) => warnings.push(format!(
                "{count} other threads were running or waiting for a core when this began (load average {:.2})",
                self.load.unwrap_or_default()
            )),
            (None, Some(load)) => {
                warnings.push(format!("other work was running before this began (load average {load:.2})"));
            }
            (None, None) => {}
        }
        if self.priority.is_some() && self.real_time_throttled == Some(true) {
            warnings.push(
                "the system takes real-time threads off their cores for a share of each second: \
                 `sysctl kernel.sched_rt_runtime_us=-1` ends that"
                    .to_owned(),
            );
        }
        if !self.clock.stamps_compared {
            warnings.push(format!(
                "the clocks of the two cores differ by {:.0} to {:.0} ns: spaced_latency is half a round trip",
                self.clock.offset.low_ns, self.clock.offset.high_ns
            ));
        }
        if self.clock.source == Source::Monotonic {
            warnings.push(
                "the processor's counter is not invariant, so the system's clock is used, which is slower".to_owned(),
            );
        }
        if self.clock.step_ns > COARSE_STEP_NS {
            warnings.push(format!(
                "the clock advances in steps of {:.0} ns: figures are good to about a tenth of that",
                self.clock.step_ns
            ));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_that_is_sure_or_likely_is_not_agreement() {
        let agree = |low_ns, high_ns| Offset { low_ns, high_ns }.agree();
        assert!(agree(-60.0, 60.0) && agree(-50.0, 70.0));
        assert!(!agree(10.0, 130.0) && !agree(-130.0, -10.0));
        // Possible, but the way there would take a sixth of the way back.
        assert!(!agree(-100.0, 20.0));
    }

    #[test]
    fn what_spoils_figures_is_warned_of_and_nothing_else() {
        let calm = Machine {
            cpu: "x".to_owned(),
            arch: "x86_64".to_owned(),
            cores_available: vec![0, 1],
            cores_used: [0, 1],
            smt_siblings: Some(false),
            clock: Clock {
                source: Source::Tsc,
                tick_ns: 0.4,
                step_ns: 10.0,
                cost_ns: 9.0,
                offset: Offset { low_ns: -60.0, high_ns: 60.0 },
                stamps_compared: true,
            },
            idle_siblings: Vec::new(),
            priority: Some(50),
            real_time_throttled: Some(false),
            kernel: "Linux".to_owned(),
            virtualised: Some(false),
            governor: Some("performance".to_owned()),
            load: Some(0.1),
            runnable: Some(0),
        };
        assert_eq!(calm.warnings(), [""; 0]);
        let spoilt = Machine {
            smt_siblings: Some(true),
            idle_siblings: vec![8],
            real_time_throttled: Some(true),
            clock: Clock {
                source: Source::Monotonic,
                tick_ns: 40.0,
                step_ns: 40.0,
                cost_ns: 50.0,
                offset: Offset { low_ns: 400.0, high_ns: 600.0 },
                stamps_compared: false,
            },
            virtualised: Some(true),
            governor: Some("powersave".to_owned()),
            load: Some(3.0),
            ..calm
        };
        assert_eq!(spoilt.warnings().len(), 9);
    }
}
