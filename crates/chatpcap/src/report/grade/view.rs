//! What is said of grades, in words that every form of a page shares. All of it is safe for a terminal.

use crate::grade::{Grade, Gradebook, Item, ItemKind, Points, Remark};
use crate::report::layout::safe;

/// Matching frames that are shown of a pair.
const MAX_MATCHES: usize = 8;
/// Pairs that are shown: a person looks at each. JSON has all.
const MAX_PAIRS: usize = 100;

/// One group of things that points are given for.
pub(super) struct Section {
    pub(super) heading: &'static str,
    pub(super) earned: Points,
    pub(super) points: Points,
    pub(super) rows: Vec<Row>,
}

/// One thing that points are given for.
pub(super) struct Row {
    /// Its name, and what was typed.
    pub(super) name: String,
    pub(super) earned: Points,
    pub(super) points: Points,
    /// Why points are lost; empty where none are.
    pub(super) reason: String,
    /// What is right; may be empty.
    pub(super) right: String,
    /// A capture, and a display filter for it; may be empty.
    pub(super) file: String,
    pub(super) filter: String,
}

impl Row {
    fn new(item: &Item) -> Self {
        let typed = item.typed.as_ref();
        let typed = typed.map_or_else(String::new, |typed| format!(" = {typed}"));
        let look = item.look.as_ref();
        Self {
            name: safe(&format!("{}{typed}", item.name)),
            earned: item.earned,
            points: item.points,
            reason: safe(item.reason.as_deref().unwrap_or_default()),
            right: safe(item.right.as_deref().unwrap_or_default()),
            file: look.map_or_else(String::new, |look| safe(&look.file)),
            filter: look.map_or_else(String::new, |look| look.filter.clone()),
        }
    }

    /// Why points are lost, what is right, and where to look: those that there are.
    pub(super) fn lines(&self) -> Vec<String> {
        let right = format!("right is {}", self.right);
        let look = format!("in Wireshark, {}: {}", self.file, self.filter);
        let lines = [
            (&self.reason, self.reason.clone()),
            (&self.right, right),
            (&self.filter, look),
        ];
        let there = lines.into_iter().filter(|(text, _)| !text.is_empty());
        there.map(|(_, line)| line).collect()
    }

    /// Whether nothing is lost.
    pub(super) fn is_full(&self) -> bool {
        self.earned == self.points
    }
}

/// The groups of a hand-in that have something in them.
pub(super) fn sections(grade: &Grade) -> Vec<Section> {
    let kinds = ItemKind::ALL.into_iter();
    let sections = kinds.map(|kind| {
        let items = grade.items.iter().filter(|item| item.kind == kind);
        let (earned, points) = grade.subtotal(kind);
        Section {
            heading: kind.heading(),
            earned,
            points,
            rows: items.map(Row::new).collect(),
        }
    });
    sections
        .filter(|section| !section.rows.is_empty())
        .collect()
}

/// `2 days late: 20 % less, which is 3.5 points`.
pub(super) fn late(grade: &Grade) -> Option<String> {
    let late = grade.late?;
    let days = if late.days == 1 { "day" } else { "days" };
    Some(format!(
        "{} {days} late: {} less, which is {} points",
        late.days, late.share, late.lost
    ))
}

/// `captures client1.pcap, client2.pcap; answers lab3.ipynb`.
pub(super) fn read(grade: &Grade) -> String {
    let captures = if grade.captures.is_empty() {
        "no capture".to_owned()
    } else {
        grade.captures.join(", ")
    };
    let answers = grade.answers.as_deref().unwrap_or("no answers");
    safe(&format!("{captures}; {answers}"))
}

/// `client1.pcap, frames 3, 4: ...`.
pub(super) fn remark(remark: &Remark) -> String {
    let frames: Vec<String> = remark.frames.iter().map(u64::to_string).collect();
    let frames = match frames.as_slice() {
        [] => String::new(),
        [one] => format!(", frame {one}"),
        several => format!(", frames {}", several.join(", ")),
    };
    let place = match &remark.file {
        Some(file) => format!("{file}{frames}: "),
        None => String::new(),
    };
    safe(&format!("{place}{}", remark.text))
}

/// Two hand-ins whose captures hold one run.
pub(super) struct PairView {
    pub(super) hand_ins: [usize; 2],
    pub(super) names: [String; 2],
    /// What they share.
    pub(super) text: String,
    /// Frames to look at, one a line.
    pub(super) matches: Vec<String>,
}

/// The first pairs of a class, which are those that share most.
pub(super) fn pairs(book: &Gradebook) -> Vec<PairView> {
    let views = book.shared.pairs.iter().take(MAX_PAIRS).map(|pair| {
        let names = pair.hand_ins.map(|number| name(book, number));
        let [one, other] = &names;
        let reasons: Vec<String> = pair
            .reasons
            .iter()
            .map(|reason| format!("{} {}", reason.count, reason.kind))
            .collect();
        let text = format!(
            "{} frames of {one} are also in {other}; they share {}; by chance once in 2^{}",
            pair.frames,
            reasons.join(", "),
            pair.bits
        );
        let matches = pair.matches.iter().take(MAX_MATCHES).map(|found| {
            let [a, b] = &found.places;
            let marks: Vec<String> = found.marks.iter().map(ToString::to_string).collect();
            safe(&format!(
                "{one} {} frame {} = {other} {} frame {}: {}",
                a.file,
                a.frame,
                b.file,
                b.frame,
                marks.join(", ")
            ))
        });
        PairView {
            hand_ins: pair.hand_ins,
            text,
            matches: matches.collect(),
            names,
        }
    });
    views.collect()
}

/// Groups of more than two hand-ins that pairs link, and what a good part of the class shares.
pub(super) fn groups(book: &Gradebook) -> Vec<String> {
    let names = |numbers: &[usize]| {
        let names: Vec<String> = numbers.iter().map(|number| name(book, *number)).collect();
        names.join(", ")
    };
    let clusters = book.shared.clusters.iter();
    let clusters = clusters.map(|cluster| format!("linked by these pairs: {}", names(cluster)));
    let widespread = book.shared.widespread.iter().map(|shared| {
        let [place, _] = &shared.places;
        let (count, file, frame) = (shared.hand_ins.len(), safe(&place.file), place.frame);
        format!(
            "{count} hand-ins have the same {} numbers, as from a capture that was handed out ({file} frame {frame} of the first): {}",
            shared.marks,
            names(&shared.hand_ins)
        )
    });
    let more = book.shared.pairs.len().saturating_sub(MAX_PAIRS);
    let more =
        (more > 0).then(|| format!("{more} more pairs, which share less, are in the JSON form"));
    more.into_iter().chain(clusters).chain(widespread).collect()
}

/// The name of a hand-in, by its number.
pub(super) fn name(book: &Gradebook, number: usize) -> String {
    book.grades
        .get(number)
        .map_or_else(String::new, |grade| safe(&grade.name))
}

/// Names of hand-ins that share a run with this one.
pub(super) fn shares_with(book: &Gradebook, number: usize) -> Vec<String> {
    let pairs = book.shared.pairs.iter();
    let others = pairs.filter_map(|pair| match pair.hand_ins {
        [one, other] if one == number => Some(name(book, other)),
        [one, other] if other == number => Some(name(book, one)),
        _ => None,
    });
    let mut others: Vec<String> = others.collect();
    others.sort();
    others
}

/// How the class did at one thing.
pub(super) struct Statistic {
    pub(super) name: String,
    pub(super) points: Points,
    /// Hand-ins that got all of its points.
    pub(super) full: usize,
    /// What went wrong most often, and how often.
    pub(super) most_often: String,
}

/// How the class did at each thing.
pub(super) fn statistics(book: &Gradebook) -> Vec<Statistic> {
    let Some(first) = book.grades.first() else {
        return Vec::new();
    };
    let items = first.items.iter().enumerate().map(|(index, item)| {
        let all = || {
            book.grades
                .iter()
                .filter_map(|grade| grade.items.get(index))
        };
        let full = all().filter(|item| item.earned == item.points).count();
        let mut outcomes: std::collections::BTreeMap<&str, usize> =
            std::collections::BTreeMap::new();
        for item in all().filter(|item| item.earned < item.points) {
            *outcomes.entry(item.outcome).or_default() += 1;
        }
        // Of equals the first by name.
        let most = outcomes.into_iter().rev().max_by_key(|(_, count)| *count);
        Statistic {
            name: safe(&item.name),
            points: item.points,
            full,
            most_often: most.map_or_else(String::new, |(outcome, count)| {
                format!("{outcome} ({count})")
            }),
        }
    });
    items.collect()
}

/// `mean 17.25, median 18, least 0, most 22`.
pub(super) fn summary(book: &Gradebook) -> Option<String> {
    let mut totals: Vec<u32> = book
        .grades
        .iter()
        .map(|grade| grade.total().hundredths())
        .collect();
    totals.sort_unstable();
    let (least, most) = (*totals.first()?, *totals.last()?);
    let median = *totals.get(totals.len() / 2)?;
    let sum: u64 = totals.iter().map(|total| u64::from(*total)).sum();
    let mean = sum / u64::try_from(totals.len()).ok()?;
    let decimal = |hundredths: u64| format!("{}.{:02}", hundredths / 100, hundredths % 100);
    Some(format!(
        "mean {}, median {}, least {}, most {}",
        decimal(mean),
        decimal(median.into()),
        decimal(least.into()),
        decimal(most.into())
    ))
}
