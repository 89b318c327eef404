//! The build script of the three programs: what `--version` tells.
//!
//! A release build tells the commit it was made from, its date, and whether the sources had been
//! changed since. A debug build tells only that it is one: else each commit would build everything anew.
#![expect(clippy::print_stdout, reason = "so a build script tells cargo")]

use std::path::Path;
use std::process::Command;

fn main() {
    let package = env("CARGO_PKG_VERSION");
    let version = if env("PROFILE") == "release" {
        match commit() {
            Some(commit) => format!("{package} ({commit})"),
            // An archive of the sources, or no git: nothing is known.
            None => package,
        }
    } else {
        println!("cargo::rerun-if-changed=../version.rs");
        format!("{package} (debug build)")
    };
    println!("cargo::rustc-env=VERSION={version}");
}

/// As rustc tells its own: `5449f2512 2026-11-24`; with `, changed` if that is not all.
fn commit() -> Option<String> {
    let root = Path::new(&env("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .ok()?;
    // The sources may lie in somebody else's repository, whose commits are not theirs.
    if Path::new(&git(&["rev-parse", "--show-toplevel"])?)
        .canonicalize()
        .ok()?
        != root
    {
        return None;
    }
    for file in [
        root.join("crates"),
        root.join("Cargo.toml"),
        root.join("Cargo.lock"),
        root.join(git(&["rev-parse", "--git-path", "HEAD"])?),
        root.join(git(&["rev-parse", "--git-path", "logs/HEAD"])?),
    ] {
        if file.exists() {
            println!("cargo::rerun-if-changed={}", file.display());
        }
    }
    let commit = git(&["log", "-1", "--abbrev=9", "--format=%h %cs"])?;
    let sources = ["--", "crates", "Cargo.toml", "Cargo.lock"];
    let changes = git(&[&["status", "--porcelain"][..], &sources].concat())?;
    let changed = if changes.is_empty() { "" } else { ", changed" };
    Some(format!("{commit}{changed}"))
}

/// What git prints, unless it fails; asked at the root, where paths are told from.
fn git(arguments: &[&str]) -> Option<String> {
    let asked = Command::new("git")
        .current_dir("../..")
        .args(arguments)
        .output()
        .ok()?;
    let text = String::from_utf8(asked.stdout).ok()?;
    asked.status.success().then(|| text.trim_end().to_owned())
}

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}
