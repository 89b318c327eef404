//! Display filters: what they select in the lab's capture, what is wrong with them, and that no text
//! and no frame hurts.
//!
//! `golden/filters.tsv` says what `tshark -n -r client1.pcap -Y EXPRESSION` (4.0.17) selects, and which
//! expressions it refuses.

use std::fs;
use std::io::Cursor;
use std::ops::ControlFlow;

use chatpcap::capture::Capture;
use chatpcap::field::{self, Needs};
use chatpcap::filter::Filter;
use chatpcap::report::PacketRow;
use chatpcap::trace::Pass;
use proptest::prelude::*;
use tests::program::project;
use tests::random::Random;
use tests::ranges::ranges;

fn client1() -> Vec<u8> {
    fs::read(project().join("captures/python-lab/client1.pcap")).unwrap()
}

/// The frames that a filter selects.
fn selected(file: &[u8], filter: &Filter) -> Vec<u64> {
    let capture = Capture::from_reader(Cursor::new(file.to_vec())).unwrap();
    let mut numbers = Vec::new();
    Pass::new(capture, Some(filter), Needs::Frame).run(&mut |_| (), &mut |seen, _| {
        numbers.push(seen.frame.number);
        ControlFlow::Continue(())
    });
    numbers
}

#[test]
fn filters_select_what_tshark_selects() {
    let table = fs::read_to_string(project().join("tests/golden/filters.tsv")).unwrap();
    let file = client1();
    let mut wrong = Vec::new();
    for line in table.lines().skip(1) {
        let (text, expected) = line.split_once('\t').unwrap();
        let found = match Filter::new(text) {
            Err(_) => "error".to_owned(),
            Ok(filter) => match ranges(&selected(&file, &filter)) {
                none if none.is_empty() => "none".to_owned(),
                frames => frames,
            },
        };
        if found != expected {
            wrong.push(format!("{text}: tshark {expected}, chatpcap {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn errors_say_where_and_what_to_write() {
    for (text, column, message, hint) in [
        (
            "tcp.flag == 1",
            1,
            "no field tcp.flag",
            Some("did you mean tcp.flags?"),
        ),
        (
            "udp && ip.adr == 1.2.3.4",
            8,
            "no field ip.adr",
            Some("did you mean ip.addr?"),
        ),
        (
            "tcp port 80",
            5,
            "needs `and`, `or` or the end here, not `port`",
            Some("not tcpdump's language: ip.addr == 10.0.0.1, tcp.port == 80"),
        ),
        (
            "tcp.port = 5000",
            10,
            "unexpected character '='",
            Some("equal is `==`"),
        ),
        (
            "tcp AND udp",
            5,
            "needs `and`, `or` or the end here, not `AND`",
            Some("operators are in lower case: `and`"),
        ),
        (
            "tcp.port == 70000",
            13,
            "needs a number up to 65535, has `70000`",
            None,
        ),
        ("tcp.port == http", 13, "needs a number, has `http`", None),
        (
            "ip.addr == 10.20.30",
            12,
            "needs an IPv4 address like 10.20.30.11 or 10.20.30.0/24, has `10.20.30`",
            None,
        ),
        (
            "ip.src contains \"a\"",
            1,
            "`contains` needs text or octets on its left, not IPv4 address",
            None,
        ),
        (
            "tcp.port == ip.src",
            13,
            "needs unsigned integer, 16 bits to compare with, not IPv4 address",
            None,
        ),
        (
            "frame matches \"(\"",
            15,
            "regular expression: unclosed group",
            None,
        ),
        (
            "frame.number in {1 - 3}",
            18,
            "needs a value, not a calculation",
            Some("a range is 1..3"),
        ),
        (
            "foo(tcp.port) == 1",
            1,
            "no function foo",
            Some("functions: upper, lower, len, count, string, max, min, abs"),
        ),
        ("ünknown", 1, "unexpected character 'ü'", None),
    ] {
        let error = Filter::new(text).unwrap_err();
        let found = (
            error.column(),
            error.message.as_str(),
            error.hint.as_deref(),
        );
        assert_eq!(found, (column, message, hint), "{text}");
    }
    for (text, shown, mark) in [
        (
            "frame contains \"日本\" and\ttcp.no",
            "frame contains \"日本\" and\u{fffd}tcp.no",
            "                          ^~~~~~",
        ),
        ("\"\u{202e}\" no", "\"\u{fffd}\" no", "    ^~"),
    ] {
        let error = Filter::new(text).unwrap_err();
        assert_eq!(error.excerpt(), [shown, mark], "{error}");
    }
    let [text, underline] = Filter::new("tcp && no.such\u{7}").unwrap_err().excerpt();
    assert_eq!(
        (text.as_str(), underline.as_str()),
        ("tcp && no.such\u{fffd}", "              ^")
    );
}

/// Words of the language, to make texts of that get far.
const WORDS: &[&str] = &[
    "tcp",
    "ip.addr",
    "frame.len",
    "tcp.port",
    "eth.src",
    "dns.qry.name",
    "tcp.payload",
    "frame.time",
    "tcp.flags.syn",
    "ipv6.addr",
    "tcp.analysis.flags",
    "chat.text",
    "==",
    "!=",
    "===",
    "~=",
    ">",
    "<=",
    "contains",
    "matches",
    "in",
    "not",
    "and",
    "or",
    "any",
    "all",
    "(",
    ")",
    "{",
    "}",
    ",",
    "..",
    "+",
    "-",
    "*",
    "/",
    "%",
    "&",
    "1",
    "0x10",
    "10.0.0.1/8",
    "::1",
    "ff:ff",
    "\"a\"",
    "r\"\\d\"",
    "'a'",
    "[0:2]",
    "[-1]",
    "#1",
    "len(",
    "max(",
    "upper(",
    "True",
    "1.5",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 400 } else { 20_000 }))]

    #[test]
    fn any_text_is_a_filter_or_an_error(text in "\\PC{0,80}") {
        check(&text);
    }

    #[test]
    fn any_words_are_a_filter_or_an_error(words in prop::collection::vec(prop::sample::select(WORDS), 0..14)) {
        check(&words.join(" "));
    }
}

/// A filter can be asked of every frame; an error has a column within the text.
fn check(text: &str) {
    match Filter::new(text) {
        Ok(filter) => {
            selected(&client1(), &filter);
        }
        Err(error) => {
            assert!(error.column() <= text.chars().count() + 1, "{text}");
            assert!(
                !error.message.is_empty() && !error.message.contains('\n'),
                "{text}"
            );
        }
    }
}

#[test]
fn what_is_long_or_deep_is_refused_or_ends() {
    let list = (0..5000)
        .map(|n| n.to_string())
        .collect::<Vec<_>>()
        .join(",");
    let filter = Filter::new(&format!("frame.number in {{{list}}}")).unwrap();
    assert_eq!(selected(&client1(), &filter).len(), 41);
    let row = "tcp or ".repeat(5000) + "udp";
    assert_eq!(selected(&client1(), &Filter::new(&row).unwrap()).len(), 22);
    // Every field of two ports doubles the sums.
    let sum = Filter::new(&format!("{} == 5", vec!["tcp.port"; 200].join(" + "))).unwrap();
    assert!(selected(&client1(), &sum).is_empty());
    for deep in [
        "(".repeat(100_000),
        "!".repeat(100_000),
        "not ".repeat(10_000) + "tcp",
        format!("tcp.len {} > 1", "+ 1 ".repeat(1000)),
        format!("{}tcp{}", "(".repeat(500), ")".repeat(500)),
        format!("frame matches \"{}\"", "(a*)*".repeat(10_000)),
        "frame matches \"x\" or ".repeat(100) + "tcp",
        "a".repeat(1 << 20),
    ] {
        assert!(Filter::new(&deep).is_err(), "{}", &deep[..20]);
    }
}

#[test]
fn every_field_of_damaged_frames_can_be_read() {
    let lab = client1();
    let mut random = Random::new(7);
    let rounds = if cfg!(debug_assertions) { 60 } else { 3000 };
    for _ in 0..rounds {
        let mut file = lab.clone();
        // Damage frames, not the file's own header.
        for _ in 0..40 {
            let at = 24 + random.below(file.len() - 24);
            file[at] = u8::try_from(random.below(256)).unwrap();
        }
        let Ok(capture) = Capture::from_reader(Cursor::new(file)) else {
            continue;
        };
        Pass::new(capture, None, Needs::Analysis).run(&mut |_| (), &mut |seen, _| {
            for field in field::all() {
                field.printed(seen);
            }
            PacketRow::new(seen, true);
            ControlFlow::Continue(())
        });
    }
}
