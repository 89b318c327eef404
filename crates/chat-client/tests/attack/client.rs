//! The client that is attacked.

use std::net::SocketAddr;
use std::time::Duration;

use chat_client::{ChatText, Config, Dialect, Event, Events, Handle, SignIn};
use chat_proto::scram::Password;
use tokio::time::timeout;

use crate::stage::name;

/// No step of a test takes this long, unless it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Client {
    pub(crate) handle: Handle,
    pub(crate) events: Events,
}

pub(crate) fn text(text: &str) -> ChatText {
    ChatText::new(text).unwrap()
}

pub(crate) fn enter() -> SignIn {
    SignIn::Enter {
        name: name("alice"),
    }
}

pub(crate) fn login() -> SignIn {
    SignIn::Login {
        name: name("alice"),
        password: Password::new("correct horse").unwrap(),
    }
}

pub(crate) fn register() -> SignIn {
    SignIn::Register {
        name: name("alice"),
        password: Password::new("correct horse").unwrap(),
    }
}

impl Client {
    pub(crate) async fn connect(server: SocketAddr, dialect: Dialect, sign_in: SignIn) -> Self {
        let mut config = Config::new(server.to_string().parse().unwrap());
        config.dialect = dialect;
        config.sign_in = Some(sign_in);
        config.udp_port = 0;
        config.jitter = || 0;
        let (handle, events) = chat_client::connect(config).await.unwrap();
        Self { handle, events }
    }

    pub(crate) async fn next(&mut self) -> Event {
        let event = timeout(PATIENCE, self.events.next()).await;
        event.expect("nothing came").expect("it ended")
    }

    /// The first event that is wanted; those before it are dropped.
    pub(crate) async fn until<T>(&mut self, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(self.next().await) {
                return found;
            }
        }
    }

    pub(crate) async fn entered(&mut self) {
        self.until(|event| matches!(event, Event::Roster { .. }).then_some(()))
            .await;
    }

    /// Why it ended for good.
    pub(crate) async fn ended(&mut self) -> String {
        self.until(|event| match event {
            Event::Ended { reason } => Some(reason.to_string()),
            _ => None,
        })
        .await
    }

    /// Whether what it wrote to bob was delivered.
    pub(crate) async fn is_delivered(&mut self, id: u64) -> bool {
        self.until(|event| match event {
            Event::Delivered { id: it, .. } if it == id => Some(true),
            Event::NotDelivered { id: it, .. } if it == id => Some(false),
            _ => None,
        })
        .await
    }
}
