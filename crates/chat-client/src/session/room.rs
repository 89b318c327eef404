//! Being in the room.

use chat_proto::{Command, ErrorCode, Event as Said, User, UserName};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Never, Session, Stay, Turn};
use crate::end::EndReason;
use crate::event::{Event, NotSaid, Refusal};
use crate::link::Request;
use crate::roster::Roster;

/// Names asked for and not answered; a server that answers none of them is asked no more.
const LOOKUPS: usize = 256;

impl<S: AsyncRead + AsyncWrite> Session<'_, S> {
    pub(super) async fn room(&mut self) -> Result<Never, EndReason> {
        // The frames of a roster whose last has not arrived.
        let mut arriving = Vec::new();
        loop {
            match self.turn().await? {
                Turn::Heard(Said::Roster { users, more }) => {
                    arriving.extend(users);
                    if arriving.len() > Roster::MOST {
                        return Err(EndReason::NotAServer {
                            reason: "its roster has no end".to_owned(),
                            lab: false,
                        });
                    }
                    if !more {
                        self.roster(std::mem::take(&mut arriving)).await?;
                    }
                }
                Turn::Heard(said) => self.heard(said).await?,
                Turn::Asked(request) => self.asked(request)?,
            }
        }
    }

    /// Does what the user, or the post, asks.
    fn asked(&mut self, request: Request) -> Result<(), EndReason> {
        match request {
            Request::Say { id, text } => {
                self.link.said(id, text.clone());
                let id = Some(id);
                self.send(&Command::Say { id, text })
            }
            Request::Lookup(name) if self.lookups.len() >= LOOKUPS => {
                self.link.post.missing(name);
                Ok(())
            }
            Request::Lookup(name) => {
                self.lookups.push_back(name.clone());
                self.send(&Command::Lookup { name })
            }
            // One is in already.
            Request::SignIn(_) => Ok(()),
            Request::Quit => {
                if matches!(self.stay, Stay::Open) {
                    self.stay = Stay::Settling(self.link.post.settle());
                }
                Ok(())
            }
        }
    }

    async fn heard(&mut self, said: Said) -> Result<(), EndReason> {
        match said {
            Said::Message { seq, from, text } => {
                self.emit(Event::Message { seq, from, text }).await
            }
            Said::Said { id, seq } => {
                self.link.confirmed(id);
                self.emit(Event::Said { id, seq }).await
            }
            Said::Joined { users } => self.joined(users).await,
            Said::Left { users, reason } => {
                let gone = |name: &UserName| self.link.roster.with(|roster| roster.remove(name));
                let names: Vec<String> = users.into_iter().filter(gone).map(Into::into).collect();
                let reason = Some(reason);
                self.emit_names(names, |names| Event::Left { names, reason })
                    .await
            }
            Said::User { user } => {
                let asked = self.lookups.pop_front();
                let fits = asked.is_some_and(|name| name.is_same_user(&user.name));
                if fits {
                    let name = user.name.clone();
                    self.link.roster.with(|roster| roster.insert(user));
                    self.link.post.found(name);
                }
                Ok(())
            }
            Said::Error { code, text, id } => self.refused(code, text, id).await,
            // What belongs before the room is of no interest in it.
            _ => Ok(()),
        }
    }

    async fn roster(&mut self, users: Vec<User>) -> Result<(), EndReason> {
        let users = self.link.roster.with(|roster| {
            roster.replace(users);
            roster.len()
        });
        self.emit(Event::Roster { users }).await
    }

    async fn joined(&mut self, users: Vec<User>) -> Result<(), EndReason> {
        let names: Vec<String> = self.link.roster.with(|roster| {
            let mut names = Vec::new();
            for user in users {
                let name = user.name.clone();
                if roster.insert(user) {
                    names.push(name.into());
                }
            }
            names
        });
        self.emit_names(names, |names| Event::Joined { names })
            .await
    }

    async fn refused(
        &mut self,
        code: ErrorCode,
        text: String,
        id: Option<u64>,
    ) -> Result<(), EndReason> {
        if let Some((id, said)) = id.and_then(|id| Some((id, self.link.confirmed(id)?))) {
            let (text, reason) = (said, NotSaid::Refused(text));
            return self.emit(Event::NotSaid { id, text, reason }).await;
        }
        if code == ErrorCode::NoSuchUser
            && let Some(name) = self.lookups.pop_front()
        {
            self.link.post.missing(name);
            return Ok(());
        }
        self.emit(Event::Refused(Refusal { code, text })).await
    }

    async fn emit_names(
        &mut self,
        names: Vec<String>,
        event: impl FnOnce(Vec<String>) -> Event,
    ) -> Result<(), EndReason> {
        if names.is_empty() {
            return Ok(());
        }
        self.emit(event(names)).await
    }
}
