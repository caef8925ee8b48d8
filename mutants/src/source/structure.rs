//! What the parsed file tells: functions, modules, and what no shipped build contains.

use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, FnArg, Meta, Signature, Token, spanned::Spanned as _};

use super::order::Order;

/// A module in a file of its own.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) name: String,
    pub(super) path: Option<String>,
}

impl Module {
    /// The file of this module, which `parent` declares.
    pub(super) fn file(&self, parent: &Path) -> anyhow::Result<PathBuf> {
        let dir = parent.parent().context("a source file lies in a folder")?;
        if let Some(path) = &self.path {
            return Ok(dir.join(path));
        }
        let stem = parent.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let dir = if ["lib", "mod"].contains(&stem) { dir.to_owned() } else { dir.join(stem) };
        let candidates = [dir.join(format!("{}.rs", self.name)), dir.join(&self.name).join("mod.rs")];
        candidates.into_iter().find(|path| path.is_file()).with_context(|| format!("no file of module {}", self.name))
    }
}

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    /// Its bytes in the file.
    pub(super) range: Range<usize>,
    /// With its type, if it has one.
    pub(super) full_name: String,
    pub(super) name: String,
    /// Whether it hands the place of its call on to the operations in it.
    pub(super) tracks_caller: bool,
    pub(super) has_self: bool,
    /// The number of its parameters, `self` aside.
    pub(super) parameters: usize,
    /// The names of those that are orderings.
    pub(super) orderings: Vec<String>,
}

/// What a file consists of.
#[derive(Debug, Default)]
pub(super) struct Structure {
    pub(super) functions: Vec<Function>,
    closures: Vec<Range<usize>>,
    /// Imports, and what no shipped build contains.
    left_out: Vec<Range<usize>>,
    pub(super) modules: Vec<Module>,
    of_type: Option<String>,
    /// An ordering that is imported under another name.
    pub(super) renamed: Option<String>,
}

impl Structure {
    /// Reads a file.
    pub(super) fn of(text: &str) -> syn::Result<Self> {
        let mut structure = Self::default();
        structure.visit_file(&syn::parse_file(text)?);
        Ok(structure)
    }

    /// The innermost function around a byte, by its index.
    pub(super) fn function_at(&self, at: usize) -> Option<usize> {
        let around = self.functions.iter().enumerate().filter(|(_, function)| function.range.contains(&at));
        around.min_by_key(|(_, function)| function.range.len()).map(|(index, _)| index)
    }

    /// Whether an operation at this byte has the place of its function's caller: a closure does not
    /// hand it on.
    pub(super) fn is_carried(&self, at: usize) -> bool {
        let Some(function) = self.function_at(at).map(|index| &self.functions[index]) else { return false };
        let inside = |closure: &Range<usize>| closure.contains(&at) && closure.len() < function.range.len();
        function.tracks_caller && !self.closures.iter().any(inside)
    }

    pub(super) fn is_left_out(&self, at: usize) -> bool {
        self.left_out.iter().any(|range| range.contains(&at))
    }

    fn enter(&mut self, range: Range<usize>, attributes: &[Attribute], signature: &Signature) -> bool {
        if attributes.iter().any(never_shipped) {
            self.left_out.push(range);
            return false;
        }
        let name = signature.ident.to_string();
        self.functions.push(Function {
            range,
            full_name: self.of_type.as_ref().map_or_else(|| name.clone(), |of_type| format!("{of_type}::{name}")),
            name,
            tracks_caller: attributes.iter().any(tracks_caller),
            has_self: signature.receiver().is_some(),
            parameters: signature.inputs.iter().filter(|input| matches!(input, FnArg::Typed(_))).count(),
            orderings: signature.inputs.iter().filter_map(ordering).map(ToString::to_string).collect(),
        });
        true
    }
}

impl<'a> Visit<'a> for Structure {
    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        if self.enter(item.span().byte_range(), &item.attrs, &item.sig) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        if self.enter(item.span().byte_range(), &item.attrs, &item.sig) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'a syn::TraitItemFn) {
        if self.enter(item.span().byte_range(), &item.attrs, &item.sig) {
            visit::visit_trait_item_fn(self, item);
        }
    }

    fn visit_expr_closure(&mut self, closure: &'a syn::ExprClosure) {
        self.closures.push(closure.span().byte_range());
        visit::visit_expr_closure(self, closure);
    }

    fn visit_item_impl(&mut self, item: &'a syn::ItemImpl) {
        if item.attrs.iter().any(never_shipped) {
            return self.left_out.push(item.span().byte_range());
        }
        let of_type = match &*item.self_ty {
            syn::Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
            _ => None,
        };
        let around = std::mem::replace(&mut self.of_type, of_type);
        visit::visit_item_impl(self, item);
        self.of_type = around;
    }

    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        if item.attrs.iter().any(never_shipped) {
            return self.left_out.push(item.span().byte_range());
        }
        if item.content.is_none() {
            let path = item.attrs.iter().find_map(path_of_module);
            self.modules.push(Module { name: item.ident.to_string(), path });
        }
        visit::visit_item_mod(self, item);
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.left_out.push(item.span().byte_range());
        visit::visit_item_use(self, item);
    }

    fn visit_use_rename(&mut self, rename: &'a syn::UseRename) {
        if rename.ident.to_string().parse::<Order>().is_ok() {
            self.renamed = Some(format!("{} as {}", rename.ident, rename.rename));
        }
    }
}

/// The name of a parameter that is an ordering.
fn ordering(input: &FnArg) -> Option<&Ident> {
    let FnArg::Typed(parameter) = input else { return None };
    match (&*parameter.pat, &*parameter.ty) {
        (syn::Pat::Ident(name), syn::Type::Path(of_type)) => {
            let is_ordering = of_type.path.segments.last().is_some_and(|segment| segment.ident == "Ordering");
            is_ordering.then_some(&name.ident)
        }
        _ => None,
    }
}

fn metas(attribute: &Attribute) -> Vec<Meta> {
    let parsed = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    parsed.map(|metas| metas.into_iter().collect()).unwrap_or_default()
}

fn tracks_caller(attribute: &Attribute) -> bool {
    let is_it = |meta: &Meta| meta.path().is_ident("track_caller");
    is_it(&attribute.meta)
        || attribute.path().is_ident("cfg_attr") && metas(attribute).get(1..).is_some_and(|rest| rest.iter().any(is_it))
}

fn path_of_module(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(syn::MetaNameValue { path, value: syn::Expr::Lit(literal), .. }) if path.is_ident("path") => {
            match &literal.lit {
                syn::Lit::Str(text) => Some(text.value()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether this is a `cfg` that holds in no shipped build.
fn never_shipped(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.parse_args().is_ok_and(|meta| holds(&meta) == Some(false))
}

/// Whether a `cfg` holds in what is shipped, if that can be told.
fn holds(meta: &Meta) -> Option<bool> {
    match meta {
        Meta::Path(path) => ["test", "icc_loom", "icc_steps"].iter().any(|name| path.is_ident(name)).then_some(false),
        Meta::NameValue(_) => None,
        Meta::List(list) => {
            let inner = list
                .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
                .ok()?
                .iter()
                .map(holds)
                .collect::<Vec<_>>();
            if list.path.is_ident("not") {
                return inner.first()?.map(|holds| !holds);
            }
            // One that decides, or all that agree.
            let (decides, all) = if list.path.is_ident("all") { (false, true) } else { (true, false) };
            if inner.contains(&Some(decides)) {
                return Some(decides);
            }
            inner.iter().all(|&holds| holds == Some(all)).then_some(all)
        }
    }
}
