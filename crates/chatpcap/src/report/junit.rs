//! A checked sheet of answers as XML in `JUnit`'s form, which test runners and CI systems show.

use askama::Template;

use super::check::Check;
use super::layout::safe;
use crate::verify::Outcome;

/// The checked sheet as XML in `JUnit`'s form: one test case an answer.
///
/// # Errors
/// None that a string as a sink can raise; what the template would say is passed on.
pub fn check_junit(check: &Check<'_>) -> Result<String, askama::Error> {
    let cases = check.verification.verdicts.iter().map(|verdict| Case {
        key: verdict.question.key(),
        kind: match &verdict.outcome {
            Outcome::Wrong(diagnosis) => diagnosis.slip.id(),
            other => other.id(),
        },
        is_shown: !matches!(verdict.outcome, Outcome::NotShown { .. }),
        problem: check.words(verdict).map(|words| Problem {
            message: safe(&words.diagnosis),
            text: safe(&format!("{}; {}", words.right, words.look)),
        }),
    });
    let cases: Vec<Case> = cases.collect();
    let errors = cases.iter().filter(|case| !case.is_shown).count();
    let problems = cases.iter().filter(|case| case.problem.is_some()).count();
    let page = Junit {
        suite: safe(&check.names().join(" ")),
        failures: problems.saturating_sub(errors),
        errors,
        cases,
    };
    let mut text = page.render()?;
    text.push('\n');
    Ok(text)
}

#[derive(Template)]
#[template(path = "junit.xml")]
struct Junit {
    suite: String,
    failures: usize,
    errors: usize,
    cases: Vec<Case>,
}

struct Case {
    key: &'static str,
    kind: &'static str,
    is_shown: bool,
    problem: Option<Problem>,
}

struct Problem {
    message: String,
    text: String,
}
