//! `chatpcap grade` and `chatpcap rubric` as their users run them.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tests::frames::Link;
use tests::hostile_hand_ins;
use tests::program::{chatpcap, program};
use tests::recording::Recording;
use tests::scenario::{CLIENT1, Connection, SERVER};
use tests::schema::schema;
use tests::small_class::{answers, class, lab, write};

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = chatpcap(folder, arguments, &[]);
    let text = |octets| String::from_utf8(octets).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn json_of(folder: &Path, options: &[&str]) -> Value {
    let arguments = [&["grade", ".", "--format", "json"], options].concat();
    let (status, printed, error) = run(folder, &arguments);
    assert_eq!((status, error.as_str()), (Some(0), ""));
    serde_json::from_str(&printed).unwrap()
}

fn hand_in<'a>(book: &'a Value, name: &str) -> &'a Value {
    let mut hand_ins = book["hand_ins"].as_array().unwrap().iter();
    hand_ins.find(|hand_in| hand_in["name"] == name).unwrap()
}

fn item<'a>(book: &'a Value, name: &str, item: &str) -> &'a Value {
    let mut items = hand_in(book, name)["items"].as_array().unwrap().iter();
    items.find(|other| other["name"] == item).unwrap()
}

#[test]
fn each_lost_point_has_its_reason() {
    let class = class();
    let book = json_of(class.path(), &[]);
    assert_eq!(book["points"], 19.0);
    assert_eq!(book["others"], json!(["readme.txt"]));
    assert_eq!(hand_in(&book, "alice")["points"], 19.0);
    assert_eq!(hand_in(&book, "alice")["remarks"], json!([]));

    let expect = |who: &str, what: &str, points: f64, outcome: &str, words: &str| {
        let item = item(&book, who, what);
        assert_eq!(item["points"], points, "{who}: {item}");
        assert_eq!(item["outcome"], outcome, "{who}: {item}");
        let reason = item["reason"].as_str().unwrap_or_default();
        assert!(reason.contains(words), "{who}: {reason}");
    };
    expect(
        "bob",
        "SYN_sequence_number",
        0.5,
        "relative_number",
        "25 % of the points",
    );
    expect(
        "bob",
        "SYNACK_sequence_number",
        0.0,
        "other_side",
        "frame 12 of lab3/client1.pcap",
    );
    expect(
        "bob",
        "SYNACK_ACKnowledgement_number",
        1.0,
        "not_incremented",
        "50 %",
    );
    // The answer's own partial credit goes before that of all.
    expect(
        "bob",
        "maximum_number_of_bytes_in_UDP_payload",
        0.75,
        "ipv4_limit",
        "75 %",
    );
    expect(
        "bob",
        "largest_possible_source_port_number",
        0.0,
        "not_integer",
        "with a point",
    );
    expect(
        "bob",
        "protocol_number_for_UDP",
        0.0,
        "missing",
        "nothing was typed",
    );
    expect(
        "bob",
        "both clients connect to the server",
        2.0,
        "right",
        "",
    );
    assert_eq!(hand_in(&book, "bob")["points"], 12.25);
    let look = item(&book, "bob", "SYN_sequence_number");
    assert_eq!(look["filter"], "frame.number == 12");
    assert_eq!(look["file"], "lab3/client1.pcap");

    expect(
        "carol",
        "client1.pcap",
        0.0,
        "missing",
        "no file of such a name",
    );
    expect("carol", "SYN_sequence_number", 2.0, "right", "");
    expect(
        "carol",
        "protocol_number_for_UDP",
        0.5,
        "right_but_not_shown",
        "no UDP datagram",
    );
    expect(
        "carol",
        "the clients write to each other over UDP",
        0.0,
        "not shown",
        "0 counted in lab3/chatserver.pcap",
    );
    expect(
        "dora",
        "SYN_sequence_number",
        0.0,
        "missing",
        "no file with answers",
    );
    let remark = &hand_in(&book, "dora")["remarks"][0];
    assert_eq!(remark["file"], "lab3.ipynb");
    assert!(
        remark["text"]
            .as_str()
            .unwrap()
            .contains("line 1 column 11"),
        "{remark}"
    );
    let remark = &hand_in(&book, "<script>alert(1)<!--")["remarks"][0];
    assert!(
        remark["text"]
            .as_str()
            .unwrap()
            .contains("not a packet capture"),
        "{remark}"
    );
}

#[test]
fn a_rubric_says_what_is_asked_for() {
    let class = class();
    let path = class.path();
    let rubric = "title = \"Handshakes\"\ncaptures = [\"*.pcap\"]\nanswers = [\"*.ipynb\"]\n\
        [late]\ndeadline = 2026-11-30T12:00:00Z\na_day = 10\nat_most = 25\n\
        [[answer]]\nkey = \"SYNACK_ACKnowledgement_number\"\npoints = 4\ntolerance = 1\n\
        [[evidence]]\nname = \"server\"\nassert = \"handshakes(port = 5000) in '*server*' >= 2\"\npoints = 3\n\
        [[evidence]]\nname = \"one\"\nassert = \"handshakes in 'client1.pcap' == 1\"\npoints = 2\n\
        [[evidence]]\nname = \"messages\"\nassert = \"udp between client1 and client2 == 2\"\npoints = 1\n\
        [[evidence]]\nname = \"resets\"\nassert = \"filter('tcp.flags.reset == 1') == 0\"\npoints = 0\n\
        [[evidence]]\nname = \"texts\"\nassert = \"filter('udp contains \\\"psst\\\" || tcp.flags.syn == 1') in 'client1.pcap' == 3\"\npoints = 0\n\
        [[evidence]]\nname = \"too many\"\nassert = \"tcp (port = 5000) > 1000\"\npoints = 0\n";
    fs::write(path.join("handshakes.toml"), rubric).unwrap();
    let times = "name,time\nalice,2026-11-30T11:00:00Z\nbob,2026-12-01T13:00:00+01:00\n\
        dora,2026-12-09T00:00:00Z\n";
    fs::write(path.join("times.csv"), times).unwrap();
    let book = json_of(
        path,
        &["--rubric", "handshakes.toml", "--times", "times.csv"],
    );
    assert_eq!(book["points"], 10.0);
    // As `tshark -Y 'tcp.flags.syn==1 && tcp.flags.ack==1'` and `udp && ip.addr==10.20.30.12` count.
    assert_eq!(hand_in(&book, "alice")["points"], 10.0);
    assert_eq!(hand_in(&book, "alice")["late"], Value::Null);
    let tolerated = item(&book, "bob", "SYNACK_ACKnowledgement_number");
    assert_eq!(tolerated["outcome"], "within tolerance");
    // A day and no second: one day late.
    assert_eq!(
        hand_in(&book, "bob")["late"],
        json!({ "days": 1, "points": 1.0 })
    );
    assert_eq!(hand_in(&book, "bob")["points"], 9.0);
    // Six points, nine days, at most a quarter.
    assert_eq!(
        hand_in(&book, "dora")["late"],
        json!({ "days": 9, "points": 1.5 })
    );
    // As `tshark -Y` selects them.
    for name in ["resets", "texts"] {
        assert_eq!(item(&book, "alice", name)["outcome"], "right", "{name}");
    }
    let reason = item(&book, "alice", "too many")["reason"].to_string();
    assert!(
        reason.contains("`tcp (port = 5000) > 1000` does not hold"),
        "{reason}"
    );
}

#[test]
fn hostile_hand_ins_stop_nobody() {
    let class = class();
    let path = class.path();
    let hostile = hostile_hand_ins::write(path, &lab("client1.pcap"));
    write(path, "=cmd|'calc'!A0/client1.pcap", lab("client1.pcap"));
    write(
        path,
        "terminal/lab3.ipynb",
        answers(&[("SYN_sequence_number", "'\u{1b}[31m<b>'")]),
    );
    let out = tempfile::tempdir().unwrap();
    let to = out.path().join("pages");
    let (status, printed, error) = run(path, &["grade", ".", "--pages", to.to_str().unwrap()]);
    assert_eq!((status, error.as_str()), (Some(0), ""));
    let is_bad = |c: char| c.is_control() && c != '\n';
    assert!(!printed.contains(is_bad), "{printed:?}");

    let read = |name: &str| fs::read_to_string(to.join(name)).unwrap();
    let book: Value = serde_json::from_str(&read("marks.json")).unwrap();
    assert_eq!(hand_in(&book, "alice")["points"], 19.0);
    let others = book["others"].as_array().unwrap();
    let harmless = ["alice", "carol", "bob"];
    let formula = hand_in(&book, "=cmd|'calc'!A0");
    assert_eq!(formula["remarks"][0]["kind"], "odd-name");
    for name in hostile {
        let name = name.strip_suffix(".zip").unwrap_or(&name);
        if harmless.iter().any(|harmless| name.starts_with(harmless))
            || others.iter().any(|other| other == name)
        {
            continue;
        }
        let remarks = hand_in(&book, name)["remarks"].as_array().unwrap();
        assert!(!remarks.is_empty(), "{name:?} has no remark");
    }
    let marks = read("marks.csv");
    assert!(
        csv_rows(&marks).any(|row| row[0].starts_with("'=cmd")),
        "{marks}"
    );
    for row in csv_rows(&marks) {
        let is_formula = |cell: &String| cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        assert!(!row.iter().any(is_formula), "{row:?}");
    }
    let mut pages = 0;
    for file in tests::files(&to) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        assert!(name.chars().all(is_plain), "{name}");
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains(is_bad), "{name}");
        if file
            .extension()
            .is_some_and(|extension| extension == "html")
        {
            pages += 1;
            for stranger in ["<script", "<b>", "<!--"] {
                assert!(!text.contains(stranger), "{name} holds {stranger}");
            }
        }
    }
    assert_eq!(pages, book["hand_ins"].as_array().unwrap().len() + 1);
}

#[test]
fn the_same_hand_ins_give_the_same_octets() {
    let class = class();
    let out = tempfile::tempdir().unwrap();
    let run = |threads: &str, to: &str| {
        let output = Command::new(program("chatpcap"))
            .args([
                "grade",
                ".",
                "--pages",
                out.path().join(to).to_str().unwrap(),
            ])
            .env("RAYON_NUM_THREADS", threads)
            .current_dir(class.path())
            .output()
            .unwrap();
        assert!(output.status.success());
        output.stdout
    };
    assert_eq!(run("1", "a"), run("4", "b"));
    let [a, b] = ["a", "b"].map(|folder| tests::files(&out.path().join(folder)));
    assert_eq!(a.len(), b.len());
    assert_eq!(a.len(), 4 + 3 * 5);
    for (a, b) in a.iter().zip(&b) {
        assert_eq!(a.file_name(), b.file_name());
        assert_eq!(
            fs::read(a).unwrap(),
            fs::read(b).unwrap(),
            "{}",
            a.display()
        );
    }
}

#[test]
fn the_json_form_is_valid_under_its_schema() {
    let class = class();
    let schema = schema("grade-1");
    let book = json_of(class.path(), &[]);
    if let Err(error) = schema.validate(&book) {
        panic!("{error} at {}", error.instance_path());
    }
    let pairs = book["shared"]["pairs"].as_array().unwrap();
    assert!(!pairs.is_empty(), "all have the lab's captures");
    assert!(!schema.is_valid(&json!({ "schema": "chatpcap/grade/1" })));
}

#[test]
fn one_hand_in_by_itself() {
    let class = class();
    let path = class.path();
    for (form, words) in [
        ("text", "bob: 12.25 of 19 points"),
        ("html", "<h1>bob: 12.25 of 19 points</h1>"),
    ] {
        let (status, printed, _) = run(path, &["grade", "--one", "bob", "--format", form]);
        assert_eq!(status, Some(0));
        assert!(printed.contains(words), "{printed}");
    }
    let (status, printed, _) = run(path, &["grade", ".", "--student", "bob"]);
    assert_eq!(status, Some(0));
    assert!(
        printed.starts_with("bob: 12.25 of 19 points\n"),
        "{printed}"
    );

    let (_, printed, _) = run(
        path,
        &["grade", "--one", "carol.zip", "--format", "gradescope"],
    );
    let results: Value = serde_json::from_str(&printed).unwrap();
    let tests = results["tests"].as_array().unwrap();
    let sum: f64 = tests
        .iter()
        .map(|test| test["score"].as_f64().unwrap())
        .sum();
    assert!(
        (results["score"].as_f64().unwrap() - sum).abs() < 1e-9,
        "{results}"
    );
    for test in tests {
        let full = test["score"] == test["max_score"];
        assert_eq!(test["status"], if full { "passed" } else { "failed" });
        assert_eq!(test["output"] == "", full, "{test}");
    }
}

/// Where captures come from is for the teacher to ask about: what students are shown has none of it.
#[test]
fn questions_on_provenance_are_not_for_students() {
    let folder = tempfile::tempdir().unwrap();
    let mut recording = Recording::new(Link::Ethernet);
    Connection::new(CLIENT1, 0x58b9_1457, SERVER, 0x4126_a8d2).open(&mut recording);
    write(folder.path(), "eve/client1.pcap", recording.pcap());
    let question = "without having asked";
    let remarks = hand_in(&json_of(folder.path(), &[]), "eve")["remarks"].to_string();
    assert!(remarks.contains(question), "{remarks}");
    let one = ["grade", "--one", "eve", "--format", "gradescope"];
    let (_, printed, _) = run(folder.path(), &one);
    assert!(!printed.contains(question), "{printed}");
}

#[test]
fn what_cannot_be_used_is_status_2() {
    let class = class();
    let path = class.path();
    fs::write(
        path.join("bad.toml"),
        "captures = [\"*.pcap\"]\nanswer = 3\n",
    )
    .unwrap();
    fs::create_dir_all(path.join("alice/none")).unwrap();
    for (arguments, message) in [
        (&["grade", "missing"][..], "missing: "),
        (&["grade", "alice/none"], "no hand-in is in it\nhint: "),
        (
            &["grade", ".", "--rubric", "bad.toml"],
            "bad.toml: not a rubric: ",
        ),
        (
            &["grade", ".", "--rubric", "missing.toml"],
            "missing.toml: ",
        ),
        (&["grade", ".", "--times", "bad.toml"], "bad.toml: "),
        (
            &["grade", ".", "--handed-out", "readme.txt"],
            "readme.txt: empty file",
        ),
        (
            &["grade", ".", "--pages", "pages"],
            "is in the folder of the hand-ins\nhint: ",
        ),
        (
            &["grade", ".", "--format", "gradescope"],
            "for one hand-in\nhint: ",
        ),
        (&["grade", ".", "--format", "xml"], "invalid value"),
        (&["grade"], "required"),
    ] {
        let (status, printed, error) = run(path, arguments);
        assert_eq!(status, Some(2), "{arguments:?}: {error}");
        assert!(error.contains(message), "{arguments:?}: {error}");
        assert_eq!(printed, "", "{arguments:?}");
    }
    assert!(!path.join("pages").exists());
    assert_eq!(run(path, &["grade", ".", "--student", "zoe"]).0, Some(1));
}

#[test]
fn a_rubric_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    assert_eq!(run(path, &["rubric", "new"]).0, Some(0));
    let written = fs::read_to_string(path.join("lab3.toml")).unwrap();
    assert_eq!(written, chatpcap::grade::LAB);
    assert_eq!(run(path, &["rubric", "new", "-"]).1, written);
    let (status, _, error) = run(path, &["rubric", "new"]);
    assert_eq!(status, Some(2));
    assert!(
        error.contains("is there already\nhint: `--force`"),
        "{error}"
    );
    assert_eq!(run(path, &["rubric", "new", "--force"]).0, Some(0));
    assert_eq!(
        run(path, &["rubric", "python", "no/such/folder.py"]).0,
        Some(2)
    );
}

/// What students run: the file that is handed out, under `python3`.
#[test]
fn the_python_file_checks_as_the_notebook_calls_it() {
    let Ok(version) = Command::new("python3").arg("--version").output() else {
        println!("skipped: there is no python3");
        return;
    };
    assert!(version.status.success());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    assert_eq!(run(path, &["rubric", "python"]).0, Some(0));
    let python = |chatpcap: &Path, code: &str| {
        let code =
            format!("from test_lab3 import TestLab3\nlab = TestLab3()\n{code}\nprint(lab.passed)");
        let output = Command::new("python3")
            .args(["-W", "error", "-c", &code])
            .env("CHATPCAP", chatpcap)
            .current_dir(path)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8(output.stdout).unwrap()
    };
    let chatpcap = program("chatpcap");
    let tcp = "lab.test_4_1(1488523287, 1093046866, 1488523288)";
    let none = python(&chatpcap, tcp);
    assert!(none.starts_with("no captures found"), "{none}");
    for name in ["chatserver.pcap", "client1.pcap", "client2.pcap"] {
        fs::write(path.join(name), lab(name)).unwrap();
    }
    let right = python(
        &chatpcap,
        &format!("{tcp}\nassert lab.passed\nlab.test_4_2(4, 2, 65527, 65535, 17)"),
    );
    assert_eq!(right.matches("right:").count(), 8, "{right}");
    assert!(right.ends_with("\nTrue\n"), "{right}");

    let wrong = python(&chatpcap, "lab.test_4_1(0, 1488523287, '1488523288')");
    for words in [
        "a relative number",
        "the other side's number",
        "text in quotes",
        "tcp.flags.syn",
        "\nFalse\n",
    ] {
        assert!(wrong.contains(words), "no {words:?} in {wrong}");
    }
    assert!(
        !wrong.contains("1093046866") && !wrong.contains("1488523287"),
        "{wrong}"
    );
    let shown = python(
        &chatpcap,
        "lab = TestLab3(hint=False)\nlab.test_4_2(4, 8, None, 65536, 6.0)",
    );
    for words in [
        "right is 2",
        "not answered yet",
        "65536 is how many",
        "with a point",
        "frame.number == 32",
    ] {
        assert!(shown.contains(words), "no {words:?} in {shown}");
    }
    let missing = python(Path::new("no-such-chatpcap"), tcp);
    assert!(
        missing.starts_with("chatpcap is not installed"),
        "{missing}"
    );
    let broken = python(
        &chatpcap,
        &format!("lab = TestLab3(more=['--client1', 'me'])\n{tcp}"),
    );
    assert!(broken.contains("invalid value 'me'"), "{broken}");
}

/// The cells of CSV without line breaks in cells.
fn csv_rows(text: &str) -> impl Iterator<Item = Vec<String>> {
    text.lines().map(|line| {
        let mut cells = vec![String::new()];
        let mut is_quoted = false;
        for c in line.chars() {
            match c {
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => cells.push(String::new()),
                c => cells.last_mut().unwrap().push(c),
            }
        }
        cells
    })
}
