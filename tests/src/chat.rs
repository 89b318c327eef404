//! A real server, real clients and a stand-in for a lab server, on loopback.

use std::net::SocketAddr;
use std::time::Duration;

use chat_client::{ChatText, Config, Dialect, Event, Events, Handle, SignIn, UserName};
use chat_proto::scram::Password;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long anything may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    data: TempDir,
    open: bool,
    tls: Option<chat_server::Tls>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server on any port, with accounts or `open`.
    pub async fn start(open: bool) -> Self {
        Self::start_with(open, None).await
    }

    /// The same with TLS.
    pub async fn start_with(open: bool, tls: Option<chat_server::Tls>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        Self::on(listener, open, tls)
    }

    /// One with accounts of its own in the place of another that has stopped.
    pub async fn start_at(address: SocketAddr, tls: Option<chat_server::Tls>) -> Self {
        Self::on(TcpListener::bind(address).await.unwrap(), false, tls)
    }

    fn on(listener: TcpListener, open: bool, tls: Option<chat_server::Tls>) -> Self {
        let mut server = Self {
            address: listener.local_addr().unwrap(),
            data: tempfile::tempdir().unwrap(),
            open,
            tls,
            stop: None,
            task: None,
        };
        server.serve(listener);
        server
    }

    /// Stops it in order; clients are told.
    pub async fn stop(&mut self) {
        drop(self.stop.take());
        self.task.take().unwrap().await.unwrap();
    }

    /// Starts it again on the same port, with the same accounts.
    pub async fn start_again(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serve(listener);
    }

    fn serve(&mut self, listener: TcpListener) {
        let mut config = chat_server::Config {
            open: self.open,
            data: self.data.path().to_owned(),
            iterations: 4096,
            tls: self.tls.clone(),
            ..chat_server::Config::default()
        };
        config.limits.linger = Duration::from_millis(200);
        let (stop, stopped) = oneshot::channel::<()>();
        self.stop = Some(stop);
        self.task = Some(tokio::spawn(async move {
            let stopped = async move { drop(stopped.await) };
            chat_server::run(listener, config, stopped).await.unwrap();
        }));
    }
}

/// A connected client.
#[derive(Debug)]
pub struct Client {
    /// What speaks.
    pub handle: Handle,
    /// What listens.
    pub events: Events,
}

pub fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

pub fn text(text: &str) -> ChatText {
    ChatText::new(text).unwrap()
}

pub fn enter(who: &str) -> SignIn {
    SignIn::Enter { name: name(who) }
}

pub fn login(who: &str, password: &str) -> SignIn {
    let (name, password) = (name(who), Password::new(password).unwrap());
    SignIn::Login { name, password }
}

pub fn register(who: &str, password: &str) -> SignIn {
    let (name, password) = (name(who), Password::new(password).unwrap());
    SignIn::Register { name, password }
}

impl Client {
    pub async fn connect(address: SocketAddr, dialect: Dialect, sign_in: SignIn) -> Self {
        let mut config = Config::new(address.to_string().parse().unwrap());
        config.dialect = dialect;
        Self::connect_with(config, sign_in).await
    }

    /// The same with a configuration that says more.
    pub async fn connect_with(mut config: Config, sign_in: SignIn) -> Self {
        config.sign_in = Some(sign_in);
        config.udp_port = 0;
        let (handle, events) = chat_client::connect(config).await.unwrap();
        Self { handle, events }
    }

    /// Connects and waits for the roster; gives the UDP port, too.
    pub async fn join(address: SocketAddr, dialect: Dialect, sign_in: SignIn) -> (Self, u16) {
        let mut client = Self::connect(address, dialect, sign_in).await;
        let port = client.entered().await;
        (client, port)
    }

    /// The first event that is wanted; those before it are dropped.
    pub async fn until<T>(&mut self, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
        let found = async {
            loop {
                let event = self.events.next().await.expect("no such event came");
                if let Some(found) = wanted(event) {
                    return found;
                }
            }
        };
        timeout(PATIENCE, found).await.expect("nothing came")
    }

    /// Waits until it is in the room and knows who else is; gives the UDP port.
    pub async fn entered(&mut self) -> u16 {
        let mut port = 0;
        self.until(|event| match event {
            Event::Entered { udp, .. } => {
                port = udp.unwrap();
                None
            }
            Event::Roster { .. } => Some(()),
            _ => None,
        })
        .await;
        port
    }

    /// The next message of the room.
    pub async fn message(&mut self) -> String {
        self.until(|event| match event {
            Event::Message { from, text, .. } => Some(format!("{from}: {text}")),
            Event::LabMessage { from, text } => {
                Some(format!("{}: {text}", from.unwrap_or_default()))
            }
            _ => None,
        })
        .await
    }

    /// The next private message, verified or not.
    pub async fn private(&mut self) -> String {
        self.until(|event| match event {
            Event::Private { from, text } => Some(format!("{from}: {text}")),
            Event::Unverified { ip, names, text } => Some(format!("{ip} {names:?}? {text}")),
            _ => None,
        })
        .await
    }

    /// Waits until others came.
    pub async fn joined(&mut self, who: &str) {
        self.until(|event| match event {
            Event::Joined { names } => names.iter().any(|name| name == who).then_some(()),
            _ => None,
        })
        .await;
    }

    /// Waits until others left.
    pub async fn left(&mut self, who: &str) {
        self.until(|event| match event {
            Event::Left { names, .. } => names.iter().any(|name| name == who).then_some(()),
            _ => None,
        })
        .await;
    }

    /// Why it ended.
    pub async fn ended(&mut self) -> String {
        self.until(|event| match event {
            Event::Ended { reason } => Some(reason.to_string()),
            _ => None,
        })
        .await
    }

    /// Why the server did not let it in.
    pub async fn refused(&mut self) -> String {
        self.until(|event| match event {
            Event::SignInWanted { refused, .. } => Some(refused.unwrap().text),
            _ => None,
        })
        .await
    }
}

/// A server of the lab dialect that does what a test tells it.
#[derive(Debug)]
pub struct LabServer {
    listener: TcpListener,
}

impl LabServer {
    pub async fn start() -> (Self, SocketAddr) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        (Self { listener }, address)
    }

    /// Takes a connection; gives what the client sends first.
    pub async fn accept(&self) -> (TcpStream, String) {
        let (mut stream, _) = timeout(PATIENCE, self.listener.accept())
            .await
            .unwrap()
            .unwrap();
        stream.set_nodelay(true).unwrap();
        let first = read(&mut stream).await;
        (stream, first)
    }
}

/// One read, as the lab's programs do it.
pub async fn read(stream: &mut TcpStream) -> String {
    let mut chunk = [0; 1024];
    let count = timeout(PATIENCE, stream.read(&mut chunk))
        .await
        .unwrap()
        .unwrap();
    String::from_utf8_lossy(&chunk[..count]).into_owned()
}

/// Writes so that it is one segment.
pub async fn write(stream: &mut TcpStream, text: &str) {
    write_octets(stream, text.as_bytes()).await;
}

/// Writes so that it is one segment.
pub async fn write_octets(stream: &mut TcpStream, octets: &[u8]) {
    stream.write_all(octets).await.unwrap();
}
