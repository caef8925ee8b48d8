//! Finding every atomic operation in a crate's sources.
//!
//! An operation is known by the orderings that it names. Structure comes from the parsed file (functions, what is left out of
//! a shipped build), the operations themselves from its tokens, since some stand inside macros that no parser looks into.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Meta, spanned::Spanned as _};

/// The orderings of the standard library, as they are named in sources.
const ORDERINGS: [&str; 5] = ["Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"];

/// Words that end an expression to their left.
const KEYWORDS: [&str; 11] = ["return", "match", "if", "while", "in", "let", "unsafe", "else", "mut", "loop", "move"];

/// An ordering as it is named at a place in a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Named {
    pub(crate) ordering: String,
    /// The bytes of the name itself.
    pub(crate) at: Range<usize>,
    /// Whether it is named by its type (`Ordering::Acquire`), so that any other can stand in its place.
    pub(crate) qualified: bool,
}

/// An atomic operation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Site {
    /// The file below the folder of crates, without `src`: `icc-queue/mpmc.rs`.
    pub(crate) file: String,
    /// The function, with its type if it has one.
    pub(crate) function: String,
    /// The expression, in one line.
    pub(crate) expression: String,
    /// How many sites of the same file, function and expression come before this one.
    pub(crate) before: usize,
    /// What is called: `load`, `fence`; `asm` for inline assembly; empty for an ordering outside of any call.
    pub(crate) call: String,
    /// The bytes of the expression.
    pub(crate) at: Range<usize>,
    pub(crate) orderings: Vec<Named>,
}

impl Site {
    /// What the lists know it by. Lines do not count: a site keeps its name when code moves, and loses it when it changes.
    pub(crate) fn id(&self) -> String {
        let nth = if self.before == 0 { String::new() } else { format!(" #{}", self.before + 1) };
        format!("{} {}: {}{nth}", self.file, self.function, self.expression)
    }
}

/// All atomic operations of the crate in `crate_dir`, in what it ships: tests and what is built for models alone are left out.
///
/// # Errors
///
/// When a file cannot be read or parsed, or names an ordering in a way that hides it.
pub(crate) fn sites(crate_dir: &Path, crate_name: &str) -> anyhow::Result<Vec<Site>> {
    let src = crate_dir.join("src");
    let (mut files, mut sites) = (vec![src.join("lib.rs")], Vec::new());
    while let Some(path) = files.pop() {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.strip_prefix(&src).unwrap_or(&path).display();
        let (found, modules) =
            in_text(&text, &format!("{crate_name}/{name}")).with_context(|| format!("in {}", path.display()))?;
        sites.extend(found);
        for module in modules {
            files.push(module.file(&path)?);
        }
    }
    sites.sort_by(|a, b| (&a.file, a.at.start).cmp(&(&b.file, b.at.start)));
    Ok(sites)
}

/// A module in a file of its own.
struct Module {
    name: String,
    path: Option<String>,
}

impl Module {
    /// The file of this module, which `parent` declares.
    fn file(&self, parent: &Path) -> anyhow::Result<PathBuf> {
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

/// The atomic operations in a source text and the modules that it declares.
fn in_text(text: &str, name: &str) -> anyhow::Result<(Vec<Site>, Vec<Module>)> {
    let mut structure = Structure::default();
    structure.visit_file(&syn::parse_file(text)?);
    if let Some(renamed) = structure.renamed {
        bail!("`{renamed}`: an ordering under another name is not found; use its own");
    }
    let Ok(tokens) = text.parse::<TokenStream>() else { bail!("cannot be cut into tokens") };
    let mut walk = Walk { text, name, structure: &structure, sites: Vec::new() };
    walk.tokens(&tokens.into_iter().collect::<Vec<_>>(), &[]);
    let mut sites = walk.sites;
    sites.sort_by_key(|site| site.at.start);
    let mut count = HashMap::new();
    for site in &mut sites {
        let count = count.entry((site.function.clone(), site.expression.clone())).or_insert(0);
        site.before = *count;
        *count += 1;
    }
    Ok((sites, structure.modules))
}

/// What the parsed file tells.
#[derive(Default)]
struct Structure {
    functions: Vec<(Range<usize>, String)>,
    /// Imports, and what no shipped build contains.
    left_out: Vec<Range<usize>>,
    modules: Vec<Module>,
    of_type: Option<String>,
    renamed: Option<String>,
}

impl Structure {
    fn function(&self, at: usize) -> &str {
        let around = self.functions.iter().filter(|(range, _)| range.contains(&at));
        around.min_by_key(|(range, _)| range.len()).map_or("-", |(_, name)| name)
    }

    fn enter(&mut self, range: Range<usize>, attributes: &[Attribute], name: &Ident) -> bool {
        if attributes.iter().any(never_shipped) {
            self.left_out.push(range);
            return false;
        }
        let name = self.of_type.as_ref().map_or_else(|| name.to_string(), |of_type| format!("{of_type}::{name}"));
        self.functions.push((range, name));
        true
    }
}

impl<'a> Visit<'a> for Structure {
    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        if self.enter(item.span().byte_range(), &item.attrs, &item.sig.ident) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        if self.enter(item.span().byte_range(), &item.attrs, &item.sig.ident) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'a syn::TraitItemFn) {
        if self.enter(item.span().byte_range(), &item.attrs, &item.sig.ident) {
            visit::visit_trait_item_fn(self, item);
        }
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
        if ORDERINGS.iter().any(|ordering| rename.ident == ordering) {
            self.renamed = Some(format!("{} as {}", rename.ident, rename.rename));
        }
    }
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
                .parse_args_with(syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated)
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

/// The walk over a file's tokens.
struct Walk<'a> {
    text: &'a str,
    name: &'a str,
    structure: &'a Structure,
    sites: Vec<Site>,
}

impl Walk<'_> {
    /// Looks through the tokens of one group. `call` is what stands before the group, if it is the arguments of a call.
    fn tokens(&mut self, tokens: &[TokenTree], call: &[TokenTree]) {
        let mut orderings = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            let (before, after) = (&tokens[..index], &tokens[index + 1..]);
            match token {
                TokenTree::Ident(ident) if ORDERINGS.iter().any(|ordering| ident == ordering) => {
                    let qualified = is_punct(before.last(), ':');
                    orderings.push(Named { ordering: ident.to_string(), at: ident.span().byte_range(), qualified });
                }
                TokenTree::Ident(ident) if ident == "asm" && is_punct(after.first(), '!') => {
                    self.add("asm", "asm!".into(), ident.span().byte_range(), Vec::new());
                }
                // The wrappers around lines that may be mapped read-only: an ordering by name.
                TokenTree::Ident(ident) if is_punct(before.last(), '.') && is_wrapper(ident) => {
                    let ordering = if ident == "load_acquire" { "Acquire" } else { "Relaxed" };
                    let named = Named { ordering: ordering.into(), at: ident.span().byte_range(), qualified: true };
                    let start = expression_start(before);
                    let end =
                        after.first().map_or(ident.span().byte_range().end, |token| token.span().byte_range().end);
                    self.add(&ident.to_string(), self.one_line(start..end), start..end, vec![named]);
                }
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    let is_call = group.delimiter() == Delimiter::Parenthesis && is_name(before.last());
                    self.tokens(&inner, if is_call { &tokens[..=index] } else { &[] });
                }
                _ => {}
            }
        }
        let Some((arguments, named)) = call.split_last() else {
            // Not in a call: a constant, or passed on in a variable. Each is a site of its own, so that it does not go unseen.
            for named in orderings {
                self.add("", format!("{} outside of a call", named.ordering), named.at.clone(), vec![named]);
            }
            return;
        };
        if !orderings.is_empty() {
            let called = named.last().map(ToString::to_string).unwrap_or_default();
            let at = expression_start(named)..arguments.span().byte_range().end;
            self.add(&called, self.one_line(at.clone()), at, orderings);
        }
    }

    fn add(&mut self, call: &str, expression: String, at: Range<usize>, orderings: Vec<Named>) {
        if self.structure.left_out.iter().any(|range| range.contains(&at.start)) {
            return;
        }
        self.sites.push(Site {
            file: self.name.to_owned(),
            function: self.structure.function(at.start).to_owned(),
            expression,
            before: 0,
            call: call.to_owned(),
            at,
            orderings,
        });
    }

    /// The text with all its white space as single blanks, without any around punctuation that a line break needs.
    fn one_line(&self, at: Range<usize>) -> String {
        let words = self.text[at].split_whitespace().collect::<Vec<_>>().join(" ");
        words.replace(" .", ".").replace("( ", "(").replace(", )", ")")
    }
}

fn is_wrapper(ident: &Ident) -> bool {
    ident == "load_acquire" || ident == "load_relaxed"
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

/// A name that can be called: not a keyword.
fn is_name(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if !KEYWORDS.iter().any(|keyword| ident == keyword))
}

/// Where the expression that ends with these tokens begins: names, paths, calls and indices, joined by dots.
fn expression_start(tokens: &[TokenTree]) -> usize {
    let is_part = |token: &TokenTree| match token {
        TokenTree::Ident(_) => is_name(Some(token)),
        TokenTree::Group(group) => group.delimiter() != Delimiter::Brace,
        TokenTree::Punct(punct) => ['.', ':', '?', '$'].contains(&punct.as_char()),
        TokenTree::Literal(_) => true,
    };
    let parts = tokens.iter().rev().take_while(|token| is_part(token));
    parts.last().map_or(0, |token| token.span().byte_range().start)
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
