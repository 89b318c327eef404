//! The program: what prints, asks and exits is in this folder and nowhere else.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the program's own words"
)]

mod chat;
mod failure;
#[path = "../../../generate.rs"]
mod generate;
mod input;
mod line;
mod options;
mod paint;
mod prompt;
mod screen;
mod show;
mod sign_in;
mod signals;
mod terminal;
mod tls;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use chat::Chat;
use failure::{Failure, Status};
use options::Options;

/// Runs the program.
pub(super) fn run() -> ExitCode {
    let options = Options::parse();
    if let Some(directory) = &options.generate {
        return match generate::generate(Options::command(), directory) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let text = format!("cannot write into {}: {error}", directory.display());
                Failure::new(Status::Unusable, text).report()
            }
        };
    }
    // The network has a thread of its own: a terminal that stands still does not stop it.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            return Failure::new(Status::Unusable, format!("cannot start: {error}")).report();
        }
    };
    let ended = runtime.block_on(Box::pin(Chat::run(options)));
    // A thread may still wait for a key: it ends with the program.
    runtime.shutdown_background();
    ended.unwrap_or_else(|failure| failure.report())
}
