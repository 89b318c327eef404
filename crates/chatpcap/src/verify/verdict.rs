//! What was typed against what the captures show.

use super::diagnosis::{Diagnosis, is_tcp};
use super::integer::Value;
use super::sheet::{Sheet, Typed};
use super::slip::Slip;
use crate::ask::{Analysis, Answer, Question};

/// A sheet of answers, checked.
#[derive(Clone, Debug)]
pub struct Verification {
    /// One verdict a question that was asked, in the notebook's order.
    pub verdicts: Vec<Verdict>,
}

/// What one answer is worth.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What was asked.
    pub question: Question,
    /// What was typed.
    pub typed: Option<Typed>,
    /// What it comes to.
    pub outcome: Outcome,
}

/// What a typed answer comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is what the captures show.
    Right,
    /// It is not.
    Wrong(Diagnosis),
    /// Nothing was typed.
    Missing,
    /// The captures do not show the answer, for this reason.
    NotShown {
        /// Why.
        reason: String,
        /// Whether the number is right by the layout of the header, which no capture changes.
        agrees: bool,
    },
}

impl Outcome {
    /// Its name in JSON and elsewhere.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong(_) => "wrong",
            Self::Missing => "missing",
            Self::NotShown { .. } => "not shown",
        }
    }
}

impl Verdict {
    /// What was typed, if it is a number.
    pub fn number(&self) -> Option<i128> {
        match self.typed.as_ref()?.value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }

    /// What to mind where the answer is wrong, without a number.
    pub fn hint(&self) -> Option<&'static str> {
        let Outcome::Wrong(diagnosis) = &self.outcome else {
            return None;
        };
        match self.typed.as_ref()?.value {
            Value::NotInteger(why) => Some(why),
            _ => Some(diagnosis.slip.hint()),
        }
    }
}

impl Verification {
    /// Checks a sheet against captures: all questions if it [is whole](Sheet::is_whole), else those
    /// that it answers.
    pub fn new(analysis: &Analysis, sheet: &Sheet) -> Self {
        let asked = analysis.answers.iter();
        let asked = asked.filter(|answer| sheet.is_whole || sheet.typed(answer.question).is_some());
        Self {
            verdicts: asked
                .map(|answer| verdict(analysis, sheet, answer))
                .collect(),
        }
    }

    /// Whether every answer that was asked for is right.
    pub fn is_right(&self) -> bool {
        self.right() == self.verdicts.len()
    }

    /// How many answers are right.
    pub fn right(&self) -> usize {
        let verdicts = self.verdicts.iter();
        verdicts
            .filter(|verdict| verdict.outcome == Outcome::Right)
            .count()
    }
}

fn verdict(analysis: &Analysis, sheet: &Sheet, answer: &Answer) -> Verdict {
    let question = answer.question;
    let typed = sheet
        .typed(question)
        .filter(|typed| typed.value != Value::Blank);
    let outcome = match (typed, &answer.result) {
        (None, _) => Outcome::Missing,
        (Some(_), Err(reason)) => Outcome::NotShown {
            reason: reason.clone(),
            agrees: question.fixed_answer().map(i128::from) == sheet.number(question)
                && !is_tcp(question),
        },
        (Some(typed), Ok(right)) => {
            if sheet.number(question) == Some(right.value.into()) {
                Outcome::Right
            } else {
                let swapped = swapped(analysis, sheet, question);
                Outcome::Wrong(
                    swapped.unwrap_or_else(|| Diagnosis::find(analysis, question, typed, right)),
                )
            }
        }
    };
    Verdict {
        question,
        typed: typed.cloned(),
        outcome,
    }
}

/// Two answers that stand in each other's place.
fn swapped(analysis: &Analysis, sheet: &Sheet, question: Question) -> Option<Diagnosis> {
    let right = |question| {
        let mut answers = analysis.answers.iter();
        let answer = answers.find(|answer: &&Answer| answer.question == question)?;
        answer.value().map(i128::from)
    };
    let typed = sheet.number(question)?;
    let other = Question::ALL.into_iter().find(|other| {
        *other != question
            && right(*other) == Some(typed)
            && sheet.number(*other).is_some()
            && sheet.number(*other) == right(question)
    })?;
    let text = format!(
        "{typed} is the answer to `{}`, which has this one's",
        other.key()
    );
    Some(Diagnosis::new(Slip::Swapped, text))
}
