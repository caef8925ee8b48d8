//! The trading system runs, bears the death of its processes, and leaves nothing behind.

mod common;

use common::{Killed, LONG, Running, chunks, example, gone, icc, number, send, stderr, stdout, unique};
use rustix::process::Signal;
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

const PARTS: [&str; 5] = ["feed", "trend", "imbalance", "overseer", "account"];

/// The launcher with a dashboard of lines, in a session of its own.
struct System {
    launcher: Running,
    session: String,
}

impl System {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let session = unique(name);
        let mut command = command(&session);
        command.args(["run", "--plain", "--interval", "100", "--restart-after", "1"]).args(arguments);
        Self { launcher: Running::start(&mut command), session }
    }

    fn directory(&self) -> PathBuf {
        format!("/dev/shm/icc-trading-{}", self.session).into()
    }

    /// The next line of the dashboard on `part` for which `wanted` says so.
    fn process(&mut self, part: &str, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let name = format!(" process {part} ");
        self.launcher.line(&format!("{part} {what}"), |line| line.contains(&name) && wanted(line))
    }

    /// Waits until the part lives, started for the `starts`th time, and does something. Its process
    /// id.
    fn works(&mut self, part: &str, starts: u64) -> u32 {
        let line = self.process(part, &format!("to work, started {starts} times"), |line| {
            line.contains("state=live") && number(line, "starts=") == starts && number(line, " sent=") > 0
        });
        number(&line, "pid=") as u32
    }

    fn all_work(&mut self) -> HashMap<&'static str, u32> {
        PARTS.into_iter().map(|part| (part, self.works(part, 1))).collect()
    }

    /// The orders filled since the dashboard attached.
    fn filled(&mut self) -> u64 {
        number(&self.launcher.line("orders", |line| line.contains(" orders sent=")), "filled=")
    }

    /// All is gone, and the launcher says so.
    fn is_gone(&mut self, pids: impl IntoIterator<Item = u32>) {
        pids.into_iter().for_each(gone);
        assert!(!self.directory().exists(), "{} is left behind", self.directory().display());
        assert!(self.launcher.tail().ends_with("removed"), "{}", self.launcher.tail());
    }
}

impl Drop for System {
    fn drop(&mut self) {
        // After a failure: the parts end when they find the launcher dead.
        let _ = self.launcher.process.kill();
        let _ = std::fs::remove_dir_all(self.directory());
    }
}

fn command(session: &str) -> Command {
    let mut command = example("trading_system");
    command.args(["--session", session]);
    command
}

/// The one that matters: a feed, a model and the account handler are killed, and come back, and the
/// rest never stops.
#[test]
fn the_rest_goes_on() {
    let mut system = System::start("kill", &[]);
    let pids = system.all_work();
    let before = system.filled();

    // Without the feed nobody has anything to do, and nobody minds.
    send(pids["feed"], Signal::KILL);
    system.process("feed", "silent", |line| line.contains("state=silent"));
    system.works("feed", 2);
    for event in
        ["event feed fell silent", "event feed was started again, as process", "launcher: the feed ended: signal: 9"]
    {
        system.launcher.said(event);
    }

    // A model and the account handler at once. What they leave behind is taken up again.
    send(pids["trend"], Signal::KILL);
    send(pids["account"], Signal::KILL);
    let imbalance = |line: &str| number(line, " received=");
    let seen = imbalance(&system.process("imbalance", "there", |_| true));
    system.process("imbalance", "going on", |line| imbalance(line) > seen + 1000);
    system.works("trend", 2);
    system.works("account", 2);
    let filled = system.filled();
    system.launcher.line("more fills", |line| line.contains(" orders sent=") && number(line, "filled=") > filled);
    assert!(filled >= before);

    // These were never touched.
    for part in ["imbalance", "overseer"] {
        let line = system.process(part, "alive", |line| line.contains("state=live"));
        assert_eq!((number(&line, "pid=") as u32, number(&line, "starts=")), (pids[part], 1));
    }
    // And now these.
    send(pids["overseer"], Signal::KILL);
    send(pids["imbalance"], Signal::KILL);
    system.works("overseer", 2);
    system.works("imbalance", 2);

    system.launcher.signal(Signal::INT);
    assert_eq!(system.launcher.end(), Some(0));
    let alpha = system.launcher.said.iter().filter(|line| line.contains(" instrument ALPHA "));
    let fills: Vec<_> = alpha.map(|line| number(line, "fills=")).collect();
    assert!(fills.is_sorted() && fills.last() > Some(&0), "the account handler forgot its positions: {fills:?}");
    system.is_gone(pids.into_values());
}

/// The command `icc` shows all that is in shared memory, decoded.
#[test]
fn icc_sees_it() {
    let mut system = System::start("icc", &[]);
    system.all_work();
    let market = system.directory().join("market");
    let run = |command: &str, name: &str, more: &[&str]| {
        stdout(icc().arg(command).arg(market.with_file_name(name)).args(more))
    };
    let list = stdout(icc().arg("ls").arg(system.directory()));
    for line in ["market", "orders", "reports", "ideal", "positions", "status", "trace.hops"] {
        assert!(list.lines().any(|listed| listed.starts_with(line)), "{line}: {list}");
    }
    let message = run("tail", "market", &["--count=1"]);
    for part in [" sent_at=", " price=", " instrument=", " level=", " last="] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(message.contains(" side=Bid") || message.contains(" side=Ask"), "{message}");
    let price = message.split_once(" price=").unwrap().1.split(' ').next().unwrap();
    assert_eq!(price.split_once('.').unwrap().1.len(), 2, "a price in hundredths: {message}");
    let order =
        run("tail", "orders", &["--from=oldest", "--count=1", "--fields=payload.sender,payload.limit,origin", "--csv"]);
    assert!(
        order.starts_with("sequence,payload.sender,payload.limit,origin") && order.contains(",Overseer,"),
        "{order}"
    );
    let report = run("tail", "reports", &["--from=oldest", "--count=1", "--json"]);
    assert!(report.contains("\"filled\":") && report.contains("\"refusal\":"), "{report}");
    assert!(run("get", "ideal", &["0"]).contains(" origin="));
    assert!(run("get", "positions", &["0"]).contains(" fills="));
    assert!(run("get", "status", &["0"]).contains(" pid="));
    let hops = stdout(icc().args(["top", "--count=1", "--hops"]).arg(market.with_file_name("trace")));
    for hop in ["trend", "imbalance", "overseer", "account", "WHOLE PATH TO"] {
        assert!(hops.lines().any(|line| line.starts_with(hop)), "{hop}: {hops}");
    }
    assert!(run("watch", "status", &["--count=2"]).lines().all(|line| line.contains(" alive_at=")));
    system.launcher.signal(Signal::INT);
    assert_eq!(system.launcher.end(), Some(0));
}

/// Everything that comes and goes beside a running system.
#[test]
fn visitors() {
    let mut system = System::start("visit", &[]);
    let session = system.session.clone();
    let pids = system.all_work();

    // A second system, a second feed: refused.
    assert!(stderr(command(&session).args(["run", "--plain"])).contains("a system is running in"));
    assert!(stderr(command(&session).arg("feed")).contains("another feed is running"));

    // A second dashboard, which leaves again.
    let mut dashboard = Running::start(command(&session).args(["dashboard", "--plain", "--interval", "50"]));
    dashboard.line("a feed", |line| line.contains("process feed state=live"));
    dashboard.line("a hop", |line| line.contains("hop feed_to_report") && number(line, "count=") > 0);
    drop(dashboard);

    // An order by hand. It may have to wait for the whole book, and for the models' orders to leave
    // room.
    let order = |quantity: &str| common::output(command(&session).args(["order", "5", quantity]));
    let deadline = Instant::now() + LONG;
    let said = loop {
        let output = order("1");
        if output.status.success() || Instant::now() > deadline {
            break String::from_utf8(output.stdout).expect("it prints text");
        }
    };
    assert!(said.starts_with("filled 1 lots at "), "{said}");
    assert!(stderr(command(&session).args(["order", "5", "500"])).contains("larger than an order may be"));
    assert!(stderr(command(&session).args(["order", "50", "1"])).contains("there is no instrument 50"));

    // None of that has disturbed anybody.
    for part in PARTS {
        let line = system.process(part, "alive", |line| line.contains("state=live"));
        assert_eq!((number(&line, "pid=") as u32, number(&line, "starts=")), (pids[part], 1));
    }
    system.launcher.signal(Signal::TERM);
    assert_eq!(system.launcher.end(), Some(0));
    system.is_gone(pids.into_values());
}

/// Even a launcher that is killed leaves no process; the memory is removed by the next.
#[test]
fn a_launcher_that_is_killed() {
    let mut system = System::start("launcher", &[]);
    let pids = system.all_work();
    system.launcher.signal(Signal::KILL);
    assert_eq!(system.launcher.end(), None);
    pids.into_values().for_each(gone);
    assert!(system.directory().exists());
    let session = &system.session;
    let said = stdout(command(session).args(["run", "--plain", "--seconds", "1", "--interval", "200"]));
    assert!(said.contains("process feed state=live") && said.trim_end().ends_with("removed"), "{said}");
    assert!(!system.directory().exists());
}

#[test]
fn without_a_system() {
    let session = unique("none");
    for arguments in [&["feed"][..], &["model", "trend"], &["dashboard", "--plain"], &["order", "1", "1"]] {
        let said = stderr(command(&session).args(arguments));
        assert!(said.contains("start the system first") && said.contains("no buffer at"), "{said}");
    }
    assert!(stderr(command(&session).arg("run")).contains("the dashboard needs a terminal"));
    assert!(stderr(command("a/b").args(["run", "--plain"])).contains("cannot name a session"));
}

/// The dashboard on a terminal, as most people see it first; it gives the terminal back.
#[test]
fn full_screen() {
    on_a_screen("screen", 120, 30, &["attached", "imbalance", "p99.9", "fills", "none yet"]);
}

/// The smallest that is common has all processes, hops and instruments, and room for what happens.
#[test]
fn eighty_columns() {
    on_a_screen("narrow", 80, 24, &["received/s", "lost", "imbalance", "p99.9", "max", "profit", "none yet"]);
}

/// What a session that was killed leaves.
struct Left(PathBuf);

impl Drop for Left {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn on_a_screen(name: &str, width: u16, height: u16, words: &[&str]) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
    use std::fs::File;
    use std::io::Write as _;
    use std::os::unix::ffi::OsStrExt as _;

    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap();
    let terminal =
        || File::options().read(true).write(true).open(std::ffi::OsStr::from_bytes(path.to_bytes())).unwrap();
    let kept = terminal();
    tcsetwinsize(&kept, Winsize { ws_row: height, ws_col: width, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let mut keys = File::from(master);
    let screen = chunks(keys.try_clone().unwrap());

    let session = unique(name);
    // Dropped after the launcher, which removes it unless it is killed.
    let _left = Left(PathBuf::from(format!("/dev/shm/icc-trading-{session}")));
    let mut command = command(&session);
    command.args(["run", "--interval", "100"]).stdin(terminal()).stdout(terminal()).stderr(terminal());
    let mut launcher = Killed(command.spawn().unwrap());
    let mut shown = String::new();
    let mut wait_for = |what: &str| {
        let deadline = Instant::now() + LONG;
        while !shown.contains(what) {
            let left = deadline.saturating_duration_since(Instant::now());
            let chunk =
                screen.recv_timeout(left).unwrap_or_else(|error| panic!("waited for {what:?}: {error}: {shown}"));
            shown.push_str(&String::from_utf8_lossy(&chunk));
        }
    };
    // Only what is on the first picture, or a single letter: later ones change letters, not words.
    for what in words.iter().chain(&["icc trading system", "feed to report", "HOTEL", "●"]) {
        wait_for(what);
    }
    // The feed is killed. Its state changes its colour, so it is written whole, which words among the events are not if
    // they have letters of those that stood there.
    let status = stdout(icc().args(["get", "--json"]).arg(format!("/dev/shm/icc-trading-{session}/status")).arg("0"));
    send(number(&status, "\"pid\":") as u32, Signal::KILL);
    wait_for("○ silent");
    let raw = || !tcgetattr(&kept).unwrap().local_modes.contains(LocalModes::ICANON);
    assert!(raw());
    keys.write_all(b"q").unwrap();
    // Leaves the alternate screen.
    wait_for("\x1b[?1049l");
    wait_for(&format!("icc-trading-{session} removed"));
    assert!(launcher.0.wait().unwrap().success());
    assert!(!raw(), "the terminal is not what it was");
    assert!(!PathBuf::from(format!("/dev/shm/icc-trading-{session}")).exists());
}
