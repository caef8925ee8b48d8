//! Which processes have a file mapped, by `/proc`.

use rustix::fs::{major, minor};
use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// A file, whatever its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    major: u32,
    minor: u32,
    inode: u64,
}

impl FileId {
    pub(crate) fn of(file: &fs::Metadata) -> Self {
        Self { major: major(file.dev()), minor: minor(file.dev()), inode: file.ino() }
    }
}

/// A process that has a file mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// The name of its program; it comes from the process itself.
    pub(crate) name: String,
    /// Whether it may write to the memory.
    pub(crate) writes: bool,
}

/// What `/proc` shows.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    by_file: HashMap<FileId, Vec<Process>>,
    /// Processes whose memory this one may not see.
    pub(crate) hidden: usize,
}

impl Processes {
    /// Looks at all processes. Those that end meanwhile are left out.
    pub(crate) fn see() -> Self {
        Self::see_in(Path::new("/proc"))
    }

    fn see_in(proc: &Path) -> Self {
        let mut seen = Self::default();
        let Ok(entries) = fs::read_dir(proc) else { return seen };
        for entry in entries.flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            seen.see_process(pid, &entry.path());
        }
        seen.by_file.values_mut().for_each(|processes| processes.sort_unstable_by_key(|process| process.pid));
        seen
    }

    fn see_process(&mut self, pid: u32, directory: &Path) {
        let maps = match fs::File::open(directory.join("maps")) {
            Ok(maps) => maps,
            Err(error) => {
                self.hidden += usize::from(error.kind() == std::io::ErrorKind::PermissionDenied);
                return;
            }
        };
        let mut name = None;
        for line in BufReader::new(maps).split(b'\n') {
            let Ok(line) = line else { return };
            let Some((file, writes)) = mapped(&line) else { continue };
            let processes = self.by_file.entry(file).or_default();
            match processes.last_mut() {
                Some(last) if last.pid == pid => last.writes |= writes,
                _ => {
                    let name = name.get_or_insert_with(|| {
                        fs::read_to_string(directory.join("comm")).unwrap_or_default().trim_end().to_owned()
                    });
                    processes.push(Process { pid, name: name.clone(), writes });
                }
            }
        }
    }

    /// Those that have this file mapped, by process id.
    pub(crate) fn that_map(&self, file: FileId) -> &[Process] {
        self.by_file.get(&file).map_or(&[], Vec::as_slice)
    }
}

/// The file of a line of `maps` that is shared with others, and whether it may be written:
/// `7f00-7f10 rw-s 00000000 00:1b 1234 /dev/shm/quotes`.
fn mapped(line: &[u8]) -> Option<(FileId, bool)> {
    let line = str::from_utf8(line.split(|&byte| byte == b'/').next()?).ok()?;
    let mut fields = line.split_ascii_whitespace().skip(1);
    let access = fields.next()?.as_bytes();
    let (_offset, device, inode) = (fields.next()?, fields.next()?, fields.next()?.parse().ok()?);
    let (major, minor) = device.split_once(':')?;
    let number = |hex| u32::from_str_radix(hex, 16).ok();
    let file = FileId { major: number(major)?, minor: number(minor)?, inode };
    (inode != 0 && access.get(3) == Some(&b's')).then_some((file, access[1] == b'w'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_maps() {
        let file = FileId { major: 0, minor: 0x1b, inode: 1234 };
        assert_eq!(mapped(b"7f00-7f10 rw-s 00000000 00:1b 1234    /dev/shm/a b\xff"), Some((file, true)));
        assert_eq!(mapped(b"7f00-7f10 r--s 00000000 00:1b 1234"), Some((file, false)));
        for other in
            [&b"7f00-7f10 rw-p 00000000 00:1b 1234 /x"[..], b"7f00-7f10 rw-s 00000000 00:00 0", b"7f00", b"", b"\xff"]
        {
            assert_eq!(mapped(other), None);
        }
    }

    #[test]
    fn this_process_is_seen() {
        let queue = icc_testing::Name::new("seen-mapped");
        let _queue = icc_queue::Queue::<u64>::create(&queue, 2, &icc_queue::Options::new()).unwrap();
        let file = FileId::of(&fs::metadata(&queue).unwrap());
        let seen = Processes::see();
        let [process] = seen.that_map(file) else { panic!("{:?}", seen.that_map(file)) };
        assert!(process.pid == std::process::id() && process.writes && !process.name.is_empty());
    }
}
