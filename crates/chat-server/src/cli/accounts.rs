//! `chat-server accounts`: the operator's view of the accounts' file.

use std::error::Error;
use std::fs;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use chat_proto::scram::{Credentials, Password};
use chat_server::AccountTable;

use super::options::{AccountCommand, NewPassword};

/// Obeys one command.
///
/// # Errors
/// What went wrong, for a line on standard error.
pub(super) fn run(data: &Path, command: AccountCommand) -> Result<(), Box<dyn Error>> {
    let mut table = AccountTable::open(data)?;
    match command {
        AccountCommand::List => {
            let mut out = io::stdout().lock();
            for account in table.list()? {
                match writeln!(out, "{}", account.name) {
                    // Who reads no further has read enough.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                    written => written?,
                }
            }
        }
        AccountCommand::Add(new) => {
            table.add(&new.name, &credentials(&new)?)?;
            println!("added {}", new.name);
        }
        AccountCommand::Remove { name } => {
            table.remove(&name)?;
            println!("removed {name}");
        }
        AccountCommand::ResetPassword(new) => {
            // Not found is better told before a password is asked for.
            if table.find(&new.name)?.is_none() {
                return Err("no account has this name".into());
            }
            table.reset(&new.name, &credentials(&new)?)?;
            println!("reset the password of {}", new.name);
        }
    }
    Ok(())
}

fn credentials(new: &NewPassword) -> Result<Credentials, Box<dyn Error>> {
    let password = Password::new(&read_password(new)?)?;
    password.check_new()?;
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| format!("no random numbers: {error}"))?;
    Ok(Credentials::derive(&password, &salt, new.iterations))
}

fn read_password(new: &NewPassword) -> Result<String, Box<dyn Error>> {
    if let Some(path) = &new.password_file {
        let text = fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        return Ok(text.lines().next().unwrap_or_default().to_owned());
    }
    if let Ok(password) = std::env::var("CHAT_PASSWORD") {
        return Ok(password);
    }
    if io::stdin().is_terminal() {
        let password = rpassword::prompt_password(format!("new password for {}: ", new.name))?;
        if rpassword::prompt_password("the same again: ")? != password {
            return Err("the passwords differ".into());
        }
        return Ok(password);
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
