//! Reading what hops recorded.

use crate::TraceError;
use crate::files::{names_of, ring_of};
use crate::names::{HopName, all};
use crate::timing::Timing;
use icc_buffer::Options;
use icc_queue::{Consumer, QueueReader};
use icc_schema::DescribeOptions as _;
use icc_vector::VectorReader;
use std::path::Path;

/// Reads the timings of a system, from now on. Hops notice nothing of it.
///
/// # Examples
///
/// ```
/// use icc_trace::{Options, Reader, Trace, TraceSpec};
///
/// let name = format!("icc-trace-reader-{}", std::process::id());
/// let trace = Trace::<icc_trace::On>::open_or_create(&name, &TraceSpec::new())?;
/// let mut feed = trace.hop("feed")?;
/// let mut reader = Reader::open(&name, &Options::new())?;
///
/// let arrival = feed.enter();
/// feed.end(arrival);
///
/// let mut timings = Vec::new();
/// reader.read(|timing| timings.push(timing));
/// assert_eq!(timings.len(), 1);
/// assert_eq!(reader.names()[timings[0].hop()], "feed");
/// icc_trace::remove(&name)?;
/// # Ok::<(), icc_trace::TraceError>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    timings: Consumer<Timing>,
    table: VectorReader<HopName>,
    names: Vec<String>,
    unreadable: u64,
}

impl Reader {
    /// Opens a system by its name, mapping its files read-only.
    ///
    /// # Errors
    ///
    /// [`TraceError`] if there is none, or its files hold something else. [`is_missing`](TraceError::is_missing) tells
    /// the first.
    pub fn open(name: impl AsRef<Path>, options: &Options) -> Result<Self, TraceError> {
        let name = name.as_ref();
        let table = VectorReader::open(names_of(name), &options.clone().describe::<HopName>())?;
        let queue = QueueReader::open(ring_of(name), &options.clone().describe::<Timing>())?;
        let names = all(&table);
        Ok(Self { timings: queue.consumer(), table, names, unreadable: 0 })
    }

    /// Gives each timing that has come to `each`, at most as many as the ring keeps. Never waits.
    pub fn read(&mut self, mut each: impl FnMut(Timing)) {
        let most = self.timings.queue().capacity() + 1;
        for found in self.timings.drain().take(most) {
            // What was lost is counted by the consumer.
            let Ok(timing) = found else { continue };
            if timing.is_plausible() {
                each(timing);
            } else {
                self.unreadable += 1;
            }
        }
    }

    /// Reads the names anew, and returns them by the hops' ids. Empty where there is none, or it was not complete. A name
    /// comes from another process and may hold anything: escape it before you show it.
    pub fn names(&mut self) -> &[String] {
        self.names = all(&self.table);
        &self.names
    }

    /// How many timings were overwritten before they were read.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.timings.lost()
    }

    /// How many timings were none: times out of order, or no hop. Somebody wrote garbage into the ring.
    #[must_use]
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// Whether the system's name still leads to the ring that this reads: not once it was removed.
    ///
    /// # Errors
    ///
    /// [`TraceError::Buffer`] if the system refuses to tell.
    pub fn is_current(&self) -> Result<bool, TraceError> {
        Ok(self.timings.queue().is_current()?)
    }
}
