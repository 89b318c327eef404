//! Commands: what a client says to the server.

use serde::{Deserialize, Serialize};

use crate::code::ErrorCode;
use crate::frame::{self, FrameError};
use crate::key::PublicKey;
use crate::name::UserName;
use crate::seal::SealedRegistration;
use crate::text::ChatText;

/// The version of the protocol that this crate speaks.
pub const VERSION: u32 = 1;

/// The longest `client` and `server` in a hello, in octets.
pub const MAX_SOFTWARE: usize = 64;

/// One command, one JSON object with a `type`, one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Command {
    /// The first command on a connection.
    Hello {
        /// The version of the protocol: [`VERSION`].
        version: u32,
        /// The program and its version, for the server's log: at most [`MAX_SOFTWARE`] octets.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        client: String,
    },
    /// Asks to open an account; the answer is [`Event::RegisterKey`](crate::Event::RegisterKey).
    Register {
        /// The name, spelled as the others shall see it.
        name: UserName,
    },
    /// Opens the account that `register` asked for.
    Registration {
        /// Salt, iterations and keys, sealed for the server's key.
        #[serde(flatten)]
        sealed: SealedRegistration,
    },
    /// Begins a log-in.
    Login {
        /// SCRAM's `client-first-message`.
        scram: String,
    },
    /// Ends a log-in and enters the room.
    Proof {
        /// SCRAM's `client-final-message`.
        scram: String,
        /// Where private messages go.
        #[serde(flatten)]
        contact: Contact,
    },
    /// Enters the room of a server without accounts.
    Enter {
        /// The name.
        name: UserName,
        /// Where private messages go.
        #[serde(flatten)]
        contact: Contact,
    },
    /// Says something to all others in the room.
    Say {
        /// If given, the receipt bears it: any number that the client likes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        /// What is said.
        text: ChatText,
    },
    /// Asks for one user's address; the answer is [`Event::User`](crate::Event::User).
    Lookup {
        /// Whose.
        name: UserName,
    },
    /// Asks for a sign of life; the answer is [`Event::Pong`](crate::Event::Pong).
    Ping {
        /// What the answer shall bear.
        id: u64,
    },
    /// Answers a ping.
    Pong {
        /// What the ping bore.
        id: u64,
    },
    /// Leaves; the answer is [`Event::Bye`](crate::Event::Bye).
    Quit,
}

/// Where a client takes private messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contact {
    /// The UDP port; `None`: it takes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub udp: Option<u16>,
    /// The public key of this session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PublicKey>,
}

/// Why a line is no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct CommandError {
    /// The code for the answer.
    pub code: ErrorCode,
    /// What is wrong, for people; it quotes at most a name of a field or a type.
    pub reason: String,
    /// The command's id, if it has one.
    pub id: Option<u64>,
}

impl Command {
    /// Reads a line, without its line feed.
    ///
    /// Fields that are not known are ignored.
    ///
    /// # Errors
    /// [`CommandError`] with the code to answer: [`BadFrame`](ErrorCode::BadFrame),
    /// [`UnknownCommand`](ErrorCode::UnknownCommand), [`BadName`](ErrorCode::BadName),
    /// [`BadText`](ErrorCode::BadText) or [`BadField`](ErrorCode::BadField).
    pub fn parse(line: &[u8]) -> Result<Self, CommandError> {
        match serde_json::from_slice(line) {
            Ok(Self::Hello { client, .. }) if client.len() > MAX_SOFTWARE => {
                let reason = format!("client is longer than {MAX_SOFTWARE} octets");
                Err(CommandError {
                    code: ErrorCode::BadField,
                    reason,
                    id: None,
                })
            }
            Ok(command) => Ok(command),
            Err(error) => Err(diagnose(line, &error)),
        }
    }

    /// Writes the command as one frame, line feed included.
    ///
    /// # Errors
    /// [`FrameError::TooLong`]; a checked name and text always fit.
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        frame::encode(self)
    }
}

/// Finds out which of its parts makes a line no command. Only for lines that are none.
fn diagnose(line: &[u8], error: &serde_json::Error) -> CommandError {
    let failed = |code, reason: String| CommandError {
        code,
        reason,
        id: None,
    };
    if std::str::from_utf8(line).is_err() {
        return failed(ErrorCode::BadFrame, "line is not UTF-8".to_owned());
    }
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_slice(line) else {
        return failed(ErrorCode::BadFrame, "line is not a JSON object".to_owned());
    };
    let Some(serde_json::Value::String(kind)) = fields.get("type") else {
        return failed(ErrorCode::BadFrame, "object has no type".to_owned());
    };
    let id = fields.get("id").and_then(serde_json::Value::as_u64);
    let failed = |code, reason: String| CommandError { code, reason, id };
    let known = [
        "hello",
        "register",
        "registration",
        "login",
        "proof",
        "enter",
        "say",
        "lookup",
        "ping",
        "pong",
        "quit",
    ];
    if !known.contains(&kind.as_str()) {
        return failed(ErrorCode::UnknownCommand, "command is not known".to_owned());
    }
    if let Some(serde_json::Value::String(name)) = fields.get("name")
        && let Err(error) = UserName::new(name)
    {
        return failed(ErrorCode::BadName, error.to_string());
    }
    if let Some(serde_json::Value::String(text)) = fields.get("text")
        && let Err(error) = ChatText::new(text)
    {
        return failed(ErrorCode::BadText, error.to_string());
    }
    // The reader's words may quote the line: they are shortened and made harmless.
    let words: String = error.to_string().chars().take(120).collect();
    failed(ErrorCode::BadField, crate::visible(&words).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn commands_have_these_forms() {
        let key = crate::SecretKey::from_random([1; 32]).public();
        let texts = [
            r#"{"type":"hello","version":1,"client":"chat-client 0.1.0"}"#.to_owned(),
            r#"{"type":"register","name":"alice"}"#.to_owned(),
            format!(r#"{{"type":"registration","key":"{key}","sealed":"AAAA"}}"#),
            r#"{"type":"login","scram":"n,,n=alice,r=abc"}"#.to_owned(),
            format!(r#"{{"type":"proof","scram":"c=biws,r=a,p=b","udp":5000,"key":"{key}"}}"#),
            r#"{"type":"enter","name":"alice"}"#.to_owned(),
            r#"{"type":"enter","name":"alice","udp":5000}"#.to_owned(),
            r#"{"type":"say","id":7,"text":"hei \"på\" deg"}"#.to_owned(),
            r#"{"type":"say","text":"hi"}"#.to_owned(),
            r#"{"type":"lookup","name":"bob"}"#.to_owned(),
            r#"{"type":"ping","id":1}"#.to_owned(),
            r#"{"type":"pong","id":1}"#.to_owned(),
            r#"{"type":"quit"}"#.to_owned(),
        ];
        for text in texts {
            let command = Command::parse(text.as_bytes()).unwrap();
            assert_eq!(
                String::from_utf8(command.encode().unwrap()).unwrap(),
                format!("{text}\n")
            );
        }
    }

    #[test]
    fn each_mistake_has_its_code() {
        let cases: [(&[u8], ErrorCode); 10] = [
            (b"\xff\xfe", ErrorCode::BadFrame),
            (b"hello", ErrorCode::BadFrame),
            (b"[]", ErrorCode::BadFrame),
            (b"{}", ErrorCode::BadFrame),
            (br#"{"type":"dance"}"#, ErrorCode::UnknownCommand),
            (br#"{"type":"say"}"#, ErrorCode::BadField),
            (br#"{"type":"ping","id":-1}"#, ErrorCode::BadField),
            (br#"{"type":"enter","name":"!{"}"#, ErrorCode::BadName),
            (br#"{"type":"say","text":"a\u001b[2J"}"#, ErrorCode::BadText),
            (br#"{"type":"say","text":""}"#, ErrorCode::BadText),
        ];
        for (line, code) in cases {
            assert_eq!(Command::parse(line).unwrap_err().code, code, "{line:?}");
        }
        let error = Command::parse(br#"{"type":"say","id":7,"text":""}"#).unwrap_err();
        assert_eq!(error.id, Some(7));
        let nested = format!(r#"{{"type":"quit","x":{}"#, "[".repeat(4000));
        assert_eq!(
            Command::parse(nested.as_bytes()).unwrap_err().code,
            ErrorCode::BadFrame
        );
    }

    #[test]
    fn unknown_fields_are_ignored() {
        let line = br#"{"type":"quit","colour":"red"}"#;
        assert_eq!(Command::parse(line), Ok(Command::Quit));
    }

    proptest! {
        #[test]
        fn any_line_is_answered(line in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Err(error) = Command::parse(&line) {
                prop_assert!(error.reason.len() < 600);
            }
        }

        #[test]
        fn what_is_said_comes_back(text in "[^\\p{Cc}\u{2028}\u{2029}]{1,200}", id in any::<Option<u64>>()) {
            let said = Command::Say { id, text: ChatText::new(&text).unwrap() };
            let line = said.encode().unwrap();
            prop_assert_eq!(Command::parse(line.strip_suffix(b"\n").unwrap()), Ok(said));
        }
    }
}
