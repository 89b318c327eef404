//! The command line.

use std::path::PathBuf;

use chat_client::{ServerName, UserName};
use clap::builder::FalseyValueParser;
use clap::{Parser, ValueEnum};

/// Talks to everybody in the room, and privately to anybody in it.
///
/// In the room: `#ls` lists who is there, `@bob: hello` goes to bob alone, past the server, anything
/// else goes to all. `#help` tells more, `#quit` leaves. In a terminal Tab completes names, the
/// arrow keys fetch earlier lines. In a pipe lines in are lines said, and the end of the input leaves.
#[derive(Debug, Parser)]
#[command(name = "chat-client", version = env!("VERSION"), after_long_help = AFTER, after_help = BRIEF)]
pub(super) struct Options {
    /// The server: HOST, HOST:PORT or [IPV6]:PORT
    #[arg(
        env = "CHAT_SERVER",
        default_value = "www.ttm4200.com:5000",
        hide_env_values = true
    )]
    pub(super) server: ServerName,

    /// Your name in the room; asked for if missing
    #[arg(
        short,
        long,
        env = "CHAT_NAME",
        value_name = "NAME",
        hide_env_values = true
    )]
    pub(super) name: Option<UserName>,

    /// Open an account first, with this name and password
    #[arg(short, long, env = "CHAT_REGISTER", value_parser = FalseyValueParser::new(), hide_env_values = true)]
    pub(super) register: bool,

    /// A file whose first line is the password
    ///
    /// Otherwise it is taken from the environment variable `CHAT_PASSWORD` or asked for. There is no
    /// option for the password itself: everybody on the machine could read it.
    #[arg(
        long,
        env = "CHAT_PASSWORD_FILE",
        value_name = "FILE",
        hide_env_values = true
    )]
    pub(super) password_file: Option<PathBuf>,

    /// Speak TLS, and trust those whom this system trusts
    ///
    /// Without it all but passwords goes in plain text. Private messages, which go past the server,
    /// can always be read on the way.
    #[arg(long, env = "CHAT_TLS", value_parser = FalseyValueParser::new(), hide_env_values = true)]
    pub(super) tls: bool,

    /// With --tls: trust the authorities in this PEM file, and no others
    #[arg(long, env = "CHAT_CA", value_name = "FILE", hide_env_values = true)]
    pub(super) ca: Option<PathBuf>,

    /// Speak the dialect of the lab's Python server
    ///
    /// It has no accounts, and nobody can be sure who wrote what.
    #[arg(long, env = "CHAT_LAB", value_parser = FalseyValueParser::new(), hide_env_values = true)]
    pub(super) lab: bool,

    /// The UDP port for private messages; another is taken if it is in use, any if 0
    #[arg(
        long,
        env = "CHAT_UDP_PORT",
        value_name = "PORT",
        default_value_t = 5000,
        hide_env_values = true
    )]
    pub(super) udp_port: u16,

    /// Keep the lines you typed in this file, private messages included
    #[arg(
        long,
        env = "CHAT_HISTORY",
        value_name = "FILE",
        hide_env_values = true
    )]
    pub(super) history: Option<PathBuf>,

    /// When to use colour
    #[arg(
        long,
        env = "CHAT_COLOR",
        value_name = "WHEN",
        default_value = "auto",
        hide_env_values = true
    )]
    pub(super) color: Color,

    /// Write the manual page, and completions for shells, into a directory
    #[arg(long, value_name = "DIR")]
    pub(super) generate: Option<PathBuf>,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// In a terminal, unless `NO_COLOR` is set or TERM is dumb
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

const BRIEF: &str = "`chat-client --help` tells more, exit statuses and examples included.";

const AFTER: &str = "\
Exit status:
  0  you left, and all that you sent arrived
  1  the session ended otherwise; in a pipe also: something that you sent did not arrive
  2  the arguments, the name or the password are unusable
  3  the server cannot be reached
  4  the server refused to let you in

Examples:
  chat-client                                       the lab's server; asks for all it needs
  chat-client --register --name alice 10.20.30.3    opens an account
  chat-client --tls --ca ca.pem www.ttm4200.com     a server with a certificate of one's own
  chat-client --lab --name alice 10.20.30.3         a Python server of the lab
  echo '@bob: lunch?' | CHAT_PASSWORD=... chat-client --name alice";
