//! `icc doctor`: this machine, and what it means for queues.

use crate::machine::health::{self, Finding, Verdict};
use crate::output::Paint;
use crate::text;
use serde_json::json;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

/// Examines this machine and the permissions of this user: what each finding means for queues, and
/// how to change it.
///
/// Fails if something keeps queues from working. What only costs time or a feature is a note.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  icc doctor\n  icc doctor --json | jq '.[] | select(.verdict != \"good\")'")]
pub(crate) struct Args {
    /// The directory of the buffers.
    #[arg(long, default_value = "/dev/shm")]
    directory: PathBuf,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let findings = health::examine(&args.directory);
    let text = if args.json { as_json(&findings) } else { as_text(&findings, Paint::for_stdout()) };
    std::io::stdout().write_all(text.as_bytes())?;
    let bad = findings.iter().filter(|finding| finding.verdict == Verdict::Bad).count();
    anyhow::ensure!(bad == 0, "{bad} of {} findings keep queues from working", findings.len());
    Ok(())
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "good",
        Verdict::Note => "note",
        Verdict::Bad => "bad",
    }
}

fn as_text(findings: &[Finding], paint: Paint) -> String {
    let mut text = String::new();
    for Finding { topic, verdict, found, means, change } in findings {
        let padded = format!("{:4}", word(*verdict));
        let verdict = match verdict {
            Verdict::Good => paint.green(padded),
            Verdict::Note => paint.yellow(padded),
            Verdict::Bad => paint.red(padded),
        };
        let topic = paint.bold(format!("{topic:15}"));
        // A `String` takes all that is written.
        let _ = writeln!(text, "{verdict}  {topic}  {}", text::shown(found));
        let _ = writeln!(text, "{:23}{}", "", paint.dim(means));
        if !change.is_empty() {
            let _ = writeln!(text, "{:23}to change it: {change}", "");
        }
    }
    text
}

fn as_json(findings: &[Finding]) -> String {
    let findings = findings.iter().map(|finding| {
        json!({
            "topic": finding.topic,
            "verdict": word(finding.verdict),
            "found": finding.found,
            "means": finding.means,
            "change": finding.change,
        })
    });
    text::json(&findings.collect()) + "\n"
}
