//! A native client in the room.

use chat_proto::{Command, CommandError, EndCode, ErrorCode, Event};
use tokio::io::AsyncRead;

use super::{Server, Turns, read};
use crate::connection::Connection;
use crate::room::{Request, SessionId};

/// Obeys a client's commands until its connection ends; gives the reason.
pub(super) async fn chat<R: AsyncRead + Unpin>(
    connection: &mut Connection<R>,
    id: SessionId,
    server: &Server,
) -> EndCode {
    let mut turns = Turns::new(&server.config.limits);
    loop {
        match connection.next_command() {
            Err(code) => return code,
            Ok(Some(command)) => {
                if let Err(code) = turns.wait(connection).await {
                    return code;
                }
                if let Err(code) = obey(connection, command, id, server).await {
                    return code;
                }
            }
            Ok(None) => {
                if let Err(code) = read(connection, server, true).await {
                    return code;
                }
            }
        }
    }
}

async fn obey<R: AsyncRead + Unpin>(
    connection: &Connection<R>,
    command: Result<Command, CommandError>,
    id: SessionId,
    server: &Server,
) -> Result<(), EndCode> {
    let answer = match command {
        Ok(Command::Say { id: receipt, text }) => {
            return server.ask(Request::Say { id, text, receipt }).await;
        }
        Ok(Command::Lookup { name }) => return server.ask(Request::Lookup { id, name }).await,
        Ok(Command::Ping { id }) => Event::Pong { id },
        Ok(Command::Pong { .. }) => return Ok(()),
        Ok(Command::Quit) => return Err(EndCode::Quit),
        Ok(_) => Event::Error {
            code: ErrorCode::OutOfTurn,
            text: "you are in the room already".to_owned(),
            id: None,
        },
        Err(CommandError { code, reason, id }) => Event::Error {
            code,
            text: reason,
            id,
        },
    };
    connection.outbox.say(&answer).map_err(|_| EndCode::TooSlow)
}
