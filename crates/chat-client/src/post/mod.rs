//! Private messages: what owns the UDP socket, and how the link speaks to it.

mod book;
mod channel;
mod meter;
mod pending;
mod socket;
mod task;

use std::io;
use std::net::IpAddr;

use chat_proto::{ChatText, SecretKey, UserName};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::event::Event;
use crate::link::Request;
use crate::roster::SharedRoster;

/// A private message that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) id: u64,
    /// For whom, as typed.
    pub(crate) to: String,
    pub(crate) text: ChatText,
}

/// The link's end of the post; when it is dropped, the task ends.
#[derive(Debug)]
pub(crate) struct Post {
    // Not bounded, but never long: a few for each session and one for each look-up.
    orders: mpsc::UnboundedSender<Order>,
    // Where the socket is bound.
    bound: Option<(IpAddr, u16)>,
    _task: JoinSet<()>,
}

/// What the link tells the post.
#[derive(Debug)]
enum Order {
    Socket(UdpSocket),
    Enter(UserName, SecretKey),
    EnterLab,
    Found(UserName),
    Missing(UserName),
    Settle(oneshot::Sender<()>),
}

/// Starts the post's task.
pub(crate) fn start(
    roster: SharedRoster,
    letters: mpsc::Receiver<Letter>,
    events: mpsc::Sender<Event>,
    requests: mpsc::WeakSender<Request>,
) -> Post {
    let (sender, orders) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    tasks.spawn(task::Task::new(roster, letters, orders, events, requests).run());
    Post {
        orders: sender,
        bound: None,
        _task: tasks,
    }
}

impl Post {
    /// Opens the UDP socket at our address, at the port or, if it is taken, another; gives the port.
    /// A socket that is there already is kept.
    pub(crate) async fn bind(&mut self, ip: IpAddr, port: u16) -> io::Result<u16> {
        if let Some((bound, port)) = self.bound
            && bound == ip
        {
            return Ok(port);
        }
        let socket = socket::bind(ip, port).await?;
        let port = socket.local_addr()?.port();
        self.bound = Some((ip, port));
        self.order(Order::Socket(socket));
        Ok(port)
    }

    /// A session began: who one is in it, and with which key.
    pub(crate) fn enter(&self, name: UserName, secret: SecretKey) {
        self.order(Order::Enter(name, secret));
    }

    /// A session of the lab dialect began, which has no keys.
    pub(crate) fn enter_lab(&self) {
        self.order(Order::EnterLab);
    }

    /// The address of a user that was looked up is in the roster.
    pub(crate) fn found(&self, name: UserName) {
        self.order(Order::Found(name));
    }

    /// A user that was looked up is not in the room, or there is no server to ask.
    pub(crate) fn missing(&self, name: UserName) {
        self.order(Order::Missing(name));
    }

    /// Tells when all letters on their way are delivered or given up.
    pub(crate) fn settle(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.order(Order::Settle(sender));
        receiver
    }

    fn order(&self, order: Order) {
        // The task ends only with this, or because nobody listens to events any more.
        let _sent = self.orders.send(order);
    }
}
