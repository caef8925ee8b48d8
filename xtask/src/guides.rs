//! `cargo xtask guides`: the guides of `docs/`, as parts of the crates' documentation.
//!
//! A package holds only what is in its crate's directory, and links between files lead nowhere on docs.rs. So each
//! crate has copies of its guides in `guides/`, with the links rewritten. The step `docs` checks that they are up to
//! date.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::process;
use crate::workspace::Workspace;

/// Which crate has which guides. In its `src/guides.rs` each is a module of the same name, with `_` for `-`.
const GUIDES: [(&str, &[&str]); 6] = [
    ("icc-seqlock", &["memory-model"]),
    (
        "icc-queue",
        &[
            "bytes",
            "capacity",
            "comparison",
            "compatibility",
            "death",
            "groups",
            "languages",
            "lossless-seen-shared",
            "payloads",
            "performance",
            "reading-from-c",
            "shared-memory",
            "shared-memory-layout",
            "tuning",
            "waiting",
        ],
    ),
    ("icc-schema", &["schema"]),
    ("icc-trace", &["tracing"]),
    ("icc-cli", &["command", "recording"]),
    ("icc-bench", &["benchmarking"]),
];

/// Where everything else is to be found.
const REPOSITORY: &str = "https://github.com/icc-rs/icc/blob/main";

/// Writes all copies anew.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    each(workspace, |path, text| {
        if fs::read_to_string(path).is_ok_and(|found| found == text) {
            return Ok(());
        }
        fs::create_dir_all(path.parent().context("a file is in a directory")?)?;
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(process::say(&path.display().to_string())?)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Checks that they are up to date.
///
/// # Errors
///
/// If one is not.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    each(workspace, |path, text| match fs::read_to_string(path) {
        Ok(found) if found == text => Ok(()),
        _ => bail!("{} is out of date: cargo xtask guides writes it anew", path.display()),
    })
}

fn each(workspace: &Workspace, mut act: impl FnMut(&Path, &str) -> anyhow::Result<()>) -> anyhow::Result<()> {
    for (crate_name, guides) in GUIDES {
        for guide in guides {
            let source = workspace.root().join("docs").join(format!("{guide}.md"));
            let text = fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
            let copy = workspace.crate_dir(crate_name).join("guides").join(format!("{guide}.md"));
            act(&copy, &rewritten(&text, crate_name))?;
        }
    }
    Ok(())
}

/// The text with links that work in `crate_name`'s documentation. Code in fences stays as it is.
fn rewritten(text: &str, crate_name: &str) -> String {
    let (mut out, mut in_code) = (String::new(), false);
    // A link's text may be broken over two lines, its target is not.
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        // What rustdoc would take for links: types of fields.
        let line =
            if in_code { line.to_owned() } else { line.replace(" u64[", r" u64\[").replace(" char[", r" char\[") };
        let mut rest = line.as_str();
        while let Some((before, after)) = (!in_code).then(|| rest.split_once("](")).flatten() {
            let Some((target, behind)) = after.split_once(')') else { break };
            out.push_str(before);
            out.push_str("](");
            out.push_str(&link(target, crate_name));
            out.push(')');
            rest = behind;
        }
        out.push_str(rest);
    }
    out
}

/// Where a link of a file in `docs/` leads from the crate's documentation.
fn link(target: &str, crate_name: &str) -> String {
    if target.contains("://") || target.starts_with('#') {
        return target.to_owned();
    }
    let (file, anchor) =
        target.split_once('#').map_or((target, String::new()), |(file, anchor)| (file, format!("#{anchor}")));
    if let Some(guide) = file.strip_suffix(".md") {
        let module = guide.replace('-', "_");
        match GUIDES.iter().find(|(_, guides)| guides.contains(&guide)) {
            Some((name, _)) if *name == crate_name => return format!("crate::guides::{module}{anchor}"),
            Some((name, _)) => {
                let library = name.replace('-', "_");
                return format!("https://docs.rs/{name}/latest/{library}/guides/{module}/index.html{anchor}");
            }
            None => {}
        }
    }
    let path = file.strip_prefix("../").map_or_else(|| format!("docs/{file}"), str::to_owned);
    // A picture itself, not the page about it.
    let raw = if path.ends_with(".svg") { "?raw=true" } else { "" };
    format!("{REPOSITORY}/{path}{raw}{anchor}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_modules_crates_and_the_repository() {
        let links = [
            ("capacity.md#the-rule", "crate::guides::capacity#the-rule"),
            ("lossless-seen-shared.md", "crate::guides::lossless_seen_shared"),
            ("#here", "#here"),
            ("https://rustup.rs", "https://rustup.rs"),
            ("schema.md", "https://docs.rs/icc-schema/latest/icc_schema/guides/schema/index.html"),
            ("../README.md", "https://github.com/icc-rs/icc/blob/main/README.md"),
            ("long-runs.md", "https://github.com/icc-rs/icc/blob/main/docs/long-runs.md"),
            ("images/ring.svg", "https://github.com/icc-rs/icc/blob/main/docs/images/ring.svg?raw=true"),
        ];
        for (target, expected) in links {
            assert_eq!(link(target, "icc-queue"), expected);
        }
    }

    #[test]
    fn code_stays() {
        let text = "see [a\nb](death.md), [c](../x)\n```rust\nlet a = [b](death.md);\n```\n[d](death.md)\n";
        let expected = "see [a\nb](crate::guides::death), [c](https://github.com/icc-rs/icc/blob/main/x)\n\
                        ```rust\nlet a = [b](death.md);\n```\n[d](crate::guides::death)\n";
        assert_eq!(rewritten(text, "icc-queue"), expected);
    }
}
