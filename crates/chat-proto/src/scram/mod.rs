//! SCRAM-SHA-256, over TLS SCRAM-SHA-256-PLUS: a log-in that shows the password to nobody, server included.
//!
//! Both sides are state machines whose steps consume one state and give the next. Messages are
//! the RFC's own texts, so that a capture can be read beside it. Random nonces and salts are
//! arguments.
//!
//! # Source
//! RFC 5802 §3, §5 to §7; RFC 7677; RFC 9266; RFC 4013 (`SASLprep`)

mod binding;
mod client;
mod credentials;
mod message;
mod server;

pub use binding::{ChannelBinding, TLS_EXPORTER, TLS_EXPORTER_LABEL};
pub use client::{ClientLogin, ClientProof};
pub use credentials::{
    Credentials, MAX_ITERATIONS, MIN_ITERATIONS, MIN_PASSWORD, Password, PasswordError,
};
pub use server::{LoginRequest, ServerChallenge};

/// Why a log-in cannot go on.
///
/// A server that answers its peer must make [`WrongProof`](Self::WrongProof) indistinguishable from an unknown user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScramError {
    /// A message does not have the RFC's form.
    #[error("scram message is malformed: {what}")]
    Malformed {
        /// What is missing or in excess.
        what: &'static str,
    },
    /// The peer asks for what this side does not do: another channel binding, another identity, an
    /// extension that must be understood.
    #[error("scram message asks for what is not supported: {what}")]
    Unsupported {
        /// What it asks for.
        what: &'static str,
    },
    /// The log-in is bound to another connection than the one on which it arrived, or was made by a
    /// client that was not told of the binding: somebody stands between client and server.
    #[error("scram log-in was made for another connection")]
    Binding,
    /// A nonce is not the one that this log-in began with: a replay or a mix-up.
    #[error("scram nonce is not this log-in's")]
    Nonce,
    /// The server asks for so few or so many iterations that one should not comply.
    #[error("scram iteration count {had} is not between {MIN_ITERATIONS} and {MAX_ITERATIONS}")]
    Iterations {
        /// What it asks for.
        had: u32,
    },
    /// The user's name is none.
    #[error(transparent)]
    Name(#[from] crate::NameError),
    /// The client's proof does not fit what is stored: the password is wrong.
    #[error("scram proof does not fit")]
    WrongProof,
    /// The server's signature does not fit: it does not know the user's keys.
    #[error("the server could not prove that it knows this account")]
    WrongServer,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 7677 §3: the example exchange, user `user`, password `pencil`.
    const CLIENT_FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    const SERVER_FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                                s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    const CLIENT_FINAL: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                                p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    const SERVER_FINAL: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    const CLIENT_NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
    const SERVER_NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

    fn unbound(nonce: &str) -> (ClientLogin, String) {
        ClientLogin::with_nonce(&user(), nonce.to_owned(), ChannelBinding::None)
    }

    fn user() -> crate::UserName {
        crate::UserName::new("user").unwrap()
    }

    fn password(text: &str) -> Password {
        Password::new(text).unwrap()
    }

    fn stored() -> Credentials {
        let salt = crate::bytes::decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        Credentials::derive(&password("pencil"), &salt, 4096)
    }

    #[test]
    fn the_client_speaks_rfc_7677() {
        let (login, first) = unbound(CLIENT_NONCE);
        assert_eq!(first, CLIENT_FIRST);
        let (proof, last) = login.prove(SERVER_FIRST, &password("pencil")).unwrap();
        assert_eq!(last, CLIENT_FINAL);
        proof.confirm(SERVER_FINAL).unwrap();
    }

    #[test]
    fn the_server_speaks_rfc_7677() {
        let request = LoginRequest::parse(CLIENT_FIRST).unwrap();
        assert_eq!(request.name(), &user());
        let (challenge, first) = request.challenge_with_nonce(stored(), SERVER_NONCE);
        assert_eq!(first, SERVER_FIRST);
        assert_eq!(challenge.verify(CLIENT_FINAL).unwrap(), SERVER_FINAL);
    }

    #[test]
    fn both_sides_agree_and_a_wrong_password_does_not() {
        for (typed, wins) in [("pencil", true), ("Pencil", false), ("pencil ", false)] {
            let (login, first) = ClientLogin::new(&user(), [1; 18]);
            let request = LoginRequest::parse(&first).unwrap();
            let (challenge, server_first) = request.challenge(stored(), [2; 18]);
            let (proof, last) = login.prove(&server_first, &password(typed)).unwrap();
            match challenge.verify(&last) {
                Ok(text) => {
                    assert!(wins);
                    proof.confirm(&text).unwrap();
                }
                Err(error) => assert_eq!((error, wins), (ScramError::WrongProof, false)),
            }
        }
    }

    #[test]
    fn a_decoy_looks_like_an_account_and_never_wins() {
        let decoy = Credentials::decoy(&[9; 32], &user(), 4096);
        assert_eq!(decoy, Credentials::decoy(&[9; 32], &user(), 4096));
        assert_eq!(decoy.salt().len(), stored().salt().len());
        let upper = crate::UserName::new("USER").unwrap();
        assert_eq!(decoy, Credentials::decoy(&[9; 32], &upper, 4096));
        assert_ne!(decoy, Credentials::decoy(&[8; 32], &user(), 4096));
        let (login, first) = ClientLogin::new(&user(), [1; 18]);
        let (challenge, server_first) = LoginRequest::parse(&first)
            .unwrap()
            .challenge(decoy, [2; 18]);
        let (_, last) = login.prove(&server_first, &password("pencil")).unwrap();
        assert_eq!(challenge.verify(&last), Err(ScramError::WrongProof));
    }

    #[test]
    fn the_client_distrusts_the_server() {
        let prove = |text: &str| {
            let (login, _) = unbound(CLIENT_NONCE);
            login.prove(text, &password("pencil")).map(|_| ())
        };
        let cases = [
            (
                "r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                ScramError::Nonce,
            ),
            // Only the client's own nonce: the server added nothing.
            (
                "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                ScramError::Nonce,
            ),
            (
                "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1",
                ScramError::Iterations { had: 1 },
            ),
            (
                "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4000000000",
                ScramError::Iterations { had: 4_000_000_000 },
            ),
            (
                "m=x,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                ScramError::Unsupported { what: "extension" },
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(prove(text), Err(expected), "{text}");
        }
        let (login, _) = unbound(CLIENT_NONCE);
        let (proof, _) = login.prove(SERVER_FIRST, &password("pencil")).unwrap();
        let forged = "v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
        assert_eq!(proof.confirm(forged), Err(ScramError::WrongServer));
    }

    #[test]
    fn the_server_refuses_what_it_does_not_do() {
        let refused = [
            "p=tls-unique,,n=user,r=abc",
            "n,a=admin,n=user,r=abc",
            "n,,m=x,n=user,r=abc",
            "n,,n=us=2Cer,r=abc",
            "n,,n=,r=abc",
            "n,,n=user,r=",
            "n,,n=user",
            "",
        ];
        for text in refused {
            assert!(LoginRequest::parse(text).is_err(), "{text:?}");
        }
        assert!(LoginRequest::parse("y,,n=user,r=abc").is_ok());
    }

    /// The example of RFC 7677 bound to the octets 0 to 31, as two programs in Python give it: one of
    /// `hashlib` and `hmac` alone, and the library scramp 1.5.0.
    #[test]
    fn a_bound_log_in_has_the_header_and_the_octets_in_its_proof() {
        let mut octets = [0; 32];
        for (octet, number) in octets.iter_mut().zip(0..) {
            *octet = number;
        }
        let binding = ChannelBinding::TlsExporter(octets);
        let nonce = CLIENT_NONCE.to_owned();
        let (login, first) = ClientLogin::with_nonce(&user(), nonce, binding);
        assert_eq!(first, "p=tls-exporter,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let (challenge, server_first) = LoginRequest::parse_bound(&first, binding)
            .unwrap()
            .challenge_with_nonce(stored(), SERVER_NONCE);
        assert_eq!(server_first, SERVER_FIRST);
        let (proof, last) = login.prove(SERVER_FIRST, &password("pencil")).unwrap();
        assert_eq!(
            last,
            "c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,\
             r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=QC6CS20quADQRb3mT99YUH+n3VJxUvzuK0K0E1Vrs2M="
        );
        let server_final = challenge.verify(&last).unwrap();
        assert_eq!(
            server_final,
            "v=2GiAgapEppLVlUXbxUDksL3VgYHzuqiK5tR4mhJGgvs="
        );
        proof.confirm(&server_final).unwrap();
    }

    #[test]
    fn a_log_in_is_good_on_the_connection_that_it_is_bound_to_and_on_no_other() {
        let (here, there) = ([7; 32], [8; 32]);
        let bindings = |octets| ChannelBinding::TlsExporter(octets);
        let tried = |client: ChannelBinding, server: ChannelBinding| {
            let (login, first) = ClientLogin::bound(&user(), [1; 18], client);
            let request = LoginRequest::parse_bound(&first, server)?;
            let (challenge, server_first) = request.challenge(stored(), [2; 18]);
            let (proof, last) = login.prove(&server_first, &password("pencil")).unwrap();
            challenge.verify(&last).map(|text| proof.confirm(&text))
        };
        let (none, deceived) = (ChannelBinding::None, ChannelBinding::NotOffered);
        assert_eq!(tried(bindings(here), bindings(here)), Ok(Ok(())));
        // The password is right each time.
        assert_eq!(
            tried(bindings(here), bindings(there)),
            Err(ScramError::Binding)
        );
        // Somebody took the offer out of the server's hello.
        assert_eq!(tried(deceived, bindings(here)), Err(ScramError::Binding));
        assert_eq!(tried(deceived, none), Ok(Ok(())));
        assert_eq!(tried(none, bindings(here)), Ok(Ok(())));
        assert!(tried(bindings(here), none).is_err());
        let unknown = LoginRequest::parse_bound("p=tls-unique,,n=user,r=abc", bindings(here));
        let what = "channel binding";
        assert_eq!(unknown.unwrap_err(), ScramError::Unsupported { what });
    }

    #[test]
    fn who_stands_between_cannot_exchange_the_header() {
        // A client that believes it is bound, whose first message was made unbound on the way.
        let binding = ChannelBinding::TlsExporter([7; 32]);
        let (login, first) = ClientLogin::bound(&user(), [1; 18], binding);
        let forged = first.replace("p=tls-exporter,,", "n,,");
        let challenge = || {
            let request = LoginRequest::parse_bound(&forged, binding).unwrap();
            request.challenge(stored(), [2; 18])
        };
        let (_, last) = login.prove(&challenge().1, &password("pencil")).unwrap();
        assert!(challenge().0.verify(&last).is_err());
        let nonce = last.split(',').nth(1).unwrap();
        let proof = last.rsplit(',').next().unwrap();
        let forged = format!("c=biws,{nonce},{proof}");
        assert_eq!(challenge().0.verify(&forged), Err(ScramError::WrongProof));
    }

    proptest! {
        #[test]
        fn a_wrong_proof_never_wins(proof in prop::collection::vec(any::<u8>(), 32)) {
            let request = LoginRequest::parse(CLIENT_FIRST).unwrap();
            let (challenge, first) = request.challenge(stored(), [3; 18]);
            let nonce = first.split(',').next().unwrap();
            let text = format!("c=biws,{nonce},p={}", crate::bytes::encode(&proof));
            prop_assert_eq!(challenge.verify(&text), Err(ScramError::WrongProof));
        }

        #[test]
        fn any_text_is_answered(text in ".{0,120}") {
            let _request = LoginRequest::parse(&text);
            let (challenge, _) =
                LoginRequest::parse(CLIENT_FIRST).unwrap().challenge(stored(), [3; 18]);
            prop_assert!(challenge.verify(&text).is_err());
            let (login, _) = ClientLogin::new(&user(), [1; 18]);
            prop_assert!(login.prove(&text, &password("pencil")).is_err());
        }
    }
}
