//! The dashboard: a process that reads what the others write, and that none of them notices.

mod events;
mod observer;
mod picture;
mod plain;
mod screen;

use crate::Common;
use crate::session::Session;
use anyhow::{Result, ensure};
use clap::Args;
use observer::Observer;
use std::os::unix::process::parent_id;
use std::time::Duration;

/// How often it reads the reports and the market, whatever it shows.
const READ: Duration = Duration::from_millis(10);

/// What to show.
#[derive(Args, Clone, Debug)]
pub(crate) struct Dashboard {
    /// Lines of text for a pipe or a file, in place of a full screen.
    #[arg(long)]
    pub(crate) plain: bool,
    /// Milliseconds from one picture to the next.
    #[arg(long, default_value_t = 500)]
    pub(crate) interval: u64,
}

impl Dashboard {
    /// The arguments that these come from.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let plain = self.plain.then(|| "--plain".into());
        plain.into_iter().chain(["--interval".into(), self.interval.to_string()]).collect()
    }
}

pub(crate) fn run(common: &Common, dashboard: &Dashboard) -> Result<()> {
    ensure!(dashboard.interval > 0, "an interval of 0 was asked for: it must be 1 ms at least");
    let session = Session::new(&common.session)?;
    let mut observer = Observer::attach(&session)?;
    let goes_on = || session.exists() && common.parent.is_none_or(|parent| parent_id() == parent);
    let interval = Duration::from_millis(dashboard.interval);
    if dashboard.plain {
        plain::show(&mut observer, interval, goes_on)
    } else {
        screen::show(&mut observer, &common.session, interval, goes_on)
    }
}
