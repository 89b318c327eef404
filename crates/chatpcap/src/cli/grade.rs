//! `chatpcap grade`.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chatpcap::capture::Capture;
use chatpcap::grade::hand_in::{self, HandIn, Listing};
use chatpcap::grade::{Gradebook, Inspection, LAB, Rubric, Terms, Times};
use chatpcap::report::{self, safe};
use chatpcap::trace::Watch;
use clap::{Args, ValueEnum};

use super::file::shown;
use super::output::{self, Failure, Looks};
use super::progress::Count;
use super::{Outcome, pages};

/// Octets of a rubric or a list of times: what is longer is none.
const MAX_TEXT: u64 = 16 << 20;

/// Grade a folder of hand-ins: marks with the reason for each lost point, and shared captures.
///
/// Each sub-folder or zip file is a hand-in. A rubric says what is asked for: files, answers against
/// the hand-in's own captures, and what these captures must show. Without one the lab's is used;
/// `chatpcap rubric new` writes it down to be changed. What cannot be read is a note on its hand-in.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done; 1 no hand-in has the name asked for by --student; 2 unusable \
    arguments or input.\n\nExamples:\n  chatpcap grade hand-ins\n  chatpcap grade hand-ins --rubric \
    lab3.toml --pages marks\n  chatpcap grade hand-ins --student alice\n  chatpcap grade --one \
    /autograder/submission --format gradescope > results.json"
)]
pub(super) struct Arguments {
    /// The folder with a sub-folder or zip file for each hand-in
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// DIR is itself a hand-in, a folder or a zip file
    #[arg(long)]
    one: bool,

    /// What hand-ins are worth; else the lab's own
    #[arg(long, value_name = "FILE")]
    rubric: Option<PathBuf>,

    /// When hand-ins came: CSV of names and times, as 2026-11-30T23:59:59+01:00
    #[arg(long, value_name = "FILE")]
    times: Option<PathBuf>,

    /// A capture that the course handed out: sharing it proves nothing; may be repeated
    #[arg(long, value_name = "FILE")]
    handed_out: Vec<PathBuf>,

    /// Write into this folder a page for each hand-in (HTML, text, Gradescope's results.json), and
    /// for the class index.html, marks.csv and marks.json
    #[arg(long, value_name = "OUT", conflicts_with = "one")]
    pages: Option<PathBuf>,

    /// Print the page of this hand-in instead of the table of all
    #[arg(long, value_name = "NAME", conflicts_with_all = ["one", "format"])]
    student: Option<String>,

    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    #[command(flatten)]
    looks: Looks,
}

/// The form of the grades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: schema chatpcap/grade/1
    Json,
    /// For a spreadsheet, a row a hand-in
    Csv,
    /// The page of one hand-in, with --one
    Html,
    /// Gradescope's results.json, with --one
    Gradescope,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let book = grades(arguments)?;
    if let Some(out) = &arguments.pages {
        pages::write(out, &book)?;
    }
    let text = match &arguments.student {
        None => text(arguments, &book)?,
        Some(name) => {
            let Some(grade) = book.grades.iter().find(|grade| grade.name == *name) else {
                let failure = Failure::new(format!("no hand-in has the name `{}`", safe(name)));
                output::error(&failure);
                return Ok(Outcome::NotThere);
            };
            report::page_text(&book, grade, &arguments.looks.layout())
        }
    };
    output::print(&text)?;
    Ok(Outcome::Done)
}

fn grades(arguments: &Arguments) -> Result<Gradebook, Failure> {
    let rubric = match &arguments.rubric {
        Some(path) => {
            let text = read(path)?;
            let text = String::from_utf8(text).map_err(|error| named(path, &error))?;
            Rubric::new(&text).map_err(|error| named(path, &error))?
        }
        None => Rubric::new(LAB).map_err(Failure::of)?,
    };
    let mut terms = Terms::default();
    if let Some(path) = &arguments.times {
        terms.times = Times::read(&read(path)?).map_err(|error| named(path, &error))?;
    }
    for path in &arguments.handed_out {
        let capture = Capture::open(path).map_err(|error| named(path, &error))?;
        let name = path.display().to_string();
        let inspection = Inspection::read(&name, capture, &Watch::default());
        terms.handed_out.push(inspection.marks);
    }
    let folder = &arguments.folder;
    let listing = if arguments.one {
        HandIn::at(folder).map(|hand_in| Listing {
            hand_ins: vec![hand_in],
            others: Vec::new(),
        })
    } else {
        hand_in::list(folder)
    };
    let listing = listing.map_err(|error| named(folder, &error))?;
    if listing.hand_ins.is_empty() {
        let name = shown(folder);
        return Err(
            Failure::new(format!("{name}: no hand-in is in it")).with_hint(
                "a hand-in is a sub-folder or a zip file; `--one` grades the folder itself"
                    .to_owned(),
            ),
        );
    }
    if let Some(out) = &arguments.pages {
        pages::check(out, folder)?;
    }
    let progress = Count::new("hand-ins", listing.hand_ins.len());
    Ok(Gradebook::of(listing, &rubric, &terms, &|| progress.add()))
}

/// What is printed.
fn text(arguments: &Arguments, book: &Gradebook) -> Result<String, Failure> {
    let layout = arguments.looks.layout();
    let one = book.grades.first().filter(|_| arguments.one);
    let only_one = || {
        Failure::new("this form is for one hand-in".to_owned()).with_hint(
            "`--one` grades a folder as one hand-in; `--pages` writes this form for each"
                .to_owned(),
        )
    };
    Ok(match (arguments.format, one) {
        (Format::Text, Some(grade)) => report::page_text(book, grade, &layout),
        (Format::Text, None) => report::class_text(book, &layout),
        (Format::Json, _) => report::class_json(book).map_err(Failure::of)?,
        (Format::Csv, _) => report::class_csv(book).map_err(Failure::of)?,
        (Format::Html, Some(grade)) => report::page_html(book, grade).map_err(Failure::of)?,
        (Format::Gradescope, Some(grade)) => report::gradescope(grade).map_err(Failure::of)?,
        (Format::Html | Format::Gradescope, None) => return Err(only_one()),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = || -> io::Result<Vec<u8>> {
        let mut octets = Vec::new();
        let file = fs::File::open(path)?;
        let mut limited = io::Read::take(file, MAX_TEXT + 1);
        io::Read::read_to_end(&mut limited, &mut octets)?;
        if u64::try_from(octets.len()).is_ok_and(|length| length > MAX_TEXT) {
            return Err(io::Error::other(format!("has more than {MAX_TEXT} octets")));
        }
        Ok(octets)
    };
    read().map_err(|error| named(path, &error))
}

/// A failure that names a file, and what led to it.
fn named(path: &Path, error: &(dyn Error + 'static)) -> Failure {
    Failure::about(&shown(path), error)
}
