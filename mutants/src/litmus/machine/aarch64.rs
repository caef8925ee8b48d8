//! The instructions of aarch64.

use anyhow::{Context as _, bail};

use super::asm::{Address, Instruction, Then, number};

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

/// Reads an instruction.
pub(super) fn aarch64(name: &str, operands: &[String]) -> anyhow::Result<Instruction> {
    let operand = |index: usize| operands.get(index).map(String::as_str).context("an operand is missing");
    let register = |index: usize| operand(index).map(aarch64_register);
    let mut read = Instruction { moves: moved(operands)?, ..Instruction::default() };
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
        "bl" | "blr" => {
            read.then = Then::Call(operand(0)?.to_owned());
            // What a function need not keep.
            read.writes = (0..=18).map(|number| format!("x{number}")).collect();
        }
        "br" | "brk" | "udf" => read.then = Then::Call(String::new()),
        "cmp" | "cmn" | "tst" | "ccmp" | "nop" | "prfm" | "clrex" => {}
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
            let constant = |text: &str| text.strip_prefix('#').map(number).transpose();
            read.computes = match (name, operands.len()) {
                ("mov", 2) => Some(match constant(operand(1)?)? {
                    Some(offset) => Address { registers: Vec::new(), offset },
                    None => Address { registers: vec![register(1)?], offset: 0 },
                }),
                ("add" | "sub", 3) => constant(operand(2)?)?
                    .map(|offset| if name == "sub" { -offset } else { offset })
                    .zip(register(1).ok())
                    .map(|(offset, register)| Address { registers: vec![register], offset }),
                _ => None,
            };
        }
    }
    Ok(read)
}

/// `[x8, #16]!`, and `[x8], #16`: the register, and how far it is moved on.
fn moved(operands: &[String]) -> anyhow::Result<Option<(String, i64)>> {
    let Some(at) = operands.iter().position(|operand| operand.starts_with('[')) else { return Ok(None) };
    let address = aarch64_address(&operands[at])?;
    let distance = match operands.get(at + 1).and_then(|distance| distance.strip_prefix('#')) {
        Some(distance) => number(distance)?,
        None if operands[at].ends_with('!') => address.offset,
        None => return Ok(None),
    };
    Ok(address.registers.into_iter().next().map(|register| (register, distance)))
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

#[cfg(test)]
mod tests {
    use super::super::asm::Architecture;
    use super::super::read::shown::{accesses, read};
    use super::*;

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
        let computes = |text| {
            read(Architecture::Aarch64, text).computes.map(|address| (address.registers.concat(), address.offset))
        };
        let moves = |text| read(Architecture::Aarch64, text).moves;
        assert_eq!(moves("ldr x9, [x8, #128]!"), Some(("x8".into(), 128)));
        assert_eq!(moves("ldp x9, x10, [sp], #16"), Some(("sp".into(), 16)));
        assert_eq!(moves("ldr x9, [x8, #128]"), None);
        assert_eq!(computes("mov x8, x0"), Some(("x0".into(), 0)));
        assert_eq!(computes("mov w8, #16"), Some((String::new(), 16)));
        assert_eq!(computes("sub x8, x9, #8"), Some(("x9".into(), -8)));
        assert_eq!(computes("add x8, x9, x10"), None);
        assert_eq!(computes("add x8, x9, #1, lsl #12"), None);
        assert_eq!(read(Architecture::Aarch64, "ldr w8, [x0]").writes, ["x8"]);
        assert_eq!(read(Architecture::Aarch64, "str w8, [x0]").writes, [""; 0]);
    }
}
