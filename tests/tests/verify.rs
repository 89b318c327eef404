//! Every wrong answer gets its own diagnosis, right ones pass, and a hint gives nothing away.

use std::fs;

use chatpcap::ask::{Analysis, Given, KEYS, Question};
use chatpcap::report::{self, Check, Layout};
use chatpcap::verify::{Outcome, Sheet, Slip, Value, Verification};
use serde_json::json;
use tests::found::{Found, read};
use tests::frames::{Link, datagram};
use tests::notebook::notebook;
use tests::program::{chatpcap, project};
use tests::random::Random;
use tests::recording::Recording;
use tests::scenario::{CLIENT1, CLIENT2, Connection, SERVER, on_port};
use tests::schema::schema;

const SYN: &str = KEYS[0];
const SYN_ACK: &str = KEYS[1];
const ACK: &str = KEYS[2];
const FIELDS: &str = KEYS[3];
const LENGTH: &str = KEYS[4];
const PAYLOAD: &str = KEYS[5];
const PORT: &str = KEYS[6];
const PROTOCOL: &str = KEYS[7];

/// The lab's answers, as tcpdump gave them.
const RIGHT: [(&str, &str); 8] = [
    (SYN, "1488523287"),
    (SYN_ACK, "1093046866"),
    (ACK, "1488523288"),
    (FIELDS, "4"),
    (LENGTH, "2"),
    (PAYLOAD, "65527"),
    (PORT, "65535"),
    (PROTOCOL, "17"),
];

/// What is typed wrongly, and what was done.
const WRONG: &[(&str, &str, Slip)] = &[
    (SYN, "0", Slip::RelativeNumber),
    (SYN, "1", Slip::RelativeNumber),
    // Frame 16 acknowledges six octets.
    (SYN, "6", Slip::RelativeNumber),
    (SYN, "1488523288", Slip::AcknowledgmentForSequence),
    (SYN, "1093046866", Slip::OtherSide),
    (SYN, "1093046867", Slip::FinalAck),
    (SYN, "300828315", Slip::OtherClient),
    (SYN, "1488523286", Slip::OffByOne),
    (SYN, "1488523278", Slip::TypingSlip),
    (SYN, "148852387", Slip::TypingSlip),
    (SYN, "58b91017", Slip::HexadecimalAsDecimal),
    (SYN, "0x1488523287", Slip::DecimalAsHexadecimal),
    (SYN, "0x1710b958", Slip::ByteOrder),
    (SYN, "0x101758b9", Slip::ByteOrder),
    (SYN, "-1488523287", Slip::Signed),
    (SYN, "-2806444009", Slip::Signed),
    (SYN, "12", Slip::FrameNumber),
    (SYN, "50748", Slip::OtherField),
    (SYN, "64240", Slip::OtherField),
    (SYN, "2264298955", Slip::OtherField),
    (SYN, "1488523293", Slip::LaterSegment),
    (SYN, "5000000000", Slip::OutOfRange),
    (SYN, "123456789", Slip::Unknown),
    (SYN, "'1488523287 '", Slip::NotInteger),
    (SYN, "65535 - 8", Slip::NotInteger),
    (SYN, "1,488,523,287", Slip::NotInteger),
    (SYN_ACK, "0", Slip::RelativeNumber),
    (SYN_ACK, "1488523287", Slip::OtherSide),
    (SYN_ACK, "1488523288", Slip::AcknowledgmentForSequence),
    (SYN_ACK, "1093046867", Slip::FinalAck),
    (SYN_ACK, "1093046865", Slip::OffByOne),
    (SYN_ACK, "41269252", Slip::HexadecimalAsDecimal),
    (SYN_ACK, "0x52922641", Slip::ByteOrder),
    (ACK, "1", Slip::RelativeNumber),
    (ACK, "1488523287", Slip::NotIncremented),
    (ACK, "1093046866", Slip::SequenceForAcknowledgment),
    (ACK, "1093046867", Slip::FinalAck),
    (ACK, "300828316", Slip::OtherClient),
    (ACK, "1488523289", Slip::OffByOne),
    (FIELDS, "2", Slip::LengthForCount),
    (FIELDS, "5", Slip::PayloadAsField),
    (FIELDS, "7", Slip::ComputedFields),
    (FIELDS, "8", Slip::HeaderLength),
    (FIELDS, "10", Slip::TcpHeader),
    (FIELDS, "3", Slip::OffByOne),
    (FIELDS, "64", Slip::BitsForOctets),
    (FIELDS, "65527", Slip::OtherAnswer),
    (LENGTH, "8", Slip::HeaderLength),
    (LENGTH, "16", Slip::BitsForOctets),
    (LENGTH, "4", Slip::CountForLength),
    (LENGTH, "20", Slip::TcpHeader),
    (LENGTH, "17", Slip::OtherAnswer),
    (PAYLOAD, "65535", Slip::HeaderCounted),
    (PAYLOAD, "65507", Slip::Ipv4Limit),
    (PAYLOAD, "65536", Slip::RangeForLargest),
    (PAYLOAD, "65515", Slip::WrongHeader),
    (PAYLOAD, "65519", Slip::WrongHeader),
    (PAYLOAD, "524216", Slip::BitsForOctets),
    (PAYLOAD, "1472", Slip::LinkLimit),
    (PAYLOAD, "24", Slip::ThisPacket),
    (PAYLOAD, "0xf7ff", Slip::ByteOrder),
    (PAYLOAD, "65526", Slip::OffByOne),
    (PAYLOAD, "-9", Slip::Signed),
    (PAYLOAD, "fff7", Slip::HexadecimalAsDecimal),
    (PORT, "65536", Slip::RangeForLargest),
    (PORT, "65534", Slip::OffByOne),
    (PORT, "1023", Slip::PortClass),
    (PORT, "49151", Slip::PortClass),
    (PORT, "32767", Slip::SignedField),
    (PORT, "5000", Slip::ThisPacket),
    (PORT, "50748", Slip::ThisPacket),
    (PORT, "65527", Slip::OtherAnswer),
    (PORT, "-1", Slip::Signed),
    (PORT, "0x65535", Slip::DecimalAsHexadecimal),
    (PROTOCOL, "6", Slip::TcpProtocol),
    (PROTOCOL, "1", Slip::OtherProtocol),
    (PROTOCOL, "11", Slip::HexadecimalAsDecimal),
    (PROTOCOL, "0x17", Slip::DecimalAsHexadecimal),
    (PROTOCOL, "2048", Slip::EtherType),
    (PROTOCOL, "5000", Slip::PortNumber),
    (PROTOCOL, "18", Slip::OffByOne),
    (PROTOCOL, "300", Slip::OutOfRange),
];

fn lab() -> Analysis {
    let folder = project().join("captures/python-lab");
    let files = ["client1.pcap", "chatserver.pcap", "client2.pcap"];
    let given = Given::default();
    let traces = files.map(|name| read(name, fs::read(folder.join(name)).unwrap(), &given));
    Analysis::new(traces.into(), &given)
}

/// The same answers from JSON, from a notebook, from Python and from the command line.
fn sheets(answers: &[(&str, &str)]) -> [Sheet; 4] {
    let object: serde_json::Map<_, _> = answers
        .iter()
        .map(|(key, value)| ((*key).to_owned(), json!(value)))
        .collect();
    let json = json!({ "answers": object }).to_string();
    let notebook = notebook(answers).to_string();
    let lines = answers
        .iter()
        .map(|(key, value)| format!("{key} = {value}"));
    let python = lines.collect::<Vec<_>>().join("\n");
    let mut pairs = Sheet::default();
    for (key, value) in answers {
        pairs.add_pair(&format!("{key}={value}")).unwrap();
    }
    [
        Sheet::read("answers.json", json.as_bytes()).unwrap(),
        Sheet::read("lab3.ipynb", notebook.as_bytes()).unwrap(),
        Sheet::read("lab3.py", python.as_bytes()).unwrap(),
        pairs,
    ]
}

fn outcome(analysis: &Analysis, sheet: &Sheet, key: &str) -> Outcome {
    let verification = Verification::new(analysis, sheet);
    let mut verdicts = verification.verdicts.into_iter();
    let verdict = verdicts.find(|verdict| verdict.question.key() == key);
    verdict.unwrap().outcome
}

#[track_caller]
fn slip(analysis: &Analysis, sheet: &Sheet, key: &str) -> Slip {
    match outcome(analysis, sheet, key) {
        Outcome::Wrong(diagnosis) => diagnosis.slip,
        other => panic!("{key}: {other:?}"),
    }
}

#[test]
fn right_answers_pass_from_everywhere() {
    let analysis = lab();
    for sheet in sheets(&RIGHT) {
        let verification = Verification::new(&analysis, &sheet);
        assert!(verification.is_right(), "{verification:#?}");
        assert_eq!(verification.right(), 8);
        assert!(sheet.remarks.is_empty(), "{:?}", sheet.remarks);
    }
}

#[test]
fn every_wrong_answer_has_its_diagnosis_from_everywhere() {
    let analysis = lab();
    for (key, value, expected) in WRONG {
        for sheet in sheets(&[(key, value)]) {
            assert_eq!(slip(&analysis, &sheet, key), *expected, "{key} = {value}");
        }
    }
}

#[test]
fn every_slip_is_tried() {
    // Those that need another capture than the lab's, or two answers.
    let elsewhere = [
        Slip::Swapped,
        Slip::OtherConnection,
        Slip::RefusedAttempt,
        Slip::UnansweredAttempt,
    ];
    for slip in Slip::ALL {
        let is_tried = WRONG.iter().any(|(_, _, tried)| *tried == slip);
        assert!(is_tried != elsewhere.contains(&slip), "{slip:?}");
    }
}

/// A hint holds no right number, nor its octets, in any form of output.
#[test]
fn hints_give_nothing_away() {
    let analysis = lab();
    let mut secrets: Vec<String> = RIGHT.iter().map(|(_, value)| (*value).to_owned()).collect();
    for (_, value) in RIGHT {
        let value: u64 = value.parse().unwrap();
        secrets.extend([format!("{value:04x}"), format!("0x{value:x}")]);
    }
    let untold = |text: &str| {
        // Escapes of XML are numbers too.
        let text = text.replace("&#", "");
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
        let told = words.find(|word| secrets.iter().any(|secret| secret == word));
        assert_eq!(told, None, "{text}");
    };
    let swapped = [(SYN, RIGHT[1].1), (SYN_ACK, RIGHT[0].1)];
    let wrong = WRONG.iter().map(|(key, value, _)| vec![(*key, *value)]);
    for answers in wrong.chain([RIGHT.to_vec(), swapped.to_vec()]) {
        // Of a notebook, so that all other questions are asked too.
        let sheet = &sheets(&answers)[1];
        let verification = Verification::new(&analysis, sheet);
        let check = Check {
            analysis: &analysis,
            sheet,
            verification: &verification,
            hint: true,
        };
        untold(&report::check_text(&check, &Layout::new(None)));
        untold(&report::check_json(&check).unwrap());
        untold(&report::check_junit(&check).unwrap());
    }
}

#[test]
fn answers_in_each_others_place() {
    let analysis = lab();
    for [(a, b), (c, d)] in [
        [(SYN, RIGHT[1].1), (SYN_ACK, RIGHT[0].1)],
        [(SYN, RIGHT[2].1), (ACK, RIGHT[0].1)],
        [(FIELDS, "2"), (LENGTH, "4")],
    ] {
        for sheet in sheets(&[(a, b), (c, d)]) {
            assert_eq!(slip(&analysis, &sheet, a), Slip::Swapped);
            assert_eq!(slip(&analysis, &sheet, c), Slip::Swapped);
        }
    }
}

/// Attempts and connections beside the one that is asked for, in built frames.
#[test]
fn numbers_of_other_connections() {
    let mut recording = Recording::new(Link::Ethernet);
    let mut refused = Connection::new(on_port(CLIENT1, 50_740), 0x1111_2222, SERVER, 0);
    refused.fail(&mut recording);
    let mut lone = Connection::new(on_port(CLIENT1, 50_742), 0x2222_3333, SERVER, 0);
    recording.add(&lone.syn());
    let mut chat = Connection::new(CLIENT1, 0x58b9_1457, SERVER, 0x9126_a8d2);
    chat.open(&mut recording);
    let mut again = Connection::new(on_port(CLIENT1, 50_750), 0x3333_4444, SERVER, 0x4444_5555);
    again.open(&mut recording);
    let mut other = Connection::new(CLIENT2, 0x5555_6666, SERVER, 0x6666_7777);
    other.open(&mut recording);
    recording.add(&datagram(
        on_port(CLIENT1, 5000),
        on_port(CLIENT2, 5000),
        7,
        b"hello",
    ));
    let analysis = Found::of(&recording).analysis;
    for (key, value, expected, words) in [
        (SYN, 0x1111_2222, Slip::RefusedAttempt, "frame 1"),
        (ACK, 0x1111_2223, Slip::RefusedAttempt, "refused"),
        (SYN, 0x2222_3333, Slip::UnansweredAttempt, "frame 3"),
        (SYN, 0x3333_4444, Slip::OtherConnection, "10.20.30.11:50750"),
        (SYN_ACK, 0x4444_5555, Slip::OtherConnection, "frame 8"),
        (SYN, 0x4444_5555, Slip::OtherConnection, "frame 8"),
        (ACK, 0x3333_4445, Slip::OtherConnection, "frame 8"),
        (SYN, 0x5555_6666, Slip::OtherClient, "client2"),
        (SYN_ACK, 0x6666_7777, Slip::OtherClient, "frame 11"),
        // Above 2^31, so that a sign turns it.
        (
            SYN_ACK,
            0x9126_a8d2 - (1_i64 << 32),
            Slip::Signed,
            "with a sign",
        ),
    ] {
        let mut sheet = Sheet::default();
        sheet.add_pair(&format!("{key}={value}")).unwrap();
        match outcome(&analysis, &sheet, key) {
            Outcome::Wrong(diagnosis) => {
                assert_eq!(diagnosis.slip, expected, "{key} = {value:#x}");
                assert!(diagnosis.text.contains(words), "{}", diagnosis.text);
            }
            other => panic!("{key} = {value:#x}: {other:?}"),
        }
    }
}

#[test]
fn what_the_captures_do_not_show_is_said() {
    let folder = project().join("captures/python-lab");
    let given = Given::default();
    let server = fs::read(folder.join("chatserver.pcap")).unwrap();
    let analysis = Analysis::new(vec![read("chatserver.pcap", server, &given)], &given);
    let sheet = &sheets(&[(PROTOCOL, "17"), (LENGTH, "3")])[0];
    let agrees = |key| match outcome(&analysis, sheet, key) {
        Outcome::NotShown { reason, agrees } => {
            assert!(reason.contains("no UDP datagram"), "{reason}");
            agrees
        }
        other => panic!("{key}: {other:?}"),
    };
    assert!(agrees(PROTOCOL));
    assert!(!agrees(LENGTH));
    assert_eq!(outcome(&analysis, sheet, PORT), Outcome::Missing);
    for question in Question::ALL {
        let fixed = question.fixed_answer();
        let shown = lab()
            .answers
            .iter()
            .find(|answer| answer.question == question)
            .unwrap()
            .value();
        assert!(fixed.is_none() || fixed == shown, "{question:?}");
    }
}

#[test]
fn the_last_assignment_counts_and_it_is_said() {
    let mut book = notebook(&[
        (SYN, "5"),
        (SYN_ACK, "7"),
        (SYN, "1488523287"),
        ("SYN_sequence_numbr", "3"),
    ]);
    let sheet = Sheet::read("a.ipynb", book.to_string().as_bytes()).unwrap();
    let typed = sheet.typed(Question::Syn).unwrap();
    assert_eq!(typed.value, Value::Integer(1_488_523_287));
    assert_eq!(typed.place, "cell 4 (In [7]), line 4");
    assert!(
        sheet.remarks[0].contains("line 2 and again in cell 4"),
        "{:?}",
        sheet.remarks
    );
    assert!(
        sheet.remarks[1].contains("did you mean `SYN_sequence_number`"),
        "{:?}",
        sheet.remarks
    );
    assert_eq!(sheet.remarks.len(), 2);
    // The cell as it was handed out, once more at the end, takes nothing back.
    let blank = book["cells"][2].clone();
    book["cells"].as_array_mut().unwrap().push(blank);
    let sheet = Sheet::read("a.ipynb", book.to_string().as_bytes()).unwrap();
    assert_eq!(sheet.number(Question::Syn), Some(1_488_523_287));
}

#[test]
fn files_that_hold_no_answers_are_errors() {
    let deep = "[".repeat(100_000);
    for (name, text, words) in [
        ("a.ipynb", &b""[..], "empty file"),
        ("a.ipynb", b" \n", "empty file"),
        ("a.ipynb", b"{\"cells\": [", "neither a notebook nor JSON"),
        ("a.ipynb", b"{\"cells\": [{]}", "neither"),
        ("a.ipynb", b"{\"cells\": 7}", "neither"),
        (
            "a.ipynb",
            b"{\"nbformat\": 3, \"worksheets\": []}",
            "format 3",
        ),
        ("a.json", b"[1, 2", "neither"),
        ("a.json", b"17", "neither"),
        ("a.json", b"{\"answers\": 17}", "neither"),
        ("a.json", b"\xff\xfe{}", "octet 0"),
        ("a.json", deep.as_bytes(), "neither"),
    ] {
        let error = Sheet::read(name, text).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

/// Whatever stands in a file of answers, it is read or it is an error, and soon.
#[test]
fn hostile_sheets_are_read_or_refused() {
    let book = notebook(&RIGHT).to_string();
    for end in 0..book.len() {
        drop(Sheet::read("a.ipynb", &book.as_bytes()[..end]));
    }
    let python =
        "SYN_sequence_number = b = (\n  1, '''2\\\n''')\nx, y = 3, \\\n4; z: int = -5 # 6\n"
            .as_bytes();
    let mut random = Random::new(7);
    for _ in 0..3000 {
        let mut text = python.to_vec();
        for _ in 0..3 {
            let at = random.below(text.len());
            text[at] = *random.one_of(python);
        }
        drop(Sheet::read("a.py", &text));
    }
    let names: Vec<String> = (0..30_000)
        .map(|number| format!("SYN_sequence_num{number:06}"))
        .collect();
    let key = "SYN_sequence_number";
    for source in [
        format!("{key} = {}1{}", "(".repeat(1 << 17), ")".repeat(1 << 17)),
        format!(
            "{}{}",
            format!("{key} = ").repeat(1 << 16),
            "1,".repeat(1 << 16)
        ),
        format!(
            "{} = {}",
            vec![key; 100_000].join(", "),
            vec!["1"; 100_000].join(", ")
        ),
        names.join(" = 1\n"),
        "'''".repeat(1 << 17),
        "\\".repeat(1 << 16),
    ] {
        let sheet = Sheet::read("a.py", source.as_bytes()).unwrap();
        assert!(sheet.remarks.len() < 20);
    }
    let object: serde_json::Map<_, _> = names.into_iter().map(|name| (name, json!(1))).collect();
    let sheet = Sheet::read("a.json", json!(object).to_string().as_bytes()).unwrap();
    assert!(sheet.remarks.len() < 20);
}

#[test]
fn the_program_says_right_wrong_and_unusable() {
    let folder = project().join("captures/python-lab");
    let run = |arguments: &[&str], input: &[u8]| {
        let output = chatpcap(&folder, &[&["verify"], arguments].concat(), input);
        let text = |octets| String::from_utf8(octets).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let (status, printed, _) = run(&["client1.pcap", "--answers", "answers.json"], b"");
    assert_eq!(status, Some(0), "{printed}");
    assert!(printed.ends_with("8 of 8 answers are right\n"), "{printed}");

    let book = notebook(&RIGHT[..7]).to_string();
    let (status, printed, _) = run(&["client1.pcap", "--answers", "-"], book.as_bytes());
    assert_eq!(status, Some(1), "{printed}");
    assert!(
        printed.contains("missing    protocol_number_for_UDP\n"),
        "{printed}"
    );
    let answer = ["--answer", "protocol_number_for_UDP=17"];
    let all = [&["client1.pcap", "--answers", "-"][..], &answer].concat();
    assert_eq!(run(&all, book.as_bytes()).0, Some(0));
    // By itself it asks for nothing else.
    assert_eq!(
        run(&[&["client1.pcap"][..], &answer].concat(), b"").0,
        Some(0)
    );
    let wrong = ["client1.pcap", "--answer", "protocol_number_for_UDP=6"];
    assert_eq!(run(&wrong, b"").0, Some(1));

    for (arguments, message) in [
        (
            &["client1.pcap", "--answers", "missing.json"][..],
            "cannot read answers",
        ),
        (&["client1.pcap", "--answers", "client1.pcap"], "not UTF-8"),
        (&["client1.pcap", "--answers", "."], "cannot read answers"),
        (
            &["missing.pcap", "--answers", "answers.json"],
            "cannot open",
        ),
        (&["client1.pcap", "--answer", "protocol=17"], "the keys are"),
        (
            &["client1.pcap", "--answer", "SYN_seqence_number=1"],
            "did you mean",
        ),
        (&["client1.pcap", "--answer", "17"], "no `=`"),
        (&["client1.pcap"], "--answers"),
    ] {
        let (status, printed, error) = run(arguments, b"");
        assert_eq!(status, Some(2), "{arguments:?} {printed}");
        assert!(error.contains(message), "{error}");
        assert_eq!(printed, "", "{arguments:?}");
    }
}

#[test]
fn the_json_form_is_valid_under_its_schema() {
    let schema = schema("verify-1");
    let analysis = lab();
    for (key, value, _) in WRONG.iter().chain([&(SYN, RIGHT[0].1, Slip::Unknown)]) {
        let sheet = &sheets(&[(key, value)])[0];
        let verification = Verification::new(&analysis, sheet);
        for hint in [false, true] {
            let check = Check {
                analysis: &analysis,
                sheet,
                verification: &verification,
                hint,
            };
            let printed = report::check_json(&check).unwrap();
            let printed = serde_json::from_str(&printed).unwrap();
            if let Err(error) = schema.validate(&printed) {
                panic!("{error} at {}: {printed}", error.instance_path());
            }
        }
    }
    assert!(!schema.is_valid(&json!({ "schema": "chatpcap/verify/1" })));
}
