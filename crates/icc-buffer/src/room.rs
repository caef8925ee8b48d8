//! How much memory can be taken before the kernel ends processes to get more.
//!
//! A file in memory is not accounted for when it is made, but page by page, so without this a size
//! beyond the machine would be granted, and taken until the kernel kills somebody.

use crate::BufferError;
use std::fs;
use std::path::{Path, PathBuf};

/// Less than this is not worth asking for.
const WORTH_ASKING: u64 = 1 << 20;
/// This part of what is available is left to others.
const MARGIN: u64 = 32;

/// An error if there is less memory than that, in the machine or in a control group of this
/// process.
pub(crate) fn check(bytes: u64) -> Result<(), BufferError> {
    if bytes < WORTH_ASKING || cfg!(miri) {
        return Ok(());
    }
    check_below(Path::new("/"), bytes)
}

fn check_below(root: &Path, bytes: u64) -> Result<(), BufferError> {
    for Room { free, of } in machine(root).into_iter().chain(groups(root)) {
        let available = free - free / MARGIN;
        if bytes > available {
            let limit = format!("{of} has {available} bytes available");
            return Err(BufferError::OutOfMemory { bytes, available: Some(available), limit });
        }
    }
    Ok(())
}

/// What there is room for, and where.
#[derive(Debug, PartialEq, Eq)]
struct Room {
    free: u64,
    of: String,
}

/// The machine's memory, swap included. Unknown before Linux 3.14.
fn machine(root: &Path) -> Option<Room> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let field = |name: &str| Some(number(&text, name)?.saturating_mul(1024));
    let free = field("MemAvailable:")?.saturating_add(field("SwapFree:").unwrap_or(0));
    Some(Room { free, of: "the machine".to_owned() })
}

/// The control groups that this process is in, innermost first.
fn groups(root: &Path) -> Vec<Room> {
    let text = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let mut found = Vec::new();
    // `hierarchy:controllers:path`
    for line in text.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let (mounts, read): (&[&str], Read) = match controllers {
            "" => (&["sys/fs/cgroup", "sys/fs/cgroup/unified"], version_2),
            list if list.split(',').any(|it| it == "memory") => (&["sys/fs/cgroup/memory"], version_1),
            _ => continue,
        };
        for mount in mounts.iter().map(|mount| root.join(mount)) {
            // In a container the path may be the host's. What is not there is passed over, up to
            // the mount, which is the container's own group.
            let path = Path::new(path.trim_start_matches('/'));
            for group in path.ancestors().map(|path| mount.join(path)) {
                if let Some(free) = read(&group) {
                    found.push(Room { free, of: format!("the control group {}", group.display()) });
                }
            }
        }
    }
    found
}

type Read = fn(&Path) -> Option<u64>;

fn version_2(group: &Path) -> Option<u64> {
    // "max" is no number: no limit.
    let free = left(group, "memory.max", "memory.current")?;
    let stat = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
    let reclaimable = ["inactive_file", "active_file", "slab_reclaimable"];
    let swap = left(group, "memory.swap.max", "memory.swap.current").unwrap_or(0);
    Some(free.saturating_add(sum(&stat, &reclaimable)).saturating_add(swap))
}

fn version_1(group: &Path) -> Option<u64> {
    let free = left(group, "memory.limit_in_bytes", "memory.usage_in_bytes")?;
    let stat = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
    Some(free.saturating_add(sum(&stat, &["total_inactive_file", "total_active_file"])))
}

fn left(group: &Path, limit: &str, usage: &str) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(PathBuf::from(group).join(name)).ok()?.trim().parse::<u64>().ok();
    Some(read(limit)?.saturating_sub(read(usage)?))
}

fn sum(text: &str, names: &[&str]) -> u64 {
    names.iter().filter_map(|name| number(text, name)).fold(0, u64::saturating_add)
}

/// The number that follows a line's first word.
fn number(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().map(str::split_whitespace);
    lines.find_map(|mut words| (words.next() == Some(name)).then(|| words.next()?.parse().ok())?)
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn write(root: &Path, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    /// What is refused, and by whom.
    fn refused(root: &Path, bytes: u64) -> Option<(u64, String)> {
        match check_below(root, bytes) {
            Ok(()) => None,
            Err(BufferError::OutOfMemory { available, limit, .. }) => Some((available.unwrap(), limit)),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_machine_counts_with_its_swap() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(refused(root.path(), u64::MAX), None, "nothing is known");
        let text = "MemTotal: 9999999 kB\nMemFree: 1 kB\nMemAvailable: 1048576 kB\nSwapFree: 1048576 kB\n";
        write(root.path(), &[("proc/meminfo", text)]);
        let available = 2 * GIB - 2 * GIB / 32;
        assert_eq!(refused(root.path(), available), None);
        let (found, limit) = refused(root.path(), available + 1).unwrap();
        assert_eq!((found, limit.contains("the machine")), (available, true), "{limit}");
    }

    #[test]
    fn every_group_on_the_way_up_counts() {
        let root = tempfile::tempdir().unwrap();
        write(
            root.path(),
            &[
                ("proc/self/cgroup", "3:cpuset:/x\n0::/outer/inner\n"),
                ("sys/fs/cgroup/outer/inner/memory.max", "max\n"),
                ("sys/fs/cgroup/outer/inner/memory.current", "5\n"),
                ("sys/fs/cgroup/outer/memory.max", "3221225472\n"),
                ("sys/fs/cgroup/outer/memory.current", "2147483648\n"),
                ("sys/fs/cgroup/outer/memory.stat", "anon 7\ninactive_file 536870912\nactive_file 536870912\n"),
            ],
        );
        let available = 2 * GIB - 2 * GIB / 32;
        assert_eq!(refused(root.path(), available), None);
        let (found, limit) = refused(root.path(), available + 1).unwrap();
        assert_eq!((found, limit.contains("/sys/fs/cgroup/outer ")), (available, true), "{limit}");
    }

    #[test]
    fn groups_of_version_1_as_seen_in_a_container() {
        let root = tempfile::tempdir().unwrap();
        write(
            root.path(),
            &[
                ("proc/self/cgroup", "4:cpu,memory:/docker/of-the-host\n0::/\n"),
                ("sys/fs/cgroup/memory/memory.limit_in_bytes", "2147483648\n"),
                ("sys/fs/cgroup/memory/memory.usage_in_bytes", "1610612736\n"),
                ("sys/fs/cgroup/memory/memory.stat", "total_inactive_file 536870912\n"),
            ],
        );
        let available = GIB - GIB / 32;
        assert_eq!(refused(root.path(), available), None);
        assert_eq!(refused(root.path(), available + 1).unwrap().0, available);
    }

    #[test]
    fn more_than_any_machine_has_is_refused() {
        assert!(matches!(check(1 << 60), Err(BufferError::OutOfMemory { .. })));
        assert_eq!(check(4096), Ok(()));
    }
}
