//! The bare loop: relays what it reads to all others, one write for each in each round.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

struct Peer {
    stream: TcpStream,
    waiting: Vec<u8>,
}

pub(crate) fn serve(address: SocketAddr) {
    let mut poll = Poll::new().unwrap();
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.bind(&address.into()).unwrap();
    socket.listen(4096).unwrap();
    let mut listener = TcpListener::from_std(socket.into());
    poll.registry()
        .register(&mut listener, Token(usize::MAX), Interest::READABLE)
        .unwrap();
    let mut peers: Vec<Option<Peer>> = Vec::new();
    let mut events = Events::with_capacity(1024);
    let mut space = vec![0; 64 * 1024];
    loop {
        poll.poll(&mut events, None).unwrap();
        let mut round: Vec<u8> = Vec::new();
        let mut spoke: Vec<(usize, usize, usize)> = Vec::new();
        for event in &events {
            let Token(token) = event.token();
            if token == usize::MAX {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true).unwrap();
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    poll.registry()
                        .register(&mut stream, Token(peers.len()), interest)
                        .unwrap();
                    peers.push(Some(Peer {
                        stream,
                        waiting: Vec::new(),
                    }));
                }
                continue;
            }
            let Some(peer) = &mut peers[token] else {
                continue;
            };
            if event.is_writable() && !peer.waiting.is_empty() {
                flush(peer);
            }
            if event.is_readable() {
                loop {
                    match peer.stream.read(&mut space) {
                        Ok(0) => {
                            peers[token] = None;
                            break;
                        }
                        Ok(count) => {
                            spoke.push((token, round.len(), round.len() + count));
                            round.extend_from_slice(&space[..count]);
                            if count < space.len() {
                                break;
                            }
                        }
                        Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                        Err(_) => {
                            peers[token] = None;
                            break;
                        }
                    }
                }
            }
        }
        if round.is_empty() {
            continue;
        }
        for (token, peer) in peers.iter_mut().enumerate() {
            let Some(peer) = peer else { continue };
            if spoke.iter().any(|(by, ..)| *by == token) {
                let mut others = Vec::new();
                for (by, begin, end) in &spoke {
                    if *by != token {
                        others.extend_from_slice(&round[*begin..*end]);
                    }
                }
                say(peer, &others);
            } else {
                say(peer, &round);
            }
        }
    }
}

fn say(peer: &mut Peer, octets: &[u8]) {
    let mut written = 0;
    if peer.waiting.is_empty() {
        written = peer.stream.write(octets).unwrap_or(0);
    }
    peer.waiting.extend_from_slice(&octets[written..]);
}

fn flush(peer: &mut Peer) {
    while !peer.waiting.is_empty() {
        match peer.stream.write(&peer.waiting) {
            Ok(count) => drop(peer.waiting.drain(..count)),
            Err(_) => return,
        }
    }
}
