//! The shared memory of one system: what there is, and who may do what with it.

use crate::agent::ROLES;
use crate::model::MODELS;
use anyhow::{Context as _, Result, bail, ensure};
use icc_examples::messages::{INSTRUMENTS, Ideal, MarketUpdate, NAMES, OrderRequest, Position, Report, Status};
use icc_queue::{Mpmc, Options, Queue, QueueReader};
use icc_schema::DescribeOptions as _;
use icc_trace::{Hop, Reader, Stamped, Trace, TraceSpec};
use icc_vector::{SeqlockVector, SingleWriter, VectorReader};
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

// Half a second of the market and more, on average: enough for a process that has to wait for its
// core.
const MARKET: usize = 16_384;
const ORDERS: usize = 1_024;
const REPORTS: usize = 4_096;

/// The place of a session's memory. Everything in it is opened by name.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    directory: PathBuf,
}

/// A session that this process made, and removes in the end.
#[derive(Debug)]
pub(crate) struct Owned {
    pub(crate) session: Session,
    /// Locked as long as this lives, however it ends.
    _lock: File,
}

/// One slot for each model and instrument, each written by its model alone.
pub(crate) type Ideals = SeqlockVector<Stamped<Ideal>, SingleWriter>;
/// Two slots for each instrument: see `account`.
pub(crate) type Positions = SeqlockVector<Position, SingleWriter>;
/// One slot for each process.
pub(crate) type Statuses = SeqlockVector<Status, SingleWriter>;

impl Session {
    pub(crate) fn new(name: &str) -> Result<Self> {
        let fits = !name.is_empty()
            && name.len() <= 64
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        ensure!(fits, "{name:?} cannot name a session: use up to 64 letters, digits and dashes");
        Ok(Self { directory: format!("/dev/shm/icc-trading-{name}").into() })
    }

    /// Makes all memory of the session, after removing what one that was killed has left.
    pub(crate) fn create(self) -> Result<Owned> {
        let directory = &self.directory;
        let shown = directory.display();
        match DirBuilder::new().mode(0o700).create(directory) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(error).with_context(|| format!("could not create {shown}"));
            }
            _ => {}
        }
        let lock = File::create(directory.join("lock")).with_context(|| format!("could not use {shown}"))?;
        if lock.try_lock().is_err() {
            bail!("a system is running in {shown}: end it, look at it with `dashboard`, or choose another --session");
        }
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path != directory.join("lock") {
                fs::remove_file(path)?;
            }
        }
        // Each says what it holds.
        Queue::<MarketUpdate>::create(self.path("market"), MARKET, &Options::new().describe::<MarketUpdate>())?;
        let orders = Options::new().describe::<Stamped<OrderRequest>>();
        Queue::<Stamped<OrderRequest>, Mpmc>::create(self.path("orders"), ORDERS, &orders)?;
        Queue::<Report>::create(self.path("reports"), REPORTS, &Options::new().describe::<Report>())?;
        // And what its slots are called.
        let of_models = MODELS.iter().flat_map(|model| NAMES.map(|name| format!("{name}/{}", model.name())));
        let ideals = Options::new().describe::<Stamped<Ideal>>().keys(of_models);
        Ideals::create(self.path("ideal"), MODELS.len() * INSTRUMENTS, &ideals)?;
        let of_positions = ["", "/copy"].iter().flat_map(|which| NAMES.map(|name| format!("{name}{which}")));
        let positions = Options::new().describe::<Position>().keys(of_positions);
        Positions::create(self.path("positions"), 2 * INSTRUMENTS, &positions)?;
        let statuses = Options::new().describe::<Status>().keys(ROLES.map(|role| role.to_string()));
        Statuses::create(self.path("status"), ROLES.len(), &statuses)?;
        // Where the hops' times go.
        self.trace()?;
        Ok(Owned { session: self, _lock: lock })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Whether its memory is still there.
    pub(crate) fn exists(&self) -> bool {
        self.path("status").exists()
    }

    // For those who write. A writer of its own slots, or a producer, is asked of these.

    pub(crate) fn market(&self) -> Result<Queue<MarketUpdate>> {
        Queue::open(self.path("market"), &Options::new()).with_context(hint)
    }

    fn trace(&self) -> Result<Trace> {
        Trace::open_or_create(self.path("trace"), &TraceSpec::new()).with_context(hint)
    }

    /// The hop of this name.
    pub(crate) fn hop(&self, name: &str) -> Result<Hop> {
        Ok(self.trace()?.hop(name)?)
    }

    pub(crate) fn orders(&self) -> Result<Queue<Stamped<OrderRequest>, Mpmc>> {
        Queue::open(self.path("orders"), &Options::new()).with_context(hint)
    }

    pub(crate) fn reports(&self) -> Result<Queue<Report>> {
        Queue::open(self.path("reports"), &Options::new()).with_context(hint)
    }

    pub(crate) fn ideals(&self) -> Result<Ideals> {
        Ideals::open(self.path("ideal"), &Options::new()).with_context(hint)
    }

    pub(crate) fn positions(&self) -> Result<Positions> {
        Positions::open(self.path("positions"), &Options::new()).with_context(hint)
    }

    pub(crate) fn statuses(&self) -> Result<Statuses> {
        Statuses::open(self.path("status"), &Options::new()).with_context(hint)
    }

    // For those who read: mapped read-only, so that no bug of theirs can do harm. How many write is
    // not their concern.

    pub(crate) fn read_market(&self) -> Result<QueueReader<MarketUpdate>> {
        QueueReader::open(self.path("market"), &Options::new()).with_context(hint)
    }

    pub(crate) fn read_hops(&self) -> Result<Reader> {
        Reader::open(self.path("trace"), &Options::new()).with_context(hint)
    }

    pub(crate) fn read_orders(&self) -> Result<QueueReader<Stamped<OrderRequest>>> {
        QueueReader::open(self.path("orders"), &Options::new()).with_context(hint)
    }

    pub(crate) fn read_reports(&self) -> Result<QueueReader<Report>> {
        QueueReader::open(self.path("reports"), &Options::new()).with_context(hint)
    }

    pub(crate) fn read_ideals(&self) -> Result<VectorReader<Stamped<Ideal>>> {
        VectorReader::open(self.path("ideal"), &Options::new()).with_context(hint)
    }

    pub(crate) fn read_positions(&self) -> Result<VectorReader<Position>> {
        VectorReader::open(self.path("positions"), &Options::new()).with_context(hint)
    }

    pub(crate) fn read_statuses(&self) -> Result<VectorReader<Status>> {
        VectorReader::open(self.path("status"), &Options::new()).with_context(hint)
    }
}

fn hint() -> &'static str {
    "could not attach: start the system first, with `trading_system run`, and give the same --session"
}

impl Owned {
    pub(crate) fn directory(&self) -> &Path {
        &self.session.directory
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(self.directory()) {
            eprintln!("could not remove {}: {error}", self.directory().display());
        }
    }
}
