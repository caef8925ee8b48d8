//! The table of mutants, for the screen and for `docs/memory-model.md`.

use std::fs;

use anyhow::{Context as _, bail};

use super::check::Check;
use super::lists::{Catalogue, Lists};
use crate::process::say;
use crate::workspace::{LIBRARIES, Workspace};

const DOCUMENT: &str = "docs/memory-model.md";
const BEGIN: &str = "<!-- Written by `cargo xtask mutants --list --markdown`. -->\n";
const END: &str = "<!-- End of what is written. -->\n";

/// Prints every mutant and what catches it.
pub(crate) fn list(catalogue: &Catalogue, lists: &Lists) -> anyhow::Result<()> {
    for mutant in &catalogue.mutants {
        let covered = match (lists.caught.get(&mutant.id), lists.proof(&mutant.id)) {
            (Some(check), _) => format!("caught by: {check}"),
            (None, Some(proof)) => format!("allowed: {proof}"),
            (None, None) => "NOT COVERED".into(),
        };
        let wrong = if mutant.wrong.is_empty() { String::new() } else { format!("wrong because: {}\n", mutant.wrong) };
        say(&format!("{}\n    {}", mutant.id, (wrong + &covered).replace('\n', "\n    ")))?;
    }
    for reason in &lists.relaxed {
        say(&format!("{}\n    relaxed: {}", reason.of, reason.because.trim().replace('\n', "\n    ")))?;
    }
    let caught = catalogue.mutants.iter().filter(|mutant| lists.caught.contains_key(&mutant.id)).count();
    say(&format!(
        "\n{} operations, {} of them relaxed; {} mutants: {caught} caught, {} allowed",
        catalogue.sites.len(),
        lists.relaxed.len(),
        catalogue.mutants.len(),
        lists.allowed.len()
    ))?;
    Ok(())
}

/// The table of orderings and steps, as it stands in the document.
pub(crate) fn markdown(catalogue: &Catalogue, lists: &Lists) -> String {
    let mut text = String::new();
    let mut file = "";
    // Steps stand after all orderings in the catalogue, and with those of their file here.
    let mut mutants: Vec<_> = catalogue.mutants.iter().collect();
    mutants.sort_by_key(|mutant| {
        let library = LIBRARIES.iter().position(|library| *library == mutant.crate_name());
        let first = catalogue.sites.iter().position(|site| site.file == mutant.file);
        (library, first.unwrap_or(usize::MAX), &mutant.file)
    });
    for mutant in mutants {
        if mutant.file != file {
            file = &mutant.file;
            text.push_str(&format!("\n`{file}`\n\n| what is made wrong | caught by |\n|---|---|\n"));
        }
        let short = mutant.id.strip_prefix(file).unwrap_or(&mutant.id).trim();
        let what = match (short.rsplit_once(" => "), short.split_once(" step: ")) {
            (_, Some((_, name))) => cell(name),
            (Some((place, change)), _) => {
                let (function, expression) = place.split_once(": ").unwrap_or(("", place));
                let (expression, nth) = match expression.rsplit_once(" #") {
                    Some((expression, nth)) => (expression, format!(" (number {nth})")),
                    None => (expression, String::new()),
                };
                let to = if change == "dropped" { change.to_owned() } else { format!("to `{change}`") };
                format!("`{}`: `{}`{nth} {to}", cell(function), cell(expression))
            }
            _ => cell(short),
        };
        let by = match lists.caught.get(&mutant.id).map(|check| check.parse::<Check>()) {
            Some(Ok(check)) => format!("`{}` of {} ({})", check.test, check.package, check.build.name()),
            _ => "nothing: see `mutants/allowed.toml`".into(),
        };
        text.push_str(&format!("| {what} | {by} |\n"));
    }
    text.push('\n');
    text
}

/// Text that cannot end a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Whether the document's table is the lists' own.
pub(crate) fn check_document(workspace: &Workspace, catalogue: &Catalogue, lists: &Lists) -> anyhow::Result<()> {
    let path = workspace.root().join(DOCUMENT);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {DOCUMENT}"))?;
    let (_, _, found) = parts(&text)?;
    if found != markdown(catalogue, lists) {
        bail!("the table in {DOCUMENT} is not that of the lists: cargo xtask mutants --list --markdown writes it anew");
    }
    Ok(())
}

/// Writes the table into the document.
pub(crate) fn write_document(workspace: &Workspace, catalogue: &Catalogue, lists: &Lists) -> anyhow::Result<()> {
    let path = workspace.root().join(DOCUMENT);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {DOCUMENT}"))?;
    let (before, after, _) = parts(&text)?;
    fs::write(&path, [before, &markdown(catalogue, lists), after].concat())
        .with_context(|| format!("cannot write {DOCUMENT}"))
}

/// What stands before the table, after it, and in it.
fn parts(text: &str) -> anyhow::Result<(&str, &str, &str)> {
    let begin = text.find(BEGIN).map(|at| at + BEGIN.len());
    let Some((begin, end)) = begin.zip(text.find(END)).filter(|(begin, end)| begin <= end) else {
        bail!("{DOCUMENT} has no place for the table: the lines\n{BEGIN}{END}");
    };
    Ok((&text[..begin], &text[end..], &text[begin..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_between_its_marks() {
        let text = format!("a\n{BEGIN}old\n{END}b\n");
        let (before, after, found) = parts(&text).unwrap();
        assert_eq!((before, found), (&*format!("a\n{BEGIN}"), "old\n"));
        assert!(after.ends_with("b\n"));
        assert!(parts("a\n").is_err());
        assert!(parts(&format!("{END}{BEGIN}")).is_err());
    }
}
