//! A native client before it is in the room: hello, registering, logging in.

use std::error::Error as _;
use std::net::IpAddr;
use std::sync::Arc;

use chat_proto::scram::{
    ChannelBinding, Credentials, LoginRequest, ScramError, ServerChallenge, TLS_EXPORTER,
};
use chat_proto::{
    Address, Command, CommandError, Contact, EndCode, Entry, ErrorCode, Event, SealedRegistration,
    SecretKey, User, UserName, VERSION,
};
use tokio::io::AsyncRead;
use tokio::time::Instant;

use super::{Caller, Entered, Server};
use crate::accounts::{Account, AccountError, Accounts};
use crate::connection::Connection;
use crate::guesses::PATIENCE;
use crate::reserved::is_reserved;
use crate::room::{Dialect, NameTaken, Newcomer, SessionId};

/// What this server calls itself.
const SOFTWARE: &str = concat!("chat-server ", env!("CARGO_PKG_VERSION"));

/// Leads a client from its hello into the room.
///
/// # Errors
/// Why the connection ends.
pub(super) async fn enter<R: AsyncRead + Unpin>(
    connection: &mut Connection<R>,
    id: SessionId,
    caller: Caller,
    server: &Server,
) -> Result<Entered, EndCode> {
    let mut lobby = Lobby {
        id,
        ip: caller.ip,
        binding: caller.binding,
        server,
        greeted: false,
        passing: None,
        login: None,
        failures: 0,
    };
    for _ in 0..server.config.limits.login_commands {
        let command = loop {
            match connection.next_command()? {
                Some(command) => break command,
                None => connection.read().await?,
            }
        };
        match lobby.obey(connection, command).await {
            Ok(entered) => return Ok(entered),
            Err(Answer::Event(event)) => {
                connection
                    .outbox
                    .say(&event)
                    .map_err(|_| EndCode::TooSlow)?;
            }
            Err(Answer::Nothing) => {}
            Err(Answer::End(code)) => return Err(code),
        }
    }
    Err(EndCode::TooManyTries)
}

/// Why a client is not in the room yet.
enum Answer {
    /// It is told this, and may go on.
    Event(Event),
    /// It need not be told anything.
    Nothing,
    /// It must go.
    End(EndCode),
}

impl From<EndCode> for Answer {
    fn from(code: EndCode) -> Self {
        Self::End(code)
    }
}

/// What is known of a client that is not in the room yet.
struct Lobby<'a> {
    id: SessionId,
    ip: IpAddr,
    binding: ChannelBinding,
    server: &'a Server,
    greeted: bool,
    passing: Option<(UserName, SecretKey)>,
    login: Option<Login>,
    failures: u32,
}

/// A log-in that was challenged.
struct Login {
    challenge: ServerChallenge,
    typed: UserName,
    // `None` if there is no such user, which must not be told.
    account: Option<Account>,
}

impl Lobby<'_> {
    async fn obey<R: AsyncRead + Unpin>(
        &mut self,
        connection: &mut Connection<R>,
        command: Result<Command, CommandError>,
    ) -> Result<Entered, Answer> {
        let command = command.map_err(|CommandError { code, reason, id }| {
            Answer::Event(Event::Error {
                code,
                text: reason,
                id,
            })
        })?;
        match command {
            Command::Ping { id } => Err(Answer::Event(Event::Pong { id })),
            Command::Pong { .. } => Err(Answer::Nothing),
            Command::Quit => Err(Answer::End(EndCode::Quit)),
            Command::Hello { version, client } => Err(self.greet(version, &client)),
            _ if !self.greeted => Err(error(ErrorCode::OutOfTurn, "say hello first")),
            Command::Register { name } => Err(self.register(name).await),
            Command::Registration { sealed } => Err(self.open_account(&sealed).await),
            Command::Login { scram } => Err(self.challenge(&scram).await),
            Command::Proof { scram, contact } => self.prove(connection, &scram, contact).await,
            Command::Enter { name, contact } => {
                if !self.server.config.open {
                    let text = "this server wants an account: register, then log in";
                    return Err(error(ErrorCode::LoginRequired, text));
                }
                if is_reserved(&name) {
                    return Err(reserved(&name));
                }
                self.come_in(connection, name, contact, None, None).await
            }
            _ => Err(error(ErrorCode::OutOfTurn, "you are not in the room yet")),
        }
    }

    fn greet(&mut self, version: u32, client: &str) -> Answer {
        if version != VERSION {
            return Answer::End(EndCode::BadVersion);
        }
        self.greeted = true;
        tracing::debug!(ip = %self.ip, client = %chat_proto::visible(client), "hello");
        let config = &self.server.config;
        let (entry, iterations) = if config.open {
            (Entry::Open, 0)
        } else {
            (Entry::Password, config.iterations)
        };
        Answer::Event(Event::Hello {
            version: VERSION,
            server: SOFTWARE.to_owned(),
            entry,
            iterations,
            bindings: match self.binding {
                ChannelBinding::TlsExporter(_) => vec![TLS_EXPORTER.to_owned()],
                _ => Vec::new(),
            },
        })
    }

    fn accounts(&self) -> Result<&Accounts, Answer> {
        self.server
            .accounts
            .as_ref()
            .ok_or_else(|| error(ErrorCode::NoAccounts, "this server has no accounts: enter"))
    }

    async fn register(&mut self, name: UserName) -> Answer {
        let accounts = match self.accounts() {
            Ok(accounts) => accounts,
            Err(answer) => return answer,
        };
        if is_reserved(&name) {
            return reserved(&name);
        }
        match accounts.clashes(&name).await {
            Ok(false) => {}
            Ok(true) => return taken(&name),
            Err(failure) => return broken(&failure),
        }
        let passing = match random().map(SecretKey::from_random) {
            Ok(passing) => passing,
            Err(failure) => return broken(&failure),
        };
        let key = passing.public();
        self.passing = Some((name, passing));
        Answer::Event(Event::RegisterKey { key })
    }

    async fn open_account(&mut self, sealed: &SealedRegistration) -> Answer {
        let Some((name, passing)) = self.passing.take() else {
            return error(ErrorCode::OutOfTurn, "ask with register first");
        };
        let accounts = match self.accounts() {
            Ok(accounts) => accounts,
            Err(answer) => return answer,
        };
        let wanted = self.server.config.iterations;
        let credentials = match sealed.open(&passing, &name) {
            // All accounts alike: the iterations tell nobody who has one.
            Ok(credentials) if credentials.iterations() == wanted => credentials,
            Ok(_) => {
                let text = format!("registration must have {wanted} iterations");
                return error(ErrorCode::BadRegistration, &text);
            }
            Err(failure) => return error(ErrorCode::BadRegistration, &failure.to_string()),
        };
        if !self.server.gate.may_register(self.ip) {
            let text = "too many registrations from your address: wait a minute";
            return error(ErrorCode::TryLater, text);
        }
        match accounts.add(&name, credentials).await {
            Ok(()) => {
                tracing::info!(%name, ip = %self.ip, "registered");
                Answer::Event(Event::Registered { name })
            }
            Err(AccountError::NameTaken) => taken(&name),
            Err(AccountError::TooMany { .. }) => error(
                ErrorCode::NoMoreAccounts,
                "this server takes no more accounts",
            ),
            Err(failure) => broken(&failure),
        }
    }

    async fn challenge(&mut self, scram: &str) -> Answer {
        self.login = None;
        let accounts = match self.accounts() {
            Ok(accounts) => accounts,
            Err(answer) => return answer,
        };
        let request = match LoginRequest::parse_bound(scram, self.binding) {
            Ok(request) => request,
            Err(ScramError::Name(failure)) => {
                return error(ErrorCode::BadName, &failure.to_string());
            }
            Err(ScramError::Binding) => return self.carried(),
            Err(failure) => return error(ErrorCode::BadField, &failure.to_string()),
        };
        let typed = request.name().clone();
        let account = match accounts.find(&typed).await {
            Ok(account) => account,
            Err(failure) => return broken(&failure),
        };
        // Made in any case, so that an unknown user takes the same time.
        let decoy = Credentials::decoy(&accounts.secret, &typed, self.server.config.iterations);
        let credentials = account
            .as_ref()
            .map_or(decoy, |account| account.credentials.clone());
        let nonce = match random() {
            Ok(nonce) => nonce,
            Err(failure) => return broken(&failure),
        };
        let (challenge, scram) = request.challenge(credentials, nonce);
        self.login = Some(Login {
            challenge,
            typed,
            account,
        });
        Answer::Event(Event::Challenge { scram })
    }

    async fn prove<R: AsyncRead + Unpin>(
        &mut self,
        connection: &mut Connection<R>,
        scram: &str,
        contact: Contact,
    ) -> Result<Entered, Answer> {
        let Some(Login {
            challenge,
            typed,
            account,
        }) = self.login.take()
        else {
            return Err(error(ErrorCode::OutOfTurn, "ask with login first"));
        };
        self.wait_for_turn(connection, &typed).await?;
        // From here to `refuse` nothing is awaited.
        match (challenge.verify(scram), account) {
            (Ok(signature), Some(account)) => {
                // The operator may have taken the account away since the challenge: then the password
                // is a wrong one by now.
                if !self.is_current(&account).await? {
                    return Err(self.refuse(&typed));
                }
                self.server.gate.logged_in(self.ip, &account.name);
                let (name, making) = (account.name.clone(), Some(account.making));
                let entered = self
                    .come_in(connection, name, contact, making, Some(signature))
                    .await?;
                // Or just now, and the room looked through its members before this one was there.
                match self.is_current(&account).await {
                    Ok(true) => Ok(entered),
                    // It is in the room already: only the connection's end takes it out.
                    Ok(false) => Err(Answer::End(EndCode::AccountChanged)),
                    // Not to be known just now: the client comes back.
                    Err(_) => Err(Answer::End(EndCode::Lost)),
                }
            }
            (Err(ScramError::WrongProof) | Ok(_), _) => Err(self.refuse(&typed)),
            (Err(ScramError::Binding), _) => Err(self.carried()),
            (Err(failure), _) => Err(error(ErrorCode::BadField, &failure.to_string())),
        }
    }

    /// Whether an account still has the password that it had when it was read.
    async fn is_current(&self, account: &Account) -> Result<bool, Answer> {
        let found = self.accounts()?.find(&account.name).await;
        let found = found.map_err(|failure| broken(&failure))?;
        Ok(found.is_some_and(|found| found.making == account.making))
    }

    /// Answers a log-in that was made for another connection.
    fn carried(&self) -> Answer {
        tracing::warn!(ip = %self.ip, "a log-in was made for another TLS connection: somebody stands between");
        let text = "this log-in was made for another TLS connection: somebody stands between you and \
                    the server";
        error(ErrorCode::WrongBinding, text)
    }

    /// Waits until a password may be tried: before it is looked at, so that right and wrong wait alike
    /// and nobody learns anything by hanging up.
    async fn wait_for_turn<R: AsyncRead + Unpin>(
        &self,
        connection: &mut Connection<R>,
        typed: &UserName,
    ) -> Result<(), Answer> {
        let patience = Instant::now().checked_add(PATIENCE);
        while let Err(until) = self.server.gate.may_guess(self.ip, typed) {
            if patience.is_none_or(|patience| until > patience) {
                let text = "too many wrong passwords of late: wait a moment, then try again";
                return Err(error(ErrorCode::TryLater, text));
            }
            connection.sleep_until(until).await?;
        }
        Ok(())
    }

    /// Answers a wrong password or an unknown user, alike.
    fn refuse(&mut self, typed: &UserName) -> Answer {
        self.server.gate.guessed_wrong(self.ip, typed);
        self.failures = self.failures.saturating_add(1);
        tracing::info!(name = %typed, ip = %self.ip, failures = self.failures, "log-in failed");
        if self.failures >= self.server.config.limits.login_failures {
            return Answer::End(EndCode::TooManyTries);
        }
        error(
            ErrorCode::LoginFailed,
            "user and password do not fit together",
        )
    }

    async fn come_in<R>(
        &self,
        connection: &Connection<R>,
        name: UserName,
        contact: Contact,
        account: Option<i64>,
        scram: Option<String>,
    ) -> Result<Entered, Answer> {
        let ip = self.ip;
        let welcome = Event::Welcome {
            name: name.clone(),
            ip,
            scram,
        };
        let welcome = welcome.encode().map_err(|error| {
            tracing::error!(%error, "a welcome does not fit a frame");
            internal()
        })?;
        let udp = contact.udp.filter(|port| *port != 0);
        let address = Address {
            ip,
            udp,
            key: contact.key,
        };
        let newcomer = Newcomer {
            id: self.id,
            user: User {
                name: name.clone(),
                address: Some(address),
            },
            dialect: Dialect::Native,
            account,
            outbox: Arc::clone(&connection.outbox),
        };
        let take_over = account.is_some();
        let entered = self.server.let_in(newcomer, take_over, welcome).await?;
        entered.map_err(|NameTaken| taken(&name))?;
        Ok(Entered { id: self.id, name })
    }
}

fn error(code: ErrorCode, text: &str) -> Answer {
    Answer::Event(Event::Error {
        code,
        text: text.to_owned(),
        id: None,
    })
}

fn taken(name: &UserName) -> Answer {
    error(
        ErrorCode::NameTaken,
        &format!("{name} is taken, or looks like a name that is"),
    )
}

fn reserved(name: &UserName) -> Answer {
    error(
        ErrorCode::NameTaken,
        &format!("{name} is kept for the server and who runs it, or looks like a name that is"),
    )
}

/// A failure of the server's own: the log has it, the client need not know it.
fn broken(failure: &AccountError) -> Answer {
    let cause = failure.source().map(ToString::to_string);
    tracing::error!(%failure, cause, "a client could not be served");
    if failure.may_pass() {
        return error(
            ErrorCode::TryLater,
            "the server is busy: try again in a moment",
        );
    }
    internal()
}

fn internal() -> Answer {
    error(
        ErrorCode::Internal,
        "the server has a problem of its own: try later",
    )
}

fn random<const N: usize>() -> Result<[u8; N], AccountError> {
    let mut octets = [0; N];
    getrandom::fill(&mut octets).map_err(AccountError::Random)?;
    Ok(octets)
}
