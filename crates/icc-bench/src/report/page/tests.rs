use super::*;
use crate::model::sample::sample;

#[test]
fn renders() {
    assert!(render(&sample(), None).contains("56 B"));
}
