//! `chatpcap analyze` as its users run it: answers, forms, exit statuses, bad input.

use std::fs;

use serde_json::Value;
use tests::program::{chatpcap, project, unread};
use tests::schema::schema;

/// The lab's captures hold the answers that were read off them with tcpdump, each as far as it
/// shows them.
#[test]
fn the_lab_captures_give_the_answers_that_tcpdump_gave() {
    let folder = project().join("captures/python-lab");
    let expected: Value =
        serde_json::from_slice(&fs::read(folder.join("answers.json")).unwrap()).unwrap();
    let expected = expected["answers"].as_object().unwrap();
    let tcp = [
        "SYN_sequence_number",
        "SYNACK_sequence_number",
        "SYNACK_ACKnowledgement_number",
    ];
    let shows_tcp = |file: &str| file != "client2.pcap";
    let shows_udp = |file: &str| file != "chatserver.pcap";
    for file in ["chatserver.pcap", "client1.pcap", "client2.pcap"] {
        let printed = json(&["analyze", "--format", "json", file]);
        for (key, value) in expected {
            let is_shown = if tcp.contains(&key.as_str()) {
                shows_tcp(file)
            } else {
                shows_udp(file)
            };
            let value = if is_shown { value } else { &Value::Null };
            assert_eq!(&printed["answers"][key], value, "{file}: {key}");
            assert_eq!(
                printed["evidence"][key].is_null(),
                !is_shown,
                "{file}: {key}"
            );
        }
    }
    let files = [
        "analyze",
        "--format",
        "json",
        "chatserver.pcap",
        "client2.pcap",
        "client1.pcap",
    ];
    let printed = json(&files);
    assert_eq!(
        printed["answers"].as_object().unwrap(),
        expected,
        "all three"
    );
    let why = json(&["analyze", "--format", "json", "client2.pcap"])["notices"].to_string();
    assert!(why.contains("--client1 10.20.30.12"), "{why}");
}

/// Evidence points at the octets of the file itself.
#[test]
fn evidence_stands_where_it_says() {
    let folder = project().join("captures/python-lab");
    let printed = json(&[
        "analyze",
        "--format",
        "json",
        "chatserver.pcap",
        "client1.pcap",
    ]);
    for (key, evidence) in printed["evidence"].as_object().unwrap() {
        let file = fs::read(folder.join(evidence["file"].as_str().unwrap())).unwrap();
        let number = evidence["frame"].as_u64().unwrap();
        let frame = nth_frame(&file, number);
        let offset = usize::try_from(evidence["offset"].as_u64().unwrap()).unwrap();
        let length = usize::try_from(evidence["length"].as_u64().unwrap()).unwrap();
        let octets = frame[offset..offset + length]
            .iter()
            .fold(String::new(), |digits, octet| {
                format!("{digits}{octet:02x}")
            });
        assert_eq!(evidence["bytes"], octets, "{key}");
        assert_eq!(
            evidence["filter"],
            format!("frame.number == {number}"),
            "{key}"
        );
    }
}

#[test]
fn the_json_form_is_valid_under_its_schema() {
    let schema = schema("analyze-1");
    let mut captures: Vec<_> = tests::files(&project().join("captures"));
    captures.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "pcap")
    });
    captures.extend(
        tests::corpus()
            .into_iter()
            .flatten()
            .map(|(capture, _)| capture.path),
    );
    let mut validated = 0;
    for capture in captures {
        let arguments = ["analyze", "--format", "json", capture.to_str().unwrap()];
        let output = chatpcap(&project(), &arguments, &[]);
        if output.status.code() != Some(0) {
            continue;
        }
        let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
        if let Err(error) = schema.validate(&printed) {
            panic!(
                "{}: {error} at {}",
                capture.display(),
                error.instance_path()
            );
        }
        validated += 1;
    }
    assert!(validated >= 3);
    let wrong = serde_json::json!({ "schema": "chatpcap/analyze/2" });
    assert!(!schema.is_valid(&wrong));
}

#[test]
fn bad_input_is_a_clear_line_and_status_2() {
    let folder = std::env::temp_dir().join(format!("chatpcap-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("empty.pcap"), b"").unwrap();
    fs::write(folder.join("notes.pcap"), b"Hello, this is no capture.\n").unwrap();
    let cases = [
        ("empty.pcap", "chatpcap: empty.pcap: empty file\nhint: "),
        (
            "notes.pcap",
            "chatpcap: notes.pcap: not a packet capture: first octets are 48 65 6c 6c (\"Hell\")\nhint: ",
        ),
        (".", "chatpcap: .: is a directory\nhint: "),
        ("missing.pcap", "chatpcap: missing.pcap: cannot open: "),
    ];
    for (file, message) in cases {
        let output = chatpcap(&folder, &["analyze", file], &[]);
        let printed = String::from_utf8(output.stderr).unwrap();
        assert!(printed.starts_with(message), "{file}: {printed}");
        assert_eq!(output.status.code(), Some(2), "{file}");
        assert!(output.stdout.is_empty(), "{file}");
    }
    let escape = "\u{1b}[31mred.pcap";
    let output = chatpcap(&folder, &["analyze", escape], &[]);
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(!printed.contains('\u{1b}'), "{printed:?}");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn one_bad_file_does_not_hide_the_others() {
    let folder = project().join("captures/python-lab");
    let output = chatpcap(&folder, &["analyze", "missing.pcap", "client1.pcap"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("1488523287")
    );
}

#[test]
fn wrong_arguments_are_status_2() {
    let folder = project().join("captures/python-lab");
    for arguments in [
        &["analyze"][..],
        &["analyse", "client1.pcap"],
        &["analyze", "client1.pcap", "--server", "www.ttm4200.com"],
        &["analyze", "client1.pcap", "--format", "xml"],
        &["analyze", "client1.pcap", "--arrows", "many"],
    ] {
        let output = chatpcap(&folder, arguments, &[]);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_capture_without_the_chat_says_so_in_one_line() {
    let output = chatpcap(
        &project().join("captures/python-lab"),
        &["analyze", "-"],
        &capture_of_nothing(),
    );
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        printed.contains("no chat here: nothing on TCP or UDP port 5000\n"),
        "{printed}"
    );
    assert!(!printed.contains("SYN_sequence_number"), "{printed}");
}

#[test]
fn require_is_status_1_where_an_answer_is_missing() {
    let folder = project().join("captures/python-lab");
    for (files, status) in [
        (&["client1.pcap"][..], 0),
        (&["chatserver.pcap"], 1),
        (&["chatserver.pcap", "client2.pcap"], 0),
    ] {
        let output = chatpcap(&folder, &[&["analyze", "--require"], files].concat(), &[]);
        assert_eq!(output.status.code(), Some(status), "{files:?}");
    }
}

#[test]
fn standard_input_gives_what_the_file_gives() {
    let folder = project().join("captures/python-lab");
    let capture = fs::read(folder.join("client1.pcap")).unwrap();
    let piped = chatpcap(&folder, &["analyze", "-"], &capture);
    let file = chatpcap(&folder, &["analyze", "client1.pcap"], &[]);
    let piped = String::from_utf8(piped.stdout).unwrap();
    let file = String::from_utf8(file.stdout).unwrap();
    assert_eq!(
        piped.lines().skip(1).collect::<Vec<_>>(),
        file.lines().skip(1).collect::<Vec<_>>()
    );
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = project().join("captures/python-lab");
    let output = unread(&folder, &["analyze", "client1.pcap", "--explain"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs `chatpcap` in the lab's folder and reads what it prints as JSON.
fn json(arguments: &[&str]) -> Value {
    let output = chatpcap(&project().join("captures/python-lab"), arguments, &[]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The octets of a frame of a little-endian pcap file.
fn nth_frame(file: &[u8], number: u64) -> &[u8] {
    let mut at = 24;
    for _ in 1..number {
        at += 16 + captured(file, at);
    }
    &file[at + 16..at + 16 + captured(file, at)]
}

fn captured(file: &[u8], record: usize) -> usize {
    let length = file[record + 8..record + 12].try_into().unwrap();
    usize::try_from(u32::from_le_bytes(length)).unwrap()
}

/// A pcap file with one ARP request in it.
fn capture_of_nothing() -> Vec<u8> {
    let mut file = Vec::new();
    for word in [
        0xa1b2_c3d4_u32,
        0x0004_0002,
        0,
        0,
        262_144,
        1,
        1_795_372_393,
        0,
        42,
        42,
    ] {
        file.extend(word.to_le_bytes());
    }
    let mut frame = vec![0xff; 6];
    frame.extend([
        0x02, 0x42, 10, 20, 30, 11, 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1,
    ]);
    frame.resize(42, 0);
    file.extend(frame);
    file
}

/// Names of files are as long and as foreign as their owners like; the evidence stays in the table.
#[test]
fn long_and_foreign_names() {
    let source = project().join("captures/python-lab");
    let folder = std::env::temp_dir().join(format!("chatpcap-names-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let names = ["client1", "chatserver"].map(|name| format!("{}-é-{name}.pcap", "x".repeat(120)));
    fs::copy(source.join("client1.pcap"), folder.join(&names[0])).unwrap();
    fs::copy(source.join("chatserver.pcap"), folder.join(&names[1])).unwrap();
    let arguments = ["analyze", "--ascii", &names[0], &names[1]];
    let output = chatpcap(&folder, &arguments, &[]);
    fs::remove_dir_all(&folder).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.is_ascii(), "{text}");
    let head = text.lines().find(|line| line.contains("answer ")).unwrap();
    assert!(head.contains("frame") && head.contains("octets"), "{text}");
    assert!(text.contains("client1.pcap |"), "{text}");
}

/// Every line of the lab's report fits the width that was asked for.
#[test]
fn no_line_is_wider_than_the_width() {
    let folder = project().join("captures/python-lab");
    for width in [60, 66, 77, 80, 100, 160] {
        for file in ["chatserver.pcap", "client1.pcap", "client2.pcap"] {
            let columns = width.to_string();
            let arguments = ["analyze", "--explain", "--width", &columns, file];
            let output = chatpcap(&folder, &arguments, &[]);
            let text = String::from_utf8(output.stdout).unwrap();
            for line in text.lines() {
                assert!(line.chars().count() <= width, "{width}, {file}: {line}");
            }
        }
    }
}
