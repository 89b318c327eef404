//! The server's end of connections in memory.

use std::net::SocketAddr;

use chat_proto::{Command, Entry, ErrorCode, Event as Said, FrameDecoder, User};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::mpsc;

use crate::connect::ConnectError;
use crate::link::{Dial, Dialled};

/// Dials into memory; the other ends come out of a channel. Without a listener it is refused.
pub(super) struct Dialler(pub(super) mpsc::UnboundedSender<Far>);

impl Dial for Dialler {
    type Stream = DuplexStream;

    async fn dial(&mut self) -> Result<Dialled<DuplexStream>, ConnectError> {
        let (stream, far) = duplex(64 * 1024);
        let address = SocketAddr::from(([127, 0, 0, 1], 5000));
        let refused = |_| ConnectError::Connect {
            address,
            error: std::io::ErrorKind::ConnectionRefused.into(),
        };
        self.0.send(Far::new(far)).map_err(refused)?;
        let local = None;
        Ok(Dialled {
            stream,
            address,
            local,
            tunnel: None,
        })
    }
}

/// The server's end of a connection.
pub(super) struct Far {
    pub(super) stream: DuplexStream,
    decoder: FrameDecoder,
    read: Vec<u8>,
}

impl Far {
    fn new(stream: DuplexStream) -> Self {
        Self {
            stream,
            decoder: FrameDecoder::new(),
            read: Vec::new(),
        }
    }

    /// The next command; `None` when the client has hung up.
    pub(super) async fn hear(&mut self) -> Option<Command> {
        loop {
            let mut input = &self.read[..];
            let frame = self.decoder.pull(&mut input).unwrap();
            let command = frame.map(|frame| Command::parse(frame).unwrap());
            self.read = input.to_vec();
            if command.is_some() {
                return command;
            }
            let mut chunk = [0; 4096];
            let count = self.stream.read(&mut chunk).await.unwrap_or(0);
            if count == 0 {
                return None;
            }
            self.read.extend_from_slice(&chunk[..count]);
        }
    }

    pub(super) async fn say(&mut self, said: Said) {
        self.stream
            .write_all(&said.encode().unwrap())
            .await
            .unwrap();
    }

    /// Answers with an error that belongs to nothing in particular.
    pub(super) async fn refuse(&mut self, code: ErrorCode, text: &str) {
        let (text, id) = (text.to_owned(), None);
        self.say(Said::Error { code, text, id }).await;
    }

    pub(super) async fn greet(&mut self, entry: Entry) {
        assert!(matches!(self.hear().await, Some(Command::Hello { .. })));
        let (version, server, iterations) = (1, "test".to_owned(), 4096);
        self.say(Said::Hello {
            version,
            server,
            entry,
            iterations,
            bindings: Vec::new(),
        })
        .await;
    }

    /// Lets the client into the room.
    pub(super) async fn admit(&mut self) {
        self.greet(Entry::Open).await;
        let Some(Command::Enter { name, .. }) = self.hear().await else {
            panic!("did not enter");
        };
        let (ip, scram) = ("127.0.0.1".parse().unwrap(), None);
        let users = vec![User {
            name: name.clone(),
            address: None,
        }];
        self.say(Said::Welcome { name, ip, scram }).await;
        self.say(Said::Roster { users, more: false }).await;
    }
}
