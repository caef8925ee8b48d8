use std::fmt::Write as _;
use std::panic::Location;

use super::*;

/// The places of the operations in one file.
fn places(text: &str) -> Vec<String> {
    in_text(&[("c/f.rs", text)]).unwrap().iter().map(Operation::place).collect()
}

fn problem(text: &str) -> String {
    format!("{:#}", in_text(&[("c/f.rs", text)]).unwrap_err())
}

#[test]
fn calls_are_found_in_functions() {
    let text = "
        use shim::Ordering::{Acquire, Relaxed};
        impl<T> Cell<T> {
            fn take(&self) -> bool {
                fence(Acquire);
                match self.words[0].compare_exchange(a, b | 1, Acquire, Ordering::Relaxed) { _ => true }
            }
        }
        fn free() { let n = self.line(3)
            .version
            .fetch_add(f(1), Ordering::AcqRel); }
    ";
    assert_eq!(
        places(text),
        ["Cell::take fence", "Cell::take compare_exchange", "free fetch_add"].map(|p| format!("c/f.rs {p}"))
    );
    let exchange = &in_text(&[("c/f.rs", text)]).unwrap()[1];
    assert_eq!(exchange.effects[0].orderings().collect::<Vec<_>>(), [Order::Acquire, Order::Relaxed]);
}

#[test]
fn operations_of_one_name_are_counted_in_a_function() {
    let text = "fn f() { fence(Acquire); x.load(Relaxed); fence(Release); } fn g() { fence(Acquire); }";
    assert_eq!(places(text), ["f fence", "f load", "f fence #2", "g fence"].map(|place| format!("c/f.rs {place}")));
}

#[test]
fn macros_and_assembly_are_looked_into() {
    let text = "
        fn load() { macro_rules! piece { ($A:ident) => {{ let w = $A::from_ptr(p.add($at)).load(Relaxed); }}; } }
        fn wide() { asm!(\"nop\"); }
        fn sure() { debug_assert!(x.load(Acquire) == 1); }
    ";
    assert_eq!(places(text), ["load load", "wide asm", "sure load"].map(|place| format!("c/f.rs {place}")));
}

#[test]
fn functions_that_track_their_caller_are_operations_of_their_callers() {
    let lower = "
        impl Counter {
            #[cfg_attr(icc_loom, track_caller)]
            fn load_relaxed(&self) -> u64 { self.0.load(Relaxed) }
            #[cfg_attr(icc_loom, track_caller)]
            fn load_acquire(&self) -> u64 { let n = self.load_relaxed(); fence(Acquire); n }
            #[cfg_attr(icc_loom, track_caller)]
            fn over(&self, seen: u64, order: Ordering) -> u64 { self.0.compare_exchange(seen, 1, order, Relaxed) }
        }
    ";
    let upper = "fn f() { c.load_acquire(); c.load_relaxed(); c.over(2, AcqRel); self.load_acquire(not, it) }";
    let operations = in_text(&[("c/f.rs", lower), ("d/g.rs", upper)]).unwrap();
    let ids: Vec<_> = operations.iter().flat_map(crate::weakened::weakened).map(|mutant| mutant.id).collect();
    let expected =
        ["load_acquire => fence dropped", "over => compare_exchange Acquire", "over => compare_exchange Release"];
    assert_eq!(ids, expected.map(|id| format!("d/g.rs f {id}")));
    let relaxed: Vec<_> = operations.iter().filter(|operation| operation.is_relaxed()).map(Operation::place).collect();
    let expected = [
        "c/f.rs Counter::load_relaxed load",
        "c/f.rs Counter::load_acquire load_relaxed",
        "c/f.rs Counter::over compare_exchange",
        "d/g.rs f load_relaxed",
    ];
    assert_eq!(relaxed, expected);
    assert!(problem(lower).contains("weakened nowhere"), "{}", problem(lower));
}

#[test]
fn no_ordering_passes_unseen_through_a_function() {
    let passes = "fn over(order: Ordering) { x.store(1, order); } fn f() { over(Release); }";
    assert!(problem(passes).contains("track_caller"), "{}", problem(passes));
    let closure = "#[track_caller] fn over(order: Ordering) { g(|| x.store(1, order)); }";
    assert!(problem(closure).contains("track_caller"), "{}", problem(closure));
    assert!(problem("fn f() { x.swap(1, AcqRel); }").contains("`swap`"));
}

#[test]
fn what_is_not_shipped_is_left_out() {
    let text = "
        #[cfg(test)] mod tests { fn t() { fence(Acquire); } }
        #[cfg(all(test, not(icc_loom)))] mod more { fn t() { fence(Acquire); } }
        #[cfg(icc_loom)] fn die() { fence(Acquire); }
        impl C { #[cfg(icc_steps)] fn step() { fence(Acquire); } }
        #[cfg(not(icc_loom))] fn here() { fence(Acquire); }
        #[cfg(all(unix, not(icc_loom)))] fn there() { fence(Acquire); }
        #[cfg(any(test, unix))] fn perhaps() { fence(Acquire); }
    ";
    assert_eq!(places(text), ["here", "there", "perhaps"].map(|name| format!("c/f.rs {name} fence")));
}

#[test]
fn no_ordering_hides() {
    for text in ["const ORDER: Ordering = Ordering::Release;", "fn f() { let o = (Acquire, 1); }"] {
        assert!(problem(text).contains("outside of a call"), "{}", problem(text));
    }
    let renamed = problem("use shim::Ordering::Acquire as A;");
    assert!(renamed.contains("Acquire as A"), "{renamed}");
}

#[test]
fn modules_are_followed_as_shipped() {
    let text = "mod a; #[cfg(icc_loom)] mod b; #[path = \"other.rs\"] mod c;
        #[cfg_attr(icc_loom, path = \"loom.rs\")] mod d; mod inline { fn f() {} }";
    let structure = Structure::of(text).unwrap();
    let found: Vec<_> = structure.modules.iter().map(|module| (module.name.as_str(), module.path.as_deref())).collect();
    assert_eq!(found, [("a", None), ("c", Some("other.rs")), ("d", None)]);
}

/// The compiler must find each call where this crate does: else the shim would never meet the place
/// that it is told.
#[test]
fn places_are_those_of_the_compiler() {
    let found = in_text(&[("f.rs", include_str!("tests_places.rs"))]).unwrap();
    let found: Vec<_> = found.iter().filter(|operation| !operation.carried).collect();
    let seen: Vec<&Location<'_>> = example::run();
    let (mut here, mut there) = (String::new(), String::new());
    for (operation, place) in found.iter().zip(&seen) {
        writeln!(here, "{}:{}", operation.line, operation.column).unwrap();
        writeln!(there, "{}:{}", place.line(), place.column()).unwrap();
    }
    assert_eq!(here, there);
    assert_eq!(found.len(), seen.len());
}

#[path = "tests_places.rs"]
mod example;
