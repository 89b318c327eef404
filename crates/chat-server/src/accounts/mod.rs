//! Accounts: two threads that own the file, and a handle that asks them.
//!
//! One thread reads and one writes, so that who logs in does not wait when another program holds the file or
//! the disk is slow: SQLite's write-ahead log lets both work at once.

mod error;
mod file;
mod table;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::thread::JoinHandle;
use std::time::Duration;

use chat_proto::UserName;
use chat_proto::scram::Credentials;
use tokio::sync::{Notify, oneshot};

pub use error::AccountError;
pub use table::{Account, AccountTable, Summary};

/// How often the file is looked at for what another program changed.
const LOOK: Duration = Duration::from_millis(500);

/// What may wait for each thread; a session asks for one thing at a time.
const WAITING: usize = 4096;

/// Asks the accounts' threads. Dropping the last handle ends them, which closes the file.
#[derive(Debug, Clone)]
pub(crate) struct Accounts {
    reads: SyncSender<Read>,
    writes: SyncSender<Add>,
    /// From which the decoys of users who don't exist are made.
    pub(crate) secret: [u8; 32],
}

/// The threads, to be waited for.
#[derive(Debug)]
pub(crate) struct Threads {
    handles: Vec<JoinHandle<()>>,
    ended: Arc<Notify>,
}

type Answer<T> = oneshot::Sender<Result<T, AccountError>>;

/// What the reading thread is asked.
enum Read {
    Find(UserName, Answer<Option<Account>>),
    Clash(UserName, Answer<bool>),
}

/// What the writing thread is asked.
struct Add {
    account: (UserName, Credentials),
    reply: Answer<()>,
}

impl Accounts {
    /// Opens the file in a directory, making both if they are missing, and starts the threads. No more
    /// than `limit` accounts are kept.
    ///
    /// `changed` is called, on a thread, with all accounts after another program changed them.
    ///
    /// # Errors
    /// [`AccountError`] if the file cannot be opened.
    pub(crate) fn open(
        directory: &Path,
        limit: usize,
        changed: impl Fn(HashMap<String, i64>) + Send + 'static,
    ) -> Result<(Self, Threads), AccountError> {
        let mut table = AccountTable::open(directory)?;
        let secret = table.secret()?;
        tracing::info!(accounts = table.count()?, "opened the accounts");
        let reader = table.reopen()?;
        let (reads, to_read) = mpsc::sync_channel(WAITING);
        let (writes, to_write) = mpsc::sync_channel(WAITING);
        let mut threads = Threads {
            handles: Vec::new(),
            ended: Arc::new(Notify::new()),
        };
        threads.start("accounts", move || read(&reader, &to_read))?;
        threads.start("registrations", move || {
            write(&mut table, limit, &to_write, &changed);
        })?;
        let accounts = Self {
            reads,
            writes,
            secret,
        };
        Ok((accounts, threads))
    }

    /// The account of this name in any spelling.
    ///
    /// # Errors
    /// [`AccountError`] if the file cannot be read.
    pub(crate) async fn find(&self, name: &UserName) -> Result<Option<Account>, AccountError> {
        let (reply, answer) = oneshot::channel();
        ask(&self.reads, Read::Find(name.clone(), reply), answer).await
    }

    /// Whether an account has this name or one that looks like it.
    ///
    /// # Errors
    /// [`AccountError`] if the file cannot be read.
    pub(crate) async fn clashes(&self, name: &UserName) -> Result<bool, AccountError> {
        let (reply, answer) = oneshot::channel();
        ask(&self.reads, Read::Clash(name.clone(), reply), answer).await
    }

    /// Adds an account; it is on the disk when this returns.
    ///
    /// # Errors
    /// [`AccountError::NameTaken`], [`AccountError::TooMany`], or that the file cannot be written.
    pub(crate) async fn add(
        &self,
        name: &UserName,
        credentials: Credentials,
    ) -> Result<(), AccountError> {
        let (reply, answer) = oneshot::channel();
        let account = (name.clone(), credentials);
        ask(&self.writes, Add { account, reply }, answer).await
    }
}

async fn ask<J, T>(
    jobs: &SyncSender<J>,
    job: J,
    answer: oneshot::Receiver<Result<T, AccountError>>,
) -> Result<T, AccountError> {
    jobs.try_send(job).map_err(|error| match error {
        TrySendError::Full(_) => AccountError::Overrun,
        TrySendError::Disconnected(_) => AccountError::Closed,
    })?;
    answer.await.map_err(|_| AccountError::Closed)?
}

impl Threads {
    fn start(
        &mut self,
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), AccountError> {
        let ending = Ending(Arc::clone(&self.ended));
        let thread = std::thread::Builder::new().name(name.to_owned());
        let handle = thread.spawn(move || {
            let _ending = ending;
            work();
        });
        self.handles.push(handle.map_err(AccountError::Thread)?);
        Ok(())
    }

    /// Waits until one of the threads has ended: it does while it is still asked only if it panics.
    pub(crate) async fn ended(&self) {
        self.ended.notified().await;
    }

    /// Waits for all of them; false if one has panicked.
    pub(crate) fn join(self) -> bool {
        let ended: Vec<bool> = self
            .handles
            .into_iter()
            .map(|handle| handle.join().is_ok())
            .collect();
        ended.into_iter().all(|in_order| in_order)
    }
}

/// Tells that a thread ends, also by a panic.
struct Ending(Arc<Notify>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// The reading thread.
fn read(table: &AccountTable, todo: &Receiver<Read>) {
    while let Ok(job) = todo.recv() {
        let here = table.is_in_place();
        // Who asked may be gone meanwhile: an answer that nobody takes is no mistake.
        match job {
            Read::Find(name, reply) => drop(reply.send(here.and_then(|()| table.find(&name)))),
            Read::Clash(name, reply) => drop(reply.send(here.and_then(|()| table.clashes(&name)))),
        }
    }
}

/// The writing thread: many registrations with one write to the disk. It also notices what other programs
/// change: only they change the version that this connection sees.
fn write(
    table: &mut AccountTable,
    limit: usize,
    todo: &Receiver<Add>,
    changed: &dyn Fn(HashMap<String, i64>),
) {
    let mut version = table.version().unwrap_or(0);
    // So that a trouble that lasts is told once.
    let mut troubled = false;
    loop {
        match todo.recv_timeout(LOOK) {
            Ok(first) => {
                let more = std::iter::from_fn(|| todo.try_recv().ok()).take(WAITING);
                add_all(table, limit, std::iter::once(first).chain(more).collect());
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        match look(table, &mut version) {
            Ok(accounts) => {
                troubled = false;
                if let Some(accounts) = accounts {
                    changed(accounts);
                }
            }
            Err(error) if !troubled => {
                troubled = true;
                log(&error, "cannot read the accounts");
            }
            Err(_) => {}
        }
    }
}

/// All accounts, if another program changed them.
fn look(
    table: &AccountTable,
    version: &mut i64,
) -> Result<Option<HashMap<String, i64>>, AccountError> {
    table.is_in_place()?;
    let now = table.version()?;
    if now == *version {
        return Ok(None);
    }
    let accounts = table.makings()?;
    *version = now;
    Ok(Some(accounts))
}

fn add_all(table: &mut AccountTable, limit: usize, adds: Vec<Add>) {
    let (accounts, replies): (Vec<_>, Vec<_>) =
        adds.into_iter().map(|add| (add.account, add.reply)).unzip();
    let added = table
        .is_in_place()
        .and_then(|()| table.add_all(&accounts, limit));
    match added {
        Ok(results) => {
            for (result, reply) in results.into_iter().zip(replies) {
                drop(reply.send(result));
            }
        }
        Err(error) => {
            log(&error, "cannot write the accounts");
            for reply in replies {
                drop(reply.send(Err(match &error {
                    AccountError::Busy => AccountError::Busy,
                    _ => AccountError::NotWritten,
                })));
            }
        }
    }
}

fn log(error: &AccountError, what: &str) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(%error, cause, hint = error.hint(), "{what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_thread_that_panics_is_noticed_at_once_and_at_the_end() {
        let mut threads = Threads {
            handles: Vec::new(),
            ended: Arc::new(Notify::new()),
        };
        let (asks, asked) = mpsc::channel::<()>();
        let until_told = move || {
            let _told = asked.recv();
        };
        threads.start("asked", until_told).unwrap();
        threads
            .start("mistaken", || panic!("this panic is the test's"))
            .unwrap();
        threads.ended().await;
        drop(asks);
        assert!(!threads.join());
    }

    #[tokio::test]
    async fn accounts_that_are_not_asked_any_more_end_in_order() {
        let directory = tempfile::tempdir().unwrap();
        let (accounts, threads) = Accounts::open(directory.path(), 10, |_| ()).unwrap();
        let name = UserName::new("alice").unwrap();
        assert!(accounts.find(&name).await.unwrap().is_none());
        drop(accounts);
        assert!(threads.join());
    }

    #[tokio::test]
    async fn no_more_than_so_much_waits_for_them() {
        let (jobs, todo) = mpsc::sync_channel(1);
        let waits = async |job| {
            let (reply, answer) = oneshot::channel::<Result<(), AccountError>>();
            drop(reply);
            ask(&jobs, job, answer).await.unwrap_err()
        };
        assert!(matches!(waits(1).await, AccountError::Closed));
        let overrun = waits(2).await;
        assert!(matches!(overrun, AccountError::Overrun) && overrun.may_pass());
        drop(todo);
        assert!(matches!(waits(3).await, AccountError::Closed));
    }
}
