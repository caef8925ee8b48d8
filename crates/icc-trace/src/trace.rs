//! A system that is traced.

use crate::files::{names_of, ring_of};
use crate::{Hop, Mode, On, TraceError, TraceSpec};
use core::fmt;
use icc_buffer::BufferError;
use std::path::Path;

/// A system whose hops are timed.
///
/// It consists of two buffers in shared memory, which the command `icc` shows as any others: `NAME.hops`, a queue
/// that all hops produce [timings](crate::Timing) into and that never waits for a reader; and `NAME.hop-names`, a vector.
///
/// # Examples
///
/// ```
/// use icc_trace::{Trace, TraceSpec};
///
/// let name = format!("icc-trace-example-{}", std::process::id());
/// let trace = Trace::<icc_trace::On>::open_or_create(&name, &TraceSpec::new())?;
/// let feed = trace.hop("feed")?;
/// icc_trace::remove(&name)?;
/// # Ok::<(), icc_trace::TraceError>(())
/// ```
pub struct Trace<M: Mode = On> {
    trace: M::Trace,
}

impl<M: Mode> Trace<M> {
    /// Opens a system by its name, or creates it if there is none. Of several processes that do so at once, one creates it.
    ///
    /// A bare name is that of files in `/dev/shm`; anything with a slash is a path. They stay until they are
    /// [removed](remove). With [`Off`](crate::Off) there are none, and this cannot fail.
    ///
    /// # Errors
    ///
    /// [`TraceError`] if there is something else of these names, no space, or no [clock](crate::Clock::shared).
    pub fn open_or_create(name: impl AsRef<Path>, spec: &TraceSpec) -> Result<Self, TraceError> {
        Ok(Self { trace: M::open(name.as_ref(), spec)? })
    }

    /// A hop of this name: 1 to 48 bytes. Hops of one name, in whatever processes, are one hop to those who read; a
    /// process that is started again goes on under its name.
    ///
    /// # Errors
    ///
    /// [`TraceError::BadName`], [`TraceError::TooManyHops`]; [`TraceError::Stalled`] if another process was stopped
    /// while it registered; [`TraceError::Producer`] if as many hops live as the ring takes.
    pub fn hop(&self, name: &str) -> Result<Hop<M>, TraceError> {
        Ok(Hop { hop: M::hop(&self.trace, name)? })
    }
}

impl<M: Mode> fmt::Debug for Trace<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("trace", &self.trace).finish()
    }
}

/// Removes a system's two files. Hops that have them go on without noticing, but nobody finds what they record; a
/// system that is created under the name later is another one. What is not there is no error.
///
/// # Errors
///
/// [`TraceError::Buffer`] if the system refuses.
pub fn remove(name: impl AsRef<Path>) -> Result<(), TraceError> {
    for file in [ring_of(name.as_ref()), names_of(name.as_ref())] {
        match icc_queue::remove(file) {
            Ok(()) | Err(BufferError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
