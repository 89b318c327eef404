//! The rules that keep the workspace in layers, checked from its sources.
//!
//! Crates that do not exist yet break no rule. Each rule is tried on a small wrong source first, so
//! that a checker that no longer bites is found too.

use std::fs;
use std::path::Path;

use tests::program::project;
use tests::source;

/// chatpcap's stages: each names only itself and those before it.
const STAGES: &[&str] = &[
    "capture", "packet", "flow", "field", "filter", "trace", "ask", "graph", "verify", "grade",
    "report", "tui",
];

/// Our crates, and those of ours that each may depend on.
const OURS: &[(&str, &[&str])] = &[
    ("chat-proto", &[]),
    ("chat-server", &["chat-proto"]),
    ("chat-client", &["chat-proto"]),
    ("chatpcap", &["chat-proto"]),
    // What the tests depend on is their own affair, but nobody depends on them.
    (
        "tests",
        &["chat-proto", "chat-server", "chat-client", "chatpcap"],
    ),
];

/// What the protocol is given as an argument instead: no I/O, no clock, no dice.
const NOT_IN_PROTO: &[&str] = &[
    "tokio",
    "mio",
    "socket2",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "SystemTime",
    "Instant",
    "rand",
    "getrandom",
    "fastrand",
    "OsRng",
    "ThreadRng",
    "thread_rng",
];

/// The same, as the last two words of a path.
const PATHS_NOT_IN_PROTO: &[[&str; 2]] = &[["std", "fs"], ["std", "env"], ["std", "process"]];

/// All that is timed goes by a clock that nobody can set. The only place that asks for the date tells the
/// operator when an account was made.
const DATES: &str = "crates/chat-server/src/accounts/table.rs";

/// What only a program's own file does.
const PROGRAM_MACROS: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];
const PROGRAM_PATHS: &[[&str; 2]] = &[
    ["process", "exit"],
    ["process", "abort"],
    ["env", "args"],
    ["env", "args_os"],
];

/// Lines of a source file without its unit tests.
const MAX_LINES: usize = 500;

/// The top level of the repository. `target` is what cargo makes.
const TOP_LEVEL: &[&str] = &[
    "ARCHITECTURE.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "captures",
    "crates",
    "docker",
    "target",
    "tests",
];

/// The table of bounds in `ARCHITECTURE.md` is that of the sources.
#[test]
fn the_bounds_are_as_they_are_told() {
    let text = fs::read_to_string(project().join("ARCHITECTURE.md")).unwrap();
    let section = text.split("## Bounds").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut rows = 0;
    for line in section.lines().filter(|line| line.contains("` in `")) {
        // | what | at most | `NAME` = `value` in `file` |
        let cell = line.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let [name, value, file]: [&str; 3] = cell
            .split('`')
            .skip(1)
            .step_by(2)
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        let path = project().join("crates/chatpcap/src").join(file);
        let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        let is_it = |line: &str| {
            line.contains(&format!("const {name}:")) && line.ends_with(&format!(" = {value};"))
        };
        assert!(source.lines().any(is_it), "{file}: no {name} = {value}");
        rows += 1;
    }
    assert!(rows > 30, "{rows} rows");
}

#[test]
fn sources_keep_the_layers() {
    let sources = sources();
    assert!(sources.len() > 40, "only {} sources found", sources.len());
    let violations: Vec<String> = sources
        .iter()
        .flat_map(|(path, text)| file_violations(path, text))
        .chain(dissectors(&sources))
        .collect();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn manifests_keep_the_layers() {
    let mut violations = Vec::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let path = entry.unwrap().path().join("Cargo.toml");
        if let Ok(text) = fs::read_to_string(&path) {
            violations.extend(manifest_violations(&text));
        }
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn the_top_level_holds_nothing_else() {
    let names = fs::read_dir(root()).unwrap();
    let strays: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| is_stray(name))
        .collect();
    assert!(strays.is_empty(), "{strays:?} at the top level");
}

#[test]
fn the_checker_bites() {
    let check = |path: &str, text: &str, expected: &[&str]| {
        let violations = file_violations(path, text);
        let fits = violations.len() == expected.len()
            && violations
                .iter()
                .zip(expected)
                .all(|(violation, part)| violation.contains(part));
        assert!(fits, "{path}: {text}\n{violations:#?}");
    };
    let pcap = |file: &str| format!("crates/chatpcap/src/{file}");
    let flow = pcap("flow/table.rs");

    // A stage names those to its left, and itself.
    check(
        &flow,
        "use crate::packet::Tcp; use super::tcp; use super::super::capture::Frame;",
        &[],
    );
    check(&flow, "use crate::trace::Trace;", &["flow names trace"]);
    check(
        &flow,
        "use crate::{capture::Frame, ask};",
        &["flow names ask"],
    );
    check(
        &flow,
        "use super::super::trace::Trace;",
        &["flow names trace"],
    );
    check(
        &flow,
        "use super::{Flow, super::{trace}};",
        &["flow names trace"],
    );
    check(
        &flow,
        "mod a { use super::super::super::trace; }",
        &["flow names trace"],
    );
    check(&flow, "mod a { use super::super::trace; }", &[]);
    check(
        &flow,
        "fn a(b: crate::report::Text) {}",
        &["flow names report"],
    );
    check(&flow, "use crate::*;", &["flow names *"]);
    check(
        &pcap("flow/mod.rs"),
        "use super::trace::Trace;",
        &["flow names trace"],
    );
    check(
        &pcap("flow.rs"),
        "use super::trace::Trace;",
        &["flow names trace"],
    );
    check(
        &pcap("ask/mod.rs"),
        "use crate::verify;",
        &["ask names verify"],
    );
    check(&pcap("verify/mod.rs"), "use crate::ask;", &[]);
    check(
        &flow,
        "//! [`crate::trace`]\nconst A: &str = \"crate::trace\";",
        &[],
    );
    check(
        &flow,
        "#[cfg(test)]\nmod tests { use crate::trace::Trace; }",
        &[],
    );
    check(&pcap("misc/mod.rs"), "", &["is no stage"]);
    check(&pcap("lib.rs"), "pub mod ask; pub mod misc;", &[]);

    // The protocol is given everything.
    let proto = "crates/chat-proto/src/frame.rs";
    check(proto, "use std::net::IpAddr; use std::time::Duration;", &[]);
    check(proto, "use std::net::{IpAddr, UdpSocket};", &["UdpSocket"]);
    check(proto, "use std::fs::File;", &["std::fs"]);
    check(proto, "use std::{fmt, fs};", &["std::fs"]);
    check(proto, "let now = std::time::Instant::now();", &["Instant"]);
    check(proto, "let now = SystemTime::now();", &["SystemTime"]);
    check(proto, "let dice: u8 = rand::random();", &["rand"]);
    check(proto, "async fn a() { tokio::spawn(b()); }", &["tokio"]);
    check(
        "crates/chat-server/src/room.rs",
        "use tokio::sync::mpsc;",
        &[],
    );

    // Clocks that can be set are for showing only.
    let date = "let now = SystemTime::now();";
    check("crates/chat-server/src/gate.rs", date, &["SystemTime"]);
    check(
        "crates/chat-client/src/link.rs",
        "let now = Instant::now();",
        &[],
    );
    check(DATES, date, &[]);

    // Programs print, libraries do not.
    check(&flow, "println!()", &["println!"]);
    check(
        &flow,
        "eprint!(\"{}\", a); std::process::exit(1)",
        &["eprint!", "process::exit"],
    );
    check(
        &flow,
        "use std::env; fn a() { env::args() }",
        &["env::args"],
    );
    check(&flow, "fn print() { self.print() } // println!()", &[]);
    check(&pcap("main.rs"), "println!()", &[]);
    check(&pcap("cli/verify.rs"), "std::process::exit(2)", &[]);
    check("crates/chat-client/src/cli.rs", "std::env::args()", &[]);

    // Long files.
    check(&flow, &"a;\n".repeat(MAX_LINES), &[]);
    check(&flow, &"a;\n".repeat(MAX_LINES + 1), &["501 lines"]);
    let tested = format!(
        "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
        "a;\n".repeat(400),
        "b;\n".repeat(400)
    );
    check(&flow, &tested, &[]);

    // One chat dissector.
    let names = |file: &str| (pcap(file), "use chat_proto::Event;".to_owned());
    assert_eq!(dissectors(&[names("flow/chat.rs")]), None);
    assert!(dissectors(&[names("flow/chat.rs"), names("ask/mod.rs")]).is_some());

    assert!(is_stray("scripts") && is_stray("notes.md"));
    assert!(!is_stray(".ci") && !is_stray("docker"));
}

#[test]
fn the_checker_bites_on_manifests() {
    let check = |text: &str, expected: &[&str]| {
        let violations = manifest_violations(text);
        let fits = violations.len() == expected.len()
            && violations
                .iter()
                .zip(expected)
                .all(|(violation, part)| violation.contains(part));
        assert!(fits, "{text}\n{violations:#?}");
    };
    let proto = "[package]\nname = \"chat-proto\"\n";
    check(
        &format!("{proto}[dependencies]\nserde = \"1\"\nsha2.workspace = true"),
        &[],
    );
    check(
        &format!("{proto}[dependencies]\ntokio.workspace = true"),
        &["tokio"],
    );
    check(
        &format!("{proto}[target.'cfg(unix)'.dependencies]\nrand = \"1\""),
        &["rand"],
    );
    check(
        &format!("{proto}[dev-dependencies]\nchatpcap = {{ path = \"../chatpcap\" }}"),
        &["chatpcap"],
    );
    check(
        "[package]\nname = \"chat-client\"\n[dependencies]\nchat-proto.path = \"../chat-proto\"\n\
         server = { path = \"../chat-server\", package = \"chat-server\" }",
        &["chat-server"],
    );
    check(
        "[package]\nname = \"chatpcap\"\n[dependencies]\ntests.path = \"../../tests\"",
        &["tests"],
    );
    check("[package]\nname = \"chat-bot\"", &["is none of the crates"]);
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Every source of every crate, by its path from the root.
fn sources() -> Vec<(String, String)> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path().join("src");
        if !folder.is_dir() {
            continue;
        }
        for path in tests::files(&folder) {
            if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
                sources.push((name.to_owned(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources
}

/// What is wrong with one source.
fn file_violations(path: &str, text: &str) -> Vec<String> {
    let code = source::without_tests(&source::code(text));
    let tokens = source::tokens(&code);
    let paths = source::paths(&tokens);
    let mut violations = Vec::new();
    let (package, modules) = place(path);
    if package == "chatpcap" && !is_program(path) {
        stage_violations(&modules, &paths, &mut violations);
    }
    if package == "chat-proto" {
        let words = tokens.iter().filter(|token| NOT_IN_PROTO.contains(token));
        violations.extend(words.map(|word| format!("names {word}")));
        violations.extend(named(&paths, PATHS_NOT_IN_PROTO));
    }
    let chats = ["chat-server", "chat-client"].contains(&package);
    if chats && path != DATES && tokens.contains(&"SystemTime") {
        violations.push("names SystemTime".to_owned());
    }
    if !is_program(path) {
        let macros = tokens
            .windows(2)
            .filter(|pair| PROGRAM_MACROS.contains(&pair[0]) && pair[1] == "!");
        violations.extend(macros.map(|pair| format!("names {}!", pair[0])));
        violations.extend(named(&paths, PROGRAM_PATHS));
    }
    let lines = code.lines().count();
    if lines > MAX_LINES {
        violations.push(format!("has {lines} lines, more than {MAX_LINES}"));
    }
    for violation in &mut violations {
        violation.insert_str(0, &format!("{path}: "));
    }
    violations
}

/// What a module of chatpcap names that is not to its left.
fn stage_violations(modules: &[&str], paths: &[source::Path<'_>], violations: &mut Vec<String>) {
    let Some(stage) = modules.first() else {
        return;
    };
    let Some(rank) = STAGES.iter().position(|other| other == stage) else {
        violations.push(format!(
            "{stage} is no stage: say in STAGES where it stands"
        ));
        return;
    };
    for path in paths {
        let words = &path.words;
        let ups = words
            .iter()
            .take_while(|word| matches!(**word, "super" | "self"));
        let supers = ups.clone().filter(|word| **word == "super").count();
        let from_root = match words[0] {
            "crate" => words.get(1),
            "super" | "self" if supers == modules.len() + path.depth => words.get(ups.count()),
            _ => continue,
        };
        let Some(named) = from_root else { continue };
        let allowed = STAGES.iter().position(|other| other == named);
        if allowed.is_none_or(|other| other > rank) {
            violations.push(format!("{stage} names {named}"));
        }
    }
}

fn named(paths: &[source::Path<'_>], forbidden: &[[&str; 2]]) -> Vec<String> {
    let pairs = paths.iter().flat_map(|path| path.words.windows(2));
    pairs
        .filter(|pair| forbidden.iter().any(|forbidden| forbidden == *pair))
        .map(|pair| format!("names {}", pair.join("::")))
        .collect()
}

/// chatpcap knows the chat's language in one file.
fn dissectors(sources: &[(String, String)]) -> Option<String> {
    let names_proto = |(path, text): &&(String, String)| {
        path.starts_with("crates/chatpcap/")
            && source::tokens(&source::without_tests(&source::code(text))).contains(&"chat_proto")
    };
    let files: Vec<&str> = sources
        .iter()
        .filter(names_proto)
        .map(|(path, _)| path.as_str())
        .collect();
    (files.len() > 1).then(|| format!("chat_proto is named in {}", files.join(", ")))
}

/// `crates/PACKAGE/src/a/b.rs`: the package, and the modules `a`, `b`.
fn place(path: &str) -> (&str, Vec<&str>) {
    let mut parts = path.split('/').skip(1);
    let package = parts.next().unwrap();
    let mut modules: Vec<&str> = parts
        .skip(1)
        .map(|part| part.strip_suffix(".rs").unwrap_or(part))
        .collect();
    if matches!(modules.last(), Some(&("mod" | "lib" | "main"))) {
        modules.pop();
    }
    (package, modules)
}

/// Whether the file belongs to a program: it reads arguments, prints and exits.
fn is_program(path: &str) -> bool {
    path.contains("/src/cli/") || path.ends_with("/src/main.rs") || path.ends_with("/src/cli.rs")
}

/// What is wrong with the dependencies of a crate.
fn manifest_violations(text: &str) -> Vec<String> {
    let manifest: toml::Table = text.parse().unwrap();
    let package = manifest["package"]["name"].as_str().unwrap();
    let Some((_, allowed)) = OURS.iter().find(|(name, _)| *name == package) else {
        return vec![format!(
            "{package} is none of the crates that the rules know"
        )];
    };
    let dependencies = dependencies(&manifest);
    let of_ours = dependencies
        .iter()
        .filter(|name| OURS.iter().any(|(ours, _)| ours == *name))
        .filter(|name| !allowed.contains(&name.as_str()));
    let of_others = dependencies
        .iter()
        .filter(|name| package == "chat-proto" && NOT_IN_PROTO.contains(&name.as_str()));
    of_ours
        .chain(of_others)
        .map(|name| format!("{package} depends on {name}"))
        .collect()
}

/// The packages that a manifest names, whatever for and on whatever system.
fn dependencies(manifest: &toml::Table) -> Vec<String> {
    let mut names = Vec::new();
    for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let table = manifest.get(kind).and_then(toml::Value::as_table);
        for (key, value) in table.into_iter().flatten() {
            let package = value.get("package").and_then(toml::Value::as_str);
            names.push(package.unwrap_or(key).to_owned());
        }
    }
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    for target in targets.into_iter().flat_map(toml::Table::values) {
        names.extend(target.as_table().into_iter().flat_map(dependencies));
    }
    names
}

fn is_stray(name: &str) -> bool {
    !name.starts_with('.') && !TOP_LEVEL.contains(&name)
}
