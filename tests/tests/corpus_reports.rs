//! The chat's story and the doctor's findings on every capture of the corpus: no panic, and bounded.
//!
//! Needs `../shared/corpus` beside the project; without it the test says so and passes.

use chatpcap::ask::{Given, Story};
use chatpcap::capture::Capture;
use chatpcap::report::{Examined, Layout, doctor, doctor_json};
use chatpcap::trace::{Checkup, Listener, Trace};
use tests::story::story_texts;
use tests::{corpus, tshark};

#[test]
fn every_capture_is_told_and_examined() {
    let Some(corpus) = corpus() else {
        println!("skipped: ../shared/corpus is not there");
        return;
    };
    let layout = Layout::new(Some(80));
    let (mut examined, mut chats, mut ailing) = (0, 0, 0);
    // Whatever is there on the port that most flows have is read as if it were the chat.
    for (given, (capture, facts)) in corpus.iter().flat_map(|it| {
        let port = |port| Given {
            port: Some(port),
            ..Given::default()
        };
        [5000, 80, 443].map(|number| (port(number), it))
    }) {
        let Ok(opened) = Capture::open(&capture.path) else {
            assert_eq!(facts["packets"], 0, "{}", capture.name);
            continue;
        };
        let mut listener = Listener::new(&given.watch(0));
        let mut checkup = Checkup::default();
        let trace = Trace::read_and_show(
            &capture.name,
            opened,
            &given.watch(0),
            &mut |_| (),
            &mut |seen, sightings| {
                listener.observe(seen.frame, sightings);
                checkup.observe(seen.frame, seen.packet, sightings);
            },
        );
        let speeches = [listener.finish()];
        let traces = [trace];
        let [text, markdown, ..] = story_texts(&traces, &speeches, &given, &layout);
        let is_safe = |text: &str| !text.contains(|c: char| c.is_control() && c != '\n');
        assert!(is_safe(&text) && is_safe(&markdown), "{}", capture.name);
        let story = Story::new(&speeches);
        let again = Story::new(&speeches);
        assert_eq!(format!("{story:?}"), format!("{again:?}"));
        chats += u64::from(!story.is_empty());

        let [trace] = traces;
        let captures = [Examined::new(trace, &checkup, &given)];
        ailing += u64::from(captures[0].examination.worst().is_some());
        assert!(is_safe(&doctor(&captures, &layout)), "{}", capture.name);
        doctor_json(&captures).unwrap();
        examined += 1;
    }
    println!(
        "{examined} examined, {ailing} with findings, {chats} with something that reads as a chat"
    );
    assert!(examined > 250);
}

/// Captures that a host took of itself have checksums for its network card to fill in; the others have
/// right ones, or altered octets.
#[test]
fn wrong_checksums_are_those_of_tshark() {
    let Some(corpus) = corpus() else {
        println!("skipped: ../shared/corpus is not there");
        return;
    };
    let (mut compared, mut wrong) = (0, 0);
    // tshark takes its time, and gives up where a file is broken.
    let sound = corpus.iter().filter(|(_, facts)| facts["tshark_rc"] == 0);
    for (capture, _) in sound.step_by(3) {
        let Ok(opened) = Capture::open(&capture.path) else {
            continue;
        };
        let mut checkup = Checkup::default();
        let watch = Given::default().watch(0);
        Trace::read_and_show("", opened, &watch, &mut |_| (), &mut |seen, sightings| {
            checkup.observe(seen.frame, seen.packet, sightings);
        });
        let Some(theirs) = tshark::wrong_checksums(&capture.path) else {
            println!("skipped: there is no tshark");
            return;
        };
        let ours = checkup.bad.count + checkup.offloaded.count;
        assert_eq!(ours, theirs, "{}", capture.name);
        compared += 1;
        wrong += theirs;
    }
    println!("{compared} captures compared, with {wrong} wrong checksums");
    assert!(compared > 25 && wrong > 0);
}
