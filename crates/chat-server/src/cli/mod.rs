//! Arguments, the log, signals, exit status.
#![expect(
    clippy::print_stdout,
    reason = "a program talks to its user here and nowhere else"
)]

mod accounts;
#[path = "../../../generate.rs"]
mod generate;
mod log;
mod options;
mod tls;

use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;

use chat_server::{AccountError, ServerError};
use clap::{CommandFactory as _, Parser as _};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

use log::Log;
use options::{Action, Options, Serve};

/// Connections that may wait to be accepted; the kernel may allow fewer.
const BACKLOG: i32 = 4096;

/// File descriptors that are not connections: log, accounts, epoll, the listener.
const OTHER_FILES: usize = 32;

/// The exit status when the accounts cannot be used, and clap's for arguments; 1 is any other failure.
const UNUSABLE: u8 = 2;

/// Runs the program; errors are one line on standard error, and maybe one with a hint.
pub(crate) fn main() -> ExitCode {
    let options = Options::parse();
    let done = match (options.generate, options.action) {
        (Some(directory), _) => generate::generate(Options::command(), &directory)
            .map_err(|error| format!("cannot write into {}: {error}", directory.display()).into()),
        (None, Some(Action::Accounts(command))) => accounts::run(&options.data, command),
        (None, None) => serve(options.serve, options.data),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut line = format!("chat-server: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                line = format!("{line}: {error}");
                cause = error.source();
            }
            let failure = accounts_failure(&*error);
            if let Some(hint) = failure.and_then(AccountError::hint) {
                line = format!("{line}\nhint: {hint}");
            }
            // `eprintln!` panics where nobody reads.
            let _unread = writeln!(std::io::stderr(), "{line}");
            match failure {
                None | Some(AccountError::NameTaken | AccountError::NoSuchAccount) => {
                    ExitCode::FAILURE
                }
                Some(_) => ExitCode::from(UNUSABLE),
            }
        }
    }
}

fn accounts_failure<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a AccountError> {
    match error.downcast_ref::<ServerError>() {
        Some(ServerError::Accounts(failure)) => Some(failure),
        _ => error.downcast_ref(),
    }
}

fn serve(options: Serve, data: std::path::PathBuf) -> Result<(), Box<dyn Error>> {
    let log = Log::start()?;
    tracing_subscriber::fmt()
        .with_max_level(options.log)
        .with_writer(log.clone())
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_target(false)
        .init();
    let served = listen_and_serve(options, data);
    log.flush();
    served
}

fn listen_and_serve(options: Serve, data: std::path::PathBuf) -> Result<(), Box<dyn Error>> {
    let listen = options.listen;
    let tls = tls::read(options.tls_cert.as_deref().zip(options.tls_key.as_deref()))?;
    let mut config = options.config(data);
    config.tls = tls;
    let files = raise_file_limit();
    if config.limits.clients > files.saturating_sub(OTHER_FILES) {
        config.limits.clients = files.saturating_sub(OTHER_FILES);
        tracing::info!(
            clients = config.limits.clients,
            files,
            "fewer clients than asked for: open files are limited"
        );
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let listener =
            bind(listen).map_err(|error| format!("cannot listen on {listen}: {error}"))?;
        let shutdown = async {
            tokio::select! {
                _ = interrupt.recv() => tracing::info!("interrupted"),
                _ = terminate.recv() => tracing::info!("told to end"),
            }
        };
        chat_server::run(listener, config, shutdown).await?;
        let tasks = Handle::current().metrics().num_alive_tasks();
        tracing::info!(tasks, "ended");
        Ok(())
    })
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // Or a restart would have to wait for the old connections to be forgotten.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Raises the limit of open files as far as it goes, and tells how far.
fn raise_file_limit() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let current = if setrlimit(Resource::Nofile, raised).is_ok() {
        limit.maximum
    } else {
        limit.current
    };
    current
        .and_then(|files| usize::try_from(files).ok())
        .unwrap_or(usize::MAX)
}
