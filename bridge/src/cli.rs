//! What can be asked for on the command line, and in a file of many links.

use anyhow::ensure;
use clap::{Args, Parser, Subcommand, ValueEnum};
use icc_bridge::network::Network;
use icc_bridge::{ExportOptions, ImportOptions, Start};
use icc_buffer::Options;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// Queues and vectors of icc between machines.
///
/// Run `out` where the queue or vector is, and `in` where it is to be repeated; the two find each other by the
/// key. Ends at Ctrl-C, and then says what it has carried.
#[derive(Debug, Parser)]
#[command(name = "icc-bridge", version)]
#[command(after_help = "Examples:\n  icc-bridge out quotes --key site/quotes --listen tcp/0.0.0.0:7447\n  \
    icc-bridge in site/quotes quotes --connect tcp/feed.example.org:7447\n  icc-bridge sync --config bridge.toml")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Say nothing but errors and totals.
    #[arg(long, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send a queue or a vector.
    Out(Out),
    /// Repeat what comes under a key in a queue or a vector here.
    In(In),
    /// Run the links of a file, in both directions.
    Sync {
        /// TOML: see docs/between-machines.md.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Out {
    /// A file in /dev/shm, or a path.
    name: PathBuf,
    /// What it is called in the network: a path such as `site/quotes`.
    #[arg(long)]
    key: String,
    #[command(flatten)]
    options: OutOptions,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(Debug, Args)]
pub(crate) struct In {
    /// What is repeated: a path such as `site/quotes`.
    key: String,
    /// The mirror: a file in /dev/shm, or a path.
    name: PathBuf,
    #[command(flatten)]
    options: InOptions,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(Debug, Args, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct OutOptions {
    /// Where in a queue to start.
    #[arg(long, value_enum, default_value_t = From::Resume)]
    from: From,
    /// Hold the queue: its producers wait for this bridge.
    #[arg(long)]
    hold: bool,
    /// Poll and never sleep: takes a core, and gives the least latency.
    #[arg(long)]
    spin: bool,
    /// The most bytes of messages in a frame.
    #[arg(long, value_name = "BYTES", default_value_t = 60_000)]
    frame_bytes: usize,
    /// Milliseconds between two signs of life.
    #[arg(long, value_name = "MS", default_value_t = 100)]
    heartbeat: u64,
    /// The least microseconds between two frames of a vector.
    #[arg(long, value_name = "US", default_value_t = 0)]
    every: u64,
}

#[derive(Debug, Args, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct InOptions {
    /// How many messages, or slots, the queue keeps, a power of two; as many as the source's unless given.
    #[arg(long, value_name = "N")]
    capacity: Option<usize>,
    /// The permissions of the file, octal; 600 unless given.
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
}

#[derive(Debug, Args, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct NetworkArgs {
    /// Where to listen, as `tcp/0.0.0.0:7447`; a free port of the loopback interface unless given.
    #[arg(long, value_name = "ADDRESS")]
    listen: Vec<String>,
    /// Whom to connect to, as `tcp/host:7447`.
    #[arg(long, value_name = "ADDRESS")]
    connect: Vec<String>,
    /// The interface on which to look for peers by multicast, as `eth0`.
    #[arg(long, value_name = "INTERFACE")]
    discover: Option<String>,
    /// A file of zenoh's own configuration, for all that is not said here.
    #[arg(long, value_name = "FILE")]
    zenoh_config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum From {
    /// Where the mirrors are; at the oldest message if there is none.
    #[default]
    Resume,
    /// At the next message.
    Newest,
    /// At the oldest message that is kept.
    Oldest,
}

/// One queue or vector, in one direction.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) key: String,
    pub(crate) name: PathBuf,
    pub(crate) direction: Direction,
}

#[derive(Debug)]
pub(crate) enum Direction {
    Out(ExportOptions),
    In(ImportOptions),
}

impl Default for OutOptions {
    fn default() -> Self {
        Self { from: From::Resume, hold: false, spin: false, frame_bytes: 60_000, heartbeat: 100, every: 0 }
    }
}

impl OutOptions {
    fn options(&self) -> ExportOptions {
        let mut options = ExportOptions::default();
        options.start = match self.from {
            From::Resume => Start::Resume,
            From::Newest => Start::Newest,
            From::Oldest => Start::Oldest,
        };
        (options.hold, options.spin, options.frame_bytes) = (self.hold, self.spin, self.frame_bytes);
        options.heartbeat = Duration::from_millis(self.heartbeat.max(1));
        options.every = Duration::from_micros(self.every);
        options
    }
}

impl InOptions {
    fn options(&self) -> Result<ImportOptions, String> {
        let mut options = ImportOptions::default();
        options.capacity = self.capacity;
        if let Some(mode) = &self.mode {
            let parsed = u32::from_str_radix(mode, 8).ok().filter(|&mode| mode <= 0o777);
            let mode = parsed.ok_or_else(|| format!("{mode} are no permissions: give up to three octal digits"))?;
            options.files = Options::new().mode(mode);
        }
        Ok(options)
    }
}

impl NetworkArgs {
    pub(crate) fn network(&self) -> Network {
        let mut network = Network::default();
        (network.listen, network.connect) = (self.listen.clone(), self.connect.clone());
        (network.discover, network.config) = (self.discover.clone(), self.zenoh_config.clone());
        network
    }
}

impl Out {
    pub(crate) fn link(&self) -> Link {
        Link { key: self.key.clone(), name: self.name.clone(), direction: Direction::Out(self.options.options()) }
    }
}

impl In {
    pub(crate) fn link(&self) -> Result<Link, String> {
        let direction = Direction::In(self.options.options()?);
        Ok(Link { key: self.key.clone(), name: self.name.clone(), direction })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sync {
    #[serde(default)]
    network: NetworkArgs,
    #[serde(default)]
    out: Vec<toml::Table>,
    #[serde(default, rename = "in")]
    into: Vec<toml::Table>,
}

/// The links of a file, and its network.
pub(crate) fn sync(text: &str) -> anyhow::Result<(Vec<Link>, Network)> {
    let sync: Sync = toml::from_str(text)?;
    let mut links = Vec::new();
    for table in sync.out {
        let (key, name, rest) = key_and_name(table)?;
        links.push(Link { key, name, direction: Direction::Out(rest.try_into::<OutOptions>()?.options()) });
    }
    for table in sync.into {
        let (key, name, rest) = key_and_name(table)?;
        let options = rest.try_into::<InOptions>()?.options().map_err(anyhow::Error::msg)?;
        links.push(Link { key, name, direction: Direction::In(options) });
    }
    for (n, link) in links.iter().enumerate() {
        let Link { key, name, direction } = link;
        let rival = |one: &&Link| match (direction, &one.direction) {
            (Direction::Out(_), Direction::Out(_)) => one.key == *key,
            (Direction::In(_), Direction::In(_)) => one.name == *name,
            _ => false,
        };
        if let Some(other) = links[..n].iter().find(rival) {
            let (one, other) = ((&other.name, &other.key), (name, key));
            anyhow::bail!(
                "two links in each other's way: each [[out]] has its own key, and each [[in]] its own name, but \
                there are {one:?} and {other:?}"
            );
        }
    }
    ensure!(!links.is_empty(), "no links: give [[out]] or [[in]], each with a key and a name");
    Ok((links, sync.network.network()))
}

fn key_and_name(mut table: toml::Table) -> anyhow::Result<(String, PathBuf, toml::Table)> {
    let mut take = |what: &str| match table.remove(what) {
        Some(toml::Value::String(text)) => Ok(text),
        Some(other) => anyhow::bail!("{what} = {other}: it is a text"),
        None => anyhow::bail!("a link without {what}"),
    };
    Ok((take("key")?, take("name")?.into(), table))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_file_of_links() {
        let text = r#"
            [network]
            listen = ["tcp/0.0.0.0:7447"]
            connect = ["tcp/10.0.0.2:7447"]
            [[out]]
            name = "quotes"
            key = "a/quotes"
            hold = true
            from = "newest"
            [[in]]
            key = "b/quotes"
            name = "quotes-b"
            capacity = 4096
            mode = "640"
        "#;
        let (links, network) = sync(text).unwrap();
        assert_eq!((links.len(), network.connect.len()), (2, 1));
        assert!(matches!(&links[0].direction, Direction::Out(out) if out.hold && out.start == Start::Newest));
        assert!(matches!(&links[1].direction, Direction::In(into) if into.capacity == Some(4096)));
        for (wrong, told) in [
            ("", "no links"),
            ("[[out]]\nname = 'a'", "without key"),
            ("[[in]]\nname = 'a'\nkey = 'k'\nhold = true", "hold"),
            ("[[in]]\nname = 'a'\nkey = 'k'\nmode = '888'", "888"),
            ("[[out]]\nname = 7\nkey = 'k'", "text"),
            ("[netwrk]\n", "netwrk"),
            ("[[out]]\nname = 'a'\nkey = 'k'\n[[out]]\nname = 'b'\nkey = 'k'", "its own key"),
            ("[[in]]\nname = 'a'\nkey = 'k'\n[[in]]\nname = 'a'\nkey = 'l'", "its own name"),
        ] {
            let error = sync(wrong).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
