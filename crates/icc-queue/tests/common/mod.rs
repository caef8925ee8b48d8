//! What the tests with several processes share.

#![allow(unused_imports, reason = "no test file needs all of it")]

pub(crate) use icc_testing::{Actor, Name, role, until};
