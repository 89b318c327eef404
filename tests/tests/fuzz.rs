//! The fuzz targets on what fuzzers found, on their seeds, and on changes of those.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use tests::fuzz::{TARGETS, Target};
use tests::mutation::mutate;
use tests::random::Random;

/// Changes of each seed, one on top of the other.
const CHANGES: usize = 6;

#[test]
fn analysis() {
    replay("analysis", 300);
}

#[test]
fn capture() {
    replay("capture", 1500);
}

#[test]
fn client() {
    replay("client", 500);
}

#[test]
fn datagram() {
    replay("datagram", 3000);
}

#[test]
fn filter() {
    replay("filter", 3000);
}

#[test]
fn frames() {
    replay("frames", 1000);
}

#[test]
fn hand_in() {
    replay("hand_in", 100);
}

#[test]
fn lab() {
    replay("lab", 2000);
}

#[test]
fn packet() {
    replay("packet", 1500);
}

#[test]
fn reassembly() {
    replay("reassembly", 3000);
}

#[test]
fn rubric() {
    replay("rubric", 100);
}

#[test]
fn scram() {
    replay("scram", 100);
}

#[test]
fn session() {
    replay("session", 100);
}

#[test]
fn sheet() {
    replay("sheet", 300);
}

/// Each target has a program that runs it and a test here, and nothing else is there.
#[test]
fn every_target_is_run() {
    let folder = fuzz().join("targets");
    let programs: Vec<String> = tests::files(&folder)
        .iter()
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(programs, names);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let here =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz.rs")).unwrap();
    for name in names {
        let program = fs::read_to_string(folder.join(name).with_extension("rs")).unwrap();
        assert!(
            program.contains(&format!("tests::fuzz::{name}::check(octets)")),
            "{program}"
        );
        assert!(
            manifest.contains(&format!("path = \"targets/{name}.rs\"")),
            "{name}"
        );
        assert!(here.contains(&format!("replay(\"{name}\", ")), "{name}");
    }
    for folder in fs::read_dir(fuzz().join("regressions")).unwrap() {
        let folder = folder.unwrap();
        let is_target = |target: &Target| folder.file_name() == target.name;
        let is_known = folder.file_name() == "README.md" || TARGETS.iter().any(is_target);
        assert!(is_known, "{}", folder.path().display());
    }
}

/// The README says of every finding why it is kept.
#[test]
fn every_finding_is_told() {
    let regressions = fuzz().join("regressions");
    let readme = fs::read_to_string(regressions.join("README.md")).unwrap();
    for path in tests::files(&regressions) {
        let name = path
            .strip_prefix(&regressions)
            .unwrap()
            .display()
            .to_string();
        assert!(
            name == "README.md" || readme.contains(&format!("`{name}`")),
            "{name}"
        );
    }
}

/// Runs a target on findings, seeds and so many changes.
fn replay(name: &str, rounds: usize) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let findings = fuzz().join("regressions").join(name);
    if findings.is_dir() {
        for path in tests::files(&findings) {
            check(
                target,
                &path.display().to_string(),
                &fs::read(&path).unwrap(),
            );
        }
    }
    let seeds = (target.seeds)();
    for (number, seed) in seeds.iter().enumerate() {
        check(target, &format!("seed {number}"), seed);
    }
    let mut random = Random::new(1);
    for round in 0..rounds {
        let mut octets = random.one_of(&seeds).clone();
        for _ in 0..=random.below(CHANGES) {
            mutate(&mut octets, &mut random);
        }
        check(target, &format!("round {round}"), &octets);
    }
}

fn check(target: &Target, what: &str, octets: &[u8]) {
    let checked = catch_unwind(|| (target.check)(octets));
    assert!(
        checked.is_ok(),
        "{what} of {}: {}",
        target.name,
        octets.escape_ascii()
    );
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}
