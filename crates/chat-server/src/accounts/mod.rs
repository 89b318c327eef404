//! Accounts: a thread that owns the file, and a handle that asks it.

mod table;

use std::collections::HashMap;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use chat_proto::UserName;
use chat_proto::scram::Credentials;
use tokio::sync::oneshot;

pub use table::{Account, AccountError, AccountTable, Summary};

/// How often the file is looked at for what another program changed.
const LOOK: Duration = Duration::from_millis(500);

/// Asks the accounts' thread. Dropping the last handle ends the thread, which closes the file.
#[derive(Debug, Clone)]
pub(crate) struct Accounts {
    jobs: Sender<Job>,
    /// From which the decoys of users who don't exist are made.
    pub(crate) secret: [u8; 32],
}

/// What the thread is asked.
enum Job {
    Find(
        UserName,
        oneshot::Sender<Result<Option<Account>, AccountError>>,
    ),
    Clash(UserName, oneshot::Sender<Result<bool, AccountError>>),
    Add(
        UserName,
        Credentials,
        oneshot::Sender<Result<(), AccountError>>,
    ),
}

impl Accounts {
    /// Opens the file in a directory, making both if they are missing, and starts the thread.
    ///
    /// `changed` is called, on that thread, with all accounts after another program changed them.
    ///
    /// # Errors
    /// [`AccountError`] if the file cannot be opened.
    pub(crate) fn open(
        directory: &Path,
        changed: impl Fn(HashMap<String, i64>) + Send + 'static,
    ) -> Result<(Self, JoinHandle<()>), AccountError> {
        let mut table = AccountTable::open(directory)?;
        let secret = table.secret()?;
        let (jobs, todo) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("accounts".to_owned())
            .spawn(move || serve(&mut table, &todo, &changed))
            .map_err(AccountError::Thread)?;
        Ok((Self { jobs, secret }, thread))
    }

    /// The account of this name in any spelling.
    ///
    /// # Errors
    /// [`AccountError`] if the file cannot be read.
    pub(crate) async fn find(&self, name: &UserName) -> Result<Option<Account>, AccountError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Job::Find(name.clone(), reply), answer).await
    }

    /// Whether an account has this name or one that looks like it.
    ///
    /// # Errors
    /// [`AccountError`] if the file cannot be read.
    pub(crate) async fn clashes(&self, name: &UserName) -> Result<bool, AccountError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Job::Clash(name.clone(), reply), answer).await
    }

    /// Adds an account; it is on the disk when this returns.
    ///
    /// # Errors
    /// [`AccountError::NameTaken`], or that the file cannot be written.
    pub(crate) async fn add(
        &self,
        name: &UserName,
        credentials: Credentials,
    ) -> Result<(), AccountError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Job::Add(name.clone(), credentials, reply), answer)
            .await
    }

    async fn ask<T>(
        &self,
        job: Job,
        answer: oneshot::Receiver<Result<T, AccountError>>,
    ) -> Result<T, AccountError> {
        self.jobs.send(job).map_err(|_| AccountError::Closed)?;
        answer.await.map_err(|_| AccountError::Closed)?
    }
}

/// The thread: answers what is asked, many registrations with one write to the disk.
fn serve(table: &mut AccountTable, todo: &Receiver<Job>, changed: &dyn Fn(HashMap<String, i64>)) {
    let mut version = table.version().unwrap_or(0);
    loop {
        match todo.recv_timeout(LOOK) {
            Ok(first) => {
                let mut adds = Vec::new();
                for job in std::iter::once(first).chain(std::iter::from_fn(|| todo.try_recv().ok()))
                {
                    // Who asked may be gone meanwhile: an answer that nobody takes is no mistake.
                    match job {
                        Job::Find(name, reply) => drop(reply.send(table.find(&name))),
                        Job::Clash(name, reply) => drop(reply.send(table.clashes(&name))),
                        Job::Add(name, credentials, reply) => adds.push((name, credentials, reply)),
                    }
                }
                if !adds.is_empty() {
                    add_all(table, adds);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        match table.version() {
            Ok(now) if now != version => {
                version = now;
                match table.makings() {
                    Ok(accounts) => changed(accounts),
                    Err(error) => tracing::error!(%error, "cannot read the accounts"),
                }
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "cannot read the accounts"),
        }
    }
}

type Add = (
    UserName,
    Credentials,
    oneshot::Sender<Result<(), AccountError>>,
);

fn add_all(table: &mut AccountTable, adds: Vec<Add>) {
    let (accounts, replies): (Vec<_>, Vec<_>) = adds
        .into_iter()
        .map(|(name, credentials, reply)| ((name, credentials), reply))
        .unzip();
    for (result, reply) in table.add_all(&accounts).into_iter().zip(replies) {
        drop(reply.send(result));
    }
}
