//! Sending a vector: what changed, and only its latest.

use super::options::{ExportOptions, LONGEST};
use super::source::Source;
use crate::about::{About, Kind};
use crate::error::BridgeError;
use crate::frame::{Body, Frame, SERIALS, push_value};
use icc_buffer::{Inspected, Options};
use icc_queue::WaitStrategy;
use icc_vector::Changes;
use icc_vector::untyped::VectorReader;
use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(super) struct VectorSource {
    values: Values,
    changes: Changes<()>,
    /// Slots that changed and were not sent yet.
    changed: VecDeque<usize>,
    about: About,
    serial: u64,
    every: Duration,
    next_at: Option<Instant>,
}

/// Reads values into frames.
#[derive(Clone)]
struct Values {
    vector: VectorReader,
    instance: u64,
    frame_bytes: usize,
}

impl Values {
    /// A frame of the next of these slots, as many as fit, and how many.
    fn frame(&self, serial: u64, slots: &mut VecDeque<usize>) -> (Vec<u8>, u64) {
        let size = self.vector.value_size();
        let (mut bytes, mut count, mut value) = (Vec::new(), 0, vec![0; size]);
        while let Some(index) = slots.pop_front() {
            // One that is being written by a writer that died is sent when its successor has written it.
            if let Ok(version @ 1..) = self.vector.read_into(index, &mut value) {
                push_value(&mut bytes, index, version, &value);
                count += 1;
            }
            if bytes.len() + size >= self.frame_bytes {
                break;
            }
        }
        let body = Body::Values { serial, count, bytes: &bytes };
        (Frame { instance: self.instance, body }.encode(), count)
    }
}

impl VectorSource {
    pub(super) fn open(found: &Inspected, options: &ExportOptions) -> Result<Self, BridgeError> {
        let vector = VectorReader::open(&found.path, &Options::new())?;
        // Its own, also if it repeats another one: the versions are its own.
        let instance = vector.instance();
        let mut about = About::new(Kind::Vector, instance, vector.buffer().inspected());
        about.tracked = vector.is_tracked();
        let names: Option<Vec<_>> = (0..vector.len()).map(|index| vector.key(index).map(str::to_owned)).collect();
        about.keys = names.unwrap_or_default();
        let changes = vector.changes();
        let values = Values { vector, instance, frame_bytes: options.frame_bytes };
        let every = options.every.min(LONGEST);
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        let serial = started.wrapping_mul(SERIALS);
        Ok(Self { values, changes, changed: VecDeque::new(), about, serial, every, next_at: None })
    }
}

impl Source for VectorSource {
    fn about(&self) -> About {
        self.about.clone()
    }

    fn fill(&mut self) -> Option<(Vec<u8>, u64, u64)> {
        if self.changed.is_empty() {
            if !self.every.is_zero() {
                let now = Instant::now();
                if self.next_at.is_some_and(|at| now < at) {
                    return None;
                }
                self.next_at = Some(now + self.every);
            }
            self.changed.extend(self.changes.poll().map(|change| change.index));
        }
        if self.changed.is_empty() {
            return None;
        }
        let (frame, count) = self.values.frame(self.serial, &mut self.changed);
        self.serial = self.serial.wrapping_add(1);
        Some((frame, count, 0))
    }

    fn next(&self) -> u64 {
        self.serial
    }

    fn wait(&mut self, mut wait: &mut dyn WaitStrategy, _round: u64, until: Instant) {
        if let Some(at) = self.next_at.take_if(|at| Instant::now() < *at) {
            std::thread::sleep(at.min(until).saturating_duration_since(Instant::now()));
            self.next_at = Some(at);
            return;
        }
        // What changed stays to be polled.
        let _ = self.changes.wait(until.saturating_duration_since(Instant::now()), &mut wait);
    }

    fn is_current(&self) -> bool {
        self.values.vector.is_current().unwrap_or(true)
    }

    fn state(&self) -> Option<Box<dyn Fn() -> Vec<Vec<u8>> + Send>> {
        let values = self.values.clone();
        Some(Box::new(move || {
            let mut slots: VecDeque<_> = (0..values.vector.len()).collect();
            let mut frames = Vec::new();
            while !slots.is_empty() {
                frames.push(values.frame(frames.len() as u64, &mut slots).0);
            }
            let body = Body::Beat { next: frames.len() as u64 };
            frames.push(Frame { instance: values.instance, body }.encode());
            frames
        }))
    }
}
