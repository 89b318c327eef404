//! A server on port 0, and a client that says and hears single lines.

use std::net::SocketAddr;
use std::time::Duration;

use chat_proto::scram::{ChannelBinding, ClientLogin, Credentials, Password};
use chat_proto::{
    Command, Contact, EndCode, ErrorCode, Event, FrameDecoder, SealedRegistration, SecretKey,
    UserName,
};
use chat_server::{Config, ServerError};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// No step of a test takes this long, unless it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), ServerError>>,
}

impl Running {
    pub(crate) async fn start(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _either_way = stopped.await;
        };
        let server = tokio::spawn(chat_server::run(listener, config, shutdown));
        Self {
            address,
            stop,
            server,
        }
    }

    /// A server without accounts, generous enough for one machine's tests.
    pub(crate) async fn open() -> Self {
        Self::start(open_config()).await
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.server)
            .await
            .expect("the server stops")
            .unwrap()
            .unwrap();
    }
}

pub(crate) fn open_config() -> Config {
    let mut config = Config {
        open: true,
        ..Config::default()
    };
    config.limits.clients_per_address = 5000;
    // A test's clients close late, and nobody wants to wait for them.
    config.limits.linger = Duration::from_millis(300);
    config.limits.commands_per_second = 1_000_000;
    config.limits.command_burst = 1_000_000;
    config
}

/// A server with accounts in a directory; log-ins are quick.
pub(crate) fn account_config(directory: &std::path::Path) -> Config {
    Config {
        open: false,
        data: directory.to_owned(),
        iterations: 4096,
        ..open_config()
    }
}

pub(crate) struct Peer<S = TcpStream> {
    pub(crate) stream: S,
    /// What its log-ins are bound to.
    pub(crate) binding: ChannelBinding,
    decoder: FrameDecoder,
    input: Vec<u8>,
}

pub(crate) fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

impl Peer {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::on(stream)
    }

    /// Connects from another address of this host, which is another stranger to the server.
    pub(crate) async fn connect_from(source: [u8; 4], address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((source, 0).into()).unwrap();
        let stream = socket.connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::on(stream)
    }

    /// Connects and says hello.
    pub(crate) async fn hello(address: SocketAddr) -> Self {
        let mut peer = Self::connect(address).await;
        peer.greet().await;
        peer
    }

    /// Connects from another address of this host and says hello.
    pub(crate) async fn hello_from(source: [u8; 4], address: SocketAddr) -> Self {
        let mut peer = Self::connect_from(source, address).await;
        peer.greet().await;
        peer
    }

    /// Enters an open room and takes the roster.
    pub(crate) async fn enter(address: SocketAddr, who: &str) -> Self {
        let mut peer = Self::hello(address).await;
        peer.come_in(who).await;
        peer
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(crate) fn on(stream: S) -> Self {
        Self {
            stream,
            binding: ChannelBinding::None,
            decoder: FrameDecoder::new(),
            input: Vec::new(),
        }
    }

    /// Says hello, and gives the channel bindings that the server offers.
    pub(crate) async fn greet(&mut self) -> Vec<String> {
        self.line(r#"{"type":"hello","version":1,"client":"test"}"#)
            .await;
        match self.event().await {
            Event::Hello {
                version: 1,
                bindings,
                ..
            } => bindings,
            other => panic!("not a hello: {other:?}"),
        }
    }

    /// Enters an open room and takes the roster.
    pub(crate) async fn come_in(&mut self, who: &str) {
        self.say(&Command::Enter {
            name: name(who),
            contact: Contact::default(),
        })
        .await;
        assert!(matches!(self.event().await, Event::Welcome { .. }));
        while !matches!(self.event().await, Event::Roster { more: false, .. }) {}
    }

    pub(crate) async fn octets(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    pub(crate) async fn line(&mut self, line: &str) {
        self.octets(format!("{line}\n").as_bytes()).await;
    }

    pub(crate) async fn say(&mut self, command: &Command) {
        self.octets(&command.encode().unwrap()).await;
    }

    pub(crate) async fn text(&mut self, text: &str) {
        let text = chat_proto::ChatText::new(text).unwrap();
        self.say(&Command::Say { id: None, text }).await;
    }

    /// The next event; `None` if the connection ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        timeout(PATIENCE, async {
            loop {
                let mut rest = &self.input[..];
                let event = self
                    .decoder
                    .pull(&mut rest)
                    .unwrap()
                    .map(|line| Event::parse(line).unwrap());
                self.input = rest.to_vec();
                if event.is_some() {
                    return event;
                }
                if self.stream.read_buf(&mut self.input).await.unwrap_or(0) == 0 {
                    return None;
                }
            }
        })
        .await
        .expect("an event or the end of the connection")
    }

    pub(crate) async fn event(&mut self) -> Event {
        self.next().await.expect("an event")
    }

    /// The next message: who said what. Joins and leaves are passed over.
    pub(crate) async fn message(&mut self) -> (String, String) {
        loop {
            match self.event().await {
                Event::Message { from, text, .. } => {
                    return (from.to_string(), text.as_str().to_owned());
                }
                Event::Joined { .. } | Event::Left { .. } | Event::Said { .. } => {}
                other => panic!("not a message: {other:?}"),
            }
        }
    }

    /// The last word; events before it are passed over.
    pub(crate) async fn bye(&mut self) -> EndCode {
        loop {
            if let Event::Bye { code, .. } = self.event().await {
                assert_eq!(self.next().await, None, "nothing comes after bye");
                return code;
            }
        }
    }

    pub(crate) async fn error(&mut self) -> ErrorCode {
        match self.event().await {
            Event::Error { code, .. } => code,
            other => panic!("not an error: {other:?}"),
        }
    }

    /// Registers, and gives the answer.
    pub(crate) async fn register(&mut self, who: &str, password: &str) -> Event {
        self.say(&Command::Register { name: name(who) }).await;
        let server = match self.event().await {
            Event::RegisterKey { key } => key,
            refused => return refused,
        };
        let passing = SecretKey::from_random([42; 32]);
        let credentials = Credentials::derive(&Password::new(password).unwrap(), &[7; 16], 4096);
        let sealed = SealedRegistration::seal(&passing, &server, &name(who), &credentials).unwrap();
        self.say(&Command::Registration { sealed }).await;
        self.event().await
    }

    /// Logs in, and gives the answer to the proof.
    pub(crate) async fn log_in(&mut self, who: &str, password: &str) -> Event {
        let (login, scram) = ClientLogin::bound(&name(who), [9; 18], self.binding);
        self.say(&Command::Login { scram }).await;
        let scram = match self.event().await {
            Event::Challenge { scram } => scram,
            refused => return refused,
        };
        let (proof, scram) = login
            .prove(&scram, &Password::new(password).unwrap())
            .unwrap();
        self.say(&Command::Proof {
            scram,
            contact: Contact::default(),
        })
        .await;
        let answer = self.event().await;
        if let Event::Welcome { scram, .. } = &answer {
            proof.confirm(scram.as_deref().unwrap()).unwrap();
            while !matches!(self.event().await, Event::Roster { more: false, .. }) {}
        }
        answer
    }
}
