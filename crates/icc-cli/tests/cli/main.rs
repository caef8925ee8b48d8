//! The command `icc` against real queues and vectors of other processes.

mod bytes;
mod feed;
mod hops;
mod hostile;
mod list;
mod record;
mod remove;
mod replay;
mod run;
mod tail;
mod top;
mod vectors;
mod wakeable;

/// The other processes: see [`feed`].
#[test]
fn actor() {
    feed::play();
}

/// What the command depends on never reaches those who use the libraries.
#[test]
fn the_libraries_stay_lean() {
    let libraries = ["icc-seqlock", "icc-buffer", "icc-queue", "icc-vector"];
    let mut tree = std::process::Command::new(env!("CARGO"));
    tree.args(["tree", "--offline", "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    tree.args(libraries.iter().flat_map(|library| ["--package", library])).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = tree.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && libraries.iter().all(|library| text.contains(library)), "{text}");
    for optional in
        ["clap", "ratatui", "serde", "comfy-table", "jiff", "itoa", "zmij", "crc32fast", "icc-schema", "icc-trace"]
    {
        assert!(!text.lines().any(|line| line.split(' ').next() == Some(optional)), "{optional}:\n{text}");
    }
}
