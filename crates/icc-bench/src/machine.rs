//! What the figures were measured on, and what about it may spoil them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::clock::Source;
use crate::offset::Offset;
use crate::priority::Priority;
use crate::scenario::Setup;

/// A load average from which other work on the machine is worth a warning.
const BUSY_LOAD: f64 = 0.5;

/// A step of the counter from which percentiles are not to be trusted to a nanosecond.
const COARSE_STEP_NS: f64 = 15.0;

/// A description of the machine, as it goes into reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
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
    /// Whether the system takes real-time threads off their cores for a share of each second; `null` if it does not say.
    pub real_time_throttled: Option<bool>,
    /// The kernel's name and release.
    pub kernel: String,
    /// Whether this is a virtual machine; `null` if the system does not say.
    pub virtualised: Option<bool>,
    /// The frequency governor of the cores used, the worse one if they differ; `null` if the system has none, as in most virtual machines.
    pub governor: Option<String>,
    /// The load average of the last minute when the run began; `null` if the system does not say.
    pub load: Option<f64>,
    /// Threads that were running or waiting for a core when the run began, beside its own; `null` if the system does not say.
    pub runnable: Option<usize>,
}

/// What else the machine was doing at a moment. A run is load itself, so this is looked at before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    average: Option<f64>,
    runnable: Option<usize>,
}

impl Load {
    /// What it is doing now.
    #[must_use]
    pub fn now() -> Self {
        first_line("/proc/loadavg").map_or(Self { average: None, runnable: None }, |line| Self::parse(&line))
    }

    fn parse(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let average = words.next().and_then(|word| word.parse().ok());
        let runnable = words.nth(2).and_then(|word| word.split_once('/')?.0.parse::<usize>().ok());
        // The thread that asks is one of them.
        Self { average, runnable: runnable.map(|count| count.saturating_sub(1)) }
    }
}

/// The clock of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// Where stamps come from.
    pub source: String,
    /// The length of a tick, in nanoseconds.
    pub tick_ns: f64,
    /// By how much the clock advances at a time, in nanoseconds.
    pub step_ns: f64,
    /// What a pair of stamps costs, already taken off the figures, in nanoseconds.
    pub cost_ns: f64,
    /// By how much the second core's clock is ahead of the first one's: at least and at most this.
    pub offset: Offset,
    /// Whether stamps of the two cores are compared; else a latency is half a round trip, in `spaced_latency` too.
    pub stamps_compared: bool,
}

impl Machine {
    /// Looks at this machine. What the system does not tell is left out.
    #[must_use]
    pub fn describe(available: &[usize], setup: &Setup, load: Load, priority: Option<Priority>) -> Self {
        let (used, stopwatch) = (setup.cores, &setup.stopwatch);
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let uname = rustix::system::uname();
        let siblings = smt_siblings(used.first);
        let mut idle_siblings = [siblings.clone(), smt_siblings(used.second)].concat();
        idle_siblings.retain(|&core| core != used.first && core != used.second);
        idle_siblings.sort_unstable();
        idle_siblings.dedup();
        Self {
            cpu: cpu_name(&cpuinfo),
            arch: std::env::consts::ARCH.to_owned(),
            cores_available: available.to_vec(),
            cores_used: [used.first, used.second],
            smt_siblings: (!siblings.is_empty()).then(|| siblings.contains(&used.second)),
            clock: Clock {
                source: stopwatch.source().name().to_owned(),
                tick_ns: rounded(stopwatch.ns_per_tick(), 4),
                step_ns: rounded(stopwatch.step_ns(), 2),
                cost_ns: rounded(stopwatch.cost_ns(), 2),
                offset: Offset { low_ns: rounded(setup.clocks.low_ns, 1), high_ns: rounded(setup.clocks.high_ns, 1) },
                stamps_compared: setup.clocks.agree(),
            },
            idle_siblings,
            priority: priority.map(Priority::level),
            real_time_throttled: first_line("/proc/sys/kernel/sched_rt_runtime_us").map(|time| time != "-1"),
            kernel: format!("{} {}", uname.sysname().to_string_lossy(), uname.release().to_string_lossy()),
            virtualised: is_virtualised(&cpuinfo),
            governor: worse_governor([used.first, used.second].map(governor)),
            load: load.average,
            runnable: load.runnable,
        }
    }

    /// What about the machine may spoil the figures, a sentence each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
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
        if self.clock.source == Source::Monotonic.name() {
            warnings.push(
                "the processor's counter is not invariant, so the system's clock is used, which is slower".to_owned(),
            );
        }
        if self.clock.step_ns > COARSE_STEP_NS {
            warnings.push(format!(
                "the clock advances {:.0} ns at a time: figures are good to about a tenth of that",
                self.clock.step_ns
            ));
        }
        warnings
    }
}

/// The hyper-threads that share a core with this one, itself included; empty if the system does not say.
#[must_use]
pub fn smt_siblings(core: usize) -> Vec<usize> {
    first_line(&format!("/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list"))
        .map(|line| parse_cpu_list(&line))
        .unwrap_or_default()
}

/// Parses the kernel's notation for sets of processors, such as `0-2,8`. Parts that are not in it are left out.
fn parse_cpu_list(list: &str) -> Vec<usize> {
    let cores: BTreeSet<usize> = list
        .split(',')
        .filter_map(|part| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            Some(low.trim().parse().ok()?..=high.trim().parse().ok()?)
        })
        .flatten()
        .collect();
    cores.into_iter().collect()
}

fn cpu_name(cpuinfo: &str) -> String {
    // x86 gives a name, Arm only numbers; boards have a name elsewhere.
    field(cpuinfo, "model name")
        .map(ToOwned::to_owned)
        .or_else(|| first_line("/sys/firmware/devicetree/base/model"))
        .or_else(|| {
            let implementer = field(cpuinfo, "CPU implementer")?;
            let part = field(cpuinfo, "CPU part")?;
            Some(format!("implementer {implementer}, part {part}"))
        })
        .unwrap_or_else(|| "unknown".to_owned())
}

fn is_virtualised(cpuinfo: &str) -> Option<bool> {
    if let Some(flags) = field(cpuinfo, "flags") {
        return Some(flags.split_whitespace().any(|flag| flag == "hypervisor"));
    }
    // Arm processors have no such flag; hypervisors give themselves away in other places.
    let shows_hypervisor =
        Path::new("/sys/hypervisor/type").exists() || Path::new("/proc/device-tree/hypervisor").exists();
    let vendor = first_line("/sys/class/dmi/id/sys_vendor");
    let is_virtual_vendor = |vendor: &String| {
        ["QEMU", "Amazon EC2", "Google", "Microsoft", "VMware"].iter().any(|name| vendor.contains(name))
    };
    match vendor {
        _ if shows_hypervisor => Some(true),
        Some(vendor) if is_virtual_vendor(&vendor) => Some(true),
        _ => None,
    }
}

/// The value of the first `name : value` line with this name.
fn field<'text>(text: &'text str, name: &str) -> Option<&'text str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim())
    })
}

fn first_line(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().next()?.trim_end_matches('\0').trim();
    (!line.is_empty()).then(|| line.to_owned())
}

fn governor(core: usize) -> Option<String> {
    first_line(&format!("/sys/devices/system/cpu/cpu{core}/cpufreq/scaling_governor"))
}

/// Any but `performance`, if one of the cores has such.
fn worse_governor(governors: [Option<String>; 2]) -> Option<String> {
    let [first, second] = governors;
    match (&first, &second) {
        (Some(name), Some(_)) if name == "performance" => second,
        (Some(_), _) => first,
        (None, _) => second,
    }
}

/// Rounded to so many digits after the point, so that files do not show digits that mean nothing.
pub(crate) fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    const X86: &str = "processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\nflags\t\t: fpu tsc hypervisor\n";

    #[test]
    fn cpuinfo_gives_name_and_hypervisor() {
        assert_eq!(cpu_name(X86), "Some CPU @ 3 GHz");
        assert_eq!(is_virtualised(X86), Some(true));
        assert_eq!(is_virtualised(&X86.replace("hypervisor", "sse2")), Some(false));
    }

    #[test]
    fn cpu_lists_are_read_in_the_kernels_notation() {
        assert_eq!(parse_cpu_list("0-2,8"), [0, 1, 2, 8]);
        assert_eq!(parse_cpu_list("3"), [3]);
        assert_eq!(parse_cpu_list(""), [0; 0]);
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
                source: Source::Tsc.name().to_owned(),
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
                source: Source::Monotonic.name().to_owned(),
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

    #[test]
    fn load_is_read_in_the_kernels_notation() {
        let load = Load::parse("0.52 0.58 0.59 3/467 12345");
        assert_eq!(load, Load { average: Some(0.52), runnable: Some(2) });
        assert_eq!(Load::parse(""), Load { average: None, runnable: None });
    }

    #[test]
    fn of_two_governors_the_worse_counts() {
        let worse = |first: Option<&str>, second: Option<&str>| {
            worse_governor([first, second].map(|name| name.map(ToOwned::to_owned)))
        };
        assert_eq!(worse(Some("performance"), Some("powersave")).as_deref(), Some("powersave"));
        assert_eq!(worse(Some("powersave"), Some("performance")).as_deref(), Some("powersave"));
        assert_eq!(worse(Some("performance"), Some("performance")).as_deref(), Some("performance"));
        assert_eq!(worse(None, None), None);
    }
}
