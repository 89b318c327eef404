//! One thing that a hand-in gets points for.

use super::hand_in::{Contents, File};
use super::inspection::selected;
use super::points::Points;
use super::rubric::{Evidence, Part, Rubric, Worth};
use crate::ask::{Analysis, Answer};
use crate::verify::{Outcome, Sheet, Verdict, Verification};

/// One thing that points are given for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What kind of thing.
    pub kind: ItemKind,
    /// What the rubric calls it.
    pub name: String,
    /// What it is worth.
    pub points: Points,
    /// What it got.
    pub earned: Points,
    /// `right`, `missing`, `not shown`, or the id of the diagnosis.
    pub outcome: &'static str,
    /// What was typed.
    pub typed: Option<String>,
    /// Why points are lost; nothing where none are.
    pub reason: Option<String>,
    /// What is right and where it stands.
    pub right: Option<String>,
    /// The capture and a display filter that show it in Wireshark.
    pub look: Option<Look>,
}

/// Where to look in Wireshark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The capture.
    pub file: String,
    /// A display filter.
    pub filter: String,
}

/// What points are given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemKind {
    /// A file that must be there.
    Part,
    /// An answer.
    Answer,
    /// Something that the captures must show.
    Evidence,
}

impl ItemKind {
    /// All kinds, in the order of a page.
    pub const ALL: [Self; 3] = [Self::Part, Self::Answer, Self::Evidence];

    /// A heading for things of this kind.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Part => "Files",
            Self::Answer => "Answers",
            Self::Evidence => "What the captures show",
        }
    }

    /// Its name in JSON.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Part => "part",
            Self::Answer => "answer",
            Self::Evidence => "evidence",
        }
    }
}

impl Item {
    fn new(kind: ItemKind, name: &str, points: Points) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            points,
            earned: points,
            outcome: "right",
            typed: None,
            reason: None,
            right: None,
            look: None,
        }
    }

    fn lost(self, outcome: &'static str, reason: String) -> Self {
        Self {
            earned: Points::ZERO,
            outcome,
            reason: Some(reason),
            ..self
        }
    }
}

/// Whether a file is there.
pub(super) fn of_part(part: &Part, contents: &Contents) -> Item {
    let item = Item::new(ItemKind::Part, &part.name, part.points);
    if contents.matching(&part.files).next().is_some() {
        return item;
    }
    item.lost("missing", "no file of such a name was handed in".to_owned())
}

/// The answers, against the captures.
pub(super) fn of_answers(
    rubric: &Rubric,
    analysis: &Analysis,
    sheet: Option<&Sheet>,
    has_sheet: bool,
) -> Vec<Item> {
    let mut asked = sheet.cloned().unwrap_or_default();
    asked.is_whole = true;
    let verification = Verification::new(analysis, &asked);
    let verdicts = &verification.verdicts;
    let questions = rubric.questions.iter().filter_map(|worth| {
        let verdict = verdicts
            .iter()
            .find(|verdict| verdict.question == worth.question)?;
        let mut item = of_answer(worth, verdict, analysis);
        if !has_sheet {
            item.reason =
                Some("no file with answers was handed in, or none that can be read".to_owned());
        }
        Some(item)
    });
    questions.collect()
}

fn of_answer(worth: &Worth, verdict: &Verdict, analysis: &Analysis) -> Item {
    let mut item = Item::new(ItemKind::Answer, worth.question.key(), worth.points);
    item.typed = verdict.typed.as_ref().map(|typed| typed.text.clone());
    let mut answers = analysis.answers.iter();
    let answer = answers.find(|answer: &&Answer| answer.question == worth.question);
    let right = answer.and_then(|answer| answer.result.as_ref().ok());
    let share = |item: Item, outcome, reason: String, percent| {
        let credit = worth.points.share(percent);
        let reason = if credit > Points::ZERO {
            format!("{reason}; {percent} of the points for that")
        } else {
            reason
        };
        Item {
            earned: credit,
            ..item.lost(outcome, reason)
        }
    };
    match &verdict.outcome {
        Outcome::Right => return item,
        Outcome::Wrong(diagnosis) => {
            let typed = verdict.number();
            let distance = typed
                .zip(right)
                .map(|(typed, right)| typed.abs_diff(right.value.into()));
            if distance.is_some_and(|distance| distance <= worth.tolerance.into()) {
                item.outcome = "within tolerance";
                return item;
            }
            let reason = format!("{}: {}", diagnosis.slip.title(), diagnosis.text);
            item = share(
                item,
                diagnosis.slip.id(),
                reason,
                worth.partial(diagnosis.slip),
            );
        }
        Outcome::Missing => item = item.lost("missing", "nothing was typed".to_owned()),
        Outcome::NotShown { reason, agrees } => {
            if *agrees {
                let reason = format!("right by the header's layout, but {reason}");
                item = share(item, "right_but_not_shown", reason, worth.not_shown());
            } else {
                item = item.lost("not shown", reason.clone());
            }
        }
    }
    if let Some(right) = right {
        item.right = Some(format!("{}: {}", right.value, right.why));
        item.look = analysis.traces.get(right.trace).map(|trace| Look {
            file: trace.name.clone(),
            filter: right.filter(),
        });
    }
    item
}

/// Whether the captures show something.
pub(super) fn of_evidence(evidence: &Evidence, analysis: &Analysis, files: &[&File]) -> Item {
    let item = Item::new(ItemKind::Evidence, &evidence.name, evidence.points);
    let counted = evidence
        .assertion
        .check(&analysis.roles, &analysis.traces, &|index, filter| {
            files.get(index).map_or(0, |file| selected(file, filter))
        });
    if counted.holds {
        return item;
    }
    let place = counted
        .file
        .map_or_else(String::new, |file| format!(" in {file}"));
    let reason = if analysis.traces.is_empty() {
        "no capture could be read".to_owned()
    } else {
        format!(
            "`{}` does not hold: {} counted{place}",
            evidence.assertion, counted.count
        )
    };
    item.lost("not shown", reason)
}
