//! A target that fails: its row is missing, those of the others are there, and the run tells by its exit code.

use std::process::ExitCode;

use icc_bench::catalogue::Catalogue;
use icc_bench::cli;
use icc_bench::link::{OpenError, Target};
use icc_bench::message::Message;
use icc_bench::report::json;
use icc_bench::targets::seqlock::SeqlockCell;

struct NeverOpens;

impl Target for NeverOpens {
    const NAME: &'static str = "never opens";
    const TELLS_LOSS: bool = false;
    type Link<T: Message> = <SeqlockCell as Target>::Link<T>;

    fn open<T: Message>() -> Result<Self::Link<T>, OpenError> {
        Err("it never does".into())
    }
}

#[test]
fn a_target_that_fails_costs_its_own_row_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.json");
    let words = ["icc-bench", "--quick", "--scenario", "one_way_latency", "--payload", "8", "--rounds", "1", "--json"];
    let words = words.into_iter().map(Into::into).chain([path.clone().into_os_string()]);
    let code = cli::run(words, &Catalogue::baseline_only().with::<NeverOpens>().with::<SeqlockCell>());
    assert_eq!(code, ExitCode::from(1));
    let report = json::read(&path).unwrap();
    let labels: Vec<String> = report.rows.iter().map(|row| row.label()).collect();
    assert!(labels.iter().any(|label| label.contains("icc-seqlock")), "{labels:?}");
    assert!(!labels.iter().any(|label| label.contains(NeverOpens::NAME)), "{labels:?}");
}
