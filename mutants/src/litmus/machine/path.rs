//! The ways through a function.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};

use super::asm::{Address, Architecture, Instruction, Then, is_symbol_of};

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

/// Each way through a function to its end, loops left out, without those that call other functions than `passed`.
pub(super) fn paths(architecture: Architecture, lines: &[&str], passed: &[&str]) -> anyhow::Result<Vec<Vec<Event>>> {
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
                Then::Call(symbol) if passed.iter().any(|name| is_symbol_of(symbol, name)) => {}
                Then::Call(_) => break,
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
    /// What is in a register: what some instruction wrote there, and a number.
    values: BTreeMap<String, Place>,
    events: Vec<Event>,
}

impl Walk {
    fn step(&mut self, instruction: &Instruction) {
        if let Some(kind) = &instruction.barrier {
            self.events.push(Event { kind: kind.clone(), place: None });
        }
        for (kind, address) in &instruction.accesses {
            let is_stack = address.registers.iter().any(|register| ["sp", "rsp"].contains(&&**register));
            match (is_stack, &**kind) {
                // What x86-64 has for a fence, and is quicker: nobody else accesses the stack.
                (true, "locked") => self.events.push(Event { kind: "mfence".to_owned(), place: None }),
                (true, _) => {}
                (false, _) => self.events.push(Event { kind: kind.clone(), place: Some(self.place(address)) }),
            }
        }
        if let Some((register, distance)) = &instruction.moves {
            let moved = self.place(&Address { registers: vec![register.clone()], offset: *distance });
            self.values.insert(register.clone(), moved);
        }
        let computed = instruction.computes.as_ref().map(|address| self.place(address));
        for register in &instruction.writes {
            let unknown = || Place { base: format!("{register}@{}", self.at), offset: 0 };
            let value = computed.clone().unwrap_or_else(unknown);
            self.values.insert(register.clone(), value);
        }
    }

    fn place(&self, address: &Address) -> Place {
        let itself = |register: &String| Place { base: register.clone(), offset: 0 };
        let value = |register| self.values.get(register).cloned().unwrap_or_else(|| itself(register));
        let values: Vec<Place> = address.registers.iter().map(value).collect();
        // With a factor, numbers do not simply add up.
        let is_factor =
            |register: &String| register.is_empty() || register.contains('#') || register.parse::<u8>().is_ok();
        if address.registers.iter().any(is_factor) {
            let shown: Vec<String> = values.iter().map(|Place { base, offset }| format!("{base}:{offset}")).collect();
            return Place { base: shown.join("+"), offset: address.offset };
        }
        let bases: Vec<&str> = values.iter().map(|value| &*value.base).filter(|base| !base.is_empty()).collect();
        Place { base: bases.join("+"), offset: address.offset + values.iter().map(|value| value.offset).sum::<i64>() }
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
        let paths = paths(Architecture::Aarch64, lines, &["id"]).unwrap();
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
        assert_eq!(shown(&lines), ["load x0+0; store x8@0+0; store x8@0+8"]);
        let lines = ["ldr x8, [x0, #16]!", "str x1, [x0]", "ret"];
        assert_eq!(shown(&lines), ["load x0+16; store x0+16"]);
        let lines =
            ["mov w10, #16", "add x9, x0, #8", "ldr q0, [x9, x10]", "add x9, x9, x1", "ldr q0, [x9, #8]", "ret"];
        assert_eq!(shown(&lines), ["load x0+24; load x9@3+8"]);
    }

    #[test]
    fn a_locked_access_of_the_stack_is_a_fence() {
        let lines = ["lock orl $0, -64(%rsp)", "movq %rax, 8(%rsp)", "lock orl $0, (%rdi)", "ret"];
        let kinds = |path: &Vec<Event>| path.iter().map(|event| event.kind.clone()).collect::<Vec<_>>();
        assert_eq!(
            paths(Architecture::X86_64, &lines, &[]).unwrap().iter().map(kinds).collect::<Vec<_>>(),
            [["mfence", "locked"]]
        );
    }

    #[test]
    fn loops_and_calls_end_a_way() {
        let lines = [".L1:", "ldr x8, [x0]", "cbz x8, .L1", "cbnz x9, .L2", "ret", ".L2:", "bl other", "ret"];
        assert_eq!(shown(&lines), ["load x0+0"]);
    }

    #[test]
    fn a_call_that_is_passed_leaves_other_registers() {
        let lines = ["ldr x8, [x0]", "bl _ZN1p2id17h0123456789abcdefE", "str x1, [x8]", "str x1, [x19]", "ret"];
        assert_eq!(shown(&lines), ["load x0+0; store x8@1+0; store x19+0"]);
    }
}
