//! Types that their name describes: numbers, and arrays of such.

use super::{Format, MOST_LEAVES, Node, Scalar};

/// `f64`, `[u32; 4]`, `[[i16; 2]; 3]`; none for other names.
pub(super) fn node(name: &str) -> Option<Node> {
    // Deeper than anybody nests, and no deeper than the stack allows.
    at(name.trim(), 0, 8).map(|(node, _)| node)
}

/// The type at `offset`, and its size.
fn at(name: &str, offset: usize, depth: u32) -> Option<(Node, usize)> {
    if let Some(inner) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        let (element, count) = inner.rsplit_once(';')?;
        let count = count.trim().parse::<usize>().ok().filter(|&count| count <= MOST_LEAVES)?;
        let (_, size) = at(element.trim(), offset, depth.checked_sub(1)?)?;
        let mut elements = Vec::new();
        for index in 0..count {
            let offset = offset.checked_add(index.checked_mul(size)?)?;
            elements.push(at(element.trim(), offset, depth - 1)?.0);
        }
        return Some((Node::Array(elements), count.checked_mul(size)?));
    }
    let format = match name {
        "u8" => Format::U8,
        "u16" => Format::U16,
        "u32" => Format::U32,
        "u64" | "usize" => Format::U64,
        "u128" => Format::U128,
        "i8" => Format::I8,
        "i16" => Format::I16,
        "i32" => Format::I32,
        "i64" | "isize" => Format::I64,
        "i128" => Format::I128,
        "f32" => Format::F32,
        "f64" => Format::F64,
        "bool" => Format::Bool,
        _ => return None,
    };
    let size = format.size();
    Some((Node::Scalar(Scalar { offset, format }), size))
}
