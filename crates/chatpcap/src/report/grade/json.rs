//! The class as JSON: `chatpcap/grade/1`.

use serde::Serialize;

use crate::grade::{Grade, Gradebook, Item, Points, Remark, shared};
use crate::report::json::pretty;

/// The class as JSON text, ended by a newline.
///
/// # Errors
/// None that these types can raise; what `serde_json` would say is passed on.
pub fn class_json(book: &Gradebook) -> Result<String, serde_json::Error> {
    let names = |numbers: &[usize]| {
        let names = numbers.iter().filter_map(|number| book.grades.get(*number));
        names.map(|grade| grade.name.as_str()).collect()
    };
    let document = Document {
        schema: "chatpcap/grade/1",
        title: &book.title,
        points: decimal(book.points),
        hand_ins: book.grades.iter().map(HandInEntry::new).collect(),
        others: &book.others,
        shared: SharedEntry {
            pairs: book
                .shared
                .pairs
                .iter()
                .map(|pair| PairEntry::new(pair, names(&pair.hand_ins)))
                .collect(),
            clusters: book
                .shared
                .clusters
                .iter()
                .map(|cluster| names(cluster))
                .collect(),
            widespread: book
                .shared
                .widespread
                .iter()
                .map(|shared| WidespreadEntry {
                    hand_ins: names(&shared.hand_ins),
                    marks: shared.marks,
                })
                .collect(),
        },
    };
    pretty(&document)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    title: &'a str,
    points: f64,
    hand_ins: Vec<HandInEntry<'a>>,
    others: &'a [String],
    shared: SharedEntry<'a>,
}

#[derive(Serialize)]
struct HandInEntry<'a> {
    name: &'a str,
    points: f64,
    late: Option<LateEntry>,
    items: Vec<ItemEntry<'a>>,
    captures: &'a [String],
    answers: Option<&'a str>,
    remarks: Vec<RemarkEntry<'a>>,
}

#[derive(Serialize)]
struct LateEntry {
    days: u64,
    points: f64,
}

#[derive(Serialize)]
struct ItemEntry<'a> {
    kind: &'static str,
    name: &'a str,
    of: f64,
    points: f64,
    outcome: &'static str,
    typed: Option<&'a str>,
    reason: Option<&'a str>,
    right: Option<&'a str>,
    file: Option<&'a str>,
    filter: Option<&'a str>,
}

#[derive(Serialize)]
struct RemarkEntry<'a> {
    kind: &'static str,
    file: Option<&'a str>,
    frames: &'a [u64],
    text: &'a str,
}

#[derive(Serialize)]
struct SharedEntry<'a> {
    pairs: Vec<PairEntry<'a>>,
    clusters: Vec<Vec<&'a str>>,
    widespread: Vec<WidespreadEntry<'a>>,
}

#[derive(Serialize)]
struct PairEntry<'a> {
    hand_ins: Vec<&'a str>,
    bits: u32,
    frames: usize,
    reasons: Vec<ReasonEntry>,
    matches: Vec<MatchEntry<'a>>,
}

#[derive(Serialize)]
struct ReasonEntry {
    kind: &'static str,
    count: usize,
    bits: u32,
}

#[derive(Serialize)]
struct MatchEntry<'a> {
    places: [PlaceEntry<'a>; 2],
    marks: Vec<String>,
}

#[derive(Serialize)]
struct PlaceEntry<'a> {
    file: &'a str,
    frame: u64,
}

#[derive(Serialize)]
struct WidespreadEntry<'a> {
    hand_ins: Vec<&'a str>,
    marks: usize,
}

pub(super) fn decimal(points: Points) -> f64 {
    f64::from(points.hundredths()) / 100.0
}

impl<'a> HandInEntry<'a> {
    fn new(grade: &'a Grade) -> Self {
        Self {
            name: &grade.name,
            points: decimal(grade.total()),
            late: grade.late.map(|late| LateEntry {
                days: late.days,
                points: decimal(late.lost),
            }),
            items: grade.items.iter().map(ItemEntry::new).collect(),
            captures: &grade.captures,
            answers: grade.answers.as_deref(),
            remarks: grade.all_remarks().map(RemarkEntry::new).collect(),
        }
    }
}

impl<'a> ItemEntry<'a> {
    fn new(item: &'a Item) -> Self {
        Self {
            kind: item.kind.id(),
            name: &item.name,
            of: decimal(item.points),
            points: decimal(item.earned),
            outcome: item.outcome,
            typed: item.typed.as_deref(),
            reason: item.reason.as_deref(),
            right: item.right.as_deref(),
            file: item.look.as_ref().map(|look| look.file.as_str()),
            filter: item.look.as_ref().map(|look| look.filter.as_str()),
        }
    }
}

impl<'a> RemarkEntry<'a> {
    fn new(remark: &'a Remark) -> Self {
        Self {
            kind: remark.kind,
            file: remark.file.as_deref(),
            frames: &remark.frames,
            text: &remark.text,
        }
    }
}

impl<'a> PairEntry<'a> {
    fn new(pair: &'a shared::Pair, hand_ins: Vec<&'a str>) -> Self {
        let place = |place: &'a shared::Place| PlaceEntry {
            file: &place.file,
            frame: place.frame,
        };
        Self {
            hand_ins,
            bits: pair.bits,
            frames: pair.frames,
            reasons: pair
                .reasons
                .iter()
                .map(|reason| ReasonEntry {
                    kind: reason.kind.name(),
                    count: reason.count,
                    bits: reason.bits,
                })
                .collect(),
            matches: pair
                .matches
                .iter()
                .map(|found| {
                    let [one, other] = &found.places;
                    MatchEntry {
                        places: [place(one), place(other)],
                        marks: found.marks.iter().map(ToString::to_string).collect(),
                    }
                })
                .collect(),
        }
    }
}
