//! What the server is told at its start, every limit by name.

use std::path::PathBuf;
use std::time::Duration;

use crate::tls::Tls;

/// What the server is told at its start.
#[derive(Debug, Clone)]
pub struct Config {
    /// Whether one enters without an account, lab clients included. Otherwise accounts are kept.
    pub open: bool,
    /// The directory of the accounts' file; made if it is missing. Not used if `open`.
    pub data: PathBuf,
    /// The PBKDF2 iterations that new accounts must have.
    pub iterations: u32,
    /// Certificate and key; `None`: all is said in plain text.
    pub tls: Option<Tls>,
    /// What clients may do.
    pub limits: Limits,
}

/// What clients may do, and how much the server keeps for them.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections in all; one more is told so and closed.
    pub clients: usize,
    /// Connections from one IPv4 address, or one IPv6 network of 64 bits; ten times as many from an IPv6
    /// network of 48 bits.
    pub clients_per_address: usize,
    /// From connecting to being in the room. Octets that arrive do not extend it.
    pub login_time: Duration,
    /// Commands before being in the room.
    pub login_commands: u32,
    /// Wrong passwords on one connection.
    pub login_failures: u32,
    /// New accounts in a minute from one IPv4 address, or one IPv6 network of 48 bits.
    pub registrations_per_minute: u32,
    /// Accounts in all; nobody registers any more when there are as many.
    pub accounts: usize,
    /// Commands a second in the room, in the long run; a client that says more is read more slowly.
    pub commands_per_second: u32,
    /// Commands at once that may exceed it.
    pub command_burst: u32,
    /// Frames that wait for a slow reader; one more and it is dropped.
    pub outbox_frames: usize,
    /// Octets that wait for a slow reader; one more and it is dropped.
    pub outbox_octets: usize,
    /// The kernel's send buffer for a connection, in octets; the kernel doubles it.
    pub send_buffer: usize,
    /// After this long without a word a client is pinged.
    pub idle_time: Duration,
    /// This long after the ping a silent client is dropped.
    pub pong_time: Duration,
    /// How long a connection that ends may take to read why.
    pub linger: Duration,
    /// Users up to which the roster tells addresses; in a larger room it tells names, and
    /// addresses on request.
    pub detailed_users: usize,
    /// Octets of one roster for lab clients, who cannot read more than 1,024 at once.
    pub lab_roster_octets: usize,
    /// Octets a second spent on rosters for all lab clients together.
    pub lab_roster_rate: usize,
    /// The pause before and after a roster for a lab client, so that it reads it by itself.
    pub lab_gap: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            open: false,
            data: PathBuf::from("chat-data"),
            iterations: 600_000,
            tls: None,
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clients: 10_000,
            clients_per_address: 100,
            login_time: Duration::from_mins(1),
            login_commands: 32,
            login_failures: 5,
            registrations_per_minute: 30,
            // 22 MB of disk, which one address fills in 55 hours.
            accounts: 100_000,
            commands_per_second: 10,
            command_burst: 40,
            outbox_frames: 8192,
            outbox_octets: 1024 * 1024,
            send_buffer: 128 * 1024,
            idle_time: Duration::from_mins(2),
            pong_time: Duration::from_secs(30),
            linger: Duration::from_secs(2),
            detailed_users: 200,
            lab_roster_octets: chat_proto::lab::READ_SIZE,
            lab_roster_rate: 256 * 1024,
            lab_gap: Duration::from_millis(20),
        }
    }
}
