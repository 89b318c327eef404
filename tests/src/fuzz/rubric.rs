//! Rubrics: any text is one, or an error says why not; then a hand-in is graded by it.

use std::sync::LazyLock;

use chatpcap::grade::hand_in::{HandIn, Listing};
use chatpcap::grade::{Gradebook, LAB, Rubric, Terms};
use chatpcap::report::{
    Layout, class_csv, class_html, class_json, class_text, gradescope, page_html, page_names,
    page_text,
};
use jsonschema::Validator;

use super::assert::{assert_csv, assert_json, assert_safe};
use super::markup::assert_page;
use super::scene::MARK;
use crate::program::project;
use crate::schema::schema;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| schema("grade-1"));

/// Reads a rubric, and grades the lab's captures by it.
pub fn check(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets).replace("MARK", MARK);
    let rubric = match Rubric::new(&text) {
        Ok(rubric) => rubric,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let hand_in = HandIn::at(&project().join("captures/python-lab")).unwrap();
    let listing = Listing {
        hand_ins: vec![hand_in],
        others: vec![format!("{MARK}\u{1b}")],
    };
    let book = Gradebook::of(listing, &rubric, &Terms::default(), &|| ());
    assert_eq!(book.points, rubric.points());
    print(&book);
}

/// Prints a gradebook in every form.
pub(super) fn print(book: &Gradebook) {
    let layout = Layout::new(Some(80));
    assert_safe(&class_text(book, &layout));
    assert_json(&class_json(book).unwrap(), &SCHEMA);
    assert_csv(&class_csv(book).unwrap());
    let page = class_html(book, &page_names(book)).unwrap();
    assert_safe(&page);
    assert_page(&page);
    for grade in &book.grades {
        assert_safe(&page_text(book, grade, &layout));
        let page = page_html(book, grade).unwrap();
        assert_safe(&page);
        assert_page(&page);
        let results = gradescope(grade).unwrap();
        serde_json::from_str::<serde_json::Value>(&results).unwrap();
    }
}

/// The lab's rubric, whole and in parts, and one with everything in it.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = LAB
        .split("\n\n")
        .map(|part| part.as_bytes().to_vec())
        .collect();
    seeds.push(LAB.as_bytes().to_vec());
    seeds
}
