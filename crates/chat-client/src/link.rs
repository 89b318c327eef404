//! The link to the server: one session after the other, and the waits between them.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use chat_proto::scram::ChannelBinding;
use chat_proto::{ChatText, EndCode, ErrorCode, UserName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::backoff::Backoff;
use crate::config::{Config, Dialect, SignIn};
use crate::connect::ConnectError;
use crate::end::EndReason;
use crate::event::{Event, NotSaid, Refusal};
use crate::lab;
use crate::post::Post;
use crate::roster::SharedRoster;
use crate::session;
use crate::tls::Tunnel;

/// The first wait before dialling again, at most.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Every wait before dialling again, at most.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A session that held this long was a good one: the waits begin anew.
const HELD: Duration = Duration::from_secs(20);

/// Unconfirmed messages of which the text is kept.
const KEPT: usize = 1024;

/// What the handle, or the post, asks of the link.
#[derive(Debug)]
pub(crate) enum Request {
    Say { id: u64, text: ChatText },
    SignIn(SignIn),
    Lookup(UserName),
    Quit,
}

/// What connects to the server: TCP in the program, memory in tests.
pub(crate) trait Dial {
    /// The stream that it gives.
    type Stream: AsyncRead + AsyncWrite;

    /// Connects once.
    fn dial(&mut self) -> impl Future<Output = Result<Dialled<Self::Stream>, ConnectError>> + Send;
}

/// A connection that stands.
#[derive(Debug)]
pub(crate) struct Dialled<S> {
    pub(crate) stream: S,
    /// The server's address.
    pub(crate) address: SocketAddr,
    /// Our address, where private messages are taken; `None`: nowhere.
    pub(crate) local: Option<SocketAddr>,
    /// What TLS says of the connection; `None`: it is in plain text.
    pub(crate) tunnel: Option<Tunnel>,
}

/// What outlives a session.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) config: Config,
    pub(crate) roster: SharedRoster,
    pub(crate) requests: mpsc::Receiver<Request>,
    pub(crate) post: Post,
    pub(crate) sign_in: Option<SignIn>,
    /// Whether the room was ever entered: then a refusal may be the fault of our older session.
    pub(crate) was_in: bool,
    events: mpsc::Sender<Event>,
    unconfirmed: VecDeque<(u64, ChatText)>,
}

impl Link {
    pub(crate) fn new(
        mut config: Config,
        roster: SharedRoster,
        events: mpsc::Sender<Event>,
        requests: mpsc::Receiver<Request>,
        post: Post,
    ) -> Self {
        let sign_in = config.sign_in.take();
        Self {
            config,
            roster,
            requests,
            post,
            sign_in,
            was_in: false,
            events,
            unconfirmed: VecDeque::new(),
        }
    }

    /// Runs sessions until one ends for good.
    pub(crate) async fn run<D: Dial>(mut self, mut dialler: D, first: Dialled<D::Stream>) {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let mut dialled = first;
        let reason = loop {
            let begin = Instant::now();
            let reason = Box::pin(self.session(dialled)).await;
            if begin.elapsed() >= HELD {
                backoff.reset();
            }
            if !self.give_up_unconfirmed().await {
                break EndReason::Quit;
            }
            if !reason.may_pass() {
                break reason;
            }
            let asking = self.sign_in.is_none();
            let login_timeout = matches!(
                reason,
                EndReason::Bye {
                    code: EndCode::LoginTimeout,
                    ..
                }
            );
            // The user is still typing a password: dial when it is there.
            if asking && login_timeout && !self.sign_in_or_quit().await {
                break EndReason::Quit;
            }
            dialled = match self.redial(&mut dialler, &mut backoff, reason).await {
                Some(dialled) => dialled,
                None => break EndReason::Quit,
            };
        };
        // Nobody may listen any more, which is fine.
        let _told = self.emit(Event::Ended { reason }).await;
    }

    /// Tells an event, waiting while too many are unread. False: nobody listens any more.
    pub(crate) async fn emit(&self, event: Event) -> bool {
        self.events.send(event).await.is_ok()
    }

    /// Remembers what was said until its receipt comes.
    pub(crate) fn said(&mut self, id: u64, text: ChatText) {
        if self.unconfirmed.len() >= KEPT {
            self.unconfirmed.pop_front();
        }
        self.unconfirmed.push_back((id, text));
    }

    /// Forgets what was said: its receipt, or its refusal, came.
    pub(crate) fn confirmed(&mut self, id: u64) -> Option<ChatText> {
        let place = self.unconfirmed.iter().position(|(said, _)| *said == id)?;
        self.unconfirmed.remove(place).map(|(_, text)| text)
    }

    /// Answers a request that only a session in the room could have done. False: leave.
    pub(crate) async fn refuse(&mut self, request: Request) -> bool {
        match request {
            Request::Say { id, text } => {
                let reason = NotSaid::Offline;
                self.emit(Event::NotSaid { id, text, reason }).await
            }
            Request::SignIn(sign_in) => {
                self.sign_in = Some(sign_in);
                true
            }
            Request::Lookup(name) => {
                self.post.missing(name);
                true
            }
            Request::Quit => false,
        }
    }

    /// Asks who signs in.
    pub(crate) async fn want_sign_in(
        &mut self,
        entry: chat_proto::Entry,
        refused: Option<(ErrorCode, String)>,
    ) -> bool {
        self.sign_in = None;
        let refused = refused.map(|(code, text)| Refusal { code, text });
        self.emit(Event::SignInWanted { entry, refused }).await
    }

    async fn session<S: AsyncRead + AsyncWrite>(&mut self, dialled: Dialled<S>) -> EndReason {
        let address = dialled.address;
        let (certificate, binding) = match dialled.tunnel {
            Some(Tunnel { name, binding }) => (Some(name), binding),
            None => (None, ChannelBinding::None),
        };
        let connected = Event::Connected {
            address,
            certificate,
        };
        if !self.emit(connected).await {
            return EndReason::Quit;
        }
        let udp = match dialled.local {
            None => None,
            Some(local) => match self.post.bind(local.ip(), self.config.udp_port).await {
                Ok(port) => Some(port),
                Err(error) => {
                    if !self.emit(Event::NoUdp { error }).await {
                        return EndReason::Quit;
                    }
                    None
                }
            },
        };
        match self.config.dialect {
            Dialect::Native => session::run(dialled.stream, self, udp, binding).await,
            Dialect::Lab => lab::run(dialled.stream, self, udp).await,
        }
    }

    async fn give_up_unconfirmed(&mut self) -> bool {
        while let Some((id, text)) = self.unconfirmed.pop_front() {
            let reason = NotSaid::Unconfirmed;
            if !self.emit(Event::NotSaid { id, text, reason }).await {
                return false;
            }
        }
        true
    }

    async fn sign_in_or_quit(&mut self) -> bool {
        while self.sign_in.is_none() {
            let request = self.requests.recv().await.unwrap_or(Request::Quit);
            if !self.refuse(request).await {
                return false;
            }
        }
        true
    }

    /// Waits and dials until it succeeds. `None`: the user leaves.
    async fn redial<D: Dial>(
        &mut self,
        dialler: &mut D,
        backoff: &mut Backoff,
        mut reason: EndReason,
    ) -> Option<Dialled<D::Stream>> {
        loop {
            let wait = backoff.next((self.config.jitter)());
            let attempt = backoff.tries();
            let told = Event::Disconnected {
                reason,
                attempt,
                wait,
            };
            if !self.emit(told).await {
                return None;
            }
            self.serve_until(sleep(wait)).await?;
            match self.serve_until(dialler.dial()).await? {
                Ok(dialled) => return Some(dialled),
                Err(error) => reason = error.into(),
            }
        }
    }

    /// Answers requests until something has happened. `None`: the user leaves.
    async fn serve_until<T>(&mut self, happens: impl Future<Output = T>) -> Option<T> {
        let mut happens = std::pin::pin!(happens);
        loop {
            let request = tokio::select! {
                happened = &mut happens => return Some(happened),
                request = self.requests.recv() => request.unwrap_or(Request::Quit),
            };
            if !self.refuse(request).await {
                // Private messages need no server: those on their way are waited for.
                let _settled = self.post.settle().await;
                return None;
            }
        }
    }
}
