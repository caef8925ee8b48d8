//! What the kernel offers, and whether this process may use it.

use super::Finding;
use icc_buffer::{Buffer, Kind, Options, Packed, Spec};
use rustix::io::Errno;
use rustix::thread::{MembarrierQuery, futex, membarrier_query};
use std::path::Path;
use std::sync::atomic::AtomicU32;

pub(super) fn findings(directory: &Path) -> Vec<Finding> {
    vec![version(), locks(directory), futexes(), futex_waitv(), membarrier(), processes()]
}

fn version() -> Finding {
    let name = rustix::system::uname();
    let found = format!("{} {}", name.sysname().to_string_lossy(), name.release().to_string_lossy());
    Finding::new("kernel", found, "needed: Linux 3.15; from 4.14 on, a dropped lock is free at once also with children")
}

/// Creates a small buffer, takes an id, and asks whether it is held: all that queues need.
fn locks(directory: &Path) -> Finding {
    let path = directory.join(format!(".icc-doctor-{}", std::process::id()));
    let tried = || -> Result<bool, icc_buffer::BufferError> {
        let buffer = Buffer::<u64, Packed>::create(&path, Spec::new(Kind::new("doctor"), 1), &Options::new())?;
        let removed = icc_buffer::remove(&path);
        let held = buffer.take_id(0..1)?;
        let seen = buffer.holder_lives(0)?;
        drop(held);
        removed?;
        Ok(seen && !buffer.holder_lives(0)?)
    };
    let means = "a small buffer was made here and removed; locks of the kernel tell living producers from dead ones";
    match tried() {
        Ok(works) => Finding::new("create and lock", if works { "works" } else { "a lock does not show" }, means)
            .bad_unless(works, "use a file system that keeps locks, such as tmpfs"),
        Err(error) => Finding::new("create and lock", crate::text::shown(&error.to_string()), means)
            .bad_unless(false, "see what it says; names in /dev/shm need permission to write there"),
    }
}

fn futexes() -> Finding {
    let word = AtomicU32::new(0);
    let works = futex::wake(&word, futex::Flags::empty(), 1);
    let found = works.map_or_else(|error| error.to_string(), |_| "works".to_owned());
    Finding::new("futex", found, "consumers that sleep are woken by it")
        .unless(works.is_ok(), "allow the system call in the container's seccomp profile")
}

fn futex_waitv() -> Finding {
    // Nothing to wait for is an invalid argument, where the call is known.
    let known = !matches!(
        futex::waitv(&[], futex::WaitvFlags::empty(), None, rustix::thread::ClockId::Monotonic),
        Err(Errno::NOSYS | Errno::PERM)
    );
    Finding::new(
        "futex_waitv",
        if known { "works" } else { "not there, or forbidden" },
        "one sleep for several queues; without it, they are polled in turn",
    )
    .unless(known, "Linux 5.16 or later; allow the call in the container's seccomp profile")
}

fn membarrier() -> Finding {
    let known = membarrier_query();
    let works = known.contains(MembarrierQuery::GLOBAL_EXPEDITED | MembarrierQuery::REGISTER_GLOBAL_EXPEDITED);
    Finding::new(
        "membarrier",
        if works { "works, expedited" } else { "no expedited one" },
        "lets a consumer sleep at no cost to producers; without it, sleeps are short",
    )
    .unless(works, "Linux 4.16 or later; allow the call in the container's seccomp profile")
}

fn processes() -> Finding {
    let hidden = crate::machine::processes::Processes::see().hidden;
    let found = if hidden == 0 {
        "all processes are seen".to_owned()
    } else {
        format!("{} hidden", crate::text::count(hidden as u64, "process is", "processes are"))
    };
    Finding::new("/proc", found, "`icc stat` says who has a buffer mapped, as far as it may look")
        .unless(hidden == 0, "run icc as the same user as them, or as root")
}
