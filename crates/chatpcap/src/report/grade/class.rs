//! The class as text: a table of grades, how it did, and what to look at.

use std::fmt::Write as _;

use comfy_table::Table;

use super::view;
use crate::grade::{Gradebook, ItemKind};
use crate::report::layout::{Layout, allowed, painted, safe, wrapped};
use crate::report::table::{empty_table, right_aligned};

/// The class: one row a hand-in, one a thing that points are given for, and shared captures.
pub fn class_text(book: &Gradebook, layout: &Layout) -> String {
    let count = book.grades.len();
    let noun = if count == 1 { "hand-in" } else { "hand-ins" };
    let title = format!(
        "{}: {count} {noun}, {} points",
        safe(&book.title),
        book.points
    );
    let mut out = format!("{}\n", painted(layout.paint.heading, title));
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", grades(book, layout));
    if let Some(summary) = view::summary(book) {
        let _ = writeln!(out, "{summary}\n\n{}", statistics(book, layout));
    }
    let pairs = view::pairs(book);
    if !pairs.is_empty() {
        let _ = writeln!(
            out,
            "\n{}",
            painted(
                layout.paint.heading,
                "Look at these: captures that hold packets of one run"
            )
        );
    }
    for pair in &pairs {
        let _ = writeln!(
            out,
            "\n  {}",
            painted(layout.paint.mark, pair.names.join(" and "))
        );
        for text in std::iter::once(&pair.text).chain(&pair.matches) {
            out.push_str(&wrapped(text, 4, layout.width()));
        }
    }
    for group in view::groups(book) {
        out.push_str(&wrapped(&group, 2, layout.width()));
    }
    if !book.others.is_empty() {
        let names: Vec<String> = book.others.iter().map(|name| safe(name)).collect();
        let text = format!("neither folder nor zip, passed over: {}", names.join(", "));
        let _ = write!(out, "\n{}", wrapped(&text, 0, layout.width()));
    }
    allowed(out, layout)
}

fn grades(book: &Gradebook, layout: &Layout) -> Table {
    let is_late = book.grades.iter().any(|grade| grade.late.is_some());
    let mut heads = vec!["hand-in", "points", "files", "answers", "captures"];
    heads.extend(is_late.then_some("late"));
    heads.push("to look at");
    let mut table = empty_table(layout, &heads);
    for (number, grade) in book.grades.iter().enumerate() {
        let subtotal = |kind| {
            let (earned, points) = grade.subtotal(kind);
            format!("{earned}/{points}")
        };
        let mut look: Vec<String> = Vec::new();
        match grade.all_remarks().count() {
            0 => {}
            1 => look.push("1 note".to_owned()),
            notes => look.push(format!("{notes} notes")),
        }
        let others = view::shares_with(book, number);
        if !others.is_empty() {
            look.push(format!("one run with {}", others.join(", ")));
        }
        let mut row = vec![
            safe(&grade.name),
            grade.total().to_string(),
            subtotal(ItemKind::Part),
            subtotal(ItemKind::Answer),
            subtotal(ItemKind::Evidence),
        ];
        if is_late {
            row.push(
                grade
                    .late
                    .map_or_else(String::new, |late| format!("-{}", late.lost)),
            );
        }
        row.push(look.join("; "));
        table.add_row(row);
    }
    right_aligned(&mut table, 1);
    table
}

fn statistics(book: &Gradebook, layout: &Layout) -> Table {
    let mut table = empty_table(
        layout,
        ["asked for", "points", "full", "lost most often for"],
    );
    for statistic in view::statistics(book) {
        table.add_row([
            statistic.name,
            statistic.points.to_string(),
            format!("{}/{}", statistic.full, book.grades.len()),
            statistic.most_often,
        ]);
    }
    right_aligned(&mut table, 1);
    table
}
