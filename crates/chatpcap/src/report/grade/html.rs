//! Grades as HTML: self-contained pages without scripts.

use askama::Template;

use super::view::{self, PairView, Section, Statistic};
use crate::grade::{Grade, Gradebook, ItemKind};
use crate::report::layout::safe;

/// One hand-in's page.
///
/// # Errors
/// None that a string as a sink can raise; what the template would say is passed on.
pub fn page_html(book: &Gradebook, grade: &Grade) -> Result<String, askama::Error> {
    let page = Page {
        title: safe(&book.title),
        name: safe(&grade.name),
        total: grade.total().to_string(),
        points: book.points.to_string(),
        late: view::late(grade),
        sections: view::sections(grade),
        read: view::read(grade),
        remarks: grade.all_remarks().map(view::remark).collect(),
    };
    page.render()
}

/// The class: `pages` are the names of the hand-ins' pages without their ending.
///
/// # Errors
/// None that a string as a sink can raise; what the template would say is passed on.
pub fn class_html(book: &Gradebook, pages: &[String]) -> Result<String, askama::Error> {
    let rows = book.grades.iter().enumerate().map(|(number, grade)| {
        let subtotals = ItemKind::ALL.map(|kind| {
            let (earned, points) = grade.subtotal(kind);
            format!("{earned}/{points}")
        });
        ClassRow {
            name: safe(&grade.name),
            page: pages.get(number).cloned().unwrap_or_default(),
            total: grade.total().to_string(),
            subtotals,
            late: grade
                .late
                .map_or_else(String::new, |late| format!("-{}", late.lost)),
            remarks: grade.all_remarks().map(view::remark).collect(),
            shares_with: view::shares_with(book, number).join(", "),
        }
    });
    let page = ClassPage {
        title: safe(&book.title),
        points: book.points.to_string(),
        summary: view::summary(book).unwrap_or_default(),
        rows: rows.collect(),
        statistics: view::statistics(book),
        pairs: view::pairs(book)
            .into_iter()
            .map(|pair| PairRow::new(pair, pages))
            .collect(),
        groups: view::groups(book),
        others: book
            .others
            .iter()
            .map(|name| safe(name))
            .collect::<Vec<_>>()
            .join(", "),
    };
    page.render()
}

#[derive(Template)]
#[template(path = "grade.html")]
struct Page {
    title: String,
    name: String,
    total: String,
    points: String,
    late: Option<String>,
    sections: Vec<Section>,
    read: String,
    remarks: Vec<String>,
}

#[derive(Template)]
#[template(path = "class.html")]
struct ClassPage {
    title: String,
    points: String,
    summary: String,
    rows: Vec<ClassRow>,
    statistics: Vec<Statistic>,
    pairs: Vec<PairRow>,
    groups: Vec<String>,
    others: String,
}

struct ClassRow {
    name: String,
    page: String,
    total: String,
    subtotals: [String; 3],
    late: String,
    remarks: Vec<String>,
    shares_with: String,
}

/// Two hand-ins whose captures hold one run.
struct PairRow {
    /// The name of each and that of its page.
    ends: [(String, String); 2],
    text: String,
    matches: Vec<String>,
}

impl PairRow {
    fn new(pair: PairView, pages: &[String]) -> Self {
        let page = |number: usize| pages.get(number).cloned().unwrap_or_default();
        let [one, other] = pair.names;
        let [one_page, other_page] = pair.hand_ins.map(page);
        Self {
            ends: [(one, one_page), (other, other_page)],
            text: pair.text,
            matches: pair.matches,
        }
    }
}
