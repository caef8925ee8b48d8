//! What is recorded is read again.

mod common;

use common::{example, number, stdout};

#[test]
fn recorded_and_read() {
    let said = stdout(&mut example("recorder"));
    let (recorded, lost) = (number(&said, "recorded "), number(&said, ", lost "));
    assert!(recorded > 0 && recorded + lost == 20_000, "{said}");
    assert_eq!(number(&said, "the file has "), recorded, "{said}");
    assert!(said.contains("was cut off at byte"), "{said}");
    let half = number(&said, "half of the file has ");
    assert!(half > 0 && half < recorded, "{said}");
}
