//! The headers: what the library's header says is what the library has, and all of them compile.

#![cfg(target_os = "linux")]

mod common;

use common::{C, CXX, Compiler};
use std::fs;

/// With `ICC_WRITE_HEADER=1` in the environment, the header is written anew.
#[test]
fn the_header_is_that_of_the_library() {
    let package = env!("CARGO_MANIFEST_DIR");
    let path = format!("{package}/include/icc_write.h");
    let config = cbindgen::Config::from_file(format!("{package}/cbindgen.toml")).unwrap();
    let sources = fs::read_dir(format!("{package}/src")).unwrap().map(|entry| entry.unwrap().path());
    let mut sources: Vec<_> = sources.collect();
    sources.sort();
    let builder = sources.iter().fold(cbindgen::Builder::new(), |builder, source| builder.with_src(source));
    let mut made = Vec::new();
    builder.with_config(config).generate().unwrap().write(&mut made);
    let made = String::from_utf8(made).unwrap();
    if std::env::var_os("ICC_WRITE_HEADER").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    assert!(found == made, "include/icc_write.h is not of today's sources: run this test with ICC_WRITE_HEADER=1");
}

/// What each standard compiles, by each compiler that is here: all headers, twice, their functions unused.
fn compiles(language: common::Language, compilers: [&str; 2], standards: &[&str], headers: &[&str]) {
    let posix = if language == C { "#define _POSIX_C_SOURCE 200809L\n" } else { "" };
    let includes: String = headers.iter().map(|header| format!("#include \"{header}\"\n")).collect();
    let text = format!("{posix}{includes}{includes}int main(void) {{ return 0; }}\n");
    for compiler in compilers.into_iter().filter_map(|compiler| Compiler::named(compiler, language)) {
        for standard in standards {
            compiler.check("the headers", &text, &[&format!("-std={standard}")]);
        }
    }
}

#[test]
fn headers_compile_as_c() {
    compiles(C, ["gcc", "clang"], &["c11", "c2x"], &["icc.h", "icc_write.h"]);
}

#[test]
fn headers_compile_as_cpp() {
    let headers = ["icc.h", "icc_write.h", "icc.hpp", "icc_write.hpp"];
    compiles(CXX, ["g++", "clang++"], &["c++11", "c++14", "c++17", "c++20", "c++2b"], &headers);
}

/// What is no payload does not compile, and the error says why.
#[test]
fn what_is_no_payload_is_refused() {
    if let Some(compiler) = Compiler::of(CXX) {
        for (message, says) in [("std::string", "trivially copyable"), ("const char *", "a pointer means nothing")] {
            let text = format!("#include \"icc.hpp\"\nint main() {{ icc::Consumer<{message}> consumer(\"x\"); }}\n");
            let refused = std::panic::catch_unwind(|| compiler.check("a message", &text, &["-std=c++17"])).unwrap_err();
            let refused = refused.downcast_ref::<String>().unwrap();
            assert!(refused.contains(says), "{message}: {refused}");
        }
    }
}
