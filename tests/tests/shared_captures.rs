//! Hand-ins that hold one run, and hand-ins that do not.

use std::fs;
use std::io::Cursor;

use chatpcap::capture::Capture;
use chatpcap::grade::Inspection;
use chatpcap::grade::mark::{Kind, Marks};
use chatpcap::grade::shared::{Class, Shared};
use chatpcap::trace::Watch;
use tests::class::{Class as MadeClass, Clock, Disguise, HandIn, Options, Run, Style};
use tests::files;
use tests::frames::Link;
use tests::program::project;
use tests::random::Random;
use tests::recording::START;

fn lab(name: &str) -> Marks {
    let path = project().join("captures/python-lab").join(name);
    Inspection::read(name, Capture::open(&path).unwrap(), &Watch::default()).marks
}

fn pairs(shared: &Shared) -> Vec<[usize; 2]> {
    shared.pairs.iter().map(|pair| pair.hand_ins).collect()
}

#[test]
fn two_views_of_one_run_are_a_pair() {
    let mut class = Class::new();
    class.add([("chatserver.pcap", &lab("chatserver.pcap"))]);
    class.add([("mine.pcap", &lab("client2.pcap"))]);
    let shared = class.find();
    assert_eq!(pairs(&shared), [[0, 1]]);
    let pair = &shared.pairs[0];
    let kinds: Vec<Kind> = pair.reasons.iter().map(|reason| reason.kind).collect();
    assert_eq!(
        kinds,
        [
            Kind::Sequence,
            Kind::Timestamps,
            Kind::Identification,
            Kind::Port
        ]
    );
    let shown: Vec<String> = pair
        .matches
        .iter()
        .map(|found| {
            let [a, b] = found.places.each_ref().map(|place| place.frame);
            let marks: Vec<String> = found.marks.iter().map(ToString::to_string).collect();
            format!("{a} {b} {}", marks.join(", "))
        })
        .collect();
    // As tcpdump tells them: the SYN of client2, and its name with the server's acknowledgment.
    assert_eq!(
        shown,
        [
            "20 17 seq 300828315, TSval 3820989284, port 56846",
            "24 21 seq 2961947008 ack 300828319, TSval 646627703 TSecr 3820990121, IP id 55233 after 57151",
        ]
    );
}

#[test]
fn what_the_course_handed_out_is_no_pair() {
    let mut class = Class::new();
    for _ in 0..2 {
        class.add([("client1.pcap", &lab("client1.pcap"))]);
    }
    assert_eq!(pairs(&class.find()), [[0, 1]]);
    class.hand_out(&lab("client1.pcap"));
    assert_eq!(pairs(&class.find()), [[0; 2]; 0]);
}

#[test]
fn what_a_good_part_of_the_class_has_looks_handed_out() {
    let mut random = Random::new(3);
    let demo = lab("client1.pcap");
    let mut class = Class::new();
    for number in 0..30 {
        let own = HandIn::new("a", &mut random);
        let capture = &own.captures[0];
        let own = marks(&capture.name, capture.octets());
        let mut captures = vec![("chatserver.pcap", &own)];
        if number % 3 == 0 {
            captures.push(("demo.pcap", &demo));
        }
        class.add(captures);
    }
    let shared = class.find();
    assert_eq!(pairs(&shared), [[0; 2]; 0]);
    let widespread = shared.widespread.unwrap();
    assert_eq!(widespread.hand_ins, [0, 3, 6, 9, 12, 15, 18, 21, 24, 27]);
    assert_eq!(widespread.places[0], widespread.places[1]);
    assert_eq!(widespread.places[0].file, "demo.pcap");
}

#[test]
fn more_than_two_are_a_cluster() {
    let mut random = Random::new(4);
    let mut hand_ins: Vec<HandIn> = (0..6).map(|_| HandIn::new("a", &mut random)).collect();
    for (copy, of) in [(4, 1), (5, 4)] {
        let other = hand_ins[of].clone();
        hand_ins[copy].copy(&other, &[Disguise::Shifted, Disguise::Resaved], &mut random);
    }
    let shared = inspected(&hand_ins).find();
    assert_eq!(shared.clusters, [[1, 4, 5]]);
    assert_eq!(shared.pairs.len(), 3);
}

#[test]
fn every_disguise_is_seen_through_alone_and_with_others() {
    let mut random = Random::new(5);
    let alone = Disguise::ALL.map(|disguise| vec![disguise]);
    let two = Disguise::ALL.iter().flat_map(|one| {
        let others = Disguise::ALL.iter().filter(move |other| *other != one);
        others.map(move |other| vec![*one, *other])
    });
    let all = [
        Disguise::ALL.to_vec(),
        Disguise::ALL.iter().rev().copied().collect(),
    ];
    let cases: Vec<Vec<Disguise>> = alone.into_iter().chain(two).chain(all).collect();
    assert_eq!(cases.len(), 7 + 42 + 2);
    for disguises in cases {
        for _ in 0..4 {
            let one = HandIn::new("a", &mut random);
            let mut other = HandIn::new("b", &mut random);
            other.copy(&one, &disguises, &mut random);
            let stranger = HandIn::new("c", &mut random);
            let shared = inspected(&[one, other, stranger]).find();
            assert_eq!(pairs(&shared), [[0, 1]], "{disguises:?}");
        }
    }
}

/// All numbers of headers changed, as a program can: only the pauses are left.
#[test]
fn pauses_of_people_suffice_and_those_of_a_script_do_not() {
    for (scripted, expected) in [(false, vec![[0, 1]]), (true, vec![])] {
        let style = Style {
            clock: Clock::Random,
            offload: true,
            link: Link::Ethernet,
            docker_macs: true,
            scripted,
            sign_in: false,
            dns: true,
            refused: false,
            client2_first: false,
            messages: 24,
        };
        let run = Run::new(&mut Random::new(21), style, START);
        let [_, capture, _] = run.captures;
        let mut other = capture.clone();
        for frame in &mut other.frames {
            let octets = &mut frame.octets;
            if octets[12..14] != [8, 0] {
                continue;
            }
            octets[18] ^= 0x55; // identification
            if octets[23] == 17 {
                octets[42] ^= 0x55; // the DNS id, or the text
            } else {
                let port = if octets[34..36] == [0x13, 0x88] {
                    36
                } else {
                    34
                };
                octets[port] ^= 0x21;
                octets[38] ^= 0x55; // sequence and acknowledgment number
                octets[42] ^= 0x55;
                let end = 14 + 20 + usize::from(octets[46] >> 4) * 4;
                octets[54..end].fill(1); // no operation
            }
        }
        let mut class = Class::new();
        for recording in [capture, other] {
            class.add([("client1.pcap", &marks("client1.pcap", recording.pcap()))]);
        }
        let shared = class.find();
        assert_eq!(pairs(&shared), expected, "scripted: {scripted}");
        for pair in &shared.pairs {
            let kinds: Vec<Kind> = pair.reasons.iter().map(|reason| reason.kind).collect();
            assert_eq!(kinds, [Kind::Pauses]);
        }
    }
}

#[test]
fn runs_that_were_really_made_have_nothing_in_common() {
    let mut class = Class::new();
    let mut runs = 0;
    for entry in fs::read_dir(project().join("captures")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let captures: Vec<(String, Marks)> = files(&folder)
            .into_iter()
            .filter_map(|path| {
                let name = path.display().to_string();
                let capture = Capture::open(&path).ok()?;
                let read = Inspection::read(&name, capture, &Watch::default());
                Some((name, read.marks))
            })
            .collect();
        class.add(captures.iter().map(|(name, marks)| (&**name, marks)));
        runs += 1;
    }
    println!("{runs} runs");
    assert_eq!(pairs(&class.find()), [[0; 2]; 0]);
}

/// What `grade` reads of made hand-ins.
fn inspected(hand_ins: &[HandIn]) -> Class {
    let mut class = Class::new();
    for hand_in in hand_ins {
        let marks: Vec<(&str, Marks)> = hand_in
            .captures
            .iter()
            .map(|capture| (&*capture.name, marks(&capture.name, capture.octets())))
            .collect();
        class.add(marks.iter().map(|(name, marks)| (*name, marks)));
    }
    class
}

fn marks(name: &str, octets: Vec<u8>) -> Marks {
    let capture = Capture::from_reader(Cursor::new(octets)).unwrap();
    Inspection::read(name, capture, &Watch::default()).marks
}

#[test]
fn a_class_has_the_planted_pairs_and_no_other() {
    for seed in 1..=5 {
        let made = MadeClass::new(Options {
            hand_ins: 300,
            seed,
        });
        let shared = inspected(&made.hand_ins).find();
        let mut found = pairs(&shared);
        found.sort_unstable();
        let mut planted: Vec<[usize; 2]> = made.planted.iter().map(|(pair, _)| *pair).collect();
        planted.sort_unstable();
        assert_eq!(
            found, planted,
            "seed {seed}: {:?}\n{:#?}",
            made.planted, shared.pairs
        );
        assert!(shared.clusters.is_empty() && shared.widespread.is_none());
    }
}
