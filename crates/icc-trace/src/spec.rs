//! How a system is made.

use icc_buffer::Options;
use std::path::PathBuf;

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
    pub(crate) capacity: usize,
    pub(crate) hops: u32,
    pub(crate) clock: Option<PathBuf>,
    pub(crate) options: Options,
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

    /// Room for so many timings, a power of two. Each takes 128 bytes, on Zen 3 64. Only a system that is created gets it; one that exists
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

    /// With the clock's calibration in another file: see [`Clock::shared_at`](crate::Clock::shared_at). All programs of a system must say the
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
