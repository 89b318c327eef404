//! `chatpcap rubric`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use chatpcap::grade::LAB;
use clap::{Args, Subcommand};

use super::Outcome;
use super::file::{cannot_write, shown};
use super::output::{self, Failure};

/// What students call: `TestLab3().test_4_1(...)`.
const PYTHON: &str = include_str!("../../python/test_lab3.py");

/// Write what a course works with: a rubric to change, or the check that students run.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write the lab's rubric, with a comment to each line, for `chatpcap grade --rubric`
    New(Target),
    /// Write `test_lab3.py`, which students import in their notebooks and which calls `chatpcap verify`
    Python(Target),
}

#[derive(Debug, Args)]
struct Target {
    /// Where to; `-` is standard output [default: `lab3.toml`, `test_lab3.py`]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let (target, text, default) = match &arguments.what {
        What::New(target) => (target, LAB, "lab3.toml"),
        What::Python(target) => (target, PYTHON, "test_lab3.py"),
    };
    let path = target.file.as_deref().unwrap_or_else(|| Path::new(default));
    if path.as_os_str() == "-" {
        output::print(text)?;
        return Ok(Outcome::Done);
    }
    let mut options = OpenOptions::new();
    options.write(true).truncate(true);
    if target.force {
        options.create(true);
    } else {
        options.create_new(true);
    }
    let name = shown(path);
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::new(format!("{name}: is there already"))
            .with_hint("`--force` writes over it".to_owned()),
        _ => cannot_write(path, &error),
    })?;
    output::print(&format!("wrote {name}\n"))?;
    Ok(Outcome::Done)
}
