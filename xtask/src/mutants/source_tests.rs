use super::*;

fn ids(text: &str) -> Vec<String> {
    in_text(text, "c/f.rs").unwrap().0.iter().map(Site::id).collect()
}

#[test]
fn calls_are_found_with_their_whole_expression() {
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
        ids(text),
        [
            "c/f.rs Cell::take: fence(Acquire)",
            "c/f.rs Cell::take: self.words[0].compare_exchange(a, b | 1, Acquire, Ordering::Relaxed)",
            "c/f.rs free: self.line(3).version.fetch_add(f(1), Ordering::AcqRel)",
        ]
    );
    let (sites, _) = in_text(text, "c/f.rs").unwrap();
    assert_eq!(
        sites.iter().map(|site| site.call.as_str()).collect::<Vec<_>>(),
        ["fence", "compare_exchange", "fetch_add"]
    );
    let exchange = &sites[1].orderings;
    assert_eq!((exchange[0].qualified, exchange[1].qualified), (false, true));
    assert_eq!(&text[exchange[1].at.clone()], "Relaxed");
    let whole = &text[sites[2].at.clone()];
    assert!(whole.starts_with("self.line(3)") && whole.ends_with("AcqRel)"), "{whole}");
}

#[test]
fn equal_expressions_are_counted() {
    let text = "fn f() { fence(Acquire); fence(Acquire); } fn g() { fence(Acquire); }";
    assert_eq!(ids(text), ["c/f.rs f: fence(Acquire)", "c/f.rs f: fence(Acquire) #2", "c/f.rs g: fence(Acquire)"]);
}

#[test]
fn macros_assembly_and_wrappers_are_looked_into() {
    let text = "
        fn load() { macro_rules! piece { ($A:ident) => {{ let w = $A::from_ptr(p.add($at)).load(Relaxed); }}; } }
        fn wide() { asm!(\"nop\"); }
        fn line() -> u64 { let l = self.line(LINE).load_acquire(); l }
    ";
    assert_eq!(
        ids(text),
        [
            "c/f.rs load: $A::from_ptr(p.add($at)).load(Relaxed)",
            "c/f.rs wide: asm!",
            "c/f.rs line: self.line(LINE).load_acquire()",
        ]
    );
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
    assert_eq!(ids(text), ["here", "there", "perhaps"].map(|name| format!("c/f.rs {name}: fence(Acquire)")));
}

#[test]
fn no_ordering_hides() {
    assert_eq!(ids("const ORDER: Ordering = Ordering::Release;"), ["c/f.rs -: Release outside of a call"]);
    assert_eq!(ids("fn f() { let o = (Acquire, 1); }"), ["c/f.rs f: Acquire outside of a call"]);
    let renamed = in_text("use shim::Ordering::Acquire as A;", "c/f.rs").err().unwrap();
    assert!(renamed.to_string().contains("Acquire as A"), "{renamed}");
}

#[test]
fn modules_are_followed_as_shipped() {
    let text = "mod a; #[cfg(icc_loom)] mod b; #[path = \"other.rs\"] mod c;
        #[cfg_attr(icc_loom, path = \"loom.rs\")] mod d; mod inline { fn f() {} }";
    let (_, modules) = in_text(text, "c/lib.rs").unwrap();
    let found = modules.iter().map(|module| (module.name.as_str(), module.path.as_deref())).collect::<Vec<_>>();
    assert_eq!(found, [("a", None), ("c", Some("other.rs")), ("d", None)]);
}
