//! Writing vectors.

use crate::array::Dtype;
use crate::consumer::unpicklable;
use crate::error::{Failure, Kind};
use crate::handle::Handle;
use icc_vector::untyped::AnyWriter;
use numpy::PyArrayDescr;
use pyo3::prelude::*;

/// A writer of a vector: see the package.
#[pyclass(module = "icc._icc", frozen, subclass)]
pub(crate) struct Writer {
    handle: Handle<AnyWriter>,
    dtype: Dtype,
}

impl Writer {
    pub(crate) fn over(writer: AnyWriter, dtype: Dtype) -> Self {
        Self { handle: Handle::new(writer, "writer"), dtype }
    }
}

#[pymethods]
impl Writer {
    /// Writes a value into slot `index`, and returns the slot's new version.
    fn write(&self, py: Python<'_>, index: usize, value: &Bound<'_, PyAny>) -> PyResult<u64> {
        let mut bytes = Vec::new();
        let found = self.dtype.copy_in(py, value, &mut bytes)?;
        if bytes.len() != self.dtype.size() {
            return Err(Failure::new(Kind::Argument, format_args!("{found} values: give exactly one")).into());
        }
        // It may wait for another writer of the slot, for some milliseconds at most.
        self.handle.detached(py, |writer| Ok(writer.write(index, &bytes)?))
    }

    /// Writes the values of an array into the slots from `first` on, each as a write of its own.
    #[pyo3(signature = (values, first = 0))]
    fn write_all(&self, py: Python<'_>, values: &Bound<'_, PyAny>, first: usize) -> PyResult<()> {
        let mut bytes = Vec::new();
        self.dtype.copy_in(py, values, &mut bytes)?;
        let size = self.dtype.size();
        if size == 0 {
            return Ok(());
        }
        self.handle.detached(py, |writer| {
            for (place, value) in bytes.chunks_exact(size).enumerate() {
                writer.write(first.saturating_add(place), value)?;
            }
            Ok(())
        })
    }

    /// The slots that it may write: the first, and the one after the last.
    #[getter]
    fn range(&self, py: Python<'_>) -> PyResult<(usize, usize)> {
        self.handle.with(py, |writer| Ok((writer.range().start, writer.range().end)))
    }

    /// The values' dtype.
    #[getter]
    fn dtype<'py>(&self, py: Python<'py>) -> Bound<'py, PyArrayDescr> {
        self.dtype.descr(py)
    }

    /// Lets it go, so that another may have its slots.
    fn close(&self, py: Python<'_>) {
        self.handle.close(py);
    }

    /// Whether it was closed, or is the parent's in a forked child.
    #[getter]
    fn closed(&self) -> bool {
        !self.handle.is_open()
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, py: Python<'_>, _raised: &Bound<'_, PyAny>) {
        self.handle.close(py);
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(unpicklable("writer"))
    }
}
