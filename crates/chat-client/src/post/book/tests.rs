//! Two books write to each other; the test is the network, and loses what it likes.

use std::time::Duration;

use chat_proto::{PublicKey, User};

use super::*;
use crate::event::NotDelivered::{
    self, BadKey, NoSuchUser, OtherFamily, TakesNone, TooLong, Yourself,
};
use crate::post::Letter;
use crate::roster::Roster;
use chat_proto::ChatText;

/// One user with his book, his view of the roster, and what he heard.
struct Side {
    book: Book,
    roster: Roster,
    at: SocketAddr,
    heard: Vec<Event>,
}

fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

fn secret(seed: u8) -> SecretKey {
    SecretKey::from_random([seed; 32])
}

fn user(who: &str, port: u16, key: Option<PublicKey>) -> User {
    let ip = "127.0.0.1".parse().unwrap();
    let udp = Some(port);
    User {
        name: name(who),
        address: Some(Address { ip, udp, key }),
    }
}

fn side(who: &str, port: u16, own: &SecretKey, now: Instant) -> Side {
    let mut roster = Roster::default();
    roster.replace(vec![
        user("Alice", 1, Some(secret(1).public())),
        user("bob", 2, Some(secret(2).public())),
        user("lab", 3, None),
    ]);
    roster.set_own(&name(who));
    let at = SocketAddr::from(([127, 0, 0, 1], port));
    let mut book = Book::new(now);
    book.set_here(at);
    book.enter(name(who), own.clone());
    let heard = Vec::new();
    Side {
        book,
        roster,
        at,
        heard,
    }
}

impl Side {
    /// Writes to somebody; gives what is sent.
    fn write(&mut self, to: &str, text: &str, now: Instant) -> Vec<(SocketAddr, Vec<u8>)> {
        let letter = Letter {
            id: 7,
            to: to.to_owned(),
            text: ChatText::new(text).unwrap(),
        };
        self.book.give(letter, &self.roster, now);
        self.sent()
    }

    fn take(
        &mut self,
        octets: &[u8],
        from: SocketAddr,
        now: Instant,
    ) -> Vec<(SocketAddr, Vec<u8>)> {
        self.book.receive(octets, from, &self.roster, now);
        self.sent()
    }

    fn tick(&mut self, now: Instant) -> Vec<(SocketAddr, Vec<u8>)> {
        self.book.tick(&self.roster, now);
        self.sent()
    }

    fn sent(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        let mut sent = Vec::new();
        while let Some(output) = self.book.output() {
            match output {
                Output::Send(to, octets) => sent.push((to, octets)),
                Output::Tell(event) => self.heard.push(event),
                Output::Lookup(_) => {}
            }
        }
        sent
    }

    fn texts(&self) -> Vec<String> {
        let text = |event: &Event| match event {
            Event::Private { from, text } => Some(format!("{from}: {text}")),
            Event::Unverified { ip, names, text } => Some(format!("{ip} {names:?}? {text}")),
            _ => None,
        };
        self.heard.iter().filter_map(text).collect()
    }
}

fn pair(now: Instant) -> (Side, Side) {
    (
        side("Alice", 1, &secret(1), now),
        side("bob", 2, &secret(2), now),
    )
}

fn one(mut sent: Vec<(SocketAddr, Vec<u8>)>) -> Vec<u8> {
    assert_eq!(sent.len(), 1, "{sent:?}");
    sent.remove(0).1
}

#[test]
fn a_message_is_shown_and_acknowledged_with_fewer_octets() {
    let now = Instant::now();
    let (mut alice, mut bob) = pair(now);
    let octets = one(alice.write("BOB", "hi: there", now));
    let ack = one(bob.take(&octets, alice.at, now));
    assert!(ack.len() < octets.len());
    assert_eq!(bob.texts(), ["Alice: hi: there"]);
    assert!(!alice.book.is_settled());
    alice.take(&ack, bob.at, now);
    assert!(matches!(&alice.heard[..], [Event::Delivered { id: 7, to }] if to == "bob"));
    assert!(alice.book.is_settled());
}

#[test]
fn a_lost_acknowledgement_does_not_show_it_twice() {
    let now = Instant::now();
    let (mut alice, mut bob) = pair(now);
    let octets = one(alice.write("bob", "once", now));
    let _lost = one(bob.take(&octets, alice.at, now));
    let later = now + Duration::from_millis(250);
    let again = one(alice.tick(later));
    assert_eq!(again, octets);
    let ack = one(bob.take(&again, alice.at, later));
    alice.take(&ack, bob.at, later);
    alice.take(&ack, bob.at, later);
    assert_eq!((bob.texts().len(), alice.heard.len()), (1, 1));
}

#[test]
fn what_nobody_acknowledges_is_sent_five_times_and_given_up() {
    let now = Instant::now();
    let (mut alice, _) = pair(now);
    let mut sent = vec![alice.write("bob", "anybody?", now).len()];
    while let Some(due) = alice.book.due() {
        sent.push(alice.tick(due).len());
        if sent.len() == 6 {
            assert_eq!((due - now).as_millis(), 3750);
        }
    }
    assert_eq!(sent, [1, 1, 1, 1, 1, 0]);
    let given_up = |event: &Event| {
        matches!(
            event,
            Event::NotDelivered {
                reason: NotDelivered::NoAnswer,
                ..
            }
        )
    };
    assert!(alice.heard.iter().all(given_up) && alice.heard.len() == 1);
}

#[test]
fn forged_altered_and_reflected_datagrams_are_answered_by_nothing() {
    let now = Instant::now();
    let (mut alice, mut bob) = pair(now);
    let mut mallory = side("Alice", 9, &secret(9), now);
    let octets = one(alice.write("bob", "pay 1", now));
    let altered = String::from_utf8(octets.clone())
        .unwrap()
        .replace("pay 1", "pay 9");
    let forged = one(mallory.write("bob", "it is me", now));
    let stranger = octets_from("stranger", now);
    for octets in [
        altered.as_bytes(),
        &forged,
        &stranger,
        b"{\"type\":\"message\"}",
    ] {
        assert!(bob.take(octets, mallory.at, now).is_empty());
    }
    // What alice sent does not come back to her as bob's.
    assert!(alice.take(&octets, bob.at, now).is_empty());
    assert!(bob.texts().is_empty() && alice.texts().is_empty());
    // The third failure is told, once.
    assert!(
        matches!(&bob.heard[..], [Event::Forged { count: 3, .. }]),
        "{:?}",
        bob.heard
    );
}

fn octets_from(who: &str, now: Instant) -> Vec<u8> {
    one(side(who, 8, &secret(8), now).write("bob", "hello", now))
}

#[test]
fn a_replay_is_not_shown_in_this_session_nor_in_the_next() {
    let now = Instant::now();
    let (mut alice, mut bob) = pair(now);
    let octets = one(alice.write("bob", "once", now));
    for _ in 0..3 {
        bob.take(&octets, alice.at, now);
    }
    assert_eq!(bob.texts().len(), 1);
    bob.book.enter(name("bob"), secret(22));
    assert!(bob.take(&octets, alice.at, now).is_empty());
    assert_eq!(bob.texts().len(), 1);
}

#[test]
fn a_new_session_of_the_other_is_signed_for_anew() {
    let now = Instant::now();
    let (mut alice, mut bob) = pair(now);
    let octets = one(alice.write("bob", "still for you", now));
    bob.book.enter(name("bob"), secret(22));
    assert!(bob.take(&octets, alice.at, now).is_empty());
    alice
        .roster
        .insert(user("bob", 4, Some(secret(22).public())));
    let later = now + Duration::from_millis(250);
    let sent = alice.tick(later);
    assert_eq!(sent[0].0.port(), 4);
    let ack = one(bob.take(&one(sent), alice.at, later));
    alice.take(&ack, bob.at, later);
    assert_eq!(bob.texts(), ["Alice: still for you"]);
    assert!(alice.book.is_settled());
}

#[test]
fn bare_text_is_unverified_and_limited() {
    let now = Instant::now();
    let (mut alice, _) = pair(now);
    let lab = SocketAddr::from(([127, 0, 0, 1], 5000));
    assert!(alice.take(b"hei\x1b[2J \xff\n", lab, now).is_empty());
    assert_eq!(alice.texts(), ["127.0.0.1 [\"lab\"]? hei␛[2J \u{fffd}"]);
    for _ in 0..10_000 {
        alice.take(b"flood", lab, now);
    }
    assert_eq!(alice.texts().len(), 20);
    let sent = alice.write("lab", "hello", now);
    assert_eq!(
        sent,
        [(SocketAddr::from(([127, 0, 0, 1], 3)), b"hello".to_vec())]
    );
    assert!(alice.write("lab", &"x".repeat(1025), now).is_empty());
}

#[test]
fn who_cannot_be_written_to_is_said_why() {
    let now = Instant::now();
    let (mut alice, _) = pair(now);
    alice.roster.insert(User {
        name: name("mute"),
        address: Some(Address {
            ip: "127.0.0.1".parse().unwrap(),
            udp: None,
            key: Some(secret(5).public()),
        }),
    });
    alice.roster.insert(User {
        name: name("six"),
        address: Some(Address {
            ip: "::1".parse().unwrap(),
            udp: Some(1),
            key: Some(secret(6).public()),
        }),
    });
    alice
        .roster
        .insert(user("low", 3, Some(PublicKey::from_bytes([0; 32]))));
    let long = "x".repeat(1400);
    let tries = [
        ("nobody", "x"),
        ("alice", "x"),
        ("mute", "x"),
        ("six", "x"),
        ("low", "x"),
        ("bob", &long),
    ];
    for (to, text) in tries {
        assert!(alice.write(to, text, now).is_empty());
    }
    let reason = |event: &Event| match event {
        Event::NotDelivered { reason, .. } => reason.clone(),
        other => panic!("{other:?}"),
    };
    let reasons: Vec<NotDelivered> = alice.heard.iter().map(reason).collect();
    assert_eq!(
        reasons,
        [
            NoSuchUser,
            Yourself,
            TakesNone,
            OtherFamily,
            BadKey,
            TooLong
        ]
    );
    assert!(alice.book.is_settled());
}

#[test]
fn an_unknown_address_is_asked_for_and_waited_for() {
    let now = Instant::now();
    let (mut alice, _) = pair(now);
    let bare = User {
        name: name("bob"),
        address: None,
    };
    alice.roster.insert(bare);
    assert!(alice.write("bob", "where are you?", now).is_empty());
    alice
        .roster
        .insert(user("bob", 2, Some(secret(2).public())));
    alice.book.found(&name("bob"), &alice.roster, now);
    assert_eq!(alice.sent().len(), 1);
    assert!(alice.write("nobody", "x", now).is_empty());
}

#[test]
fn many_messages_never_leave_the_window_of_the_other() {
    let now = Instant::now();
    let (mut alice, mut bob) = pair(now);
    let lost = one(alice.write("bob", "lost", now));
    // All later ones are acknowledged, until one would push the first out of bob's window.
    let mut written = 1;
    while alice.book.wants_letters() {
        for (_, octets) in alice.write("bob", "later", now) {
            let ack = one(bob.take(&octets, alice.at, now));
            alice.take(&ack, bob.at, now);
        }
        written += 1;
        assert!(written < 100);
    }
    assert_eq!(bob.texts().len(), 60);
    let ack = one(bob.take(&lost, alice.at, now));
    let rest = alice.take(&ack, bob.at, now);
    assert_eq!(rest.len(), 1, "what waited goes now");
    assert!(alice.book.wants_letters());
}

#[test]
fn a_flood_costs_a_bounded_amount_of_work() {
    let now = Instant::now();
    let (_, mut bob) = pair(now);
    let forged = one(side("Alice", 9, &secret(9), now).write("bob", "flood", now));
    for _ in 0..5000 {
        bob.take(&forged, SocketAddr::from(([127, 0, 0, 9], 9)), now);
    }
    // Looked at were the first thousand; one alarm was told.
    assert!(bob.book.suspicion <= 1000);
    assert_eq!(bob.heard.len(), 1);
    assert_eq!(bob.book.channels.len(), 1);
}

#[test]
fn a_flood_from_elsewhere_uses_up_nothing_of_those_one_talks_to() {
    let now = Instant::now();
    let (mut alice, mut bob) = pair(now);
    let eve = SocketAddr::from(([127, 0, 0, 9], 9));
    let first = one(alice.write("bob", "first", now));
    assert_eq!(bob.take(&first, alice.at, now).len(), 1);
    let forged = octets_from("Alice", now);
    for _ in 0..5000 {
        bob.take(&forged, eve, now);
        // Nor do replays use up the acknowledgements of what is repeated.
        bob.take(&first, eve, now);
    }
    let second = one(alice.write("bob", "second", now));
    assert_eq!(
        bob.take(&second, eve, now).len(),
        0,
        "the common budget is spent"
    );
    for _ in 0..50 {
        assert_eq!(bob.take(&second, alice.at, now).len(), 1);
    }
    assert_eq!(bob.texts(), ["Alice: first", "Alice: second"]);
}

#[test]
fn bare_text_from_where_nobody_is_is_rare_and_counted() {
    let now = Instant::now();
    let (mut alice, _) = pair(now);
    let stranger = SocketAddr::from(([127, 0, 0, 9], 9));
    for _ in 0..500 {
        alice.take(b"flood", stranger, now);
    }
    assert_eq!(alice.texts().len(), 5);
    alice.take(b"flood", stranger, now + Duration::from_secs(10));
    alice.take(b"hi", SocketAddr::from(([127, 0, 0, 1], 5000)), now);
    let unshown = alice.heard.iter().filter_map(|event| match event {
        Event::Unshown { count, .. } => Some(*count),
        _ => None,
    });
    assert_eq!(unshown.collect::<Vec<_>>(), [1]);
    assert_eq!(alice.texts().len(), 7, "known places have their own budget");
}

#[test]
fn forgers_cannot_make_a_client_ask_its_server_much() {
    let now = Instant::now();
    let (mut alice, _) = pair(now);
    for number in 0..100 {
        let name = name(&format!("user-{number}"));
        let address = None;
        alice.roster.insert(User { name, address });
    }
    let mut asked = 0;
    for number in 0..100 {
        let forged = octets_from(&format!("user-{number}"), now);
        let forged = String::from_utf8(forged).unwrap().replace("bob", "Alice");
        let from = SocketAddr::from(([127, 0, 0, 9], 9));
        alice
            .book
            .receive(forged.as_bytes(), from, &alice.roster, now);
        while let Some(output) = alice.book.output() {
            asked += usize::from(matches!(output, Output::Lookup(_)));
        }
    }
    assert_eq!(asked, 20);
}

#[test]
fn users_who_come_and_go_leave_nothing_behind() {
    let now = Instant::now();
    let (mut alice, _) = pair(now);
    for number in 0..1000_u16 {
        let who = format!("user-{number}");
        let seed = 50 + u8::try_from(number % 100).unwrap();
        let key = Some(secret(seed).public());
        alice.roster.insert(user(&who, 1000 + number, key));
        alice.write(&who, "hello", now);
        let octets = String::from_utf8(octets_from(&who, now)).unwrap();
        let from = SocketAddr::from(([127, 0, 0, 9], 9));
        alice.take(octets.replace("bob", "Alice").as_bytes(), from, now);
        alice.roster.remove(&name(&who));
    }
    assert!(
        alice.book.channels.len() <= 72,
        "{}",
        alice.book.channels.len()
    );
    assert!(alice.book.places.len() <= 72, "{}", alice.book.places.len());
}

#[test]
fn nothing_is_sent_to_many_at_once() {
    let now = Instant::now();
    let (mut alice, _) = pair(now);
    for ip in ["224.0.0.1", "255.255.255.255", "0.0.0.0"] {
        let mut many = user("many", 9, Some(secret(9).public()));
        if let Some(address) = &mut many.address {
            address.ip = ip.parse().unwrap();
        }
        alice.roster.insert(many);
        assert!(alice.write("many", "hello", now).is_empty(), "{ip}");
        assert!(matches!(
            alice.heard.pop(),
            Some(Event::NotDelivered {
                reason: NotDelivered::NoHost,
                ..
            })
        ));
    }
}
