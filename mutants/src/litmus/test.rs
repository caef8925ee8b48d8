//! A litmus test as it stands in `litmus/`: a C program of a few threads, each access labelled with
//! the operation in the sources that it stands for.
//!
//! A label is the comment at the end of an access's line:
//!
//! - `// icc-queue/mpmc.rs claim store`, as the lists of mutants know the operation; where a
//!   function does several things for its callers, with the one that is meant behind it
//!   (`load_behind_stores fence`);
//! - the same and `, elsewhere`: weakened, it changes nothing in this test, and it is another that
//!   shows what it is for;
//! - `// stands for ...`: what the kernel or another part of the program does.
//!
//! A comment `(* never: MUTANT: reason *)` says why a mutant that this test has cannot show. One
//! `(* together: MUTANT; MUTANT *)` says that two do what neither does alone.

use std::ops::Range;

use anyhow::{Context as _, bail};

use crate::source::Order;

/// What herd7 calls each operation of the shim.
const CALLS: [(&str, &str); 5] = [
    ("atomic_load_explicit(", "load"),
    ("atomic_store_explicit(", "store"),
    ("atomic_thread_fence(", "fence"),
    ("atomic_compare_exchange_strong_explicit(", "compare_exchange"),
    ("atomic_fetch_add_explicit(", "fetch_add"),
];
const ORDERS: [(&str, Order); 5] = [
    ("memory_order_relaxed", Order::Relaxed),
    ("memory_order_acquire", Order::Acquire),
    ("memory_order_release", Order::Release),
    ("memory_order_acq_rel", Order::AcqRel),
    ("memory_order_seq_cst", Order::SeqCst),
];

/// A test.
#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) accesses: Vec<Access>,
    pub(crate) never: Vec<Never>,
    /// Mutants that only together make the outcome possible.
    pub(crate) together: Vec<[String; 2]>,
}

/// An access or a fence.
#[derive(Debug)]
pub(crate) struct Access {
    /// Its number, from 1.
    pub(crate) line: usize,
    /// Its bytes in the text, without the label.
    statement: Range<usize>,
    /// What the shim calls it.
    pub(crate) operation: &'static str,
    pub(crate) orderings: Vec<Order>,
    /// Where each of them stands in the text.
    at: Vec<Range<usize>>,
    pub(crate) label: Label,
}

/// What an access stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Label {
    Operation {
        /// As the lists know it, maybe with one of its effects behind it.
        name: String,
        elsewhere: bool,
    },
    /// Nothing in the sources of the libraries.
    Other,
}

/// A mutant that the test has and cannot show.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Never {
    pub(crate) mutant: String,
    pub(crate) because: String,
}

impl Test {
    /// Reads a test.
    pub(crate) fn read(text: &str) -> anyhow::Result<Self> {
        let name = text.lines().next().and_then(|line| line.strip_prefix("C ")).context("no `C NAME` in line 1")?;
        let (mut accesses, mut start) = (Vec::new(), 0);
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let access = Access::read(line, start, index + 1).with_context(|| format!("line {}", index + 1))?;
            accesses.extend(access);
            start += line.len();
        }
        if accesses.is_empty() {
            bail!("no access in it");
        }
        Ok(Self {
            name: name.trim().to_owned(),
            text: text.to_owned(),
            accesses,
            never: never(text)?,
            together: together(text)?,
        })
    }

    /// The text with all these edits made, none of which overlaps another.
    pub(crate) fn edited(&self, mut edits: Vec<Edit>) -> String {
        let mut text = self.text.clone();
        // From the end: what is before keeps its place.
        edits.sort_by_key(|edit| edit.place.start);
        for Edit { place, with } in edits.into_iter().rev() {
            text.replace_range(place, with);
        }
        text
    }
}

/// A change of the text.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    place: Range<usize>,
    with: &'static str,
}

impl Access {
    /// Makes its ordering number `index` `weaker`.
    pub(crate) fn with(&self, index: usize, weaker: Order) -> Option<Edit> {
        let (with, _) = *ORDERS.iter().find(|(_, order)| *order == weaker)?;
        Some(Edit { place: self.at.get(index)?.clone(), with })
    }

    /// Leaves it out.
    pub(crate) fn without(&self) -> Edit {
        Edit { place: self.statement.clone(), with: "" }
    }

    fn read(line: &str, start: usize, number: usize) -> anyhow::Result<Option<Self>> {
        let (code, label) = line.split_once("//").unwrap_or((line, ""));
        let found: Vec<_> = CALLS.iter().filter(|(call, _)| code.contains(call)).collect();
        let count = code.matches("atomic_").count() - code.matches("atomic_int").count();
        let [(_, operation)] = found[..] else {
            if count > 0 {
                bail!("one access to a line, of the kinds that are known");
            }
            return Ok(None);
        };
        if count != 1 {
            bail!("more than one access");
        }
        let mut orderings: Vec<(usize, &str, Order)> = Vec::new();
        for (word, order) in ORDERS {
            orderings.extend(code.match_indices(word).map(|(at, word)| (at, word, order)));
        }
        orderings.sort_by_key(|(at, ..)| *at);
        let at = orderings.iter().map(|(at, word, _)| start + at..start + at + word.len()).collect();
        let first = start + code.len() - code.trim_start().len();
        Ok(Some(Self {
            line: number,
            statement: first..start + code.trim_end().len(),
            operation,
            orderings: orderings.into_iter().map(|(.., order)| order).collect(),
            at,
            label: Label::read(label.trim())?,
        }))
    }
}

impl Label {
    fn read(text: &str) -> anyhow::Result<Self> {
        if text.starts_with("stands for ") {
            return Ok(Self::Other);
        }
        if !text.starts_with("icc-") {
            bail!("no label: `// FILE FUNCTION CALL` or `// stands for ...`");
        }
        let stripped = text.strip_suffix(", elsewhere");
        Ok(Self::Operation { name: stripped.unwrap_or(text).to_owned(), elsewhere: stripped.is_some() })
    }
}

/// The comments that excuse a mutant.
fn never(text: &str) -> anyhow::Result<Vec<Never>> {
    let mut found = Vec::new();
    for comment in text.split("(* never: ").skip(1) {
        let comment = comment.split("*)").next().unwrap_or_default();
        let words = comment.split_whitespace().collect::<Vec<_>>().join(" ");
        let Some((mutant, because)) = words.split_once(": ") else {
            bail!("`never` without its reason: `{words}`");
        };
        found.push(Never { mutant: mutant.to_owned(), because: because.to_owned() });
    }
    Ok(found)
}

/// The comments that name mutants which belong together.
fn together(text: &str) -> anyhow::Result<Vec<[String; 2]>> {
    let mut found = Vec::new();
    for comment in text.split("(* together: ").skip(1) {
        let comment = comment.split("*)").next().unwrap_or_default();
        let words = comment.split_whitespace().collect::<Vec<_>>().join(" ");
        let Some((one, other)) = words.split_once("; ") else {
            bail!("`together` wants two mutants: `{words}`");
        };
        found.push([one.to_owned(), other.to_owned()]);
    }
    Ok(found)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const TEXT: &str = "C small\n(* never: icc-queue/f.rs f store => Relaxed: it is\n   small. *)\n{ [a] = 0; }\n\
        P0 (atomic_int* a) {\n  atomic_store_explicit(a, 1, memory_order_release); // icc-queue/f.rs f store\n\
        \x20 atomic_thread_fence(memory_order_seq_cst); // icc-queue/f.rs f load_behind fence, elsewhere\n}\n\
        P1 (atomic_int* a) {\n  int r = atomic_load_explicit(a, memory_order_acquire); // stands for the kernel\n}\n\
        exists (1:r = 1)\n";

    #[test]
    fn a_test_is_read() {
        let test = Test::read(TEXT).unwrap();
        assert_eq!(test.name, "small");
        let read: Vec<_> = test.accesses.iter().map(|access| (access.line, access.operation)).collect();
        assert_eq!(read, [(6, "store"), (7, "fence"), (10, "load")]);
        assert_eq!(test.accesses[0].orderings, [Order::Release]);
        let operation = |name: &str, elsewhere| Label::Operation { name: name.into(), elsewhere };
        assert_eq!(test.accesses[0].label, operation("icc-queue/f.rs f store", false));
        assert_eq!(test.accesses[1].label, operation("icc-queue/f.rs f load_behind fence", true));
        assert_eq!(test.accesses[2].label, Label::Other);
        assert_eq!(test.never[0].mutant, "icc-queue/f.rs f store => Relaxed");
        assert_eq!(test.never[0].because, "it is small.");
    }

    #[test]
    fn what_is_made_weaker_changes_and_nothing_else() {
        let test = Test::read(TEXT).unwrap();
        let (store, fence) = (&test.accesses[0], &test.accesses[1]);
        let relaxed = store.with(0, Order::Relaxed).unwrap();
        assert_eq!(test.edited(vec![relaxed.clone()]), TEXT.replace("memory_order_release", "memory_order_relaxed"));
        assert_eq!(test.edited(vec![fence.without()]), TEXT.replace("atomic_thread_fence(memory_order_seq_cst);", ""));
        let both = test.edited(vec![fence.without(), relaxed]);
        assert!(both.contains("memory_order_relaxed") && !both.contains("memory_order_seq_cst"), "{both}");
    }

    #[test]
    fn an_access_without_a_label_is_an_error() {
        for (good, bad) in
            [("// stands for the kernel", ""), ("// icc-queue/f.rs f store", "// f store"), ("C small", "small")]
        {
            assert!(Test::read(&TEXT.replace(good, bad)).is_err(), "{good}");
        }
        let two =
            "atomic_store_explicit(a, 1, memory_order_release); atomic_store_explicit(a, 2, memory_order_release);";
        assert!(Test::read(&TEXT.replace("atomic_store_explicit(a, 1, memory_order_release);", two)).is_err());
        let other = TEXT.replace("atomic_load_explicit(a", "atomic_exchange_explicit(a, 2");
        assert!(Test::read(&other).is_err(), "an operation that the shim does not have");
    }
}
