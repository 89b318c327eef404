//! How long each stage takes for all frames of a capture in memory.
//!
//! ```text
//! crates/chatpcap/benches/instructions        makes the captures, once
//! cargo bench -p chatpcap
//! ```

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a benchmark may stop, and talks to who runs it"
)]

use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use chatpcap::capture::Capture;
use chatpcap::field::Needs;
use chatpcap::filter::Filter;
use chatpcap::flow::{Copies, FlowTable};
use chatpcap::packet::Decoder;
use chatpcap::trace::Pass;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};

/// Captures of 50,000 to 100,000 packets.
const CAPTURES: [&str; 3] = ["bulk", "mix", "small"];

static OCTETS: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
    CAPTURES.map(|name| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/bench");
        std::fs::read(format!("{folder}/{name}.pcap")).unwrap_or_default()
    })
});

fn main() {
    if OCTETS.iter().any(Vec::is_empty) {
        eprintln!("there are no captures: crates/chatpcap/benches/instructions makes them");
        return;
    }
    divan::main();
}

fn octets(name: &str) -> &'static [u8] {
    let place = CAPTURES.iter().position(|other| *other == name);
    &OCTETS[place.expect("one of the captures")]
}

fn open(name: &str) -> Capture {
    Capture::from_reader(Cursor::new(octets(name))).expect("a capture")
}

/// Runs one stage over all frames of a capture, and says how many frames and octets that are.
fn bench(bencher: Bencher<'_, '_>, name: &str, run: impl Fn(Capture) + Sync) {
    let mut frames = 0_u64;
    let mut capture = open(name);
    while capture.next_frame().is_some() {
        frames += 1;
    }
    bencher
        .counter(ItemsCount::new(frames))
        .counter(BytesCount::of_slice(octets(name)))
        .with_inputs(|| open(name))
        .bench_values(run);
}

#[divan::bench(args = CAPTURES)]
fn capture(bencher: Bencher<'_, '_>, name: &str) {
    bench(bencher, name, |mut capture| {
        while let Some(frame) = capture.next_frame() {
            divan::black_box(frame.octets.len());
        }
    });
}

#[divan::bench(args = CAPTURES)]
fn packet(bencher: Bencher<'_, '_>, name: &str) {
    bench(bencher, name, |mut capture| {
        let mut decoder = Decoder::new();
        while let Some(frame) = capture.next_frame() {
            divan::black_box(decoder.decode(&frame).layers().len());
        }
    });
}

#[divan::bench(args = CAPTURES)]
fn flow_counted(bencher: Bencher<'_, '_>, name: &str) {
    bench(bencher, name, |mut capture| {
        let mut decoder = Decoder::new();
        let mut flows = FlowTable::new();
        while let Some(frame) = capture.next_frame() {
            let packet = decoder.decode(&frame);
            flows.count(&frame, &packet, true);
        }
        divan::black_box(flows.tcp().len());
    });
}

#[divan::bench(args = CAPTURES)]
fn flow_analysed(bencher: Bencher<'_, '_>, name: &str) {
    bench(bencher, name, |mut capture| {
        let mut decoder = Decoder::new();
        let mut flows = FlowTable::analysing(Copies::PassOver);
        while let Some(frame) = capture.next_frame() {
            let packet = decoder.decode(&frame);
            let sightings = flows.identify(&frame, &packet);
            for sighting in sightings.iter() {
                flows.record(&frame, sighting);
            }
        }
        divan::black_box(flows.tcp().len());
    });
}

#[divan::bench(args = CAPTURES)]
fn filter(bencher: Bencher<'_, '_>, name: &str) {
    let filter = Filter::new("tcp.flags.syn == 1").expect("a filter");
    bench(bencher, name, |capture| {
        let mut selected = 0_u64;
        let mut pass = Pass::new(capture, Some(&filter), Needs::Frame);
        pass.run(&mut |_| (), &mut |_, _| {
            selected += 1;
            ControlFlow::Continue(())
        });
        divan::black_box(selected);
    });
}
