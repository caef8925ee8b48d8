//! What changes in a vector.

use crate::array::Dtype;
use crate::consumer::unpicklable;
use crate::handle::Handle;
use icc_vector::untyped::VectorReader;
use numpy::{IntoPyArray as _, PyArray1};
use pyo3::prelude::*;

/// What poll gives: slots, values, versions.
type Changed<'py> = (Bound<'py, PyArray1<u64>>, Bound<'py, PyAny>, Bound<'py, PyArray1<u64>>);

/// A cursor over what changes in a vector: see the package.
#[pyclass(module = "icc._icc", frozen, subclass)]
pub(crate) struct Changes {
    handle: Handle<Cursor>,
    dtype: Dtype,
}

struct Cursor {
    changes: icc_vector::Changes<()>,
    vector: VectorReader,
}

impl Changes {
    pub(crate) fn over((changes, vector): (icc_vector::Changes<()>, VectorReader), dtype: Dtype) -> Self {
        Self { handle: Handle::new(Cursor { changes, vector }, "cursor over changes"), dtype }
    }
}

#[pymethods]
impl Changes {
    /// The slots that changed since the last call, their values and versions, as three arrays. Never waits
    /// for a change.
    fn poll<'py>(&self, py: Python<'py>) -> PyResult<Changed<'py>> {
        let changed = self.handle.with(py, |cursor| {
            Ok(cursor.changes.poll().map(|change| (change.index, change.version)).collect::<Vec<_>>())
        })?;
        let mut made = self.dtype.empty(py, changed.len())?;
        let (size, bytes) = (self.dtype.size(), made.bytes());
        let mut versions: Vec<u64> = changed.iter().map(|&(_, version)| version).collect();
        let told = &mut versions;
        self.handle.detached(py, |cursor| {
            for (place, (&(index, _), version)) in changed.iter().zip(told).enumerate() {
                // Perhaps a newer one, which the next poll then tells again.
                *version = cursor.vector.read_into(index, &mut bytes[place * size..][..size])?;
            }
            Ok(())
        })?;
        let indices: Vec<u64> = changed.into_iter().map(|(index, _)| index as u64).collect();
        Ok((indices.into_pyarray(py), made.whole(), versions.into_pyarray(py)))
    }

    /// Waits until something changed, at most `timeout` seconds, or for ever with None. Tells whether
    /// something did.
    #[pyo3(signature = (timeout = None))]
    fn wait(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<bool> {
        self.handle.wait(py, timeout, |cursor| &mut cursor.changes)
    }

    /// Ends a wait of another thread, which then returns False.
    fn interrupt(&self) {
        self.handle.interrupt();
    }

    /// Lets it go. Another thread that waits with it gets a ClosedError.
    fn close(&self, py: Python<'_>) {
        self.handle.close(py);
    }

    /// Whether it was closed, or is the parent's in a forked child.
    #[getter]
    fn closed(&self) -> bool {
        !self.handle.is_open()
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(unpicklable("cursor over changes"))
    }
}
