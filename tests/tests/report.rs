//! `chatpcap report`: the page as its reader sees it, in a browser and on paper, and how it is written.

use std::fs;
use std::path::{Path, PathBuf};

use tests::browser::{evaluate, printed_text};
use tests::frames::{Link, datagram};
use tests::golden::compare;
use tests::program::{chatpcap, project};
use tests::recording::Recording;
use tests::scenario::{CLIENT1, CLIENT2, Connection, SERVER, on_port, v4};

const THREE: [&str; 3] = ["chatserver.pcap", "client1.pcap", "client2.pcap"];
const HOSTILE: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"&amp;";

fn lab(folder: &str) -> PathBuf {
    project().join("captures").join(folder)
}

/// The page that the program prints.
fn page(folder: &Path, arguments: &[&str], input: &[u8]) -> String {
    let output = chatpcap(folder, &[&["report"], arguments].concat(), input);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_page_of_the_lab() {
    let printed = page(&lab("accounts"), &THREE, b"");
    compare("report.html", without_graphs(&printed).as_bytes());
    let output = chatpcap(&project(), &["report", "--help"], b"");
    compare("report-help.txt", &output.stdout);
}

/// A page without its flow graphs, which have golden files of their own.
fn without_graphs(page: &str) -> String {
    let mut parts =
        page.split("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chatpcap-graph\"");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        text.push_str("(flow graph)");
        text.push_str(part.split_once("</svg>").unwrap().1);
    }
    let (before, style) = text.split_once("\n.chatpcap-graph {").unwrap();
    format!("{before}{}", style.split_once("</style>").unwrap().1)
}

/// No network, no script, nothing that a browser would fetch.
#[test]
fn the_page_needs_nothing_else() {
    for folder in [
        "accounts",
        "python-lab",
        "ipv6",
        "any",
        "open",
        "python-peer",
    ] {
        let page = page(&lab(folder), &THREE, b"");
        self_contained(&page);
    }
}

fn self_contained(page: &str) {
    let page = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for what in [
        "http:",
        "https:",
        "//cdn",
        "<script",
        "<link",
        "<img",
        "<iframe",
        "src=",
        "url(",
        "@import",
        "javascript:",
    ] {
        assert!(!markup(&page).contains(what), "{what}");
    }
    for link in page.split("href=\"").skip(1) {
        let target = link.split('"').next().unwrap();
        let name = target
            .strip_prefix('#')
            .unwrap_or_else(|| panic!("{target}"));
        assert_eq!(
            page.matches(&format!(" id=\"{name}\"")).count(),
            1,
            "{name}"
        );
    }
}

/// The tags of a page and its style, without the text between them.
fn markup(page: &str) -> String {
    let (style, body) = page.split_once("</style>").unwrap();
    let tags = body.split('<').skip(1);
    let tags = tags.map(|tag| tag.split('>').next().unwrap());
    let tags: Vec<&str> = tags.collect();
    format!("{style}<{}", tags.join("><"))
}

/// What a reader sees on a screen and on a telephone: every section, every answer, nothing that is wider
/// than the window, no text on text.
#[test]
fn a_browser_shows_it() {
    for folder in ["accounts", "python-lab", "ipv6"] {
        let page = page(&lab(folder), &THREE, b"");
        for width in [380, 900, 1400] {
            let looks = "({
                width: innerWidth,
                needed: document.documentElement.scrollWidth,
                headings: [...document.querySelectorAll('h2')].map(it => it.innerText),
                graphs: document.querySelectorAll('.graph svg').length,
                arrows: [...document.querySelectorAll('.graph svg text')].map(it => it.textContent),
                marks: [...document.querySelectorAll('mark')].map(it => it.innerText),
                text: document.body.innerText,
                cut: [...document.querySelectorAll('p, li, td, th, h1, h2, h3, h4')]
                    .filter(it => !it.closest('.scroll') && it.scrollWidth > it.clientWidth + 1)
                    .map(it => it.innerText),
                small: [...document.querySelectorAll('p, li, td')]
                    .filter(it => parseFloat(getComputedStyle(it).fontSize) < 11).length,
            })";
            let Some(seen) = evaluate(&page, width, looks) else {
                println!("skipped: no browser");
                return;
            };
            assert!(
                seen["needed"].as_u64() <= seen["width"].as_u64(),
                "{folder} {width}: {}",
                seen["needed"]
            );
            assert_eq!(
                seen["cut"].as_array().unwrap().len(),
                0,
                "{folder} {width}: {}",
                seen["cut"]
            );
            assert_eq!(seen["small"], 0, "{folder} {width}");
            assert!(
                seen["headings"].as_array().unwrap().len() >= 8,
                "{}",
                seen["headings"]
            );
            // The three exchanges, and all packets, as text that can be selected.
            assert!(
                seen["graphs"].as_u64() >= Some(2),
                "{folder}: {}",
                seen["graphs"]
            );
            for label in ["SYN, ACK", "DNS query", "UDP"] {
                let arrows = seen["arrows"].as_array().unwrap();
                assert!(
                    arrows.iter().any(|arrow| *arrow == label),
                    "{folder}: {label}"
                );
            }
            let text = seen["text"].as_str().unwrap();
            for (key, value) in answers(folder) {
                assert!(
                    text.contains(&format!("{key} = {value}")),
                    "{folder}: {key} = {value}"
                );
                // The octets that show a sequence number are marked.
                if key.starts_with("SYN") {
                    let digits: Vec<String> = u32::try_from(value)
                        .unwrap()
                        .to_be_bytes()
                        .map(|octet| format!("{octet:02x}"))
                        .to_vec();
                    let marks = seen["marks"].as_array().unwrap();
                    assert!(
                        marks.iter().any(|mark| *mark == digits.join(" ")),
                        "{folder}: {key}"
                    );
                }
            }
        }
    }
}

/// The answers of a folder, read off with tcpdump.
fn answers(folder: &str) -> Vec<(String, u64)> {
    let answers = fs::read(lab(folder).join("answers.json")).unwrap();
    let answers: serde_json::Value = serde_json::from_slice(&answers).unwrap();
    let answers = answers["answers"].as_object().unwrap();
    let numbers = answers
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), value.as_u64()?)));
    let numbers: Vec<_> = numbers.collect();
    assert!(numbers.len() >= 8, "{answers:?}");
    numbers
}

#[test]
fn paper_shows_it() {
    let Some(text) = printed_text(&page(&lab("accounts"), &THREE, b"")) else {
        println!("skipped: no browser or no pdftotext");
        return;
    };
    for expected in [
        "SYN_sequence_number = 3751373192",
        "www.ttm4200.com is an alias (CNAME) of webserver.ttm4200.com",
        "At most 2 were open at the same time",
        "10.20.30.12:48570",
        "a handshake: 3 segments, 214 octets",
        "hello, is anybody here?",
        "Sequence numbers over time",
    ] {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

/// Names, texts, DNS names and the name of the file are hostile: they are text, and nothing else.
#[test]
fn what_was_captured_stays_text() {
    let mut recording = Recording::new(Link::Ethernet);
    let mut question = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    question.push(u8::try_from(HOSTILE.len()).unwrap());
    question.extend(HOSTILE.as_bytes());
    question.extend([0, 0, 1, 0, 1]);
    let mut answer = question.clone();
    answer[2..8].copy_from_slice(&[0x85, 0, 0, 1, 0, 1]);
    answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 20, 30, 3]);
    let name_server = v4([10, 20, 30, 2], 53);
    recording.add(&datagram(CLIENT1, name_server, 1, &question));
    recording.add(&datagram(name_server, CLIENT1, 1, &answer));
    let mut alice = Connection::new(CLIENT1, 1, SERVER, 2);
    let mut bob = Connection::new(CLIENT2, 3, SERVER, 4);
    alice.open(&mut recording);
    bob.open(&mut recording);
    recording.add(&alice.client_says(HOSTILE.as_bytes()));
    recording.add(&bob.client_says(b"bob"));
    recording.add(&alice.client_says(HOSTILE.as_bytes()));
    recording.add(&bob.server_says(format!("{HOSTILE}: {HOSTILE} ").as_bytes()));
    let (one, other) = (on_port(CLIENT1, 5000), on_port(CLIENT2, 5000));
    recording.add(&datagram(one, other, 5, HOSTILE.as_bytes()));
    let folder = tempfile::tempdir().unwrap();
    let name = "<script>alert(3)<!-- '\"&.pcap";
    fs::write(folder.path().join(name), recording.pcap()).unwrap();

    let page = page(folder.path(), &[name], b"");
    self_contained(&page);
    assert!(!page.contains("alert(1)</script>") && !page.contains("<!--"));
    let looks = "({
        scripts: document.scripts.length,
        pictures: document.images.length,
        handlers: [...document.querySelectorAll('*')]
            .filter(it => it.getAttributeNames().some(name => name.startsWith('on'))).length,
        text: document.body.innerText,
        title: document.title,
    })";
    let Some(seen) = evaluate(&page, 900, looks) else {
        println!("skipped: no browser");
        return;
    };
    // Its own script is the test's.
    assert_eq!(
        (&seen["scripts"], &seen["pictures"], &seen["handlers"]),
        (&1.into(), &0.into(), &0.into())
    );
    let text = seen["text"].as_str().unwrap();
    assert!(text.matches(HOSTILE).count() >= 3, "{text}");
    assert!(seen["title"].as_str().unwrap().contains(name));
}

#[test]
fn a_capture_of_something_else_has_its_page() {
    let mut recording = Recording::new(Link::Ethernet);
    let web = on_port(SERVER, 80);
    let mut connection = Connection::new(CLIENT1, 1, web, 2);
    connection.open(&mut recording);
    for _ in 0..50 {
        recording.add(&connection.server_says(&[b'x'; 1000]));
        recording.add(&connection.ack());
    }
    connection.close(&mut recording);
    let page = page(&project(), &["-"], &recording.pcap());
    self_contained(&page);
    assert!(page.contains("no chat here: nothing on TCP or UDP port 5000"));
    assert!(!page.contains("id=\"ends\"") && !page.contains("id=\"answers\""));
    assert!(page.contains("id=\"plot\"") && page.contains("52 segments with data, SYN or FIN"));
    assert!(page.contains("closed by both"));
    // Nothing at all is a page too.
    let empty = Recording::new(Link::Ethernet).pcap();
    self_contained(&self::page(&project(), &["-"], &empty));
}

/// Sent again, here and there, in a long flow: all of it is told, and drawn within bounds.
#[test]
fn a_long_flow_is_thinned_out_and_keeps_what_was_sent_again() {
    let mut recording = Recording::new(Link::Ethernet);
    let mut connection = Connection::new(CLIENT1, 1, SERVER, 2);
    connection.open(&mut recording);
    let mut again = 0;
    for round in 0..20_000 {
        let segment = connection.client_says(&[b'x'; 10]);
        recording.add(&segment);
        if round % 100 == 50 {
            recording.wait(300);
            // Another identification: sent again, not captured twice.
            let mut copy = segment.clone();
            copy[5] ^= 0xff;
            copy[4] ^= 0xff;
            recording.add(&copy);
            again += 1;
        }
        recording.add(&connection.server_ack());
    }
    let page = page(&project(), &["-"], &recording.pcap());
    assert!(
        page.contains(&format!("{again} segments sent again")),
        "{again}"
    );
    let crosses = page.split("class=\"again\" d=\"").nth(1).unwrap();
    let crosses = crosses.split('"').next().unwrap();
    assert_eq!(
        crosses.matches('L').count(),
        2 * again,
        "a cross has two strokes"
    );
    assert!(page.contains("only some are drawn"));
    // 40,203 frames; 250 rows of the first 10,000 are drawn, the others counted.
    assert!(page.contains("`chatpcap graph` draws them"));
    assert!(page.len() < 400_000, "{} octets", page.len());
}

#[test]
fn a_much_larger_flow_is_drawn_beside_the_chats() {
    let mut recording = Recording::new(Link::Ethernet);
    let mut chat = Connection::new(CLIENT1, 1, SERVER, 2);
    chat.open(&mut recording);
    chat.talk(&mut recording);
    let drawn = |recording: &Recording| {
        let page = page(&project(), &["-"], &recording.pcap());
        page.matches("aria-label=\"sequence numbers over time")
            .count()
    };
    assert_eq!(drawn(&recording), 1);
    let mut web = Connection::new(CLIENT2, 3, on_port(SERVER, 80), 4);
    web.open(&mut recording);
    for _ in 0..10 {
        recording.add(&web.server_says(&[b'x'; 1000]));
        recording.add(&web.ack());
    }
    assert_eq!(drawn(&recording), 2);
}

/// Thousands of flows: a table of the largest, and how many more there are.
#[test]
fn many_flows_are_bounded() {
    let mut recording = Recording::new(Link::Ethernet);
    for port in 0..1500 {
        let mut connection = Connection::new(on_port(CLIENT1, 10_000 + port), 1, SERVER, 2);
        connection.open(&mut recording);
        connection.talk(&mut recording);
    }
    let page = page(&project(), &["-"], &recording.pcap());
    assert!(
        page.contains("The 120 flows with most octets of 1,500: 1,380 more are in the capture")
    );
    assert!(page.contains("At most 1,500 were open"));
    assert!(page.len() < 300_000, "{} octets", page.len());
}

#[test]
fn a_page_never_replaces_a_capture() {
    let folder = tempfile::tempdir().unwrap();
    let capture = fs::read(lab("accounts").join("client1.pcap")).unwrap();
    let path = folder.path().join("client1.pcap");
    fs::write(&path, &capture).unwrap();
    fs::hard_link(&path, folder.path().join("hard.html")).unwrap();
    for output in ["client1.pcap", "./client1.pcap", "hard.html"] {
        let output = chatpcap(
            folder.path(),
            &["report", "client1.pcap", "-o", output],
            b"",
        );
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            error.contains("is read: it cannot be written at the same time"),
            "{error}"
        );
    }
    assert_eq!(fs::read(&path).unwrap(), capture);
}

/// What cannot be read leaves the page of the last time; what can be written leaves nothing beside it.
#[test]
fn pages_are_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let client1 = lab("accounts").join("client1.pcap");
    let client1 = client1.to_str().unwrap();
    let report = folder.path().join("report.html");
    fs::write(&report, "the last one").unwrap();

    let output = chatpcap(
        folder.path(),
        &["report", "missing.pcap", "-o", "report.html"],
        b"",
    );
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read_to_string(&report).unwrap(), "the last one");

    let output = chatpcap(
        folder.path(),
        &["report", client1, "-o", "no/report.html"],
        b"",
    );
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.starts_with("chatpcap: no/report.html: cannot write: "),
        "{error}"
    );

    let output = chatpcap(
        folder.path(),
        &["report", client1, "-o", "report.html"],
        b"",
    );
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
    assert!(fs::read_to_string(&report).unwrap().ends_with("</html>"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    // One capture that cannot be read hides no other.
    let both = ["report", client1, "missing.pcap", "-o", "-"];
    let output = chatpcap(folder.path(), &both, b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("id=\"answers\"")
    );
}

/// The filter and the roles that the user gives hold for the whole page.
#[test]
fn filters_and_roles() {
    let folder = lab("accounts");
    let filtered = page(
        &folder,
        &["chatserver.pcap", "-Y", "tcp.port == 48570"],
        b"",
    );
    assert!(filtered.contains("30 of 77"));
    assert!(!filtered.contains("56026"));
    let other = page(&folder, &["client2.pcap", "--client1", "10.20.30.12"], b"");
    assert!(other.contains("as you said"));
    let output = chatpcap(
        &folder,
        &["report", "client1.pcap", "-Y", "nonsense =="],
        b"",
    );
    assert_eq!(output.status.code(), Some(2));
}
