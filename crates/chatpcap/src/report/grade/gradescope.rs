//! One hand-in's grade as Gradescope's autograders give it: `results.json`.

use serde::Serialize;

use super::json::decimal;
use super::view;
use crate::grade::Grade;
use crate::report::json::pretty;

/// The grade as Gradescope reads it: a test for each thing that points are given for.
///
/// # Errors
/// None that these types can raise; what `serde_json` would say is passed on.
///
/// # Source
/// Gradescope's autograder specifications, "Output Format".
pub fn gradescope(grade: &Grade) -> Result<String, serde_json::Error> {
    let sections = view::sections(grade);
    let rows = sections.iter().flat_map(|section| &section.rows);
    let tests = rows.map(|row| Test {
        name: &row.name,
        score: decimal(row.earned),
        max_score: decimal(row.points),
        status: if row.is_full() { "passed" } else { "failed" },
        output: row.lines().join("\n"),
        output_format: "text",
    });
    let mut output: Vec<String> = view::late(grade).into_iter().collect();
    output.push(format!("read: {}", view::read(grade)));
    output.extend(grade.remarks.iter().map(view::remark));
    let results = Results {
        score: decimal(grade.total()),
        output: output.join("\n"),
        output_format: "text",
        tests: tests.collect(),
    };
    pretty(&results)
}

#[derive(Serialize)]
struct Results<'a> {
    score: f64,
    output: String,
    output_format: &'static str,
    tests: Vec<Test<'a>>,
}

#[derive(Serialize)]
struct Test<'a> {
    name: &'a str,
    score: f64,
    max_score: f64,
    status: &'static str,
    output: String,
    output_format: &'static str,
}
