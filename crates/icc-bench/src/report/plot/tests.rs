use super::super::tests::sample;
use super::*;

#[test]
fn renders() {
    assert_eq!(all(&sample()).len(), 1);
}
