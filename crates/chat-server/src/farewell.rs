//! The last word to a client, in the language that it speaks.

use chat_proto::{EndCode, Event};

use crate::room::Dialect;

/// The last word on a connection.
pub(crate) fn last_word(dialect: Dialect, code: EndCode) -> Vec<u8> {
    match dialect {
        Dialect::Native | Dialect::Silent => Event::bye(code).encode().unwrap_or_default(),
        // As a message, which such a client shows.
        Dialect::Lab => format!("chatserver: {} ", code.text()).into_bytes(),
        Dialect::Http => {
            let program = match code {
                EndCode::TlsRequired => "chat-client --tls",
                _ => "chat-client",
            };
            let body = format!("This is a chat server: it speaks no HTTP. Use {program}.\n");
            format!(
                "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{body}",
                body.len()
            )
            .into_bytes()
        }
    }
}
