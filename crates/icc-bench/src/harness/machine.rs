//! Finds out what the machine is, before a run.

use std::fs;
use std::path::Path;

use super::priority::Priority;
use super::setup::Setup;
use super::system::{first_line, smt_siblings};
use crate::model::{Clock, Machine, Offset, rounded};

/// What else the machine was doing at a moment. A run is load itself, so this is read before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Load {
    average: Option<f64>,
    runnable: Option<usize>,
}

impl Load {
    /// What it is doing now.
    #[must_use]
    pub(crate) fn now() -> Self {
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

/// Describes this machine. What the system does not say is left out.
pub(crate) fn describe(available: &[usize], setup: &Setup, load: Load, priority: Option<Priority>) -> Machine {
    let (used, stopwatch) = (setup.cores, &setup.stopwatch);
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let uname = rustix::system::uname();
    let siblings = smt_siblings(used.first);
    let mut idle_siblings = [siblings.clone(), smt_siblings(used.second)].concat();
    idle_siblings.retain(|&core| core != used.first && core != used.second);
    idle_siblings.sort_unstable();
    idle_siblings.dedup();
    Machine {
        cpu: cpu_name(&cpuinfo),
        arch: std::env::consts::ARCH.to_owned(),
        cores_available: available.to_vec(),
        cores_used: [used.first, used.second],
        smt_siblings: (!siblings.is_empty()).then(|| siblings.contains(&used.second)),
        clock: Clock {
            source: stopwatch.source(),
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
