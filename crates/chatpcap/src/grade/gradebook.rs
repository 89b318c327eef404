//! A class of hand-ins: each one's grade, and what they share.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use super::Grade;
use super::hand_in::{HandIn, Limits, Listing};
use super::late::Times;
use super::mark::Marks;
use super::points::Points;
use super::rubric::Rubric;
use super::shared::{Class, Shared};

/// The grades of a class.
#[derive(Clone, Debug)]
pub struct Gradebook {
    /// The rubric's title.
    pub title: String,
    /// The most that a hand-in can get.
    pub points: Points,
    /// One grade a hand-in, in the order of their names.
    pub grades: Vec<Grade>,
    /// What in the folder is no hand-in, raw.
    pub others: Vec<String>,
    /// Hand-ins whose captures hold one run; their numbers are places in `grades`.
    pub shared: Shared,
}

/// What grading goes by beside the rubric.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// When hand-ins came.
    pub times: Times,
    /// How much of each is read.
    pub limits: Limits,
    /// Marks of captures that the course handed out.
    pub handed_out: Vec<Marks>,
}

impl Gradebook {
    /// Grades all hand-ins of a folder on all processors. `progress` is told of each that is done.
    pub fn of(
        listing: Listing,
        rubric: &Rubric,
        terms: &Terms,
        progress: &(dyn Fn() + Sync),
    ) -> Self {
        let grade = |hand_in: &HandIn| {
            let graded = graded(hand_in, rubric, terms);
            progress();
            graded
        };
        let graded: Vec<_> = listing.hand_ins.par_iter().map(grade).collect();
        let mut class = Class::new();
        for marks in &terms.handed_out {
            class.hand_out(marks);
        }
        let mut grades = Vec::with_capacity(graded.len());
        for (grade, marks) in graded {
            class.add(marks.iter().map(|(name, marks)| (name.as_str(), marks)));
            grades.push(grade);
        }
        Self {
            title: rubric.title.clone(),
            points: rubric.points(),
            grades,
            others: listing.others,
            shared: class.find(),
        }
    }
}

/// One hand-in's grade. A mistake of ours in reading it must not cost the class its grades.
fn graded(hand_in: &HandIn, rubric: &Rubric, terms: &Terms) -> (Grade, Vec<(String, Marks)>) {
    let grade = || Grade::of(hand_in, rubric, &terms.times, &terms.limits);
    catch_unwind(AssertUnwindSafe(grade)).unwrap_or_else(|_| {
        let why = "grading it met a mistake of chatpcap; please report it";
        (Grade::nothing(hand_in, rubric, why), Vec::new())
    })
}
