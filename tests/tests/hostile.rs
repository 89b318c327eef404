//! Damaged and hostile captures through the whole pipeline: nothing panics, and what is left of a
//! capture is told.
//!
//! With debug assertions some of the work is sampled, so that the file runs within a minute;
//! `cargo test --release` does all of it.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use chatpcap::ask::{Analysis, Given};
use chatpcap::capture::{Capture, CaptureError};
use chatpcap::report::{
    self, COLUMNS, Choice, ConversationRows, Layout, RowForm, conversations_text,
};
use chatpcap::trace::{Conversations, Layer, Trace};
use tests::frames::{Link, datagram};
use tests::mutation::mutate;
use tests::random::Random;
use tests::recording::{FileFormat, Recorded, Recording, gzip, lz4, zstd};
use tests::scenario::{CLIENT1, CLIENT2, on_port};
use tests::whole_frames::whole_frames;

/// Whether to do all of the work.
const THOROUGH: bool = !cfg!(debug_assertions);

/// One damaged capture in so many is rendered too.
const RENDERED: usize = if THOROUGH { 1 } else { 17 };

/// What damaging all captures may cost, in octets read; with more of them fewer octets are damaged.
const BUDGET: usize = if THOROUGH { usize::MAX } else { 50_000_000 };

/// Octets of the file header and of a record's header in a pcap file.
const PCAP_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;

#[test]
fn cut_at_every_octet() {
    for (name, file) in captures() {
        let boundaries = record_boundaries(&file);
        for length in steps(&file) {
            let what = format!("{name} cut to {length} octets");
            match analyse(&what, &file[..length], length) {
                Err(error) => {
                    assert!(length < PCAP_HEADER, "{what}: {error}");
                    assert!(!error.to_string().is_empty());
                }
                Ok(analysis) => {
                    let trace = &analysis.traces[0];
                    let whole = boundaries.iter().filter(|end| **end <= length).count();
                    assert_eq!(trace.packets, whole as u64, "{what}");
                    let at_boundary = length == PCAP_HEADER || boundaries.contains(&length);
                    let told = trace.notices.iter().any(|notice| {
                        let notice = notice.to_string();
                        notice.contains("truncated") || notice.contains("cut")
                    });
                    assert_eq!(told, !at_boundary, "{what}: {:?}", trace.notices);
                }
            }
        }
    }
}

#[test]
fn every_octet_changed() {
    for (name, file) in captures() {
        let mut damaged = file.clone();
        for at in steps(&file) {
            for mask in [1, 2, 4, 8, 16, 32, 64, 128, 0xff] {
                damaged[at] = file[at] ^ mask;
                let what = format!("{name} with octet {at} ^ {mask:#04x}");
                let result = analyse(&what, &damaged, at);
                if at >= PCAP_HEADER {
                    // Only the file header makes a capture none.
                    result.unwrap_or_else(|error| panic!("{what}: {error}"));
                }
            }
            damaged[at] = file[at];
        }
    }
}

#[test]
fn changed_files_of_every_format() {
    let mut random = Random::new(1);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../captures/python-lab/client1.pcap");
    let recording = Recording::from_pcap(&fs::read(path).unwrap(), Link::Ethernet);
    let pcap = recording.pcap();
    let pcapng = recording.file(FileFormat::Pcapng { big_endian: false });
    let files = [
        ("gzip", gzip(&pcap)),
        ("zstd", zstd(&pcap)),
        ("lz4", lz4(&pcap)),
        ("gzip pcapng", gzip(&pcapng)),
        ("pcapng", pcapng),
        (
            "big-endian pcapng",
            recording.file(FileFormat::Pcapng { big_endian: true }),
        ),
        ("modified pcap", recording.file(FileFormat::ModifiedPcap)),
        ("snoop", recording.file(FileFormat::Snoop)),
    ];
    let rounds = if THOROUGH { 20_000 } else { 2000 };
    for (name, file) in &files {
        for round in 0..rounds {
            let mut damaged = file.clone();
            // Small changes reach deeper; the first one in four goes to the front.
            if round % 4 == 0 {
                let at = random.below(damaged.len().min(128));
                damaged[at] = random.octet();
            } else {
                mutate(&mut damaged, &mut random);
            }
            let _ = analyse(&format!("{name}, round {round}"), &damaged, round);
        }
    }
}

#[test]
fn changed_frames_of_every_link_type() {
    let mut random = Random::new(2);
    let seeds = whole_frames();
    let rounds = if THOROUGH { 200 } else { 20 };
    for round in 0..rounds {
        let mut recording = Recording::new(Link::Ethernet);
        recording.frames = (0..10_000)
            .map(|_| changed_frame(&seeds, &mut random))
            .collect();
        let file = recording.file(FileFormat::Pcapng { big_endian: false });
        let analysis = analyse(&format!("round {round}"), &file, 0).unwrap();
        assert_eq!(analysis.traces[0].packets, 10_000);
    }
}

#[test]
fn the_frames_to_change_are_whole() {
    let frames = whole_frames()
        .into_iter()
        .map(|(link_type, octets)| Recorded {
            time: tests::recording::START,
            link_type,
            original: u32::try_from(octets.len()).unwrap(),
            octets,
        });
    let mut recording = Recording::new(Link::Ethernet);
    recording.frames = frames.collect();
    let file = recording.file(FileFormat::Pcapng { big_endian: false });
    let analysis = analyse("seeds", &file, 0).unwrap();
    let trace = &analysis.traces[0];
    let notices: Vec<String> = trace.notices.iter().map(ToString::to_string).collect();
    // 20 packets behind the one link type that nobody decodes.
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(
        notices[0].starts_with("20 frames of link type 147"),
        "{notices:?}"
    );
    let found = &trace.protocols;
    assert!(found.tcp > 150 && found.udp > 90, "{found:?}");
    assert!(
        found.icmp > 10 && found.icmpv6 > 10 && found.arp == 4,
        "{found:?}"
    );
}

#[test]
fn frames_that_lie_about_their_length() {
    // 4 GB on the wire, next to nothing captured, and the other way round.
    for link in Link::ALL {
        let packet = if link == Link::Raw(229) {
            let [from, to] = ["[fd00::1]:5000", "[fd00::2]:5000"].map(|text| text.parse().unwrap());
            datagram(from, to, 1, b"hello")
        } else {
            datagram(on_port(CLIENT1, 5000), on_port(CLIENT2, 5000), 1, b"hello")
        };
        for original in [0, 1, 60, u32::MAX] {
            for length in 0..packet.len() {
                let mut recording = Recording::new(link);
                recording.add(&packet);
                recording.frames[0].original = original;
                recording.frames[0].octets.truncate(length);
                for format in [FileFormat::PCAP, FileFormat::Pcapng { big_endian: true }] {
                    let what = format!("{link:?}: {length} octets of {original}");
                    let analysis = analyse(&what, &recording.file(format), length).unwrap();
                    assert_eq!(analysis.traces[0].octets, u64::from(original), "{what}");
                }
            }
        }
    }
}

#[test]
fn what_is_no_capture_is_an_error() {
    let check = |octets: &[u8], part: &str| {
        let error = Capture::from_reader(Cursor::new(octets.to_vec())).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(part), "{octets:02x?}: {text}");
    };
    check(b"", "empty");
    check(b"\0", "not a packet capture");
    check(b"Hello, I am text\n", "not a packet capture");
    check(&gzip(b""), "empty gzip stream");
    check(&zstd(b"text"), "not a packet capture");
    check(&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0], "truncated pcap header");
    check(b"\n\r\r\n", "truncated pcapng header");
}

/// All captures of the project that tcpdump wrote.
fn captures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../captures");
    let files = tests::files(&folder).into_iter();
    let captures: Vec<_> = files
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "pcap")
        })
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    assert!(captures.len() >= 3, "only {} captures", captures.len());
    captures
}

/// Every octet of a capture, or of large captures every so many.
fn steps(file: &[u8]) -> impl Iterator<Item = usize> {
    let cost: usize = captures().iter().map(|(_, file)| file.len().pow(2)).sum();
    (0..file.len()).step_by(cost.div_ceil(BUDGET))
}

/// Where each record of a pcap file ends.
fn record_boundaries(file: &[u8]) -> Vec<usize> {
    let mut boundaries = Vec::new();
    let mut at = PCAP_HEADER;
    while let Some(captured) = file.get(at + 8..at + 12) {
        let captured = u32::from_le_bytes(captured.try_into().unwrap());
        at += RECORD_HEADER + usize::try_from(captured).unwrap();
        boundaries.push(at);
    }
    boundaries
}

/// The whole pipeline over one file: trace, answers, and for some the reports.
fn analyse(what: &str, file: &[u8], number: usize) -> Result<Analysis, CaptureError> {
    let given = Given::default();
    let capture = Capture::from_reader(Cursor::new(file.to_vec()))?;
    let trace = Trace::read("capture", capture, &given.watch(200), &mut |_| ());
    let analysis = Analysis::new(vec![trace], &given);
    for answer in &analysis.answers {
        match &answer.result {
            Ok(evidence) => assert_eq!(evidence.bytes.len(), evidence.length, "{what}"),
            Err(reason) => assert!(!reason.is_empty(), "{what}"),
        }
    }
    for notice in &analysis.traces[0].notices {
        assert!(!notice.to_string().is_empty(), "{what}");
    }
    if number.is_multiple_of(RENDERED) {
        render(what, &analysis);
        let conversations = conversations(file)?;
        assert_eq!(conversations.packets, analysis.traces[0].packets, "{what}");
        list(what, &conversations, number);
    }
    Ok(analysis)
}

fn conversations(file: &[u8]) -> Result<Conversations<'static>, CaptureError> {
    let mut capture = Capture::from_reader(Cursor::new(file.to_vec()))?;
    let layers = [Layer::Ethernet, Layer::Ip, Layer::Tcp, Layer::Udp];
    let mut found = Conversations::new(capture.format(), &layers, None);
    found.read(&mut capture, &mut |_| ());
    Ok(found)
}

/// Each form of the list of conversations, sorted by another column each time.
fn list(what: &str, found: &Conversations<'_>, number: usize) {
    let choice = Choice {
        sort: &COLUMNS[number / RENDERED % COLUMNS.len()],
        reverse: number.is_multiple_of(2),
        top: 5,
        columns: Vec::new(),
    };
    let text = conversations_text("\u{1b}[31m", found, &[], &choice, &Layout::new(Some(1)));
    assert!(!text.contains('\u{1b}'), "{what}");
    let mut json = String::new();
    let mut rows = ConversationRows::new(RowForm::Json);
    let written: Result<(), ()> = rows.capture("-", found, &[], &choice, &mut |text| {
        json.push_str(text);
        Ok(())
    });
    assert!(written.is_ok());
    json.push_str(rows.end());
    serde_json::from_str::<serde_json::Value>(&json)
        .unwrap_or_else(|error| panic!("{what}: {error}"));
}

/// Every report of an analysis: plain text, and JSON that can be read back.
fn render(what: &str, analysis: &Analysis) {
    let plain = Layout::new(Some(80));
    let mut other = Layout::new(Some(1));
    (other.ascii, other.relative, other.explain) = (true, true, true);
    for layout in [plain, other] {
        for text in [
            report::text(analysis, &layout),
            report::markdown(analysis, &layout),
        ] {
            let is_plain = |c: char| c == '\n' || !c.is_control();
            assert!(text.chars().all(is_plain), "{what}: {text:?}");
        }
    }
    let json = report::json(analysis).unwrap();
    serde_json::from_str::<serde_json::Value>(&json).unwrap();
    report::csv(analysis).unwrap();
}

/// A seed with one to four changes, perhaps on a link where it does not belong.
fn changed_frame(seeds: &[(u16, Vec<u8>)], random: &mut Random) -> Recorded {
    let (mut link_type, mut octets) = random.one_of(seeds).clone();
    for _ in 0..=random.below(4) {
        mutate(&mut octets, random);
    }
    if random.below(16) == 0 {
        let (_, other) = random.one_of(seeds);
        let at = random.below(other.len());
        let keep = random.below(octets.len() + 1);
        octets.truncate(keep);
        octets.extend(&other[at..]);
    }
    if random.below(16) == 0 {
        link_type = random.one_of(seeds).0;
    }
    let original = match random.below(8) {
        0 => u32::from(random.octet()),
        1 => u32::MAX,
        _ => u32::try_from(octets.len()).unwrap(),
    };
    Recorded {
        time: tests::recording::START + random.next() % 1_000_000_000,
        link_type,
        octets,
        original,
    }
}
