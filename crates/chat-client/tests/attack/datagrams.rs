//! Floods of datagrams while one talks to somebody.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use chat_client::{Dialect, Event, NotDelivered};
use chat_proto::Contact;
use tokio::net::UdpSocket;
use tokio::time::Instant;

use crate::client::{Client, PATIENCE, enter, text};
use crate::forger::Forger;
use crate::stage::{Bob, Far, Stage};

/// Forged datagrams of one test.
const FORGED: u64 = 100_000;

/// Alice in a room with bob, who knows her.
async fn room() -> (Client, Bob, Contact, Far) {
    let stage = Stage::start().await;
    let (mut alice, mut far) = tokio::join!(
        Client::connect(stage.address, Dialect::Native, enter()),
        stage.accept()
    );
    let mut bob = Bob::new("bob", 2).await;
    let (name, contact) = far.admit(vec![bob.user()]).await;
    bob.meet(&name, contact);
    alice.entered().await;
    (alice, bob, contact, far)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_forged_is_shown_or_believed_and_the_conversation_outlives_the_flood() {
    let (mut alice, mut bob, contact, _far) = room().await;
    let (pause, until) = (Duration::from_millis(5), Instant::now() + PATIENCE);
    // Something to replay from the beginning.
    bob.converse(10, pause, 0, until).await;
    assert_eq!(bob.delivered, 10);
    let flood = Forger::new(contact, bob.captured.clone()).start(None);
    let mut asked = BTreeMap::new();
    for number in 0..20 {
        let said = text(&format!("alice's {number}"));
        let id = alice.handle.tell("bob", said.clone()).await.unwrap();
        asked.insert(id, said);
    }
    // How many of them arrive is the kernel's business; who says that one did must be right.
    let bobs = tokio::spawn(async move {
        bob.converse(30, pause, 20, Instant::now() + Duration::from_secs(5))
            .await;
        bob
    });
    let (mut shown, mut delivered, mut answered) = (Vec::new(), Vec::new(), 0);
    let (mut unverified, mut warnings) = (0, 0);
    while answered < asked.len() || flood.sent() < FORGED || !bobs.is_finished() {
        // Woken up by whatever happens, and by the clock for the flood's sake.
        let wait = Duration::from_millis(50);
        let Ok(Some(event)) = tokio::time::timeout(wait, alice.events.next()).await else {
            continue;
        };
        match event {
            Event::Private { from, text } => shown.push(format!("{from}: {text}")),
            Event::Delivered { id, .. } => {
                answered += 1;
                delivered.push(id);
            }
            Event::NotDelivered { .. } => answered += 1,
            Event::Unverified { .. } => unverified += 1,
            Event::Forged { .. } | Event::Unshown { .. } => warnings += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(flood.stop() >= FORGED);
    let mut bob = bobs.await.unwrap();
    let genuine: BTreeSet<String> = (1..=bob.sent)
        .map(|n| format!("bob: genuine {n}"))
        .collect();
    let once: BTreeSet<String> = shown.iter().cloned().collect();
    assert_eq!(once.len(), shown.len(), "shown twice: {shown:?}");
    assert!(once.is_subset(&genuine), "{once:?}");
    // What bob was told had arrived, had.
    assert!(shown.len() as u64 >= bob.delivered);
    let heard: Vec<&chat_client::ChatText> = bob.heard.values().collect();
    for id in delivered {
        assert!(heard.contains(&&asked[&id]), "{:?}", asked[&id]);
    }
    // Five at once, then one in five seconds; an alarm of each kind in ten.
    let seconds = until.elapsed().as_secs() + PATIENCE.as_secs();
    assert!(unverified <= 6 + seconds / 5, "{unverified}");
    assert!(warnings <= 4 + seconds / 5, "{warnings}");
    // And when it is over, all is as before.
    let given_up = bob.given_up;
    let talk = async {
        let id = alice.handle.tell("bob", text("over?")).await.unwrap();
        assert!(alice.is_delivered(id).await);
    };
    let hears = bob.heard.len() + 1;
    tokio::join!(
        talk,
        bob.converse(5, pause, hears, Instant::now() + PATIENCE)
    );
    assert_eq!(bob.given_up, given_up);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_forged_or_replayed_acknowledgement_makes_a_message_delivered() {
    let (mut alice, mut bob, contact, _far) = room().await;
    let (pause, until) = (Duration::from_millis(5), Instant::now() + PATIENCE);
    // Acknowledgements of earlier messages, to be replayed.
    for number in 0..5 {
        let id = alice.handle.tell("bob", text(&format!("{number}"))).await;
        let (delivered, ()) = tokio::join!(
            alice.is_delivered(id.unwrap()),
            bob.converse(0, pause, number + 1, until)
        );
        assert!(delivered);
    }
    bob.answers = false;
    let flood = Forger::new(contact, bob.captured.clone()).start(None);
    for number in 0..20 {
        let said = text(&format!("unanswered {number}"));
        alice.handle.tell("bob", said).await.unwrap();
    }
    for _ in 0..20 {
        let reason = alice.until(|event| match event {
            Event::NotDelivered { reason, .. } => Some(reason),
            Event::Delivered { id, .. } => panic!("{id} was not delivered"),
            _ => None,
        });
        assert_eq!(reason.await, NotDelivered::NoAnswer);
    }
    flood.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bare_text_floods_no_lab_client() {
    let stage = Stage::start().await;
    let (mut alice, mut far) = tokio::join!(
        Client::connect(stage.address, Dialect::Lab, enter()),
        stage.accept()
    );
    far.octets(br#"!{"alice": "127.0.0.1", "bob": "127.0.0.8"}"#)
        .await;
    let port = alice.until(|event| match event {
        Event::Entered { udp, .. } => udp,
        _ => None,
    });
    let contact = Contact {
        udp: Some(port.await),
        key: None,
    };
    let flood = Forger::bare(contact).start(None);
    let bob = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 8), 0))
        .await
        .unwrap();
    let (mut strangers, mut unshown, mut heard) = (0, 0, 0);
    let begin = Instant::now();
    while flood.sent() < FORGED || unshown == 0 || heard == 0 {
        let to = (Ipv4Addr::LOCALHOST, contact.udp.unwrap());
        let _sent = bob.send_to(b"it is really me", to).await;
        let wait = Duration::from_millis(50);
        match tokio::time::timeout(wait, alice.events.next()).await {
            Ok(Some(Event::Unverified { names, .. })) if names == ["bob"] => heard += 1,
            Ok(Some(Event::Unverified { names, .. })) => {
                assert!(names.is_empty(), "{names:?}");
                strangers += 1;
            }
            Ok(Some(Event::Unshown { count, .. })) => unshown += count,
            _ => {}
        }
        assert!(begin.elapsed() < PATIENCE, "{strangers} {unshown} {heard}");
    }
    flood.stop();
    assert!(
        strangers <= 6 + begin.elapsed().as_secs() / 5,
        "{strangers}"
    );
}
