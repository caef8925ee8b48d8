//! Work in another process.

use std::io::{PipeReader, Read, Write, pipe};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::error::RoundError;
use super::pair::Stop;

/// How often a child that takes long is asked after.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// Runs `work` in a child that `fork` makes of this process, on the core to which this thread is
/// pinned, and returns when it has ended. The child has a copy of everything, and shares what is
/// mapped as shared.
///
/// Once `stop` is asked for, the child has `patience` to end; then it is killed.
///
/// # Errors
///
/// [`RoundError::OtherProcess`] if there can be no child, or with what `work` returned in it.
pub(crate) fn run<E: ToString>(
    work: impl FnOnce() -> Result<(), E>,
    stop: &Stop,
    patience: Duration,
) -> Result<(), RoundError> {
    let failed = |error: std::io::Error| RoundError::OtherProcess(error.to_string());
    let (report, mut reporter) = pipe().map_err(failed)?;
    // SAFETY: the child calls nothing but `work` and what is below, and ends by `_exit`. Of the locks
    // that other threads may hold at this moment, only the allocator's is needed there, and the
    // system's libraries take care of that one. Should it wait for another for ever, as a panic could
    // that wants to print, it is killed.
    match unsafe { libc::fork() } {
        0 => {
            drop(report);
            let said = match catch_unwind(AssertUnwindSafe(work)) {
                Ok(Ok(())) => String::new(),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "it panicked".to_owned(),
            };
            // If it cannot tell, its exit code does.
            let _ = reporter.write_all(said.as_bytes());
            // SAFETY: it ends this process without running anything of its parent's.
            unsafe { libc::_exit(i32::from(!said.is_empty())) }
        }
        child => {
            drop(reporter);
            let Some(child) = Pid::from_raw(child).filter(|_| child > 0) else {
                return Err(failed(std::io::Error::last_os_error()));
            };
            wait_for(child, report, stop, patience)
        }
    }
}

/// Waits until the child has closed its end of the pipe, and takes its exit code.
fn wait_for(child: Pid, mut report: PipeReader, stop: &Stop, patience: Duration) -> Result<(), RoundError> {
    let failed = |error: rustix::io::Errno| RoundError::OtherProcess(error.to_string());
    let mut stopped: Option<Instant> = None;
    let mut said = String::new();
    loop {
        // Sleeps, for it is the child's core that this thread is on.
        match poll(&mut [PollFd::new(&report, PollFlags::IN)], Some(&LOOK)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            // Ends at the end of the file, which is when the child has none open any more.
            _ => {
                let _ = report.read_to_string(&mut said);
                break;
            }
        }
        if stop.is_asked() && stopped.get_or_insert_with(Instant::now).elapsed() > patience {
            let _ = kill_process(child, Signal::KILL);
            said = format!("it did not end within {patience:?}");
            break;
        }
    }
    let code = loop {
        match waitpid(Some(child), WaitOptions::empty()) {
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(failed(error)),
            Ok(status) => break status.and_then(|(_, status)| status.exit_status()),
        }
    };
    match code {
        Some(0) if said.is_empty() => Ok(()),
        _ if said.is_empty() => Err(RoundError::OtherProcess("it ended before its time".to_owned())),
        _ => Err(RoundError::OtherProcess(said)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn said(work: impl FnOnce() -> Result<(), &'static str>) -> String {
        run(work, &Stop::default(), LONG).unwrap_err().to_string()
    }

    #[test]
    fn a_child_works_and_tells_what_went_wrong() {
        run(|| Ok::<_, String>(()), &Stop::default(), LONG).unwrap();
        assert!(said(|| Err("no more")).contains("no more"));
        assert!(said(|| std::panic::resume_unwind(Box::new(()))).contains("panicked"));
        // SAFETY: it ends the child.
        assert!(said(|| unsafe { libc::_exit(1) }).contains("before its time"));
    }

    #[test]
    fn a_child_that_does_not_end_is_killed() {
        let work = || -> Result<(), String> {
            std::thread::sleep(LONG);
            Ok(())
        };
        let error = run(work, &Stop::asked(), Duration::ZERO).unwrap_err();
        assert!(error.to_string().contains("did not end"), "{error}");
    }
}
