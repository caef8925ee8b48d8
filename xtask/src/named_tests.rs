//! The promise of `docs/testing.md`: every test that it names exists, and every loom model is named
//! there.
//!
//! A test is named by its file, below `crates/` unless it begins with `bindings/` or `bridge/`, and its function, such as
//! `icc-queue/tests/loom.rs::two_consumers`; a program that must not compile by its file and
//! `compile_fail`.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, bail};

use crate::workspace::Workspace;

const DOCUMENT: &str = "docs/testing.md";

/// Checks the document.
///
/// # Errors
///
/// With each test that is named and does not exist, and each model that exists and is not named.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let read = |path: &str| {
        let path = workspace.root().join(path);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let named = names(&read(DOCUMENT)?);
    if named.is_empty() {
        bail!("{DOCUMENT} names no test");
    }
    let mut wrong = Vec::new();
    for name in &named {
        let (file, test) = name.split_once("::").unwrap_or((name, ""));
        let is_elsewhere = ["bindings/", "bridge/"].iter().any(|place| file.starts_with(place));
        let path = if is_elsewhere { file.to_owned() } else { format!("crates/{file}") };
        match read(&path) {
            Ok(text) if has(&text, test) => {}
            Ok(_) => wrong.push(format!("{name}: there is no such test in that file")),
            Err(_) => wrong.push(format!("{name}: there is no such file")),
        }
    }
    for package in workspace.crates_with_models() {
        for target in workspace.models(package)? {
            let file = format!("{package}/tests/{target}.rs");
            let source = read(&format!("crates/{file}"))?;
            let models = tests(&source).into_iter().map(|model| format!("{file}::{model}"));
            let missing = models.filter(|name| !named.contains(name));
            wrong.extend(missing.map(|name| format!("{name}: a model that the document does not name")));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("{DOCUMENT} and the tests differ:\n  {}", wrong.join("\n  "))
}

/// The tests that a document names: what stands between backquotes and has the form of a name. A
/// name may give several functions of one file, as `file::{one, two}`.
fn names(document: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for code in document.split('`').skip(1).step_by(2) {
        let Some((file, tests)) = code.split_once(".rs::") else { continue };
        let tests = tests.trim_start_matches('{').trim_end_matches('}');
        names.extend(tests.split(',').map(|test| format!("{file}.rs::{}", test.trim())));
    }
    names
}

/// Whether a source file has a test of this name. Nested modules are not told apart.
fn has(text: &str, test: &str) -> bool {
    let name = test.rsplit("::").next().unwrap_or(test);
    if name == "compile_fail" { text.contains("```compile_fail") } else { tests(text).contains(name) }
}

/// The functions of a source file that are marked as tests.
fn tests(text: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut lines = text.lines().map(str::trim);
    while lines.by_ref().any(|line| line == "#[test]") {
        // Other attributes may stand between.
        let function = lines.by_ref().find_map(|line| line.strip_prefix("fn "));
        found.extend(function.and_then(|rest| rest.split('(').next()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_names_in_a_document() {
        let document = "see `a/tests/b.rs::c`, `d/src/e.rs::{f, g}` and `h.rs` or\n`std::fmt`";
        assert_eq!(
            names(document).into_iter().collect::<Vec<_>>(),
            ["a/tests/b.rs::c", "d/src/e.rs::f", "d/src/e.rs::g"]
        );
    }

    #[test]
    fn finds_tests_in_a_source() {
        let source = "#[test]\nfn one() {}\nfn helper() {}\n  #[test]\n  #[ignore = \"long\"]\n  fn two(x in y()) {}\n/// ```compile_fail,E0599\n";
        assert_eq!(tests(source).into_iter().collect::<Vec<_>>(), ["one", "two"]);
        assert!(has(source, "two") && has(source, "module::one") && has(source, "compile_fail"));
        assert!(!has(source, "helper") && !has("", "compile_fail"));
    }
}
