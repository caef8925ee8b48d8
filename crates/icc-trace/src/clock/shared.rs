//! One calibration for all processes.

use super::{Calibration, Clock, Source, ticks};
use icc_buffer::{Buffer, BufferError, Expected, Kind, Options, Packed, ReadOnlyBuffer, Spec};
use icc_schema::DescribeOptions as _;
use std::path::{Path, PathBuf};

const KIND: Kind = Kind::new("clock");

/// How far the clock may be from `CLOCK_MONOTONIC`, in nanoseconds, when it was just calibrated.
const APART: u64 = 1_000_000;
/// And later: one in so many nanoseconds since. The system adjusts its clock's rate by up to a two
/// thousandth, ours stays as it is.
const DRIFT: u64 = 500;
/// Readings of both.
const PAIRS: u32 = 10;

/// Why there is no clock that other processes share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClockError {
    /// The calibration cannot be read or made.
    #[error(transparent)]
    Buffer(#[from] BufferError),
    /// It is not one of this machine's clock as it runs now.
    #[error(
        "the clock's calibration in {} makes it {clock} ns when CLOCK_MONOTONIC is {system} ns: written by something \
        else, or the machine slept meanwhile; remove the file, and start all programs again that use it", .path.display()
    )]
    Implausible {
        /// The calibration's file.
        path: PathBuf,
        /// What it makes of the processor's counter.
        clock: u64,
        /// What the system says.
        system: u64,
    },
}

impl Clock {
    /// The clock that all processes of this user share.
    ///
    /// The first process since the machine started calibrates it, which takes 50 ms, and leaves the result in
    /// a small buffer, `/dev/shm/icc-clock-UID`. All others read that, so that they agree on what time a
    /// tick is to the nanosecond. It stays until the machine is started again.
    ///
    /// # Errors
    ///
    /// [`ClockError`] if that file cannot be read or made, or says something that cannot be.
    pub fn shared() -> Result<Self, ClockError> {
        Self::shared_at(format!("/dev/shm/icc-clock-{}", rustix::process::geteuid().as_raw()))
    }

    /// As [`shared`](Self::shared), with the calibration in a file of another name: for processes of several
    /// users, or programs that see different `/dev/shm`.
    ///
    /// # Errors
    ///
    /// As [`shared`](Self::shared).
    pub fn shared_at(name: impl AsRef<Path>) -> Result<Self, ClockError> {
        let (name, options) = (name.as_ref(), Options::new().describe::<Calibration>());
        let found = match ReadOnlyBuffer::<Calibration>::open(name, Expected::new(KIND).len(1), &options) {
            Err(BufferError::NotFound { .. }) => {
                let taken = Calibration::take();
                // It is there before anybody can open it: no process sees a file without one. Of several that
                // come first, the one whose file is linked counts.
                let init = |buffer: &Buffer<Calibration, Packed>| {
                    if let Some(slot) = buffer.slot(0) {
                        slot.write(&taken);
                    }
                };
                let (spec, expected) = (Spec::new(KIND, 1), Expected::new(KIND).len(1));
                Buffer::open_or_create_with(name, spec, expected, &options, init)?.0.read_only().clone()
            }
            found => found?,
        };
        let calibration = found.slot(0).and_then(|slot| slot.try_read().ok()).filter(Calibration::is_known);
        let path = || found.path().unwrap_or(name).to_owned();
        let Some(calibration) = calibration else {
            return Err(ClockError::Implausible { path: path(), clock: 0, system: ticks::monotonic() });
        };
        let clock = Self::from(calibration);
        // This thread may lose its core between the two: the best of some pairs counts.
        let pairs = (0..PAIRS).map(|_| (clock.now(), ticks::monotonic()));
        let (time, system) = pairs.min_by_key(|(time, system)| time.abs_diff(*system)).unwrap_or_default();
        let since = system.saturating_sub(calibration.taken_at);
        if clock.source != Source::Monotonic && time.abs_diff(system) > APART.saturating_add(since / DRIFT) {
            return Err(ClockError::Implausible { path: path(), clock: time, system });
        }
        Ok(clock)
    }
}
