//! Every atomic operation in the sources of the library crates.
//!
//! An operation is known by file, function, what is called and which of several calls of that name
//! in the function it is: lines can move and variables be renamed without its place in the lists
//! becoming another.

mod calls;
mod carriers;
mod order;
mod structure;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::workspace::{LIBRARIES, source_file};
use calls::{Call, Given};
use carriers::Carrier;
pub(crate) use order::Order;
use structure::Structure;

/// What the shim offers, by the names that it weakens them by.
const SHIM: [&str; 5] = ["load", "store", "compare_exchange", "fetch_add", "fence"];

/// What is done at a place: an operation of the shim, with its orderings.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Effect {
    pub(crate) operation: String,
    orderings: Vec<Given>,
}

impl Effect {
    /// The orderings, none of which comes from a caller.
    pub(crate) fn orderings(&self) -> impl Iterator<Item = Order> {
        self.orderings.iter().filter_map(|given| match given {
            Given::Named(order) => Some(*order),
            Given::Passed(_) => None,
        })
    }

    fn is_relaxed(&self) -> bool {
        self.operation != "fence" && self.orderings().all(|order| order == Order::Relaxed)
    }

    fn is_open(&self) -> bool {
        self.orderings.iter().any(|given| matches!(given, Given::Passed(_)))
    }
}

/// An atomic operation, or a call of a function that carries one for its callers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Operation {
    /// The file below the folder of crates, without `src`: `icc-queue/mpmc.rs`.
    pub(crate) file: String,
    /// The function, with its type if it has one.
    pub(crate) function: String,
    /// What is called: `load`, `fence`; `asm` for inline assembly.
    pub(crate) call: String,
    /// Which call of that name in the function: 1 for the first.
    pub(crate) nth: usize,
    /// Where the compiler says that the call is.
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) effects: Vec<Effect>,
    /// Whether it has the place of its function's callers, and is weakened there.
    pub(crate) carried: bool,
}

impl Operation {
    /// What the lists know it by.
    pub(crate) fn place(&self) -> String {
        let nth = if self.nth == 1 { String::new() } else { format!(" #{}", self.nth) };
        format!("{} {} {}{nth}", self.file, self.function, self.call)
    }

    /// Whether it orders nothing, as far as it says itself: inline assembly does not.
    pub(crate) fn is_relaxed(&self) -> bool {
        self.effects.iter().all(Effect::is_relaxed)
    }
}

/// A parsed file.
struct File {
    name: String,
    structure: Structure,
    calls: Vec<Call>,
}

/// All atomic operations in what the library crates below `crates` ship: tests and what is built
/// for models alone are left out.
///
/// # Errors
///
/// When a file cannot be read or parsed, or names an ordering in a way that hides it.
pub(crate) fn operations(crates: &Path) -> anyhow::Result<Vec<Operation>> {
    let mut files = Vec::new();
    for library in LIBRARIES {
        files.extend(files_of(crates, library)?);
    }
    operations_in(&files)
}

/// The files of a crate, sorted by their names.
fn files_of(crates: &Path, library: &str) -> anyhow::Result<Vec<File>> {
    let root = source_file(crates, &format!("{library}/lib.rs"));
    let src = root.parent().map(Path::to_owned).unwrap_or_default();
    let (mut paths, mut files) = (vec![root], Vec::new());
    while let Some(path) = paths.pop() {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = format!("{library}/{}", path.strip_prefix(&src).unwrap_or(&path).display());
        let file = File::read(name, &text).with_context(|| format!("in {}", path.display()))?;
        let modules = file.structure.modules.iter().map(|module| module.file(&path));
        paths.extend(modules.collect::<anyhow::Result<Vec<PathBuf>>>()?);
        files.push(file);
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

impl File {
    fn read(name: String, text: &str) -> anyhow::Result<Self> {
        let structure = Structure::of(text)?;
        if let Some(renamed) = &structure.renamed {
            bail!("`{renamed}`: an ordering under another name is not found; use its own");
        }
        let calls = calls::calls(text, &structure)?;
        Ok(Self { name, structure, calls })
    }

    fn function(&self, call: &Call) -> &str {
        let index = self.structure.function_at(call.at);
        index.map_or("-", |index| &self.structure.functions[index].full_name)
    }
}

/// The operations of all files together: a function in one may carry operations for callers in
/// others.
fn operations_in(files: &[File]) -> anyhow::Result<Vec<Operation>> {
    let carriers = Carrier::all(files)?;
    let (mut operations, mut problems) = (Vec::new(), Vec::new());
    for file in files {
        let mut count = HashMap::new();
        for call in &file.calls {
            let at = || format!("{}:{}, in {}", file.name, call.place.line, file.function(call));
            let effects = match effects(call, &carriers) {
                Ok(None) => continue,
                Ok(Some(effects)) => effects,
                Err(problem) => {
                    problems.push(format!("{}: {problem:#}", at()));
                    continue;
                }
            };
            let carried = file.structure.is_carried(call.at);
            if !carried && effects.iter().any(Effect::is_open) {
                problems.push(format!(
                    "{}: an ordering comes from the callers, which are weakened one by one: mark the function with \
                     #[cfg_attr(icc_loom, track_caller)]",
                    at()
                ));
            }
            let function = file.function(call);
            let nth = count.entry((function, call.name.as_str())).or_insert(0);
            *nth += 1;
            operations.push(Operation {
                file: file.name.clone(),
                function: function.to_owned(),
                call: call.name.clone(),
                nth: *nth,
                line: call.place.line,
                // The compiler counts from 1.
                column: call.place.column + 1,
                effects,
                carried,
            });
        }
    }
    let weakened_here =
        |carrier: &&Carrier| carrier.effects.iter().any(|effect| !effect.is_relaxed() || effect.is_open());
    for carrier in carriers.iter().filter(weakened_here) {
        if !operations.iter().any(|operation| operation.call == carrier.name && !operation.carried) {
            problems
                .push(format!("`{}` tracks its caller and has none: its orderings are weakened nowhere", carrier.name));
        }
    }
    if problems.is_empty() { Ok(operations) } else { bail!("{}", problems.join("\n")) }
}

/// What a call does; `None` if it is no atomic operation.
fn effects(call: &Call, carriers: &[Carrier]) -> anyhow::Result<Option<Vec<Effect>>> {
    if call.name == "asm" {
        return Ok(Some(Vec::new()));
    }
    // The shipped half of `load_behind_stores`, which is a fence under loom.
    if call.name == "compiler_fence" {
        return Ok(Some(vec![Effect { operation: "fence".into(), orderings: call.orderings.clone() }]));
    }
    if SHIM.contains(&&*call.name) && !call.orderings.is_empty() {
        return Ok(Some(vec![Effect { operation: call.name.clone(), orderings: call.orderings.clone() }]));
    }
    if let Some(carrier) = carriers.iter().find(|carrier| carrier.is_called_by(call)) {
        return carrier.effects_for(&call.orderings).map(Some);
    }
    if call.orderings.is_empty() {
        return Ok(None);
    }
    bail!("`{}` is given an ordering, and neither is an operation of the shim nor tracks its caller", call.name)
}

/// The operations in some texts, each with its file's name.
#[cfg(test)]
pub(crate) fn in_text(texts: &[(&str, &str)]) -> anyhow::Result<Vec<Operation>> {
    let files = texts.iter().map(|(name, text)| File::read((*name).to_owned(), text));
    operations_in(&files.collect::<anyhow::Result<Vec<_>>>()?)
}

#[cfg(test)]
mod tests;
