//! Creating, removing, and what a header says.

use crate::error::Result;
use icc_buffer::{ElementType, Options};
use icc_queue::QueueSpec;
use icc_queue::untyped::AnyQueue;
use icc_schema::Schema;
use icc_vector::VectorSpec;
use icc_vector::untyped::AnyVector;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;

/// What a buffer that is created is to be like, beside what it is.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Asked {
    type_name: String,
    size: u64,
    align: u64,
    schema: Option<String>,
    wakeable: bool,
    mode: u32,
    readers_mode: u32,
}

impl Asked {
    fn element(&self) -> ElementType {
        ElementType::new(&*self.type_name, self.size, self.align)
    }

    fn options(&self) -> Result<Options> {
        let options = Options::new().mode(self.mode).readers_mode(self.readers_mode);
        let Some(text) = &self.schema else { return Ok(options) };
        let schema = Schema::parse(text, usize::try_from(self.size).unwrap_or(usize::MAX))?;
        Ok(options.schema(schema.into()))
    }
}

/// Creates a queue.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "the package's own Python calls it, by name and in one place")]
pub(crate) fn create_queue(
    py: Python<'_>,
    name: PathBuf,
    asked: Asked,
    capacity: usize,
    max_producers: Option<u32>,
    first: u64,
    seen: bool,
    gaps: bool,
) -> PyResult<()> {
    let mut spec = QueueSpec::new(capacity).starting_at(first);
    if let Some(max) = max_producers {
        spec = spec.max_producers(max);
    }
    (spec.wakeable, spec.seen, spec.gaps) = (asked.wakeable, seen, gaps);
    let many = max_producers.is_some();
    let done = py.detach(|| -> Result<()> {
        AnyQueue::create(&name, &asked.element(), spec, many, &asked.options()?)?;
        Ok(())
    });
    Ok(done?)
}

/// Creates a vector.
#[pyfunction]
pub(crate) fn create_vector(
    py: Python<'_>,
    name: PathBuf,
    asked: Asked,
    len: usize,
    single_writer: bool,
    tracked: bool,
    keys: Option<Vec<String>>,
) -> PyResult<()> {
    let mut spec = VectorSpec::new(len);
    spec.wakeable = asked.wakeable;
    let done = py.detach(|| -> Result<()> {
        let mut options = asked.options()?;
        if let Some(keys) = keys {
            options = options.keys(keys);
        }
        AnyVector::create(&name, &asked.element(), spec, (single_writer, tracked), &options)?;
        Ok(())
    });
    Ok(done?)
}

/// A schema's text as the header of a buffer has it: canonical, and checked.
#[pyfunction]
pub(crate) fn canonical(text: &str, size: usize) -> PyResult<String> {
    let schema: Result<_> = Schema::parse(text, size).map_err(Into::into);
    Ok(schema?.text())
}

/// Removes a queue or vector, with the files beside it. Those who have it open keep it.
#[pyfunction]
pub(crate) fn remove(py: Python<'_>, name: PathBuf) -> PyResult<()> {
    let done = py.detach(|| -> Result<()> { Ok(icc_buffer::remove(&name)?) });
    Ok(done?)
}

/// What the header of a buffer says, whatever it is.
#[pyfunction]
pub(crate) fn inspect(py: Python<'_>, name: PathBuf) -> PyResult<Bound<'_, PyDict>> {
    let found = py.detach(|| -> Result<_> { Ok(icc_buffer::inspect(&name)?) })?;
    let told = PyDict::new(py);
    told.set_item("path", &found.path)?;
    told.set_item("kind", found.kind.to_string())?;
    told.set_item("type_name", &found.element.name)?;
    told.set_item("size", found.element.size)?;
    told.set_item("align", found.element.align)?;
    told.set_item("len", found.len)?;
    told.set_item("instance", found.instance)?;
    told.set_item("created_at", found.created_at)?;
    told.set_item("creator", found.creator)?;
    told.set_item("total_size", found.total_size)?;
    told.set_item("schema", &found.schema)?;
    Ok(told)
}
