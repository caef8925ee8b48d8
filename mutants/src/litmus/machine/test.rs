//! A litmus test in a processor's instructions.
//!
//! Beside what herd7 reads, its comments say:
//!
//! - `(* P0: seqlock_write *)`: the probe whose machine code the thread is; a thread without it is written by hand;
//! - `(* words: version a b *)`: locations that are consecutive words of one object; or, as `version a+8 b+24`, at these
//!   distances from the first;
//! - `(* by hand: STR W2,[X9] *)`: an instruction that is not of the probe, but of what its thread did before;
//! - `(* never: P0 DMB ISH #2: reason *)`: without that instruction's ordering, here the second of its kind in its thread,
//!   the outcome is still impossible, and why.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};

use super::asm::{Address, Architecture, Instruction};
use super::compare::{Pattern, Wanted};

/// Instructions that order, and what each becomes without that.
const WEAKER: [(&str, &[&str]); 11] = [
    ("DMB", &[""]),
    ("mfence", &[""]),
    ("LDAR", &["LDR"]),
    ("STLR", &["STR"]),
    ("LDAXR", &["LDXR"]),
    ("STLXR", &["STXR"]),
    ("CASA", &["CAS"]),
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
    /// The location whose address a thread has in a register at first.
    pointers: BTreeMap<(usize, String), String>,
    /// The instructions: a row for each line, a column for each thread.
    rows: Vec<Vec<String>>,
    by_hand: Vec<String>,
    never: BTreeMap<String, String>,
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
            never: BTreeMap::new(),
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
                test.pointers.insert((thread.parse().context("no thread")?, register), value.trim().to_owned());
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
        } else if let Some(never) = comment.strip_prefix("never: ") {
            let (instruction, because) = never.split_once(": ").context("`never` without its reason")?;
            self.never.insert(instruction.to_owned(), because.to_owned());
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

    /// The accesses and barriers of a thread.
    pub(super) fn pattern(&self, thread: usize) -> anyhow::Result<Pattern> {
        let mut pattern = Pattern::default();
        for cell in self.rows.iter().filter_map(|row| row.get(thread)).filter(|cell| !cell.is_empty()) {
            if self.by_hand.contains(cell) {
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
        let location = self.pointers.get(&(thread, register.clone()));
        let location = location.with_context(|| format!("{}: nothing is at {register} of P{thread}", self.path()))?;
        Ok(self.objects.get(location).cloned().unwrap_or_else(|| (location.clone(), 0)))
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
            let weaker = WEAKER.iter().find(|(strong, _)| *strong == word).map_or(&[][..], |(_, weaker)| *weaker);
            for with in weaker {
                let changed = if with.is_empty() { String::new() } else { cell.replacen(word, with, 1) };
                let becomes = if with.is_empty() { "dropped" } else { with };
                let (text, shows) = (self.with(thread, row, &changed), !self.never.contains_key(&name));
                variants.push(MachineVariant { name: format!("{name} => {becomes}"), text, shows });
            }
        }
        variants
    }

    /// The text with an instruction of a thread replaced.
    fn with(&self, thread: usize, row: usize, by: &str) -> String {
        let mut lines: Vec<String> = self.text.lines().map(ToOwned::to_owned).collect();
        let first = lines.iter().position(|line| is_row(line)).unwrap_or(0);
        if let Some(line) = lines.iter_mut().skip(first + 1).filter(|line| is_row(line)).nth(row) {
            let mut cells: Vec<&str> = line.trim_end_matches(';').split('|').collect();
            cells[thread] = by;
            *line = format!("{} ;", cells.join(" | "));
        }
        lines.join("\n") + "\n"
    }

    /// Everything that is wrong with it.
    pub(crate) fn problems(&self) -> Vec<String> {
        let there = |never: &str| self.all_named().any(|(_, name, ..)| name == never);
        let mut problems = Vec::new();
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
        assert_eq!(test.pattern(0).unwrap().events, [wanted("store", 8), wanted("stlr", 0)]);
        let barrier = Wanted { kind: "dmb ishld".into(), place: None };
        assert_eq!(test.pattern(1).unwrap().events, [wanted("load", 0), barrier]);
        assert_eq!(test.probes[&0], "write");
        assert!(test.problems().is_empty());
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
