//! The grade of one hand-in: each thing that the rubric asks for, and why points are lost.

use std::io;
use std::time::SystemTime;

use super::Remark;
use super::hand_in::{Contents, File, HandIn, Limits};
use super::inspection::{Inspection, open};
use super::item::{Item, ItemKind, of_answers, of_evidence, of_part};
use super::late::{Late, Moment, Times};
use super::mark::Marks;
use super::odd_name::odd;
use super::points::Points;
use super::rubric::Rubric;
use crate::ask::Analysis;
use crate::trace::{Notice, Trace};
use crate::verify::{MAX_SHEET_OCTETS, Sheet};

/// Captures of a hand-in that are read: the lab has three.
const MAX_CAPTURES: usize = 16;
/// Flows of each transport that are told apart in one capture: a lab has dozens, and hand-ins are read on all
/// processors at one time.
const MAX_FLOWS: usize = 20_000;
/// Files of answers that are read to find the one that counts.
const MAX_SHEETS: usize = 8;
/// Packets of the chat that are kept to find a typed number among.
const ARROWS: usize = 200;

/// What a hand-in gets, and why.
#[derive(Clone, Debug)]
pub struct Grade {
    /// The hand-in's name, raw.
    pub name: String,
    /// One item for each thing that the rubric asks for, in its order.
    pub items: Vec<Item>,
    /// If it came late.
    pub late: Option<Late>,
    /// Captures that were read.
    pub captures: Vec<String>,
    /// The file whose answers count.
    pub answers: Option<String>,
    /// What could not be read or is odd about it.
    pub remarks: Vec<Remark>,
    /// Where its captures do not look like the lab: for the teacher to ask about, and not for the student.
    pub provenance: Vec<Remark>,
}

impl Grade {
    /// Grades a hand-in; gives the marks of its captures too.
    pub(super) fn of(
        hand_in: &HandIn,
        rubric: &Rubric,
        times: &Times,
        limits: &Limits,
    ) -> (Self, Vec<(String, Marks)>) {
        let contents = hand_in.open(limits);
        let mut remarks = contents.remarks.clone();
        if contents.files.is_empty() && remarks.is_empty() {
            remarks.push(Remark::new("empty", "there is no file in it"));
        }
        let of_hand_in = odd(&hand_in.name).map(|text| Remark::new("odd-name", text));
        remarks.extend(of_hand_in);
        let of_files = contents
            .files
            .iter()
            .filter_map(|file| Some(Remark::new("odd-name", odd(file.name())?).on(file.name())));
        remarks.extend(of_files);
        let (inspections, files) = captures(&contents, rubric, &mut remarks);
        let setting = rubric.setting.as_ref();
        let provenance = setting.map(|setting| setting.remarks(&inspections));
        let (traces, marks): (Vec<Trace>, Vec<Marks>) = inspections
            .into_iter()
            .map(|inspection| (inspection.trace, inspection.marks))
            .unzip();
        let (sheet, answers) = sheet(&contents, rubric, &mut remarks);
        let analysis = Analysis::new(traces, &rubric.given);
        let mut items: Vec<Item> = Vec::new();
        items.extend(rubric.parts.iter().map(|part| of_part(part, &contents)));
        items.extend(of_answers(
            rubric,
            &analysis,
            sheet.as_ref(),
            answers.is_some(),
        ));
        items.extend(
            rubric
                .evidence
                .iter()
                .map(|evidence| of_evidence(evidence, &analysis, &files)),
        );
        let earned = items.iter().map(|item| item.earned).sum();
        let came = times
            .of(&hand_in.name)
            .or_else(|| newest(hand_in, &contents).map(Moment::from));
        let late = rubric
            .late
            .zip(came)
            .and_then(|(rule, came)| rule.apply(came, earned));
        let grade = Self {
            name: hand_in.name.clone(),
            items,
            late,
            captures: analysis
                .traces
                .iter()
                .map(|trace| trace.name.clone())
                .collect(),
            answers,
            remarks,
            provenance: provenance.unwrap_or_default(),
        };
        let names = files.iter().map(|file| file.name().to_owned());
        (grade, names.zip(marks).collect())
    }

    /// What a hand-in gets that could not be graded.
    pub(super) fn nothing(hand_in: &HandIn, rubric: &Rubric, why: &str) -> Self {
        let contents = Contents::default();
        let analysis = Analysis::new(Vec::new(), &rubric.given);
        let mut items: Vec<Item> = Vec::new();
        items.extend(rubric.parts.iter().map(|part| of_part(part, &contents)));
        items.extend(of_answers(rubric, &analysis, None, false));
        items.extend(
            rubric
                .evidence
                .iter()
                .map(|evidence| of_evidence(evidence, &analysis, &[])),
        );
        Self {
            name: hand_in.name.clone(),
            items,
            late: None,
            captures: Vec::new(),
            answers: None,
            remarks: vec![Remark::new("not-graded", why)],
            provenance: Vec::new(),
        }
    }

    /// What a person should look at: what is odd about the hand-in, then where its captures come from.
    pub fn all_remarks(&self) -> impl Iterator<Item = &Remark> {
        self.remarks.iter().chain(&self.provenance)
    }

    /// What it gets, after what being late costs.
    pub fn total(&self) -> Points {
        let earned: Points = self.items.iter().map(|item| item.earned).sum();
        earned.minus(self.late.map_or(Points::ZERO, |late| late.lost))
    }

    /// What it gets for things of one kind, and the most that it could.
    pub fn subtotal(&self, kind: ItemKind) -> (Points, Points) {
        let items = || self.items.iter().filter(|item| item.kind == kind);
        let earned = items().map(|item| item.earned).sum();
        (earned, items().map(|item| item.points).sum())
    }
}

/// Reads the captures in one pass each. What cannot be read is a remark.
fn captures<'a>(
    contents: &'a Contents,
    rubric: &'a Rubric,
    remarks: &mut Vec<Remark>,
) -> (Vec<Inspection>, Vec<&'a File>) {
    let mut watch = rubric.given.watch(ARROWS);
    watch.max_flows = MAX_FLOWS;
    let (mut inspections, mut files) = (Vec::new(), Vec::new());
    for (index, file) in contents.matching(&rubric.captures).enumerate() {
        let name = file.name();
        if index >= MAX_CAPTURES {
            let text = format!("not read: {MAX_CAPTURES} captures are read of a hand-in");
            remarks.push(Remark::new("too-many-captures", text).on(name));
            break;
        }
        match open(file) {
            Ok(capture) => {
                let inspection = Inspection::read(name, capture, &watch);
                for notice in &inspection.trace.notices {
                    let text = match notice {
                        // Who grades has no option for it.
                        Notice::Beyond { layer, limit, rest } => format!(
                            "{} packets of {} flows beyond the first {limit} were not looked at",
                            rest.packets,
                            layer.title()
                        ),
                        notice => notice.to_string(),
                    };
                    remarks.push(Remark::new("capture", text).on(name));
                }
                inspections.push(inspection);
                files.push(file);
            }
            Err(reason) => remarks.push(Remark::new("unreadable", reason).on(name)),
        }
    }
    (inspections, files)
}

/// The file with the most numbers for answers, and its name.
fn sheet(
    contents: &Contents,
    rubric: &Rubric,
    remarks: &mut Vec<Remark>,
) -> (Option<Sheet>, Option<String>) {
    let mut found: Vec<(Sheet, &str)> = Vec::new();
    for file in contents.matching(&rubric.answers).take(MAX_SHEETS) {
        let read = file
            .read(MAX_SHEET_OCTETS)
            .map_err(|error| error.to_string());
        let sheet = read.and_then(|octets| {
            Sheet::read(file.name(), &octets).map_err(|error| {
                let cause = std::error::Error::source(&error);
                cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
            })
        });
        match sheet {
            Ok(sheet) => found.push((sheet, file.name())),
            Err(reason) => remarks.push(Remark::new("answers", reason).on(file.name())),
        }
    }
    let numbers = |sheet: &Sheet| {
        rubric
            .questions
            .iter()
            .filter(|worth| sheet.number(worth.question).is_some())
            .count()
    };
    // Of equals the first.
    let best = found.iter().map(|(sheet, _)| numbers(sheet)).max();
    let best = found
        .iter()
        .position(|(sheet, _)| Some(numbers(sheet)) == best);
    let Some(best) = best else {
        return (None, None);
    };
    let (sheet, name) = found.swap_remove(best);
    for remark in &sheet.remarks {
        remarks.push(Remark::new("answers", remark.clone()).on(name));
    }
    if found.iter().any(|(other, _)| numbers(other) > 0) {
        let others: Vec<&str> = found.iter().map(|(_, name)| *name).collect();
        let text = format!(
            "the answers of this file count, and not those of {}",
            others.join(", ")
        );
        remarks.push(Remark::new("several-answers", text).on(name));
    }
    (Some(sheet), Some(name.to_owned()))
}

/// When the newest file of a hand-in was changed; of a zip, the zip.
fn newest(hand_in: &HandIn, contents: &Contents) -> Option<SystemTime> {
    let changed = |read: io::Result<std::fs::Metadata>| read.and_then(|data| data.modified()).ok();
    if hand_in.is_zip() {
        return changed(std::fs::metadata(hand_in.path()));
    }
    let files = contents.files.iter();
    files
        .filter_map(|file| changed(std::fs::metadata(hand_in.path().join(file.name()))))
        .max()
}
