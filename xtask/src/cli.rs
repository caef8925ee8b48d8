//! Every command and flag, declared in this one place.

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The project's checks and chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything that must hold: format, lints, docs, tests, models, a benchmark smoke run,
    /// packaging.
    Test(TestArgs),
    /// Run the loom models of the library crates on the shipped types.
    Loom(LoomArgs),
    /// Run models that are too large for loom in random orders of their threads' steps.
    Shuttle(ShuttleArgs),
    /// Judge each protocol's litmus tests, as shipped and with one ordering weakened, by herd7.
    Litmus(LitmusArgs),
    /// Build and run the benchmark; all arguments go to it (try `cargo xtask bench --help`).
    #[command(disable_help_flag = true)]
    Bench(PassedArgs),
    /// Run the concurrent tests under a sanitizer (needs a nightly toolchain).
    Sanitize(SanitizeArgs),
    /// Torture queues, vectors and cells between threads and killed processes, for a given time.
    Torture(TortureArgs),
    /// Fuzz attaching to arbitrary bytes, and calls against a model (needs a nightly toolchain and
    /// cargo-fuzz).
    Fuzz(FuzzArgs),
    /// Torture, fuzz, check headers and reads for a given time, and add the figures to those of earlier runs.
    Long(LongArgs),
    /// Make each ordering, fence and protocol step wrong, one at a time, and require that a check
    /// fails (`--help` for more).
    #[command(disable_help_flag = true)]
    Mutants(PassedArgs),
    /// Copy the guides of docs/ into the crates whose documentation has them, with links that work there.
    Guides,
    /// Run the library crates' tests under Miri (needs a nightly toolchain with miri).
    Miri,
    /// Check the published crates with the least Rust version that they promise to build with.
    Msrv,
    /// Prove what the C reader does with a hostile file (needs cbmc; xtask/cbmc.sh unpacks it).
    Cbmc,
    /// Check the dependencies: licences, sources, versions, and that each is used (needs cargo-deny and cargo-machete).
    Supply,
    /// Type-check the libraries for macOS and Windows, and see them refused where shared memory would be wrong.
    Targets,
    /// Cross-build the library crates' tests for aarch64 Linux and run them under qemu.
    Aarch64,
    /// Check the bridge between machines, in network namespaces where that may be done.
    Bridge(BridgeArgs),
    /// Build the Python package into a virtual environment and run its tests (needs Python 3.10, venv, pip).
    Python,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Run only this step (may be given several times).
    #[arg(long, value_name = "STEP")]
    pub(crate) only: Vec<Step>,
    /// Leave this step out (may be given several times).
    #[arg(long, value_name = "STEP")]
    pub(crate) skip: Vec<Step>,
    /// Go on after a step that failed; the command still fails in the end.
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Called by another, with this number, that has built all and runs steps of its own: end when that one does.
    #[arg(long, hide = true, value_name = "PID")]
    pub(crate) beside: Option<u32>,
}

/// The steps of `cargo xtask test`, in the order in which they run: what fails fastest comes first. Those after `Loom` may
/// run beside the others, once all is built: see `beside`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Step {
    /// `cargo fmt --all --check`.
    Fmt,
    /// Atomics and loom are named in the shim alone.
    Shim,
    /// Every test that docs/testing.md names exists, and every model is named there.
    NamedTests,
    /// What the dependencies are, and that each is used.
    Supply,
    /// Every target, built as the next steps need it, with Clippy's lints, warnings denied.
    Build,
    /// Every atomic operation and protocol step is covered by the lists of mutants, and these by
    /// tests that exist.
    MutantsList,
    /// The crates' guides are those of docs/; documentation of the workspace, warnings denied.
    Docs,
    /// Every unit, integration and documentation test.
    Tests,
    /// The library crates' tests again, on the portable payload copy.
    PortableTests,
    /// Producers that die at each step of the protocol.
    Steps,
    /// A short torture.
    Torture,
    /// A short benchmark run: does it still measure?
    Bench,
    /// Can every crate be packaged and built from its package?
    Package,
    /// The loom models.
    Loom,
    /// The libraries for another system, type-checked only.
    Targets,
    /// Proofs about the C reader.
    Cbmc,
    /// The Python package's tests, beside Rust processes.
    Python,
    /// The litmus tests.
    Litmus,
    /// The bridge between machines.
    Bridge,
    /// Models too large for loom, a few orders of each.
    Shuttle,
}

impl Step {
    /// The name by which `--only` and `--skip` know the step.
    pub(crate) fn name(self) -> String {
        // No step is hidden from the command line, so there always is a value.
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

#[derive(Debug, Default, Args)]
pub(crate) struct LoomArgs {
    /// Run only the models whose test name contains this.
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Option<String>,
    /// Bound the preemptions per execution to this number, whatever a model asks for.
    #[arg(long, value_name = "N")]
    pub(crate) preemptions: Option<usize>,
    /// Explore the largest models with two preemptions, and lint what is built, as `cargo xtask test` does.
    #[arg(long, conflicts_with = "preemptions")]
    pub(crate) quick: bool,
    /// Let each model tell apart orders of loads as well, also those that need it not: takes much longer.
    #[arg(long)]
    pub(crate) trace: bool,
    /// Show loom's own log with code locations, to understand a failing model. Runs one model at a
    /// time.
    #[arg(long)]
    pub(crate) log: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ShuttleArgs {
    /// Only the models whose test name contains this.
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Option<String>,
    /// How often each model is executed, each time in another order.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub(crate) iterations: u64,
    /// The executions of an earlier run once more.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Default, Args)]
pub(crate) struct LitmusArgs {
    /// Only the tests whose name contains this (may be given several times).
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TortureArgs {
    /// About how long the torture lasts in all; builds come on top.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) seconds: u32,
    /// Only scenarios whose name contains this.
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Option<String>,
    /// Then give as much time again to the library crates' own tests that can go on for ever.
    #[arg(long)]
    pub(crate) tests: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BridgeArgs {
    /// The long tests: ten million messages, two hundred killed bridges, ten seconds without a cable.
    #[arg(long)]
    pub(crate) long: bool,
    /// Measure what it costs, beside a bare put of the network.
    #[arg(long, conflicts_with = "long")]
    pub(crate) bench: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LongArgs {
    /// About how long it lasts in all, shared by the parts; builds come on top.
    #[arg(long, value_name = "N", default_value_t = 3_600, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) seconds: u32,
    /// Only this part: torture, headers, a fuzz target, or checked reads such as reads-4096 (may be given several times).
    #[arg(long, value_name = "PART")]
    pub(crate) only: Vec<String>,
    /// Run nothing: show what the runs so far add up to.
    #[arg(long)]
    pub(crate) sum: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FuzzArgs {
    /// Only this target: attach, calls, frames or schema.
    pub(crate) target: Option<String>,
    /// About how long it lasts in all; builds come on top.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) seconds: u32,
}

#[derive(Debug, Args)]
pub(crate) struct PassedArgs {
    /// Arguments for the program itself.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    pub(crate) args: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct SanitizeArgs {
    /// Which sanitizer.
    #[arg(default_value = "thread")]
    pub(crate) sanitizer: Sanitizer,
    /// Only the test programs whose name, such as `icc-vector/deadlines`, contains this. May be repeated.
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Vec<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Sanitizer {
    /// Data races.
    Thread,
    /// Accesses outside an allocation or after its end, and leaks.
    Address,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn parse(args: &[&str]) -> Result<Command, String> {
        Cli::try_parse_from([&["xtask"], args].concat()).map(|cli| cli.command).map_err(|error| error.to_string())
    }

    #[test]
    fn declaration_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn wrong_step_lists_what_exists() {
        let message = parse(&["test", "--only", "format"]).unwrap_err();
        for step in Step::value_variants() {
            assert!(message.contains(&step.name()), "{} is not in: {message}", step.name());
        }
    }

    #[test]
    fn steps_can_be_repeated() {
        let Ok(Command::Test(args)) = parse(&["test", "--only", "fmt", "--only", "build"]) else {
            panic!("not a test command");
        };
        assert_eq!(args.only, [Step::Fmt, Step::Build]);
        assert!(args.skip.is_empty() && !args.keep_going);
    }

    #[test]
    fn arguments_of_other_programs_pass_through_untouched() {
        for given in [&["--help"][..], &["--quick", "--json", "out.json"], &["-h"], &["list", "--cores=0,1"], &[]] {
            for program in ["bench", "mutants"] {
                let Ok(Command::Bench(args) | Command::Mutants(args)) = parse(&[&[program], given].concat()) else {
                    panic!("{given:?} is not a command of {program}");
                };
                assert_eq!(args.args, given);
            }
        }
    }

    #[test]
    fn loom_flags() {
        let Ok(Command::Loom(args)) = parse(&["loom", "--only", "two_writers", "--preemptions", "4", "--log"]) else {
            panic!("not a loom command");
        };
        assert_eq!(args.only.as_deref(), Some("two_writers"));
        assert_eq!((args.preemptions, args.log), (Some(4), true));
        assert!(parse(&["loom", "--preemptions", "few"]).is_err());
    }

    #[test]
    fn sanitizer_is_thread_unless_asked() {
        for (given, expected) in [
            (&["sanitize"][..], Sanitizer::Thread),
            (&["sanitize", "thread"], Sanitizer::Thread),
            (&["sanitize", "address"], Sanitizer::Address),
        ] {
            let Ok(Command::Sanitize(args)) = parse(given) else {
                panic!("{given:?} is not a sanitize command");
            };
            assert_eq!(args.sanitizer, expected);
        }
        assert!(parse(&["sanitize", "memory"]).unwrap_err().contains("address"));
    }
}
