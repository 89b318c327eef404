//! A server that means no good.

use std::net::{IpAddr, Ipv4Addr};

use chat_client::{Dialect, EndCode, Entry, Event as Told, NotDelivered, SignIn};
use chat_proto::scram::{Credentials, LoginRequest, Password};
use chat_proto::{Address, Command, Event, MAX_DATAGRAM, SecretKey, User, UserFrames, UserName};
use tokio::net::UdpSocket;

use crate::client::{Client, enter, login, register, text};
use crate::stage::{Bob, Far, Stage, name};

async fn connect(sign_in: SignIn) -> (Stage, Client, Far) {
    let stage = Stage::start().await;
    let (client, far) = tokio::join!(
        Client::connect(stage.address, Dialect::Native, sign_in),
        stage.accept()
    );
    (stage, client, far)
}

async fn in_the_room(users: Vec<User>) -> (Client, Far) {
    let (_, mut client, mut far) = connect(enter()).await;
    far.admit(users).await;
    client.entered().await;
    (client, far)
}

fn bare(who: &str) -> User {
    User {
        name: name(who),
        address: None,
    }
}

/// Writes until the client is gone; gives how many octets that took.
async fn until_gone(mut far: Far, octets: &[u8]) -> usize {
    let mut written = 0;
    while far.octets(octets).await {
        written += octets.len();
    }
    written
}

/// What the socket's buffers hold at most beside what the client reads, in octets.
const BUFFERS: usize = 16 << 20;

#[tokio::test]
async fn a_line_without_end_ends_it() {
    for entered in [false, true] {
        let (_, mut client, mut far) = connect(enter()).await;
        if entered {
            far.admit(Vec::new()).await;
        }
        let octets = vec![b'{'; 65_536];
        let (reason, written) = tokio::join!(client.ended(), until_gone(far, &octets));
        assert!(reason.contains("8192"), "{reason}");
        assert!(written < BUFFERS, "{written}");
    }
}

#[tokio::test]
async fn a_roster_without_end_ends_it() {
    let (_, mut client, mut far) = connect(enter()).await;
    far.welcome().await;
    let frames = tokio::spawn(async move {
        let mut number = 0;
        loop {
            let mut frames = UserFrames::roster();
            for _ in 0..5000 {
                frames.push_name(&UserName::new(&format!("user-{number}")).unwrap());
                number += 1;
            }
            let octets = String::from_utf8(frames.finish()).unwrap();
            if !far
                .octets(octets.replace("\"more\":false", "\"more\":true").as_bytes())
                .await
            {
                return number;
            }
        }
    });
    assert!(client.ended().await.contains("its roster has no end"));
    assert!(frames.await.unwrap() < 1_000_000);
}

#[tokio::test]
async fn a_million_who_join_and_never_leave_are_not_all_kept() {
    let (mut client, mut far) = in_the_room(Vec::new()).await;
    let joins = tokio::spawn(async move {
        for thousand in 0..1000 {
            let mut frames = UserFrames::joined();
            for number in 0..1000 {
                frames.push_name(&UserName::new(&format!("u{thousand}-{number}")).unwrap());
            }
            assert!(far.octets(&frames.finish()).await);
        }
        far.say(&message(1, "still here?")).await;
        far
    });
    let mut joined = 0;
    client
        .until(|event| match event {
            Told::Joined { names } => {
                joined += names.len();
                None
            }
            Told::Message { .. } => Some(()),
            _ => None,
        })
        .await;
    joins.await.unwrap();
    let kept = client.handle.with_roster(chat_client::Roster::len);
    assert_eq!((joined, kept), (199_999, 200_000));
}

#[tokio::test]
async fn names_that_a_terminal_obeys_are_none() {
    for line in [
        r#"{"type":"roster","users":["a\u001b[2Jb"],"more":false}"#,
        r#"{"type":"joined","users":["b\u202eo"]}"#,
        r#"{"type":"joined","users":["b\u043eb"]}"#,
        r#"{"type":"message","seq":1,"from":"bob\n* carol","text":"hi"}"#,
        r#"{"type":"message","seq":1,"from":"bob","text":"\u001b]0;hi\u0007"}"#,
    ] {
        let (mut client, mut far) = in_the_room(Vec::new()).await;
        far.octets(format!("{line}\n").as_bytes()).await;
        assert!(client.ended().await.contains("no chat server"), "{line}");
    }
}

#[tokio::test]
async fn names_that_look_alike_get_their_own_messages() {
    let mut bob = Bob::new("bob", 2).await;
    let zero = Bob::new("b0b", 3).await;
    let (_, mut client, mut far) = connect(enter()).await;
    let (own, contact) = far.admit(vec![zero.user(), bob.user()]).await;
    bob.meet(&own, contact);
    client.entered().await;
    let id = client.handle.tell("BOB", text("which?")).await.unwrap();
    let patience = tokio::time::Instant::now() + crate::client::PATIENCE;
    let pause = std::time::Duration::from_millis(5);
    let (delivered, ()) =
        tokio::join!(client.is_delivered(id), bob.converse(0, pause, 1, patience));
    assert!(delivered);
    assert!(zero.socket.try_recv(&mut [0; 2048]).is_err());
}

#[tokio::test]
async fn an_octet_at_a_time_is_slow_and_no_harm() {
    let (_, mut client, mut far) = connect(enter()).await;
    let hello = r#"{"type":"hello","version":1,"server":"slow","entry":"open","iterations":0}"#;
    let roster = r#"{"type":"roster","users":["alice","bob"],"more":false}"#;
    let welcome = r#"{"type":"welcome","name":"alice","ip":"127.0.0.1"}"#;
    for line in [hello, welcome, roster] {
        for octet in format!("{line}\n\r\n\n").as_bytes() {
            assert!(far.octets(&[*octet]).await);
        }
    }
    client.entered().await;
    assert_eq!(client.handle.members().len(), 2);
}

#[tokio::test]
async fn pings_that_ask_for_answers_without_reading_them_end_it() {
    let (mut client, far) = in_the_room(Vec::new()).await;
    let pings = b"{\"type\":\"ping\",\"id\":18446744073709551615}\n".repeat(1000);
    let (reason, _) = tokio::join!(client.ended(), until_gone(far, &pings));
    assert!(reason.contains("answers that it does not read"), "{reason}");
}

#[tokio::test]
async fn iterations_out_of_range_are_not_obeyed() {
    for iterations in [0, 1, 4095, 2_000_001, u32::MAX] {
        let (_, mut client, mut far) = connect(register()).await;
        far.greet(Entry::Password, iterations).await;
        assert!(matches!(far.hear().await, Some(Command::Register { .. })));
        let key = SecretKey::from_random([7; 32]).public();
        far.say(&Event::RegisterKey { key }).await;
        let reason = client.ended().await;
        assert!(reason.contains("iteration count"), "{reason}");
        // Nothing was derived from the password and sent.
        assert_eq!(far.hear().await, None);

        let (_, mut client, mut far) = connect(login()).await;
        far.greet(Entry::Password, 4096).await;
        let Some(Command::Login { scram }) = far.hear().await else {
            panic!("no log-in");
        };
        let (_, nonce) = scram.split_once("r=").unwrap();
        let scram = format!("r={nonce}more,s=AAECAwQFBgcICQoLDA0ODw==,i={iterations}");
        far.say(&Event::Challenge { scram }).await;
        let reason = client.ended().await;
        assert!(reason.contains("iteration count"), "{reason}");
        assert_eq!(far.hear().await, None);
    }
}

#[tokio::test]
async fn a_server_that_does_not_know_the_password_is_left_at_once() {
    for signature in [
        "v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        "v=",
        "e=other-error",
        "",
    ] {
        let (_, mut client, mut far) = connect(login()).await;
        far.greet(Entry::Password, 4096).await;
        let Some(Command::Login { scram }) = far.hear().await else {
            panic!("no log-in");
        };
        let guess = Credentials::derive(&Password::new("a guess").unwrap(), &[1; 16], 4096);
        let (_, scram) = LoginRequest::parse(&scram)
            .unwrap()
            .challenge(guess, [2; 18]);
        far.say(&Event::Challenge { scram }).await;
        assert!(matches!(far.hear().await, Some(Command::Proof { .. })));
        let scram = Some(signature.to_owned());
        let ip = Ipv4Addr::LOCALHOST.into();
        let name = name("alice");
        far.say(&Event::Welcome { name, ip, scram }).await;
        let reason = client.ended().await;
        assert!(
            reason.contains("log-in broken off"),
            "{signature}: {reason}"
        );
        assert_eq!(far.hear().await, None);
    }
}

#[tokio::test]
async fn a_server_that_throws_out_again_and_again_is_dialled_ever_more_slowly() {
    let (stage, mut client, mut far) = connect(enter()).await;
    let mut waits = Vec::new();
    for _ in 0..3 {
        // Being let in for a moment does not begin the waits anew.
        far.admit(Vec::new()).await;
        far.say(&Event::bye(EndCode::Shutdown)).await;
        let wait = client.until(|event| match event {
            Told::Disconnected { wait, .. } => Some(wait.as_millis()),
            _ => None,
        });
        waits.push(wait.await);
        if waits.len() < 3 {
            far = stage.accept().await;
        }
    }
    assert_eq!(waits, [500, 1000, 2000]);
}

#[tokio::test]
async fn a_roster_sends_nobody_more_than_five_datagrams_for_a_message() {
    let victim = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 77), 0))
        .await
        .unwrap();
    let port = victim.local_addr().unwrap().port();
    let at = |ip: IpAddr, seed: u8| {
        let address = Address {
            ip,
            udp: Some(port),
            key: Some(SecretKey::from_random([seed; 32]).public()),
        };
        User {
            name: name("bob"),
            address: Some(address),
        }
    };
    let there = victim.local_addr().unwrap().ip();
    let (mut client, mut far) = in_the_room(vec![at(there, 1)]).await;
    let long = text(&"x".repeat(1000));
    let id = client.handle.tell("bob", long).await.unwrap();
    // A new key and address again and again send nothing by themselves.
    for seed in 2..200 {
        let users = vec![at(there, seed)];
        far.say(&Event::Joined { users }).await;
    }
    assert!(!client.is_delivered(id).await);
    let mut chunk = [0; 2048];
    let mut received = 0;
    while let Ok(count) = victim.try_recv(&mut chunk) {
        assert!(count <= MAX_DATAGRAM);
        received += 1;
    }
    assert!((1..=5).contains(&received), "{received}");
    // Nor is it sent to many at once.
    for ip in ["224.0.0.1", "255.255.255.255", "0.0.0.0"] {
        let users = vec![at(ip.parse().unwrap(), 1)];
        far.say(&Event::Joined { users }).await;
        far.say(&message(1, "moved")).await;
        client
            .until(|event| matches!(event, Told::Message { .. }).then_some(()))
            .await;
        client.handle.tell("bob", text("hi")).await.unwrap();
        let reason = client.until(|event| match event {
            Told::NotDelivered { reason, .. } => Some(reason),
            _ => None,
        });
        assert_eq!(reason.await, NotDelivered::NoHost, "{ip}");
    }
}

#[tokio::test]
async fn what_was_not_asked_for_moves_nobody() {
    let bob = Bob::new("bob", 2).await;
    let (mut client, mut far) = in_the_room(vec![bob.user(), bare("carol")]).await;
    let eve = Bob::new("bob", 3).await.user();
    far.say(&Event::User { user: eve }).await;
    far.say(&message(1, "look")).await;
    client
        .until(|event| matches!(event, Told::Message { .. }).then_some(()))
        .await;
    let address = client
        .handle
        .with_roster(|roster| roster.find("bob").and_then(|bob| bob.address));
    assert_eq!(address, bob.user().address);
}

fn message(seq: u64, said: &str) -> Event {
    Event::Message {
        seq,
        from: name("bob"),
        text: text(said),
    }
}
