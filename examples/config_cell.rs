//! The smallest useful program of the seqlock: settings that an operator changes while workers run.
//!
//! The workers poll the cell in every round, which costs one load as long as nothing changed. They
//! never see half of one setting and half of another, and never hold the operator up.
//!
//! ```sh
//! cargo run --example config_cell
//! ```

use bytemuck::{Pod, Zeroable};
use icc_seqlock::Seqlock;
use std::thread;
use std::time::Duration;

/// The settings: plain data without padding. They belong together: `most` is ten times `step` in
/// all of them.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
struct Config {
    step: u64,
    most: u64,
    /// Not 0: go on. (A `bool` has invalid bit patterns, which such a copy cannot allow.)
    running: u64,
}

/// A cell can be a static: no allocation, no initialisation.
static CONFIG: Seqlock<Config> = Seqlock::new(Config { step: 1, most: 10, running: 1 });

fn main() {
    thread::scope(|scope| {
        for name in ["first", "second"] {
            scope.spawn(move || work(name));
        }
        for step in 2..=5 {
            thread::sleep(Duration::from_millis(20));
            CONFIG.write(&Config { step, most: step * 10, running: 1 });
        }
        thread::sleep(Duration::from_millis(20));
        // Changes one field of the newest value as one step against all other writers.
        CONFIG.update(|config| config.running = 0);
    });
}

fn work(name: &str) {
    let mut config = Config::zeroed();
    let mut version = CONFIG.read_into(&mut config);
    let (mut rounds, mut changes) = (0_u64, 0_u64);
    while config.running != 0 {
        // One relaxed load if nothing changed.
        if let Some(newer) = CONFIG.read_into_if_newer(version, &mut config) {
            version = newer;
            changes += 1;
            assert_eq!(config.most, config.step * 10, "a mixture of two settings");
        }
        rounds += 1;
        if rounds.is_multiple_of(1000) {
            thread::sleep(Duration::from_micros(100)); // The work itself.
        }
    }
    println!("{name} worker: {rounds} rounds, {changes} changes seen, the last {config:?}");
}
