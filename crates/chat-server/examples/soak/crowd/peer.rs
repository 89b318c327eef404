//! One connection to the server, and what is said on it before the room.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use chat_proto::scram::{ClientLogin, Credentials, Password};
use chat_proto::{
    Command, Contact, EndCode, ErrorCode, Event, FrameDecoder, SealedRegistration, SecretKey,
    UserName,
};
use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::dice::Dice;

/// What went wrong, in words.
pub(super) type Outcome<T> = Result<T, String>;

/// Who somebody is.
pub(super) struct Account {
    /// The place in the ledger.
    pub(super) user: usize,
    pub(super) name: UserName,
    pub(super) password: Password,
    /// Where it connects from.
    pub(super) here: Ipv4Addr,
    pub(super) contact: Contact,
    /// Whether the server was asked for the account, and whether it said that it is there.
    pub(super) tried: bool,
    pub(super) registered: bool,
}

impl Account {
    /// An account that is not registered yet. Each connects from an address of its own, so that the
    /// server's limits on one address are its defaults.
    pub(super) fn new(user: usize, name: UserName, dice: &mut Dice) -> Self {
        let place = u32::try_from(user).unwrap();
        let contact = Contact {
            udp: Some(port(user)),
            key: Some(SecretKey::from_random(dice.octets()).public()),
        };
        Self {
            user,
            name,
            password: Password::new(&format!("password of {user}")).unwrap(),
            here: Ipv4Addr::from_bits(Ipv4Addr::new(127, 1, 0, 1).to_bits() + place),
            contact,
            tried: false,
            registered: false,
        }
    }
}

/// The UDP port that a user tells the others.
pub(super) fn port(user: usize) -> u16 {
    1024 + u16::try_from(user).unwrap()
}

/// What came of a log-in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Login {
    In,
    Refused,
    ThrownOut(EndCode),
}

/// A connection.
pub(super) struct Peer {
    pub(super) stream: TcpStream,
    decoder: FrameDecoder,
    input: Vec<u8>,
    taken: usize,
}

impl Peer {
    pub(super) async fn connect(here: Ipv4Addr, server: SocketAddr) -> Outcome<Self> {
        Self::connect_with(here, server, None).await
    }

    /// Connects, with so many octets of the kernel's receive buffer.
    pub(super) async fn connect_with(
        here: Ipv4Addr,
        server: SocketAddr,
        buffer: Option<u32>,
    ) -> Outcome<Self> {
        let connected = async {
            let socket = TcpSocket::new_v4()?;
            if let Some(buffer) = buffer {
                socket.set_recv_buffer_size(buffer)?;
            }
            socket.bind((here, 0).into())?;
            let stream = socket.connect(server).await?;
            stream.set_nodelay(true)?;
            io::Result::Ok(stream)
        };
        let stream = connected
            .await
            .map_err(|error| format!("cannot connect: {error}"))?;
        Ok(Self {
            stream,
            decoder: FrameDecoder::new(),
            input: Vec::with_capacity(4096),
            taken: 0,
        })
    }

    /// The next event; `None` if the connection ended in any way. Cancelling it loses nothing.
    pub(super) async fn next(&mut self) -> Outcome<Option<Event>> {
        loop {
            let mut rest = &self.input[self.taken..];
            let event = self
                .decoder
                .pull(&mut rest)
                .map_err(|error| error.to_string())?
                .map(Event::parse);
            self.taken = self.input.len() - rest.len();
            if let Some(event) = event {
                return event.map(Some).map_err(|error| error.to_string());
            }
            self.input.clear();
            self.taken = 0;
            match self.stream.read_buf(&mut self.input).await {
                Ok(0) | Err(_) => return Ok(None),
                Ok(_) => {}
            }
        }
    }

    async fn answer(&mut self) -> Outcome<Event> {
        let event = self.next().await?;
        event.ok_or_else(|| "the connection ended before the answer".to_owned())
    }

    /// Says a command at once. If the connection is gone, reading tells so.
    pub(super) fn say(&mut self, command: &Command) {
        let octets = command.encode().unwrap();
        if let Ok(written) = self.stream.try_write(&octets) {
            assert_eq!(written, octets.len(), "so little always fits the socket");
        }
    }

    /// Writes octets, as far as the server takes them.
    pub(super) async fn octets(&mut self, octets: &[u8]) {
        // The server may end the connection meanwhile, which reading tells.
        let _written = self.stream.write_all(octets).await;
    }

    /// Reads events to the end: the last word, if there was one.
    pub(super) async fn end(&mut self) -> Outcome<Option<EndCode>> {
        let mut last = None;
        while let Some(event) = self.next().await? {
            if let Event::Bye { code, .. } = event {
                last = Some(code);
            }
        }
        Ok(last)
    }

    /// Reads to the end whatever comes.
    pub(super) async fn drain(&mut self) {
        let mut space = [0; 4096];
        while self
            .stream
            .read(&mut space)
            .await
            .is_ok_and(|count| count > 0)
        {}
    }

    /// Ends the connection with a reset.
    pub(super) fn reset(self) {
        // If it is gone already, so be it.
        let _set = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }

    /// Ends the sending side.
    pub(super) fn half_close(&self) {
        let _shut = SockRef::from(&self.stream).shutdown(std::net::Shutdown::Write);
    }

    /// Says hello; gives the iterations for registrations.
    pub(super) async fn hello(&mut self) -> Outcome<u32> {
        self.say(&Command::Hello {
            version: chat_proto::VERSION,
            client: "soak".to_owned(),
        });
        match self.answer().await? {
            Event::Hello { iterations, .. } => Ok(iterations),
            other => Err(format!("not hello: {other:?}")),
        }
    }

    /// Registers, and gives the answer.
    pub(super) async fn register(
        &mut self,
        name: &UserName,
        password: &Password,
        iterations: u32,
        dice: &mut Dice,
    ) -> Outcome<Event> {
        self.say(&Command::Register { name: name.clone() });
        let server = match self.answer().await? {
            Event::RegisterKey { key } => key,
            refused => return Ok(refused),
        };
        let passing = SecretKey::from_random(dice.octets());
        let credentials = Credentials::derive(password, &dice.octets::<16>(), iterations);
        let sealed = SealedRegistration::seal(&passing, &server, name, &credentials)
            .map_err(|error| error.to_string())?;
        self.say(&Command::Registration { sealed });
        self.answer().await
    }

    /// Logs in with a password.
    pub(super) async fn log_in(
        &mut self,
        name: &UserName,
        password: &Password,
        contact: Contact,
        dice: &mut Dice,
    ) -> Outcome<Login> {
        let (login, scram) = ClientLogin::new(name, dice.octets());
        self.say(&Command::Login { scram });
        let scram = match self.answer().await? {
            Event::Challenge { scram } => scram,
            Event::Bye { code, .. } => return Ok(Login::ThrownOut(code)),
            other => return Err(format!("not a challenge: {other:?}")),
        };
        let (proof, scram) = login
            .prove(&scram, password)
            .map_err(|error| error.to_string())?;
        self.say(&Command::Proof { scram, contact });
        match self.answer().await? {
            Event::Welcome { scram, .. } => {
                let signature = scram.unwrap_or_default();
                let proved = proof.confirm(&signature).map(|()| Login::In);
                proved.map_err(|error| error.to_string())
            }
            Event::Error {
                code: ErrorCode::LoginFailed | ErrorCode::TryLater,
                ..
            } => Ok(Login::Refused),
            Event::Bye { code, .. } => Ok(Login::ThrownOut(code)),
            other => Err(format!("neither welcome nor refused: {other:?}")),
        }
    }

    /// From hello to the welcome, registering the first time.
    pub(super) async fn enter(&mut self, account: &mut Account, dice: &mut Dice) -> Outcome<()> {
        let iterations = self.hello().await?;
        if !account.registered {
            let again = std::mem::replace(&mut account.tried, true);
            let answer = self.register(&account.name, &account.password, iterations, dice);
            match answer.await? {
                Event::Registered { .. } => {}
                // An earlier try was broken off before the answer came.
                Event::Error {
                    code: ErrorCode::NameTaken,
                    ..
                } if again => {}
                other => return Err(format!("not registered: {other:?}")),
            }
            account.registered = true;
        }
        let (name, contact) = (&account.name, account.contact);
        match self.log_in(name, &account.password, contact, dice).await? {
            Login::In => Ok(()),
            other => Err(format!("the right password was refused: {other:?}")),
        }
    }
}
