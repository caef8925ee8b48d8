//! Stands in where there is no shared memory: on systems other than Linux, under loom, and where
//! [`crate`] does not build for the lack of it.

use crate::groups::GroupWords;
use crate::{BufferError, IdLock};
use core::{ops::Range, ptr::NonNull};
use std::path::Path;

/// There is no such thing.
pub(crate) enum Mapping {}

/// There is no such thing.
pub(crate) enum FileLock {}

impl Mapping {
    pub(crate) fn start(&self) -> NonNull<u8> {
        match *self {}
    }

    pub(crate) fn path(&self) -> &Path {
        match *self {}
    }
}

pub(crate) fn take_id(mapping: &Mapping, _ids: Range<u32>) -> Result<Option<IdLock>, BufferError> {
    match *mapping {}
}

pub(crate) fn open_group(
    mapping: &Mapping,
    _instance: u64,
    _group: &str,
    _words: usize,
) -> Result<GroupWords, BufferError> {
    match *mapping {}
}

pub(crate) fn names_of_groups(mapping: &Mapping, _instance: u64) -> Vec<String> {
    match *mapping {}
}

pub(crate) fn holder_lives(mapping: &Mapping, _ids: Range<u32>) -> Result<bool, BufferError> {
    match *mapping {}
}
