//! Signing in: register, log in or enter, and asking again when that is refused.

use chat_proto::scram::{ClientLogin, Credentials, Password, ScramError};
use chat_proto::{
    Command, Entry, ErrorCode, Event as Said, PublicKey, SealedRegistration, SecretKey, UserName,
};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Session, Turn};
use crate::config::SignIn;
use crate::end::EndReason;
use crate::event::Event;
use crate::link::Request;
use crate::random;

/// A try at signing in: done, or refused by the server.
type Tried<T> = Result<Result<T, Refused>, EndReason>;

/// Why the server refused.
struct Refused {
    code: ErrorCode,
    text: String,
}

impl<S: AsyncRead + AsyncWrite> Session<'_, S> {
    /// Signs in, asking the user as often as the server permits.
    pub(super) async fn sign_in(&mut self, entry: Entry, iterations: u32) -> Result<(), EndReason> {
        if self.link.sign_in.is_none() && !self.link.want_sign_in(entry, None).await {
            return Err(EndReason::Quit);
        }
        loop {
            let sign_in = self.wanted().await?;
            let tried = match (entry, sign_in) {
                (Entry::Open, sign_in) => self.enter(sign_in.name()).await?,
                (_, SignIn::Enter { .. }) => Err(Refused {
                    code: ErrorCode::LoginRequired,
                    text: "this server has accounts: register or log in".to_owned(),
                }),
                (_, SignIn::Login { name, password }) => self.log_in(&name, password).await?,
                (_, SignIn::Register { name, password }) => {
                    let tried = self.register(&name, &password, iterations).await?;
                    if tried.is_ok() {
                        let told = Event::Registered { name: name.clone() };
                        self.link.sign_in = Some(SignIn::Login { name, password });
                        self.emit(told).await?;
                        continue;
                    }
                    tried
                }
            };
            let Err(Refused { code, text }) = tried else {
                return Ok(());
            };
            // Who was in once will be again, without being asked for anything.
            if self.link.was_in {
                match code {
                    // Our own older session may still hold the name: it will not for ever.
                    ErrorCode::NameTaken => return Err(EndReason::StillIn),
                    ErrorCode::TryLater | ErrorCode::Internal => {
                        return Err(EndReason::NotNow(text));
                    }
                    _ => {}
                }
            }
            if !self.link.want_sign_in(entry, Some((code, text))).await {
                return Err(EndReason::Quit);
            }
        }
    }

    /// The user's answer, waited for; the server may lose patience meanwhile.
    async fn wanted(&mut self) -> Result<SignIn, EndReason> {
        loop {
            if let Some(sign_in) = &self.link.sign_in {
                return Ok(sign_in.clone());
            }
            match self.turn().await? {
                Turn::Asked(Request::Quit) => self.leave()?,
                Turn::Asked(request) => {
                    if !self.link.refuse(request).await {
                        return Err(EndReason::Quit);
                    }
                }
                // Nothing was asked, so nothing is answered.
                Turn::Heard(_) => {}
            }
        }
    }

    async fn enter(&mut self, name: &UserName) -> Tried<()> {
        let (name, contact) = (name.clone(), self.contact);
        self.send(&Command::Enter { name, contact })?;
        match self.answer().await? {
            Said::Welcome { name, .. } => self.welcome(name).await.map(Ok),
            other => refused(other).map(Err),
        }
    }

    async fn log_in(&mut self, name: &UserName, password: Password) -> Tried<()> {
        let (login, scram) = ClientLogin::bound(name, random::octets()?, self.binding);
        self.send(&Command::Login { scram })?;
        let challenge = match self.answer().await? {
            Said::Challenge { scram } => scram,
            other if is_carried(&other) => return Err(ScramError::Binding.into()),
            other => return refused(other).map(Err),
        };
        let (proof, scram) = aside(move || login.prove(&challenge, &password)).await??;
        let contact = self.contact;
        self.send(&Command::Proof { scram, contact })?;
        match self.answer().await? {
            Said::Welcome { name, scram, .. } => {
                proof.confirm(scram.as_deref().unwrap_or_default())?;
                self.welcome(name).await.map(Ok)
            }
            other if is_carried(&other) => Err(ScramError::Binding.into()),
            other => refused(other).map(Err),
        }
    }

    async fn register(&mut self, name: &UserName, typed: &Password, iterations: u32) -> Tried<()> {
        self.send(&Command::Register { name: name.clone() })?;
        let key = match self.answer().await? {
            Said::RegisterKey { key } => key,
            other => return refused(other).map(Err),
        };
        let sealed = seal(name.clone(), typed.clone(), key, iterations).await?;
        self.send(&Command::Registration { sealed })?;
        match self.answer().await? {
            Said::Registered { .. } => Ok(Ok(())),
            other => refused(other).map(Err),
        }
    }

    async fn welcome(&mut self, name: UserName) -> Result<(), EndReason> {
        self.link.roster.with(|roster| roster.set_own(&name));
        self.link.post.enter(name.clone(), self.secret.clone());
        self.link.was_in = true;
        let udp = self.contact.udp;
        self.emit(Event::Entered { name, udp }).await
    }
}

async fn seal(
    name: UserName,
    password: Password,
    server: PublicKey,
    iterations: u32,
) -> Result<SealedRegistration, EndReason> {
    use chat_proto::scram::{MAX_ITERATIONS, MIN_ITERATIONS};
    if !(MIN_ITERATIONS..=MAX_ITERATIONS).contains(&iterations) {
        return Err(ScramError::Iterations { had: iterations }.into());
    }
    let salt: [u8; 16] = random::octets()?;
    let passing = SecretKey::from_random(random::octets()?);
    let credentials = aside(move || Credentials::derive(&password, &salt, iterations)).await?;
    Ok(SealedRegistration::seal(
        &passing,
        &server,
        &name,
        &credentials,
    )?)
}

/// Computes for long without keeping the tasks waiting.
async fn aside<T: Send + 'static>(
    compute: impl FnOnce() -> T + Send + 'static,
) -> Result<T, EndReason> {
    // It fails only while the program is being ended.
    let computed = tokio::task::spawn_blocking(compute).await;
    computed.map_err(|_| EndReason::Quit)
}

/// Whether the server got a log-in that was made for another connection: not the user's mistake.
fn is_carried(said: &Said) -> bool {
    let code = ErrorCode::WrongBinding;
    matches!(said, Said::Error { code: had, .. } if *had == code)
}

/// What the server says instead of yes.
fn refused(said: Said) -> Result<Refused, EndReason> {
    match said {
        Said::Error { code, text, .. } => Ok(Refused { code, text }),
        _ => Err(EndReason::NotAServer {
            reason: "it answers what was not asked".to_owned(),
            lab: false,
        }),
    }
}
