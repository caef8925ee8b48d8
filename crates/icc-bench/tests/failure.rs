//! A target that fails: its row is missing, those of the others are there, and the run tells by its
//! exit code.

use std::process::ExitCode;

use icc_bench::catalogue::Catalogue;
use icc_bench::cli;
use icc_bench::link::{Link, Message, OpenError, Polled, Receiver, Sender, Target};

struct NeverOpens;

/// Never made.
struct Nothing;

impl Target for NeverOpens {
    const NAME: &'static str = "never opens";
    const TELLS_LOSS: bool = false;
    type Link<T: Message> = Nothing;

    fn open<T: Message>() -> Result<Nothing, OpenError> {
        Err("it never does".into())
    }
}

impl<T: Message> Link<T> for Nothing {
    type Sender<'link> = Nothing;
    type Receiver<'link> = Nothing;

    fn ends(&mut self) -> Result<(Nothing, Nothing), OpenError> {
        Ok((Nothing, Nothing))
    }
}

impl<T> Sender<T> for Nothing {
    fn send(&mut self, _message: &T) {}
}

impl<T> Receiver<T> for Nothing {
    fn poll(&mut self, _into: &mut T) -> Polled {
        Polled::Empty
    }
}

#[test]
fn a_target_that_fails_costs_its_own_row_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.json");
    let words = [
        "icc-bench",
        "--quick",
        "--scenario=one_way_latency",
        "--payload=8",
        "--rounds=1",
        "--only=icc-seqlock",
        "--only=never opens",
        "--json",
    ];
    let words = words.into_iter().map(Into::into).chain([path.clone().into_os_string()]);
    let code = cli::run(words, &Catalogue::icc().with::<NeverOpens>());
    assert_eq!(code, ExitCode::from(1));
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let targets: Vec<&str> =
        report["results"].as_array().unwrap().iter().map(|row| row["target"].as_str().unwrap()).collect();
    assert_eq!(targets, ["icc-seqlock"]);
}
