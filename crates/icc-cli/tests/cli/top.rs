//! `top`, in a terminal: tmux keeps the screen.

use crate::feed;
use icc_testing::{Name, wait_until};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A terminal of its own.
pub(crate) struct Terminal(String);

impl Terminal {
    /// Runs `icc top`; none, with a message, where there is no tmux.
    pub(crate) fn start(width: u32, height: u32, arguments: &str) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let terminal = Self(format!("icc-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed)));
        let icc = format!("{} top {arguments}; echo LEFT; exec cat", env!("CARGO_BIN_EXE_icc"));
        let (width, height) = (width.to_string(), height.to_string());
        let mut tmux = terminal.tmux();
        tmux.args(["-f", "/dev/null", "new-session", "-d", "-x", &width, "-y", &height, &icc]);
        match tmux.output() {
            Ok(output) => assert!(output.status.success(), "{output:?}"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                eprintln!("skipped: there is no tmux here; install it to run this test");
                return None;
            }
            Err(error) => panic!("{error}"),
        }
        Some(terminal)
    }

    fn tmux(&self) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.args(["-L", &self.0]).env_remove("TMUX").env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8");
        tmux
    }

    pub(crate) fn screen(&self) -> String {
        let Output { status, stdout, .. } = self.tmux().args(["capture-pane", "-p"]).output().unwrap();
        assert!(status.success());
        String::from_utf8(stdout).unwrap()
    }

    pub(crate) fn press(&self, key: &str) {
        assert!(self.tmux().args(["send-keys", key]).status().unwrap().success());
    }

    /// The words of the line that begins with this name, once there is such a line that is `wanted`.
    pub(crate) fn line(&self, name: &str, what: &str, mut wanted: impl FnMut(&[&str]) -> bool) -> String {
        let mut found = String::new();
        wait_until(&format!("{what} in the terminal"), || {
            std::thread::sleep(std::time::Duration::from_millis(20));
            let screen = self.screen();
            let line = screen.lines().find(|line| line.split_whitespace().next() == Some(name));
            let words: Vec<_> = line.unwrap_or_default().split_whitespace().collect();
            if !words.is_empty() && wanted(&words) {
                found = screen.clone();
            }
            !found.is_empty()
        });
        found
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux().arg("kill-server").output();
    }
}

fn number(word: &str) -> f64 {
    word.replace(',', "").parse().unwrap_or(f64::NAN)
}

/// The rate that a process was told to produce at, within 5 %; and, once it was killed, that it is
/// gone. In both sizes.
#[test]
fn rates_and_deaths() {
    for (width, height) in [(80, 24), (120, 36)] {
        let directory = Name::directory("top");
        let path = |name: &str| directory.path().join(name);
        let mut feed = feed::start("feed", &path("quotes"), &[("CAPACITY", 1024), ("RATE", 2_000)]);
        let _one = feed::start("feed of many", &path("orders"), &[("CAPACITY", 64), ("COUNT", 3)]);
        let mut other = feed::start("feed of many", &path("orders"), &[("CAPACITY", 64), ("COUNT", 3)]);
        let arguments = format!("{} --interval 500ms", directory.path().display());
        let Some(terminal) = Terminal::start(width, height, &arguments) else { return };
        let _seen = feed::start("seen feed", &path("seen"), &[("CAPACITY", 64), ("COUNT", 42)]);
        feed::wait_for(&path("seen"), 42);
        let mut reader = feed::start("reader", &path("seen"), &[]);
        // NAME KIND … RATE/s ALIVE READERS GROUPS LAG NOTE
        let rate = |words: &[&str]| number(words[words.len() - 5]);
        let screen = terminal.line("quotes", "the rate", |words| (1_900.0..2_100.0).contains(&rate(words)));
        assert!(screen.lines().next().unwrap().contains("3 buffers"), "{screen}");
        assert!(
            screen.lines().count() == height as usize
                && screen.lines().all(|line| line.chars().count() <= width as usize)
        );
        assert_eq!(screen.contains("[u64; 7] "), width == 120, "{screen}");
        terminal.line("orders", "two producers", |words| words.ends_with(&["2", "-", "-", "-"]));
        terminal.line("seen", "the reader's lag", |words| words.ends_with(&["1", "1", "-", "42"]));

        feed.kill();
        reader.kill();
        other.kill();
        let screen = terminal.line("quotes", "the dead producer", |words| words.contains(&"gone"));
        let quotes: Vec<_> =
            screen.lines().find(|line| line.starts_with("quotes")).unwrap().split_whitespace().collect();
        let at = quotes.iter().position(|word| *word == "gone").unwrap();
        assert_eq!(quotes[at - 5..at], ["0", "-", "-", "-", "1"], "alive, and gone: {screen}");
        terminal.line("orders", "one of two", |words| {
            words.windows(6).any(|words| words == ["1", "-", "-", "-", "1", "gone"])
        });
        terminal.line("seen", "the dead reader", |words| words.ends_with(&["risk", "died"]));
    }
}

#[test]
fn keys() {
    let directory = Name::directory("keys");
    let path = |name: &str| directory.path().join(name);
    let _a = feed::with_messages(&path("alpha"), 64, 5);
    let _b = feed::start("feed", &path("beta"), &[("CAPACITY", 64), ("RATE", 500)]);
    let arguments = format!("{} --interval 100ms", directory.path().display());
    let Some(terminal) = Terminal::start(80, 24, &arguments) else { return };
    let first = |screen: &str| {
        screen.lines().nth(2).unwrap_or_default().split_whitespace().next().unwrap_or_default().to_owned()
    };
    let shows = |what: &str, wanted: &dyn Fn(&str) -> bool| wait_until(what, || wanted(&terminal.screen()));
    shows("beta first, by its rate", &|screen| first(screen) == "beta");
    terminal.press("s");
    shows("alpha first, by its name", &|screen| first(screen) == "alpha" && screen.contains("by name"));
    terminal.press("r");
    shows("beta first, reversed", &|screen| first(screen) == "beta");
    terminal.press("Down");
    shows("alpha's messages", &|screen| screen.contains(" alpha ─") && screen.contains("messages  5"));
    "/alph".chars().for_each(|key| terminal.press(&key.to_string()));
    terminal.press("Enter");
    shows("alpha alone", &|screen| {
        first(screen) == "alpha" && screen.contains("1 buffer ") && screen.contains("[alph]")
    });
    // An Escape and a key at once would be another key.
    terminal.press("Escape");
    shows("both", &|screen| screen.contains("2 buffers"));
    terminal.press("p");
    shows("a pause", &|screen| screen.contains("PAUSED"));
    terminal.press("q");
    shows("the end", &|screen| screen.contains("LEFT"));
}

#[test]
fn no_terminal() {
    let (code, said) = crate::run::refusal(["top"]);
    assert!(code == Some(1) && said.contains("use `icc ls`"), "{code:?} {said}");
}
