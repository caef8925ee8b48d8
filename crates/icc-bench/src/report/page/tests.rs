use super::super::tests::sample;
use super::*;

#[test]
fn renders() {
    assert!(render(&sample()).contains("56 B"));
}
