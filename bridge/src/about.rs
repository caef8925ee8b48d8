//! What a source is, for whoever makes its mirror.

use crate::error::BridgeError;
use crate::frame;
use icc_buffer::{ElementType, Inspected, Options};
use icc_schema::Schema;
use serde::{Deserialize, Serialize};

/// What is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// A queue of messages of one type.
    Queue,
    /// A queue of messages of any length.
    Bytes,
    /// A vector.
    Vector,
}

/// What a bridge tells of its source to whoever asks. Sent as JSON, and never trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct About {
    /// The version of the frames.
    pub frames: u8,
    /// The byte order of the messages.
    pub little_endian: bool,
    /// What is carried.
    pub kind: Kind,
    /// Tells this source from every other.
    pub instance: u64,
    /// The name of the type of a message or a value.
    pub type_name: String,
    /// Its bytes; of messages of any length, those of a slot.
    pub size: u64,
    /// Its alignment.
    pub align: u64,
    /// A hash of the type.
    pub fingerprint: u64,
    /// What its fields are, if the source says so.
    pub schema: Option<String>,
    /// How many messages, or slots, the source keeps; of a vector, its slots.
    pub len: u64,
    /// The most messages, or slots, of one frame.
    pub most: u64,
    /// Whether consumers of the source can sleep.
    pub wakeable: bool,
    /// Whether consumers of the source can be seen.
    pub seen: bool,
    /// The number from which on this bridge sends.
    pub start: u64,
    /// Of a vector, whether its changes are counted.
    pub tracked: bool,
    /// What the slots of a vector are called.
    #[serde(default)]
    pub keys: Vec<String>,
}

/// The longest description that is read: that of a vector whose slots all have names.
const LONGEST: usize = 16 << 20;

impl About {
    pub(crate) fn new(kind: Kind, instance: u64, found: &Inspected) -> Self {
        let element = &found.element;
        Self {
            frames: frame::VERSION,
            little_endian: cfg!(target_endian = "little"),
            kind,
            instance,
            type_name: element.name.clone(),
            size: element.size,
            align: element.align,
            fingerprint: element.fingerprint,
            schema: found.schema.clone(),
            len: found.len as u64,
            most: 1,
            wakeable: found.features[1] & 1 != 0,
            seen: found.features[2] & 1 != 0,
            start: 0,
            tracked: false,
            keys: Vec::new(),
        }
    }

    /// As it is sent.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What came under `key`, checked.
    ///
    /// # Errors
    ///
    /// [`BridgeError::About`] if it is none, of another version, or impossible.
    pub fn decode(bytes: &[u8], key: &str) -> Result<Self, BridgeError> {
        let refused = |reason: String| BridgeError::About { key: key.to_owned(), reason };
        if bytes.len() > LONGEST {
            return Err(refused(format!("it has {} bytes, more than {LONGEST}", bytes.len())));
        }
        /// What every version has.
        #[derive(Deserialize)]
        struct Version {
            frames: u8,
        }
        let parsed = |error: serde_json::Error| refused(format!("it is no description ({error})"));
        let Version { frames } = serde_json::from_slice(bytes).map_err(parsed)?;
        if frames != frame::VERSION {
            return Err(refused(format!(
                "its frames are of version {frames}, and this bridge knows {}: use one version on all machines",
                frame::VERSION
            )));
        }
        let about: Self = serde_json::from_slice(bytes).map_err(parsed)?;
        let bounded = about.size <= 1 << 30 && about.align.is_power_of_two() && about.align <= 4096;
        let product = about.len.checked_mul(about.size.max(16)).is_some_and(|bytes| bytes <= 1 << 40);
        if about.little_endian != cfg!(target_endian = "little") {
            return Err(refused("its messages have another byte order than this machine".to_owned()));
        }
        if about.instance == 0 || about.len == 0 || !bounded || !product || about.most > about.len {
            return Err(refused(format!("{} values of {} bytes cannot be", about.len, about.size)));
        }
        if !about.keys.is_empty() && about.keys.len() as u64 != about.len {
            return Err(refused(format!("{} names of {} slots", about.keys.len(), about.len)));
        }
        Ok(about)
    }

    pub(crate) fn element(&self) -> ElementType {
        ElementType { name: self.type_name.clone(), size: self.size, align: self.align, fingerprint: self.fingerprint }
    }

    /// `options`, with the source's schema and names.
    pub(crate) fn options(&self, options: &Options, key: &str) -> Result<Options, BridgeError> {
        let mut options = options.clone();
        if let Some(text) = &self.schema {
            let schema = Schema::parse(text, self.size as usize).map_err(|error| BridgeError::About {
                key: key.to_owned(),
                reason: format!("its schema cannot be read: {error}"),
            })?;
            options = options.schema(schema.into());
        }
        if !self.keys.is_empty() {
            options = options.keys(self.keys.clone());
        }
        Ok(options)
    }
}
