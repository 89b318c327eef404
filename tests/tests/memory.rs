//! Memory grows with flows, up to a limit, and with what is shown, never with packets.
//!
//! The captures are made while they are read, and never stored. One test only: it measures what the
//! whole process allocates.

use std::ops::ControlFlow;

use chatpcap::ask::{Analysis, Essay, Given, Story};
use chatpcap::capture::Capture;
use chatpcap::flow::MAX_FLOWS;
use chatpcap::flow::reassembly::Piece;
use chatpcap::grade::Inspection;
use chatpcap::graph::{self, Composer, Doubles, Flows, Nodes, Row, Sketch};
use chatpcap::report::{
    self, Choice, Column, Entry, EssayReport, Layout, Words, conversations_text,
};
use chatpcap::trace::{
    Arrow, CHAT_PORT, Conversations, FlowNumber, Layer, Pass, Trace, Turn, Watch, follow,
};
use chatpcap::tui::{Key, Look, View};
use peak_alloc::PeakAlloc;
use tests::flood::Flood;
use tests::generator::{Generator, Options, Preset};
use tests::observed::Observed;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const FEW: u64 = if cfg!(debug_assertions) {
    20_000
} else {
    100_000
};
const MANY: u64 = 10 * FEW;
const MEGABYTE: usize = 1 << 20;

#[test]
fn the_peak_does_not_grow_with_packets() {
    for preset in [Preset::Chat, Preset::Bulk, Preset::Small] {
        let [few, many] = [FEW, MANY].map(|packets| peak(packets, preset, 200));
        println!("{preset:?}: {FEW} packets {few} octets, {MANY} packets {many} octets");
        // Hash tables and vectors double; a packet that were kept would cost 16 octets at least.
        let slack = MEGABYTE / 4;
        assert!(many < few + slack, "{preset:?}: {few} octets became {many}");
        assert!(many < 50 * MEGABYTE, "{preset:?}: {many} octets");
    }
    // A flow that is followed is given away piece by piece.
    let [few, many] = [FEW, MANY].map(peak_of_following);
    assert!(
        many < few + MEGABYTE / 4,
        "followed: {few} octets became {many}"
    );
    // Nor do the marks that are compared with those of other captures.
    let [few, many] = [FEW, MANY].map(peak_of_inspecting);
    assert!(
        many < few + MEGABYTE / 4,
        "inspected: {few} octets became {many}"
    );
    // What TCP went through is bounded a flow: so few flows that each has all that it may have.
    for preset in [Preset::Chat, Preset::Bulk, Preset::Small] {
        let [few, many] = [FEW, MANY].map(|packets| peak_of_conversations(packets, preset));
        println!("{preset:?}, conversations: {few} octets, then {many} octets");
        assert!(
            many < few + MEGABYTE / 4,
            "{preset:?}: {few} octets became {many}"
        );
    }
    // A flow graph that is drawn row by row keeps the hosts.
    for preset in [Preset::Chat, Preset::Bulk] {
        let [few, many] = [FEW, MANY].map(|packets| peak_of_drawing(packets, preset));
        println!("{preset:?}, flow graph: {few} octets, then {many} octets");
        assert!(
            many < few + MEGABYTE / 4,
            "{preset:?}: {few} octets became {many}"
        );
    }
    // A view keeps the packets around its cursor.
    let [few, many] = [FEW, MANY].map(peak_of_viewing);
    assert!(
        many < few + MEGABYTE / 2,
        "viewed: {few} octets became {many}"
    );
    // A page for the hand-in keeps the first packets of the chat, and what was said, within their limits.
    let [few, many] = [MANY, MANY + MANY / 2].map(peak_of_reporting);
    println!("report: {few} octets, then {many} octets");
    assert!(many < few + MEGABYTE, "report: {few} octets became {many}");
    assert!(many < 192 * MEGABYTE, "report: {many} octets");
    // A flood of flows, hosts, names or fragments costs what as many as are kept cost.
    for (flood, packets) in [
        (Flood::Syn, 10_000),
        (Flood::Say, 10_000),
        (Flood::Udp, 10_000),
        (Flood::Fragment, 10_000),
        // Names of 65,536 hosts are kept.
        (Flood::Arp, 70_000),
        (Flood::Dns, 70_000),
    ] {
        let [few, many] = [packets, packets + 30_000].map(|count| peak_of_a_flood(flood, count));
        println!("{flood:?}: {few} octets, then {many} octets");
        assert!(
            many < few + MEGABYTE / 4,
            "{flood:?}: {few} octets became {many}"
        );
    }
    // So does one of interfaces, sections, names and options, whatever a file has of them.
    for (flood, count) in [
        (Flood::Interface, 70_000),
        (Flood::InterfaceAndFrame, 70_000),
        (Flood::Section, 20_000),
        (Flood::Name, 20_000),
        (Flood::Options, 100),
    ] {
        let [few, many] = [count, 5 * count].map(|count| peak_of_reading(flood, count));
        println!("{flood:?}: {few} octets, then {many} octets");
        assert!(
            many < few + MEGABYTE / 4,
            "{flood:?}: {few} octets became {many}"
        );
        // The frames of 65,536 interfaces are flows here.
        assert!(many < 32 * MEGABYTE, "{flood:?}: {many} octets");
    }
    // The measure bites: who asks for every packet gets every packet.
    let packets = FEW / 2;
    let [few, many] = [200, usize::MAX].map(|arrows| peak(packets, Preset::Chat, arrows));
    let kept = usize::try_from(packets).unwrap() * 32;
    assert!(
        many > few + kept,
        "{few} octets became {many} with {packets} packets kept"
    );
}

/// The most octets allocated at one time by a flow graph that is drawn row by row.
fn peak_of_drawing(packets: u64, preset: Preset) -> usize {
    let before = allocated();
    let capture = generated(packets, 1000, preset);
    let mut nodes = Nodes::default();
    let mut doubles = Doubles::new(false);
    let mut composer = Composer::new(false);
    let mut words = Words::new(&[], &Flows::many(), &nodes, None, 6);
    let mut drawn = 0;
    let mut pass = Pass::drawing(capture, None, None);
    pass.run(&mut |_| (), &mut |seen, _| {
        let arrow = Arrow::new(seen, CHAT_PORT);
        nodes.learn(&arrow);
        if let Some(arrow) = doubles.push(arrow) {
            composer.push(Row::new(arrow, 0, 1), &mut |entry| {
                let column = |place: &_| Some(nodes.column_or_new(place)?.0);
                drawn += usize::from(matches!(words.entry(&entry, column), Entry::Arrow(_)));
            });
        }
        ControlFlow::Continue(())
    });
    assert!(drawn > 0);
    ALLOCATED.peak_usage() - before
}

/// The most octets allocated at one time by a view that goes through a capture.
fn peak_of_viewing(packets: u64) -> usize {
    let before = allocated();
    let mut view = View::new(&[("-".to_owned(), 0)], "", Look::default());
    let keys = [
        Key::Down,
        Key::Tab,
        Key::End,
        Key::BackTab,
        Key::Home,
        Key::Tab,
        Key::End,
    ];
    for key in keys {
        while let Some(wish) = view.wish() {
            let capture = generated(packets, 1000, Preset::Small);
            let found = wish.fulfil(capture, &mut |_| ControlFlow::Continue(()));
            view.take(wish.number, found.unwrap());
        }
        assert!(view.key(key).is_continue());
    }
    ALLOCATED.peak_usage() - before
}

/// The most octets allocated at one time by reading a capture of a hand-in.
fn peak_of_inspecting(packets: u64) -> usize {
    let before = allocated();
    let capture = generated(packets, 1000, Preset::Chat);
    let inspection = Inspection::read("-", capture, &Watch::default());
    assert_eq!(inspection.trace.packets, packets);
    ALLOCATED.peak_usage() - before
}

/// The most octets allocated at one time by an analysis with its report, which shows so many arrows.
fn peak(packets: u64, preset: Preset, arrows: usize) -> usize {
    let flows = 1000;
    let given = Given::default();
    let before = allocated();
    let capture = generated(packets, flows, preset);
    let trace = Trace::read("-", capture, &given.watch(arrows), &mut |_| ());
    assert_eq!(trace.packets, packets);
    assert!(trace.notices.is_empty(), "{:?}", trace.notices);
    assert_eq!(
        trace.flows.tcp().len() + trace.flows.udp().len(),
        usize::try_from(flows).unwrap()
    );
    let analysis = Analysis::new(vec![trace], &given);
    assert!(analysis.answers[0].result.is_ok());
    let text = report::text(&analysis, &Layout::new(None));
    assert!(!text.is_empty());
    ALLOCATED.peak_usage() - before
}

/// The most octets allocated at one time while the only flow of a capture is followed.
fn peak_of_following(packets: u64) -> usize {
    let before = allocated();
    let capture = generated(packets, 1, Preset::Bulk);
    let mut octets: usize = 0;
    let mut sink = |turn: Turn<'_>| {
        if let Piece::Octets { octets: piece, .. } = turn.piece {
            octets += piece.len();
        }
        ControlFlow::Continue(())
    };
    follow(
        capture,
        None,
        FlowNumber::Tcp(0),
        MAX_FLOWS,
        &mut sink,
        &mut |_| (),
    );
    assert!(octets > usize::try_from(packets).unwrap() * 500);
    ALLOCATED.peak_usage() - before
}

/// The most octets allocated at one time while conversations are counted and listed.
fn peak_of_conversations(packets: u64, preset: Preset) -> usize {
    let before = allocated();
    let mut capture = generated(packets, 20, preset);
    let layers = [Layer::Ethernet, Layer::Ip, Layer::Tcp, Layer::Udp];
    let mut found = Conversations::new(capture.format(), &layers, None);
    found.read(&mut capture, &mut |_| ());
    assert_eq!(found.packets, packets);
    assert_eq!(found.len(Layer::Tcp) + found.len(Layer::Udp), 20);
    let choice = Choice {
        sort: Column::named("octets").unwrap(),
        reverse: false,
        top: 50,
        columns: Vec::new(),
    };
    let text = conversations_text("-", &found, &[], &choice, &Layout::new(None));
    assert!(!text.is_empty());
    ALLOCATED.peak_usage() - before
}

/// The most octets allocated at one time by a page for the hand-in.
fn peak_of_reporting(packets: u64) -> usize {
    let given = Given::default();
    let mut watch = given.watch(0);
    watch.verdicts = true;
    let before = allocated();
    let capture = generated(packets, 100, Preset::Chat);
    let sketch = Sketch::new(graph::Choice::default(), watch.port).keeping(10_000);
    let observed = Observed::new("-", capture, &watch, sketch);
    assert_eq!(observed.trace.packets, packets);
    let story = Story::new(&[observed.speech]);
    let analysis = Analysis::new(vec![observed.trace], &given);
    let surveys = [observed.survey];
    let essay = Essay::new(&analysis, &story, &surveys);
    let report = EssayReport {
        analysis: &analysis,
        story: &story,
        surveys: &surveys,
        essay: &essay,
        names: &[],
        notices: &[],
    };
    assert!(!report.html(vec![observed.sketch]).unwrap().is_empty());
    ALLOCATED.peak_usage() - before
}

/// The most octets allocated at one time while all that is ever kept of a capture is kept of a flood, of so
/// few flows that they are all known early.
fn peak_of_a_flood(flood: Flood, packets: u64) -> usize {
    const FLOWS: usize = 5000;
    let given = Given::default();
    let mut watch = given.watch(200);
    watch.verdicts = true;
    watch.max_flows = FLOWS;
    let before = allocated();
    let capture = Capture::from_reader(flood.of(packets)).unwrap();
    let sketch = Sketch::new(graph::Choice::default(), watch.port).keeping(1000);
    let observed = Observed::new("-", capture, &watch, sketch);
    let trace = &observed.trace;
    assert_eq!(trace.packets, packets);
    assert!(trace.flows.tcp().len() <= FLOWS && trace.flows.udp().len() <= FLOWS);
    assert!(!observed.speech.list.is_empty() || flood != Flood::Say);
    drop(observed);
    let layers = [Layer::Ethernet, Layer::Ip, Layer::Tcp, Layer::Udp];
    let mut capture = Capture::from_reader(flood.of(packets)).unwrap();
    let mut found = Conversations::new(capture.format(), &layers, None);
    found.limit(FLOWS);
    found.read(&mut capture, &mut |_| ());
    assert_eq!(found.packets, packets);
    assert!(layers.iter().all(|layer| found.len(*layer) <= FLOWS));
    ALLOCATED.peak_usage() - before
}

/// The most octets allocated at one time while a flood of what the file itself is made of is read.
fn peak_of_reading(flood: Flood, count: u64) -> usize {
    let before = allocated();
    let capture = Capture::from_reader(flood.of(count)).unwrap();
    let watch = Given::default().watch(0);
    let trace = Trace::read("-", capture, &watch, &mut |_| ());
    assert!(trace.notices.len() < 5, "{:?}", trace.notices);
    ALLOCATED.peak_usage() - before
}

/// A capture that is made while it is read.
fn generated(packets: u64, flows: u64, preset: Preset) -> Capture {
    let generator = Generator::new(Options {
        packets,
        flows,
        seed: 1,
        preset,
    });
    Capture::from_reader(generator).unwrap()
}

/// Octets that are allocated now; a new peak is measured from here on.
fn allocated() -> usize {
    ALLOCATED.reset_peak_usage();
    ALLOCATED.current_usage()
}
