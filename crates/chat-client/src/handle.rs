//! What a client can be asked to do.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chat_proto::ChatText;
use tokio::sync::mpsc;

use crate::config::SignIn;
use crate::link::Request;
use crate::post::Letter;
use crate::roster::{Member, Roster, SharedRoster};

/// Speaks for the user. Clones speak for the same user; when the last is dropped, the client leaves.
#[derive(Clone)]
pub struct Handle {
    requests: mpsc::Sender<Request>,
    letters: mpsc::Sender<Letter>,
    roster: SharedRoster,
    numbers: Arc<AtomicU64>,
}

/// The client is through: see the last event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client has ended")]
pub struct Gone;

impl Handle {
    pub(crate) fn new(
        requests: mpsc::Sender<Request>,
        letters: mpsc::Sender<Letter>,
        roster: SharedRoster,
    ) -> Self {
        Self {
            requests,
            letters,
            roster,
            numbers: Arc::new(AtomicU64::new(1)),
        }
    }

    /// Says something to all others in the room; gives its number in the events that follow.
    ///
    /// Waits while more was asked than could be sent: read events meanwhile.
    ///
    /// # Errors
    /// [`Gone`] if the client has ended.
    pub async fn say(&self, text: ChatText) -> Result<u64, Gone> {
        let id = self.number();
        self.ask(Request::Say { id, text }).await?;
        Ok(id)
    }

    /// Says something to one user, past the server; gives its number in the events that follow.
    ///
    /// Waits while more was asked than could be sent: read events meanwhile.
    ///
    /// # Errors
    /// [`Gone`] if the client has ended.
    pub async fn tell(&self, to: &str, text: ChatText) -> Result<u64, Gone> {
        let id = self.number();
        let letter = Letter {
            id,
            to: to.to_owned(),
            text,
        };
        self.letters.send(letter).await.map_err(|_| Gone)?;
        Ok(id)
    }

    /// Answers [`Event::SignInWanted`](crate::Event::SignInWanted).
    ///
    /// # Errors
    /// [`Gone`] if the client has ended.
    pub async fn sign_in(&self, sign_in: SignIn) -> Result<(), Gone> {
        self.ask(Request::SignIn(sign_in)).await
    }

    /// Leaves in order: after private messages on their way are delivered or given up, and after
    /// what was said reached the server. [`Event::Ended`](crate::Event::Ended) follows.
    ///
    /// # Errors
    /// [`Gone`] if the client has ended already.
    pub async fn quit(&self) -> Result<(), Gone> {
        self.ask(Request::Quit).await
    }

    /// Who is in the room, by name.
    pub fn members(&self) -> Vec<Member> {
        self.with_roster(|roster| roster.members().cloned().collect())
    }

    /// Looks at the roster, without copying it. Don't wait for anything meanwhile.
    pub fn with_roster<T>(&self, look: impl FnOnce(&Roster) -> T) -> T {
        self.roster.with(|roster| look(roster))
    }

    fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    async fn ask(&self, request: Request) -> Result<(), Gone> {
        self.requests.send(request).await.map_err(|_| Gone)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}
