//! The command line: arguments in, a report on standard output, errors on standard error.
//!
//! Exit status: 0 done, also when the reader of the output went away; 1 what was asked for by name
//! is not in the captures, or a checked answer is not right; 2 unusable arguments or input.

mod analyze;
mod bounds;
mod chat;
mod conversations;
mod doctor;
mod fields;
mod file;
mod filter;
mod follow;
#[path = "../../../generate.rs"]
mod generate;
mod grade;
mod graph;
mod host_names;
mod input;
mod limit;
mod output;
mod packets;
mod pages;
mod progress;
mod report;
mod roles;
mod rubric;
mod tui;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};

/// Reads packet captures of a chat over TCP and UDP, and answers questions about them with evidence.
#[derive(Debug, Parser)]
#[command(
    name = "chatpcap",
    version = env!("VERSION"),
    about,
    max_term_width = 100,
    arg_required_else_help = true,
    override_usage = "chatpcap <COMMAND>"
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// Write manual pages, and completions for shells, into a directory
    #[arg(long, value_name = "DIR")]
    generate: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Analyze(analyze::Arguments),
    Graph(graph::Arguments),
    Chat(chat::Arguments),
    Conversations(conversations::Arguments),
    Doctor(doctor::Arguments),
    Packets(packets::Arguments),
    Fields(fields::Arguments),
    Verify(verify::Arguments),
    Report(report::Arguments),
    Follow(follow::Arguments),
    Grade(grade::Arguments),
    Rubric(rubric::Arguments),
    Tui(tui::Arguments),
}

/// What a command came to, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// All was done.
    Done,
    /// What was asked for by name is not in the captures, or a checked answer is not right.
    NotThere,
    /// An input could not be used.
    Unusable,
}

/// Runs the program.
pub(crate) fn run() -> ExitCode {
    let outcome = obey(&Arguments::parse()).unwrap_or_else(|failure| {
        output::error(&failure);
        Outcome::Unusable
    });
    ExitCode::from(match outcome {
        Outcome::Done => 0,
        Outcome::NotThere => 1,
        Outcome::Unusable => 2,
    })
}

fn obey(arguments: &Arguments) -> Result<Outcome, output::Failure> {
    if let Some(directory) = &arguments.generate {
        return generate::generate(Arguments::command(), directory)
            .map(|()| Outcome::Done)
            .map_err(|error| file::cannot_write(directory, &error));
    }
    let Some(command) = &arguments.command else {
        let kind = ErrorKind::MissingSubcommand;
        Arguments::command()
            .error(kind, "a command is needed")
            .exit();
    };
    match command {
        Command::Analyze(arguments) => analyze::run(arguments),
        Command::Graph(arguments) => graph::run(arguments),
        Command::Chat(arguments) => chat::run(arguments),
        Command::Conversations(arguments) => conversations::run(arguments),
        Command::Doctor(arguments) => doctor::run(arguments),
        Command::Packets(arguments) => packets::run(arguments),
        Command::Fields(arguments) => fields::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Follow(arguments) => follow::run(arguments),
        Command::Grade(arguments) => grade::run(arguments),
        Command::Rubric(arguments) => rubric::run(arguments),
        Command::Tui(arguments) => tui::run(arguments),
    }
}
