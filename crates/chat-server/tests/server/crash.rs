//! Sudden death: `kill -9` while accounts are being registered, again and again.
//!
//! `CRASHES=300 cargo test -p chat-server --test server crash` kills it 300 times.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use chat_proto::scram::{Credentials, Password};
use chat_proto::{Command, Event, SealedRegistration, SecretKey};
use chat_server::AccountTable;
use tokio::io::AsyncWriteExt as _;
use tokio::task::JoinSet;

use crate::peer::{Peer, name};
use crate::program::{Program, server};

/// Clients that register at once, and how many accounts each would like.
const LANES: usize = 4;
const EACH: usize = 50;

fn crashes() -> u64 {
    let asked = std::env::var("CRASHES");
    asked.map_or(25, |text| text.parse().expect("CRASHES is a number"))
}

/// All have the same, made once.
fn credentials() -> Credentials {
    Credentials::derive(&Password::new("correct horse").unwrap(), &[7; 16], 4096)
}

/// What became of a registration.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The server said that it is done.
    Acknowledged,
    /// The server died before it said so.
    Unknown,
}

/// Registers one account after the other until the server dies.
async fn register(mut peer: Peer, prefix: String, credentials: Credentials) -> Vec<(String, Fate)> {
    let mut fates = Vec::new();
    for number in 0..EACH {
        let who = format!("{prefix}-{number}");
        let done = try_register(&mut peer, &who, &credentials).await;
        fates.push((
            who,
            if done {
                Fate::Acknowledged
            } else {
                Fate::Unknown
            },
        ));
        if !done {
            break;
        }
    }
    fates
}

async fn try_register(peer: &mut Peer, who: &str, credentials: &Credentials) -> bool {
    let name = name(who);
    let ask = Command::Register { name: name.clone() }.encode().unwrap();
    if peer.stream.write_all(&ask).await.is_err() {
        return false;
    }
    let Some(Event::RegisterKey { key }) = peer.next().await else {
        return false;
    };
    let passing = SecretKey::from_random([1; 32]);
    let sealed = SealedRegistration::seal(&passing, &key, &name, credentials).unwrap();
    let command = Command::Registration { sealed }.encode().unwrap();
    peer.stream.write_all(&command).await.is_ok()
        && matches!(peer.next().await, Some(Event::Registered { .. }))
}

fn kill(mut program: Program) {
    program.child.kill().unwrap();
    program.child.wait().unwrap();
}

#[tokio::test]
async fn sudden_death_loses_no_registered_account() {
    let directory = tempfile::tempdir().unwrap();
    let credentials = credentials();
    let mut fates: HashMap<String, Fate> = HashMap::new();
    let mut last: Option<String> = None;
    for round in 0..crashes() {
        let program = Program::start(server(directory.path()));
        if let Some(last) = &last {
            let mut peer = Peer::hello(program.address).await;
            let answer = peer.log_in(last, "correct horse").await;
            assert!(
                matches!(answer, Event::Welcome { .. }),
                "{last}: {answer:?}"
            );
        }
        let mut peers = Vec::new();
        for _ in 0..LANES {
            peers.push(Peer::hello(program.address).await);
        }
        let mut lanes = JoinSet::new();
        for (lane, peer) in peers.into_iter().enumerate() {
            let prefix = format!("user-{round}-{lane}");
            lanes.spawn(register(peer, prefix, credentials.clone()));
        }
        // Not to wait for anything, but to die at any moment: 3 to 96 ms, each in its turn.
        tokio::time::sleep(Duration::from_millis(3 + round * 37 % 94)).await;
        kill(program);
        for (who, fate) in lanes.join_all().await.into_iter().flatten() {
            if fate == Fate::Acknowledged {
                last = Some(who.clone());
            }
            fates.insert(who, fate);
        }
    }
    let (acknowledged, unknown, there) = check(directory.path(), &fates, &credentials);
    println!(
        "{} crashes: {acknowledged} accounts acknowledged, all there; of {unknown} others {there} are there, whole",
        crashes()
    );
    assert!(acknowledged > crashes(), "too few to prove anything");
}

/// Checks that every account that was acknowledged is there and whole, and others are whole if they are there.
fn check(
    directory: &Path,
    fates: &HashMap<String, Fate>,
    credentials: &Credentials,
) -> (u64, u64, u64) {
    let table = AccountTable::open(directory).unwrap();
    let file = rusqlite::Connection::open(directory.join("accounts.sqlite3")).unwrap();
    let health: String = file
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(health, "ok");
    let (mut acknowledged, mut unknown, mut there) = (0, 0, 0);
    for (who, fate) in fates {
        let found = table.find(&name(who)).unwrap();
        match fate {
            Fate::Acknowledged => {
                assert!(found.is_some(), "{who} was registered and is lost");
                acknowledged += 1;
            }
            Fate::Unknown => {
                there += u64::from(found.is_some());
                unknown += 1;
            }
        }
        if let Some(account) = found {
            assert_eq!(
                (account.name.as_str(), &account.credentials),
                (who.as_str(), credentials)
            );
        }
    }
    let listed = table.list().unwrap();
    assert!(
        listed
            .iter()
            .all(|account| fates.contains_key(&account.name))
    );
    assert_eq!(u64::try_from(listed.len()).unwrap(), acknowledged + there);
    (acknowledged, unknown, there)
}

#[tokio::test]
async fn sudden_death_while_the_file_is_made_leaves_none_or_a_whole_one() {
    for round in 0..crashes() {
        let directory = tempfile::tempdir().unwrap();
        let mut child = server(directory.path())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // It takes some 10 ms until it listens.
        tokio::time::sleep(Duration::from_micros(round * 997 % 20_000)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let program = Program::start(server(directory.path()));
        let mut peer = Peer::hello(program.address).await;
        assert!(try_register(&mut peer, "alice", &credentials()).await);
        kill(program);
    }
}
