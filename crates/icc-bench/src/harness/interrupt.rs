//! Ctrl-C ends a run after the round that is being measured.

use std::io;
use std::sync::Arc;
#[allow(clippy::disallowed_types, reason = "this flag is of the program, not of what is measured")]
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The exit code of a run that was interrupted, as shells have it for SIGINT.
pub(crate) const EXIT_CODE: u8 = 130;

/// Whether the user has asked for the end, by Ctrl-C or `kill`.
///
/// A flag set by a signal handler, and no thread that waits for it: that would be work on the cores
/// being measured.
#[derive(Clone, Debug)]
#[allow(clippy::disallowed_types, reason = "this flag is of the program, not of what is measured")]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Begins to watch for SIGINT and SIGTERM. The second of them ends the process at once.
    ///
    /// # Errors
    ///
    /// What the system says when it refuses a handler.
    #[allow(clippy::disallowed_types, reason = "this flag is of the program, not of what is measured")]
    pub(crate) fn watch() -> io::Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // In this order: the handlers run in it, and the first signal must find the flag not
            // yet set.
            flag::register_conditional_shutdown(signal, EXIT_CODE.into(), Arc::clone(&asked))?;
            flag::register(signal, Arc::clone(&asked))?;
        }
        Ok(Self(asked))
    }

    /// Whether the end was asked for.
    #[must_use]
    pub(crate) fn is_asked(&self) -> bool {
        // Relaxed: nothing else is handed over with the flag.
        self.0.load(Relaxed)
    }
}
