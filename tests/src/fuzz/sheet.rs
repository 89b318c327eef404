//! Typed answers: JSON, notebooks and Python, checked against the lab's captures.

use std::fs;
use std::io::Cursor;
use std::sync::LazyLock;

use chatpcap::ask::{Analysis, Given, Question};
use chatpcap::capture::Capture;
use chatpcap::report::{Check, Layout, check_json, check_junit, check_text};
use chatpcap::trace::Trace;
use chatpcap::verify::{Sheet, Verification};
use jsonschema::Validator;
use roxmltree::Document;

use super::assert::{assert_json, assert_safe};
use super::scene::MARK;
use super::tape::Tape;
use crate::notebook::notebook;
use crate::program::project;
use crate::schema::schema;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| schema("verify-1"));

/// What a capture of the lab shows.
static ANALYSIS: LazyLock<Analysis> = LazyLock::new(|| {
    let file = fs::read(project().join("captures/python-lab/client1.pcap")).unwrap();
    let capture = Capture::from_reader(Cursor::new(file)).unwrap();
    let given = Given::default();
    let trace = Trace::read("client1.pcap", capture, &given.watch(0), &mut |_| ());
    Analysis::new(vec![trace], &given)
});

/// Reads a file of answers, whose name an octet chooses, and prints what came of it in every form.
pub fn check(octets: &[u8]) {
    let mut tape = Tape::new(octets);
    let choice = tape.octet();
    let name = ["a.py", "a.ipynb", "a.json"][usize::from(choice & 0xf) % 3];
    let mut sheet = match Sheet::read(name, tape.rest()) {
        Ok(sheet) => sheet,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    if choice & 0x80 != 0 {
        let pair = format!("protocol_number_for_UDP={MARK}\u{1b}");
        sheet.add_pair(&pair).unwrap();
    }
    for remark in &sheet.remarks {
        assert!(!remark.is_empty());
    }
    for question in Question::ALL {
        if let Some(typed) = sheet.typed(question) {
            assert!(typed.text.chars().count() <= 63, "{typed:?}");
        }
    }
    let verification = Verification::new(&ANALYSIS, &sheet);
    assert!(verification.right() <= verification.verdicts.len());
    let check = Check {
        analysis: &ANALYSIS,
        sheet: &sheet,
        verification: &verification,
        hint: choice & 0x40 != 0,
    };
    let mut layout = Layout::new(Some(80));
    layout.ascii = choice & 0x20 != 0;
    assert_safe(&check_text(&check, &layout));
    assert_json(&check_json(&check).unwrap(), &SCHEMA);
    let xml = check_junit(&check).unwrap();
    assert_safe(&xml);
    Document::parse(&xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
}

/// Answers in each form, right and wrong.
pub fn seeds() -> Vec<Vec<u8>> {
    let answers = [
        ("SYN_sequence_number", "2353629193"),
        ("SYNACK_sequence_number", "0x10"),
        ("SYNACK_ACKnowledgement_number", "1_000 + 1"),
        ("number_of_fields_in_UDP_header", "4.0"),
        ("length_of_header_field", "-2"),
        ("maximum_number_of_bytes_in_UDP_payload", "2**16 - 9"),
        ("largest_possible_source_port_number", "'65535'"),
        ("protocol_number_for_UDP", "int(\"17\")"),
    ];
    let lines = answers.map(|(key, value)| format!("{key} = {value}  # why\n"));
    let python = lines.concat();
    let json = "{\"answers\": {\"SYN_sequence_number\": 1, \"protocol_number_for_UDP\": \"17\", \
                \"length_of_header_field\": 2.5, \"nothing\": null, \"SYN_sequence_nummer\": 1e3}}";
    let odd = "x = \"\"\"\nSYN_sequence_number = 1\n\"\"\"\nif 1:\n\tSYN_sequence_number: int = (\n 0b1)\\\n\nprint(f'{1}')\n\
               SYN_sequence_number = protocol_number_for_UDP = ~-17; length_of_header_field -= 1\n";
    let with = |choice: u8, text: &str| [&[choice][..], text.as_bytes()].concat();
    vec![
        with(0, &python),
        with(0x80, odd),
        with(1, &notebook(&answers).to_string()),
        with(1, "{\"nbformat\": 3, \"worksheets\": []}"),
        with(0x42, json),
        with(
            0x22,
            "{\"SYN_sequence_number\": 340282366920938463463374607431768211456}",
        ),
    ]
}
