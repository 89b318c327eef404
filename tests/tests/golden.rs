//! What people read, octet for octet.
//!
//! `UPDATE_GOLDEN=1 cargo test -p tests --test golden` rewrites the files; the difference is then
//! reviewed like code.

use std::fs;

use tests::golden::compare;
use tests::notebook::notebook;
use tests::program::{chatpcap, project};

const THREE: [&str; 3] = ["chatserver.pcap", "client1.pcap", "client2.pcap"];

#[test]
fn text() {
    check("chatserver.txt", &["chatserver.pcap"], &[]);
    check("client1.txt", &["client1.pcap"], &[]);
    check("client2.txt", &["client2.pcap"], &[]);
    check("three.txt", &THREE, &[]);
}

#[test]
fn text_explained() {
    check("client1-explain.txt", &["client1.pcap"], &["--explain"]);
}

#[test]
fn text_in_other_widths_and_ascii() {
    check(
        "client1-80-ascii.txt",
        &["client1.pcap"],
        &["--width", "80", "--ascii"],
    );
    check(
        "chatserver-60-relative.txt",
        &["chatserver.pcap"],
        &["--width", "60", "--relative"],
    );
    check("three-160.txt", &THREE, &["--width", "160"]);
}

#[test]
fn text_in_colour() {
    check(
        "client1-colour.txt",
        &["client1.pcap"],
        &["--color", "always", "--explain"],
    );
}

#[test]
fn few_arrows() {
    check(
        "chatserver-5-arrows.txt",
        &["chatserver.pcap"],
        &["--arrows", "5"],
    );
}

#[test]
fn roles_given_by_hand() {
    check(
        "client2-as-client1.txt",
        &["client2.pcap"],
        &["--client1", "10.20.30.12"],
    );
}

#[test]
fn other_forms() {
    check("client1.json", &["client1.pcap"], &["--format", "json"]);
    check("three.json", &THREE, &["--format", "json"]);
    check("client2.csv", &["client2.pcap"], &["--format", "csv"]);
    check("client1.md", &["client1.pcap"], &["--format", "markdown"]);
}

#[test]
fn help() {
    for command in ["analyze", "graph", "grade", "rubric", "verify"] {
        let output = chatpcap(&project(), &[command, "--help"], &[]);
        compare(&format!("{command}-help.txt"), &output.stdout);
    }
}

#[test]
fn graph() {
    for (golden, captures, options) in [
        ("graph-three.txt", &THREE[..], &[][..]),
        ("graph-three.json", &THREE, &["--format", "json"]),
        ("graph-three.svg", &THREE, &["--format", "svg"]),
        ("graph-three.html", &THREE, &["--format", "html"]),
        ("graph-three.mmd", &THREE, &["--format", "mermaid"]),
        ("graph-three.puml", &THREE, &["--format", "plantuml"]),
        ("graph-three.md", &THREE, &["--format", "markdown"]),
        ("graph-client1.txt", &["client1.pcap"], &[]),
        (
            "graph-client1-60-ascii.txt",
            &["client1.pcap"],
            &["--width", "60", "--ascii", "--time", "delta"],
        ),
        (
            "graph-client1-160.txt",
            &["client1.pcap"],
            &["--width", "160", "--relative", "--time", "utc"],
        ),
        (
            "graph-client1-colour.txt",
            &["client1.pcap"],
            &["--color", "always", "--hide", "arp", "--hide", "multicast"],
        ),
    ] {
        let arguments = [&["graph"], captures, options].concat();
        let output = chatpcap(&project().join("captures/python-lab"), &arguments, &[]);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{golden}");
        assert_eq!(output.status.code(), Some(0), "{golden}");
        compare(golden, &output.stdout);
    }
}

/// A notebook with one answer right, one in quotes, one changed, and the others wrong in other ways.
#[test]
fn verify() {
    let answers = [
        ("SYN_sequence_number", "0"),
        ("SYNACK_sequence_number", "1093046866"),
        ("SYNACK_ACKnowledgement_number", "1488523287"),
        ("number_of_fields_in_UDP_header", "'4'"),
        ("length_of_header_field", "16"),
        ("maximum_number_of_bytes_in_UDP_payload", "65535 - 8"),
        ("maximum_number_of_bytes_in_UDP_payload", "65535"),
        ("protocol_number_for_UPD", "6"),
    ];
    let notebook = notebook(&answers).to_string();
    for (golden, options) in [
        ("verify.txt", &[][..]),
        ("verify-hint-80.txt", &["--hint", "--width", "80"]),
        ("verify.json", &["--format", "json"]),
        ("verify.xml", &["--format", "junit"]),
    ] {
        let captures = ["verify", "client1.pcap", "--answers", "-"];
        let arguments = [&captures[..], options].concat();
        let folder = project().join("captures/python-lab");
        let output = chatpcap(&folder, &arguments, notebook.as_bytes());
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{golden}");
        assert_eq!(output.status.code(), Some(1), "{golden}");
        compare(golden, &output.stdout);
    }
}

/// A small class, and one hand-in with mistakes.
#[test]
fn grade() {
    let class = tests::small_class::class();
    for (golden, options) in [
        ("grade.txt", &["grade", "."][..]),
        (
            "grade-80-ascii.txt",
            &["grade", ".", "--width", "80", "--ascii"],
        ),
        ("grade.csv", &["grade", ".", "--format", "csv"]),
        ("grade-bob.txt", &["grade", ".", "--student", "bob"]),
        (
            "grade-bob.html",
            &["grade", "--one", "bob", "--format", "html"],
        ),
        (
            "grade-bob.json",
            &["grade", "--one", "bob", "--format", "gradescope"],
        ),
    ] {
        let output = chatpcap(class.path(), options, &[]);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{golden}");
        assert_eq!(output.status.code(), Some(0), "{golden}");
        compare(golden, &output.stdout);
    }
}

/// Each command in a block of the README prints the lines that stand below it, in order. `cd` holds until
/// the next one.
#[test]
fn the_readme_shows_what_is_printed() {
    let readme = fs::read_to_string(project().join("README.md")).unwrap();
    let mut folder = project();
    let mut shown = 0;
    for block in readme.split("```text\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let mut printed: Option<(&str, std::vec::IntoIter<String>)> = None;
        for line in block.lines().filter(|line| *line != "...") {
            if let Some(path) = line.strip_prefix("$ cd ") {
                folder.push(path);
            } else if let Some(command) = line.strip_prefix("$ chatpcap ") {
                let output = chatpcap(&folder, &words(command), &[]);
                let texts = [output.stdout, output.stderr].concat();
                let lines: Vec<String> = String::from_utf8(texts)
                    .unwrap()
                    .lines()
                    .map(str::to_owned)
                    .collect();
                printed = Some((command, lines.into_iter()));
                shown += 1;
            } else if let Some((command, printed)) = &mut printed {
                assert!(
                    printed.any(|other| other == line),
                    "{command} does not print: {line}"
                );
            }
        }
    }
    assert!(shown >= 6, "only {shown} commands");
}

/// The words of a command, as a shell takes them: what stands in single quotes is one.
fn words(command: &str) -> Vec<&str> {
    let parts = command.split('\'').enumerate();
    parts
        .flat_map(|(index, part)| {
            if index % 2 == 1 {
                vec![part]
            } else {
                part.split(' ').filter(|word| !word.is_empty()).collect()
            }
        })
        .collect()
}
/// Runs `analyze` on captures of the lab and compares what it prints with a golden file.
fn check(golden: &str, captures: &[&str], options: &[&str]) {
    let arguments = [&["analyze"], captures, options].concat();
    let output = chatpcap(&project().join("captures/python-lab"), &arguments, &[]);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{golden}");
    assert_eq!(output.status.code(), Some(0), "{golden}");
    compare(golden, &output.stdout);
}
