//! The UDP socket.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::UdpSocket;

/// Opens a socket at an address: at the port, or at any other if that one is taken.
///
/// The address is the one from which the server is spoken to, since the roster tells it to the
/// others; nobody elsewhere reaches the socket.
pub(super) async fn bind(ip: IpAddr, port: u16) -> io::Result<UdpSocket> {
    match UdpSocket::bind((ip, port)).await {
        Err(error) if is_taken(&error) && port != 0 => UdpSocket::bind((ip, 0)).await,
        result => result,
    }
}

/// Whether a datagram from here can reach there.
pub(super) fn reaches(here: SocketAddr, there: IpAddr) -> bool {
    here.is_ipv4() == there.is_ipv4()
}

fn is_taken(error: &io::Error) -> bool {
    let kinds = [io::ErrorKind::AddrInUse, io::ErrorKind::PermissionDenied];
    kinds.contains(&error.kind())
}
