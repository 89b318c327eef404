//! One hand-in's page as text.

use std::fmt::Write as _;

use super::view;
use crate::grade::{Grade, Gradebook};
use crate::report::layout::{Layout, allowed, painted, safe, wrapped};

/// Columns before the name of a row: ` 12.25 of 12.25  `.
const INDENT: usize = 16;

/// The page: points, and the reason for each lost point.
pub fn page_text(book: &Gradebook, grade: &Grade, layout: &Layout) -> String {
    let width = layout.width();
    let title = format!(
        "{}: {} of {} points",
        safe(&grade.name),
        grade.total(),
        book.points
    );
    let mut out = format!(
        "{}\n{}\n",
        painted(layout.paint.heading, title),
        safe(&book.title)
    );
    // Writing to a string cannot fail.
    if let Some(late) = view::late(grade) {
        let _ = writeln!(out, "{}", painted(layout.paint.warning, late));
    }
    for section in view::sections(grade) {
        let heading = format!(
            "{}: {} of {}",
            section.heading, section.earned, section.points
        );
        let _ = writeln!(out, "\n{}", painted(layout.paint.heading, heading));
        for row in &section.rows {
            let points = format!("{:>5} of {:<5}", row.earned, row.points);
            let style = if row.is_full() {
                layout.paint.dim
            } else {
                layout.paint.warning
            };
            let name = wrapped(&row.name, INDENT, width);
            let _ = writeln!(out, "  {}  {}", painted(style, points), name.trim());
            for line in row.lines() {
                out.push_str(&wrapped(&line, INDENT, width));
            }
        }
    }
    out.push('\n');
    let read = format!("read: {}", view::read(grade));
    let notes = grade.all_remarks();
    let notes = notes.map(|remark| format!("note: {}", view::remark(remark)));
    for text in std::iter::once(read).chain(notes) {
        out.push_str(&wrapped(&text, 0, width));
    }
    allowed(out, layout)
}
