//! Every command on every capture of the corpus, broken ones among them: each ends with a status that means
//! something, and says on standard error what it could not use.
//!
//! Needs `../shared/corpus` beside the project; without it the test says so and passes.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::Output;

use chatpcap::capture::Capture;
use chatpcap::tui::{Key, Look, View, draw};
use serde_json::Value;
use tests::corpus;
use tests::program::chatpcap;

/// Commands that take several captures one after another.
const ONE_BY_ONE: &[&[&str]] = &[
    &["packets"],
    &["packets", "--count"],
    &[
        "packets",
        "-Y",
        "tcp.analysis.flags || dns || tcp.stream == 1",
        "-T",
        "json",
    ],
    &["packets", "-w", "written.pcapng"],
    &["conversations", "--type", "eth,ip,tcp,udp"],
    &["conversations", "--format", "json"],
    &["follow", "tcp", "0"],
    &["follow", "udp", "0", "--format", "json"],
    &["doctor"],
    &["doctor", "--format", "json"],
];

/// Commands to which several captures are views of one traffic.
const TOGETHER: &[&[&str]] = &[
    &["analyze", "--explain"],
    &["analyze", "--format", "json"],
    &["graph", "--full"],
    &["graph", "--format", "svg", "-o", "-"],
    &["chat", "--format", "json"],
    &["report"],
    &["verify", "--answers", "answers.json"],
];

#[test]
fn every_command_ends_in_order() {
    let Some(corpus) = corpus() else {
        println!("skipped: there is no ../shared/corpus");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let answers = r#"{"answers": {"SYN_sequence_number": 1, "protocol_number_for_UDP": 17}}"#;
    std::fs::write(folder.path().join("answers.json"), answers).unwrap();
    let files: Vec<_> = corpus
        .iter()
        .map(|(capture, _)| capture.path.canonicalize().unwrap())
        .collect();
    let all: Vec<&str> = files.iter().map(|path| path.to_str().unwrap()).collect();
    for command in ONE_BY_ONE {
        check(folder.path(), command, &all);
    }
    for command in TOGETHER {
        // All at once, and each by itself.
        check(folder.path(), command, &all);
        for file in &all {
            check(folder.path(), command, &[file]);
        }
    }
}

fn check(folder: &Path, command: &[&str], files: &[&str]) {
    let what = match files {
        [file] => format!("{} {file}", command.join(" ")),
        files => format!("{} of {} captures", command.join(" "), files.len()),
    };
    let Output {
        status,
        stdout,
        stderr,
    } = chatpcap(folder, &[command, files].concat(), b"");
    let told = String::from_utf8(stderr).unwrap();
    assert!(
        matches!(status.code(), Some(0..=2)),
        "{what}: {status}: {told}"
    );
    assert!(!told.contains("panicked"), "{what}: {told}");
    for line in told.lines() {
        let is_ours = line.starts_with("chatpcap: ") || line.starts_with("hint: ");
        assert!(is_ours && line.len() < 1000, "{what}: {line}");
    }
    assert!(
        !told.is_empty() || !stdout.is_empty(),
        "{what}: says nothing"
    );
    if command.contains(&"json") && status.code() != Some(2) && !stdout.is_empty() {
        let parsed: Result<Value, _> = serde_json::from_slice(&stdout);
        assert!(parsed.is_ok(), "{what}: {parsed:?}");
    }
}

#[test]
fn every_capture_can_be_looked_around_in() {
    let Some(corpus) = corpus() else {
        println!("skipped: there is no ../shared/corpus");
        return;
    };
    for (capture, _) in corpus {
        if Capture::open(&capture.path).is_err() {
            continue;
        }
        let mut view = View::new(&[(capture.name.clone(), 0)], "", Look::default());
        let mut screen =
            ratatui::Terminal::new(ratatui::backend::TestBackend::new(100, 30)).unwrap();
        for key in [
            Key::Enter,
            Key::Down,
            Key::End,
            Key::Tab,
            Key::Enter,
            Key::Down,
            Key::Home,
        ] {
            while let Some(wish) = view.wish() {
                let opened = Capture::open(&capture.path).unwrap();
                let found = wish
                    .fulfil(opened, &mut |_| ControlFlow::Continue(()))
                    .unwrap();
                view.take(wish.number, found);
            }
            screen.draw(|frame| draw(&view, frame)).unwrap();
            let _ = view.key(key);
        }
    }
}
