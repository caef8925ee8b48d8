//! `derive(Describe)`.

use crate::attributes::{Attributes, Reading, check_repr};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Fields, Ident, LitStr, Type};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream, Error> {
    let ident = &input.ident;
    let Data::Struct(of) = &input.data else {
        return Err(Error::new_spanned(ident, "only a struct has fields to describe"));
    };
    let Fields::Named(fields) = &of.fields else {
        return Err(Error::new_spanned(ident, "only named fields can be described"));
    };
    check_repr(&input.attrs, ident)?;
    let about = Attributes::of_struct(&input.attrs)?;
    let doc = option(about.doc.as_deref());
    let (mut described, mut depths) = (Vec::new(), Vec::new());
    for field in &fields.named {
        let Some(name) = &field.ident else { continue };
        let attributes = Attributes::of_field(&field.attrs)?;
        if attributes.skip || name.unraw().to_string().starts_with('_') {
            continue;
        }
        let ty = &field.ty;
        if matches!(attributes.reading, Reading::AsTyped) {
            depths.push(quote_spanned!(ty.span()=> <#ty as ::icc_schema::Describe>::DEPTH));
            // Each type is checked by itself: a deep one cannot hide in a field.
        }
        described.push(describe_field(name, ty, &attributes)?);
    }
    let (generics, names, bounds) = input.generics.split_for_impl();
    let predicates = bounds.map(|bounds| &bounds.predicates);
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::icc_schema::Describe for #ident #names
        where
            Self: ::icc_schema::derive::Payload,
            #predicates
        {
            const DEPTH: usize = {
                let mut deepest = 0;
                #(
                    let depth = #depths;
                    if depth > deepest {
                        deepest = depth;
                    }
                )*
                1 + deepest
            };

            fn describe() -> ::icc_schema::derive::Type {
                ::icc_schema::derive::Type::Struct(::icc_schema::derive::Struct {
                    fields: ::std::vec![#(#described),*],
                    size: ::core::mem::size_of::<Self>(),
                    doc: #doc,
                })
            }
        }
    })
}

fn describe_field(name: &Ident, ty: &Type, attributes: &Attributes) -> Result<TokenStream, Error> {
    let span = ty.span();
    let described = match &attributes.reading {
        Reading::AsTyped => quote_spanned!(span=> <#ty as ::icc_schema::Describe>::describe()),
        Reading::Text => bytes(ty, &quote!(Text)),
        Reading::Bytes => bytes(ty, &quote!(Bytes)),
        Reading::Time(unit) => time(ty, &quote!(Time), unit)?,
        Reading::Duration(unit) => time(ty, &quote!(Duration), unit)?,
    };
    let values = match &attributes.values {
        Some(path) => quote!(::icc_schema::derive::values::<#path>()),
        None => quote!(::std::vec::Vec::new()),
    };
    let exponent = match &attributes.decimals {
        Some(digits) => {
            let digits: i32 = digits.base10_parse()?;
            quote!(-#digits)
        }
        None => quote!(0),
    };
    // Names of values and decimals say something of integers alone.
    let described = if attributes.values.is_some() || attributes.decimals.is_some() {
        quote_spanned!(span=> {
            ::icc_schema::derive::integers::<#ty>();
            #described
        })
    } else {
        described
    };
    let (unit, doc) =
        (option(attributes.unit.as_ref().map(LitStr::value).as_deref()), option(attributes.doc.as_deref()));
    let text = name.unraw().to_string();
    Ok(quote! {
        ::icc_schema::derive::Field {
            name: ::std::string::String::from(#text),
            offset: ::core::mem::offset_of!(Self, #name),
            ty: #described,
            values: #values,
            exponent: #exponent,
            unit: #unit,
            doc: #doc,
        }
    })
}

/// A `[u8; N]`, which the assignment checks.
fn bytes(ty: &Type, kind: &TokenStream) -> TokenStream {
    quote_spanned! {ty.span()=> {
        const fn size<const SIZE: usize>(_: ::core::option::Option<[u8; SIZE]>) -> usize {
            SIZE
        }
        ::icc_schema::derive::Type::#kind(size(::core::option::Option::<#ty>::None))
    }}
}

/// An `i64` or `u64`.
fn time(ty: &Type, kind: &TokenStream, unit: &LitStr) -> Result<TokenStream, Error> {
    let counted = match &*unit.value() {
        "s" => quote!(Seconds),
        "ms" => quote!(Milliseconds),
        "us" => quote!(Microseconds),
        "ns" => quote!(Nanoseconds),
        _ => return Err(Error::new(unit.span(), "a time is in `s`, `ms`, `us` or `ns`")),
    };
    match ty {
        Type::Path(path) if path.path.is_ident("i64") || path.path.is_ident("u64") => {}
        _ => return Err(Error::new(ty.span(), "a time is an `i64` or a `u64`")),
    }
    Ok(quote!(::icc_schema::derive::Type::#kind(::icc_schema::derive::TimeUnit::#counted)))
}

fn option(text: Option<&str>) -> TokenStream {
    match text {
        Some(text) => quote!(::core::option::Option::Some(::std::string::String::from(#text))),
        None => quote!(::core::option::Option::None),
    }
}
