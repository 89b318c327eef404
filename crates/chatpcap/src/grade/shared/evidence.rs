//! A pair of hand-ins that hold the same run, and the frames that show it.

use std::collections::{BTreeMap, BTreeSet};

use super::weight::weight;
use super::{Marked, Weights};
use crate::grade::mark::{Key, Kind, Mark, Spot};

/// Frames that are shown of a pair.
const SHOWN: usize = 8;

/// Two hand-ins that hold packets of one run.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Their numbers in the class, in order.
    pub hand_ins: [usize; 2],
    /// How unlikely chance is, in bits: one in 2^bits.
    pub bits: u32,
    /// What they share, by kind.
    pub reasons: Vec<Reason>,
    /// How many frames of the first are also in the second.
    pub frames: usize,
    /// Frames to look at, in the order of the first hand-in: each kind in each pair of flows is in one.
    pub matches: Vec<Match>,
}

/// What two hand-ins share of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The kind of mark.
    pub kind: Kind,
    /// How many such marks both have.
    pub count: usize,
    /// What they weigh, in bits.
    pub bits: u32,
}

/// A frame of one hand-in and a frame of the other with the same marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Where: in the first hand-in, in the second.
    pub places: [Place; 2],
    /// What is the same.
    pub marks: Vec<Mark>,
}

/// A frame of a hand-in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The capture.
    pub file: String,
    /// The frame's number in it.
    pub frame: u64,
}

/// A mark that two hand-ins share.
struct Common<'a> {
    kind: Kind,
    holders: usize,
    files: [usize; 2],
    spots: [&'a Spot; 2],
}

impl Common<'_> {
    /// The two flows, each by its capture's and its own number.
    fn flows(&self) -> [(usize, u32); 2] {
        let [a, b] = self.spots;
        let [file_a, file_b] = self.files;
        [(file_a, a.flow), (file_b, b.flow)]
    }
}

/// The marks of one kind that two flows share.
#[derive(Clone, Copy, Debug, Default)]
struct InFlow {
    /// Bits of the best.
    bits: u8,
    /// How many hand-ins have the rarest.
    holders: usize,
    count: usize,
}

impl Pair {
    /// Weighs what two hand-ins have in common; `None` if it is too little. `holders` says how many
    /// hand-ins have a mark, if that is more than one and no more than may.
    pub(super) fn of(
        numbers: [usize; 2],
        hand_ins: [&Marked; 2],
        holders: &dyn Fn(Key) -> Option<usize>,
        weights: Weights,
    ) -> Option<Self> {
        let [one, other] = hand_ins;
        let common: Vec<Common<'_>> = one
            .marks
            .iter()
            .filter_map(|(key, (file, spot))| {
                let (other_file, other_spot) = other.marks.get(key)?;
                Some(Common {
                    kind: key.kind,
                    holders: holders(*key)?,
                    files: [*file, *other_file],
                    spots: [spot, other_spot],
                })
            })
            .collect();
        let reasons = reasons(&common, hand_ins);
        let bits = reasons.iter().map(|reason| reason.bits).sum();
        let kinds = reasons.iter().filter(|reason| reason.bits > 0).count();
        if !weights.suffices(bits, kinds) {
            return None;
        }
        let (frames, matches) = matches(&common, hand_ins);
        Some(Self {
            hand_ins: numbers,
            bits,
            reasons,
            frames,
            matches,
        })
    }
}

/// What shared marks weigh, kind by kind.
fn reasons(common: &[Common<'_>], hand_ins: [&Marked; 2]) -> Vec<Reason> {
    let mut flows: BTreeMap<(Kind, [(usize, u32); 2]), InFlow> = BTreeMap::new();
    for mark in common {
        let [a, b] = mark.spots;
        let in_flow = flows.entry((mark.kind, mark.flows())).or_default();
        // A value that fewer have is the better one.
        let fewest = in_flow.holders == 0 || mark.holders < in_flow.holders;
        in_flow.bits = in_flow.bits.max(a.bits.min(b.bits));
        in_flow.holders = if fewest {
            mark.holders
        } else {
            in_flow.holders
        };
        in_flow.count += 1;
    }
    let mut reasons = Vec::new();
    for kind in Kind::ALL {
        let tries = hand_ins.map(|hand_in| hand_in.count(kind));
        let of_kind = flows.iter().filter(|((of, _), _)| *of == kind);
        let mut reason = Reason {
            kind,
            count: 0,
            bits: 0,
        };
        for (_, marks) in of_kind {
            reason.count += marks.count;
            let bits = weight(kind, marks.bits, marks.count, marks.holders, tries);
            reason.bits = reason.bits.saturating_add(bits);
        }
        if reason.count > 0 {
            reasons.push(reason);
        }
    }
    reasons
}

/// How many frames have shared marks; and for each kind and pair of flows the first of them, as long
/// as there is room.
fn matches(common: &[Common<'_>], hand_ins: [&Marked; 2]) -> (usize, Vec<Match>) {
    let mut frames: BTreeMap<[(usize, u64); 2], Vec<&Common<'_>>> = BTreeMap::new();
    for mark in common {
        let [a, b] = mark.spots;
        let [file_a, file_b] = mark.files;
        let places = [(file_a, a.frame), (file_b, b.frame)];
        frames.entry(places).or_default().push(mark);
    }
    let mut known = BTreeSet::new();
    let mut is_new = |mark: &Common<'_>| known.insert((mark.kind, mark.flows()));
    let place = |hand_in: &Marked, (file, frame): (usize, u64)| {
        let file = hand_in.files.get(file)?.clone();
        Some(Place { file, frame })
    };
    let [one, other] = hand_ins;
    let matches = frames.iter().filter_map(|([a, b], marks)| {
        if marks.iter().filter(|mark| is_new(mark)).count() == 0 {
            return None;
        }
        let marks = marks.iter().map(|mark| Mark {
            kind: mark.kind,
            value: mark.spots[0].value,
        });
        Some(Match {
            places: [place(one, *a)?, place(other, *b)?],
            marks: marks.collect(),
        })
    });
    (frames.len(), matches.take(SHOWN).collect())
}
