//! Kernels and file systems that know less, by a filter of system calls.

use nix::errno::Errno;
use nix::libc;

/// A system call that fails from now on: its number, which argument must be what under which mask,
/// and the error.
pub(crate) struct Rule {
    pub(crate) call: libc::c_long,
    pub(crate) argument: Option<(u32, u32, u32)>,
    pub(crate) error: Errno,
}

const fn rule(call: libc::c_long, argument: Option<(u32, u32, u32)>, error: Errno) -> Rule {
    Rule { call, argument, error }
}

/// Before Linux 5.14.
pub(crate) const POPULATE: [Rule; 2] = [
    rule(libc::SYS_madvise, Some((2, u32::MAX, libc::MADV_POPULATE_READ as u32)), Errno::EINVAL),
    rule(libc::SYS_madvise, Some((2, u32::MAX, libc::MADV_POPULATE_WRITE as u32)), Errno::EINVAL),
];

/// Before Linux 4.14.
pub(crate) const WIPE_ON_FORK: [Rule; 1] =
    [rule(libc::SYS_madvise, Some((2, u32::MAX, libc::MADV_WIPEONFORK as u32)), Errno::EINVAL)];

/// No open-file-description locks.
pub(crate) const LOCKS: [Rule; 2] = [
    rule(libc::SYS_fcntl, Some((1, u32::MAX, libc::F_OFD_GETLK as u32)), Errno::EINVAL),
    rule(libc::SYS_fcntl, Some((1, u32::MAX, libc::F_OFD_SETLK as u32)), Errno::EINVAL),
];

/// Neither files without a name nor hard links.
pub(crate) const LINKS: [Rule; 2] = [
    // The bit of `O_TMPFILE` that is no directory's.
    rule(libc::SYS_openat, Some((2, 0o20_000_000, 0o20_000_000)), Errno::EOPNOTSUPP),
    rule(libc::SYS_linkat, None, Errno::EPERM),
];

/// Nor renaming without replacing.
pub(crate) const RENAMES: [Rule; 1] = [rule(libc::SYS_renameat2, None, Errno::EINVAL)];

/// Makes system calls of this thread, and of those it starts, fail from now on.
pub(crate) fn refuse(rules: &[Rule]) {
    /// Where the number and the low halves of the arguments are in what the filter is given.
    const NUMBER: u32 = 0;
    const ARGUMENTS: u32 = 16;
    let step = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let load = |at| step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, at);
    let give = |k| step(libc::BPF_RET | libc::BPF_K, k);
    let skip_unless = |k, skip| libc::sock_filter { jf: skip, ..step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, k) };
    let mut filter = Vec::new();
    for rule in rules {
        let error = give(libc::SECCOMP_RET_ERRNO | rule.error as u32);
        filter.extend([load(NUMBER), skip_unless(rule.call as u32, if rule.argument.is_some() { 4 } else { 1 })]);
        if let Some((index, mask, value)) = rule.argument {
            let mask = step(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, mask);
            filter.extend([load(ARGUMENTS + 8 * index), mask, skip_unless(value, 1)]);
        }
        filter.push(error);
    }
    filter.push(give(libc::SECCOMP_RET_ALLOW));
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the second call reads the program, which lives until after it.
    let done = unsafe {
        [
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
            libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program),
        ]
    };
    assert_eq!(done, [0, 0], "a process may filter its own calls: {}", Errno::last());
}
