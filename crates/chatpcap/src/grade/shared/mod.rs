//! Hand-ins whose captures hold the same run.
//!
//! Every hand-in brings the [`Marks`] of its captures. An index from mark to hand-ins finds those
//! with something in common, so that a class is not compared pair by pair; only what it finds is
//! weighed (see [`Weights`]), and what weighs enough is a [`Pair`] with the frames to look at.
//!
//! A pair says that two hand-ins hold packets of one run, and not why: copied, made together, or
//! handed out. A capture that the course hands out is named beforehand ([`Class::hand_out`]); marks
//! that a good part of the class has are taken for such a capture ([`Widespread`]).

mod evidence;
mod weight;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use self::evidence::{Match, Pair, Place, Reason};
pub use self::weight::Weights;
use super::mark::{Key, Kind, Marks, Spot};

/// Hand-ins that may share a mark without it being taken as handed out, in the smallest class.
const LEAST_WIDESPREAD: usize = 8;
/// The part of the class that may: one in eight.
const WIDESPREAD_PART: usize = 8;
/// As many may in any class: what all of these share with one another is a matter of squares.
const MOST_HOLDERS: usize = 64;

/// The hand-ins of a class, and what is known beforehand.
#[derive(Clone, Debug, Default)]
pub struct Class {
    hand_ins: Vec<Marked>,
    /// Marks of captures that the course handed out.
    handed_out: BTreeSet<Key>,
}

/// The marks of one hand-in: of all its captures, each once.
#[derive(Clone, Debug, Default)]
pub(in crate::grade) struct Marked {
    /// The names of its captures.
    files: Vec<String>,
    /// The captures in which each mark was met first, by kind and key.
    marks: BTreeMap<Key, (usize, Spot)>,
}

/// What the hand-ins of a class share.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// Hand-ins that hold the same run, two by two; the weightiest first.
    pub pairs: Vec<Pair>,
    /// The same as groups of more than two, each in order: whoever is linked to one of a group
    /// belongs to it.
    pub clusters: Vec<Vec<usize>>,
    /// What a good part of the class shares, if anything.
    pub widespread: Option<Widespread>,
}

/// Hand-ins that share what so many have that it looks handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widespread {
    /// The hand-ins, in order.
    pub hand_ins: Vec<usize>,
    /// How many marks so many have.
    pub marks: usize,
    /// Where to look: a mark in the first of them, and in another.
    pub places: [Place; 2],
}

impl Class {
    /// A class without hand-ins.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a hand-in with its captures, named as they are shown; says its number, from 0.
    ///
    /// What its own captures have in common counts once: they are views of one run.
    pub fn add<'a>(&mut self, captures: impl IntoIterator<Item = (&'a str, &'a Marks)>) -> usize {
        let mut marked = Marked::default();
        for (name, marks) in captures {
            let file = marked.files.len();
            marked.files.push(name.to_owned());
            for (key, spot) in marks.iter() {
                marked.marks.entry(key).or_insert((file, *spot));
            }
        }
        self.hand_ins.push(marked);
        self.hand_ins.len() - 1
    }

    /// Names a capture that the course handed out: what it holds proves nothing.
    pub fn hand_out(&mut self, marks: &Marks) {
        self.handed_out.extend(marks.iter().map(|(key, _)| key));
    }

    /// Finds the hand-ins that hold the same run.
    pub fn find(&self) -> Shared {
        let part = self.hand_ins.len() / WIDESPREAD_PART;
        let (holders, widespread) = self.holders(part.clamp(LEAST_WIDESPREAD, MOST_HOLDERS));
        // How many marks two hand-ins have in common: no order of this table is used.
        let mut common: HashMap<(usize, usize), u32> = HashMap::new();
        for holders in holders.values() {
            for (at, one) in holders.iter().enumerate() {
                for other in holders.iter().skip(at + 1) {
                    *common.entry((*one, *other)).or_default() += 1;
                }
            }
        }
        // One mark never suffices.
        let mut candidates: Vec<(usize, usize)> = common
            .into_iter()
            .filter(|(_, count)| *count > 1)
            .map(|(pair, _)| pair)
            .collect();
        candidates.sort_unstable();
        let holders = |key: Key| holders.get(&key).map(Vec::len);
        let weights = Weights::new(self.hand_ins.len());
        let mut pairs: Vec<Pair> = candidates
            .into_iter()
            .filter_map(|pair| {
                let one = self.hand_ins.get(pair.0)?;
                let other = self.hand_ins.get(pair.1)?;
                Pair::of(pair.into(), [one, other], &holders, weights)
            })
            .collect();
        // Stable: pairs of one weight stay in the order of the hand-ins.
        pairs.sort_by_key(|pair| std::cmp::Reverse(pair.bits));
        Shared {
            clusters: clusters(&pairs, self.hand_ins.len()),
            pairs,
            widespread,
        }
    }

    /// Which hand-ins have each mark that more than one has and at most `most`; and those that have
    /// what more do.
    fn holders(&self, most: usize) -> (BTreeMap<Key, Vec<usize>>, Option<Widespread>) {
        let mut index: Vec<(Key, usize)> = Vec::new();
        for (number, hand_in) in self.hand_ins.iter().enumerate() {
            let keys = hand_in.marks.keys();
            let own = keys.filter(|key| !self.handed_out.contains(key));
            index.extend(own.map(|key| (*key, number)));
        }
        index.sort_unstable();
        let mut holders = BTreeMap::new();
        let mut widespread = BTreeMap::new();
        for same in index.chunk_by(|a, b| a.0 == b.0) {
            let Some((key, _)) = same.first().filter(|_| same.len() > 1) else {
                continue;
            };
            let numbers = same.iter().map(|(_, number)| *number).collect();
            if same.len() <= most {
                holders.insert(*key, numbers);
            } else {
                widespread.insert(*key, numbers);
            }
        }
        (holders, self.widespread(&widespread))
    }

    /// What is told of marks that so many have. Who has them of one kind only may have a constant.
    fn widespread(&self, holders: &BTreeMap<Key, Vec<usize>>) -> Option<Widespread> {
        let mut kinds: BTreeMap<usize, BTreeSet<Kind>> = BTreeMap::new();
        for (key, numbers) in holders {
            for number in numbers {
                kinds.entry(*number).or_default().insert(key.kind);
            }
        }
        kinds.retain(|_, kinds| kinds.len() > 1);
        let first = *kinds.keys().next()?;
        let (key, other) = holders.iter().find_map(|(key, numbers)| {
            let mut others = numbers.iter().filter(|number| kinds.contains_key(number));
            (*others.next()? == first).then_some((*key, *others.next()?))
        })?;
        let place = |number: usize| self.hand_ins.get(number)?.place(key);
        Some(Widespread {
            places: [place(first)?, place(other)?],
            marks: holders.len(),
            hand_ins: kinds.into_keys().collect(),
        })
    }
}

impl Marked {
    /// How many marks of a kind it has.
    fn count(&self, kind: Kind) -> usize {
        let key = |hash| Key { kind, hash };
        self.marks.range(key(0)..=key(u64::MAX)).count()
    }

    fn place(&self, key: Key) -> Option<Place> {
        let (file, spot) = self.marks.get(&key)?;
        Some(Place {
            file: self.files.get(*file)?.clone(),
            frame: spot.frame,
        })
    }
}

/// Groups of more than two that pairs link.
fn clusters(pairs: &[Pair], hand_ins: usize) -> Vec<Vec<usize>> {
    // The least hand-in that each is linked to.
    let mut least: Vec<usize> = (0..hand_ins).collect();
    loop {
        let mut changed = false;
        for pair in pairs {
            let [one, other] = pair.hand_ins;
            let (Some(a), Some(b)) = (least.get(one).copied(), least.get(other).copied()) else {
                continue;
            };
            changed |= a != b;
            for number in [one, other] {
                if let Some(place) = least.get_mut(number) {
                    *place = a.min(b);
                }
            }
        }
        if !changed {
            break;
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (number, least) in least.into_iter().enumerate() {
        groups.entry(least).or_default().push(number);
    }
    groups
        .into_values()
        .filter(|group| group.len() > 2)
        .collect()
}
