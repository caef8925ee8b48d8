//! `derive(Values)`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Data, DeriveInput, Error, Fields};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream, Error> {
    let Data::Enum(of) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "only an enum has names of values"));
    };
    let mut values = Vec::new();
    for variant in &of.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(variant, "a variant with fields is no value of an integer"));
        }
        let (ident, name) = (&variant.ident, variant.ident.unraw().to_string());
        values.push(quote!((Self::#ident as i128, #name)));
    }
    let ident = &input.ident;
    let (generics, names, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::icc_schema::Values for #ident #names #bounds {
            const VALUES: &'static [(i128, &'static str)] = &[#(#values),*];
        }
    })
}
