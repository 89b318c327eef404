//! The task that owns the UDP socket and the clock of the private messages.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until};

use super::book::{Book, Output};
use super::{Letter, Order};
use crate::event::Event;
use crate::link::Request;
use crate::roster::SharedRoster;

/// How much of a datagram is read, in octets: more than any that is understood.
const CHUNK: usize = 2048;

/// Datagrams that are taken at once, before anything else has its turn: in a flood, what one talks
/// about is lost where the kernel's buffer is full.
const BATCH: usize = 64;

/// The rest after an error of the socket, so that a lasting one costs nothing.
const REST: Duration = Duration::from_millis(100);

/// The post at work.
pub(super) struct Task {
    book: Book,
    socket: Option<UdpSocket>,
    roster: SharedRoster,
    letters: mpsc::Receiver<Letter>,
    orders: mpsc::UnboundedReceiver<Order>,
    events: mpsc::Sender<Event>,
    requests: mpsc::WeakSender<Request>,
    // Events that found no room; until they do, nothing else is taken.
    untold: VecDeque<Event>,
    settling: Vec<oneshot::Sender<()>>,
}

impl Task {
    pub(super) fn new(
        roster: SharedRoster,
        letters: mpsc::Receiver<Letter>,
        orders: mpsc::UnboundedReceiver<Order>,
        events: mpsc::Sender<Event>,
        requests: mpsc::WeakSender<Request>,
    ) -> Self {
        Self {
            book: Book::new(Instant::now()),
            socket: None,
            roster,
            letters,
            orders,
            events,
            requests,
            untold: VecDeque::new(),
            settling: Vec::new(),
        }
    }

    /// Runs until the link, or who listens to the events, is gone.
    pub(super) async fn run(mut self) {
        let mut chunk = vec![0; CHUNK];
        let events = self.events.clone();
        loop {
            self.work();
            if self.untold.is_empty() && self.book.is_settled() && self.letters.is_empty() {
                for told in self.settling.drain(..) {
                    // Who asked may be gone.
                    let _sent = told.send(());
                }
            }
            let told = self.untold.is_empty();
            let due = self.book.due();
            tokio::select! {
                permit = events.reserve(), if !told => {
                    let Ok(permit) = permit else { return };
                    if let Some(event) = self.untold.pop_front() {
                        permit.send(event);
                    }
                }
                order = self.orders.recv() => {
                    let Some(order) = order else { return };
                    self.obey(order);
                }
                // Without handles there are no more letters, and the link leaves and ends this.
                Some(letter) = self.letters.recv(), if told && self.book.wants_letters() => {
                    let now = Instant::now();
                    self.roster.with(|roster| self.book.give(letter, roster, now));
                }
                ready = readable(self.socket.as_ref()), if told => {
                    if ready.and_then(|()| self.receive(&mut chunk)).is_err() {
                        sleep(REST).await;
                    }
                }
                () = until(due), if told => {
                    let now = Instant::now();
                    self.roster.with(|roster| self.book.tick(roster, now));
                }
            }
        }
    }

    fn obey(&mut self, order: Order) {
        let now = Instant::now();
        match order {
            Order::Socket(socket) => {
                if let Ok(here) = socket.local_addr() {
                    self.book.set_here(here);
                }
                self.socket = Some(socket);
            }
            Order::Enter(name, secret) => self.book.enter(name, secret),
            Order::EnterLab => self.book.enter_lab(),
            Order::Found(name) => {
                self.roster
                    .with(|roster| self.book.found(&name, roster, now));
            }
            Order::Missing(name) => self.book.missing(&name),
            Order::Settle(told) => self.settling.push(told),
        }
    }

    /// Takes the datagrams that are there.
    fn receive(&mut self, chunk: &mut [u8]) -> io::Result<()> {
        for _ in 0..BATCH {
            let received = self
                .socket
                .as_ref()
                .map(|socket| socket.try_recv_from(chunk));
            let (count, from) = match received {
                Some(Ok(received)) => received,
                Some(Err(error)) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => return Ok(()),
            };
            let octets = chunk.get(..count).unwrap_or_default();
            let now = Instant::now();
            self.roster
                .with(|roster| self.book.receive(octets, from, roster, now));
            self.work();
            if !self.untold.is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Does what the book asks for.
    fn work(&mut self) {
        while let Some(output) = self.book.output() {
            match output {
                Output::Send(to, octets) => {
                    if let Some(socket) = &self.socket {
                        // What does not go now is like what is lost on the way: it is repeated.
                        let _sent = socket.try_send_to(&octets, to);
                    }
                }
                Output::Tell(event) => self.tell(event),
                Output::Lookup(name) => {
                    let request = Request::Lookup(name);
                    let requests = self.requests.upgrade();
                    // If too much is asked already, the letter's own time limit answers.
                    let _asked = requests.map(|requests| requests.try_send(request));
                }
            }
        }
    }

    fn tell(&mut self, event: Event) {
        if !self.untold.is_empty() {
            self.untold.push_back(event);
        } else if let Err(error) = self.events.try_send(event)
            && let mpsc::error::TrySendError::Full(event) = error
        {
            self.untold.push_back(event);
        }
    }
}

async fn readable(socket: Option<&UdpSocket>) -> io::Result<()> {
    match socket {
        Some(socket) => socket.readable().await,
        None => std::future::pending().await,
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
