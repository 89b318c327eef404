//! The class as CSV: one row a hand-in, for a spreadsheet.

use super::view;
use crate::grade::Gradebook;
use crate::report::layout::safe;

/// The class as CSV (RFC 4180) with a header line. No cell is a formula to a spreadsheet: names are the
/// students' to choose.
///
/// # Errors
/// None that a string as a sink can raise; what the writer would say is passed on.
pub fn class_csv(book: &Gradebook) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let mut head: Vec<String> = ["hand_in", "points", "of", "late_days", "late_points"]
        .map(str::to_owned)
        .into();
    if let Some(first) = book.grades.first() {
        head.extend(first.items.iter().map(|item| harmless(&item.name)));
    }
    head.extend(["notes", "one_run_with"].map(str::to_owned));
    writer.write_record(&head)?;
    for (number, grade) in book.grades.iter().enumerate() {
        let late = grade.late.as_ref();
        let mut row = vec![
            harmless(&grade.name),
            grade.total().to_string(),
            book.points.to_string(),
            late.map_or(0, |late| late.days).to_string(),
            late.map_or_else(|| "0".to_owned(), |late| late.lost.to_string()),
        ];
        row.extend(grade.items.iter().map(|item| item.earned.to_string()));
        row.push(grade.all_remarks().count().to_string());
        row.push(harmless(&view::shares_with(book, number).join(" ")));
        writer.write_record(&row)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// Text that a spreadsheet takes for text: an apostrophe goes before what it would take for a formula.
fn harmless(text: &str) -> String {
    let text = safe(text);
    let is_formula = text
        .trim_start()
        .starts_with(['=', '+', '-', '@', '\\', '＝', '＋', '－', '＠']);
    if is_formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, cell) in [
            ("alice", "alice"),
            ("=1+1", "'=1+1"),
            (" @SUM(A1)", "' @SUM(A1)"),
            ("-2", "'-2"),
            ("\t=1", "'\\t=1"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(harmless(text), cell);
        }
    }
}
