//! Arguments and environment variables.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chat_proto::UserName;
use chat_proto::scram::{MAX_ITERATIONS, MIN_ITERATIONS};
use chat_server::{Config, Limits};
use clap::builder::{RangedU64ValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand};
use tracing::level_filters::LevelFilter;

/// A chat server: one room, accounts, private messages from client to client.
#[derive(Debug, Parser)]
#[command(name = "chat-server", version = env!("VERSION"), args_conflicts_with_subcommands = false)]
pub(super) struct Options {
    /// Directory of the accounts' file, made if it is missing
    #[arg(
        long,
        env = "CHAT_DATA",
        default_value = "chat-data",
        global = true,
        value_name = "DIR"
    )]
    pub(super) data: PathBuf,
    /// Write manual pages, and completions for shells, into a directory
    #[arg(long, value_name = "DIR")]
    pub(super) generate: Option<PathBuf>,
    #[command(flatten)]
    pub(super) serve: Serve,
    #[command(subcommand)]
    pub(super) action: Option<Action>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Lists and changes accounts, also while the server runs
    #[command(subcommand)]
    Accounts(AccountCommand),
}

#[derive(Debug, Subcommand)]
pub(super) enum AccountCommand {
    /// Lists all accounts
    List,
    /// Opens an account
    Add(NewPassword),
    /// Removes an account; its user is told and disconnected
    Remove {
        /// The user's name
        name: UserName,
    },
    /// Gives an account another password; its user is told and disconnected
    ResetPassword(NewPassword),
}

/// Whose password, and where it comes from: a file, the environment, the terminal or standard input.
#[derive(Debug, Args)]
pub(super) struct NewPassword {
    /// The user's name
    pub(super) name: UserName,
    /// File whose first line is the password
    #[arg(long, value_name = "FILE")]
    pub(super) password_file: Option<PathBuf>,
    /// PBKDF2 iterations; the same as the running server's
    #[arg(long, env = "CHAT_ITERATIONS", default_value_t = Config::default().iterations,
        value_parser = clap::value_parser!(u32).range(i64::from(MIN_ITERATIONS)..=i64::from(MAX_ITERATIONS)))]
    pub(super) iterations: u32,
}

/// How the server serves.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address and port to listen on
    #[arg(
        long,
        env = "CHAT_LISTEN",
        default_value = "0.0.0.0:5000",
        value_name = "ADDRESS"
    )]
    pub(super) listen: SocketAddr,
    /// No accounts: any name that is free, lab clients included
    #[arg(long, env = "CHAT_OPEN")]
    open: bool,
    /// Certificate in PEM, with those that lead to its authority: the port then speaks TLS 1.3 only
    #[arg(long, env = "CHAT_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub(super) tls_cert: Option<PathBuf>,
    /// The certificate's private key in PEM
    #[arg(long, env = "CHAT_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub(super) tls_key: Option<PathBuf>,
    /// PBKDF2 iterations of new accounts' passwords
    #[arg(long, env = "CHAT_ITERATIONS", default_value_t = Config::default().iterations,
        value_parser = clap::value_parser!(u32).range(i64::from(MIN_ITERATIONS)..=i64::from(MAX_ITERATIONS)))]
    iterations: u32,
    /// What to log: off, error, warn, info, debug or trace
    #[arg(long, env = "CHAT_LOG", default_value = "info", value_name = "LEVEL")]
    pub(super) log: LevelFilter,
    #[command(flatten, next_help_heading = "Limits (each at least 1)")]
    limits: LimitOptions,
}

#[derive(Debug, Args)]
struct LimitOptions {
    /// Connections in all
    #[arg(long, env = "CHAT_CLIENTS", default_value_t = limits().clients, value_parser = count())]
    clients: usize,
    /// Connections from one address (from one /64 for IPv6)
    #[arg(long, env = "CHAT_CLIENTS_PER_ADDRESS", default_value_t = limits().clients_per_address, value_parser = count())]
    clients_per_address: usize,
    /// Seconds from connecting to being in the room
    #[arg(long, env = "CHAT_LOGIN_SECONDS", default_value_t = limits().login_time.as_secs(), value_parser = seconds())]
    login_seconds: u64,
    /// Commands before being in the room
    #[arg(long, env = "CHAT_LOGIN_COMMANDS", default_value_t = limits().login_commands, value_parser = number())]
    login_commands: u32,
    /// Wrong passwords on one connection
    #[arg(long, env = "CHAT_LOGIN_FAILURES", default_value_t = limits().login_failures, value_parser = number())]
    login_failures: u32,
    /// New accounts a minute from one address
    #[arg(long, env = "CHAT_REGISTRATIONS_PER_MINUTE", default_value_t = limits().registrations_per_minute, value_parser = number())]
    registrations_per_minute: u32,
    /// Accounts in all, beyond which nobody registers
    #[arg(long, env = "CHAT_ACCOUNTS_LIMIT", default_value_t = limits().accounts, value_parser = count())]
    accounts_limit: usize,
    /// Commands a second from one client; more are read more slowly
    #[arg(long, env = "CHAT_COMMANDS_PER_SECOND", default_value_t = limits().commands_per_second, value_parser = number())]
    commands_per_second: u32,
    /// Commands at once that may exceed it
    #[arg(long, env = "CHAT_COMMAND_BURST", default_value_t = limits().command_burst, value_parser = number())]
    command_burst: u32,
    /// Frames that may wait for a slow reader
    #[arg(long, env = "CHAT_OUTBOX_FRAMES", default_value_t = limits().outbox_frames, value_parser = count())]
    outbox_frames: usize,
    /// Octets that may wait for a slow reader
    #[arg(long, env = "CHAT_OUTBOX_OCTETS", default_value_t = limits().outbox_octets, value_parser = count())]
    outbox_octets: usize,
    /// Octets of the kernel's send buffer for one client
    #[arg(long, env = "CHAT_SEND_BUFFER", default_value_t = limits().send_buffer, value_parser = count())]
    send_buffer: usize,
    /// Seconds of silence after which a client is pinged
    #[arg(long, env = "CHAT_IDLE_SECONDS", default_value_t = limits().idle_time.as_secs(), value_parser = seconds())]
    idle_seconds: u64,
    /// Seconds after the ping until a silent client is dropped
    #[arg(long, env = "CHAT_PONG_SECONDS", default_value_t = limits().pong_time.as_secs(), value_parser = seconds())]
    pong_seconds: u64,
    /// Seconds that a client has to read why it must go
    #[arg(long, env = "CHAT_LINGER_SECONDS", default_value_t = limits().linger.as_secs(), value_parser = seconds())]
    linger_seconds: u64,
    /// Users up to which the roster tells addresses without being asked
    #[arg(long, env = "CHAT_DETAILED_USERS", default_value_t = limits().detailed_users, value_parser = count())]
    detailed_users: usize,
    /// Octets of one roster for lab clients
    #[arg(long, env = "CHAT_LAB_ROSTER_OCTETS", default_value_t = limits().lab_roster_octets, value_parser = count())]
    lab_roster_octets: usize,
    /// Octets a second of rosters for all lab clients together
    #[arg(long, env = "CHAT_LAB_ROSTER_RATE", default_value_t = limits().lab_roster_rate, value_parser = count())]
    lab_roster_rate: usize,
    /// Milliseconds between a lab client's roster and what is before and after it
    #[arg(long, env = "CHAT_LAB_GAP_MILLIS", default_value_t = 20, value_parser = seconds())]
    lab_gap_millis: u64,
}

impl Serve {
    /// The configuration that the arguments ask for.
    pub(super) fn config(self, data: PathBuf) -> Config {
        let Self {
            open,
            iterations,
            limits: asked,
            ..
        } = self;
        let limits = Limits {
            clients: asked.clients,
            clients_per_address: asked.clients_per_address,
            login_time: Duration::from_secs(asked.login_seconds),
            login_commands: asked.login_commands,
            login_failures: asked.login_failures,
            registrations_per_minute: asked.registrations_per_minute,
            accounts: asked.accounts_limit,
            commands_per_second: asked.commands_per_second,
            command_burst: asked.command_burst,
            outbox_frames: asked.outbox_frames,
            outbox_octets: asked.outbox_octets,
            send_buffer: asked.send_buffer,
            idle_time: Duration::from_secs(asked.idle_seconds),
            pong_time: Duration::from_secs(asked.pong_seconds),
            linger: Duration::from_secs(asked.linger_seconds),
            detailed_users: asked.detailed_users,
            lab_roster_octets: asked.lab_roster_octets,
            lab_roster_rate: asked.lab_roster_rate,
            lab_gap: Duration::from_millis(asked.lab_gap_millis),
        };
        Config {
            open,
            data,
            iterations,
            tls: None,
            limits,
        }
    }
}

fn limits() -> Limits {
    Limits::default()
}

/// A number of which 0 means neither none nor all: it is refused.
fn number() -> RangedU64ValueParser<u32> {
    RangedU64ValueParser::new().range(1..)
}

/// A day at most: longer is a mistake.
fn seconds() -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(1..=86_400)
}

fn count() -> impl clap::builder::TypedValueParser<Value = usize> {
    RangedU64ValueParser::<u64>::new()
        .range(1..=u64::from(u32::MAX))
        .map(|number| usize::try_from(number).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent_and_defaults_are_the_librarys() {
        use clap::CommandFactory as _;
        Options::command().debug_assert();
        let options = Options::parse_from(["chat-server"]);
        let config = options.serve.config(options.data);
        let expected = Config::default();
        assert_eq!(format!("{config:?}"), format!("{expected:?}"));
    }

    #[test]
    fn no_limit_is_zero() {
        use clap::CommandFactory as _;
        let command = Options::command();
        let limits = command.get_arguments().filter(|argument| {
            argument
                .get_help_heading()
                .is_some_and(|h| h.starts_with("Limits"))
        });
        let mut count = 0;
        for limit in limits {
            let flag = format!("--{}", limit.get_long().unwrap());
            assert!(
                Options::try_parse_from(["chat-server", &flag, "0"]).is_err(),
                "{flag}"
            );
            count += 1;
        }
        assert_eq!(count, 19);
    }
}
