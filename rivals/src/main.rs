//! Measures other libraries beside icc: the options of `icc-bench`, with more targets.

use std::process::ExitCode;

use icc_bench::catalogue::Catalogue;

mod cells;
mod queues;

fn main() -> ExitCode {
    icc_bench::cli::run(std::env::args_os(), &catalogue())
}

/// Everything of icc, and the rivals.
fn catalogue() -> Catalogue {
    cells::add(queues::add(Catalogue::icc())).with_rivals()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use icc_bench::catalogue::{PinError, RoundError, SCENARIOS, Setup};

    use super::*;

    /// The harness checks every message, so a round that succeeds was carried in full.
    #[test]
    fn every_rival_carries_messages_of_every_kind_of_size() {
        let setup = match Setup::on_two_cores(Duration::from_secs(5)) {
            Err(RoundError::Pin(PinError::TooFewCores { .. })) => {
                eprintln!("skipped: this needs two cores");
                return;
            }
            setup => setup.unwrap(),
        };
        for scenario in SCENARIOS {
            let ours = Catalogue::icc().names(scenario);
            let cases = catalogue().cases(scenario, &[8, 120, 1024], |name| !ours.contains(&name));
            let rivals: BTreeSet<_> = cases.iter().map(|case| case.target).collect();
            assert_eq!(rivals.len(), catalogue().names(scenario).len() - ours.len());
            for case in cases {
                // How many there are in that time depends on the machine; there is at least one.
                case.measure(&setup, Duration::from_millis(20)).unwrap();
            }
        }
    }
}
