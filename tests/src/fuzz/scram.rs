//! Logging in: the right password always wins, and nothing else ever does.

use std::sync::LazyLock;

use chat_proto::UserName;
use chat_proto::scram::{
    ChannelBinding, ClientLogin, Credentials, LoginRequest, MAX_ITERATIONS, MIN_ITERATIONS,
    Password, ScramError,
};

use super::tape::Tape;

/// Iterations that are counted here: more would take a fuzzer's time and find nothing.
const PATIENCE: u32 = 2 * MIN_ITERATIONS;

/// What client and server bind a log-in to, and whether that fits together.
const BINDINGS: [(ChannelBinding, ChannelBinding, bool); 7] = [
    (ChannelBinding::None, ChannelBinding::None, true),
    (ChannelBinding::None, HERE, true),
    (ChannelBinding::NotOffered, ChannelBinding::None, true),
    (ChannelBinding::NotOffered, HERE, false),
    (HERE, HERE, true),
    (HERE, THERE, false),
    (HERE, ChannelBinding::None, false),
];
const HERE: ChannelBinding = ChannelBinding::TlsExporter([7; 32]);
const THERE: ChannelBinding = ChannelBinding::TlsExporter([8; 32]);

static STORED: LazyLock<Credentials> =
    LazyLock::new(|| Credentials::derive(&password(true), b"0123456789abcdef", MIN_ITERATIONS));

/// Logs in as a tape says: with any messages, or with one of the right ones altered.
pub fn check(octets: &[u8]) {
    let mut tape = Tape::new(octets);
    match tape.below(3) {
        0 => server_hears_anything(&mut tape),
        1 => client_hears_anything(&mut tape),
        _ => log_in(&mut tape),
    }
}

fn password(is_right: bool) -> Password {
    Password::new(if is_right {
        "correct horse"
    } else {
        "wrong horse"
    })
    .unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// Any two messages of a client: no proof is right by chance.
fn server_hears_anything(tape: &mut Tape<'_>) {
    let first = text(tape.short());
    let Ok(request) = LoginRequest::parse(&first) else {
        return;
    };
    assert!(UserName::new(request.name().as_str()).is_ok());
    let (challenge, server_first) = request.challenge(STORED.clone(), [tape.octet(); 18]);
    assert_eq!(ClientLogin::iterations(&server_first), Ok(MIN_ITERATIONS));
    // The nonce can be known to who guesses.
    let nonce = server_first
        .strip_prefix("r=")
        .and_then(|it| it.split_once(','));
    let last = text(tape.rest()).replace("NONCE", nonce.unwrap().0);
    assert!(challenge.verify(&last).is_err(), "{last}");
}

/// Any two messages of a server: it cannot know the password's keys by chance.
fn client_hears_anything(tape: &mut Tape<'_>) {
    let (login, first) = ClientLogin::new(&UserName::new("alice").unwrap(), [tape.octet(); 18]);
    let own = first.rsplit_once("r=").unwrap().1;
    let server_first = text(tape.short()).replace("NONCE", own);
    let iterations = match ClientLogin::iterations(&server_first) {
        Ok(iterations) => iterations,
        Err(error) => {
            assert_eq!(
                login.prove(&server_first, &password(true)).err(),
                Some(error)
            );
            return;
        }
    };
    assert!((MIN_ITERATIONS..=MAX_ITERATIONS).contains(&iterations));
    if iterations > PATIENCE {
        return;
    }
    if let Ok((proof, last)) = login.prove(&server_first, &password(true)) {
        let nonce = server_first[2..].split(',').next().unwrap();
        assert!(
            nonce.starts_with(own) && nonce.len() > own.len(),
            "{server_first}"
        );
        assert!(last.starts_with(&format!("c=biws,r={nonce},p=")), "{last}");
        assert!(proof.confirm(&text(tape.rest())).is_err());
    }
}

/// A log-in between the two, with the right password or a wrong one, on connections that it may be
/// bound to, and one message altered.
fn log_in(tape: &mut Tape<'_>) {
    let is_right = tape.below(4) > 0;
    let altered = tape.below(5);
    let random = tape.octet();
    let (client, server, fit) = *tape.one_of(&BINDINGS);
    let mut deliver = |number: usize, message: &str| {
        if number == altered {
            alter(message, tape)
        } else {
            message.to_owned()
        }
    };
    let name = UserName::new("alice").unwrap();
    let (login, first) = ClientLogin::bound(&name, [random; 18], client);
    let heard_first = deliver(1, &first);
    let Ok(request) = LoginRequest::parse_bound(&heard_first, server) else {
        assert!(heard_first != first || !fit);
        return;
    };
    let (challenge, server_first) = request.challenge(STORED.clone(), [random ^ 1; 18]);
    let heard_challenge = deliver(2, &server_first);
    if ClientLogin::iterations(&heard_challenge).is_ok_and(|count| count > PATIENCE) {
        return;
    }
    let Ok((proof, last)) = login.prove(&heard_challenge, &password(is_right)) else {
        assert!(heard_challenge != server_first || heard_first != first);
        return;
    };
    let heard_last = deliver(3, &last);
    let verdict = challenge.verify(&heard_last);
    let is_faithful = heard_first == first && heard_challenge == server_first && heard_last == last;
    assert_eq!(
        verdict.is_ok(),
        is_right && is_faithful && fit,
        "{heard_first} {heard_challenge} {heard_last}"
    );
    match verdict {
        Ok(server_final) => {
            let heard_final = deliver(4, &server_final);
            let is_confirmed = proof.confirm(&heard_final).is_ok();
            // Extensions may follow (RFC 5802 §7); nobody is protected from those.
            let rest = heard_final.strip_prefix(&server_final);
            let is_same = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(','));
            assert_eq!(is_confirmed, is_same);
        }
        Err(error) if is_faithful && fit => assert_eq!(error, ScramError::WrongProof),
        Err(_) => {}
    }
}

/// A message with some octets replaced, left out or put in.
fn alter(message: &str, tape: &mut Tape<'_>) -> String {
    let mut octets = message.as_bytes().to_vec();
    while !tape.is_over() {
        let at = usize::from(tape.octet()).min(octets.len());
        let end = (at + tape.below(4)).min(octets.len());
        let count = tape.below(6);
        octets.splice(at..end, tape.octets(count).iter().copied());
    }
    text(&octets)
}

/// Right log-ins, and messages that are nearly right.
pub fn seeds() -> Vec<Vec<u8>> {
    let heard = |mode: u8, first: &str, rest: &str| {
        let length = u8::try_from(first.len()).unwrap();
        let mut octets = vec![mode];
        if mode == 1 {
            octets.push(9);
        }
        octets.push(length);
        octets.extend(first.as_bytes());
        if mode == 0 {
            octets.push(7);
        }
        octets.extend(rest.as_bytes());
        octets
    };
    let proof = "p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let mut seeds = vec![
        heard(0, "n,,n=alice,r=abc", &format!("c=biws,r=NONCE,{proof}")),
        heard(
            0,
            "y,,n=alice,r=abc,x=1",
            &format!("c=eSws,r=NONCE,x=1,{proof}"),
        ),
        heard(0, "p=tls-unique,,n=alice,r=abc", ""),
        heard(0, "n,a=bob,n=alice,r=abc", ""),
        heard(
            1,
            "r=NONCEabc,s=AAAA,i=4096",
            "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ),
        heard(1, "r=NONCEabc,s=AAAA,i=4095", "v=AAAA"),
        heard(1, "m=1,r=NONCEabc,s=AAAA,i=4097,x=y", "e=other-error"),
    ];
    for altered in 0..5 {
        for is_right in 0..2 {
            seeds.push(vec![
                2, is_right, altered, 5, 4, 12, 1, 1, b'x', 3, 0, 1, b',',
            ]);
        }
    }
    seeds
}
