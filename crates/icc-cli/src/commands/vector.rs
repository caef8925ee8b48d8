//! What `get` and `watch` share: which slots, and reading one.

use crate::exit::Failure;
use crate::machine::{directory, view};
use icc_buffer::Keys;
use icc_vector::untyped::VectorReader;
use icc_vector::{ReadError, VectorError};
use std::path::Path;

/// The vector of this name, of whatever type.
pub(super) fn open(name: &Path) -> anyhow::Result<VectorReader> {
    match VectorReader::open(directory::resolve(name), &view::reading()) {
        Ok(vector) => Ok(vector),
        Err(VectorError::Buffer(error @ icc_buffer::BufferError::OtherKind { .. })) => {
            anyhow::bail!("{error} (`icc tail` prints the messages of a queue, also of one of bytes)")
        }
        Err(VectorError::Buffer(error)) => Err(directory::failure(error)),
        Err(error) => Err(error.into()),
    }
}

/// Reads slot `index`; or why it cannot be read, which says nothing of other slots.
pub(super) fn read(vector: &VectorReader, index: usize, out: &mut [u8]) -> anyhow::Result<Result<u64, String>> {
    match vector.read_into(index, out) {
        Ok(version) => Ok(Ok(version)),
        Err(error @ ReadError::OutOfRange(_)) => Err(Failure::NotFound(error.to_string()).into()),
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// The slots that were asked for; all, if none was.
pub(super) fn slots(keys: Option<&Keys>, asked: &[String], len: usize) -> Result<Vec<usize>, Failure> {
    if asked.is_empty() {
        return Ok((0..len).collect());
    }
    let mut slots = Vec::new();
    for key in asked {
        // A name counts first: it may be a number, too.
        if let Some(index) = keys.and_then(|keys| keys.find(key)).filter(|_| !key.is_empty()) {
            slots.push(index);
        } else {
            slots.extend(range(key, len).ok_or_else(|| {
                let kind = if keys.is_some() { "number or name" } else { "number, since its slots have no names" };
                Failure::NotFound(format!("the vector has {len} slots, and no `{key}`: give a {kind}"))
            })?);
        }
    }
    Ok(slots)
}

/// `3`, `0..8`, `5..`; none if that is no slot of so many.
fn range(key: &str, len: usize) -> Option<std::ops::Range<usize>> {
    let bound = |text: &str, unless: usize| if text.is_empty() { Some(unless) } else { text.parse().ok() };
    let (first, end) = match key.split_once("..") {
        Some((first, end)) => (bound(first, 0)?, bound(end, len)?),
        None => {
            let index: usize = key.parse().ok()?;
            (index, index.checked_add(1)?)
        }
    };
    (first < end && end <= len).then_some(first..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use icc_vector::{Options, SeqlockVector};

    #[test]
    fn which_slots() {
        let name = icc_testing::Name::new("which-slots");
        let names = ["AAPL", "7", "", "", "", "", "", "", "", ""];
        let vector = SeqlockVector::<u64>::create(&name, 10, &Options::new().keys(names)).unwrap();
        let reader = VectorReader::over(icc_buffer::UntypedBuffer::open(&name, &view::reading()).unwrap()).unwrap();
        let of = |keys, asked: &[&str]| {
            let asked: Vec<_> = asked.iter().map(|key| (*key).to_owned()).collect();
            slots(keys, &asked, vector.len()).map_err(|error| error.to_string())
        };
        let keys = reader.buffer().keys();
        assert_eq!(of(keys, &[]).unwrap().len(), 10);
        assert_eq!(of(keys, &["3", "AAPL", "7", "8.."]).unwrap(), [3, 0, 1, 8, 9]);
        for bad in ["10", "5..11", "5..5", "6..5", "MSFT", "-1", "..x", ""] {
            assert!(of(keys, &[bad]).is_err() && of(None, &[bad]).is_err(), "{bad}");
        }
        assert!(of(keys, &["MSFT"]).unwrap_err().contains("has 10 slots, and no `MSFT`: give a number or name"));
        assert!(of(None, &["AAPL"]).unwrap_err().contains("its slots have no names"));
    }
}
