//! `cargo xtask cbmc`: what the C reader does with a hostile file, proved by cbmc for bounded sizes.
//!
//! The proofs are the functions of `bindings/c/proofs/reader.c`, where the bounds are explained. Then each check of the
//! header, and that of a slot's bytes, is left out in turn, in a copy of `icc.h`, and the proof must fail.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, bail};

use crate::cbmc_cuts::cut;
use crate::counts::Counts;
use crate::process::{self, say};
use crate::workspace::Workspace;

/// How to get it.
const MISSING: &str = "this needs cbmc and gcc: run xtask/cbmc.sh, which unpacks Debian's package into the target directory, or \
     install cbmc (apt-get install cbmc, where the distribution has it)";

/// The functions that are proved, each with its definitions: the largest file, and the slots of a ring, whose number is
/// a constant so that dividing by it is cheap.
const PROOFS: [(&str, &[&str]); 9] = [
    ("copy", &["-DSIZE=768"]),
    ("header", &["-DSIZE=4096"]),
    ("vector", &["-DSIZE=768"]),
    ("schema", &["-DSIZE=768"]),
    ("value", &[]),
    ("queue", &["-DSIZE=768", "-DLEN=1"]),
    ("queue", &["-DSIZE=768", "-DLEN=8"]),
    ("places", &["-DSIZE=768", "-DLEN=8"]),
    ("piece", &["-DSIZE=1024", "-DLEN=8"]),
];
/// Those for any number of rounds, in a copy of `icc.h` whose loops are cut. A text is as long as a schema may be, or,
/// where that takes too long, 256 bytes; a loop goes round once whatever that is.
const CUT: [(&str, &[&str]); 4] = [
    ("any_value", &["-DTEXT=16384", "-DASSUMED=0"]),
    ("list", &["-DTEXT=256", "-DASSUMED=1"]),
    ("item", &["-DTEXT=256", "-DASSUMED=1"]),
    ("message", &["-DTEXT=16", "-DASSUMED=0", "-DSIZE=1024", "-DLEN=8"]),
];
/// Checks left out of that copy, and the proof that must fail.
const CUT_WITHOUT: [(&str, &str, usize); 4] = [
    ("at < end;\n        at++, icc_proof_depth_again", "at <= end + 1;\n        at++, icc_proof_depth_again", 0),
    ("value == NULL || value >= end || *value != ':'", "*value != ':'", 1),
    ("if (head.len > size) {", "if (0) {", 3),
    ("head.len - done < room ? head.len - done : room", "room", 3),
];
/// As many rounds as a loop that is cut takes; and all that a copy of the header's magic takes.
const CUT_LOOPS: [&str; 4] = ["--unwind", "3", "--unwindset", "icc_proof_copy.0:26"];
/// How often loops go round at most within those sizes; that it is enough is proved, too.
const LOOPS: &str = "memcmp.0:26,icc_copy_header.0:65,icc_copy_bytes.0:33,icc_schema.0:258,icc_skip_value.0:18";

/// Checks, as they stand and left out: those of `icc_check`, and the last that of how much a slot has.
const WITHOUT: [(&str, &str); 13] = [
    ("(h->features_to_read & ~ICC_GAPS) != 0", "0"),
    ("h->counters_offset != icc_round_up(sizeof *h + h->schema_len + h->keys_len, 128)", "0"),
    ("h->slots_offset != icc_round_up(h->counters_offset + 128 * h->counters, unit)", "0"),
    ("h->total_size != h->slots_offset + h->len * h->stride", "0"),
    ("!icc_power_of_two(h->element_align) ||", ""),
    ("h->stride < payload_offset + h->element_size", "0"),
    ("h->stride % payload_offset != 0", "0"),
    ("h->schema_len > ICC_MAX_SCHEMA ||", ""),
    ("h->keys_len > 4194304 ||", ""),
    ("h->counters > size / 128", "0"),
    ("h->len == 0 || h->len > size / h->stride", "h->len == 0"),
    ("if (h->total_size > size)", "if (0)"),
    ("size < icc_bytes_room(b) ? size : icc_bytes_room(b)", "size"),
];

/// Proves all, or says how to get what is missing.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    let Some(cbmc) = find(workspace) else { bail!(MISSING) };
    let counts = check(workspace, &cbmc)?;
    Ok(if counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// cbmc, on the path or where `xtask/cbmc.sh` puts it; or why there is none.
pub(crate) fn cbmc(workspace: &Workspace) -> Result<PathBuf, String> {
    find(workspace).ok_or_else(|| MISSING.to_owned())
}

fn find(workspace: &Workspace) -> Option<PathBuf> {
    let runs = |program: &Path| process::capture(Command::new(program).arg("--version")).is_ok();
    let candidates = [PathBuf::from("cbmc"), workspace.own_directory("cbmc").join("cbmc")];
    candidates.into_iter().find(|program| runs(program)).filter(|_| runs(Path::new("gcc")))
}

/// A proof, or one that must fail.
struct Job {
    name: String,
    /// Where the header and the proofs are.
    bindings: PathBuf,
    function: &'static str,
    definitions: &'static [&'static str],
    is_cut: bool,
    fails: bool,
}

/// Runs the proofs, and those that must fail: as many side by side as there are cores, up to four.
pub(crate) fn check(workspace: &Workspace, cbmc: &Path) -> anyhow::Result<Counts> {
    let queue = Mutex::new(jobs(workspace)?.into_iter());
    let counts = Mutex::new(Counts::default());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    let work = || -> anyhow::Result<()> {
        while let Some(job) = next() {
            let start = Instant::now();
            let failed = prove(cbmc, &job)?;
            let result = match (&failed, job.fails) {
                (None, false) => "proved".to_owned(),
                (Some(_), true) => "fails, as it must".to_owned(),
                (None, true) => "PROVED WITHOUT IT".to_owned(),
                (Some(failed), false) => format!("NOT PROVED\n{failed}"),
            };
            if let Ok(mut counts) = counts.lock() {
                *(if failed.is_some() == job.fails { &mut counts.passed } else { &mut counts.failed }) += 1;
            }
            say(&format!("{:60} {:6.1} s  {result}", job.name, start.elapsed().as_secs_f64()))?;
        }
        Ok(())
    };
    let cores = thread::available_parallelism().map_or(1, usize::from).min(4);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| bail!("a proof's thread panicked")))
    })?;
    let counts = counts.lock().map_or_else(|_| Counts::default(), |counts| *counts);
    Ok(counts)
}

/// All of them; writes the headers that lack a check.
fn jobs(workspace: &Workspace) -> anyhow::Result<Vec<Job>> {
    let bindings = workspace.root().join("bindings/c");
    let proof = |(function, definitions): (&'static str, &'static [&'static str])| Job {
        name: [&[function], definitions].concat().join(" "),
        bindings: bindings.clone(),
        function,
        definitions,
        is_cut: false,
        fails: false,
    };
    let mut jobs: Vec<_> = PROOFS.into_iter().map(proof).collect();
    let (header, proofs) = (bindings.join("include/icc.h"), bindings.join("proofs/reader.c"));
    let copy = |name: &str, header: &str| {
        let copy = workspace.own_directory("cbmc-without").join(name);
        let write = || {
            fs::create_dir_all(copy.join("include"))?;
            fs::create_dir_all(copy.join("proofs"))?;
            fs::copy(&proofs, copy.join("proofs/reader.c"))?;
            fs::write(copy.join("include/icc.h"), header)
        };
        write().with_context(|| format!("cannot write to {}", copy.display()))?;
        anyhow::Ok(copy)
    };
    let text = fs::read_to_string(&header).with_context(|| format!("cannot read {}", header.display()))?;
    for (index, (check, left_out)) in WITHOUT.into_iter().enumerate() {
        if text.matches(check).count() != 1 {
            bail!("{} does not have {check:?} once; say in xtask/src/cbmc.rs what it has instead", header.display());
        }
        let copy = copy(&index.to_string(), &text.replace(check, left_out))?;
        let name = format!("without {check}");
        let (function, definitions): (_, &[_]) =
            if check.contains("bytes") { ("piece", &["-DSIZE=1024", "-DLEN=8"]) } else { ("header", &["-DSIZE=768"]) };
        jobs.push(Job { name, bindings: copy, function, definitions, is_cut: false, fails: true });
    }
    let text = cut(&text)?;
    for (index, (function, definitions)) in CUT.into_iter().enumerate() {
        let (name, bindings) = (format!("any number of rounds: {function}"), copy("cut", &text)?);
        jobs.push(Job { name, bindings, function, definitions, is_cut: true, fails: false });
        for (check, left_out, _) in CUT_WITHOUT.into_iter().filter(|(.., of)| *of == index) {
            if text.matches(check).count() != 1 {
                bail!("the copy of icc.h does not have {check:?} once; say in xtask/src/cbmc.rs what it has instead");
            }
            let bindings = copy(&format!("cut-{}", jobs.len()), &text.replace(check, left_out))?;
            let name = format!("without {}", check.split_whitespace().collect::<Vec<_>>().join(" "));
            jobs.push(Job { name, bindings, function, definitions, is_cut: true, fails: true });
        }
    }
    Ok(jobs)
}

/// Runs one proof. Returns what it found wrong.
fn prove(cbmc: &Path, job: &Job) -> anyhow::Result<Option<String>> {
    let mut command = Command::new(cbmc);
    command.arg(job.bindings.join("proofs/reader.c")).args(["--function", job.function]).args(job.definitions);
    command.args(["--object-bits", "12", "--slice-formula", "--bounds-check", "--pointer-check"]);
    command.args(["--unwinding-assertions"]);
    command.args(if job.is_cut { CUT_LOOPS } else { ["--unwind", "10", "--unwindset", LOOPS] });
    let output = command.output().with_context(|| format!("cannot run {}", process::shown(&command)))?;
    let said = String::from_utf8_lossy(&output.stdout);
    match output.status.code() {
        Some(0) if said.contains("VERIFICATION SUCCESSFUL") => Ok(None),
        Some(10) if said.contains("VERIFICATION FAILED") => {
            let failures: Vec<_> = said.lines().filter(|line| line.ends_with(": FAILURE")).collect();
            Ok(Some(failures.join("\n")))
        }
        _ => bail!("{} says neither: {said}{}", process::shown(&command), String::from_utf8_lossy(&output.stderr)),
    }
}
