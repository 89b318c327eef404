//! Hand-ins that hold one run, and hand-ins that do not.

use std::io::Cursor;

use chatpcap::capture::Capture;
use chatpcap::grade::Inspection;
use chatpcap::grade::mark::{Kind, Marks};
use chatpcap::grade::shared::{Class, Shared};
use chatpcap::trace::Watch;
use tests::class::{Class as MadeClass, Options};
use tests::program::project;

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

/// What `grade` reads of a made class.
fn inspected(made: &MadeClass) -> Class {
    let mut class = Class::new();
    for hand_in in &made.hand_ins {
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
        let shared = inspected(&made).find();
        let mut found = pairs(&shared);
        found.sort_unstable();
        let mut planted: Vec<[usize; 2]> = made.planted.iter().map(|(pair, _)| *pair).collect();
        planted.sort_unstable();
        assert_eq!(
            found, planted,
            "seed {seed}: {:?}\n{:#?}",
            made.planted, shared.pairs
        );
        assert!(shared.clusters.is_empty() && shared.widespread.is_empty());
    }
}
