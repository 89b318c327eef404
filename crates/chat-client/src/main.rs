//! `chat-client`: the chat in a terminal, or in a pipe.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
