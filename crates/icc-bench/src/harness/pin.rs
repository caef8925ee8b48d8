//! Which cores a run may use, and pinning a thread to one of them so that it is certain.

use core_affinity::CoreId;
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu};

/// The two cores a run uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cores {
    /// The core of the thread that sends first and takes the time.
    pub first: usize,
    /// The core of the thread that answers.
    pub second: usize,
}

/// A thread could not be tied to a core, or there are not enough of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// The system refused, or the core is not one this process may use.
    #[error("cannot pin a thread to core {core}: the system refused; this process may use cores {}", list(.available))]
    Refused {
        /// The core asked for.
        core: usize,
        /// The cores this process may use.
        available: Vec<usize>,
    },

    /// The call succeeded, and yet the thread may run, or runs, elsewhere.
    #[error(
        "pinning a thread to core {core} did not take: it runs on core {running_on} and may run on {allowed} core(s)"
    )]
    DidNotTake {
        /// The core asked for.
        core: usize,
        /// The core the thread found itself on afterwards.
        running_on: usize,
        /// How many cores the thread may still run on.
        allowed: usize,
    },

    /// Two threads need two cores.
    #[error(
        "one-way latency needs two cores, and this process may use only {}; give it another (`taskset`, the \
         container's cpuset), or run `cargo bench`, which measures each operation's own cost on one core",
        list(.available)
    )]
    TooFewCores {
        /// The cores this process may use.
        available: Vec<usize>,
    },
}

fn list(cores: &[usize]) -> String {
    if cores.is_empty() {
        return "none".to_owned();
    }
    cores.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The cores this thread may use, in ascending order.
///
/// Ask before anything is pinned: a pinned thread, and every thread it starts, may use its one core
/// only.
#[must_use]
pub(crate) fn available_cores() -> Vec<usize> {
    let mut cores: Vec<usize> =
        core_affinity::get_core_ids().unwrap_or_default().into_iter().map(|core| core.id).collect();
    cores.sort_unstable();
    cores
}

/// Chooses two of the cores for a run: two that are not hyper-threads of one core, and not the
/// first core if there is a choice, because interrupts are served there.
///
/// `siblings` gives the hyper-threads that share a core with the one it is asked about, itself
/// included.
///
/// # Errors
///
/// [`PinError::TooFewCores`] if there are fewer than two.
pub(crate) fn choose(available: &[usize], siblings: impl Fn(usize) -> Vec<usize>) -> Result<Cores, PinError> {
    let mut physical: Vec<usize> = Vec::new();
    for &core in available {
        if !siblings(core).iter().any(|sibling| physical.contains(sibling)) {
            physical.push(core);
        }
    }
    let from = match (physical.as_slice(), available) {
        ([_, second, third, ..], _) => [*second, *third],
        ([first, second], _) => [*first, *second],
        (_, [first, second, ..]) => [*first, *second],
        _ => {
            return Err(PinError::TooFewCores { available: available.to_vec() });
        }
    };
    Ok(Cores { first: from[0], second: from[1] })
}

/// Pins the calling thread to a core, and makes sure of it: the thread's affinity is read back, and
/// the thread asks where it is.
///
/// # Errors
///
/// [`PinError::Refused`] or [`PinError::DidNotTake`], with the core's number.
pub(crate) fn pin_current_thread(core: usize) -> Result<(), PinError> {
    let refused = || PinError::Refused { core, available: available_cores() };
    // A number past the end of the system's own set would make the library write outside it.
    if core >= CpuSet::MAX_CPU || !core_affinity::set_for_current(CoreId { id: core }) {
        return Err(refused());
    }
    let allowed = sched_getaffinity(None).map_err(|_| refused())?;
    let running_on = sched_getcpu();
    if running_on == core && allowed.count() == 1 && allowed.is_set(core) {
        Ok(())
    } else {
        Err(PinError::DidNotTake { core, running_on, allowed: allowed.count() as usize })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pinning lasts as long as its thread, so each test pins a thread of its own.
    fn on_a_thread<R: Send>(body: impl FnOnce() -> R + Send) -> R {
        std::thread::scope(|scope| scope.spawn(body).join().unwrap())
    }

    #[test]
    fn an_absent_core_is_named_with_those_that_exist() {
        let available = available_cores();
        for absent in [CpuSet::MAX_CPU - 1, CpuSet::MAX_CPU, usize::MAX] {
            let error = on_a_thread(|| pin_current_thread(absent)).unwrap_err();
            assert_eq!(error, PinError::Refused { core: absent, available: available.clone() });
            assert!(error.to_string().contains(&absent.to_string()));
        }
    }

    #[test]
    fn a_pinned_thread_is_where_it_was_sent() {
        for core in available_cores() {
            on_a_thread(|| {
                pin_current_thread(core).unwrap();
                assert_eq!(available_cores(), [core]);
                assert_eq!(sched_getcpu(), core);
            });
        }
    }

    #[test]
    fn two_different_physical_cores_are_chosen_where_there_are() {
        let alone = |core| vec![core];
        let pairs = |core: usize| vec![core & !1, core | 1];
        let cores = |first, second| Ok(Cores { first, second });
        assert_eq!(choose(&[0, 1], alone), cores(0, 1));
        assert_eq!(choose(&[0, 1, 2, 3], alone), cores(1, 2));
        assert_eq!(choose(&[0, 1, 2, 3], pairs), cores(0, 2));
        assert_eq!(choose(&[0, 1, 2, 3, 4, 5], pairs), cores(2, 4));
        assert_eq!(choose(&[4, 5], pairs), cores(4, 5));
    }

    #[test]
    fn one_core_is_too_few_and_the_error_says_what_can_run() {
        for available in [vec![], vec![3]] {
            let error = choose(&available, |core| vec![core]).unwrap_err();
            assert_eq!(error, PinError::TooFewCores { available });
            assert!(error.to_string().contains("cargo bench"));
        }
    }
}
