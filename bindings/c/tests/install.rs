//! What `install.sh` puts below a prefix is found and used: by pkg-config and by CMake.

#![cfg(target_os = "linux")]

mod common;

use common::{CXX, Compiler, library, succeeds};
use std::fs;
use std::path::Path;
use std::process::Command;

const PROGRAM: &str = r#"
#include "icc_write.hpp"
int main() {
    try {
        icc::Producer<double> producer("/dev/shm/icc-no-such-queue");
    } catch (const icc::Refused &refused) {
        return refused.status() == ICC_STATUS_NOT_FOUND ? 0 : 1;
    }
    return 1;
}
"#;

/// Whether a program is here; else says that a test is skipped.
fn is_here(program: &str) -> bool {
    let here = Command::new(program).arg("--version").output().is_ok();
    if !here {
        eprintln!("skipped: no {program}");
    }
    here
}

fn install(prefix: &Path) {
    let mut install = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/install.sh"));
    let installed = install.arg(prefix).env("ICC_BUILT", library("libicc_c.so").parent().unwrap()).output().unwrap();
    succeeds(&installed, "install.sh");
}

fn run(program: &Path, prefix: &Path) {
    succeeds(&Command::new(program).env("LD_LIBRARY_PATH", prefix.join("lib")).output().unwrap(), "the program");
}

#[test]
fn pkg_config_finds_it() {
    let Some(compiler) = Compiler::of(CXX).filter(|_| is_here("pkg-config")) else { return };
    let prefix = tempfile::tempdir().unwrap();
    install(prefix.path());
    let path = prefix.path().join("lib/pkgconfig");
    let flags =
        Command::new("pkg-config").args(["--cflags", "--libs", "icc"]).env("PKG_CONFIG_PATH", path).output().unwrap();
    succeeds(&flags, "pkg-config");
    let flags = String::from_utf8(flags.stdout).unwrap();
    let (source, program) = (prefix.path().join("program.cpp"), prefix.path().join("program"));
    fs::write(&source, PROGRAM).unwrap();
    let built = compiler.plain().arg(&source).args(flags.split_whitespace()).arg("-o").arg(&program).output().unwrap();
    succeeds(&built, "the compiler");
    run(&program, prefix.path());
}

#[test]
fn cmake_finds_it() {
    if Compiler::of(CXX).is_none() || !is_here("cmake") {
        return;
    }
    let prefix = tempfile::tempdir().unwrap();
    install(prefix.path());
    let project = prefix.path().join("project");
    fs::create_dir(&project).unwrap();
    fs::write(project.join("program.cpp"), PROGRAM).unwrap();
    let lists = "cmake_minimum_required(VERSION 3.16)\nproject(program CXX)\nfind_package(icc REQUIRED)\n\
        add_executable(one program.cpp)\ntarget_link_libraries(one icc::icc)\n\
        add_executable(other program.cpp)\ntarget_link_libraries(other icc::static)\n";
    fs::write(project.join("CMakeLists.txt"), lists).unwrap();
    let build = project.join("build");
    let mut configure = Command::new("cmake");
    configure
        .arg("-S")
        .arg(&project)
        .arg("-B")
        .arg(&build)
        .arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.path().display()));
    succeeds(&configure.output().unwrap(), "cmake");
    succeeds(&Command::new("cmake").arg("--build").arg(&build).output().unwrap(), "cmake --build");
    run(&build.join("one"), prefix.path());
    run(&build.join("other"), prefix.path());
}
