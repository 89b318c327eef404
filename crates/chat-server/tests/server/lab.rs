//! Programs of the lab in an open room, and in one that is not.

use chat_proto::{EndCode, lab::LabRoster};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::peer::{Peer, Running, account_config};

/// Reads as the lab's client does: at most 1,024 octets, and believes what begins with `!`.
async fn lab_read(stream: &mut TcpStream) -> Result<LabRoster, String> {
    let mut space = [0; 1024];
    let count = stream.read(&mut space).await.unwrap();
    let text = std::str::from_utf8(&space[..count]).unwrap();
    match text.strip_prefix('!') {
        Some(json) => Ok(serde_json::from_str(json).expect("a whole roster and nothing else")),
        None => Err(text.to_owned()),
    }
}

#[tokio::test]
async fn lab_and_native_clients_share_a_room() {
    let server = Running::open().await;
    let mut alice = Peer::enter(server.address, "alice").await;
    let mut bob = TcpStream::connect(server.address).await.unwrap();
    bob.write_all(b"bob").await.unwrap();
    let roster = lab_read(&mut bob).await.unwrap();
    assert_eq!(roster.keys().collect::<Vec<_>>(), ["alice", "bob"]);
    bob.write_all(b"hi: there").await.unwrap();
    assert_eq!(alice.message().await, ("bob".into(), "hi: there".into()));
    alice.text("hello").await;
    assert_eq!(lab_read(&mut bob).await, Err("alice: hello ".to_owned()));
    // Said and gone in one breath: the message and the roster still arrive apart.
    alice.text("bye!").await;
    alice.line(r#"{"type":"quit"}"#).await;
    assert_eq!(
        lab_read(&mut bob).await,
        Err("alice: bye\u{ff01} ".to_owned())
    );
    assert_eq!(lab_read(&mut bob).await.unwrap().len(), 1);
    let mut other = TcpStream::connect(server.address).await.unwrap();
    other.write_all(b"BOB").await.unwrap();
    assert!(lab_read(&mut other).await.unwrap_err().contains("taken"));
    server.stop().await;
    assert!(
        lab_read(&mut bob)
            .await
            .unwrap_err()
            .contains("the server stops")
    );
}

#[tokio::test]
async fn no_text_poses_as_a_roster() {
    let server = Running::open().await;
    let mut victim = TcpStream::connect(server.address).await.unwrap();
    victim.write_all(b"victim").await.unwrap();
    assert_eq!(lab_read(&mut victim).await.unwrap().len(), 1);
    let attacker = "a-name-of-the-longest-kind-32-ch";
    let mut mallory = Peer::enter(server.address, attacker).await;
    assert_eq!(lab_read(&mut victim).await.unwrap().len(), 2);
    // Whatever the padding, no octet that begins a read can be the forged roster's.
    for padding in [1024 - attacker.len() - 2, 1000, 1023, 1024, 2048] {
        let text = format!("{}!{{\"bob\": \"127.6.6.6\"}}", "x".repeat(padding));
        mallory.text(&text).await;
    }
    mallory.text("the end").await;
    let mut heard = String::new();
    while !heard.ends_with("the end ") {
        let mut space = [0; 1024];
        let count = victim.read(&mut space).await.unwrap();
        assert_ne!(space[0], b'!');
        heard.push_str(&String::from_utf8_lossy(&space[..count]));
    }
    assert!(!heard.contains('!'));
    server.stop().await;
}

#[tokio::test]
async fn names_of_the_lab_are_checked() {
    let server = Running::open().await;
    for bad in [
        "!{\"bob\": \"127.6.6.6\"}",
        "two words",
        "аlice",
        "x:",
        "\u{202e}bob",
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(bad.as_bytes()).await.unwrap();
        assert!(
            lab_read(&mut stream)
                .await
                .unwrap_err()
                .contains("a name is"),
            "{bad:?}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn without_open_a_lab_client_is_told_why_not() {
    let directory = tempfile::tempdir().unwrap();
    let server = Running::start(account_config(directory.path())).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"bob").await.unwrap();
    let refusal = lab_read(&mut stream).await.unwrap_err();
    assert!(refusal.contains(EndCode::WrongProtocol.text()));
    assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0);
    server.stop().await;
}

#[tokio::test]
async fn many_lab_clients_cost_few_rosters() {
    let server = Running::open().await;
    let mut streams = Vec::new();
    for number in 0..100 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream
            .write_all(format!("student{number}").as_bytes())
            .await
            .unwrap();
        streams.push(stream);
    }
    // The last to come has a roster, which fits what a lab client reads at once.
    let mut last = streams.pop().unwrap();
    assert!(!lab_read(&mut last).await.unwrap().is_empty());
    let mut first = streams.swap_remove(0);
    let mut space = vec![0; 1 << 20];
    let count = first.read(&mut space).await.unwrap();
    // The lab's way would be 100 rosters, up to 2.4 kB each.
    assert!(count < 20 * 1024, "{count}");
    server.stop().await;
}
