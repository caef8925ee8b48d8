//! What a bridge tells while it runs.

use crate::error::{BridgeError, FrameError, WireError};
use core::fmt;
use std::path::PathBuf;

/// Something that happened, for people to read or a program to count. Nothing has to be done.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// There is nothing of this name yet: the bridge waits for it.
    WaitsFor {
        /// The file.
        path: PathBuf,
    },
    /// It sends a source, from this number on.
    Sends {
        /// The file.
        path: PathBuf,
        /// Of the source.
        instance: u64,
        /// The first number.
        from: u64,
    },
    /// It repeats a source, from this number on.
    Repeats {
        /// The file.
        path: PathBuf,
        /// Of the source.
        instance: u64,
        /// The first number.
        from: u64,
        /// Whether the file was there already, made by an earlier bridge.
        resumed: bool,
    },
    /// The source is gone: it was removed, or made anew.
    Ended {
        /// Of the source.
        instance: u64,
        /// The number after its last message.
        next: u64,
    },
    /// The mirror was removed by somebody: it is made anew.
    Removed {
        /// The file.
        path: PathBuf,
    },
    /// The mirror was further than its source, led there by a frame that was none of its source's: it is made
    /// anew.
    Astray {
        /// The file.
        path: PathBuf,
    },
    /// Nothing has come for a second, not even a sign of life.
    Silent,
    /// Something comes again.
    Heard,
    /// Somebody else sends under the key, and that cannot be used: the bridge goes on with what it has.
    Ignores(Box<BridgeError>),
    /// A frame that was not used.
    Refused(FrameError),
    /// The network refused something; the bridge goes on.
    Trouble(WireError),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WaitsFor { path } => write!(f, "waiting for {}", path.display()),
            Self::Sends { path, instance, from } => {
                write!(f, "sending {} (instance {instance:016x}) from {from} on", path.display())
            }
            Self::Repeats { path, instance, from, resumed } => {
                let how = if *resumed { "resumed" } else { "created" };
                write!(f, "repeating instance {instance:016x} in {} from {from} on ({how})", path.display())
            }
            Self::Ended { instance, next } => write!(f, "the source with instance {instance:016x} ended at {next}"),
            Self::Removed { path } => write!(f, "{} was removed by somebody: making it anew", path.display()),
            Self::Astray { path } => {
                write!(f, "{} is further than its source: somebody else sends frames; making it anew", path.display())
            }
            Self::Silent => f.write_str("nothing comes: the other bridge or the network is gone"),
            Self::Heard => f.write_str("the other bridge is heard again"),
            Self::Ignores(error) => write!(f, "what others send is ignored: {error}"),
            Self::Refused(error) => write!(f, "a frame was not used: {error}"),
            Self::Trouble(error) => write!(f, "{error}"),
        }
    }
}

/// Called for each [`Event`].
pub type OnEvent<'a> = dyn FnMut(Event) + Send + 'a;
