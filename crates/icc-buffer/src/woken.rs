//! Who waits at a word, and how a wait ended: the same for whatever stands for the system calls.

/// Whose threads wait at a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Scope {
    /// Those of this process.
    Process,
    /// Those of any process of this machine.
    Machine,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// By a wake or a signal, or because a word was another one than expected.
    Changed,
    /// Its time was over.
    TimedOut,
    /// At once: the system refuses such waits.
    Refused,
}
