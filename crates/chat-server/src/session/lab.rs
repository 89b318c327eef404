//! A client of the lab's, in a server that is open to them.

use std::net::IpAddr;
use std::sync::Arc;

use chat_proto::{Address, EndCode, User, lab};
use tokio::io::AsyncRead;

use super::{Entered, Server, Turns, read};
use crate::connection::Connection;
use crate::reserved::is_reserved;
use crate::room::{Dialect, NameTaken, Newcomer, Request, SessionId};

/// Takes what arrived for the client's name and lets it in.
pub(super) async fn enter<R: AsyncRead + Unpin>(
    connection: &mut Connection<R>,
    id: SessionId,
    ip: IpAddr,
    server: &Server,
) -> Result<Entered, EndCode> {
    let name = lab::name(connection.peek()).map_err(|_| EndCode::BadName)?;
    if is_reserved(&name) {
        return Err(EndCode::NameTaken);
    }
    connection.take_octets();
    connection.outbox.pace(server.config.limits.lab_gap);
    let address = Address {
        ip,
        udp: Some(lab::UDP_PORT),
        key: None,
    };
    let newcomer = Newcomer {
        id,
        user: User {
            name: name.clone(),
            address: Some(address),
        },
        dialect: Dialect::Lab,
        account: None,
        outbox: Arc::clone(&connection.outbox),
    };
    let entered = server.let_in(newcomer, false, Vec::new()).await?;
    entered.map_err(|NameTaken| EndCode::NameTaken)?;
    Ok(Entered { id, name })
}

/// Takes each read for a message until the connection ends; gives the reason.
pub(super) async fn chat<R: AsyncRead + Unpin>(
    connection: &mut Connection<R>,
    id: SessionId,
    server: &Server,
) -> EndCode {
    let mut turns = Turns::new(&server.config.limits);
    loop {
        let octets = connection.take_octets();
        // As the lab's own server reads them: so much at once is one message.
        for piece in pieces(&octets) {
            let Some(text) = lab::text(piece) else {
                continue;
            };
            if let Err(code) = turns.wait(connection).await {
                return code;
            }
            let request = Request::Say {
                id,
                text,
                receipt: None,
            };
            if let Err(code) = server.ask(request).await {
                return code;
            }
        }
        if let Err(code) = read(connection, server, false).await {
            return code;
        }
    }
}

/// Cuts octets into what the lab reads at once, but not within a character.
fn pieces(mut octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if octets.is_empty() {
            return None;
        }
        let inside = |octet: &u8| octet & 0b1100_0000 == 0b1000_0000;
        let mut end = octets.len().min(lab::READ_SIZE);
        while end > 1 && octets.get(end).is_some_and(inside) {
            end = end.saturating_sub(1);
        }
        let (piece, rest) = octets.split_at_checked(end)?;
        octets = rest;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_end_between_characters() {
        let text = "æ".repeat(1500);
        let found: Vec<&[u8]> = pieces(text.as_bytes()).collect();
        assert_eq!(found.iter().map(|piece| piece.len()).sum::<usize>(), 3000);
        assert!(found.iter().all(|piece| piece.len() <= 1024));
        assert!(found.iter().all(|piece| std::str::from_utf8(piece).is_ok()));
        let junk = [0x80; 5000];
        assert_eq!(pieces(&junk).map(<[u8]>::len).sum::<usize>(), 5000);
    }
}
