use super::*;
use crate::model::sample::sample;

#[test]
fn renders() {
    assert!(render(&sample()).contains("56 B"));
}
