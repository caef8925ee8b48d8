//! What the tests of all protocols share.

use icc_model::{Protocol, explore};
use std::fmt::Debug;
use std::time::Instant;

/// Explores a protocol in which nothing is wrong, and says how much that was.
pub(crate) fn holds<P: Protocol + Debug>(protocol: &P) {
    let start = Instant::now();
    let found = explore(protocol).unwrap_or_else(|failure| panic!("{protocol:?}\n{failure}"));
    println!("{protocol:?}: {found:?} in {:.1} s", start.elapsed().as_secs_f64());
    assert!(found.ends > 0, "it never ended");
}

/// Explores a protocol in which something is wrong: it must be found.
pub(crate) fn breaks<P: Protocol + Debug>(protocol: &P, fault: &str) {
    match explore(protocol) {
        Ok(found) => panic!("{protocol:?}: nothing was found in {found:?}"),
        Err(failure) => {
            println!("{protocol:?}: {failure}");
            assert_eq!(failure.fault, fault);
        }
    }
}
