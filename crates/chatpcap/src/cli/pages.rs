//! The pages that `chatpcap grade --pages` writes.

use std::fs;
use std::path::{Path, PathBuf};

use chatpcap::grade::Gradebook;
use chatpcap::report::{self, Layout};

use super::file::{cannot_write, shown};
use super::output::Failure;

/// The folder of the hand-ins' pages.
const HAND_INS: &str = "hand-ins";

/// Whether pages can be written to `out`: not among the hand-ins, where they would be one.
pub(super) fn check(out: &Path, hand_ins: &Path) -> Result<(), Failure> {
    fs::create_dir_all(out.join(HAND_INS)).map_err(|error| cannot_write(out, &error))?;
    let full = |path: &Path| fs::canonicalize(path).map_err(|error| cannot_write(path, &error));
    if full(out)?.starts_with(full(hand_ins)?) {
        // Only what was just made is taken away again; what holds something stays.
        drop(fs::remove_dir(out.join(HAND_INS)).and_then(|()| fs::remove_dir(out)));
        let name = shown(out);
        return Err(
            Failure::new(format!("{name}: is in the folder of the hand-ins"))
                .with_hint("pages there would be a hand-in the next time".to_owned()),
        );
    }
    Ok(())
}

/// Writes the pages.
pub(super) fn write(out: &Path, book: &Gradebook) -> Result<(), Failure> {
    let names = report::page_names(book);
    let layout = Layout::new(None);
    let class: [(&str, String); 4] = [
        (
            "index.html",
            report::class_html(book, &names).map_err(Failure::of)?,
        ),
        ("index.txt", report::class_text(book, &layout)),
        ("marks.csv", report::class_csv(book).map_err(Failure::of)?),
        ("marks.json", report::class_json(book).map_err(Failure::of)?),
    ];
    for (name, text) in class {
        write_file(&out.join(name), &text)?;
    }
    for (grade, name) in book.grades.iter().zip(&names) {
        let html = report::page_html(book, grade).map_err(Failure::of)?;
        let results = report::gradescope(grade).map_err(Failure::of)?;
        let file = |ending: &str| -> PathBuf { out.join(HAND_INS).join(format!("{name}{ending}")) };
        write_file(&file(".html"), &html)?;
        write_file(&file(".txt"), &report::page_text(book, grade, &layout))?;
        write_file(&file(".results.json"), &results)?;
    }
    Ok(())
}

fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| cannot_write(path, &error))
}
