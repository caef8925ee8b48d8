//! The instructions of x86-64.

use anyhow::Context as _;

use super::asm::{Address, Instruction, Then, number, operands_of};

/// `rax` for `%eax`, `r8` for `%r8d`.
fn x86_64_register(text: &str) -> String {
    let name = text.trim_start_matches('%');
    if let Some(number) = name.strip_prefix('r').map(|rest| rest.trim_end_matches(['d', 'w', 'b']))
        && number.parse::<u8>().is_ok()
    {
        return format!("r{number}");
    }
    let letter = match name {
        "al" | "bl" | "cl" | "dl" | "ah" | "bh" | "ch" | "dh" => format!("{}x", &name[..1]),
        "sil" | "dil" | "bpl" | "spl" => name[..2].to_owned(),
        _ => name.trim_start_matches(['e', 'r']).to_owned(),
    };
    if name.starts_with("xmm") || name.starts_with("ymm") || name == "rip" {
        name.to_owned()
    } else {
        format!("r{letter}")
    }
}

/// `8(%r14,%rbx)`.
fn x86_64_address(text: &str) -> anyhow::Result<Address> {
    let inner = text.strip_suffix(')').and_then(|rest| rest.split_once('('));
    let (offset, inside) = inner.with_context(|| format!("`{text}` is no address"))?;
    let parts = inside.split(',').map(str::trim);
    let mut registers: Vec<String> =
        parts.map(|part| if part.starts_with('%') { x86_64_register(part) } else { part.to_owned() }).collect();
    let offset = match number(offset) {
        _ if offset.is_empty() => 0,
        Ok(offset) => offset,
        // A name of the linker's.
        Err(_) => {
            registers.push(offset.to_owned());
            0
        }
    };
    Ok(Address { registers, offset })
}

/// Reads an instruction.
pub(super) fn x86_64(name: &str, operands: &[String]) -> anyhow::Result<Instruction> {
    let mut read = Instruction::default();
    if name == "lock" {
        let text = operands.join(",");
        let (name, rest) = text.split_once(|c: char| c.is_whitespace()).context("an operand is missing")?;
        let operands = operands_of(rest);
        let address = operands.last().context("an operand is missing")?;
        read.accesses.push(("locked".to_owned(), x86_64_address(address)?));
        let changed = if name.starts_with("cmpxchg") { Some("rax".to_owned()) } else { None };
        let registers =
            operands.iter().filter(|operand| operand.starts_with('%')).map(|operand| x86_64_register(operand));
        let registers = registers.filter(|_| !name.starts_with("cmpxchg"));
        read.writes = changed.into_iter().chain(registers).collect();
        return Ok(read);
    }
    let is_address = |operand: &String| operand.ends_with(')');
    let last = operands.last();
    match name {
        "mfence" | "lfence" | "sfence" => read.barrier = Some(name.to_owned()),
        "ret" | "retq" => read.then = Then::Return,
        "jmp" | "jmpq" => read.then = Then::Jump(last.context("an operand is missing")?.clone()),
        "call" | "callq" => {
            read.then = Then::Call(last.context("an operand is missing")?.clone());
            // What a function need not keep.
            let lost = ["rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11"];
            read.writes = lost.map(ToOwned::to_owned).to_vec();
        }
        "ud2" => read.then = Then::Call(String::new()),
        _ if name.starts_with('j') => read.then = Then::Either(last.context("an operand is missing")?.clone()),
        "nop" | "push" | "pushq" | "vzeroupper" => {}
        _ if name.starts_with("prefetch") => {}
        _ if name.starts_with("lea") => {
            read.writes.extend(last.map(|register| x86_64_register(register)));
            read.computes = operands.first().map(|address| x86_64_address(address)).transpose()?;
        }
        _ => {
            let to_memory = last.is_some_and(is_address);
            let only_read = ["cmp", "test"].iter().any(|start| name.starts_with(start));
            for operand in operands.iter().filter(|operand| is_address(operand)) {
                let is_last = to_memory && last == Some(operand);
                let kind = match () {
                    () if name.starts_with("xchg") => "locked",
                    () if !is_last || only_read => "load",
                    () if name.starts_with("mov") || name.starts_with("vmov") || name.starts_with("set") => "store",
                    () => "change",
                };
                read.accesses.push((kind.to_owned(), x86_64_address(operand)?));
            }
            let both = name.starts_with("xchg");
            let written = |operand: &&String| operand.starts_with('%') && (both || last == Some(*operand));
            if !only_read {
                read.writes = operands.iter().filter(written).map(|register| x86_64_register(register)).collect();
            }
            let [from, to] = operands else { return Ok(read) };
            let constant = from.strip_prefix('$').and_then(|text| number(text).ok());
            read.computes = match (name, constant) {
                ("movq", None) if from.starts_with('%') => Some((vec![x86_64_register(from)], 0)),
                ("movl" | "movq", Some(offset)) => Some((Vec::new(), offset)),
                ("addq", Some(offset)) => Some((vec![x86_64_register(to)], offset)),
                ("subq", Some(offset)) => Some((vec![x86_64_register(to)], -offset)),
                _ => None,
            }
            .map(|(registers, offset)| Address { registers, offset });
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::super::asm::Architecture;
    use super::super::read::shown::{accesses, read};
    use super::*;

    #[test]
    fn accesses_of_x86_64() {
        let of = |text| accesses(Architecture::X86_64, text);
        assert_eq!(of("movq (%rdi), %rdx"), ["load rdi+0"]);
        assert_eq!(of("movq\t%rcx, 8(%r14,%rbx)"), ["store r14*rbx+8"]);
        assert_eq!(of("movl $1,(%rcx)"), ["store rcx+0"]);
        assert_eq!(of("cmpb $0, 68(%rdi)"), ["load rdi+68"]);
        assert_eq!(of("lock\t\tcmpxchgq %r8, (%rdi)"), ["locked rdi+0"]);
        assert_eq!(of("lock xaddq %rax, (%rdx)"), ["locked rdx+0"]);
        assert_eq!(of("xchgl %r8d,(%rdi)"), ["locked rdi+0"]);
        assert_eq!(of("leaq 2(,%r12,2), %r15"), [""; 0]);
        assert_eq!(of("incq 8(%rdi)"), ["change rdi+8"]);
        let writes = |text| read(Architecture::X86_64, text).writes;
        assert_eq!(writes("lock cmpxchgq %r8, (%rdi)"), ["rax"]);
        assert_eq!(writes("lock xaddq %rcx, (%rdi)"), ["rcx"]);
        assert_eq!(writes("movzbl %cl, %r8d"), ["r8"]);
        assert_eq!(writes("cmpq %rcx, %rax"), [""; 0]);
        assert_eq!(writes("incq %rax"), ["rax"]);
        let computes = |text| {
            read(Architecture::X86_64, text).computes.map(|address| (address.registers.concat(), address.offset))
        };
        assert_eq!(computes("movq %rdx, %r8"), Some(("rdx".into(), 0)));
        assert_eq!(computes("leaq 8(%rdi), %rax"), Some(("rdi".into(), 8)));
        assert_eq!(computes("subq $-128, %rdi"), Some(("rdi".into(), 128)));
        assert_eq!(computes("movq (%rdi), %rax"), None);
        assert_eq!(read(Architecture::X86_64, "jne .LBB1_2").then, Then::Either(".lbb1_2".into()));
    }
}
