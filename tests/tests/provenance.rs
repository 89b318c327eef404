//! Captures that were edited, and captures that were not.

use std::fs;
use std::io::Cursor;

use chatpcap::capture::{Capture, Timestamp};
use chatpcap::grade::provenance::{Lab, View, remarks};
use chatpcap::grade::{Inspection, Remark};
use chatpcap::trace::Watch;
use tests::class::{Clock, Disguise, HandIn, Run, Style};
use tests::frames::Link;
use tests::program::project;
use tests::random::Random;
use tests::recording::{Recording, START};

/// The captures of the server, client1 and client2.
type Captures = [Recording; 3];

fn lab_captures() -> Captures {
    ["chatserver", "client1", "client2"].map(|name| {
        let path = project().join(format!("captures/python-lab/{name}.pcap"));
        Recording::from_pcap(&fs::read(path).unwrap(), Link::Ethernet)
    })
}

/// A run whose checksums are right where they are sent.
fn made(offload: bool) -> Run {
    let style = Style {
        clock: Clock::Random,
        offload,
        link: Link::Ethernet,
        docker_macs: true,
        scripted: false,
        sign_in: false,
        dns: true,
        refused: false,
        client2_first: false,
        messages: 12,
    };
    Run::new(&mut Random::new(11), style, START)
}

fn read(name: &str, octets: Vec<u8>) -> Inspection {
    let capture = Capture::from_reader(Cursor::new(octets)).unwrap();
    Inspection::read(name, capture, &Watch::default())
}

fn judged(lab: &Lab, captures: &Captures) -> Vec<Remark> {
    let names = ["chatserver.pcap", "client1.pcap", "client2.pcap"];
    let read: Vec<Inspection> = names
        .iter()
        .zip(captures)
        .map(|(name, recording)| read(name, recording.pcap()))
        .collect();
    let hosts = [lab.server, lab.clients[0], lab.clients[1]];
    let views: Vec<View<'_>> = read
        .iter()
        .zip(hosts)
        .map(|(inspection, host)| View {
            inspection,
            host: Some(host),
        })
        .collect();
    remarks(lab, &views)
}

/// Kind, file without its end, and frames of each remark.
fn shown(remarks: &[Remark]) -> Vec<String> {
    let remarks = remarks.iter().map(|remark| {
        let file = remark.file.as_deref().unwrap_or("-");
        format!(
            "{} {} {:?}",
            remark.kind,
            file.trim_end_matches(".pcap"),
            remark.frames
        )
    });
    remarks.collect()
}

/// What is remarked after `edit`.
fn after(captures: Captures, edit: impl FnOnce(&mut Captures)) -> Vec<String> {
    let mut captures = captures;
    edit(&mut captures);
    shown(&judged(&Lab::default(), &captures))
}

#[test]
fn what_was_really_captured_has_no_remark() {
    assert_eq!(after(lab_captures(), |_| ()), [""; 0]);
    assert_eq!(after(made(true).captures, |_| ()), [""; 0]);
}

#[test]
fn made_hand_ins_have_only_the_remarks_that_they_should() {
    // No question to the DNS server and right checksums are things that some of them have.
    let mut random = Random::new(12);
    for _ in 0..100 {
        let hand_in = HandIn::new("a", &mut random);
        let captures = recordings(&hand_in);
        for remark in judged(&Lab::default(), &captures) {
            assert!(
                ["dns-missing", "right-at-sender"].contains(&remark.kind),
                "{remark:?}"
            );
        }
    }
}

#[test]
fn edited_captures_have_remarks() {
    // A SYN with another sequence number, whose checksum nobody made anew.
    let number = |captures: &mut Captures| {
        let frame = &mut captures[1].frames[11].octets;
        assert_eq!(frame[47], 2, "the SYN");
        frame[38] ^= 1;
    };
    assert_eq!(
        after(lab_captures(), number),
        ["handshake client1 [12, 13]"]
    );

    // The acknowledgment of the SYN-ACK.
    let acknowledgment = |captures: &mut Captures| captures[1].frames[13].octets[42] ^= 1;
    assert_eq!(
        after(lab_captures(), acknowledgment),
        ["handshake client1 [13, 14]"]
    );

    // An address, and a text where the sender made the checksum.
    let address = |captures: &mut Captures| captures[1].frames[14].octets[29] = 99;
    assert_eq!(
        after(lab_captures(), address),
        [
            "mac-of-other client1 [15]",
            "others-traffic client1 [15]",
            "ip-checksum client1 [15]",
            "checksum client1 [15]",
            "no-handshake client1 [15]",
            "missing-octets client1 [18]",
            "missing-packets client1 [14, 18]",
        ]
    );

    // Frames left out: one in the middle, which is acknowledged; the first third; all without payload.
    let one = |captures: &mut Captures| drop(captures[1].frames.remove(14));
    assert_eq!(
        after(lab_captures(), one),
        [
            "missing-octets client1 [17]",
            "missing-packets client1 [14, 17]"
        ]
    );
    let third = |captures: &mut Captures| drop(captures[1].frames.drain(..14));
    assert_eq!(after(lab_captures(), third), ["no-handshake client1 [1]"]);

    // Times: a pause put in, all shifted, digits lost.
    let pause = |captures: &mut Captures| {
        for frame in captures[1].frames.iter_mut().skip(25) {
            frame.time += 60_000_000_000;
        }
    };
    assert_eq!(
        after(lab_captures(), pause),
        ["clock client1 [25, 28]", "clocks-apart client1 [38]"]
    );
    let shift = |captures: &mut Captures| {
        for frame in &mut captures[2].frames {
            frame.time += 7_200_000_000_000;
        }
    };
    let shifted = after(lab_captures(), shift);
    assert_eq!(shifted, ["clocks-apart client2 [30]"]);
    let coarse = |captures: &mut Captures| {
        for frame in &mut captures[0].frames {
            frame.time -= frame.time % 1_000_000;
        }
    };
    assert_eq!(
        after(lab_captures(), coarse),
        ["coarse-times chatserver []"]
    );

    // Another's capture, and two in one.
    let other = |captures: &mut Captures| captures[1] = made(true).captures[1].clone();
    assert_eq!(after(lab_captures(), other), ["two-runs client1 [7]"]);
    let merged = |captures: &mut Captures| {
        let more = captures[2].frames.clone();
        captures[1].frames.extend(more);
        captures[1].frames.sort_by_key(|frame| frame.time);
    };
    assert_eq!(
        after(lab_captures(), merged),
        ["others-traffic client1 [33]"]
    );
}

#[test]
fn a_checksum_tells_the_number_that_was_there() {
    let run = made(false);
    let mut captures = run.captures.clone();
    let at = captures[1]
        .frames
        .iter()
        .position(|frame| frame.octets[23] == 6 && frame.octets[47] == 2)
        .unwrap();
    captures[1].frames[at].octets[38..42].copy_from_slice(&1_234_567_u32.to_be_bytes());
    let remarks = judged(&Lab::default(), &captures);
    let handshake = remarks
        .iter()
        .find(|remark| remark.kind == "handshake")
        .unwrap();
    let expected = format!("the checksum of frame {} fits {}", at + 1, run.syn);
    assert!(handshake.text.ends_with(&expected), "{}", handshake.text);
    let kinds: Vec<&str> = remarks.iter().map(|remark| remark.kind).collect();
    assert_eq!(
        kinds,
        [
            "right-at-sender",
            "checksum",
            "right-at-sender",
            "handshake",
            "right-at-sender"
        ]
    );
}

#[test]
fn damaged_captures_are_judged_too() {
    let mut random = Random::new(14);
    let whole = lab_captures().map(|recording| recording.pcap());
    let mut remarked = 0;
    for _ in 0..300 {
        let damaged = whole.each_ref().map(|file| {
            let mut file = file.clone();
            for _ in 0..=random.below(60) {
                // Not the file's own header: a capture is what is damaged.
                let at = 24 + random.below(file.len() - 24);
                file[at] = random.octet();
            }
            read("damaged.pcap", file)
        });
        let hosts = [
            Some(Lab::default().server),
            Some(Lab::default().clients[0]),
            None,
        ];
        let views: Vec<View<'_>> = damaged
            .iter()
            .zip(hosts)
            .map(|(inspection, host)| View { inspection, host })
            .collect();
        remarked += usize::from(!remarks(&Lab::default(), &views).is_empty());
    }
    // A few octets of payload may be any: their checksums are left to the network card.
    assert!(remarked > 250, "{remarked} of 300");
}

#[test]
fn other_addresses_and_other_times_are_told() {
    let lab = Lab {
        not_before: Some(Timestamp::new(1_795_372_400, 0)),
        not_after: None,
        ..Lab::default()
    };
    let early = judged(&lab, &lab_captures());
    assert_eq!(shown(&early)[0], "time-window chatserver [1]");
    assert_eq!(
        early[0].text,
        "begins at 2026-11-22T18:33:13Z, before the lab's 2026-11-22T18:33:20Z"
    );
    let mut random = Random::new(13);
    let one = HandIn::new("a", &mut random);
    let mut other = one.clone();
    other.copy(&one, &[Disguise::Readdressed], &mut random);
    let remarks = judged(&Lab::default(), &recordings(&other));
    let kinds: Vec<&str> = remarks.iter().map(|remark| remark.kind).collect();
    assert!(
        kinds.contains(&"addresses") && kinds.contains(&"other-host"),
        "{kinds:?}"
    );
}

/// The recordings of a hand-in's captures.
fn recordings(hand_in: &HandIn) -> Captures {
    [0, 1, 2].map(|index| hand_in.captures[index].recording.clone())
}
