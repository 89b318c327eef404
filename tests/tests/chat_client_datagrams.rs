//! Datagrams from strangers, forgers and repeaters, on real sockets.

use std::net::Ipv4Addr;

use chat_client::{Dialect, Event, NotDelivered};
use chat_proto::{Body, Command, Contact, Datagram, PairKey, PublicKey, SecretKey};
use tests::chat::{Client, PATIENCE, Server, enter, name, text};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

const NATIVE: Dialect = Dialect::Native;

fn key_of(client: &Client) -> PublicKey {
    let address = client.handle.with_roster(|roster| {
        let own = roster.own().unwrap();
        roster.find(own).unwrap().address
    });
    address.unwrap().key.unwrap()
}

/// What somebody without the right key can make.
fn forge(from: &str, key: &PublicKey, seed: u8) -> Vec<u8> {
    let secret = SecretKey::from_random([seed; 32]);
    let pair = PairKey::derive(&secret, &name(from), key, &name("alice")).unwrap();
    let datagram = Datagram {
        from: name(from),
        to: name("alice"),
        id: 1,
        body: Body::Message(text("it is me")),
    };
    datagram.sign(&pair).unwrap()
}

#[tokio::test]
async fn strangers_are_unverified_and_forgers_answered_by_nothing() {
    let server = Server::start(true).await;
    let (mut alice, port) = Client::join(server.address, NATIVE, enter("alice")).await;
    let (_bob, _) = Client::join(server.address, NATIVE, enter("bob")).await;
    alice.joined("bob").await;
    let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let target = (Ipv4Addr::LOCALHOST, port);
    stranger.send_to(b"hei\x1b[2J\r\n", target).await.unwrap();
    // Bob is at that address, but has a key: it is not he.
    assert_eq!(alice.private().await, "127.0.0.1 []? hei\u{241b}[2J");

    let key = key_of(&alice);
    for seed in 1..=3 {
        stranger
            .send_to(&forge("bob", &key, seed), target)
            .await
            .unwrap();
    }
    let claims = alice.until(|event| match event {
        Event::Forged { claims, count, .. } => Some((claims, count)),
        Event::Private { text, .. } => panic!("shown: {text}"),
        _ => None,
    });
    assert_eq!(claims.await, (name("bob"), 3));
    stranger
        .send_to(&forge("nobody", &key, 1), target)
        .await
        .unwrap();
    stranger.send_to(&vec![b'x'; 60_000], target).await.unwrap();
    assert!(alice.private().await.starts_with("127.0.0.1 []? xxx"));
    // All of that was worked on by now, and nothing was answered.
    let mut chunk = [0; 2048];
    assert!(stranger.try_recv(&mut chunk).is_err());
}

#[tokio::test]
async fn a_flood_of_datagrams_disturbs_nobody() {
    let server = Server::start(true).await;
    let (mut alice, port) = Client::join(server.address, NATIVE, enter("alice")).await;
    let (bob, _) = Client::join(server.address, NATIVE, enter("bob")).await;
    alice.joined("bob").await;
    let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let forged = forge("bob", &key_of(&alice), 9);
    for _ in 0..20_000 {
        let _sent = stranger.try_send_to(&forged, (Ipv4Addr::LOCALHOST, port).into());
        let _sent = stranger.try_send_to(b"flood", (Ipv4Addr::LOCALHOST, port).into());
    }
    bob.handle.say(text("room")).await.unwrap();
    assert_eq!(alice.message().await, "bob: room");
    // Repeated until the flood lets one through.
    bob.handle.tell("alice", text("private")).await.unwrap();
    let mut bare = 0;
    alice
        .until(|event| {
            bare += u32::from(matches!(event, Event::Unverified { .. }));
            matches!(event, Event::Private { .. }).then_some(())
        })
        .await;
    assert!(bare < 100, "{bare}");
}

#[tokio::test]
async fn a_replayed_datagram_is_shown_once() {
    let server = Server::start(true).await;
    let (mut alice, port) = Client::join(server.address, NATIVE, enter("alice")).await;
    let mut eve = Raw::join(&server, "eve").await;
    alice.joined("eve").await;
    let pair = PairKey::derive(&eve.secret, &name("eve"), &key_of(&alice), &name("alice")).unwrap();
    let message = |id, said: &str| {
        let datagram = Datagram {
            from: name("eve"),
            to: name("alice"),
            id,
            body: Body::Message(text(said)),
        };
        datagram.sign(&pair).unwrap()
    };
    let target = (Ipv4Addr::LOCALHOST, port);
    let first = message(1, "first");
    for _ in 0..5 {
        eve.socket.send_to(&first, target).await.unwrap();
        assert!(eve.receive().await.len() < first.len());
    }
    eve.socket
        .send_to(&message(2, "second"), target)
        .await
        .unwrap();
    eve.receive().await;
    assert_eq!(alice.private().await, "eve: first");
    assert_eq!(alice.private().await, "eve: second");
    // Eve answers nothing: alice repeats and gives up.
    alice
        .handle
        .tell("eve", text("are you there?"))
        .await
        .unwrap();
    let reason = alice.until(|event| match event {
        Event::NotDelivered { reason, .. } => Some(reason),
        _ => None,
    });
    assert_eq!(reason.await, NotDelivered::NoAnswer);
    let sent = eve.receive().await;
    assert!(sent.starts_with(b"{\"type\":\"message\""));
    for _ in 1..5 {
        assert_eq!(eve.receive().await, sent);
    }
}

/// A user without our client.
struct Raw {
    secret: SecretKey,
    socket: UdpSocket,
    _stream: TcpStream,
}

impl Raw {
    async fn join(server: &Server, who: &str) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let secret = SecretKey::from_random([77; 32]);
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let hello = Command::Hello {
            version: 1,
            client: String::new(),
        };
        let enter = Command::Enter {
            name: name(who),
            contact: Contact {
                udp: Some(socket.local_addr().unwrap().port()),
                key: Some(secret.public()),
            },
        };
        for command in [hello, enter] {
            stream.write_all(&command.encode().unwrap()).await.unwrap();
        }
        Self {
            secret,
            socket,
            _stream: stream,
        }
    }

    async fn receive(&mut self) -> Vec<u8> {
        let mut chunk = vec![0; 2048];
        let received = timeout(PATIENCE, self.socket.recv(&mut chunk)).await;
        chunk.truncate(received.unwrap().unwrap());
        chunk
    }
}
