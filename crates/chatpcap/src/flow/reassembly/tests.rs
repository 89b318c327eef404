use super::*;
use proptest::prelude::*;

/// What came out of a stream, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Out {
    Octets(u64, u64, Vec<u8>),
    Gap(u64, u64, Missing),
    Differs(u64, u64, Vec<u8>, u64, Vec<u8>),
    Late(u64, u64, Vec<u8>),
}

fn own(piece: Piece<'_>) -> Out {
    match piece {
        Piece::Octets {
            offset,
            frame,
            octets,
            ..
        } => Out::Octets(offset, frame, octets.to_vec()),
        Piece::Gap {
            offset,
            length,
            cause,
        } => Out::Gap(offset, length, cause),
        Piece::Differs {
            offset,
            kept_frame,
            kept,
            frame,
            octets,
        } => Out::Differs(offset, kept_frame, kept, frame, octets.to_vec()),
        Piece::Late {
            offset,
            frame,
            octets,
        } => Out::Late(offset, frame, octets.to_vec()),
    }
}

const fn segment(frame: u64, seq: u32, octets: &[u8]) -> Arrival<'_> {
    Arrival {
        frame,
        time: None,
        seq,
        syn: false,
        length: octets.len(),
        octets,
    }
}

/// A stream whose SYN has number 99, so that its octets have the numbers from 100 on.
fn opened() -> Stream {
    let mut stream = Stream::new(Limits::default());
    let syn = Arrival {
        syn: true,
        ..segment(1, 99, b"")
    };
    stream.push(&syn, &mut |piece| panic!("{piece:?}"));
    stream
}

fn run(stream: &mut Stream, segments: &[Arrival<'_>]) -> Vec<Out> {
    let mut out = Vec::new();
    for segment in segments {
        stream.push(segment, &mut |piece| out.push(own(piece)));
    }
    out
}

fn octets(offset: u64, frame: u64, octets: &[u8]) -> Out {
    Out::Octets(offset, frame, octets.to_vec())
}

#[test]
fn out_of_order_and_sent_again() {
    let mut stream = opened();
    let out = run(
        &mut stream,
        &[
            segment(2, 103, b"def"),
            segment(3, 100, b"abc"),
            segment(4, 100, b"abcdef"),
            segment(5, 104, b"efgh"),
        ],
    );
    assert_eq!(
        out,
        [
            octets(0, 3, b"abc"),
            octets(3, 2, b"def"),
            octets(6, 5, b"gh")
        ]
    );
    assert_eq!((stream.length(), stream.cost()), (8, 0));
}

#[test]
fn both_readings_of_an_overlap_are_told() {
    let mut stream = opened();
    // The waiting segment of frame 2 loses two octets to the one of frame 3 that fills the gap.
    let out = run(
        &mut stream,
        &[
            segment(2, 102, b"CDE"),
            segment(3, 100, b"abcd"),
            segment(4, 100, b"aXcYe"),
        ],
    );
    let expected = [
        octets(0, 3, b"abcd"),
        Out::Differs(2, 3, b"cd".to_vec(), 2, b"CD".to_vec()),
        octets(4, 2, b"E"),
        Out::Differs(1, 3, b"bcdE".to_vec(), 4, b"XcYe".to_vec()),
    ];
    assert_eq!(out, expected);
}

#[test]
fn a_gap_ends_with_the_acknowledgment_of_what_is_behind_it() {
    let mut stream = opened();
    let mut out = run(
        &mut stream,
        &[segment(2, 100, b"ab"), segment(3, 110, b"kl")],
    );
    let mut sink = |piece: Piece<'_>| out.push(own(piece));
    stream.acknowledge(110, &mut sink);
    stream.acknowledge(111, &mut sink);
    stream.push(&segment(4, 104, b"efg"), &mut sink);
    let expected = [
        octets(0, 2, b"ab"),
        Out::Gap(2, 8, Missing::Acknowledged),
        octets(10, 3, b"kl"),
        Out::Late(4, 4, b"efg".to_vec()),
    ];
    assert_eq!(out, expected);
}

#[test]
fn the_end_of_the_capture_gives_what_waits() {
    let mut stream = opened();
    let mut out = run(&mut stream, &[segment(2, 102, b"c"), segment(3, 106, b"g")]);
    stream.finish(&mut |piece| out.push(own(piece)));
    let expected = [
        Out::Gap(0, 2, Missing::NeverSeen),
        octets(2, 2, b"c"),
        Out::Gap(3, 3, Missing::NeverSeen),
        octets(6, 3, b"g"),
    ];
    assert_eq!(out, expected);
}

#[test]
fn what_the_snap_length_cut_is_a_gap() {
    let cut = Arrival {
        length: 10,
        ..segment(2, 100, b"abc")
    };
    let out = run(
        &mut opened(),
        &[cut, segment(3, 110, b"k"), segment(4, 100, b"abcdefghij")],
    );
    let expected = [
        octets(0, 2, b"abc"),
        Out::Gap(3, 7, Missing::CutOff),
        octets(10, 3, b"k"),
        Out::Late(3, 4, b"defghij".to_vec()),
    ];
    assert_eq!(out, expected);
}

#[test]
fn a_stream_joined_in_the_middle_begins_where_it_is_seen() {
    let mut stream = Stream::new(Limits::default());
    let out = run(
        &mut stream,
        &[
            segment(1, u32::MAX, b"abc"),
            segment(2, u32::MAX - 4, b"vwxyzbc"),
            segment(3, 2, b"de"),
        ],
    );
    assert_eq!(
        out,
        [
            octets(0, 1, b"abc"),
            Out::Differs(0, 1, b"a".to_vec(), 2, b"z".to_vec()),
            octets(3, 3, b"de")
        ]
    );
    assert_eq!(stream.before_start(), 4);
}

#[test]
fn a_reset_before_the_handshake_begins_no_stream() {
    let mut stream = Stream::new(Limits::default());
    let syn_ack = Arrival {
        syn: true,
        ..segment(2, 4_000_000_000, b"")
    };
    let out = run(
        &mut stream,
        &[segment(1, 0, b""), syn_ack, segment(3, 4_000_000_001, b"a")],
    );
    assert_eq!(out, [octets(0, 3, b"a")]);
}

#[test]
fn memory_is_bounded_and_nothing_is_lost_by_it() {
    let limits = Limits {
        waiting: 10_000,
        history: 1000,
    };
    let mut stream = Stream::new(limits);
    let (mut given, mut gaps) = (0, 0);
    stream.push(&segment(1, 0xffff_0000, b"a"), &mut |_| ());
    for n in 1..1000_u32 {
        let seq = 0xffff_0000_u32.wrapping_add(n * 200);
        stream.push(
            &segment(u64::from(n), seq, &[7; 100]),
            &mut |piece| match own(piece) {
                Out::Octets(_, _, octets) => given += octets.len(),
                Out::Gap(_, _, cause) => {
                    assert_eq!(cause, Missing::GivenUp);
                    gaps += 1;
                }
                other => panic!("{other:?}"),
            },
        );
        assert!(stream.cost() <= limits.waiting);
        assert!(stream.history.difference(0, b"").is_none());
    }
    stream.finish(&mut |piece| {
        given += if let Out::Octets(_, _, octets) = own(piece) {
            octets.len()
        } else {
            0
        }
    });
    assert_eq!(given, 999 * 100);
    assert!(gaps > 900);
}

#[test]
fn a_length_that_no_segment_has_is_not_believed() {
    let lie = Arrival {
        length: usize::MAX,
        ..segment(2, 100, b"abc")
    };
    assert_eq!(
        run(&mut opened(), &[lie, segment(3, 103, b"d")]),
        [octets(0, 2, b"abc"), octets(3, 3, b"d")]
    );
}

/// Wireshark's rules, with lists and loops: whoever came first of those with the next octet.
#[derive(Default)]
struct Model {
    next: u64,
    waiting: Vec<(u64, Vec<u8>)>,
    out: Vec<Option<u8>>,
}

impl Model {
    fn push(&mut self, start: u64, octets: &[u8]) {
        if start > self.next {
            self.waiting.push((start, octets.to_vec()));
            return;
        }
        self.take(start, octets);
        self.settle();
    }

    fn take(&mut self, start: u64, octets: &[u8]) {
        let known = usize::try_from(self.next - start).unwrap();
        if known < octets.len() {
            self.out
                .extend(octets[known..].iter().map(|octet| Some(*octet)));
            self.next = start + octets.len() as u64;
        }
    }

    fn settle(&mut self) {
        while let Some(first) = self
            .waiting
            .iter()
            .position(|(start, _)| *start <= self.next)
        {
            let (start, octets) = self.waiting.remove(first);
            self.take(start, &octets);
        }
    }

    fn skip(&mut self) {
        if let Some(lowest) = self.waiting.iter().map(|(start, _)| *start).min() {
            self.out.extend((self.next..lowest).map(|_| None));
            self.next = lowest;
            self.settle();
        }
    }
}

/// The octets of a stream by place, as its pieces have them.
fn painted(pieces: &[Out]) -> Vec<Option<u8>> {
    let mut painted = Vec::new();
    for piece in pieces {
        match piece {
            Out::Octets(offset, _, octets) => {
                assert_eq!(*offset, painted.len() as u64);
                painted.extend(octets.iter().map(|octet| Some(*octet)));
            }
            Out::Gap(offset, length, _) => {
                assert_eq!(*offset, painted.len() as u64);
                painted.extend((0..*length).map(|_| None));
            }
            Out::Differs(offset, _, kept, _, other) => {
                let at = usize::try_from(*offset).unwrap();
                let there: Vec<u8> = painted[at..at + kept.len()]
                    .iter()
                    .map(|octet| octet.unwrap())
                    .collect();
                assert_eq!(there, *kept);
                assert!(
                    kept[0] != other[0] && kept.last() != other.last() && kept.len() == other.len()
                );
            }
            Out::Late(offset, _, octets) => {
                let at = usize::try_from(*offset).unwrap();
                assert!(painted[at..at + octets.len()].iter().all(Option::is_none));
            }
        }
    }
    painted
}

proptest! {
    /// Segments that overlap at will, with octets that differ, in any order and at any number; now
    /// and then an acknowledgment of everything.
    #[test]
    fn streams_are_put_in_order_as_the_model_does(
        isn in prop_oneof![any::<u32>(), (u32::MAX - 100)..=u32::MAX],
        steps in prop::collection::vec((0..120_u64, prop::collection::vec(0..3_u8, 1..30), prop::bool::weighted(0.1)), 0..60),
    ) {
        let mut stream = Stream::new(Limits::default());
        let mut model = Model::default();
        let mut out = Vec::new();
        let mut sink = |piece: Piece<'_>| out.push(own(piece));
        stream.push(&Arrival { syn: true, ..segment(1, isn, b"") }, &mut sink);
        let first = isn.wrapping_add(1);
        for (frame, (start, octets, acknowledged)) in (2..).zip(&steps) {
            let seq = first.wrapping_add(u32::try_from(*start).unwrap());
            stream.push(&segment(frame, seq, octets), &mut sink);
            model.push(*start, octets);
            if *acknowledged {
                stream.acknowledge(first.wrapping_add(1000), &mut sink);
                while !model.waiting.is_empty() {
                    model.skip();
                }
            }
        }
        stream.finish(&mut sink);
        while !model.waiting.is_empty() {
            model.skip();
        }
        prop_assert_eq!(painted(&out), model.out);
        prop_assert_eq!(stream.cost(), 0);
    }

    /// Where all readings agree, nothing is said to differ and only what was never sent is missing.
    #[test]
    fn readings_that_agree_give_the_stream(
        text in prop::collection::vec(any::<u8>(), 1..300),
        cuts in prop::collection::vec((0..300_usize, 1..40_usize), 1..60),
    ) {
        let mut stream = opened();
        let mut out = Vec::new();
        let mut sent = vec![false; text.len()];
        for (frame, (start, length)) in (2..).zip(&cuts) {
            let start = start % text.len();
            let end = (start + length).min(text.len());
            sent[start..end].fill(true);
            let seq = 100 + u32::try_from(start).unwrap();
            stream.push(&segment(frame, seq, &text[start..end]), &mut |piece| out.push(own(piece)));
        }
        stream.finish(&mut |piece| out.push(own(piece)));
        prop_assert!(out.iter().all(|piece| matches!(piece, Out::Octets(..) | Out::Gap(..))));
        let expected: Vec<Option<u8>> = text.iter().zip(&sent).map(|(octet, sent)| sent.then_some(*octet)).collect();
        let last = sent.iter().rposition(|sent| *sent).unwrap();
        prop_assert_eq!(painted(&out), &expected[..=last]);
    }

    #[test]
    fn any_numbers_are_answered(
        steps in prop::collection::vec((any::<u32>(), any::<bool>(), 0..3000_usize, prop::collection::vec(any::<u8>(), 0..50), any::<Option<u32>>()), 0..40),
    ) {
        let limits = Limits { waiting: 600, history: 30 };
        let mut stream = Stream::new(limits);
        let mut last = 0;
        let mut sink = |piece: Piece<'_>| if let Out::Octets(offset, ..) | Out::Gap(offset, ..) = own(piece) {
            assert!(offset >= last);
            last = offset;
        };
        for (frame, (seq, syn, length, octets, ack)) in (1..).zip(&steps) {
            let length = (*length).max(octets.len());
            stream.push(&Arrival { syn: *syn, length, ..segment(frame, *seq, octets) }, &mut sink);
            if let Some(ack) = ack {
                stream.acknowledge(*ack, &mut sink);
            }
            prop_assert!(stream.cost() <= limits.waiting);
        }
        stream.finish(&mut sink);
    }
}
