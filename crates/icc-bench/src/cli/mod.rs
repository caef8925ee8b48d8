//! The command line: options, what they choose, and the run they start.

mod arguments;
mod error;
mod measure;
mod model;
mod output;
mod progress;
mod run;
mod select;

pub use self::run::run;

#[cfg(test)]
mod tests;
