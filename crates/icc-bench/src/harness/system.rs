//! What the system's own files say.

use std::collections::BTreeSet;
use std::fs;

/// The hyper-threads that share a core with this one, itself included; empty if the system does not
/// say.
#[must_use]
pub(crate) fn smt_siblings(core: usize) -> Vec<usize> {
    first_line(&format!("/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list"))
        .map(|line| parse_cpu_list(&line))
        .unwrap_or_default()
}

/// Bytes of a core's second cache, if the system says.
#[must_use]
pub(crate) fn second_cache(core: usize) -> Option<usize> {
    let caches = format!("/sys/devices/system/cpu/cpu{core}/cache");
    let mut indices = (0..8).map(|index| format!("{caches}/index{index}"));
    let second = indices.find(|cache| first_line(&format!("{cache}/level")).as_deref() == Some("2"))?;
    parse_size(&first_line(&format!("{second}/size"))?)
}

/// Parses the kernel's notation for sizes, such as `512K`.
fn parse_size(size: &str) -> Option<usize> {
    let digits = size.trim_end_matches(['K', 'M']);
    let unit = match &size[digits.len()..] {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(unit)
}

/// Parses the kernel's notation for sets of processors, such as `0-2,8`. Parts that are not in it
/// are left out.
fn parse_cpu_list(list: &str) -> Vec<usize> {
    let cores: BTreeSet<usize> = list
        .split(',')
        .filter_map(|part| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            Some(low.trim().parse().ok()?..=high.trim().parse().ok()?)
        })
        .flatten()
        .collect();
    cores.into_iter().collect()
}

/// The first line of a file that is there and says something.
pub(crate) fn first_line(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().next()?.trim_end_matches('\0').trim();
    (!line.is_empty()).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_lists_are_read_in_the_kernels_notation() {
        assert_eq!(parse_cpu_list("0-2,8"), [0, 1, 2, 8]);
        assert_eq!(parse_cpu_list("3"), [3]);
        assert_eq!(parse_cpu_list(""), [0; 0]);
    }

    #[test]
    fn sizes_are_read_in_the_kernels_notation() {
        assert_eq!(
            ["512K", "2M", "64", "K", "1G", "512KM"].map(parse_size),
            [Some(512 << 10), Some(2 << 20), Some(64), None, None, None]
        );
    }
}
