//! Reading an instruction, whatever the processor.

use anyhow::Context as _;

use super::aarch64::aarch64;
use super::asm::{Architecture, Instruction, operands_of};
use super::x86_64::x86_64;

impl Instruction {
    /// Reads one.
    pub(super) fn read(architecture: Architecture, text: &str) -> anyhow::Result<Self> {
        let text = text.split("//").next().unwrap_or_default().trim().to_lowercase();
        let (name, operands) = text.split_once(|c: char| c.is_whitespace()).unwrap_or((&text, ""));
        let operands = operands_of(operands);
        let read = match architecture {
            Architecture::Aarch64 | Architecture::Aarch64Exclusive => aarch64(name, &operands),
            Architecture::X86_64 => x86_64(name, &operands),
        };
        read.with_context(|| format!("cannot read `{text}`"))
    }
}

/// What the instructions' tests share.
#[cfg(test)]
pub(super) mod shown {
    use super::super::asm::{Address, Architecture, Instruction};

    pub(in super::super) fn read(architecture: Architecture, text: &str) -> Instruction {
        Instruction::read(architecture, text).unwrap()
    }

    pub(in super::super) fn accesses(architecture: Architecture, text: &str) -> Vec<String> {
        let shown =
            |(kind, address): (String, Address)| format!("{kind} {}+{}", address.registers.join("*"), address.offset);
        read(architecture, text).accesses.into_iter().map(shown).collect()
    }
}
