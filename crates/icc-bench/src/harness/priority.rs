//! A real-time priority for the measuring threads, so that no ordinary thread takes their cores.

use std::io;

/// A priority under `SCHED_FIFO`, from 1 to 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Priority(u8);

/// The system does not give a thread the priority asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PriorityError {
    /// The process may not.
    #[error(
        "--priority {priority}: this process may not use SCHED_FIFO at that priority; it needs the capability CAP_SYS_NICE \
         (`sudo setcap cap_sys_nice=ep` on the program, `--cap-add SYS_NICE` for a container) or a limit of at least \
         {priority} (`ulimit -r`, `rtprio` in limits.conf)"
    )]
    NotPermitted {
        /// The priority asked for.
        priority: u8,
    },

    /// The system refused for another reason.
    #[error("--priority {priority}: the system refused SCHED_FIFO: {source}")]
    Refused {
        /// The priority asked for.
        priority: u8,
        /// The system's words.
        source: io::Error,
    },

    /// The call succeeded, and yet the thread has another policy.
    #[error("--priority {priority}: setting SCHED_FIFO did not take")]
    DidNotTake {
        /// The priority asked for.
        priority: u8,
    },
}

impl Priority {
    /// A priority; none outside 1 to 99.
    #[must_use]
    pub(crate) fn new(level: u8) -> Option<Self> {
        (1..=99).contains(&level).then_some(Self(level))
    }

    /// The number.
    #[must_use]
    pub(crate) fn level(self) -> u8 {
        self.0
    }

    /// Gives the calling thread this priority, and so every thread that it starts from now on, and
    /// makes sure of it.
    ///
    /// # Errors
    ///
    /// [`PriorityError`]; where a capability is missing it says which.
    pub(crate) fn apply(self) -> Result<(), PriorityError> {
        let priority = self.0;
        let parameters = libc::sched_param { sched_priority: i32::from(priority) };
        // SAFETY: 0 is the calling thread, and the parameters are read before the call returns.
        if unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const parameters) } != 0 {
            let source = io::Error::last_os_error();
            return Err(match source.kind() {
                io::ErrorKind::PermissionDenied => PriorityError::NotPermitted { priority },
                _ => PriorityError::Refused { priority, source },
            });
        }
        if of_current_thread() == Some(self) { Ok(()) } else { Err(PriorityError::DidNotTake { priority }) }
    }
}

/// The calling thread's priority under `SCHED_FIFO`, none if it runs under another policy.
#[must_use]
pub(crate) fn of_current_thread() -> Option<Priority> {
    let mut parameters = libc::sched_param { sched_priority: 0 };
    // SAFETY: 0 is the calling thread; the one call touches no memory, the other writes the
    // parameters that live here.
    let (policy, failed) = unsafe { (libc::sched_getscheduler(0), libc::sched_getparam(0, &raw mut parameters)) };
    let level = u8::try_from(parameters.sched_priority).ok()?;
    (policy == libc::SCHED_FIFO && failed == 0).then(|| Priority::new(level)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_priorities_are_accepted() {
        assert_eq!((Priority::new(0), Priority::new(100)), (None, None));
        assert_eq!(Priority::new(99).map(Priority::level), Some(99));
    }

    #[test]
    fn threads_have_the_priority_of_the_one_that_starts_them_or_the_error_says_what_is_missing() {
        let priority = Priority::new(1).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| match priority.apply() {
                Ok(()) => {
                    let started = std::thread::spawn(of_current_thread).join().unwrap();
                    assert_eq!((of_current_thread(), started), (Some(priority), Some(priority)));
                }
                Err(error) => {
                    assert!(matches!(error, PriorityError::NotPermitted { priority: 1 }), "{error}");
                    assert!(error.to_string().contains("CAP_SYS_NICE"), "{error}");
                    assert_eq!(of_current_thread(), None);
                }
            });
        });
        // It was the other thread's alone.
        assert_eq!(of_current_thread(), None);
    }
}
