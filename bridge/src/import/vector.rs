//! A vector that repeats one of another machine: latest values.

use super::options::ImportOptions;
use super::place::{Found, look, other_shape, within};
use super::totals::{Imported, add};
use crate::about::About;
use crate::error::{BridgeError, FrameError};
use crate::frame::{Body, SERIALS, values};
use icc_vector::VectorSpec;
use icc_vector::untyped::{AnyVector, AnyWriter, VectorReader};
use std::path::Path;

pub(super) struct VectorMirror {
    reader: VectorReader,
    writer: AnyWriter,
    /// The version, at the source, of what each slot holds. 0 if this bridge has not written it.
    versions: Vec<u64>,
    /// The number of the next frame.
    serial: Option<u64>,
    /// Whether a frame is missing, or everything.
    wants_state: bool,
    value: Vec<u8>,
}

impl VectorMirror {
    pub(super) fn make(
        about: &About,
        key: &str,
        name: &Path,
        options: &ImportOptions,
    ) -> Result<(Self, bool), BridgeError> {
        let len = usize::try_from(about.len).unwrap_or(usize::MAX);
        let files = about.options(&options.files, key)?;
        let (vector, resumed) = match look(about, name)? {
            Found::Same(found) => {
                if found.len != len {
                    return Err(other_shape(name, "length", &found.len, &len));
                }
                (AnyVector::open(name, Some(&about.element()), &files)?, true)
            }
            Found::Nothing => {
                let spec = VectorSpec::new(len).repeating(about.instance);
                let spec = if about.wakeable { spec.wakeable() } else { spec };
                (AnyVector::create(name, &about.element(), spec, (true, about.tracked), &files)?, false)
            }
        };
        let writer = within(|| vector.writer())?;
        let reader = VectorReader::open(name, &options.files)?;
        let value = vec![0; reader.value_size()];
        let (versions, serial, wants_state) = (vec![0; len], None, true);
        Ok((Self { reader, writer, versions, serial, wants_state, value }, resumed))
    }

    pub(super) fn set_wants_state(&mut self, wants: bool) {
        self.wants_state = wants;
    }

    pub(super) fn wants_state(&self) -> bool {
        self.wants_state
    }

    pub(super) fn is_current(&self) -> bool {
        self.reader.is_current().unwrap_or(true)
    }

    pub(super) fn take(&mut self, body: &Body<'_>, totals: &mut Imported) -> Result<(), FrameError> {
        match *body {
            Body::Values { serial, count, bytes } => {
                self.expect(serial, totals);
                self.serial = Some(serial.wrapping_add(1));
                self.write(count, bytes, totals)
            }
            Body::Beat { next } | Body::Ended { next } => {
                self.expect(next, totals);
                self.serial = Some(next);
                Ok(())
            }
            Body::Lost { .. } => Err(FrameError::Other { found: "a loss of messages", expected: "values" }),
            Body::Messages { .. } | Body::Bytes { .. } => {
                Err(FrameError::Other { found: "messages", expected: "values" })
            }
        }
    }

    /// Some of all values, asked for because frames were missing, and which part of the answer they are.
    pub(super) fn take_state(&mut self, body: &Body<'_>, totals: &mut Imported) -> Result<u64, FrameError> {
        let Body::Values { serial, count, bytes } = *body else {
            return Err(FrameError::Other { found: "something else", expected: "values" });
        };
        self.write(count, bytes, totals)?;
        Ok(serial)
    }

    /// If this is not the number of the next frame, frames are missing, or the other bridge was started anew.
    fn expect(&mut self, serial: u64, totals: &mut Imported) {
        if let Some(expected) = self.serial
            && serial != expected
        {
            let lost = serial.wrapping_sub(expected);
            add(&mut totals.lost_on_the_way, if lost < SERIALS { lost } else { 0 });
            self.wants_state = true;
        }
    }

    fn write(&mut self, count: u64, bytes: &[u8], totals: &mut Imported) -> Result<(), FrameError> {
        let len = self.versions.len();
        let all = || values(bytes, count, self.value.len());
        if let Some((slot, ..)) = all()?.find(|&(slot, ..)| slot >= len as u64) {
            return Err(FrameError::Slot { found: slot, len });
        }
        for (slot, version, value) in values(bytes, count, self.value.len())? {
            let slot = slot as usize;
            if version <= self.versions[slot] {
                add(&mut totals.again, 1);
                continue;
            }
            // What an earlier bridge wrote need not be written again.
            let is_there = self.versions[slot] == 0
                && self.reader.read_into(slot, &mut self.value).is_ok_and(|own| own != 0)
                && self.value == value;
            self.versions[slot] = version;
            if is_there {
                add(&mut totals.again, 1);
            } else if self.writer.write(slot, value).is_ok() {
                add(&mut totals.messages, 1);
            }
        }
        Ok(())
    }
}
