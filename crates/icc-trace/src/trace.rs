//! A system that is traced: its ring of timings and its table of names.

use crate::hop::Recorder;
use crate::names::{HopName, MAX_HOPS, Names, beside, register};
use crate::timing::Timing;
use crate::{Clock, Hop, Mode, On, TraceError};
use core::fmt;
use icc_buffer::{BufferError, Options};
use icc_queue::{Mpmc, Queue, QueueError, QueueSpec};
use icc_schema::DescribeOptions as _;
use icc_vector::VectorError;
use std::path::{Path, PathBuf};

/// What a system's ring is called, after the system's name.
const RING: &str = ".hops";
/// What its table of names is called.
const NAMES: &str = ".hop-names";

/// The file of a system's ring of timings.
pub(crate) fn ring_of(system: &Path) -> PathBuf {
    beside(system, RING)
}

/// The file of a system's names.
pub(crate) fn names_of(system: &Path) -> PathBuf {
    beside(system, NAMES)
}

/// How a system's ring is made.
///
/// # Examples
///
/// ```
/// use icc_trace::TraceSpec;
///
/// let spec = TraceSpec::new().capacity(65_536).max_hops(200);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceSpec {
    capacity: usize,
    hops: u32,
    clock: Option<PathBuf>,
    options: Options,
}

impl Default for TraceSpec {
    fn default() -> Self {
        Self::new()
    }
}

impl TraceSpec {
    /// Room for 4,096 timings, 64 living hops, mode 0600.
    #[must_use]
    pub const fn new() -> Self {
        Self { capacity: 4_096, hops: 64, clock: None, options: Options::new() }
    }

    /// Room for so many timings, a power of two. Each takes 128 bytes. Only a system that is created gets it; one that exists
    /// stays as it is.
    #[must_use]
    pub const fn capacity(mut self, timings: usize) -> Self {
        self.capacity = timings;
        self
    }

    /// So many living hops at a time, up to 1,024; of up to 255 names. As for [`capacity`](Self::capacity).
    #[must_use]
    pub const fn max_hops(mut self, hops: u32) -> Self {
        self.hops = hops;
        self
    }

    /// With the clock's calibration in another file: see [`Clock::shared_at`]. All programs of a system must say the
    /// same.
    #[must_use]
    pub fn clock(mut self, name: impl Into<PathBuf>) -> Self {
        self.clock = Some(name.into());
        self
    }

    /// How the files are made and opened: permissions, whose they may be, pages.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }
}

/// A system whose hops are timed.
///
/// It consists of two buffers in shared memory, which the command `icc` shows as any others: `NAME.hops`, a queue
/// that all hops produce [timings](Timing) into and that never waits for a reader; and `NAME.hop-names`, a vector.
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
    /// [`TraceError`] if there is something else of these names, no space, or no [clock](Clock::shared).
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

/// What a system consists of.
pub struct Files {
    clock: Clock,
    names: Names,
    ring: Queue<Timing, Mpmc>,
}

impl Files {
    pub(crate) fn open_or_create(name: &Path, spec: &TraceSpec) -> Result<Self, TraceError> {
        let clock = match &spec.clock {
            Some(name) => Clock::shared_at(name)?,
            None => Clock::shared()?,
        };
        let options = spec.options.clone().describe::<HopName>();
        let (names, _) = Names::open_or_create(names_of(name), MAX_HOPS, &options)?;
        // Of whatever size it is.
        let (path, options) = (ring_of(name), spec.options.clone().describe::<Timing>());
        let ring = match Queue::open(&path, &options) {
            Err(QueueError::Buffer(BufferError::NotFound { .. })) => {
                let wanted = QueueSpec::new(spec.capacity).max_producers(spec.hops);
                match Queue::open_or_create(&path, wanted, &options) {
                    // Another process was faster, with another size.
                    Err(QueueError::Buffer(BufferError::OtherLen { .. })) => Queue::open(&path, &options)?,
                    made => made?.0,
                }
            }
            found => found?,
        };
        Ok(Self { clock, names, ring })
    }

    pub(crate) fn recorder(&self, name: &str) -> Result<Recorder, TraceError> {
        let id = register(&self.names, &HopName::new(name)?)?;
        Ok(Recorder::new(self.clock, id, self.ring.producer()?))
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("clock", &self.clock).field("ring", &self.ring).finish_non_exhaustive()
    }
}

/// The error of a reader whose system is not there.
pub(crate) fn is_missing(error: &TraceError) -> bool {
    matches!(
        error,
        TraceError::Ring(QueueError::Buffer(BufferError::NotFound { .. }))
            | TraceError::Names(VectorError::Buffer(BufferError::NotFound { .. }))
    )
}
