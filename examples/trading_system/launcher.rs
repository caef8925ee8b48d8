//! The launcher: starts all parts, starts again what dies, and leaves nothing behind.

use crate::Common;
use crate::agent::{ROLES, Wait};
use crate::dashboard::Dashboard;
use crate::feed::Feed;
use crate::session::{Owned, Session};
use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A part that ends by itself within this time of its start ...
const AT_ONCE: Duration = Duration::from_secs(1);
/// ... as often as this in a row will not do better.
const ATTEMPTS: u32 = 3;

/// How to run the system.
#[derive(Args, Clone, Debug)]
pub(crate) struct Run {
    /// Ends after so long.
    #[arg(long)]
    seconds: Option<f64>,
    /// Starts no dashboard: attach one from another terminal.
    #[arg(long, conflicts_with = "plain")]
    no_dashboard: bool,
    /// Seconds after which a part that died is started again: long enough to see it.
    #[arg(long, default_value_t = 2.0)]
    restart_after: f64,
    /// Leaves what dies dead: start it yourself, `trading_system feed` say.
    #[arg(long)]
    no_restart: bool,
    /// Gives each part a core of its own, from core 1 on, and lets it spin there. For machines with
    /// cores to spare.
    #[arg(long)]
    pin: bool,
    #[command(flatten)]
    feed: Feed,
    #[command(flatten)]
    dashboard: Dashboard,
}

pub(crate) fn run(common: &Common, run: &Run) -> Result<()> {
    ensure!(common.core.is_none(), "--core is for one process: give --pin");
    let cores = thread::available_parallelism()?.get();
    if run.pin && cores < ROLES.len() + 2 {
        let wanted = ROLES.len() + 2;
        bail!(
            "--pin wants {wanted} cores, one for each part and two for the rest, and there are {cores}: leave it out"
        );
    }
    let end = run.seconds.map(Duration::try_from_secs_f64).transpose()?.map(|wait| Instant::now() + wait);
    // Before anything is made: a signal that comes from now on is not missed.
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let owned = Session::new(&common.session)?.create()?;
    let mut system = System::new(common, run, &owned)?;
    system.start_all()?;
    loop {
        thread::sleep(Duration::from_millis(10));
        let told = signals.pending().next().is_some() || end.is_some_and(|end| Instant::now() >= end);
        if told || system.look()? {
            break;
        }
    }
    // Ends the parts, then gives the terminal back, then removes the memory.
    let log = system.log.clone();
    drop(system);
    let said = log.map(fs::read_to_string).transpose()?.unwrap_or_default();
    let directory = owned.directory().to_owned();
    drop(owned);
    // As in `say`.
    let _ = writeln!(io::stdout(), "{said}launcher: all parts ended, {} removed", directory.display());
    Ok(())
}

struct System<'a> {
    run: &'a Run,
    parts: Vec<Part>,
    /// The last of the parts, if there is one.
    dashboard: Option<usize>,
    /// Where messages go while the dashboard has the terminal.
    log: Option<std::path::PathBuf>,
    terminal: Option<Termios>,
}

/// A process of the system, or what is to become one.
struct Part {
    name: String,
    command: Command,
    process: Option<Child>,
    started: Instant,
    /// When it was found dead.
    ended: Option<Instant>,
    failures: u32,
}

impl<'a> System<'a> {
    fn new(common: &Common, run: &'a Run, owned: &Owned) -> Result<Self> {
        let full_screen = !run.no_dashboard && !run.dashboard.plain;
        ensure!(
            !full_screen || (io::stdout().is_terminal() && io::stdin().is_terminal()),
            "the dashboard needs a terminal: give --plain for lines of text, or --no-dashboard"
        );
        let log = full_screen.then(|| owned.session.path("log"));
        let terminal = if full_screen { Some(tcgetattr(io::stdin())?) } else { None };
        let wait = if run.pin { Wait::Spin } else { common.wait };
        let mut parts = Vec::new();
        for (number, role) in ROLES.into_iter().enumerate() {
            let mut command = command(common, wait)?;
            command.args(role.arguments()).stdin(Stdio::null()).stdout(Stdio::null());
            // A group of its own: Ctrl-C is for the launcher, which then ends the parts.
            command.process_group(0);
            if run.pin {
                command.arg("--core").arg((number + 1).to_string());
            }
            if let Some(log) = &log {
                command.stderr(File::options().create(true).append(true).open(log)?);
            }
            if role.arguments() == ["feed"] {
                command.arg("--speed").arg(run.feed.speed.to_string());
                run.feed.recording.iter().for_each(|path| {
                    command.arg("--recording").arg(path);
                });
            }
            parts.push(Part::new(role.to_string(), command));
        }
        let dashboard = if run.no_dashboard { None } else { Some(parts.len()) };
        if dashboard.is_some() {
            let mut command = command(common, common.wait)?;
            command.arg("dashboard").args(run.dashboard.arguments());
            parts.push(Part::new("dashboard".into(), command));
        }
        Ok(Self { run, parts, dashboard, log, terminal })
    }

    fn start_all(&mut self) -> Result<()> {
        self.parts.iter_mut().try_for_each(Part::start)
    }

    /// Looks after all parts. Whether somebody ended the dashboard, and with it the system.
    fn look(&mut self) -> Result<bool> {
        for number in 0..self.parts.len() {
            let part = &mut self.parts[number];
            if let Some(status) = part.ended()? {
                let is_dashboard = self.dashboard == Some(number);
                if is_dashboard && status.success() {
                    return Ok(true);
                }
                let failed = !status.success() && status.code().is_some() && part.started.elapsed() < AT_ONCE;
                part.failures = if failed { part.failures + 1 } else { 0 };
                ensure!(part.failures < ATTEMPTS, "the {} will not start: see what it said", part.name);
                let said = format!("launcher: the {} ended: {status}", part.name);
                if is_dashboard {
                    self.give_terminal_back();
                }
                self.say(&said);
            }
            let part = &mut self.parts[number];
            if !self.run.no_restart
                && part.ended.is_some_and(|ended| ended.elapsed().as_secs_f64() >= self.run.restart_after)
            {
                part.start()?;
                let said = format!("launcher: the {} was started again", part.name);
                self.say(&said);
            }
        }
        Ok(false)
    }

    /// Tells the user: at once, or when the dashboard has left the terminal.
    fn say(&self, line: &str) {
        let done = match &self.log {
            Some(log) => {
                File::options().append(true).create(true).open(log).and_then(|mut log| writeln!(log, "{line}"))
            }
            None => writeln!(io::stdout(), "{line}"),
        };
        // Whoever does not read what is said need not be told of it.
        let _ = done;
    }

    /// Makes the terminal what it was, also if the dashboard was killed and could not.
    fn give_terminal_back(&self) {
        if let Some(terminal) = &self.terminal {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, terminal);
            // Leaves the alternate screen, shows the cursor.
            let _ = io::stdout().write_all(b"\x1b[?1049l\x1b[?25h").and_then(|()| io::stdout().flush());
        }
    }
}

impl Drop for System<'_> {
    /// Ends all parts in the hardest way: they are made to bear it.
    fn drop(&mut self) {
        for process in self.parts.iter_mut().filter_map(|part| part.process.as_mut()) {
            let _ = process.kill();
            let _ = process.wait();
        }
        self.give_terminal_back();
    }
}

impl Part {
    fn new(name: String, command: Command) -> Self {
        Self { name, command, process: None, started: Instant::now(), ended: None, failures: 0 }
    }

    fn start(&mut self) -> Result<()> {
        self.process = Some(self.command.spawn().with_context(|| format!("could not start the {}", self.name))?);
        (self.started, self.ended) = (Instant::now(), None);
        Ok(())
    }

    /// How it ended, if it has since this was last asked.
    fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let Some(process) = &mut self.process else { return Ok(None) };
        let status = process.try_wait()?;
        if status.is_some() {
            self.process = None;
            self.ended = Some(Instant::now());
        }
        Ok(status)
    }
}

/// This program, for the same session.
fn command(common: &Common, wait: Wait) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    let wait = clap::ValueEnum::to_possible_value(&wait).expect("no way of waiting is hidden");
    command.arg("--session").arg(&common.session).arg("--wait").arg(wait.get_name());
    command.arg("--parent").arg(std::process::id().to_string());
    Ok(command)
}
