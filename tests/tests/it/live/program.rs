//! Programs of the examples, as processes that may be killed.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

/// The program of that name, built as the tests were, and with them, so that they share their dependencies.
pub(super) fn example(name: &str) -> PathBuf {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let tests = env::current_exe().unwrap();
    let profile = tests.parent().unwrap().parent().unwrap();
    let mut build = Command::new("cargo");
    build.current_dir(root).args(["build", "--locked", "--workspace", "--bins", "--tests"]);
    build.arg("--target-dir").arg(profile.parent().unwrap());
    // What cargo says to a test of its package makes build scripts run again that look at it.
    let told =
        |name: &OsStr| name.to_string_lossy().starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR";
    for (name, _) in env::vars_os().filter(|(name, _)| told(name)) {
        build.env_remove(name);
    }
    if profile.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success(), "{name} cannot be built");
    profile.join(name)
}
