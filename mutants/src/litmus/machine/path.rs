//! The ways through a function.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};

use super::asm::{Address, Architecture, Instruction, Then};

/// More than any of the probes has.
const MOST: usize = 100_000;

/// Something that the processor must keep in order, or that others can see.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Event {
    /// `load`, `store`, or the name of what orders.
    pub(super) kind: String,
    /// Where; none for a barrier.
    pub(super) place: Option<Place>,
}

/// Memory, named by the instructions that computed its address: two accesses with the same base are of one object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    pub(super) base: String,
    pub(super) offset: i64,
}

/// Each way through a function to its end, loops left out, without those that call other functions.
pub(super) fn paths(architecture: Architecture, lines: &[&str]) -> anyhow::Result<Vec<Vec<Event>>> {
    let (mut instructions, mut labels) = (Vec::new(), BTreeMap::new());
    for line in lines {
        match line.strip_suffix(':') {
            Some(label) => _ = labels.insert(label.to_lowercase(), instructions.len()),
            None => instructions.push(Instruction::read(architecture, line)?),
        }
    }
    let mut paths = Vec::new();
    let mut open = vec![Walk::default()];
    while let Some(mut walk) = open.pop() {
        loop {
            if !walk.seen.insert(walk.at) {
                break; // a loop
            }
            let instruction = instructions.get(walk.at).context("the function has no end")?;
            walk.step(instruction);
            match &instruction.then {
                Then::Next => {}
                Then::Either(label) => {
                    let mut other = walk.clone();
                    if let Some(&at) = labels.get(label) {
                        other.at = at;
                        open.push(other);
                    }
                }
                Then::Jump(label) => match labels.get(label) {
                    Some(&at) => {
                        walk.at = at;
                        continue;
                    }
                    None => break, // another function
                },
                Then::Call => break,
                Then::Return => {
                    paths.push(walk.events);
                    break;
                }
            }
            walk.at += 1;
        }
        if open.len() + paths.len() > MOST {
            bail!("more than {MOST} ways through it");
        }
    }
    Ok(paths)
}

#[derive(Clone, Debug, Default)]
struct Walk {
    at: usize,
    seen: BTreeSet<usize>,
    /// What is in a register: which instruction wrote it, if any did.
    values: BTreeMap<String, String>,
    events: Vec<Event>,
}

impl Walk {
    fn step(&mut self, instruction: &Instruction) {
        if let Some(kind) = &instruction.barrier {
            self.events.push(Event { kind: kind.clone(), place: None });
        }
        for (kind, address) in &instruction.accesses {
            let is_stack = address.registers.iter().any(|register| ["sp", "rsp"].contains(&&**register));
            if !is_stack {
                self.events.push(Event { kind: kind.clone(), place: Some(self.place(address)) });
            }
        }
        let copied = instruction.copies.as_ref().map(|register| self.value(register));
        for register in &instruction.writes {
            let value = copied.clone().unwrap_or_else(|| format!("{register}@{}", self.at));
            self.values.insert(register.clone(), value);
        }
    }

    fn value(&self, register: &str) -> String {
        self.values.get(register).cloned().unwrap_or_else(|| register.to_owned())
    }

    fn place(&self, address: &Address) -> Place {
        let values: Vec<String> = address.registers.iter().map(|register| self.value(register)).collect();
        Place { base: values.join("+"), offset: address.offset }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: &[&str]) -> Vec<String> {
        let show = |event: &Event| match &event.place {
            Some(Place { base, offset }) => format!("{} {base}+{offset}", event.kind),
            None => event.kind.clone(),
        };
        let paths = paths(Architecture::Aarch64, lines).unwrap();
        paths.iter().map(|path| path.iter().map(show).collect::<Vec<_>>().join("; ")).collect()
    }

    #[test]
    fn both_sides_of_a_branch_are_walked() {
        let lines = ["ldr x8, [x0]", "tbnz w8, #0, .L1", "dmb ishld", "ldr x9, [x0, #8]", ".L1:", "ret"];
        assert_eq!(shown(&lines), ["load x0+0; dmb ishld; load x0+8", "load x0+0"]);
    }

    #[test]
    fn a_register_means_what_was_written_to_it_last() {
        let lines =
            ["ldr x8, [x0]", "mov x9, x8", "str x1, [x9]", "add x8, x8, #8", "str x1, [x8]", "str x1, [sp]", "ret"];
        assert_eq!(shown(&lines), ["load x0+0; store x8@0+0; store x8@3+0"]);
    }

    #[test]
    fn loops_and_calls_end_a_way() {
        let lines = [".L1:", "ldr x8, [x0]", "cbz x8, .L1", "cbnz x9, .L2", "ret", ".L2:", "bl other", "ret"];
        assert_eq!(shown(&lines), ["load x0+0"]);
    }
}
