//! `chatpcap conversations` as its users run it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chatpcap::capture::Capture;
use chatpcap::flow::Direction;
use chatpcap::trace::{Conversation, Conversations, Layer};
use serde_json::Value;
use tests::frames::Link;
use tests::generator::{Generator, Options, Preset};
use tests::golden::compare;
use tests::program::{Live, chatpcap, project};
use tests::random::Random;
use tests::recording::Recording;
use tests::schema::schema;
use tests::segments::Table;
use tests::wild::Wild;
use tests::{corpus, shared};

const EVERY: &str = "eth,ip,tcp,udp";

#[test]
fn golden() {
    let forms: [(&str, &[&str]); 6] = [
        ("conversations.txt", &["client1.pcap"]),
        (
            "conversations-160.txt",
            &[
                "chatserver.pcap",
                "client2.pcap",
                "--type",
                EVERY,
                "--width",
                "160",
            ],
        ),
        (
            "conversations-60-ascii.txt",
            &["chatserver.pcap", "--width", "60", "--ascii", "--top", "1"],
        ),
        (
            "conversations.md",
            &["chatserver.pcap", "--format", "markdown"],
        ),
        (
            "conversations.csv",
            &["chatserver.pcap", "--type", EVERY, "--format", "csv"],
        ),
        (
            "conversations.json",
            &["chatserver.pcap", "--type", EVERY, "--format", "json"],
        ),
    ];
    for (name, arguments) in forms {
        compare(name, &lab(arguments).0);
    }
    compare("conversations-help.txt", &lab(&["--help"]).0);
}

#[test]
fn trouble_is_in_the_table() {
    compare(
        "conversations-trouble.txt",
        &wild(&["-", "--width", "140", "--top", "5"]),
    );
}

#[test]
fn the_json_form_is_valid_under_its_schema() {
    let schema = schema("conversations-1");
    let printed = [
        lab(&[
            "chatserver.pcap",
            "client1.pcap",
            "--type",
            EVERY,
            "--format",
            "json",
        ])
        .0,
        wild(&["-", "--format", "json", "--top", "3"]),
        lab(&["no-such-file.pcap", "--format", "json"]).0,
    ];
    for printed in printed {
        let printed: Value = serde_json::from_slice(&printed).unwrap();
        if let Err(error) = schema.validate(&printed) {
            panic!("{error}\n{printed:#}");
        }
    }
}

#[test]
fn any_column_sorts_either_way_and_what_has_no_value_is_last() {
    let flows = |arguments: &[&str]| -> Vec<(String, String)> {
        let mut all = vec!["-", "--type", "tcp", "--format", "csv"];
        all.extend(arguments);
        let printed = String::from_utf8(wild(&all)).unwrap();
        let mut lines = printed
            .lines()
            .map(|line| line.split(',').collect::<Vec<_>>());
        let header = lines.next().unwrap();
        let sorted = arguments[1].replace('-', "_");
        let place = header.iter().position(|name| *name == sorted).unwrap();
        lines
            .map(|line| (line[2].to_owned(), line[place].to_owned()))
            .collect()
    };
    for column in [
        "packets",
        "duration-seconds",
        "retransmissions",
        "rtt_median_seconds_a_to_b",
    ] {
        let down: Vec<(String, String)> = flows(&["--sort", column]);
        let up = flows(&["--sort", column, "--reverse"]);
        let numbers = |rows: &[(String, String)]| -> Vec<f64> {
            let given = rows.iter().filter(|(_, value)| !value.is_empty());
            given.map(|(_, value)| value.parse().unwrap()).collect()
        };
        assert!(numbers(&down).is_sorted_by(|a, b| a >= b), "{column}");
        assert!(numbers(&up).is_sorted(), "{column}");
        assert_eq!(down.len(), up.len());
        for rows in [&down, &up] {
            let missing = rows.iter().skip_while(|(_, value)| !value.is_empty());
            assert!(
                missing.clone().all(|(_, value)| value.is_empty()),
                "{column}"
            );
        }
    }
    let numbers = flows(&["--sort", "flow"]);
    let numbers: Vec<u32> = numbers
        .iter()
        .map(|(flow, _)| flow.parse().unwrap())
        .collect();
    assert!(numbers.is_sorted());
    // Addresses are sorted as numbers: 9.0.0.1 is before 10.0.0.1.
    let ends = flows(&["--sort", "a"]);
    assert!(
        ends.iter()
            .any(|(_, end)| end.starts_with("10.0.0.1:40000"))
    );
}

#[test]
fn a_filter_limits_what_is_counted_and_changes_no_number() {
    let printed = wild(&[
        "-",
        "--type",
        "tcp",
        "--format",
        "json",
        "-Y",
        "tcp.stream == 3",
    ]);
    let printed: Value = serde_json::from_slice(&printed).unwrap();
    let capture = &printed["captures"][0];
    assert_eq!(capture["tcp"]["conversations"], 1);
    assert_eq!(capture["tcp"]["list"][0]["flow"], 3);
    assert_eq!(capture["tcp"]["list"][0]["packets"], capture["packets"]);
    assert!(capture["frames"].as_u64() > capture["packets"].as_u64());
    // Verdicts are those of the whole capture: what was sent again is known as such although the
    // filter leaves out what was sent first.
    let all = wild(&["-", "--type", "tcp", "--format", "json"]);
    let all: Value = serde_json::from_slice(&all).unwrap();
    let resent = wild(&[
        "-",
        "--type",
        "tcp",
        "--format",
        "json",
        "-Y",
        "tcp.analysis.retransmission",
    ]);
    let resent: Value = serde_json::from_slice(&resent).unwrap();
    let totals = |found: &Value| found["captures"][0]["tcp"]["totals"]["retransmissions"].clone();
    assert!(totals(&all).as_u64() > Some(100));
    assert_eq!(totals(&resent), totals(&all));
    assert_eq!(totals(&resent), resent["captures"][0]["packets"]);
}

#[test]
fn exit_status_and_errors() {
    let check = |arguments: &[&str], status: i32, error: &str| {
        let (_, code, stderr) = lab(arguments);
        assert_eq!(code, status, "{arguments:?}: {stderr}");
        assert!(stderr.contains(error), "{arguments:?}: {stderr}");
    };
    check(&["client1.pcap"], 0, "");
    check(&["no-such-file.pcap"], 2, "no-such-file.pcap");
    check(
        &["client1.pcap", "no-such-file.pcap"],
        2,
        "no-such-file.pcap",
    );
    check(
        &["client1.pcap", "--sort", "size"],
        2,
        "there are flow, a, b, packets",
    );
    check(&["client1.pcap", "-Y", "tcp.prot == 1"], 2, "column 1");
    check(
        &["client1.pcap", "--top", "few"],
        2,
        "needs a number or `all`",
    );
    check(
        &["client1.pcap", "client2.pcap", "--watch"],
        2,
        "--watch shows one capture",
    );
    check(
        &["client1.pcap", "--watch", "--format", "csv"],
        2,
        "--watch draws text only",
    );
}

#[test]
fn a_live_pipe_is_drawn_while_it_waits() {
    let file = fs::read(captures().join("client1.pcap")).unwrap();
    let (first, rest) = file.split_at(2_000);
    let mut live = Live::start(&["conversations", "--watch", "--type", "tcp", "-"]);
    live.send(first);
    // It draws although the pipe is still open.
    let total = |lines: &mut dyn Iterator<Item = std::io::Result<String>>| {
        let mut totals = lines
            .map(Result::unwrap)
            .filter(|line| line.starts_with("total: "));
        totals.next().unwrap()
    };
    let before = total(&mut live.lines);
    live.send_last(rest);
    let mut last = total(&mut live.lines);
    for line in live.lines.by_ref().map(Result::unwrap) {
        if line.starts_with("total: ") {
            last = line;
        }
    }
    assert_ne!(before, last);
    assert_eq!(last, "total: packets 18, octets 1,331");
    assert!(live.succeeds());
}

#[test]
fn pairs_of_addresses_are_those_of_tshark() {
    let Some(corpus) = corpus() else {
        println!("skipped: ../shared/corpus is not there");
        return;
    };
    let fields = shared().unwrap().join("corpus/fields");
    let mut compared = 0;
    for (name, facts) in corpus {
        let Ok(text) = fs::read_to_string(fields.join(format!("{}.tsv", name.name))) else {
            continue;
        };
        let table = Table::parse(&text);
        let packets = facts["packets"].as_u64().unwrap();
        // The table holds the first 1,500 frames, and of a tunnel all headers.
        let many = |frame| {
            ["eth.src", "ip.src", "ipv6.src"].iter().any(|column| {
                table
                    .get(frame, column)
                    .is_some_and(|value| value.contains(','))
            })
        };
        if packets > 1_500 || (1..=packets).any(many) {
            continue;
        }
        let Ok(mut capture) = Capture::open(&name.path) else {
            continue;
        };
        let layers = [Layer::Ethernet, Layer::Ip];
        let mut found = Conversations::new(capture.format(), &layers, None);
        found.read(&mut capture, &mut |_| ());
        for (layer, columns) in [
            (Layer::Ethernet, &[("eth.src", "eth.dst")][..]),
            (
                Layer::Ip,
                &[("ip.src", "ip.dst"), ("ipv6.src", "ipv6.dst")][..],
            ),
        ] {
            let mut theirs: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
            for frame in 1..=packets {
                for (from, to) in columns {
                    let ends = [from, to].map(|column| table.get(frame, column).unwrap_or(""));
                    let [from, to] = ends.map(str::to_owned);
                    if !from.is_empty() && !to.is_empty() {
                        let sum = theirs.entry((from, to)).or_default();
                        let length = table.get(frame, "frame.len").unwrap();
                        sum.0 += 1;
                        sum.1 += length.parse::<u64>().unwrap();
                    }
                }
            }
            let mut ours = BTreeMap::new();
            for number in 0..found.len(layer) {
                let conversation = found.get(layer, number).unwrap();
                for direction in [Direction::Forward, Direction::Backward] {
                    let volume = conversation.volume().get(direction);
                    let ends = [direction, direction.reverse()];
                    let [from, to] = ends.map(|end| conversation.sender(end).to_string());
                    // An address that talks to itself has one direction.
                    if volume.packets > 0 {
                        ours.insert((from, to), (volume.packets, volume.octets));
                    }
                }
            }
            assert_eq!(ours, theirs, "{}: {}", name.name, layer.title());
            compared += ours.len();
        }
    }
    assert!(compared > 300, "{compared}");
}

/// Runs the command in the lab's captures: output, status, errors.
fn lab(arguments: &[&str]) -> (Vec<u8>, i32, String) {
    let mut all = vec!["conversations"];
    all.extend(arguments);
    let output = chatpcap(&captures(), &all, &[]);
    let errors = String::from_utf8(output.stderr).unwrap();
    (output.stdout, output.status.code().unwrap(), errors)
}

/// What it prints of wild connections on standard input.
fn wild(arguments: &[&str]) -> Vec<u8> {
    let mut recording = Recording::new(Link::Ethernet);
    let mut random = Random::new(11);
    for connection in 0..40 {
        Wild::new(connection, &mut random).record(&mut random, &mut recording);
    }
    let mut all = vec!["conversations"];
    all.extend(arguments);
    let output = chatpcap(Path::new("."), &all, &recording.pcap());
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

fn captures() -> std::path::PathBuf {
    project().join("captures/python-lab")
}

/// Who asks for nothing that TCP's analysis finds out gets the rest a shorter way: the same rest.
#[test]
fn without_analysis_flows_are_the_same() {
    let check = |open: &dyn Fn() -> Option<Capture>| {
        let Some(capture) = open() else { return 0 };
        let layers = [Layer::Tcp, Layer::Udp];
        let format = capture.format();
        let analysed = Conversations::new(format, &layers, None);
        let counted = Conversations::without_findings(format, &layers, None);
        let [analysed, counted] = [analysed, counted].map(|mut found| {
            let mut capture = open().expect("the same capture");
            found.read(&mut capture, &mut |_| ());
            let notices = format!("{:?}", found.notices(&capture));
            (found, notices)
        });
        assert_eq!(analysed.1, counted.1);
        let (analysed, counted) = (analysed.0, counted.0);
        assert_eq!(analysed.packets, counted.packets);
        assert_eq!(analysed.octets, counted.octets);
        for layer in layers {
            assert_eq!(analysed.len(layer), counted.len(layer));
            for number in 0..analysed.len(layer) {
                let [one, other] =
                    [&analysed, &counted].map(|found| match found.get(layer, number) {
                        Some(Conversation::Tcp(flow, _)) => format!("{flow:?}"),
                        other => format!("{other:?}"),
                    });
                assert_eq!(one, other);
            }
        }
        analysed.len(Layer::Tcp) + analysed.len(Layer::Udp)
    };
    // So many flows that those of the next packets are fetched ahead.
    for preset in [Preset::Chat, Preset::Small] {
        let generator = || {
            let options = Options {
                packets: 40_000,
                flows: 4_000,
                seed: 1,
                preset,
            };
            Generator::new(options).with_live(3_000)
        };
        let flows = check(&|| Capture::from_reader(generator()).ok());
        assert_eq!(flows, 4_000);
    }
    for (name, _) in corpus().unwrap_or_default() {
        check(&|| Capture::open(&name.path).ok());
    }
}
