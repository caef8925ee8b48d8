//! NumPy arrays of the payloads' dtype: made here, or checked.

use crate::error::{Failure, Kind, Result};
use numpy::{PyArrayDescr, PyArrayDescrMethods as _, PyUntypedArray, PyUntypedArrayMethods as _, npyffi};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PySlice};

/// What payloads of a buffer are.
pub(crate) struct Dtype {
    descr: Py<PyArrayDescr>,
    /// Of an array's elements: NumPy makes dimensions of a dtype that is an array itself.
    base: Py<PyArrayDescr>,
    /// The dimensions that it makes.
    shape: Vec<usize>,
    size: usize,
}

impl Dtype {
    /// The dtype given, if payloads of `size` bytes can be of it. Objects cannot.
    pub(crate) fn new(dtype: &Bound<'_, PyArrayDescr>, size: usize) -> PyResult<Self> {
        if dtype.has_object() {
            return Err(Failure::new(
                Kind::Dtype,
                format_args!("dtype {dtype} holds Python objects, which mean nothing in another process"),
            )
            .into());
        }
        let found = dtype.itemsize();
        if found != size {
            let text = format!(
                "dtype {dtype} has {found} bytes, and the buffer's payloads have {size}: use the buffer's own dtype"
            );
            return Err(Failure::new(Kind::Dtype, text).into());
        }
        let (base, shape) = (dtype.base().unbind(), dtype.shape());
        Ok(Self { descr: dtype.clone().unbind(), base, shape, size })
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    pub(crate) fn descr<'py>(&self, py: Python<'py>) -> Bound<'py, PyArrayDescr> {
        self.descr.bind(py).clone()
    }

    pub(crate) fn clone_ref(&self, py: Python<'_>) -> Self {
        let Self { descr, base, shape, size } = self;
        Self { descr: descr.clone_ref(py), base: base.clone_ref(py), shape: shape.clone(), size: *size }
    }

    /// An array of its own memory for `count` payloads, to be filled.
    pub(crate) fn empty<'py>(&self, py: Python<'py>, count: usize) -> PyResult<Made<'py>> {
        let mut dimension = npyffi::npy_intp::try_from(count).unwrap_or(npyffi::npy_intp::MAX);
        let none = core::ptr::null_mut::<core::ffi::c_void>();
        // SAFETY: attached to the interpreter. The descriptor is given away, as it wants; one dimension is read
        // from where it is; without data, strides and flags, NumPy makes C-contiguous memory of its own.
        // What comes is a new array, or null and an exception.
        let array = unsafe {
            let descr = self.descr.clone_ref(py).into_ptr().cast();
            let kind = npyffi::get_type_object(py, npyffi::NpyTypes::PyArray_Type);
            let made = npyffi::PY_ARRAY_API.PyArray_NewFromDescr(
                py,
                kind,
                descr,
                1,
                &raw mut dimension,
                none.cast(),
                none.cast(),
                0,
                none.cast(),
            );
            Bound::from_owned_ptr_or_err(py, made)?.cast_into_unchecked::<PyUntypedArray>()
        };
        let len = self.size * count;
        Ok(Made { array, len })
    }

    /// How many bytes an array has, if its elements are of it.
    fn len_of(&self, array: &Bound<'_, PyUntypedArray>) -> Result<usize> {
        let (found, base) = (array.dtype(), self.base.bind(array.py()));
        let is_of_it = found.itemsize() == base.itemsize() && found.is_equiv_to(base);
        if is_of_it && array.shape().ends_with(&self.shape) {
            return Ok(array.len() * base.itemsize());
        }
        let own = self.descr.bind(array.py());
        let text = match self.shape[..] {
            [] => format!("an array of dtype {found}, and the buffer's is {own}: convert it with array.astype(dtype)"),
            _ => format!("an array of dtype {found} and shape {:?}, and the buffer's dtype is {own}", array.shape()),
        };
        Err(Failure::new(Kind::Dtype, text))
    }

    /// The bytes of an array that somebody else may have, to write to it.
    pub(crate) fn bytes_to_fill(&self, array: &Bound<'_, PyUntypedArray>) -> Result<(*mut u8, usize)> {
        let len = self.len_of(array)?;
        if !array.is_c_contiguous() {
            return Err(Failure::new(Kind::Argument, "the array is not C-contiguous: read into a whole one, and copy"));
        }
        // SAFETY: attached to the interpreter, and an array.
        let fields = unsafe { &*npyffi::_PyArray_GET_ITEM_DATA(array.as_array_ptr()) };
        if fields.flags & npyffi::NPY_ARRAY_WRITEABLE == 0 {
            return Err(Failure::new(Kind::Argument, "the array is read-only: give one that can be written"));
        }
        Ok((fields.data.cast(), len))
    }

    /// Copies the bytes of a record, or of an array of them, and tells how many there are. What is no
    /// array is converted, such as a tuple; an array must have this dtype and be C-contiguous.
    pub(crate) fn copy_in(&self, py: Python<'_>, value: &Bound<'_, PyAny>, to: &mut Vec<u8>) -> PyResult<usize> {
        static ASARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let base = self.base.bind(py);
        let made;
        let array = match value.cast::<PyUntypedArray>() {
            Ok(array) => array,
            Err(_) => {
                let asarray = ASARRAY.import(py, "numpy", "asarray")?;
                // A record knows its dtype, which is compared below; anything else is taken for one.
                let converted = if value.hasattr("dtype")? {
                    asarray.call1((value,))
                } else {
                    let named = PyDict::new(py);
                    named.set_item("dtype", base)?;
                    asarray.call((value,), Some(&named))
                };
                made = converted?.cast_into::<PyUntypedArray>()?;
                &made
            }
        };
        let len = self.len_of(array)?;
        if !array.is_c_contiguous() {
            let text = "the array is not C-contiguous: give numpy.ascontiguousarray(array)";
            return Err(Failure::new(Kind::Argument, text).into());
        }
        to.clear();
        // SAFETY: attached to the interpreter, and an array, C-contiguous: so many bytes begin there. That
        // nobody writes to them meanwhile without the interpreter is the caller's duty in Python, as with
        // every function of NumPy; a mixture of bytes is what comes of it.
        unsafe {
            let data = (*npyffi::_PyArray_GET_ITEM_DATA(array.as_array_ptr())).data.cast::<u8>();
            to.reserve(len);
            core::ptr::copy_nonoverlapping(data, to.as_mut_ptr(), len);
            to.set_len(len);
        }
        Ok(len.checked_div(self.size).unwrap_or(0))
    }
}

/// An array that was just made, which nobody else has.
pub(crate) struct Made<'py> {
    array: Bound<'py, PyUntypedArray>,
    len: usize,
}

impl<'py> Made<'py> {
    /// Its bytes.
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: the array was made for so many bytes, C-contiguous; it lives as long as this, and nobody else
        // has it. The bytes come from NumPy, which this compiler does not see: whatever they are, they are some
        // bytes, as those of any memory that another program's code gives.
        unsafe {
            let data = (*npyffi::_PyArray_GET_ITEM_DATA(self.array.as_array_ptr())).data.cast::<u8>();
            if self.len == 0 { &mut [] } else { core::slice::from_raw_parts_mut(data, self.len) }
        }
    }

    /// All of it.
    pub(crate) fn whole(self) -> Bound<'py, PyAny> {
        self.array.into_any()
    }

    /// Its first `count` elements.
    pub(crate) fn first(self, count: usize) -> PyResult<Bound<'py, PyAny>> {
        if self.array.shape().first() == Some(&count) {
            return Ok(self.whole());
        }
        let slice = PySlice::new(self.array.py(), 0, isize::try_from(count).unwrap_or(isize::MAX), 1);
        self.array.get_item(slice)
    }
}
