//! The server's sessions: any frames of several clients, in any pieces, at any time.
//!
//! Nobody is in the room who did not log in rightly; nobody is told what the room says who is not in it;
//! whoever says something is answered or told to go; and afterwards nobody is left in the room. The
//! clock is a test's: it goes on only while nothing else does.

mod client;

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use chat_proto::scram::{ClientLogin, Credentials, MIN_ITERATIONS, Password};
use chat_proto::{Command, Contact, SealedRegistration, SecretKey, UserName};
use chat_server::{AccountTable, Config, Limits, Running};
use tempfile::TempDir;
use tokio::io::{duplex, split};
use tokio::task::yield_now;

use self::client::Client;
use super::tape::Tape;

/// Clients at once.
const CLIENTS: usize = 3;
/// Steps of a tape at most.
const STEPS: usize = 200;
/// How often everybody has a turn before time goes on.
const TURNS: usize = 8;
/// Time of the test's clock after which everything must have been answered: a server keeps nobody waiting for
/// longer.
const PATIENCE: Duration = Duration::from_mins(15);
/// The accounts' threads and the disk go by another clock, however busy the machine is: they have this long.
const REAL_PATIENCE: Duration = Duration::from_mins(1);

/// Lines that clients say, with a name of the tape for `$`.
const LINES: [&str; 22] = [
    "{\"type\":\"hello\",\"version\":1}\n",
    "{\"type\":\"hello\",\"version\":1}\n{\"type\":\"enter\",\"name\":\"$\"}\n",
    "{\"type\":\"hello\",\"version\":2}\n",
    "{\"type\":\"enter\",\"name\":\"$\",\"udp\":5000}\n",
    "{\"type\":\"register\",\"name\":\"$\"}\n",
    "{\"type\":\"login\",\"scram\":\"n,,n=$,r=abcdef\"}\n",
    "{\"type\":\"proof\",\"scram\":\"c=biws,r=abcdef,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}\n",
    "{\"type\":\"say\",\"id\":1,\"text\":\"hi\"}\n",
    "{\"type\":\"say\",\"text\":\"\\u202e\"}\n",
    "{\"type\":\"say\",\"id\":1,\"text\":\"\\u0000\"}\n",
    "{\"type\":\"lookup\",\"name\":\"$\"}\n",
    "{\"type\":\"ping\",\"id\":7}\n",
    "{\"type\":\"pong\",\"id\":1}\n",
    "{\"type\":\"quit\"}\n",
    "{\"type\":\"nonsense\"}\n",
    "{",
    "}\n",
    "\n",
    "$",
    "GET / HTTP/1.1\r\n\r\n",
    "!{\"alice\": \"10.0.0.1\"}",
    "\u{16}\u{3}\u{1}",
];

/// Names: an account's, one that looks like it, and others.
const NAMES: [&str; 6] = ["alice", "Alice", "aIice", "bob", "carol", "x"];

/// The account's password.
const PASSWORD: &str = "correct horse";

/// A folder with the accounts' file, in which there is one account: alice.
static ACCOUNTS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let mut table = AccountTable::open(folder.path()).unwrap();
    let password = Password::new(PASSWORD).unwrap();
    let credentials = Credentials::derive(&password, &[7; 16], MIN_ITERATIONS);
    table.add(&name("alice"), &credentials).unwrap();
    drop(table);
    let files = crate::files(folder.path()).into_iter();
    let named = files.map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read(path).unwrap())
    });
    named.collect()
});

/// Runs a server and its clients as a tape says.
pub fn check(octets: &[u8]) {
    let mut tape = Tape::new(octets);
    let open = tape.below(4) > 0;
    let folder = (!open).then(|| {
        let folder = TempDir::new().unwrap();
        for (name, octets) in ACCOUNTS.iter() {
            fs::write(folder.path().join(name), octets).unwrap();
        }
        folder
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        // The accounts' thread takes real time, in which the clock must not run ahead.
        let busy = tokio::spawn(async {
            loop {
                yield_now().await;
            }
        });
        let data = folder.as_ref().map_or(Path::new(""), TempDir::path);
        let mut stage = Stage::new(open, data, &mut tape);
        for _ in 0..STEPS {
            if tape.is_over() {
                break;
            }
            stage.step(&mut tape).await;
        }
        stage.end().await;
        busy.abort();
    });
}

fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

/// The server and its clients.
struct Stage {
    open: bool,
    server: Running,
    clients: Vec<Client>,
}

impl Stage {
    fn new(open: bool, data: &Path, tape: &mut Tape<'_>) -> Self {
        let day = Duration::from_hours(24);
        let limits = Limits {
            clients: 1 + tape.below(4),
            // Time passes by leaps here.
            login_time: day,
            idle_time: day,
            commands_per_second: 1 + u32::from(tape.octet()),
            outbox_frames: 4 + tape.below(64),
            outbox_octets: 2000 + 100 * tape.below(100),
            ..Limits::default()
        };
        let mut config = Config {
            open,
            data: data.to_owned(),
            limits,
            ..Config::default()
        };
        config.iterations = MIN_ITERATIONS;
        Self {
            open,
            server: Running::start(config).unwrap(),
            clients: Vec::new(),
        }
    }

    async fn step(&mut self, tape: &mut Tape<'_>) {
        let choice = tape.octet();
        let which = usize::from(choice >> 4) % CLIENTS;
        while self.clients.len() <= which {
            let capacity = 64 << tape.below(8);
            self.clients.push(self.connect(capacity));
        }
        match choice & 0xf {
            0..7 => {
                let line = *tape.one_of(&LINES);
                let line = line.replace('$', NAMES[tape.below(NAMES.len())]);
                self.say(which, line.as_bytes(), tape.below(9)).await;
            }
            7 => {
                let octets = tape.short();
                self.say(which, octets, tape.below(9)).await;
            }
            8 => self.log_in(which, tape).await,
            9 => self.prove(which, tape).await,
            10 => self.register(which, tape).await,
            11 => tokio::time::advance(Duration::from_millis(tape.u16().into())).await,
            12 => self.clients[which].shut().await,
            13 => {
                // It is gone, and another comes.
                let capacity = 64 << tape.below(8);
                let another = self.connect(capacity);
                let gone = std::mem::replace(&mut self.clients[which], another);
                drop(gone.stream);
                settle(|| gone.session.is_finished()).await;
            }
            14 => {
                let line = vec![b'a'; usize::from(tape.u16())];
                self.say(which, &line, 0).await;
            }
            _ => self.hear(which).await,
        }
    }

    fn connect(&self, capacity: usize) -> Client {
        let (stream, theirs) = duplex(capacity);
        let (reader, writer) = split(theirs);
        let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Client::new(stream, tokio::spawn(self.server.serve(reader, writer, ip)))
    }

    /// Says something, in pieces of so many octets, as far as the server reads.
    async fn say(&mut self, which: usize, octets: &[u8], size: usize) {
        let size = if size == 0 { octets.len().max(1) } else { size };
        // Without accounts whoever gives a name comes in.
        self.clients[which].is_entitled |= self.open;
        for piece in octets.chunks(size) {
            self.clients[which].write(piece).await;
            self.hear(which).await;
        }
    }

    async fn hear(&mut self, which: usize) {
        let client = &mut self.clients[which];
        for _ in 0..TURNS {
            yield_now().await;
            client.read().await;
        }
    }

    /// Begins a log-in as the program does.
    async fn log_in(&mut self, which: usize, tape: &mut Tape<'_>) {
        let name = name(NAMES[tape.below(NAMES.len())]);
        let (login, scram) = ClientLogin::new(&name, [tape.octet(); 18]);
        let client = &mut self.clients[which];
        client.challenge = None;
        client.login = Some((name, login));
        let line = Command::Login { scram }.encode().unwrap();
        self.say(which, &line, 0).await;
        for _ in 0..200 {
            self.hear(which).await;
            if self.clients[which].challenge.is_some() {
                break;
            }
        }
    }

    /// Ends it, with the right password or a wrong one.
    async fn prove(&mut self, which: usize, tape: &mut Tape<'_>) {
        let is_right = tape.below(4) > 0;
        let is_altered = tape.below(8) == 0;
        let client = &mut self.clients[which];
        let Some((challenge, (name, login))) = client.challenge.take().zip(client.login.take())
        else {
            return;
        };
        let password = Password::new(if is_right { PASSWORD } else { "wrong horse" }).unwrap();
        let Ok((_, mut scram)) = login.prove(&challenge, &password) else {
            return;
        };
        if is_altered {
            // Another proof of the same length.
            let at = scram.len() - 2 - tape.below(40);
            let other = if scram.as_bytes()[at] == b'A' {
                "B"
            } else {
                "A"
            };
            scram.replace_range(at..=at, other);
        }
        if is_right && !is_altered {
            client.is_entitled = true;
            client.proved = Some(name);
        }
        let contact = Contact::default();
        let line = Command::Proof { scram, contact }.encode().unwrap();
        self.say(which, &line, 0).await;
    }

    /// Opens an account, if the server gave a key for it.
    async fn register(&mut self, which: usize, tape: &mut Tape<'_>) {
        let typed = NAMES[tape.below(NAMES.len())];
        let Some(key) = self.clients[which].register_key.take() else {
            let name = name(typed);
            let line = Command::Register { name }.encode().unwrap();
            self.say(which, &line, 0).await;
            return;
        };
        let password = Password::new(PASSWORD).unwrap();
        let iterations = MIN_ITERATIONS + u32::from(tape.below(4) == 0);
        let credentials = Credentials::derive(&password, &[8; 16], iterations);
        let passing = SecretKey::from_random([tape.octet(); 32]);
        if let Ok(sealed) = SealedRegistration::seal(&passing, &key, &name(typed), &credentials) {
            let line = Command::Registration { sealed }.encode().unwrap();
            self.say(which, &line, 0).await;
        }
    }

    /// Everybody who is there is answered or told to go; then all go, and the room is empty.
    async fn end(mut self) {
        for which in 0..self.clients.len() {
            let client = &mut self.clients[which];
            if client.first != Some(b'{') || client.stream.is_none() {
                continue;
            }
            // The server may not read yet: it waits for the accounts.
            let mut rest = &b"\n{\"type\":\"ping\",\"id\":4711}\n"[..];
            let mut wait = Wait::new("no answer");
            while !client.pongs.contains(&4711) && !client.session.is_finished() {
                rest = client.write(rest).await;
                client.read().await;
                wait.a_turn().await;
                if client.is_told {
                    break;
                }
            }
        }
        for client in std::mem::take(&mut self.clients) {
            drop(client.stream);
            settle(|| client.session.is_finished()).await;
        }
        if self.open {
            self.observe().await;
        }
        self.server.stop().await.unwrap();
    }

    /// One who comes last is alone.
    async fn observe(&mut self) {
        let mut client = self.connect(65_536);
        client.is_entitled = true;
        client
            .write(b"{\"type\":\"hello\",\"version\":1}\n{\"type\":\"enter\",\"name\":\"zoe\"}\n")
            .await;
        let mut wait = Wait::new("no roster");
        while client.users.is_none() {
            client.read().await;
            wait.a_turn().await;
        }
        assert_eq!(client.users, Some(1));
        drop(client.stream);
        settle(|| client.session.is_finished()).await;
    }
}

/// Lets time pass until something holds.
async fn settle(holds: impl Fn() -> bool) {
    let mut wait = Wait::new("it does not end");
    while !holds() {
        wait.a_turn().await;
    }
}

/// Waiting for something that must come.
struct Wait {
    missed: &'static str,
    turns: u32,
    gone: Duration,
    since: std::time::Instant,
}

impl Wait {
    fn new(missed: &'static str) -> Self {
        Self {
            missed,
            turns: 0,
            gone: Duration::ZERO,
            since: std::time::Instant::now(),
        }
    }

    /// Gives all others a turn, and now and then lets time pass.
    async fn a_turn(&mut self) {
        yield_now().await;
        self.turns += 1;
        if self.turns.is_multiple_of(1000) {
            if self.gone < PATIENCE {
                self.gone += Duration::from_secs(1);
                tokio::time::advance(Duration::from_secs(1)).await;
            } else {
                assert!(self.since.elapsed() < REAL_PATIENCE, "{}", self.missed);
            }
        }
    }
}

/// Clients that come in, talk and go, with and without accounts.
pub fn seeds() -> Vec<Vec<u8>> {
    let open = vec![
        1, 3, 200, 60, 90, // open, limits
        0, 7, 1, 0, 0, // alice comes in
        0x10, 7, 1, 3, 3, // bob, three octets at a time
        0, 7, 0, 0, // says hi
        0x10, 10, 0, 0, // looks alice up
        0, 13, 0, 0, // quits
        0x20, 6, 18, 4, 0, // a client of the lab: carol
        0x20, 18, 5, 0, 0x1d, 3, 0x2c, 11, 4, 0,
    ];
    let accounts = vec![
        0, 3, 200, 60, 90, // with accounts
        0, 7, 0, 0, 0, // hello
        8, 0, 9, // log in as alice
        9, 1, 1, // with the right password
        0, 7, 0, 0, // says hi
        0x10, 7, 0, 0, 0, // hello
        0x1a, 3, // register as bob
        0x1f, 0x1f, 0x1a, 3, 1, 5, // sealed
        0x18, 3, 9, 0x19, 0, 0, // a wrong password
        0x18, 3, 9, 0x19, 1, 1, // the right one
        0x10, 7, 0, 0, 0x0b, 255, 0,
    ];
    let mut lines = vec![1, 3, 200, 60, 90];
    for line in 0..22 {
        lines.extend([line << 4 & 0x30, 5, line, line % 6, line % 9]);
    }
    vec![
        open,
        accounts,
        lines,
        vec![1, 0, 1, 0, 0, 0, 3, 14, 0x20, 0, 0, 7, 1, 0, 0, 15],
    ]
}
