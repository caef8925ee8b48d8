use super::*;
use crate::model::sample::sample;

#[test]
fn renders() {
    assert_eq!(all(&sample()).len(), 1);
}
