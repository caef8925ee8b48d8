//! What the tests share: names that clean up after themselves, and bridges that run beside a test.
#![allow(dead_code, reason = "each test uses a part")]

use icc_bridge::wire::Wire;
use icc_bridge::{Event, ExportOptions, Exported, ImportOptions, Imported, Stop, export, import};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Sets a flag when it is dropped, also by a panic: so threads that go on until it is set end.
pub(crate) struct SetOnDrop<'flag>(pub(crate) &'flag AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A name in /dev/shm that is removed with the test, with all that lies beside it.
pub(crate) struct Name(PathBuf);

impl Name {
    pub(crate) fn new(what: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(format!("/dev/shm/icc-bridge-test-{}-{number}-{what}", std::process::id()).into())
    }
}

impl AsRef<Path> for Name {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let (Some(directory), Some(own)) = (self.0.parent(), self.0.file_name().and_then(|name| name.to_str())) else {
            return;
        };
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            if entry.file_name().to_str().is_some_and(|name| name == own || name.starts_with(&format!("{own}."))) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "it did not come true in a minute that {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A bridge that runs in a thread of its own, and what it told.
pub(crate) struct Running<T> {
    stop: Stop,
    thread: Option<JoinHandle<Result<T, icc_bridge::error::BridgeError>>>,
    pub(crate) events: Arc<Mutex<Vec<String>>>,
}

impl<T: Send + 'static> Running<T> {
    fn start(
        run: impl FnOnce(&Stop, &mut icc_bridge::OnEvent<'_>) -> Result<T, icc_bridge::error::BridgeError> + Send + 'static,
    ) -> Self {
        let (stop, events) = (Stop::new(), Arc::new(Mutex::new(Vec::new())));
        let (stopping, telling) = (stop.clone(), Arc::clone(&events));
        let thread = std::thread::spawn(move || {
            run(&stopping, &mut |event: Event| telling.lock().unwrap().push(event.to_string()))
        });
        Self { stop, thread: Some(thread), events }
    }

    /// Ends it, and returns what it counted.
    pub(crate) fn end(mut self) -> T {
        self.stop.set();
        self.thread.take().unwrap().join().unwrap().unwrap()
    }

    /// Why it ended by itself.
    pub(crate) fn error(mut self) -> icc_bridge::error::BridgeError {
        self.thread.take().unwrap().join().unwrap().err().unwrap()
    }

    pub(crate) fn told(&self, part: &str) -> bool {
        self.events.lock().unwrap().iter().any(|event| event.contains(part))
    }
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.stop.set();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub(crate) fn exporting(
    wire: impl Wire + 'static,
    name: &Name,
    key: &'static str,
    options: ExportOptions,
) -> Running<Exported> {
    let name = name.0.clone();
    Running::start(move |stop, on_event| export(&wire, &name, key, &options, stop, on_event))
}

pub(crate) fn importing(
    wire: impl Wire + 'static,
    key: &'static str,
    name: &Name,
    options: ImportOptions,
) -> Running<Imported> {
    let name = name.0.clone();
    Running::start(move |stop, on_event| import(&wire, key, &name, &options, stop, on_event))
}
