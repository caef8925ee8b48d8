//! The derives of `icc-schema`, which exports and documents them.

mod attributes;
mod describe;
mod values;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives `icc_schema::Describe`: see there.
#[proc_macro_derive(Describe, attributes(describe))]
pub fn describe(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    describe::derive(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Derives `icc_schema::Values`: see there.
#[proc_macro_derive(Values)]
pub fn values(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    values::derive(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}
