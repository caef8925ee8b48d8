//! Cores: how many, how quiet, how fast.

use super::{Finding, line};
use std::collections::BTreeSet;
use std::fs;

pub(super) fn findings() -> Vec<Finding> {
    vec![cores(), isolated(), governor(), smt(), clock()]
}

fn cores() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Finding::new("cores", format!("{cores} for this process"), "a thread that spins needs a core of its own").unless(
        cores >= 2,
        "give it more: taskset, --cpuset-cpus; with one core, let consumers sleep (`SpinThenSleep`)",
    )
}

fn isolated() -> Finding {
    let of =
        |name| line(format!("/sys/devices/system/cpu/{name}")).filter(|cores| !cores.is_empty() && cores != "(null)");
    let (isolated, tickless) = (of("isolated"), of("nohz_full"));
    let shown = |cores: &Option<String>| cores.as_deref().unwrap_or("none").to_owned();
    Finding::new(
        "isolated cores",
        format!("isolcpus {}, nohz_full {}", shown(&isolated), shown(&tickless)),
        "elsewhere the scheduler may put other threads on the core of one that spins: pauses of milliseconds",
    )
    .unless(isolated.is_some(), "isolcpus=2-7 nohz_full=2-7 rcu_nocbs=2-7 on the kernel's command line, or a cpuset")
}

fn governor() -> Finding {
    let mut governors = BTreeSet::new();
    for entry in fs::read_dir("/sys/devices/system/cpu").into_iter().flatten().flatten() {
        governors.extend(line(entry.path().join("cpufreq/scaling_governor")));
    }
    let means = "at a lower frequency everything takes longer, and changes of it are pauses";
    if governors.is_empty() {
        return Finding::new("governor", "none: the host of a virtual machine decides, or the firmware", means);
    }
    let found = governors.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let good = governors.iter().all(|governor| governor == "performance");
    Finding::new("governor", found, means).unless(good, "cpupower frequency-set -g performance   (as root)")
}

fn smt() -> Finding {
    let active = line("/sys/devices/system/cpu/smt/active").is_some_and(|active| active == "1");
    let found = if active { "on: two hyper-threads share a core" } else { "off, or not shown to this machine" };
    Finding::new("SMT", found, "a busy sibling slows a thread that spins")
        .unless(!active, "leave the sibling of each busy core idle: lscpu -e shows which it is")
}

fn clock() -> Finding {
    let source = line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    let source = source.unwrap_or_else(|| "not known here".to_owned());
    let good = matches!(source.as_str(), "tsc" | "arch_sys_counter" | "kvm-clock");
    Finding::new("clock", source, "reading a slow clock is a system call: about a microsecond for each stamp")
        .unless(good, "tsc=reliable on the kernel's command line, if the processor's counter is invariant")
}
