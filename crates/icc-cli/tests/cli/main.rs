//! The command `icc` against real queues and vectors of other processes.

mod feed;
mod hostile;
mod list;
mod record;
mod remove;
mod replay;
mod run;
mod tail;
mod top;
mod vectors;

/// The other processes: see [`feed`].
#[test]
fn actor() {
    feed::play();
}
