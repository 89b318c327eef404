//! What a hand-in is worth: parts, answers, evidence, and what is lost for being late.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use serde::Deserialize;

use super::assertion::Assertion;
use super::hand_in::{PatternError, Patterns};
use super::late::LateRule;
use super::points::{Percent, Points};
use super::setting::{RawSetting, Setting};
use crate::ask::{Given, KEYS, Question};
use crate::verify::Slip;

/// The lab's rubric, with a comment to each line.
pub const LAB: &str = include_str!("lab.toml");
/// The key of partial credit for a number that is right while the captures do not show it.
const NOT_SHOWN: &str = "right_but_not_shown";

/// What a hand-in is worth.
#[derive(Clone, Debug)]
pub struct Rubric {
    /// The heading of the pages.
    pub title: String,
    /// Which files are captures.
    pub captures: Patterns,
    /// Which files have answers.
    pub answers: Patterns,
    /// Who is who, where the captures do not tell.
    pub given: Given,
    /// Where captures should come from; what looks otherwise is a remark.
    pub setting: Option<Setting>,
    /// What being late costs.
    pub late: Option<LateRule>,
    /// Files that must be there.
    pub parts: Vec<Part>,
    /// Questions that must be answered.
    pub questions: Vec<Worth>,
    /// What the captures must show.
    pub evidence: Vec<Evidence>,
}

/// A file that must be there.
#[derive(Clone, Debug)]
pub struct Part {
    /// What people call it.
    pub name: String,
    /// Which files it may be.
    pub files: Patterns,
    /// What it is worth.
    pub points: Points,
}

/// What an answer is worth.
#[derive(Clone, Debug)]
pub struct Worth {
    /// The question.
    pub question: Question,
    /// What the right answer is worth.
    pub points: Points,
    /// How far the number may be from the right one.
    pub tolerance: u32,
    partial: BTreeMap<String, Percent>,
}

/// Something that the captures must show.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What people call it.
    pub name: String,
    /// What must hold.
    pub assertion: Assertion,
    /// What it is worth.
    pub points: Points,
}

/// Why a rubric cannot be used.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum RubricError {
    /// It is no TOML, or has other keys than a rubric.
    #[error("not a rubric")]
    Toml {
        /// What is wrong and where.
        source: toml::de::Error,
    },
    /// A pattern cannot be understood.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// No question has this key.
    #[error("no question has the key `{0}`; the keys are {keys}", keys = KEYS.join(", "))]
    Question(String),
    /// Two rows ask for the same answer.
    #[error("`{0}` is asked for twice")]
    Twice(&'static str),
    /// Nothing goes wrong in this way.
    #[error(
        "`{0}` is no diagnosis that partial credit can be for; `chatpcap rubric new` lists them"
    )]
    Partial(String),
    /// What must hold cannot be understood.
    #[error("evidence `{name}`: {reason}")]
    Assertion {
        /// What it is called.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nothing to get points for.
    #[error("nothing in it is worth a point")]
    NoPoints,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRubric {
    #[serde(default)]
    title: String,
    captures: Vec<String>,
    answers: Vec<String>,
    #[serde(default)]
    roles: RawRoles,
    lab: Option<RawSetting>,
    late: Option<LateRule>,
    #[serde(default)]
    partial: BTreeMap<String, Percent>,
    #[serde(default)]
    part: Vec<RawPart>,
    #[serde(default)]
    answer: Vec<RawAnswer>,
    #[serde(default)]
    evidence: Vec<RawEvidence>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRoles {
    server: Option<RawServer>,
    client1: Option<IpAddr>,
    client2: Option<IpAddr>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawServer {
    Endpoint(SocketAddr),
    Address(IpAddr),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPart {
    name: String,
    files: Vec<String>,
    points: Points,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAnswer {
    key: String,
    points: Points,
    #[serde(default)]
    tolerance: u32,
    #[serde(default)]
    partial: BTreeMap<String, Percent>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEvidence {
    name: String,
    assert: String,
    points: Points,
}

impl Rubric {
    /// Reads a rubric from TOML.
    ///
    /// # Errors
    /// Where it cannot be understood, or gives no points.
    pub fn new(text: &str) -> Result<Self, RubricError> {
        let raw: RawRubric = toml::from_str(text).map_err(|source| RubricError::Toml { source })?;
        let (server, port) = match raw.roles.server {
            Some(RawServer::Endpoint(endpoint)) => (Some(endpoint.ip()), Some(endpoint.port())),
            Some(RawServer::Address(address)) => (Some(address), None),
            None => (None, None),
        };
        check(&raw.partial)?;
        let parts = raw.part.into_iter().map(Part::new);
        let evidence = raw.evidence.into_iter().map(Evidence::new);
        let rubric = Self {
            title: raw.title,
            captures: Patterns::new(&raw.captures)?,
            answers: Patterns::new(&raw.answers)?,
            given: Given {
                server,
                port,
                client1: raw.roles.client1,
                client2: raw.roles.client2,
            },
            setting: raw.lab.map(Setting::new).transpose()?,
            late: raw.late,
            parts: parts.collect::<Result<_, _>>()?,
            questions: questions(raw.answer, &raw.partial)?,
            evidence: evidence.collect::<Result<_, _>>()?,
        };
        if rubric.points() == Points::ZERO {
            return Err(RubricError::NoPoints);
        }
        Ok(rubric)
    }

    /// The most that a hand-in can get.
    pub fn points(&self) -> Points {
        let parts = self.parts.iter().map(|part| part.points);
        let answers = self.questions.iter().map(|worth| worth.points);
        let evidence = self.evidence.iter().map(|evidence| evidence.points);
        parts.chain(answers).chain(evidence).sum()
    }
}

impl Part {
    fn new(raw: RawPart) -> Result<Self, RubricError> {
        Ok(Self {
            name: raw.name,
            files: Patterns::new(&raw.files)?,
            points: raw.points,
        })
    }
}

impl Evidence {
    fn new(raw: RawEvidence) -> Result<Self, RubricError> {
        let assertion = Assertion::new(&raw.assert).map_err(|error| RubricError::Assertion {
            name: raw.name.clone(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            name: raw.name,
            assertion,
            points: raw.points,
        })
    }
}

impl Worth {
    /// What part of the points a wrong answer gets.
    pub(super) fn partial(&self, slip: Slip) -> Percent {
        self.partial
            .get(slip.id())
            .copied()
            .unwrap_or(Percent::NONE)
    }

    /// What part of the points a right number gets that the captures do not show.
    pub(super) fn not_shown(&self) -> Percent {
        self.partial
            .get(NOT_SHOWN)
            .copied()
            .unwrap_or(Percent::NONE)
    }
}

/// The questions, each with the partial credit of all answers unless it has its own.
fn questions(
    raw: Vec<RawAnswer>,
    partial: &BTreeMap<String, Percent>,
) -> Result<Vec<Worth>, RubricError> {
    let mut questions: Vec<Worth> = Vec::new();
    for raw in raw {
        let question = Question::of_key(&raw.key).ok_or(RubricError::Question(raw.key))?;
        if questions.iter().any(|other| other.question == question) {
            return Err(RubricError::Twice(question.key()));
        }
        check(&raw.partial)?;
        let mut all = partial.clone();
        all.extend(raw.partial);
        questions.push(Worth {
            question,
            points: raw.points,
            tolerance: raw.tolerance,
            partial: all,
        });
    }
    Ok(questions)
}

/// Whether partial credit is for what can go wrong.
fn check(partial: &BTreeMap<String, Percent>) -> Result<(), RubricError> {
    let is_known = |key: &str| key == NOT_SHOWN || Slip::ALL.iter().any(|slip| slip.id() == key);
    match partial.keys().find(|key| !is_known(key)) {
        Some(key) => Err(RubricError::Partial(key.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lab_s_rubric_can_be_used() {
        let rubric = Rubric::new(LAB).unwrap();
        assert_eq!(rubric.questions.len(), Question::ALL.len());
        assert!(!rubric.parts.is_empty() && !rubric.evidence.is_empty());
        for slip in Slip::ALL {
            assert!(LAB.contains(slip.id()), "{} is not listed", slip.id());
        }
    }

    #[test]
    fn wrong_rubrics_say_where() {
        let with = |more: &str| format!("captures = []\nanswers = []\n{more}");
        for (text, words) in [
            ("captures = [".to_owned(), "not a rubric"),
            (with("weight = 3"), "not a rubric"),
            (
                with("[[answer]]\nkey = \"SYN\"\npoints = 1"),
                "no question has the key `SYN`",
            ),
            (
                with("[[part]]\nname = \"a\"\nfiles = [\"a[\"]\npoints = 1"),
                "pattern `a[`",
            ),
            (
                with("[[part]]\nname = \"a\"\nfiles = []\npoints = -1"),
                "not a rubric",
            ),
            (
                with("[partial]\nbad_luck = 50"),
                "`bad_luck` is no diagnosis",
            ),
            (with("[partial]\noff_by_one = 500"), "not a rubric"),
            (
                with("[[evidence]]\nname = \"a\"\nassert = \"luck >= 1\"\npoints = 1"),
                "evidence `a`",
            ),
            (with(""), "nothing in it"),
        ] {
            let error = Rubric::new(&text).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
        let answer = "[[answer]]\nkey = \"protocol_number_for_UDP\"\npoints = 1\n";
        let error = Rubric::new(&with(&answer.repeat(2))).unwrap_err();
        assert!(error.to_string().contains("twice"), "{error}");
    }
}
