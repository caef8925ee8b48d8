use super::*;
use crate::model::sample::sample;

#[test]
fn renders() {
    // The percentiles, and the distribution of each.
    assert_eq!(all(&sample()).len(), 2);
}
