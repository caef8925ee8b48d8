//! Ctrl-C and the like, which end a command in good order.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Whether this process was asked to end. Asked a second time, it ends at once.
pub(crate) struct Interrupted(Arc<AtomicBool>);

impl Interrupted {
    pub(crate) fn new() -> io::Result<Self> {
        let set = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first one finds the flag not set yet.
            flag::register_conditional_default(signal, Arc::clone(&set))?;
            flag::register(signal, Arc::clone(&set))?;
        }
        Ok(Self(set))
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Relaxed)
    }
}
