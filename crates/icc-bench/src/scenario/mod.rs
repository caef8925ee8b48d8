//! What is measured: one file a scenario, each with its description as data.

pub(crate) mod bytes;
pub(crate) mod bytes_stream;
pub(crate) mod copy_cost;
pub(crate) mod core_matrix;
mod descriptor;
pub(crate) mod fan_out;
pub(crate) mod multi_producer;
pub(crate) mod one_way_latency;
pub(crate) mod produce_cost;
pub(crate) mod spaced_latency;
pub(crate) mod stream;
pub(crate) mod vector_read_all;
pub(crate) mod wake;

pub(crate) use self::descriptor::Rows;
pub use self::descriptor::Scenario;

/// Every scenario, in the order of a run.
pub static SCENARIOS: &[&Scenario] = &[
    &one_way_latency::SCENARIO,
    &spaced_latency::SCENARIO,
    &wake::SCENARIO,
    &stream::SCENARIO,
    &produce_cost::SCENARIO,
    &multi_producer::SCENARIO,
    &fan_out::SCENARIO,
    &copy_cost::SCENARIO,
    &vector_read_all::SCENARIO,
    &bytes::SCENARIO,
    &bytes_stream::SCENARIO,
    &core_matrix::SCENARIO,
];

#[cfg(test)]
mod tests;
