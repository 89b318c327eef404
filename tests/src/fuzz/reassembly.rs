//! One direction of a flow, put in order as a naive model puts it, at any sequence number.

use chatpcap::flow::reassembly::{Arrival, Limits, Piece, Stream};

use super::tape::Tape;

/// Octets of a segment at most.
const LENGTH: usize = 40;

/// Gives segments that a tape describes to a stream, and to the model unless limits bite.
pub fn check(octets: &[u8]) {
    let mut tape = Tape::new(octets);
    let isn = tape.u32();
    if tape.below(4) == 0 {
        within_limits(isn, &mut tape);
    } else {
        in_order(isn, &mut tape);
    }
}

/// The rules with lists and loops: of several segments with the next octet, the one that came first.
#[derive(Default)]
struct Model {
    waiting: Vec<Segment>,
    /// Octets in order with the frames that brought them; `None` where they are missing.
    out: Vec<Option<(u8, u64)>>,
    /// Frames with an octet that differs from the one that was kept, since the last gap.
    differing: Vec<u64>,
    last_gap: usize,
}

#[derive(Clone)]
struct Segment {
    frame: u64,
    start: usize,
    octets: Vec<u8>,
}

impl Model {
    fn push(&mut self, segment: Segment) {
        if segment.octets.is_empty() {
            return;
        }
        if segment.start > self.out.len() {
            self.waiting.push(segment);
        } else {
            self.take(&segment);
            self.settle();
        }
    }

    fn take(&mut self, segment: &Segment) {
        for (place, octet) in (segment.start..).zip(&segment.octets) {
            match self.out.get(place) {
                None => self.out.push(Some((*octet, segment.frame))),
                Some(Some((kept, _))) if kept != octet && place >= self.last_gap => {
                    self.differing.push(segment.frame);
                }
                Some(_) => {}
            }
        }
        self.differing.dedup();
    }

    fn settle(&mut self) {
        loop {
            let is_next = |segment: &Segment| segment.start <= self.out.len();
            let Some(first) = self.waiting.iter().position(is_next) else {
                return;
            };
            let segment = self.waiting.remove(first);
            self.take(&segment);
        }
    }

    /// Gives up what is missing before the lowest segment.
    fn skip(&mut self) {
        let lowest = self.waiting.iter().map(|segment| segment.start).min();
        if let Some(lowest) = lowest {
            self.out.resize(lowest, None);
            self.last_gap = lowest;
            self.settle();
        }
    }

    fn acknowledge(&mut self, place: usize) {
        while self.waiting.iter().any(|segment| segment.start < place) {
            self.skip();
        }
    }
}

/// What came out of the stream.
#[derive(Default)]
struct Painting {
    out: Vec<Option<(u8, u64)>>,
    differing: Vec<u64>,
}

impl Painting {
    fn paint(&mut self, piece: Piece<'_>) {
        let at = |offset: u64| usize::try_from(offset).unwrap();
        match piece {
            Piece::Octets {
                offset,
                frame,
                octets,
                ..
            } => {
                assert_eq!(at(offset), self.out.len());
                assert!(!octets.is_empty());
                self.out
                    .extend(octets.iter().map(|octet| Some((*octet, frame))));
            }
            Piece::Gap { offset, length, .. } => {
                assert_eq!(at(offset), self.out.len());
                assert!(length > 0);
                self.out.resize(at(offset + length), None);
            }
            Piece::Differs {
                offset,
                kept_frame,
                kept,
                frame,
                octets,
            } => {
                let there = &self.out[at(offset)..at(offset) + kept.len()];
                let found: Vec<u8> = there.iter().map(|it| it.unwrap().0).collect();
                assert_eq!(found, kept);
                assert_eq!(there[0].unwrap().1, kept_frame);
                assert_eq!(kept.len(), octets.len());
                assert_ne!(kept[0], octets[0]);
                assert_ne!(kept.last(), octets.last());
                self.differing.push(frame);
            }
            Piece::Late { offset, octets, .. } => {
                let there = &self.out[at(offset)..at(offset) + octets.len()];
                assert!(there.iter().all(Option::is_none));
            }
        }
    }
}

/// Segments around the place that was reached, acknowledgments now and then: as the model says.
fn in_order(isn: u32, tape: &mut Tape<'_>) {
    let mut stream = Stream::new(Limits::default());
    let mut model = Model::default();
    let mut painting = Painting::default();
    let mut sink = |piece: Piece<'_>| painting.paint(piece);
    let syn = Arrival {
        frame: 1,
        time: None,
        seq: isn,
        syn: true,
        length: 0,
        octets: b"",
    };
    stream.push(&syn, &mut sink);
    let seq = |place: usize| {
        isn.wrapping_add(1)
            .wrapping_add(u32::try_from(place).unwrap())
    };
    let mut frame = 1;
    while !tape.is_over() {
        frame += 1;
        let place = (model.out.len() + usize::from(tape.octet())).saturating_sub(100);
        if tape.below(16) == 0 {
            stream.acknowledge(seq(place), &mut sink);
            model.acknowledge(place);
        } else {
            let octets: Vec<u8> = tape
                .octets(1 + tape.clone().below(LENGTH))
                .iter()
                .map(|it| it & 3)
                .collect();
            let arrival = Arrival {
                frame,
                time: None,
                seq: seq(place),
                syn: false,
                length: octets.len(),
                octets: &octets,
            };
            stream.push(&arrival, &mut sink);
            model.push(Segment {
                frame,
                start: place,
                octets,
            });
        }
        assert_eq!(stream.length(), model.out.len() as u64);
    }
    stream.finish(&mut sink);
    while !model.waiting.is_empty() {
        model.skip();
    }
    assert_eq!(stream.cost(), 0);
    assert_eq!(painting.out, model.out);
    assert_eq!(painting.differing, model.differing);
    if !model.out.is_empty() {
        assert_eq!(stream.first_seq(), Some(seq(0)));
    }
}

/// Any numbers and lengths: memory stays within its limits, and each octet comes once.
fn within_limits(isn: u32, tape: &mut Tape<'_>) {
    let limits = Limits {
        waiting: 600,
        history: 30,
    };
    let mut stream = Stream::new(limits);
    let mut reached = 0;
    let mut sink = |piece: Piece<'_>| {
        let (offset, length) = match piece {
            Piece::Octets { offset, octets, .. } => (offset, octets.len() as u64),
            Piece::Gap { offset, length, .. } => (offset, length),
            Piece::Differs { .. } | Piece::Late { .. } => return,
        };
        assert_eq!(offset, reached);
        reached += length;
    };
    let mut frame = 0;
    while !tape.is_over() {
        frame += 1;
        let choice = tape.octet();
        let seq = match choice & 3 {
            0 => tape.u32(),
            1 => isn.wrapping_add(tape.u16().into()),
            _ => isn.wrapping_add(u32::try_from(stream.length() & 0xffff_ffff).unwrap()),
        };
        if choice & 4 != 0 {
            stream.acknowledge(seq, &mut sink);
        } else {
            let length = if choice & 8 == 0 {
                0
            } else {
                tape.u32() as usize
            };
            let octets = tape.octets(tape.clone().below(LENGTH));
            let arrival = Arrival {
                frame,
                time: None,
                seq,
                syn: choice & 16 != 0,
                length: length.max(octets.len()),
                octets,
            };
            stream.push(&arrival, &mut sink);
        }
        assert!(stream.cost() <= limits.waiting);
    }
    stream.finish(&mut sink);
    assert_eq!(stream.length(), reached);
}

/// Segments in order, early, overlapping, and over the end of the numbers.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for isn in [[0, 0, 0, 1], [255, 255, 255, 250], [127, 255, 255, 255]] {
        for mode in 0..2 {
            let head = [&isn[..], &[mode]].concat();
            let steps = [
                &[100, 1, 3, 1, 2, 3, 0][..],
                &[110, 1, 4, 4, 4, 4, 4, 4],
                &[100, 1, 12, 1, 1, 2, 2, 3, 3, 0, 0, 1, 1, 2, 2, 3],
                &[97, 1, 5, 0, 0, 0, 0, 0, 0],
                &[140, 1, 2, 7, 7, 7],
                &[150, 0],
                &[130, 1, 2, 6, 6, 6],
                &[90, 1, 20],
            ];
            seeds.push([&head[..], &steps.concat()].concat());
        }
    }
    seeds
}
