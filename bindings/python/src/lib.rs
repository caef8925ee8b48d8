//! What the Python package `icc` is made of: handles over the untyped queues and vectors of the Rust
//! crates, and copies into NumPy arrays. The package itself, in `python/icc`, adds dtypes and iteration.
//!
//! Every copy is checked, and never a view of the shared memory. No Python code runs while a handle's
//! lock is held.

#![cfg(target_os = "linux")]

mod array;
mod bytes;
mod changes;
mod consumer;
mod create;
mod error;
mod handle;
mod producer;
mod queue;
mod tell;
mod vector;
mod writer;

use pyo3::prelude::*;

/// The native part of the package.
#[pymodule(gil_used = false)]
fn _icc(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<queue::Queue>()?;
    module.add_class::<consumer::Consumer>()?;
    module.add_class::<producer::Producer>()?;
    module.add_class::<bytes::BytesQueue>()?;
    module.add_class::<bytes::BytesConsumer>()?;
    module.add_class::<bytes::BytesProducer>()?;
    module.add_class::<tell::BytesLost>()?;
    module.add_class::<vector::Vector>()?;
    module.add_class::<changes::Changes>()?;
    module.add_class::<writer::Writer>()?;
    module.add_class::<tell::Lost>()?;
    module.add_class::<tell::Position>()?;
    module.add_function(wrap_pyfunction!(create::inspect, module)?)?;
    module.add_function(wrap_pyfunction!(create::create_queue, module)?)?;
    module.add_function(wrap_pyfunction!(bytes::create_bytes_queue, module)?)?;
    module.add_function(wrap_pyfunction!(create::create_vector, module)?)?;
    module.add_function(wrap_pyfunction!(create::canonical, module)?)?;
    module.add_function(wrap_pyfunction!(create::remove, module)?)?;
    Ok(())
}
