//! Private messages: what was signed is believed, whatever else is not; no number is fresh twice.

use std::collections::HashSet;
use std::sync::LazyLock;

use chat_proto::{
    Body, ChatText, Datagram, Freshness, MAX_DATAGRAM, PairKey, ReplayWindow, SecretKey,
    SignedDatagram, UserName,
};

use super::tape::Tape;
use crate::mutation::mutate;
use crate::random::Random;

/// Numbers behind the newest that are told apart.
const WINDOW: u64 = 64;

/// Two users and their key, on both sides.
static PAIR: LazyLock<(PairKey, PairKey)> = LazyLock::new(|| {
    let [alice, bob] = [1, 2].map(|octet| SecretKey::from_random([octet; 32]));
    let derive = |own: &SecretKey, own_name, peer: &SecretKey, peer_name| {
        PairKey::derive(own, &name(own_name), &peer.public(), &name(peer_name)).unwrap()
    };
    (
        derive(&alice, "alice", &bob, "Bob"),
        derive(&bob, "bob", &alice, "ALICE"),
    )
});

/// Reads, signs or alters a datagram, or notes numbers, as a tape says.
pub fn check(octets: &[u8]) {
    let mut tape = Tape::new(octets);
    match tape.below(3) {
        0 => read(tape.rest()),
        1 => sign(&mut tape),
        _ => note(&mut tape),
    }
}

fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

/// Nobody can make a datagram without the key.
fn read(octets: &[u8]) {
    let Ok(signed) = SignedDatagram::parse(octets) else {
        return;
    };
    assert!(octets.len() <= MAX_DATAGRAM);
    let claims = signed.claims().clone();
    for (key, own) in [(&PAIR.0, "alice"), (&PAIR.1, "bob")] {
        assert!(
            signed.clone().verify(key, &name(own)).is_err(),
            "{claims:?}"
        );
    }
    let is_control = |c: char| c.is_control();
    let shown = format!("{} {} {:?}", claims.from, claims.to, claims.body);
    assert!(!shown.contains(is_control), "{shown:?}");
}

/// What alice signs bob believes, and nothing that was altered on its way.
fn sign(tape: &mut Tape<'_>) {
    let seed = tape.octet();
    let id = u64::from(tape.u32()) << 32 | u64::from(tape.u32());
    let text = String::from_utf8_lossy(tape.rest());
    let body = match ChatText::lossy(&text) {
        Some(text) if !seed.is_multiple_of(4) => Body::Message(text),
        _ => Body::Ack,
    };
    let sent = Datagram {
        from: name("alice"),
        to: name("bob"),
        id,
        body,
    };
    let Ok(octets) = sent.sign(&PAIR.0) else {
        let Body::Message(text) = &sent.body else {
            panic!("an acknowledgement fits");
        };
        assert!(text.as_str().len() > 500, "a short datagram fits");
        return;
    };
    let arrived = SignedDatagram::parse(&octets).unwrap();
    assert_eq!(arrived.claims(), &sent);
    assert_eq!(
        arrived.clone().verify(&PAIR.1, &name("bob")),
        Ok(sent.clone())
    );
    assert!(
        arrived.verify(&PAIR.0, &name("alice")).is_err(),
        "reflected"
    );
    assert!(sent.ack().sign(&PAIR.1).unwrap().len() <= octets.len());
    let mut random = Random::new(seed.into());
    let mut altered = octets;
    for _ in 0..8 {
        mutate(&mut altered, &mut random);
        if let Ok(arrived) = SignedDatagram::parse(&altered)
            && let Ok(believed) = arrived.verify(&PAIR.1, &name("bob"))
        {
            // A blank too many, or a letter written otherwise.
            assert_eq!(believed, sent);
        }
    }
}

/// The window tells what a set tells, as far back as it goes.
fn note(tape: &mut Tape<'_>) {
    let mut window = ReplayWindow::new();
    let mut seen = HashSet::new();
    let mut newest = 0_u64;
    while !tape.is_over() {
        let step = u64::from(tape.octet());
        let id = match tape.below(8) {
            0 => u64::MAX - step,
            1 => u64::from(tape.u32()) << (step % 32),
            2 => 0,
            3 | 4 => newest.saturating_add(step),
            _ => newest.saturating_sub(step),
        };
        let expected = if id == 0 || newest.saturating_sub(id) >= WINDOW {
            Freshness::Stale
        } else if seen.insert(id) {
            Freshness::Fresh
        } else {
            Freshness::Repeated
        };
        assert_eq!(window.note(id), expected, "{id}");
        newest = newest.max(id);
    }
}

/// A message, an acknowledgement, and numbers in and out of order.
pub fn seeds() -> Vec<Vec<u8>> {
    let message = Datagram {
        from: name("alice"),
        to: name("bob"),
        id: 1,
        body: Body::Message(ChatText::new("hi: there").unwrap()),
    };
    let read = |datagram: &Datagram| {
        let mut octets = datagram.sign(&PAIR.0).unwrap();
        // The right one would be believed.
        let last = octets.len() - 4;
        octets[last] ^= 1;
        [&[0][..], &octets].concat()
    };
    vec![
        read(&message),
        read(&message.ack()),
        [&[1, 1, 0, 0, 0, 0, 0, 0, 0, 1][..], b"hello"].concat(),
        vec![1, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        [
            &[1, 2, 255, 255, 255, 255, 255, 255, 255, 255][..],
            "æ\u{202e}\u{7}".as_bytes(),
        ]
        .concat(),
        vec![
            2, 1, 3, 1, 5, 0, 5, 3, 5, 70, 3, 1, 3, 64, 5, 63, 5, 0, 0, 0, 0,
        ],
    ]
}
