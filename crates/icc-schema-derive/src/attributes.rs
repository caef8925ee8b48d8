//! What is written above a field or a struct.

use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned as _;
use syn::{Attribute, Error, Expr, ExprLit, Lit, LitInt, LitStr, Meta, Path};

/// How the bytes are to be read.
#[derive(Default)]
pub(crate) enum Reading {
    #[default]
    AsTyped,
    Text,
    Bytes,
    Time(LitStr),
    Duration(LitStr),
}

/// The attributes of a field or, `doc` alone, of a struct.
#[derive(Default)]
pub(crate) struct Attributes {
    pub(crate) reading: Reading,
    pub(crate) unit: Option<LitStr>,
    pub(crate) decimals: Option<LitInt>,
    pub(crate) values: Option<Path>,
    pub(crate) doc: Option<String>,
    pub(crate) skip: bool,
}

impl Attributes {
    pub(crate) fn of_field(attributes: &[Attribute]) -> Result<Self, Error> {
        Self::parse(attributes, true)
    }

    pub(crate) fn of_struct(attributes: &[Attribute]) -> Result<Self, Error> {
        Self::parse(attributes, false)
    }

    fn parse(attributes: &[Attribute], field: bool) -> Result<Self, Error> {
        let mut found = Self { doc: comment(attributes), ..Self::default() };
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("describe")) {
            attribute.parse_nested_meta(|meta| found.add(&meta, field))?;
        }
        Ok(found)
    }

    fn add(&mut self, meta: &ParseNestedMeta<'_>, field: bool) -> Result<(), Error> {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        if !field && name != "doc" {
            return Err(meta.error("a struct takes `doc` alone; the others belong to a field"));
        }
        match &*name {
            "doc" => self.doc = Some(meta.value()?.parse::<LitStr>()?.value()).filter(|doc| !doc.is_empty()),
            "skip" => self.skip = true,
            "unit" => self.unit = Some(meta.value()?.parse()?),
            "decimals" => {
                let digits: LitInt = meta.value()?.parse()?;
                if digits.base10_parse::<u8>()? > 38 {
                    return Err(Error::new(digits.span(), "at most 38 decimals"));
                }
                self.decimals = Some(digits);
            }
            "values" => self.values = Some(meta.value()?.parse()?),
            "text" => self.read_as(meta, Reading::Text)?,
            "bytes" => self.read_as(meta, Reading::Bytes)?,
            "time" => self.read_as(meta, Reading::Time(meta.value()?.parse()?))?,
            "duration" => self.read_as(meta, Reading::Duration(meta.value()?.parse()?))?,
            _ => {
                return Err(meta.error(
                    "unknown: use `unit`, `decimals`, `values`, `text`, `bytes`, `time`, `duration`, `doc` or `skip`",
                ));
            }
        }
        Ok(())
    }

    fn read_as(&mut self, meta: &ParseNestedMeta<'_>, reading: Reading) -> Result<(), Error> {
        if !matches!(self.reading, Reading::AsTyped) {
            return Err(meta.error("a field is one of `text`, `bytes`, `time` and `duration`"));
        }
        self.reading = reading;
        Ok(())
    }
}

/// The first paragraph of a comment, on one line.
fn comment(attributes: &[Attribute]) -> Option<String> {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value()),
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<_> =
        lines.flat_map(|text| text.split('\n').map(|line| line.trim().to_owned()).collect::<Vec<_>>()).collect();
    let paragraph = lines.iter().skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    let text = paragraph.cloned().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// An error unless the type is `repr(C)`, and not packed.
pub(crate) fn check_repr(attributes: &[Attribute], at: &syn::Ident) -> Result<(), Error> {
    let mut is_c = false;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("repr")) {
        attribute.parse_nested_meta(|meta| {
            is_c |= meta.path.is_ident("C");
            if meta.path.is_ident("packed") {
                return Err(Error::new(
                    meta.path.span(),
                    "a packed struct cannot be described: order its fields instead",
                ));
            }
            if meta.input.peek(syn::token::Paren) {
                let content;
                syn::parenthesized!(content in meta.input);
                content.parse::<proc_macro2::TokenStream>()?;
            }
            Ok(())
        })?;
    }
    if is_c { Ok(()) } else { Err(Error::new(at.span(), "only a `#[repr(C)]` struct has a layout to describe")) }
}
