//! A litmus test in a processor's instructions.
//!
//! Beside what herd7 reads, its comments say:
//!
//! - `(* P0: seqlock_write *)`: the probe whose machine code the thread is; a thread without it is written by hand;
//! - `(* words: version a b *)`: locations that are consecutive words of one object; or, as `version a+8 b+24`, at these
//!   distances from the first. By the second register with the same location it is taken for another object: the code
//!   computes the address twice;
//! - `(* P0 passes: IdLock::is_forked *)`: a function that the probe calls, which is passed over: it accesses nothing of
//!   what the test is about, or what it does is written by hand;
//! - `(* P0 goes on: LDR W1,[X9]; DMB ISHLD *)`: what the way has after the rows, and herd7 need not judge: without it more is
//!   possible, not less;
//! - `(* by hand: STR W2,[X9] *)`: an instruction that is not of the probe, but of what its thread did before;
//! - `(* maybe: P0 STR W1,[X9] *)`: an instruction that some ways through the probe leave out; the outcome must be impossible
//!   without it, too;
//! - `(* together: P1 LDAR W0,[X1] => LDR; P1 CASA W2,W3,[X1] => CAS *)`: without the ordering of both, the outcome is possible;
//! - `(* never: P0 DMB ISH #2: reason *)`: without that instruction's ordering, here the second of its kind in its thread,
//!   the outcome is still impossible, and why.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};

use super::asm::{Address, Architecture, Instruction};
use super::compare::{Pattern, Wanted};

/// Instructions that order, and what each becomes without that.
const WEAKER: [(&str, &[&str]); 12] = [
    ("DMB", &[""]),
    ("mfence", &[""]),
    ("LDAR", &["LDR"]),
    ("STLR", &["STR"]),
    ("LDAXR", &["LDXR"]),
    ("STLXR", &["STXR"]),
    ("CASA", &["CAS"]),
    ("CASL", &["CAS"]),
    ("CASAL", &["CASA", "CASL"]),
    ("LDADDA", &["LDADD"]),
    ("LDADDL", &["LDADD"]),
    ("LDADDAL", &["LDADDA", "LDADDL"]),
];

/// A test.
#[derive(Debug)]
pub(crate) struct MachineTest {
    pub(super) architecture: Architecture,
    pub(crate) name: String,
    pub(crate) text: String,
    /// The probe of each thread that has one.
    pub(super) probes: BTreeMap<usize, String>,
    /// The object of each location, and the distance from its start.
    objects: BTreeMap<String, (String, i64)>,
    /// The location whose address a thread has in a register at first, and in how many others before.
    pointers: BTreeMap<(usize, String), (String, usize)>,
    /// The instructions: a row for each line, a column for each thread.
    rows: Vec<Vec<String>>,
    by_hand: Vec<String>,
    /// Functions that a thread's probe calls and that are passed over.
    pub(super) passed: Vec<(usize, String)>,
    /// What a thread has after its rows.
    goes_on: BTreeMap<usize, Vec<String>>,
    never: BTreeMap<String, String>,
    maybe: Vec<String>,
    /// Each of two: an instruction's name, and what it becomes.
    together: Vec<[(String, String); 2]>,
}

/// A test with one instruction made weaker.
#[derive(Debug)]
pub(crate) struct MachineVariant {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) shows: bool,
}

impl MachineTest {
    /// Reads a test.
    pub(super) fn read(architecture: Architecture, text: &str) -> anyhow::Result<Self> {
        let first = text.lines().next().and_then(|line| line.strip_prefix(architecture.herd_name()));
        let name = first.with_context(|| format!("no `{} NAME` in line 1", architecture.herd_name()))?;
        let mut test = Self {
            architecture,
            name: name.trim().to_owned(),
            text: text.to_owned(),
            probes: BTreeMap::new(),
            objects: BTreeMap::new(),
            pointers: BTreeMap::new(),
            rows: Vec::new(),
            by_hand: Vec::new(),
            passed: Vec::new(),
            goes_on: BTreeMap::new(),
            never: BTreeMap::new(),
            maybe: Vec::new(),
            together: Vec::new(),
        };
        for comment in text.split("(* ").skip(1) {
            test.comment(
                &comment.split("*)").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "),
            )?;
        }
        let (_, rest) = text.split_once("\n{").context("no initial state")?;
        let (init, body) = rest.split_once('}').context("the initial state has no end")?;
        for (place, value) in init.split(';').filter_map(|part| part.trim().split_once('=')) {
            if let Some((thread, register)) = place.trim().split_once(':') {
                let register = Instruction::read(architecture, &moves(architecture, register))?.writes.remove(0);
                let (thread, location) = (thread.parse().context("no thread")?, value.trim());
                let before =
                    |((of, _), (other, _)): &(&(usize, String), &(String, usize))| *of == thread && other == location;
                let nth = test.pointers.iter().filter(before).count();
                test.pointers.insert((thread, register), (location.to_owned(), nth));
            }
        }
        let body = body.split("\nexists").next().unwrap_or_default();
        for line in body.lines().filter(|line| is_row(line)).skip(1) {
            test.rows.push(line.trim_end_matches(';').split('|').map(|cell| cell.trim().to_owned()).collect());
        }
        if test.rows.is_empty() || test.probes.is_empty() {
            bail!("no instruction, or no probe, in it");
        }
        Ok(test)
    }

    fn comment(&mut self, comment: &str) -> anyhow::Result<()> {
        if let Some(locations) = comment.strip_prefix("words: ") {
            let locations: Vec<&str> = locations.split(' ').collect();
            for (word, location) in (0..).zip(&locations) {
                let (location, distance) = match location.split_once('+') {
                    Some((location, distance)) => (location, distance.parse().context("no distance")?),
                    None => (*location, 8 * word),
                };
                self.objects.insert(location.to_owned(), (locations[0].to_owned(), distance));
            }
        } else if let Some(cell) = comment.strip_prefix("by hand: ") {
            self.by_hand.push(cell.to_owned());
        } else if let Some(maybe) = comment.strip_prefix("maybe: ") {
            self.maybe.push(maybe.to_owned());
        } else if let Some(both) = comment.strip_prefix("together: ") {
            let one = |text: &str| text.split_once(" => ").map(|(name, with)| (name.to_owned(), with.to_owned()));
            let both = both.split_once("; ").and_then(|(first, second)| Some([one(first)?, one(second)?]));
            self.together.push(both.context("`together` wants two instructions and what they become")?);
        } else if let Some(never) = comment.strip_prefix("never: ") {
            let (instruction, because) = never.split_once(": ").context("`never` without its reason")?;
            self.never.insert(instruction.to_owned(), because.to_owned());
        } else if let Some((thread, cells)) = comment.strip_prefix('P').and_then(|rest| rest.split_once(" goes on: "))
            && let Ok(thread) = thread.parse()
        {
            self.goes_on.insert(thread, cells.split("; ").map(ToOwned::to_owned).collect());
        } else if let Some((thread, name)) = comment.strip_prefix('P').and_then(|rest| rest.split_once(" passes: "))
            && let Ok(thread) = thread.parse()
        {
            self.passed.push((thread, name.to_owned()));
        } else if let Some((thread, probe)) = comment.strip_prefix('P').and_then(|rest| rest.split_once(": "))
            && let Ok(thread) = thread.parse()
        {
            self.probes.insert(thread, probe.to_owned());
        }
        Ok(())
    }

    /// Where it lies.
    pub(super) fn path(&self) -> String {
        format!("litmus/{}/{}.litmus", self.architecture.name(), self.name)
    }

    /// What it is called in the table.
    pub(crate) fn title(&self) -> String {
        format!("{}/{}", self.architecture.name(), self.name)
    }

    /// The accesses and barriers of a thread: with and without each that may be left out.
    pub(super) fn patterns(&self, thread: usize) -> anyhow::Result<Vec<Pattern>> {
        let of_it = |name: &&String| name.starts_with(&format!("P{thread} "));
        let choices = subsets(&self.maybe.iter().filter(of_it).map(String::as_str).collect::<Vec<_>>());
        choices.iter().map(|left_out| self.pattern(thread, left_out)).collect()
    }

    fn pattern(&self, thread: usize, left_out: &[&str]) -> anyhow::Result<Pattern> {
        let mut pattern = Pattern::default();
        let rest = self.goes_on.get(&thread).into_iter().flatten();
        let rest = rest.map(|cell| (format!("P{thread} {cell}"), &**cell));
        for (name, cell) in self.named(thread).into_iter().map(|(name, _, cell)| (name, cell)).chain(rest) {
            if cell.is_empty() || self.by_hand.iter().any(|hand| hand == cell) || left_out.contains(&&*name) {
                continue;
            }
            let read = Instruction::read(self.architecture, cell)?;
            pattern.events.extend(read.barrier.map(|kind| Wanted { kind, place: None }));
            for (kind, address) in read.accesses {
                pattern.events.push(Wanted { kind, place: Some(self.object(thread, &address)?) });
            }
        }
        Ok(pattern)
    }

    fn object(&self, thread: usize, address: &Address) -> anyhow::Result<(String, i64)> {
        let [register] = &address.registers[..] else { bail!("{}: more than one register in an address", self.path()) };
        let pointer = self.pointers.get(&(thread, register.clone()));
        let (location, nth) =
            pointer.with_context(|| format!("{}: nothing is at {register} of P{thread}", self.path()))?;
        let (object, distance) = self.objects.get(location).cloned().unwrap_or_else(|| (location.clone(), 0));
        Ok((if *nth == 0 { object } else { format!("{object}, computed {} times", nth + 1) }, distance))
    }

    /// Each instruction of a thread, with its name and its row.
    fn named(&self, thread: usize) -> Vec<(String, usize, &str)> {
        let mut named: Vec<(String, usize, &str)> = Vec::new();
        for (row, cell) in self.rows.iter().enumerate().filter_map(|(row, cells)| Some((row, cells.get(thread)?))) {
            let nth = 1 + named.iter().filter(|(_, _, other)| other == cell).count();
            let nth = if nth == 1 { String::new() } else { format!(" #{nth}") };
            named.push((format!("P{thread} {cell}{nth}"), row, cell));
        }
        named
    }

    fn all_named(&self) -> impl Iterator<Item = (usize, String, usize, &str)> {
        let threads = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let named =
            move |thread| self.named(thread).into_iter().map(move |(name, row, cell)| (thread, name, row, cell));
        (0..threads).flat_map(named)
    }

    /// The test with each instruction that orders made weaker, one at a time.
    pub(crate) fn variants(&self) -> Vec<MachineVariant> {
        let mut variants = Vec::new();
        for (thread, name, row, cell) in self.all_named() {
            let word = cell.split(' ').next().unwrap_or_default();
            let all = WEAKER.iter().find(|(strong, _)| *strong == word).map_or(&[][..], |(_, weaker)| *weaker);
            for with in all {
                let becomes = if with.is_empty() { "dropped" } else { with };
                let changed = weaker(cell, becomes);
                let (text, shows) = (replaced(&self.text, thread, row, &changed), !self.never.contains_key(&name));
                variants.push(MachineVariant { name: format!("{name} => {becomes}"), text, shows });
            }
        }
        for both in &self.together {
            let text = both.iter().fold(self.text.clone(), |text, (name, with)| {
                let found = self.all_named().find(|(_, other, ..)| other == name);
                found.map_or(text.clone(), |(thread, _, row, cell)| replaced(&text, thread, row, &weaker(cell, with)))
            });
            let name = both.each_ref().map(|(name, with)| format!("{name} => {with}")).join("; ");
            variants.push(MachineVariant { name, text, shows: true });
        }
        let judged = self.maybe.iter().filter(|maybe| self.all_named().any(|(_, name, ..)| name == **maybe));
        for left_out in subsets(&judged.map(String::as_str).collect::<Vec<_>>()).into_iter().skip(1) {
            let gone = self.all_named().filter(|(_, name, ..)| left_out.contains(&&**name));
            let text = gone.fold(self.text.clone(), |text, (thread, _, row, _)| replaced(&text, thread, row, ""));
            variants.push(MachineVariant { name: format!("without {}", left_out.join(", ")), text, shows: false });
        }
        variants
    }

    /// Everything that is wrong with it.
    pub(crate) fn problems(&self) -> Vec<String> {
        let there = |never: &str| self.all_named().any(|(_, name, ..)| name == never);
        let mut problems = Vec::new();
        let together = self.together.iter().flatten().map(|(name, _)| name);
        let rest: Vec<String> = self
            .goes_on
            .iter()
            .flat_map(|(thread, cells)| cells.iter().map(move |cell| format!("P{thread} {cell}")))
            .collect();
        let maybe = self.maybe.iter().filter(|maybe| !rest.contains(maybe));
        for maybe in maybe.chain(together).filter(|maybe| !there(maybe)) {
            problems.push(format!("{}: no such instruction in it: {maybe}", self.path()));
        }
        for (never, because) in &self.never {
            if !there(never) {
                problems.push(format!("{}: no such instruction in it: {never}", self.path()));
            }
            if because.split_whitespace().count() < 3 {
                problems.push(format!("{}: no reason is given for {never}", self.path()));
            }
        }
        problems
    }
}

/// The text with an instruction of a thread replaced.
fn replaced(text: &str, thread: usize, row: usize, by: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    let first = lines.iter().position(|line| is_row(line)).unwrap_or(0);
    if let Some(line) = lines.iter_mut().skip(first + 1).filter(|line| is_row(line)).nth(row) {
        let mut cells: Vec<&str> = line.trim_end_matches(';').split('|').collect();
        cells[thread] = by;
        *line = format!("{} ;", cells.join(" | "));
    }
    lines.join("\n") + "\n"
}

/// An instruction with another name, or none if that is `dropped`.
fn weaker(cell: &str, with: &str) -> String {
    let word = cell.split(' ').next().unwrap_or_default();
    if with == "dropped" { String::new() } else { cell.replacen(word, with, 1) }
}

/// Each choice of these, first that of none.
fn subsets<'a>(names: &[&'a str]) -> Vec<Vec<&'a str>> {
    names.iter().fold(vec![Vec::new()], |mut sets, &name| {
        let more: Vec<_> = sets.iter().map(|set| [&set[..], &[name]].concat()).collect();
        sets.extend(more);
        sets
    })
}

/// Whether a line is a row of instructions, or the threads' names above them.
fn is_row(line: &str) -> bool {
    line.starts_with(' ') && line.ends_with(';') && line.contains('|')
}

/// An instruction that writes a register, to read its name from.
fn moves(architecture: Architecture, register: &str) -> String {
    match architecture {
        Architecture::Aarch64 | Architecture::Aarch64Exclusive => format!("mov {register}, #0"),
        Architecture::X86_64 => format!("movq $0, %{}", register.trim().trim_start_matches('%')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<MachineTest> {
        MachineTest::read(Architecture::Aarch64, text)
    }

    const TEXT: &str = "AArch64 small\n(* P0: write *)\n(* words: version a *)\n(* never: P1 DMB ISHLD: it reads one word *)\n\
        { 0:X10=version; 0:X11=a; 1:X0=version; }\n P0 | P1 ;\n MOV W1,#1 | LDR W8,[X0] ;\n STR W1,[X11] | DMB ISHLD ;\n\
        \x20STLR W1,[X10] | ;\n\nexists (1:X8=1)\n";

    #[test]
    fn a_thread_is_read_as_a_pattern() {
        let test = read(TEXT).unwrap();
        let wanted = |kind: &str, offset| Wanted { kind: kind.into(), place: Some(("version".into(), offset)) };
        assert_eq!(test.pattern(0, &[]).unwrap().events, [wanted("store", 8), wanted("stlr", 0)]);
        let barrier = Wanted { kind: "dmb ishld".into(), place: None };
        assert_eq!(test.pattern(1, &[]).unwrap().events, [wanted("load", 0), barrier]);
        assert_eq!(test.probes[&0], "write");
        assert!(test.problems().is_empty());
        let passes = TEXT.replace("(* words: version a *)", "(* P0 passes: f *)");
        let twice = read(&TEXT.replace("0:X11=a;", "0:X11=version;")).unwrap();
        let objects: Vec<_> =
            twice.pattern(0, &[]).unwrap().events.into_iter().filter_map(|wanted| wanted.place).collect();
        assert_eq!(objects, [("version, computed 2 times".to_owned(), 0), ("version".to_owned(), 0)]);
        assert_eq!(read(&passes).unwrap().passed, [(0, "f".to_owned())]);
    }

    #[test]
    fn instructions_are_made_weaker() {
        let variants = read(TEXT).unwrap().variants();
        let read: Vec<_> = variants.iter().map(|variant| (&*variant.name, variant.shows)).collect();
        assert_eq!(read, [("P0 STLR W1,[X10] => STR", true), ("P1 DMB ISHLD => dropped", false)]);
        assert!(variants[0].text.contains("STR W1,[X10] |") && !variants[0].text.contains("STLR"));
        assert!(!variants[1].text.split_once('}').unwrap().1.contains("DMB"));
    }

    #[test]
    fn what_some_ways_leave_out_is_left_out_in_each_combination() {
        let maybe =
            TEXT.replace("(* P0: write *)", "(* P0: write *)\n(* maybe: P0 STR W1,[X11] *)\n(* maybe: P1 DMB ISHLD *)");
        let test = read(&maybe).unwrap();
        let kinds = |pattern: &Pattern| pattern.events.iter().map(|wanted| wanted.kind.clone()).collect::<Vec<_>>();
        assert_eq!(
            test.patterns(0).unwrap().iter().map(kinds).collect::<Vec<_>>(),
            [vec!["store", "stlr"], vec!["stlr"]]
        );
        let variants = test.variants();
        let names: Vec<_> = variants.iter().skip(2).map(|variant| (&*variant.name, variant.shows)).collect();
        let both = "without P0 STR W1,[X11], P1 DMB ISHLD";
        assert_eq!(names, [("without P0 STR W1,[X11]", false), ("without P1 DMB ISHLD", false), (both, false)]);
        let rows = variants.last().unwrap().text.split_once('}').unwrap().1;
        assert!(!rows.contains("DMB") && !rows.contains("X11") && rows.contains("STLR"));
        assert_eq!(read(&maybe.replace("maybe: P1", "maybe: P0")).unwrap().problems().len(), 1);
    }

    #[test]
    fn what_comes_after_is_compared_and_not_judged() {
        let more = "(* P0: write *)\n(* P0 goes on: LDR W3,[X11]; DMB ISH *)\n(* maybe: P0 DMB ISH *)";
        let test = read(&TEXT.replace("(* P0: write *)", more)).unwrap();
        let kinds = |pattern: &Pattern| pattern.events.iter().map(|wanted| wanted.kind.clone()).collect::<Vec<_>>();
        let patterns = test.patterns(0).unwrap();
        assert_eq!(kinds(&patterns[0]), ["store", "stlr", "load", "dmb ish"]);
        assert_eq!(kinds(&patterns[1]), ["store", "stlr", "load"]);
        assert!(test.problems().is_empty() && test.variants().len() == read(TEXT).unwrap().variants().len());
    }

    #[test]
    fn two_are_made_weaker_together() {
        let both = "P0 STLR W1,[X10] => STR; P1 DMB ISHLD => dropped";
        let test = read(&TEXT.replace("(* P0: write *)", &format!("(* P0: write *)\n(* together: {both} *)"))).unwrap();
        let variants = test.variants();
        let last = variants.last().unwrap();
        assert!(last.name == both && last.shows);
        let rows = last.text.split_once('}').unwrap().1;
        assert!(!rows.contains("DMB") && rows.contains("STR W1,[X10]") && !rows.contains("STLR"), "{rows}");
    }

    #[test]
    fn the_second_of_two_is_another() {
        let twice = TEXT.replace("| ;", "| DMB ISHLD ;").replace("P1 DMB ISHLD:", "P1 DMB ISHLD #2:");
        let variants = read(&twice).unwrap().variants();
        let read: Vec<_> = variants.iter().skip(1).map(|variant| (&*variant.name, variant.shows)).collect();
        assert_eq!(read, [("P1 DMB ISHLD => dropped", true), ("P1 DMB ISHLD #2 => dropped", false)]);
        assert_eq!(variants[1].text.matches("| DMB ISHLD").count(), 1);
    }

    #[test]
    fn what_is_excused_is_there_and_has_a_reason() {
        let wrong = TEXT.replace("never: P1 DMB ISHLD: it reads one word", "never: P0 DMB ISHLD: so");
        assert_eq!(read(&wrong).unwrap().problems().len(), 2);
        assert!(read(&TEXT.replace("(* P0: write *)", "")).is_err(), "no probe");
    }
}
