//! Manual pages and completions, made from a program's own arguments.
//!
//! Each of the three programs has this file as a module of its `cli`: they share no crate for programs.

use std::io;
use std::path::Path;

use clap::{Command, ValueEnum as _};
use clap_complete::Shell;

/// Writes the program's manual pages, one for each of its commands, and its completions for each shell
/// into a directory, which is made if it is missing.
///
/// # Errors
/// What the operating system says when the directory or a file in it cannot be written.
pub(super) fn generate(mut command: Command, directory: &Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    // `help` and its arguments need no pages.
    let pages = command
        .clone()
        .disable_help_subcommand(true)
        .mut_subcommands(|command| command.disable_help_subcommand(true));
    clap_mangen::generate_to(pages, directory)?;
    let name = command.get_name().to_owned();
    for shell in Shell::value_variants() {
        clap_complete::generate_to(*shell, &mut command, &name, directory)?;
    }
    Ok(())
}
