//! Instructions as the compiler prints them, and as herd7 reads them: which memory each accesses and how, which
//! registers it writes, and where it goes on.

use anyhow::Context as _;

/// A processor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Architecture {
    Aarch64,
    /// The same without the instructions that read, modify and write: with a load and a store that fails if another wrote.
    Aarch64Exclusive,
    X86_64,
}

impl Architecture {
    pub(super) const ALL: [Self; 3] = [Self::Aarch64, Self::Aarch64Exclusive, Self::X86_64];

    /// As in the folder's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Aarch64 => "aarch64",
            Self::Aarch64Exclusive => "aarch64-exclusive",
            Self::X86_64 => "x86_64",
        }
    }

    /// As herd7 says it.
    pub(super) fn herd_name(self) -> &'static str {
        match self {
            Self::Aarch64 | Self::Aarch64Exclusive => "AArch64",
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
    /// What it writes, where that is registers' sum and a number.
    pub(super) computes: Option<Address>,
    /// The register with its access's address that it moves on, and how far.
    pub(super) moves: Option<(String, i64)>,
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
    /// Another function, of which nothing is known but its symbol, if that stands there.
    Call(String),
}

/// Whether a symbol of the compiler's, in whatever case, is that of `name`, or `Type::name`.
pub(super) fn is_symbol_of(symbol: &str, name: &str) -> bool {
    let (symbol, name) = (symbol.to_lowercase(), name.to_lowercase());
    let wanted: Vec<&str> = name.split("::").collect();
    let Some(mut rest) = symbol.trim_start_matches('*').strip_prefix("_zn") else {
        // Of another kind: a part of it has its length before it. Or of C.
        let part: String = wanted.iter().map(|part| format!("{}{part}", part.len())).collect();
        return symbol.contains(&part) || symbol.trim_start_matches('*').split('@').next() == Some(&name);
    };
    let mut parts = Vec::new();
    loop {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let part = rest[..end].parse().ok().and_then(|len: usize| rest.get(end..end + len));
        let Some(part) = part else { break };
        rest = &rest[end + part.len()..];
        parts.push(plain(part));
    }
    // The last is a hash.
    parts.pop();
    parts.ends_with(&wanted)
}

/// `QueueReader` for `QueueReader$LT$T$GT$` and for `_$LT$impl$u20$icc_queue..reader..QueueReader$LT$T$GT$$GT$`, in
/// small letters.
fn plain(part: &str) -> &str {
    let part = part.trim_start_matches('_').trim_start_matches("$lt$").trim_start_matches("impl$u20$");
    let part = part.split('$').next().unwrap_or_default();
    part.rsplit("..").next().unwrap_or_default()
}

/// The lines of a function, `name` or `Type::name`: instructions, and labels with their colon.
pub(super) fn function<'a>(text: &'a str, name: &str) -> anyhow::Result<Vec<&'a str>> {
    let is_start = |line: &&str| {
        line.strip_suffix(':').is_some_and(|symbol| symbol.starts_with('_') && is_symbol_of(symbol, name))
    };
    let mut lines = text.lines().skip_while(|line| !is_start(line));
    lines.next().context("there is no such function")?;
    let body = lines.take_while(|line| !line.trim_start().starts_with(".size") && !line.starts_with(".Lfunc_end"));
    let comment = |line: &&str| {
        let line = line.trim();
        line.is_empty() || line.starts_with(['#', '.']) && !line.ends_with(':') || line.starts_with("//")
    };
    Ok(body.filter(|line| !comment(line)).map(str::trim).collect())
}

/// Cut at commas outside of brackets.
pub(super) fn operands_of(text: &str) -> Vec<String> {
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

pub(super) fn number(text: &str) -> anyhow::Result<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let value = match digits.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    Ok(sign * value.with_context(|| format!("`{text}` is no number"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_found_by_its_name() {
        let text = "_ZN1p4read17h0123456789abcdefE:\n\t.cfi_startproc\n\tretq\n.LBB1_2:\n\tnop\n.Lfunc_end0:\n\t.size _ZN1p4read17h0123456789abcdefE, 3\nother:\n\tud2\n";
        assert_eq!(function(text, "read").unwrap(), ["retq", ".LBB1_2:", "nop"]);
        assert_eq!(function(text, "p::read").unwrap().len(), 3);
        assert!(function(text, "write").is_err());
    }

    #[test]
    fn symbols_are_of_their_functions() {
        let of_generic = "_ZN9icc_queue6reader20QueueReader$LT$T$GT$8produced17h5d5201c5ee5e8372E";
        let of_impl = "_ZN9icc_queue4gaps57_$LT$impl$u20$icc_queue..reader..QueueReader$LT$T$GT$$GT$8left_out17h0123456789abcdefE";
        let of_std = "*_RNvNtCsjrHSEGnQ3l9_3std7process2id@GOTPCREL(%rip)";
        for (symbol, name) in [
            (of_generic, "QueueReader::produced"),
            (of_generic, "produced"),
            (of_impl, "QueueReader::left_out"),
            ("_zn10icc_buffer3ids6idlock9is_forked17h563942b68f2a0158e@gotpcrel(%rip)", "IdLock::is_forked"),
            (of_std, "process::id"),
            ("*memcpy@gotpcrel(%rip)", "memcpy"),
        ] {
            assert!(is_symbol_of(symbol, name), "{symbol} {name}");
        }
        for (symbol, name) in
            [(of_generic, "QueueReader"), (of_generic, "Queue::produced"), (of_impl, "out"), ("*%r13", "memcpy")]
        {
            assert!(!is_symbol_of(symbol, name), "{symbol} {name}");
        }
    }
}
