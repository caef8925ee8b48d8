//! Vectors, as they are opened.

use crate::array::Dtype;
use crate::changes::Changes;
use crate::consumer::unpicklable;
use crate::error::{Failure, Kind, Result};
use crate::handle::Handle;
use crate::writer::Writer;
use icc_vector::Options;
use icc_vector::untyped::{AnyVector, VectorReader};
use numpy::{PyArrayDescr, PyUntypedArray};
use pyo3::prelude::*;
use std::path::PathBuf;

/// A vector to read, and to get writers of: see the package.
#[pyclass(module = "icc._icc", frozen, subclass)]
pub(crate) struct Vector {
    handle: Handle<VectorReader>,
    name: PathBuf,
    dtype: Dtype,
    len: usize,
}

#[pymethods]
impl Vector {
    #[new]
    #[pyo3(signature = (name, dtype))]
    fn new(py: Python<'_>, name: PathBuf, dtype: &Bound<'_, PyArrayDescr>) -> PyResult<Self> {
        let reader = py.detach(|| -> Result<_> { Ok(VectorReader::open(&name, &Options::new())?) })?;
        let (dtype, len) = (Dtype::new(dtype, reader.value_size())?, reader.len());
        Ok(Self { handle: Handle::new(reader, "vector"), name, dtype, len })
    }

    fn __len__(&self) -> usize {
        self.len
    }

    fn _read<'py>(&self, py: Python<'py>, index: usize) -> PyResult<(Bound<'py, PyAny>, u64)> {
        let mut made = self.dtype.empty(py, 1)?;
        let bytes = made.bytes();
        // Its writer may be in mid-write, and this waits for it, for some milliseconds at most.
        let version = self.handle.with(py, |vector| Ok(vector.try_read_into(index, bytes).ok()))?;
        let version = match version {
            Some(version) => version,
            None => self.handle.detached(py, |vector| Ok(vector.read_into(index, bytes)?))?,
        };
        Ok((made.whole().get_item(0)?, version))
    }

    /// The newest whole value of each slot, as an array of its own memory.
    fn read_all<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let mut made = self.dtype.empty(py, self.len)?;
        let bytes = made.bytes();
        // A slot's writer may be in mid-write, and this waits for it, for some milliseconds at most.
        self.handle.detached(py, |vector| Ok(vector.read_all_into(bytes)?))?;
        Ok(made.whole())
    }

    /// As `read_all`, into an array of as many elements.
    fn read_all_into(&self, py: Python<'_>, array: &Bound<'_, PyUntypedArray>) -> PyResult<()> {
        let (data, len) = self.dtype.bytes_to_fill(array)?;
        let size = self.dtype.size();
        if len != size * self.len {
            let found = len.checked_div(size).unwrap_or(0);
            let text =
                format!("an array of {found} elements, and the vector has {} slots: give exactly that many", self.len);
            return Err(Failure::new(Kind::Argument, text).into());
        }
        if len == 0 {
            return Ok(());
        }
        // SAFETY: as in `Consumer::read_into`.
        let bytes = unsafe { core::slice::from_raw_parts_mut(data, len) };
        self.handle.with(py, |vector| Ok(vector.read_all_into(bytes)?))
    }

    fn _snapshot<'py>(&self, py: Python<'py>, indices: Vec<usize>) -> PyResult<(Bound<'py, PyAny>, Vec<u64>)> {
        let mut made = self.dtype.empty(py, indices.len())?;
        let (bytes, mut versions) = (made.bytes(), vec![0; indices.len()]);
        let into = &mut versions;
        self.handle.detached(py, |vector| Ok(vector.snapshot_into(&indices, bytes, into)?))?;
        Ok((made.whole(), versions))
    }

    /// The version of slot `index`: 0 if it was never written, 2 more with each write.
    fn version(&self, py: Python<'_>, index: usize) -> PyResult<u64> {
        self.handle.with(py, |vector| Ok(vector.version(index)?))
    }

    /// A cursor over what changes, from now on or, with `all`, from the vector's beginning.
    #[pyo3(signature = (*, all = true))]
    fn _changes(&self, py: Python<'_>, all: bool) -> PyResult<Changes> {
        let made = self.handle.with(py, |vector| {
            let changes = if all { vector.changes() } else { vector.changes_from_now() };
            Ok((changes, vector.clone()))
        })?;
        Ok(Changes::over(made, self.dtype.clone_ref(py)))
    }

    #[pyo3(signature = (range = None))]
    fn _writer(&self, py: Python<'_>, range: Option<(usize, usize)>) -> PyResult<Writer> {
        self.handle.with(py, |_| Ok(()))?;
        let name = &self.name;
        let writer = py.detach(|| -> Result<_> {
            let vector = AnyVector::open(name, None, &Options::new())?;
            Ok(match range {
                Some((first, end)) => vector.writer_of(first..end)?,
                None => vector.writer()?,
            })
        })?;
        Ok(Writer::over(writer, self.dtype.clone_ref(py)))
    }

    fn _find(&self, py: Python<'_>, key: &str) -> PyResult<usize> {
        self.handle.with(py, |vector| {
            vector.find(key).ok_or_else(|| Failure::new(Kind::Slot, format_args!("there is no slot named {key:?}")))
        })
    }

    /// The names of the slots, or None if they have none.
    #[getter]
    fn keys(&self, py: Python<'_>) -> PyResult<Option<Vec<String>>> {
        let len = self.len;
        self.handle.with(py, |vector| {
            let keys = vector.buffer().keys();
            Ok(keys.map(|keys| (0..len).map(|index| keys.get(index).unwrap_or_default().to_owned()).collect()))
        })
    }

    /// Whether changes are counted.
    #[getter]
    fn tracked(&self, py: Python<'_>) -> PyResult<bool> {
        self.handle.with(py, |vector| Ok(vector.is_tracked()))
    }

    /// Whether writers wake those who wait.
    #[getter]
    fn wakeable(&self, py: Python<'_>) -> PyResult<bool> {
        self.handle.with(py, |vector| Ok(vector.is_wakeable()))
    }

    /// A random number that tells this vector from every other, also from a later one of its name.
    #[getter]
    fn instance(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |vector| Ok(vector.instance()))
    }

    /// The name that it was opened by.
    #[getter]
    fn name(&self) -> PathBuf {
        self.name.clone()
    }

    /// The values' dtype.
    #[getter]
    fn dtype<'py>(&self, py: Python<'py>) -> Bound<'py, PyArrayDescr> {
        self.dtype.descr(py)
    }

    #[getter]
    fn _schema_text(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.handle.with(py, |vector| Ok(vector.buffer().inspected().schema.clone()))
    }

    /// Lets it go. Its cursors and writers stay.
    fn close(&self, py: Python<'_>) {
        self.handle.close(py);
    }

    /// Whether it was closed, or is the parent's in a forked child.
    #[getter]
    fn closed(&self) -> bool {
        !self.handle.is_open()
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(unpicklable("vector"))
    }
}
