//! Name and password: from options, files and the environment, or asked for.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use chat_client::{Entry, ErrorCode, Refusal, SignIn, UserName};
use chat_proto::scram::Password;
use chat_proto::visible;
use zeroize::Zeroizing;

use super::failure::{Failure, Status};
use super::options::Options;
use super::prompt::{ask, ask_secret};

/// How much of a password's file is read, in octets: no password is longer.
const LONGEST_FILE: usize = 2048;

/// What is known before anybody is asked.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) name: Option<UserName>,
    password: Option<Password>,
    register: bool,
    // Whether the user said that there is an account.
    has_account: bool,
    lab: bool,
}

impl Known {
    /// Reads options, the password's file and the environment.
    pub(super) fn new(options: &Options) -> Result<Self, Failure> {
        let typed = match &options.password_file {
            Some(path) => Some(read(path)?),
            None => std::env::var("CHAT_PASSWORD").ok().map(Zeroizing::new),
        };
        let password = typed
            .map(|typed| prepare(&typed, options.register))
            .transpose()?;
        Ok(Self {
            name: options.name.clone(),
            password,
            register: options.register,
            has_account: false,
            lab: options.lab,
        })
    }

    /// What can be tried without asking anybody.
    pub(super) fn ready(&self) -> Option<SignIn> {
        let name = self.name.clone()?;
        match (&self.password, self.register) {
            _ if self.lab => Some(SignIn::Enter { name }),
            (None, _) => None,
            (Some(password), true) => Some(SignIn::Register {
                name,
                password: password.clone(),
            }),
            (Some(password), false) => Some(SignIn::Login {
                name,
                password: password.clone(),
            }),
        }
    }

    /// The answer without a terminal: what is known, if that is enough and was not refused.
    pub(super) fn answer(
        &self,
        entry: Entry,
        refused: Option<&Refusal>,
    ) -> Result<SignIn, Failure> {
        if let Some(refusal) = refused {
            return Err(refuse(refusal));
        }
        let name = self.name.clone().ok_or_else(no_name)?;
        match entry {
            Entry::Open => Ok(SignIn::Enter { name }),
            _ => Err(Failure::new(Status::Unusable, "no password")
                .with_hint("use --password-file or CHAT_PASSWORD, or run it in a terminal")),
        }
    }

    /// Asks at the terminal for what is missing or was refused. `None`: the user has enough.
    pub(super) fn ask(
        mut self,
        entry: Entry,
        refused: Option<&Refusal>,
    ) -> Result<Option<(Self, SignIn)>, Failure> {
        if let Some(refusal) = refused {
            println!("{}", visible(&refusal.text));
            if refusal.code == ErrorCode::LoginFailed {
                println!("(without an account yet: leave with Ctrl-C and use --register)");
            }
            self.password = None;
            let taken = [ErrorCode::NameTaken, ErrorCode::BadName];
            if entry == Entry::Open || taken.contains(&refusal.code) {
                self.name = None;
                self.register = false;
            }
        }
        let Some(name) = self.ask_name(refused.is_some())? else {
            return Ok(None);
        };
        self.name = Some(name.clone());
        if entry == Entry::Open {
            return Ok(Some((self, SignIn::Enter { name })));
        }
        if !self.register && !self.has_account {
            let Some(has_account) = ask_account()? else {
                return Ok(None);
            };
            self.has_account = has_account;
            self.register = !has_account;
        }
        let Some(password) = ask_password(self.register)? else {
            return Ok(None);
        };
        let sign_in = if self.register {
            SignIn::Register { name, password }
        } else {
            SignIn::Login { name, password }
        };
        Ok(Some((self, sign_in)))
    }

    fn ask_name(&self, again: bool) -> Result<Option<UserName>, Failure> {
        if let Some(name) = &self.name
            && !again
        {
            return Ok(Some(name.clone()));
        }
        let question = match &self.name {
            None => "name: ".to_owned(),
            Some(name) => format!("name [{name}]: "),
        };
        loop {
            let Some(typed) = ask(&question).map_err(|error| unreadable(&error))? else {
                return Ok(None);
            };
            if typed.is_empty() && self.name.is_some() {
                return Ok(self.name.clone());
            }
            match UserName::new(&typed) {
                Ok(name) => return Ok(Some(name)),
                Err(error) => println!("{}", visible(&error.to_string())),
            }
        }
    }
}

/// There is no name and nobody to ask.
pub(super) fn no_name() -> Failure {
    Failure::new(Status::Unusable, "no name")
        .with_hint("give one with --name, or run it in a terminal")
}

/// Why the server does not let one in.
pub(super) fn refuse(refusal: &Refusal) -> Failure {
    let hint = match refusal.code {
        ErrorCode::LoginFailed => Some("without an account yet, use --register"),
        ErrorCode::NameTaken => Some("take another name, or log in without --register"),
        ErrorCode::TryLater => Some("wait a minute"),
        _ => None,
    };
    Failure::new(Status::Refused, refusal.text.clone()).with_hint(hint)
}

fn ask_account() -> Result<Option<bool>, Failure> {
    loop {
        let question = "do you have an account here? [Y/n] ";
        let Some(typed) = ask(question).map_err(|error| unreadable(&error))? else {
            return Ok(None);
        };
        match typed.to_ascii_lowercase().as_str() {
            "" | "y" | "yes" => return Ok(Some(true)),
            "n" | "no" => return Ok(Some(false)),
            _ => println!("answer y or n"),
        }
    }
}

fn ask_password(new: bool) -> Result<Option<Password>, Failure> {
    let secret = |question: &str| ask_secret(question).map_err(|error| unreadable(&error));
    loop {
        let question = if new { "new password: " } else { "password: " };
        let Some(typed) = secret(question)? else {
            return Ok(None);
        };
        let password = match prepare(&typed, new) {
            Ok(password) => password,
            Err(failure) => {
                println!("{}", failure.text());
                continue;
            }
        };
        if new {
            let Some(again) = secret("once more: ")? else {
                return Ok(None);
            };
            if again != typed {
                println!("they are not the same");
                continue;
            }
        }
        return Ok(Some(password));
    }
}

fn prepare(typed: &str, new: bool) -> Result<Password, Failure> {
    let unusable =
        |error: chat_proto::scram::PasswordError| Failure::new(Status::Unusable, error.to_string());
    let password = Password::new(typed).map_err(unusable)?;
    if new {
        password.check_new().map_err(unusable)?;
    }
    Ok(password)
}

fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let unreadable = |error: io::Error| {
        let text = format!("cannot read {}: {error}", path.display());
        Failure::new(Status::Unusable, text)
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut octets = Zeroizing::new(Vec::with_capacity(LONGEST_FILE * 2));
    let mut file = file.take(u64::try_from(LONGEST_FILE).unwrap_or(u64::MAX));
    file.read_to_end(&mut octets).map_err(unreadable)?;
    let line = octets
        .split(|octet| *octet == b'\n')
        .next()
        .unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = std::str::from_utf8(line)
        .map_err(|_| unreadable(io::Error::new(io::ErrorKind::InvalidData, "not UTF-8")))?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::new(
        Status::Unusable,
        format!("cannot read the terminal: {error}"),
    )
}
