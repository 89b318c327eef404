//! `chatpcap packets` and `chatpcap fields` as their users run them.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use chatpcap::capture::{Capture, LinkType, Timestamp};
use serde_json::Value;
use tests::frames::Link;
use tests::golden::compare;
use tests::program::{Live, chatpcap, project, unread};
use tests::recording::{FileFormat, Recording};
use tests::schema::schema;

/// What the program prints, and its status.
fn run(folder: &Path, arguments: &[&str], input: &[u8]) -> (String, String, Option<i32>) {
    let output = chatpcap(folder, arguments, input);
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
        output.status.code(),
    )
}

/// What it prints on the lab's captures, where nothing is wrong.
fn lab(arguments: &[&str]) -> String {
    let folder = project().join("captures/python-lab");
    let (printed, errors, status) = run(&folder, arguments, b"");
    assert_eq!((errors.as_str(), status), ("", Some(0)), "{arguments:?}");
    printed
}

#[test]
fn golden_files() {
    compare(
        "packets-client1.txt",
        lab(&["packets", "client1.pcap"]).as_bytes(),
    );
    let filtered = [
        "packets",
        "--relative",
        "--ascii",
        "-Y",
        "tcp.len > 0 or udp.port == 5000",
        "client1.pcap",
    ];
    compare("packets-client1-filtered.txt", lab(&filtered).as_bytes());
    compare(
        "packets-client1.md",
        lab(&["packets", "-c", "9", "-T", "markdown", "client1.pcap"]).as_bytes(),
    );
    compare(
        "packets-client1.csv",
        lab(&["packets", "-c", "9", "-T", "csv", "client1.pcap"]).as_bytes(),
    );
    compare(
        "packets-client1.json",
        lab(&["packets", "-c", "9", "-T", "json", "client1.pcap"]).as_bytes(),
    );
    compare(
        "fields.md",
        lab(&["fields", "--format", "markdown"]).as_bytes(),
    );
}

#[test]
fn the_lab_s_own_filter() {
    let filter = "(ip.addr == 10.20.30.11 || ip.addr == 10.20.30.12) && tcp";
    let all = [
        "packets",
        "--count",
        "-Y",
        filter,
        "chatserver.pcap",
        "client1.pcap",
    ];
    assert_eq!(lab(&all), "chatserver.pcap: 36\nclient1.pcap: 18\n");
    assert_eq!(
        lab(&["packets", "--count", "-Y", filter, "client1.pcap"]),
        "18\n"
    );
    assert_eq!(
        lab(&["packets", "--count", "-Y", "icmp", "client1.pcap"]),
        "0\n"
    );
}

#[test]
fn fields_print_as_tshark_prints_them() {
    let syn = [
        "packets",
        "client1.pcap",
        "-Y",
        "tcp.flags.syn == 1",
        "-T",
        "fields",
    ];
    let fields = [
        "-e",
        "frame.number",
        "-e",
        "tcp.seq_raw",
        "-e",
        "ip.addr",
        "-e",
        "tcp.flags",
    ];
    let print = |options: &[&str]| lab(&[&syn[..], &fields, options].concat());
    assert_eq!(
        print(&[]),
        "12\t1488523287\t10.20.30.11,10.20.30.3\t0x0002\n13\t1093046866\t10.20.30.3,10.20.30.11\t0x0012\n"
    );
    assert_eq!(
        print(&[
            "-E",
            "header=y,separator=,",
            "-E",
            "quote=d",
            "-E",
            "occurrence=l",
            "-c",
            "1"
        ]),
        "frame.number,tcp.seq_raw,ip.addr,tcp.flags\n\"12\",\"1488523287\",\"10.20.30.3\",\"0x0002\"\n"
    );
    assert_eq!(
        print(&[
            "-E",
            "aggregator=/s",
            "-E",
            "separator=/s",
            "-E",
            "occurrence=f",
            "-c",
            "1"
        ]),
        "12 1488523287 10.20.30.11 0x0002\n"
    );
}

#[test]
fn json_keeps_to_its_schema() {
    let schema = schema("packets-1");
    for arguments in [
        &["packets", "-T", "json", "client1.pcap", "client2.pcap"][..],
        &["packets", "-T", "json", "-Y", "icmp", "client1.pcap"],
        &[
            "packets",
            "-T",
            "json",
            "-e",
            "ip.src",
            "-e",
            "dns.a",
            "client1.pcap",
        ],
        &[
            "packets",
            "-T",
            "json",
            "-e",
            "ip.src",
            "-Y",
            "icmp",
            "client1.pcap",
        ],
    ] {
        let json: Value = serde_json::from_str(&lab(arguments)).unwrap();
        let errors: Vec<String> = schema
            .iter_errors(&json)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{arguments:?}: {errors:?}");
    }
}

/// What a capture holds, to compare two of them.
fn frames(file: &[u8]) -> Vec<(Option<Timestamp>, u32, LinkType, Vec<u8>)> {
    let mut capture = Capture::from_reader(Cursor::new(file.to_vec())).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = capture.next_frame() {
        frames.push((
            frame.timestamp,
            frame.original_length,
            frame.link_type,
            frame.octets.to_vec(),
        ));
    }
    assert!(capture.notices().is_empty(), "{:?}", capture.notices());
    frames
}

#[test]
fn written_captures_hold_the_same_frames() {
    let folder = tempfile::tempdir().unwrap();
    let client1 = fs::read(project().join("captures/python-lab/client1.pcap")).unwrap();
    let recording = Recording::from_pcap(&client1, Link::Ethernet);
    let formats = [
        FileFormat::PCAP,
        FileFormat::Pcap {
            nanoseconds: true,
            big_endian: true,
        },
        FileFormat::Pcapng { big_endian: false },
    ];
    for format in formats {
        let input = recording.file(format);
        for name in ["all.pcap", "all.pcapng"] {
            let written = ["packets", "-", "-w", name];
            let (printed, errors, status) = run(folder.path(), &written, &input);
            assert_eq!(
                (printed.as_str(), errors.as_str(), status),
                ("", "", Some(0))
            );
            let file = fs::read(folder.path().join(name)).unwrap();
            assert_eq!(frames(&file), frames(&input), "{format:?} to {name}");
        }
    }
    // Standard output, a filter, and a file without a frame.
    let some = ["packets", "-", "-Y", "udp.port == 5000", "-w", "-"];
    let output = chatpcap(folder.path(), &some, &client1);
    assert_eq!(frames(&output.stdout).len(), 2);
    let none = ["packets", "-", "-Y", "icmp", "-w", "none.pcap"];
    run(folder.path(), &none, &client1);
    assert!(frames(&fs::read(folder.path().join("none.pcap")).unwrap()).is_empty());
}

#[test]
fn what_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let client1 = fs::read(project().join("captures/python-lab/client1.pcap")).unwrap();
    let mut two = Recording::from_pcap(&client1, Link::Ethernet);
    let packet = two.frames[12].octets[14..].to_vec();
    two.push(Link::Raw(101), packet);
    let input = two.file(FileFormat::Pcapng { big_endian: false });
    let (_, errors, status) = run(folder.path(), &["packets", "-", "-w", "x.pcap"], &input);
    assert_eq!(status, Some(2));
    assert_eq!(
        errors,
        "chatpcap: pcap holds one link type: frame 42 has RAW, those before it EN10MB\n\
         hint: pcapng can: -w FILE.pcapng\n"
    );
    let (_, errors, status) = run(folder.path(), &["packets", "-", "-w", "x.pcapng"], &input);
    assert_eq!((errors.as_str(), status), ("", Some(0)));
    let file = fs::read(folder.path().join("x.pcapng")).unwrap();
    assert_eq!(frames(&file), frames(&input));

    fs::write(folder.path().join("in.pcap"), &client1).unwrap();
    fs::hard_link(folder.path().join("in.pcap"), folder.path().join("b.pcap")).unwrap();
    for output in ["./in.pcap", "b.pcap"] {
        let itself = ["packets", "in.pcap", "-w", output];
        let (_, errors, status) = run(folder.path(), &itself, b"");
        assert_eq!(status, Some(2));
        assert!(errors.contains(&format!("{output} is read")), "{errors}");
        assert_eq!(fs::read(folder.path().join("in.pcap")).unwrap(), client1);
    }
}

#[test]
fn wrong_arguments_are_told_in_one_place() {
    let folder = project().join("captures/python-lab");
    for (arguments, expected) in [
        (
            &["packets", "-Y", "udp && tcp.flag", "client1.pcap"][..],
            "chatpcap: filter, column 8: no field tcp.flag\n  udp && tcp.flag\n         ^~~~~~~~\n\
             hint: did you mean tcp.flags?\n",
        ),
        (
            &["packets", "-e", "ip.scr", "client1.pcap"],
            "chatpcap: no field ip.scr\nhint: did you mean ip.src?\n",
        ),
        (
            &["packets", "-T", "fields", "client1.pcap"],
            "chatpcap: -T fields needs a field to print\nhint: -e frame.number -e ip.src; `chatpcap fields` lists them\n",
        ),
        (
            &["packets", "-T", "csv", "-e", "ip.src", "client1.pcap"],
            "chatpcap: -e goes with -T fields and -T json\n",
        ),
        (
            &[
                "packets",
                "-e",
                "ip.src",
                "-E",
                "header=maybe",
                "client1.pcap",
            ],
            "chatpcap: -E does not know header=maybe\nhint: header=y, separator=/t, aggregator=/s, quote=d, occurrence=f\n",
        ),
        (
            &["analyze", "-Y", "tcp and", "client1.pcap"],
            "chatpcap: filter, column 8: needs a field, `not` or `(` before the end\n  tcp and\n         ^\n",
        ),
    ] {
        let (printed, errors, status) = run(&folder, arguments, b"");
        assert_eq!((printed.as_str(), status), ("", Some(2)), "{arguments:?}");
        assert_eq!(errors, expected, "{arguments:?}");
    }
    let (_, errors, status) = run(&folder, &["fields", "tpc"], b"");
    assert_eq!(status, Some(1));
    assert!(
        errors.starts_with("chatpcap: no field begins with tpc\n"),
        "{errors}"
    );
    // A file that cannot be read does not hide the others.
    let (printed, errors, status) = run(
        &folder,
        &["packets", "--count", "no.pcap", "client1.pcap"],
        b"",
    );
    assert_eq!((printed.as_str(), status), ("client1.pcap: 41\n", Some(2)));
    assert!(errors.contains("no.pcap: cannot open"), "{errors}");
}

#[test]
fn a_packet_is_printed_as_it_comes() {
    let client1 = fs::read(project().join("captures/python-lab/client1.pcap")).unwrap();
    let mut live = Live::start(&["packets", "-Y", "udp.port == 5000", "-"]);
    // All but the last octet: the datagrams have come, and the pipe stays open.
    let (most, last) = client1.split_at(client1.len() - 1);
    live.send(most);
    let printed = live.lines.next().unwrap().unwrap();
    assert!(printed.contains("5000 → 5000 Len=24"), "{printed}");
    live.send_last(last);
    assert_eq!(live.lines.by_ref().count(), 1);
    assert!(live.succeeds());
}

#[test]
fn a_reader_who_has_read_enough_is_no_failure() {
    let folder = project().join("captures/python-lab");
    let [packets, file] = ["packets", "client1.pcap"];
    let output = unread(&folder, &[packets, file, file, file, file]);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
}
