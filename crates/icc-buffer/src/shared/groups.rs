//! The files of a buffer's groups of readers: `NAME.INSTANCE.group-G`, made as every file
//! [beside](super::beside) a buffer.

use super::beside::{self, Beside, Fresh};
use super::file::Access;
use super::mapping::Mapping;
use super::{Options, name};
use crate::groups::{GroupWords, Line, lines_for};
use crate::layout::HEADER_BYTES;
use crate::{BufferError, GroupNames};
use std::path::{Path, PathBuf};

/// That of a group of so many words.
fn shape(instance: u64, words: usize) -> Result<Beside, BufferError> {
    let too_large = || BufferError::TooLarge { len: words, stride: 8, max: isize::MAX as usize / 16 };
    let bytes = lines_for(words).checked_mul(size_of::<Line>()).filter(|&bytes| isize::try_from(bytes).is_ok());
    let bytes = bytes.filter(|bytes| bytes.checked_add(HEADER_BYTES).is_some()).ok_or_else(too_large)?;
    Ok(Beside { kind: beside::GROUP, instance, bytes })
}

fn path_of(buffer: &Path, instance: u64, group: &str) -> PathBuf {
    beside::path_of(buffer, instance, &format!("{}{group}", name::GROUP))
}

/// Makes the file of each group of a buffer that is about to be created, still without names.
pub(super) fn create(
    buffer: &Path,
    instance: u64,
    (groups, words): (&GroupNames, usize),
    options: &Options,
) -> Result<Vec<Fresh>, BufferError> {
    groups.check()?;
    let make = |group| {
        let path = path_of(buffer, instance, group);
        shape(instance, words)?.create(&path, buffer, options).map(|(_, fresh)| fresh)
    };
    groups.iter().map(make).collect()
}

/// Opens the file of a group of the buffer in `mapping`: to write to it, or, if it can only be read, to
/// read it.
pub(crate) fn open_group(
    buffer: &Mapping,
    instance: u64,
    group: &str,
    words: usize,
) -> Result<GroupWords, BufferError> {
    let no_group = || {
        let buffer = buffer.absolute().map(Path::to_owned);
        BufferError::NoGroup { group: group.to_owned(), buffer }
    };
    let place = buffer.absolute().ok_or_else(no_group)?;
    if GroupNames::new().with(group).check().is_err() {
        return Err(no_group());
    }
    let shape = shape(instance, words)?;
    let opened = shape.open(&path_of(place, instance, group), buffer, true, &Options::new());
    let (mapping, access) = opened.map_err(|error| match error {
        BufferError::NotFound { .. } => no_group(),
        error => error,
    })?;
    assert!(mapping.len() >= HEADER_BYTES + shape.bytes, "it was checked for that");
    // SAFETY: there is room for the lines behind the header, whose size is a multiple of theirs, and
    // the mapping starts at a page; it was mapped for this access. Nothing in this process accesses
    // them otherwise.
    Ok(unsafe { GroupWords::mapped(mapping, HEADER_BYTES, lines_for(words), access == Access::ReadWrite) })
}

/// The names of the groups of the buffer in `mapping`, as its files say, in their order.
pub(crate) fn names_of_groups(buffer: &Mapping, instance: u64) -> Vec<String> {
    let Some(place) = buffer.absolute() else { return Vec::new() };
    let name_of = |path: PathBuf| {
        let file = path.file_name()?.to_str()?.to_owned();
        let (_, group) = file.split_once(name::GROUP)?;
        GroupNames::new().with(group).check().is_ok().then(|| group.to_owned())
    };
    let ours = beside::all_of(place).into_iter().filter(|(_, of)| *of == instance);
    let mut names: Vec<_> = ours.filter_map(|(path, _)| name_of(path)).collect();
    names.sort();
    names
}
