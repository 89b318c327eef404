//! The reader of hand-ins, on good ones and on those that somebody made to break it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use chatpcap::grade::hand_in::{self, Contents, Limits, Patterns};
use tests::hostile_hand_ins::{self, zipped};
use tests::program::project;

fn capture() -> Vec<u8> {
    fs::read(project().join("captures/python-lab/client1.pcap")).unwrap()
}

fn open(folder: &Path) -> BTreeMap<String, Contents> {
    let listing = hand_in::list(folder).unwrap();
    let opened = listing.hand_ins.iter();
    opened
        .map(|hand_in| (hand_in.name.clone(), hand_in.open(&Limits::default())))
        .collect()
}

#[test]
fn folders_and_zips_are_hand_ins() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, octets: &[u8]| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, octets).unwrap();
    };
    let capture = capture();
    write("bob/captures/client1.pcap", &capture);
    write("bob/lab3.ipynb", b"{}");
    write("bob/.ipynb_checkpoints/lab3-checkpoint.ipynb", b"{}");
    write("grades.csv", b"");
    write(".hidden/client1.pcap", b"");
    let files = [
        ("lab3/client1.pcap", capture.clone()),
        ("lab3/answers.json", b"{}".to_vec()),
        ("__MACOSX/lab3/._client1.pcap", b"x".to_vec()),
    ];
    write("alice.zip", &zipped(&files));

    let listing = hand_in::list(folder.path()).unwrap();
    let names: Vec<&str> = listing
        .hand_ins
        .iter()
        .map(|hand_in| &*hand_in.name)
        .collect();
    assert_eq!(names, ["alice", "bob"]);
    assert_eq!(listing.others, ["grades.csv"]);
    let captures = Patterns::new(&["client1.pcap"]).unwrap();
    for (hand_in, expected) in listing.hand_ins.iter().zip([
        ["lab3/answers.json", "lab3/client1.pcap"],
        ["captures/client1.pcap", "lab3.ipynb"],
    ]) {
        let contents = hand_in.open(&Limits::default());
        assert_eq!(contents.remarks, []);
        let files: Vec<&str> = contents.files.iter().map(hand_in::File::name).collect();
        assert_eq!(files, expected);
        let file = contents.matching(&captures).next().unwrap();
        assert_eq!(file.read(u64::MAX).unwrap(), capture);
        let mut read = file.capture().unwrap();
        let frames = std::iter::from_fn(|| read.next_frame().map(|frame| frame.number));
        assert_eq!(frames.count(), 41);
        assert!(
            file.read(100)
                .unwrap_err()
                .to_string()
                .contains("more than 100 octets")
        );
    }
}

#[test]
fn hostile_hand_ins_are_remarks() {
    let folder = tempfile::tempdir().unwrap();
    let capture = capture();
    hostile_hand_ins::write(folder.path(), &capture);
    let listing = hand_in::list(folder.path()).unwrap();
    assert_eq!(listing.others, ["folder-link"]);
    let opened = open(folder.path());
    assert_eq!(listing.hand_ins.len(), opened.len(), "names are unique");

    let remarks = |name: &str| -> Vec<(&str, Option<&str>)> {
        let remarks = opened[name].remarks.iter();
        remarks
            .map(|remark| (remark.kind, remark.file.as_deref()))
            .collect()
    };
    let files =
        |name: &str| -> Vec<&str> { opened[name].files.iter().map(hand_in::File::name).collect() };
    let fails = |name: &str| {
        let mut reader = opened[name].files[0].open().unwrap();
        let mut sink = Vec::new();
        let error = reader.read_to_end(&mut sink).unwrap_err().to_string();
        (error, sink.len())
    };

    let (error, read) = fails("bomb");
    assert!(error.starts_with("grows to more than 200 times"), "{error}");
    assert!(read < 30 << 20, "{read}");
    assert_eq!(
        remarks("bomb"),
        [("too-large", Some("client1.pcap"))],
        "it says so itself"
    );
    assert_eq!(
        remarks("slip"),
        [
            ("outside", Some("../client1.pcap")),
            ("outside", Some("/tmp/client1.pcap")),
            ("outside", Some("C:/client1.pcap")),
            ("outside", Some("a/../../client1.pcap")),
        ]
    );
    assert_eq!(remarks("nested"), [("nested-archive", Some("all.zip"))]);
    assert_eq!(files("terminal-zip"), ["\x1b[2Jclient1\n.pcap"]);
    for name in ["cut", "nothing", "text"] {
        assert_eq!(remarks(name), [("bad-zip", None)], "{name}");
    }
    assert_eq!(remarks("encrypted"), [("encrypted", Some("client1.pcap"))]);
    assert_eq!(remarks("zip-link"), [("link", Some("client1.pcap"))]);
    let (error, read) = fails("checksum");
    assert_eq!(
        (&*error, read),
        ("does not fit its checksum in the zip", capture.len())
    );

    assert_eq!(
        remarks("links"),
        [
            ("link", Some("circle")),
            ("link", Some("client1.pcap")),
            ("link", Some("everything")),
        ]
    );
    assert_eq!(
        remarks("special"),
        [
            ("special-file", Some("client1.pcap")),
            ("special-file", Some("client2.pcap")),
        ]
    );
    assert_eq!(remarks("sparse.zip"), [("bad-zip", None)]);
    assert_eq!(
        remarks("sparse"),
        [
            ("too-large", Some("client1.pcap")),
            ("too-large", Some("client2.pcap")),
        ]
    );
    let mut sparse = opened["sparse"].files[0].capture().unwrap();
    while sparse.next_frame().is_some() {}
    let notice = sparse.notices().last().unwrap().to_string();
    assert!(notice.contains("more than 67108864 octets"), "{notice}");
    assert_eq!(
        (files("empty"), remarks("empty")),
        (vec!["client1.pcap"], vec![])
    );
    assert_eq!((files("no-files"), remarks("no-files")), (vec![], vec![]));
    assert_eq!(
        files("names\n\x1b]0;owned\x07=cmd()"),
        ["client1\n\x1b[31m.pcap"]
    );
    assert_eq!(files("latin-1-\u{fffd}"), ["client1-\u{fffd}.pcap"]);
    assert_eq!(
        opened["latin-1-\u{fffd}"].files[0].read(u64::MAX).unwrap(),
        capture
    );
    assert_eq!(
        (files("many").len(), remarks("many")),
        (1000, vec![("too-many-files", None)])
    );
    assert_eq!(remarks("deep"), [("too-deep", Some("a/a/a/a/a/a/a/a/a"))]);
}

#[test]
fn a_capture_that_grows_when_it_is_decompressed_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    hostile_hand_ins::write(folder.path(), &capture());
    let opened = open(folder.path());
    let mut capture = opened["gzip"].files[0].capture().unwrap();
    while capture.next_frame().is_some() {}
    let notice = capture.notices().last().unwrap();
    assert!(
        notice
            .to_string()
            .contains("more octets than may be read of it"),
        "{notice}"
    );
}

#[test]
fn all_files_of_a_hand_in_share_one_budget() {
    let folder = tempfile::tempdir().unwrap();
    let zip = zipped(&[("a", vec![7; 600]), ("b", vec![8; 600])]);
    fs::write(folder.path().join("x.zip"), zip).unwrap();
    let limits = Limits {
        hand_in_octets: 1000,
        ..Limits::default()
    };
    let listing = hand_in::list(folder.path()).unwrap();
    let contents = listing.hand_ins[0].open(&limits);
    assert_eq!(contents.files[0].read(u64::MAX).unwrap(), [7; 600]);
    let error = contents.files[1].read(u64::MAX).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("more octets than are read of one"),
        "{error}"
    );
}
