//! Instructions as the compiler prints them, and as herd7 reads them: which memory each accesses and how, which
//! registers it writes, and where it goes on.

use anyhow::{Context as _, bail};

/// A processor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Architecture {
    Aarch64,
    X86_64,
}

impl Architecture {
    pub(super) const ALL: [Self; 2] = [Self::Aarch64, Self::X86_64];

    /// As in the folder's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Aarch64 => "aarch64",
            Self::X86_64 => "x86_64",
        }
    }

    /// As herd7 says it.
    pub(super) fn herd_name(self) -> &'static str {
        match self {
            Self::Aarch64 => "AArch64",
            Self::X86_64 => "X86_64",
        }
    }
}

/// Memory: some registers, which together say where, and a distance from there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Address {
    pub(super) registers: Vec<String>,
    pub(super) offset: i64,
}

/// What an instruction does.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Instruction {
    /// Its accesses, in order, and how each is made: `load`, `store`, or the name of an instruction that orders.
    pub(super) accesses: Vec<(String, Address)>,
    pub(super) barrier: Option<String>,
    /// The registers that it writes.
    pub(super) writes: Vec<String>,
    /// It copies this register into the one that it writes.
    pub(super) copies: Option<String>,
    pub(super) then: Then,
}

/// Where it goes on.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) enum Then {
    #[default]
    Next,
    Either(String),
    Jump(String),
    Return,
    /// Another function, of which nothing is known.
    Call,
}

/// The lines of a function whose name contains `name`: instructions, and labels with their colon.
pub(super) fn function<'a>(text: &'a str, name: &str) -> anyhow::Result<Vec<&'a str>> {
    // A part of a mangled name has its length before it.
    let part = format!("{}{name}", name.len());
    let is_start = |line: &&str| line.ends_with(':') && line.starts_with('_') && line.contains(&part);
    let mut lines = text.lines().skip_while(|line| !is_start(line));
    lines.next().context("there is no such function")?;
    let body = lines.take_while(|line| !line.trim_start().starts_with(".size") && !line.starts_with(".Lfunc_end"));
    let comment = |line: &&str| {
        let line = line.trim();
        line.is_empty() || line.starts_with(['#', '.']) && !line.ends_with(':') || line.starts_with("//")
    };
    Ok(body.filter(|line| !comment(line)).map(str::trim).collect())
}

impl Instruction {
    /// Reads one.
    pub(super) fn read(architecture: Architecture, text: &str) -> anyhow::Result<Self> {
        let text = text.split("//").next().unwrap_or_default().trim().to_lowercase();
        let (name, operands) = text.split_once(|c: char| c.is_whitespace()).unwrap_or((&text, ""));
        let operands = operands_of(operands);
        let read = match architecture {
            Architecture::Aarch64 => aarch64(name, &operands),
            Architecture::X86_64 => x86_64(name, &operands),
        };
        read.with_context(|| format!("cannot read `{text}`"))
    }
}

/// Cut at commas outside of brackets.
fn operands_of(text: &str) -> Vec<String> {
    let (mut operands, mut depth) = (vec![String::new()], 0);
    for c in text.chars() {
        match c {
            '[' | '(' => depth += 1,
            ']' | ')' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            operands.push(String::new());
        } else if let Some(last) = operands.last_mut() {
            last.push(c);
        }
    }
    operands.iter().map(|operand| operand.trim().to_owned()).filter(|operand| !operand.is_empty()).collect()
}

fn number(text: &str) -> anyhow::Result<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let value = match digits.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    Ok(sign * value.with_context(|| format!("`{text}` is no number"))?)
}

/// `x8` for `w8` and `x8`.
fn aarch64_register(text: &str) -> String {
    match text.strip_prefix('w') {
        Some(number) if number.parse::<u8>().is_ok() => format!("x{number}"),
        _ => text.to_owned(),
    }
}

/// `[x10, #8]`, `[x10, x9, lsl #3]`.
fn aarch64_address(text: &str) -> anyhow::Result<Address> {
    let inner = text.trim_end_matches('!').strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let (mut registers, mut offset) = (Vec::new(), 0);
    for part in inner.with_context(|| format!("`{text}` is no address"))?.split(',').map(str::trim) {
        match part.strip_prefix('#') {
            Some(distance) => offset = number(distance)?,
            None => registers.push(aarch64_register(part)),
        }
    }
    Ok(Address { registers, offset })
}

fn aarch64(name: &str, operands: &[String]) -> anyhow::Result<Instruction> {
    let operand = |index: usize| operands.get(index).map(String::as_str).context("an operand is missing");
    let register = |index: usize| operand(index).map(aarch64_register);
    let mut read = Instruction::default();
    match name {
        "dmb" | "dsb" | "isb" => read.barrier = Some(format!("{name} {}", operands.join(" ")).trim().to_owned()),
        "ret" => read.then = Then::Return,
        "b" => read.then = Then::Jump(operand(0)?.to_owned()),
        "cbz" | "cbnz" => read.then = Then::Either(operand(1)?.to_owned()),
        "tbz" | "tbnz" => read.then = Then::Either(operand(2)?.to_owned()),
        _ if name.starts_with("b.") => read.then = Then::Either(operand(0)?.to_owned()),
        // The compiler's own functions for what some processors have an instruction for.
        "bl" if operand(0)?.starts_with("__aarch64_") => {
            let (instruction, at) = outlined(operand(0)?)?;
            read.accesses.push((instruction, Address { registers: vec![at.to_owned()], offset: 0 }));
            read.writes = ["x0", "x16", "x17"].map(ToOwned::to_owned).to_vec();
        }
        "bl" | "blr" | "br" => read.then = Then::Call,
        "cmp" | "cmn" | "tst" | "ccmp" | "nop" | "prfm" => {}
        "ldp" | "stp" => {
            let first = register(0)?;
            let size = if operand(0)?.starts_with('q') {
                16
            } else if operand(0)?.starts_with('w') {
                4
            } else {
                8
            };
            let address = aarch64_address(operand(2)?)?;
            let kind = if name == "ldp" { "load" } else { "store" };
            let second = Address { offset: address.offset + size, ..address.clone() };
            read.accesses = vec![(kind.to_owned(), address), (kind.to_owned(), second)];
            if name == "ldp" {
                read.writes = vec![first, register(1)?];
            }
        }
        _ if name.starts_with("ldr") || name.starts_with("ldur") => {
            read.accesses.push(("load".to_owned(), aarch64_address(operand(1)?)?));
            read.writes.push(register(0)?);
        }
        _ if name.starts_with("str") || name.starts_with("stur") => {
            read.accesses.push(("store".to_owned(), aarch64_address(operand(1)?)?));
        }
        // All others with an address order something.
        _ if operands.last().is_some_and(|last| last.starts_with('[')) => {
            read.accesses.push((name.to_owned(), aarch64_address(operand(operands.len() - 1)?)?));
            if !name.starts_with("stl") || name.contains('x') {
                read.writes =
                    operands[..operands.len() - 1].iter().map(|register| aarch64_register(register)).collect();
            }
        }
        _ => {
            read.writes.push(register(0)?);
            if name == "mov" && !operand(1)?.starts_with('#') {
                read.copies = Some(register(1)?);
            }
        }
    }
    Ok(read)
}

/// `__aarch64_cas8_acq`: the instruction that it stands for, and the register with the address.
fn outlined(function: &str) -> anyhow::Result<(String, &'static str)> {
    let rest = function.trim_start_matches("__aarch64_");
    let (operation, ordering) = rest.split_once('_').context("an unknown function of the compiler's")?;
    let suffix = match ordering {
        "relax" => "",
        "acq" => "a",
        "rel" => "l",
        "acq_rel" => "al",
        _ => bail!("an unknown function of the compiler's"),
    };
    let operation = operation.trim_end_matches(|c: char| c.is_ascii_digit());
    Ok((format!("{operation}{suffix}"), if operation == "cas" { "x2" } else { "x1" }))
}

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

fn x86_64(name: &str, operands: &[String]) -> anyhow::Result<Instruction> {
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
        "call" | "callq" => read.then = Then::Call,
        _ if name.starts_with('j') => read.then = Then::Either(last.context("an operand is missing")?.clone()),
        "nop" | "push" | "pushq" | "ud2" | "vzeroupper" => {}
        _ if name.starts_with("prefetch") => {}
        _ if name.starts_with("lea") => read.writes.extend(last.map(|register| x86_64_register(register))),
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
            let is_copy = name == "movq" && operands.iter().all(|operand| operand.starts_with('%'));
            read.copies = operands.first().filter(|_| is_copy).map(|register| x86_64_register(register));
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(architecture: Architecture, text: &str) -> Instruction {
        Instruction::read(architecture, text).unwrap()
    }

    fn accesses(architecture: Architecture, text: &str) -> Vec<String> {
        let shown =
            |(kind, address): (String, Address)| format!("{kind} {}+{}", address.registers.join("*"), address.offset);
        read(architecture, text).accesses.into_iter().map(shown).collect()
    }

    #[test]
    fn accesses_of_aarch64() {
        let of = |text| accesses(Architecture::Aarch64, text);
        assert_eq!(of("ldr\tw8, [x0]"), ["load x0+0"]);
        assert_eq!(of("LDR X8,[X0,#16]"), ["load x0+16"]);
        assert_eq!(of("str x9, [x10, x11, lsl #3]"), ["store x10*x11*lsl #3+0"]);
        assert_eq!(of("ldp x9, x11, [x1, #8]"), ["load x1+8", "load x1+16"]);
        assert_eq!(of("stp q0, q1, [sp, #-32]!"), ["store sp+-32", "store sp+-16"]);
        assert_eq!(of("stlr x11, [x10]"), ["stlr x10+0"]);
        assert_eq!(of("CASA W0,W1,[X2]"), ["casa x2+0"]);
        assert_eq!(of("bl __aarch64_cas8_acq"), ["casa x2+0"]);
        assert_eq!(of("bl __aarch64_ldadd8_acq_rel"), ["ldaddal x1+0"]);
        assert_eq!(of("add x8, x9, #1"), [""; 0]);
        assert_eq!(read(Architecture::Aarch64, "DMB ISHLD").barrier.as_deref(), Some("dmb ishld"));
        assert_eq!(read(Architecture::Aarch64, "tbnz w8, #0, .L1").then, Then::Either(".l1".into()));
        assert_eq!(read(Architecture::Aarch64, "mov x8, x0").copies.as_deref(), Some("x0"));
        assert_eq!(read(Architecture::Aarch64, "ldr w8, [x0]").writes, ["x8"]);
        assert_eq!(read(Architecture::Aarch64, "str w8, [x0]").writes, [""; 0]);
    }

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
        assert_eq!(read(Architecture::X86_64, "movq %rdx, %r8").copies.as_deref(), Some("rdx"));
        assert_eq!(read(Architecture::X86_64, "jne .LBB1_2").then, Then::Either(".lbb1_2".into()));
    }

    #[test]
    fn a_function_is_found_by_its_name() {
        let text = "_ZN1p4read17hE:\n\t.cfi_startproc\n\tretq\n.LBB1_2:\n\tnop\n.Lfunc_end0:\n\t.size _ZN1p4read17hE, 3\nother:\n\tud2\n";
        assert_eq!(function(text, "read").unwrap(), ["retq", ".LBB1_2:", "nop"]);
        assert!(function(text, "write").is_err());
    }
}
