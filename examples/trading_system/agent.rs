//! What all processes of the system have in common: a slot that says how they are, and how they
//! wait.

use crate::Common;
use crate::model::Model;
use crate::session::Session;
use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;
use core_affinity::CoreId;
use icc_examples::clock;
use icc_examples::messages::Status;
use icc_queue::{BusySpin, Consumer, SpinThenSleep, SpinThenYield, WaitStrategy, Waited};
use icc_seqlock::Payload;
use icc_vector::{SingleWriter, Writer};
use std::fmt;
use std::os::unix::process::parent_id;
use std::time::Duration;

/// How often a process says that it lives, in nanoseconds.
const BEAT: u64 = 20_000_000;

/// How long a process waits for a message before it has a look at everything else.
pub(crate) const PATIENCE: Duration = Duration::from_nanos(BEAT / 2);

/// A part of the system. One process at a time has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Feed,
    Model(Model),
    Overseer,
    Account,
}

/// All of them. The index is the slot of the vector of statuses.
pub(crate) const ROLES: [Role; 5] =
    [Role::Feed, Role::Model(Model::Trend), Role::Model(Model::Imbalance), Role::Overseer, Role::Account];

impl Role {
    /// The arguments that start it.
    pub(crate) fn arguments(self) -> Vec<&'static str> {
        match self {
            Self::Feed => vec!["feed"],
            Self::Model(model) => vec!["model", model.name()],
            Self::Overseer => vec!["overseer"],
            Self::Account => vec!["account"],
        }
    }

    fn slot(self) -> usize {
        ROLES.iter().position(|&role| role == self).expect("all are there")
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.arguments().last().expect("each has a name"))
    }
}

/// This process's part.
#[derive(Debug)]
pub(crate) struct Agent {
    /// What it says of itself with the next beat.
    pub(crate) status: Status,
    writer: Writer<Status, SingleWriter>,
    slot: usize,
    parent: Option<u32>,
    beat_at: u64,
}

impl Agent {
    /// Takes the part. Refused as long as another process has it.
    pub(crate) fn start(session: &Session, role: Role, common: &Common) -> Result<Self> {
        if let Some(core) = common.core {
            ensure!(core_affinity::set_for_current(CoreId { id: core }), "could not pin the {role} to core {core}");
        }
        let (statuses, slot) = (session.statuses()?, role.slot());
        let writer = statuses.writer_of(slot..slot + 1).with_context(|| format!("another {role} is running"))?;
        // Of the process before, if there was one. If it was killed just while it wrote this, the
        // count begins anew.
        let before = statuses.read(slot).unwrap_or_default();
        let now = clock::now();
        let status =
            Status { started_at: now, pid: std::process::id(), starts: before.starts + 1, ..Status::default() };
        let mut agent = Self { status, writer, slot, parent: common.parent, beat_at: 0 };
        agent.goes_on(now)?;
        Ok(agent)
    }

    /// As [`goes_on`](Self::goes_on), and says how it stands with its main input.
    pub(crate) fn goes_on_after<T: Payload>(&mut self, input: &Consumer<T>, now: u64) -> Result<bool> {
        if now >= self.beat_at {
            self.status.received = input.received();
            self.status.lost = input.lost();
            // Reads the producer's counter, which costs the producer a little: only with a beat.
            self.status.lag = input.lag();
        }
        self.goes_on(now)
    }

    /// Says now and then how this process is. Whether it shall go on: whoever started it still
    /// lives.
    pub(crate) fn goes_on(&mut self, now: u64) -> Result<bool> {
        if now < self.beat_at {
            return Ok(true);
        }
        self.beat_at = now + BEAT;
        self.status.alive_at = now;
        self.writer.write(self.slot, &self.status)?;
        Ok(self.parent.is_none_or(|parent| parent_id() == parent))
    }
}

/// What a process does while there is nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Wait {
    /// Looks again for a moment, then sleeps for some microseconds at a time: all of it runs on two
    /// cores.
    Sleep,
    /// Looks again and gives way to others: quicker, and keeps all cores busy.
    Yield,
    /// Looks again: the quickest, where each process has a core of its own.
    Spin,
}

impl WaitStrategy for Wait {
    fn wait(&mut self, round: u64) -> Waited {
        match self {
            Self::Sleep => SpinThenSleep::new(100, Duration::from_micros(20)).wait(round),
            Self::Yield => SpinThenYield::new(100).wait(round),
            Self::Spin => BusySpin.wait(round),
        }
    }
}

/// For a process that has several inputs: how often in a row all were empty.
#[derive(Debug)]
pub(crate) struct Idle {
    wait: Wait,
    rounds: u64,
}

impl Idle {
    pub(crate) fn new(wait: Wait) -> Self {
        Self { wait, rounds: 0 }
    }

    /// After a round over all inputs, which found something or not.
    pub(crate) fn after(&mut self, found: bool) {
        if found {
            self.rounds = 0;
        } else {
            self.wait.wait(self.rounds);
            self.rounds += 1;
        }
    }
}
