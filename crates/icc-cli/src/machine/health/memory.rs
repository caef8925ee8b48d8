//! Room for buffers, and the limits of this process.

use super::{Finding, chosen, line};
use crate::text;
use rustix::fs::{statfs, statvfs};
use rustix::process::{Resource, getrlimit};
use std::path::Path;

/// Less room than this is soon used up: 64 MiB is what containers have.
const LITTLE_ROOM: u64 = 128 << 20;
const FEW_INODES: u64 = 1_000;
const TMPFS: i64 = 0x0102_1994;
const HUGETLBFS: i64 = 0x9584_58f6;

pub(super) fn findings(directory: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(room(directory));
    findings.push(locked());
    findings.push(files());
    findings.push(transparent());
    findings.push(explicit());
    findings
}

fn room(directory: &Path) -> Vec<Finding> {
    let place = text::shown_name(directory);
    let (stat, system) = match (statvfs(directory), statfs(directory)) {
        (Ok(stat), Ok(system)) => (stat, system),
        (Err(error), _) | (_, Err(error)) => {
            return vec![
                Finding::new("shared memory", format!("{place}: {error}"), "named buffers are files there")
                    .bad_unless(false, format!("mount -t tmpfs -o size=4G tmpfs {place}   (as root)")),
            ];
        }
    };
    let kind = match i64::from(system.f_type as u32) {
        TMPFS => "tmpfs",
        HUGETLBFS => "hugetlbfs",
        _ => "a file system with a disk behind it",
    };
    let (free, all) = (stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize);
    let mut findings = vec![
        Finding::new(
            "room",
            format!("{place} is {kind}, {} of {} free", text::bytes(free), text::bytes(all)),
            "every buffer's memory is reserved there when it is created; without room, creating fails",
        )
        .bad_unless(free > 0, format!("remove buffers, or: mount -o remount,size=4G {place}   (as root)")),
    ];
    if free > 0 {
        let [finding] = findings.try_into().expect("just made");
        findings = vec![finding.unless(free >= LITTLE_ROOM, format!("mount -o remount,size=4G {place}   (as root)"))];
    }
    if kind.starts_with('a') {
        findings.push(
            Finding::new(
                "file system",
                kind,
                "the kernel writes the values back to the disk now and then, which costs time",
            )
            .unless(false, "use names without a slash, which are in /dev/shm"),
        );
    }
    if stat.f_files > 0 {
        findings.push(
            Finding::new(
                "inodes",
                format!("{} of {} free", text::thousands(stat.f_favail), text::thousands(stat.f_files)),
                "each buffer, and each readers' file, takes one",
            )
            .unless(stat.f_favail >= FEW_INODES, format!("mount -o remount,nr_inodes=1m {place}   (as root)")),
        );
    }
    findings
}

fn limit(limit: Option<u64>) -> String {
    limit.map_or_else(|| "unlimited".to_owned(), text::thousands)
}

fn locked() -> Finding {
    let most = getrlimit(Resource::Memlock).current;
    let found = most.map_or_else(|| "unlimited".to_owned(), text::bytes);
    Finding::new("ulimit -l", found, "`Options::lock` keeps buffers from being swapped out, up to so many bytes in all")
        .unless(
            most.is_none_or(|most| most >= 64 << 20),
            "memlock in /etc/security/limits.conf; --ulimit memlock=-1 for a container",
        )
}

fn files() -> Finding {
    let most = getrlimit(Resource::Nofile).current;
    Finding::new("ulimit -n", limit(most), "an open buffer has one descriptor, each producer or writer another")
        .unless(most.is_none_or(|most| most >= 1024), "ulimit -n 4096; nofile in /etc/security/limits.conf")
}

fn transparent() -> Finding {
    let setting = line("/sys/kernel/mm/transparent_hugepage/shmem_enabled");
    let choice = setting.as_deref().map_or("not known here", chosen);
    Finding::new(
        "huge pages",
        format!("transparent ones for shared memory: {choice}"),
        "large buffers cause fewer misses in address translation with them; `HugePages::Transparent`",
    )
    .unless(
        matches!(choice, "always" | "within_size" | "advise" | "force"),
        "echo advise > /sys/kernel/mm/transparent_hugepage/shmem_enabled   (as root)",
    )
}

fn explicit() -> Finding {
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let number = |name: &str| {
        let line = memory.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.trim_start_matches(':').split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0)
    };
    let (all, free) = (number("HugePages_Total"), number("HugePages_Free"));
    // None is the usual case: whoever wants them asks for them.
    Finding::new(
        "reserved pages",
        format!("{free} of {all} huge pages free, {} KiB each", number("Hugepagesize")),
        "`HugePages::Explicit` takes them; reserve some with: sysctl vm.nr_hugepages=512   (as root)",
    )
}
